package conversation_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/conversation"
)

// deliver runs Deliver with a sending that fails as told and notes each try.
func deliver(t *testing.T, s *conversation.Store, tries *notes, send func(d conversation.Delivery) error) {
	t.Helper()
	run(t, func(ctx context.Context) error {
		return s.Deliver(ctx, "slack", func(_ context.Context, d conversation.Delivery) error {
			err := send(d)
			tries.add("%s attempt %d unknown %v: %v", d.Reply.ID, d.Attempt, d.Unknown, err)
			return err
		})
	})
}

func announce(t *testing.T, s *conversation.Store, replies ...chat.Reply) {
	t.Helper()
	if err := s.Announce(t.Context(), replies[0].ID, replies[0].To, replies, nil); err != nil {
		t.Fatal(err)
	}
}

func TestDeliveryFails(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want []string
	}{
		"perhaps sent":    {errBoom, []string{"r1 attempt 1 unknown false: boom", "r1 attempt 2 unknown true: <nil>", "r2 attempt 1 unknown false: <nil>"}},
		"surely not sent": {fmt.Errorf("rate limited: %w", conversation.ErrNotSent), []string{"r1 attempt 1 unknown false: rate limited: not sent", "r1 attempt 2 unknown false: <nil>", "r2 attempt 1 unknown false: <nil>"}},
		"undeliverable":   {fmt.Errorf("no such channel: %w", conversation.ErrUndeliverable), []string{"r1 attempt 1 unknown false: no such channel: undeliverable", "r2 attempt 1 unknown false: <nil>"}},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, url string) {
				o := quick(t)
				o.Log = nil // it logs what is provoked here
				s := open(t, url, o)
				tries := newNotes()
				deliver(t, s, tries, func(d conversation.Delivery) error {
					if d.Reply.ID == "r1" && d.Attempt == 1 {
						return c.err
					}
					return nil
				})
				announce(t, s, reply(in("c"), "r1", "one"), reply(in("c"), "r2", "two"))
				equal(t, tries.wait(t, len(c.want)), c.want)
				eventually(t, "the outbox is empty", func() bool { return stats(t, s).Outbox == 0 })
				dead, err := s.DeadLetters(t.Context(), 0)
				if err != nil {
					t.Fatal(err)
				}
				if gone := name == "undeliverable"; (len(dead) == 1) != gone || gone && (dead[0].Kind != "reply" || dead[0].ID != "r1" || dead[0].At.Channel != "c") {
					t.Errorf("dead letters: %+v", dead)
				}
			})
		})
	}
}

// A conversation that can't be spoken to, and one where sending hangs, hold up
// no other, also not one of the same partition.
func TestDeliveryBlocksNobody(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		o := quick(t)
		o.Log = nil
		s := open(t, url, o)
		said := newNotes()
		hang := make(chan struct{})
		stop := run(t, func(ctx context.Context) error {
			return s.Deliver(ctx, "slack", func(_ context.Context, d conversation.Delivery) error {
				switch d.Reply.To.Channel {
				case "broken":
					return errBoom
				case "slow":
					<-hang
				}
				said.add("%s", d.Reply.ID)
				return nil
			})
		})
		defer stop()
		defer close(hang)
		// All from one conversation, so all in one partition.
		replies := []chat.Reply{reply(in("broken"), "b", ""), reply(in("slow"), "s", "")}
		for i := range 100 {
			replies = append(replies, reply(in(fmt.Sprint("c", i)), fmt.Sprint("r", i), ""))
		}
		if err := s.Announce(t.Context(), "a", in("c"), replies, nil); err != nil {
			t.Fatal(err)
		}
		said.wait(t, 100)
		if n := stats(t, s).Outbox; n < 2 {
			t.Errorf("%d replies wait, want 2", n)
		}
	})
}

// A reply that is tried too often becomes a dead letter.
func TestDeliveryGivesUp(t *testing.T) {
	o := quick(t)
	o.Log, o.Sendings = nil, 2
	s := open(t, "", o)
	tries := newNotes()
	deliver(t, s, tries, func(conversation.Delivery) error { return errBoom })
	announce(t, s, reply(in("c"), "r1", "one"))
	eventually(t, "it is a dead letter", func() bool { return stats(t, s).Dead == 1 })
	equal(t, tries.all(), []string{"r1 attempt 1 unknown false: boom", "r1 attempt 2 unknown true: boom"})
}

// A sending that panics is a failed one.
func TestDeliveryPanics(t *testing.T) {
	o := quick(t)
	o.Log = nil
	s := open(t, "", o)
	tries := newNotes()
	run(t, func(ctx context.Context) error {
		return s.Deliver(ctx, "slack", func(_ context.Context, d conversation.Delivery) error {
			tries.add("attempt %d", d.Attempt)
			if d.Attempt == 1 {
				panic("boom")
			}
			return nil
		})
	})
	announce(t, s, reply(in("c"), "r1", "one"))
	equal(t, tries.wait(t, 2), []string{"attempt 1", "attempt 2"})
}

// A sending cut off by the end is unknown to the one who takes it up.
func TestDeliveryCutOff(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		o := quick(t)
		o.Log, o.Drain = nil, 20*time.Millisecond
		s := open(t, url, o)
		begun := make(chan struct{})
		stop := run(t, func(ctx context.Context) error {
			return s.Deliver(ctx, "slack", func(ctx context.Context, _ conversation.Delivery) error {
				close(begun)
				<-ctx.Done()
				return ctx.Err()
			})
		})
		announce(t, s, reply(in("c"), "r1", "one"), reply(in("c"), "r2", "two"))
		<-begun
		stop()
		said := newNotes()
		hear(t, s, said)
		equal(t, said.wait(t, 2), []string{"?r1 one", "r2 two"})
	})
}

// Each platform's replies go to its own adapter.
func TestDeliveryByPlatform(t *testing.T) {
	s := open(t, "", quick(t))
	said := newNotes()
	for _, platform := range []string{"slack", "discord"} {
		run(t, func(ctx context.Context) error {
			return s.Deliver(ctx, platform, func(_ context.Context, d conversation.Delivery) error {
				said.add("%s says %s", platform, d.Reply.ID)
				return nil
			})
		})
	}
	d := chat.Address{Platform: "discord", Channel: "1"}
	if err := s.Announce(t.Context(), "a", in("c"), []chat.Reply{reply(d, "x", "")}, nil); err != nil {
		t.Fatal(err)
	}
	equal(t, said.wait(t, 1), []string{"discord says x"})
}
