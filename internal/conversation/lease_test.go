package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/conversation"
	"frontdoor/internal/conversation/redistest"
)

// A replica whose partition was taken over commits nothing, and the message
// is handled where the partition is now.
func TestFence(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := open(t, url, quick(t))
		said, outcome := newNotes(), newNotes()
		hear(t, s, said)
		work(t, s, func(ctx context.Context, c conversation.Claim) error {
			with := conversation.Commit{Replies: []chat.Reply{reply(c.Message.At, "r", fmt.Sprint("attempt ", len(outcome.all())+1))}}
			if len(outcome.all()) == 0 {
				if err := s.Steal(ctx, c.Message.At); err != nil {
					t.Error(err)
				}
			}
			err := s.Commit(ctx, c, with)
			outcome.add("lost: %v", errors.Is(err, conversation.ErrLost))
			return err
		})
		accept(t, s, message("c", "m1", "one"))
		equal(t, outcome.wait(t, 2), []string{"lost: true", "lost: false"})
		equal(t, said.wait(t, 1), []string{"r attempt 2"})
	})
}

// Committing again is no error and does nothing.
func TestCommitTwice(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := open(t, url, quick(t))
		said := newNotes()
		hear(t, s, said)
		work(t, s, func(ctx context.Context, c conversation.Claim) error {
			for range 2 {
				if err := echo(s)(ctx, c); err != nil {
					return err
				}
			}
			return nil
		})
		accept(t, s, message("c", "m1", "one"), message("c", "m2", "two"))
		equal(t, said.wait(t, 2), []string{"m1/1 one;", "m2/1 one;two;"})
		eventually(t, "everything is dealt with", func() bool { st := stats(t, s); return st.Accepted+st.Outbox == 0 })
		if n := stats(t, s).Events; n != 2 {
			t.Errorf("%d events, want 2", n)
		}
	})
}

// Two replicas share the work, hear of each other's messages without delay (the
// leases are so long that nothing here is found by looking), and when one ends
// the other has all of it at once.
func TestReplicas(t *testing.T) {
	url := redistest.Start(t).URL
	o := quick(t)
	o.Lease = time.Hour
	a, b := open(t, url, o), open(t, url, o)
	var byA, byB atomic.Int64
	by := func(s *conversation.Store, n *atomic.Int64) func(context.Context, conversation.Claim) error {
		return func(ctx context.Context, c conversation.Claim) error {
			n.Add(1)
			return echo(s)(ctx, c)
		}
	}
	said := newNotes()
	hear(t, b, said)
	work(t, a, by(a, &byA))
	stop := work(t, b, by(b, &byB))
	send := func(from, to int) {
		t.Helper()
		for i := from; i < to; i++ {
			accept(t, a, message(fmt.Sprint("c", i%100), fmt.Sprint("m", i), "x"))
		}
		said.wait(t, to)
	}
	total := 0
	eventually(t, "both work", func() bool {
		send(total, total+100)
		total += 100
		return byA.Load() > 0 && byB.Load() > 0
	})
	stop()
	worked := byB.Load()
	send(total, total+200)
	if byB.Load() != worked {
		t.Error("a replica that had ended worked on")
	}
	if n := byA.Load() + byB.Load(); n != int64(total+200) {
		t.Errorf("%d messages handled, want %d", n, total+200)
	}
}

// A restart takes over at once, however long the leases are.
func TestRestart(t *testing.T) {
	url := redistest.Start(t).URL
	o := quick(t)
	o.Lease = time.Hour
	for i := range 3 {
		s := open(t, url, o)
		said := newNotes()
		work(t, s, echo(s))
		hear(t, s, said)
		accept(t, s, message("c", fmt.Sprint("m", i), "x"))
		said.wait(t, 1)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What is in hand when the end comes is finished, and nothing new is begun.
func TestDrain(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := open(t, url, quick(t))
		begun, end, handled := make(chan struct{}), make(chan struct{}), newNotes()
		stop := work(t, s, func(ctx context.Context, c conversation.Claim) error {
			close(begun)
			<-end
			if ctx.Err() != nil {
				t.Error("the message in hand was cut off")
			}
			err := echo(s)(ctx, c)
			handled.add("%s %v", c.Message.ID, err)
			return err
		})
		accept(t, s, message("c", "m1", "one"), message("c", "m2", "two"))
		<-begun
		go func() {
			time.Sleep(20 * time.Millisecond)
			close(end)
		}()
		stop()
		equal(t, handled.all(), []string{"m1 <nil>"})
		if n := stats(t, s).Accepted; n != 1 {
			t.Errorf("%d messages wait, want 1", n)
		}
	})
}

// A message in hand for too long is cut off at the end, and comes again.
func TestDrainCutOff(t *testing.T) {
	o := quick(t)
	o.Drain = 20 * time.Millisecond
	s := open(t, "", o)
	begun := make(chan struct{})
	stop := work(t, s, func(ctx context.Context, _ conversation.Claim) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	accept(t, s, message("c", "m1", "one"))
	<-begun
	stop()
	said := newNotes()
	hear(t, s, said)
	work(t, s, echo(s))
	equal(t, said.wait(t, 1), []string{"m1/1 one;"})
}
