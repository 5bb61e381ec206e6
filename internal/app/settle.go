package app

import (
	"context"
	"fmt"
	"time"

	"frontdoor/internal/conversation"
)

// Settle waits until nothing of this process moves any more: no step of a run
// that somebody had a word about here, every report is said, every reply
// delivered, every demand event recorded; wait is the most that it takes for
// the runs. Those of other sessions on the same files go on where they are.
func (b *Bot) Settle(ctx context.Context, wait time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	runs := b.runs.Settle(waiting)
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
	var n conversation.Stats
	for {
		now, err := b.conversations.Stats(ctx)
		switch {
		case err == nil:
			n = now
		case ctx.Err() == nil:
			return err
		}
		if n.Accepted+n.Outbox+n.Events == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d messages, %d replies and %d demand records still wait", n.Accepted, n.Outbox, n.Events)
		}
	}
}

// settleTimeout is how long the outbox and the demand stream get to run dry.
const settleTimeout = 10 * time.Second
