package app

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"
)

// Settle waits until nothing moves any more: no step runs, every report is
// said, every reply delivered, every demand event recorded; wait is the most
// that it takes for the runs.
func (b *Bot) Settle(ctx context.Context, wait time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	runs := b.runs.Idle(waiting)
	quiet, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	if err := b.drained(quiet); err != nil {
		return fmt.Errorf("not all replies and records are out: %w", err)
	}
	if runs != nil {
		return fmt.Errorf("a run still works after %v; it goes on at the next start", wait)
	}
	return nil
}

// drained waits until no message, reply or event waits.
func (b *Bot) drained(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		n, err := b.conversations.Stats(ctx)
		if err != nil {
			return err
		}
		if n.Accepted+n.Outbox+n.Events == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d messages, %d replies and %d events still wait", n.Accepted, n.Outbox, n.Events)
		}
	}
}

// settleTimeout is how long the outbox and the demand stream get to run dry.
const settleTimeout = 10 * time.Second

// PrintTiming prints where the time of the messages went, a line a step of
// the way: the median, the 99th percentile and the share of the whole.
func (b *Bot) PrintTiming(w io.Writer) error {
	timing := b.engine.Timing()
	var total time.Duration
	for _, durations := range timing {
		for _, d := range durations {
			total += d
		}
	}
	for _, step := range []string{"load", "route", "act", "commit"} {
		durations := timing[step]
		if len(durations) == 0 {
			continue
		}
		slices.Sort(durations)
		var sum time.Duration
		for _, d := range durations {
			sum += d
		}
		if _, err := fmt.Fprintf(w, "%-8s %6d messages  p50 %8v  p99 %8v  %5.1f %%\n", step, len(durations),
			rank(durations, 0.50).Round(time.Microsecond), rank(durations, 0.99).Round(time.Microsecond), 100*float64(sum)/float64(max(1, total))); err != nil {
			return err
		}
	}
	return nil
}

// rank is the nearest rank of sorted durations.
func rank(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}
