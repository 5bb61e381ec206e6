package app

import (
	"context"
	"errors"
	"time"

	"frontdoor/internal/bench"
)

// Timing is where the time of the messages went so far.
type Timing struct {
	Part  string // a step of the way, or a room that a step calls
	Step  bool
	Share float64 // of the steps' whole time, 0 to 1
	bench.Spread
}

// Timing lists the steps in their order, then the rooms; what has not been
// used is left out.
func (b *Bot) Timing() []Timing {
	spent := b.engine.Timing()
	sum := func(durations []time.Duration) (total time.Duration) {
		for _, d := range durations {
			total += d
		}
		return total
	}
	steps := []string{"load", "route", "act", "commit"}
	var whole time.Duration
	for _, s := range steps {
		whole += sum(spent[s])
	}
	var out []Timing
	for i, part := range append(steps, "intents", "answers", "workflow") {
		if len(spent[part]) > 0 {
			share := float64(sum(spent[part])) / float64(max(1, whole))
			out = append(out, Timing{Part: part, Step: i < len(steps), Share: share, Spread: bench.SpreadOf(spent[part])})
		}
	}
	return out
}

// Pages are the names of all pages.
func (b *Bot) Pages() []string { return b.corpus.Index().Names() }

// Untouched is an error where the Redis holds anything: a bench would mix its
// people with real ones.
func (b *Bot) Untouched(ctx context.Context) error {
	empty, err := b.conversations.Empty(ctx)
	if err != nil {
		return err
	}
	if !empty {
		return errors.New("that Redis is not empty; give the bench one of its own")
	}
	return nil
}
