package engine

import (
	"context"
	"sync"
	"time"

	"frontdoor/internal/answers"
	"frontdoor/internal/intents"
)

// Timing adds up where the time of messages goes: by step of Handle, and by the
// rooms that a step calls.
type Timing struct {
	mu    sync.Mutex
	spent map[string][]time.Duration
}

// timingKept bounds the memory: the newest durations of each step.
const timingKept = 16384

func newTiming() *Timing { return &Timing{spent: map[string][]time.Duration{}} }

// Timing gives the durations by step, the newest timingKept of each.
func (e *Engine) Timing() map[string][]time.Duration {
	e.timing.mu.Lock()
	defer e.timing.mu.Unlock()
	out := make(map[string][]time.Duration, len(e.timing.spent))
	for k, v := range e.timing.spent {
		out[k] = append([]time.Duration(nil), v...)
	}
	return out
}

func (t *Timing) add(step string, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := append(t.spent[step], d)
	if len(s) > timingKept {
		s = s[len(s)-timingKept/2:]
	}
	t.spent[step] = s
}

type watch struct {
	timing *Timing
	last   time.Time
}

func (t *Timing) start() *watch { return &watch{timing: t, last: time.Now()} }

func (w *watch) lap(step string) {
	now := time.Now()
	w.timing.add(step, now.Sub(w.last))
	w.last = now
}

// begin measures a room within a step, until the function that it returns is
// called.
func (t *Timing) begin(room string) (end func()) {
	from := time.Now()
	return func() { t.add(room, time.Since(from)) }
}

// match asks the matcher what the text is about.
func (e *Engine) match(t *turn, text string) intents.Match {
	defer e.timing.begin("intents")()
	return t.catalogue.Matcher.Match(text, t.may)
}

// answer asks the docs.
func (e *Engine) answer(ctx context.Context, q answers.Question) answers.Answer {
	defer e.timing.begin("answers")()
	return e.Answerer.Answer(ctx, q)
}
