package conversation_test

import (
	"context"
	"testing"
	"time"

	"frontdoor/internal/conversation"
)

// A conversation is forgotten after its last message, not after its first.
func TestStateExpires(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		o := quick(t)
		o.Keep = 2 * time.Second
		s := open(t, url, o)
		_, _, state, _, _, _ := conversation.Keys(in("c"))
		work(t, s, echo(s))
		ttl := func() time.Duration {
			t.Helper()
			d, err := s.Redis().PTTL(t.Context(), state).Result()
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		accept(t, s, message("c", "m1", "one"))
		eventually(t, "the time runs", func() bool { d := ttl(); return d > 0 && d < o.Keep-300*time.Millisecond })
		before := ttl()
		accept(t, s, message("c", "m2", "two"))
		eventually(t, "it begins anew", func() bool { return ttl() > before })
		eventually(t, "it is forgotten", func() bool { return ttl() == -2 })
		said := newNotes()
		hear(t, s, said)
		accept(t, s, message("c", "m3", "three"))
		eventually(t, "a new one begins", func() bool {
			list := said.all()
			return len(list) > 0 && list[len(list)-1] == "m3/1 three;"
		})
	})
}

// What nobody handles, delivers or reads expires too: it holds people's words.
func TestWaitingExpires(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		o := quick(t)
		o.Log, o.Keep, o.Attempts = nil, 300*time.Millisecond, 1
		s := open(t, url, o)
		stop := work(t, s, func(context.Context, conversation.Claim) error { return errBoom })
		accept(t, s, message("c", "m1", "one"))
		eventually(t, "it is a dead letter", func() bool { return stats(t, s).Accepted == 0 })
		stop()
		accept(t, s, message("c", "m2", "two"))
		announce(t, s, reply(in("c"), "r1", "one"))
		eventually(t, "all is forgotten", func() bool { return stats(t, s) == conversation.Stats{} })
		said := newNotes()
		hear(t, s, said)
		announce(t, s, reply(in("c"), "r2", "two"))
		equal(t, said.wait(t, 1), []string{"r2 two"})
	})
}
