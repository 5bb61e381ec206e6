package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"frontdoor/internal/chat"
	"frontdoor/internal/conversation"
)

// A message that fails three times is set aside, its author is told once, and
// those behind it go on.
func TestDeadLetter(t *testing.T) {
	for name, fail := range map[string]func(ctx context.Context, s *conversation.Store, c conversation.Claim) error{
		"error":     func(context.Context, *conversation.Store, conversation.Claim) error { return errBoom },
		"panic":     func(context.Context, *conversation.Store, conversation.Claim) error { panic("boom") },
		"no commit": func(context.Context, *conversation.Store, conversation.Claim) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, url string) {
				o := quick(t)
				o.Log = nil
				o.OnDead = func(m chat.Message) (chat.Reply, [][]byte) {
					return chat.Reply{Card: chat.Card{Text: "sorry for " + m.Text, Request: "q7"}}, [][]byte{[]byte(m.ID + " failed")}
				}
				s := open(t, url, o)
				said, attempts, recorded := newNotes(), newNotes(), newNotes()
				hear(t, s, said)
				recordInto(t, s, recorded)
				accept(t, s, message("c", "m1", "one"), message("c", "bad", "bad"), message("c", "m2", "two"))
				work(t, s, func(ctx context.Context, c conversation.Claim) error {
					if c.Message.ID == "bad" {
						attempts.add("%d", c.Attempt)
						return fail(ctx, s, c)
					}
					return echo(s)(ctx, c)
				})
				equal(t, said.wait(t, 3), []string{"m1/1 one;", "bad/dead sorry for bad", "m2/1 one;two;"})
				equal(t, attempts.all(), []string{"1", "2", "3"})
				if got := recorded.wait(t, 3); got[1] != "bad failed" {
					t.Errorf("events: %q", got)
				}
				dead, err := s.DeadLetters(t.Context(), 0)
				if err != nil {
					t.Fatal(err)
				}
				if len(dead) != 1 || dead[0].Kind != "message" || dead[0].ID != "bad" || dead[0].At.Channel != "c" || dead[0].Attempts != 3 || dead[0].Reference != "q7" || dead[0].Reason == "" || dead[0].Time.IsZero() {
					t.Errorf("dead letters: %+v", dead)
				}
				if st := stats(t, s); st.Dead != 1 || st.Accepted != 0 {
					t.Errorf("stats: %+v", st)
				}
			})
		})
	}
}

// What is Redis' fault is not the message's: it is tried as often as needed.
func TestOutageIsNoAttempt(t *testing.T) {
	o := quick(t)
	o.Log = nil
	s := open(t, "", o)
	said := newNotes()
	hear(t, s, said)
	var mu sync.Mutex
	tries := 0
	work(t, s, func(ctx context.Context, c conversation.Claim) error {
		mu.Lock()
		tries++
		n := tries
		mu.Unlock()
		if n < 10 {
			return fmt.Errorf("ask the store: %w", conversation.ErrUnavailable)
		}
		if c.Attempt != 1 {
			t.Errorf("attempt %d", c.Attempt)
		}
		return echo(s)(ctx, c)
	})
	accept(t, s, message("c", "m1", "one"))
	equal(t, said.wait(t, 1), []string{"m1/1 one;"})
}

// Whatever somebody else wrote into our keys is set aside, and what is behind
// it goes on.
func TestForeign(t *testing.T) {
	queue, bodies, state, outbox, replies, events := conversation.Keys(in("c"))
	m := message("c", "x", "")
	key := conversation.MessageKey(m)
	for name, c := range map[string]struct {
		put  func(ctx context.Context, r redis.UniversalClient) error
		kind string
	}{
		"a queue entry of nothing": {func(ctx context.Context, r redis.UniversalClient) error {
			return r.LPush(ctx, queue, "junk").Err()
		}, "message"},
		"a message that is no JSON": {func(ctx context.Context, r redis.UniversalClient) error {
			return errors.Join(r.HSet(ctx, bodies, key, "\xff{").Err(), r.LPush(ctx, queue, key).Err())
		}, "message"},
		"a message of another type": {func(ctx context.Context, r redis.UniversalClient) error {
			return errors.Join(r.HSet(ctx, bodies, key, `{"id":5}`).Err(), r.LPush(ctx, queue, key).Err())
		}, "message"},
		"a message of another conversation": {func(ctx context.Context, r redis.UniversalClient) error {
			return errors.Join(r.HSet(ctx, bodies, key, `{"id":"x","at":{"platform":"slack","workspace":"T1","channel":"other"}}`).Err(), r.LPush(ctx, queue, key).Err())
		}, "message"},
		"a state that is none": {func(ctx context.Context, r redis.UniversalClient) error {
			return r.Set(ctx, state, "\x00\x01", 0).Err()
		}, "message"},
		"a reply that is no JSON": {func(ctx context.Context, r redis.UniversalClient) error {
			return errors.Join(r.RPush(ctx, replies, "junk").Err(), r.ZAdd(ctx, outbox, redis.Z{Member: in("c").Key()}).Err())
		}, "reply"},
		"a reply to somebody else": {func(ctx context.Context, r redis.UniversalClient) error {
			return errors.Join(r.RPush(ctx, replies, `{"id":"r"}`).Err(), r.ZAdd(ctx, outbox, redis.Z{Member: in("c").Key()}).Err())
		}, "reply"},
		"a conversation without replies": {func(ctx context.Context, r redis.UniversalClient) error {
			return r.ZAdd(ctx, outbox, redis.Z{Member: "junk"}).Err()
		}, ""},
		"an event of other fields": {func(ctx context.Context, r redis.UniversalClient) error {
			return r.XAdd(ctx, &redis.XAddArgs{Stream: events, Values: []string{"x", "junk"}}).Err()
		}, "event"},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, url string) {
				o := quick(t)
				o.Log = nil
				s := open(t, url, o)
				if err := c.put(t.Context(), s.Redis()); err != nil {
					t.Fatal(err)
				}
				accept(t, s, message("c", "m1", "one"), message("c", "m2", "two"))
				said, recorded := newNotes(), newNotes()
				work(t, s, echo(s))
				hear(t, s, said)
				recordInto(t, s, recorded)
				eventually(t, "what is behind goes on", func() bool {
					st := stats(t, s)
					return strings.HasPrefix(strings.Join(said.all(), " "), "m") && st.Accepted+st.Outbox+st.Events == 0
				})
				dead, err := s.DeadLetters(t.Context(), 0)
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case c.kind == "":
					if len(dead) != 0 {
						t.Errorf("dead letters: %+v", dead)
					}
				case len(dead) != 1 || dead[0].Kind != c.kind:
					t.Errorf("dead letters: %+v", dead)
				}
			})
		})
	}
}

// A key of another type is an error that says so, and no loop that spins.
func TestForeignType(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		o := quick(t)
		o.Log = nil
		s := open(t, url, o)
		_, bodies, _, _, _, _ := conversation.Keys(in("c"))
		if err := s.Redis().Set(t.Context(), bodies, "junk", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Accept(t.Context(), message("c", "m", "x")); !errors.Is(err, conversation.ErrForeign) {
			t.Errorf("accept: %v", err)
		}
	})
}

// The latest come first, and no more than asked for.
func TestDeadLettersAreLimited(t *testing.T) {
	o := quick(t)
	o.Log, o.Attempts = nil, 1
	s := open(t, "", o)
	work(t, s, func(context.Context, conversation.Claim) error { return errBoom })
	for n := range 5 {
		accept(t, s, message(fmt.Sprintf("c%d", n), fmt.Sprintf("m%d", n), "x"))
		eventually(t, "it is set aside", func() bool { return stats(t, s).Dead == int64(n+1) })
	}
	dead, err := s.DeadLetters(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(dead) != 2 || dead[0].ID != "m4" || dead[1].ID != "m3" {
		t.Errorf("dead letters: %+v", dead)
	}
}
