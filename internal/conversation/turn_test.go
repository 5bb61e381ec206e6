package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/conversation"
	"frontdoor/internal/conversation/redistest"
)

// A message goes the whole way, and state, reply and event arrive as written.
func TestTurn(t *testing.T) {
	everywhere(t, turn)
}

// In a cluster a script may touch one node's keys only.
func TestTurnInCluster(t *testing.T) {
	turn(t, redistest.StartCluster(t).URL)
}

func turn(t *testing.T, url string) {
	s := open(t, url, quick(t))
	said, recorded := newNotes(), newNotes()
	accept(t, s, message("c", "m1", "one"))
	work(t, s, echo(s))
	hear(t, s, said)
	recordInto(t, s, recorded)
	accept(t, s, message("c", "m2", "two"), message("c", "m3", "three"))
	equal(t, said.wait(t, 3), []string{"m1/1 one;", "m2/1 one;two;", "m3/1 one;two;three;"})
	equal(t, recorded.wait(t, 3), []string{`{"id":"m1","inputs":{}}`, `{"id":"m2","inputs":{}}`, `{"id":"m3","inputs":{}}`})
	eventually(t, "everything is dealt with", func() bool { return stats(t, s) == conversation.Stats{} })
	if dead, err := s.DeadLetters(t.Context(), 0); err != nil || len(dead) > 0 {
		t.Fatal(dead, err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Everything that a message holds comes through Redis unchanged.
func TestMessageUnchanged(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := open(t, url, quick(t))
		want := chat.Message{
			ID: "1700.5 {x}/%", At: chat.Address{Platform: "slack", Workspace: "T/1", Channel: "ü", Name: "help", Thread: "1700.1", Direct: true},
			From: chat.Person{ID: "slack:T1/U1", Groups: []string{}}, Time: time.Date(2026, 11, 2, 9, 15, 4, 120e6, time.UTC),
			Text: "a\x00b\r\n$5\r\nПривет 🙂", Form: map[string]string{}, Submitted: true, Addressed: true, Command: true,
		}
		got := make(chan chat.Message, 1)
		accept(t, s, want)
		work(t, s, func(ctx context.Context, c conversation.Claim) error {
			got <- c.Message
			return s.Commit(ctx, c, conversation.Commit{})
		})
		want.Form = nil // omitempty: an empty one and none are the same, unlike groups
		if m := <-got; fmt.Sprintf("%#v", m) != fmt.Sprintf("%#v", want) {
			t.Fatalf("got %#v\nwant %#v", m, want)
		}
	})
}

// Ten thousand messages of many conversations, accepted by several senders at
// once: each is handled once, one at a time and in order in its conversation.
func TestTenThousand(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		const channels = 100
		each := 100
		if url == "" {
			each = 30 // the same code; the race detector makes the server in the process ten times slower
		}
		s := open(t, url, quick(t))
		var mu sync.Mutex
		inHand := map[string]bool{}
		work(t, s, func(ctx context.Context, c conversation.Claim) error {
			mu.Lock()
			if inHand[c.Message.At.Channel] {
				t.Errorf("two messages of %s at once", c.Message.At.Channel)
			}
			inHand[c.Message.At.Channel] = true
			mu.Unlock()
			err := echo(s)(ctx, c)
			mu.Lock()
			delete(inHand, c.Message.At.Channel)
			mu.Unlock()
			return err
		})
		said := newNotes()
		hear(t, s, said)
		recorded := newNotes()
		recordInto(t, s, recorded)
		var senders sync.WaitGroup
		for first := range 4 {
			senders.Go(func() {
				for n := range each {
					for c := first; c < channels; c += 4 {
						m := message(fmt.Sprint("c", c), fmt.Sprintf("%d.%d", c, n), fmt.Sprint(n))
						if fresh, err := s.Accept(t.Context(), m); err != nil || !fresh {
							t.Errorf("accept %s: fresh %v, %v", m.ID, fresh, err)
						}
					}
				}
			})
		}
		senders.Wait()
		next := map[string]int{}
		for _, line := range said.wait(t, channels*each) {
			id, text, _ := strings.Cut(line, " ")
			channel, _, _ := strings.Cut(id, ".")
			var want strings.Builder
			for n := range next[channel] + 1 {
				fmt.Fprintf(&want, "%d;", n)
			}
			if text != want.String() {
				t.Fatalf("%s said %q, want %q", id, text, want.String())
			}
			next[channel]++
		}
		recorded.wait(t, channels*each)
		eventually(t, "everything is dealt with", func() bool { return stats(t, s) == conversation.Stats{} })
		if got := len(said.all()); got != channels*each {
			t.Fatalf("%d replies", got)
		}
	})
}

func TestDedupe(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		o := quick(t)
		o.Dedupe = 700 * time.Millisecond
		s := open(t, url, o)
		fresh := func(m chat.Message) bool {
			t.Helper()
			f, err := s.Accept(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		m := message("c", "m1", "one")
		elsewhere := m
		elsewhere.At.Workspace = "T2"
		if !fresh(m) || fresh(m) || !fresh(elsewhere) {
			t.Fatal("the same id is the same message in its workspace, and only there")
		}
		said := newNotes()
		stop := work(t, s, echo(s))
		hear(t, s, said)
		said.wait(t, 2)
		if fresh(m) {
			t.Fatal("a message that was handled is known still")
		}
		stop()
		eventually(t, "a message is forgotten in the end", func() bool { return fresh(m) })
		// It waits now, and is known for as long as it does.
		time.Sleep(o.Dedupe + 100*time.Millisecond)
		if fresh(m) {
			t.Fatal("a message that waits is known")
		}
	})
}

func TestAnnounce(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		s := open(t, url, quick(t))
		said, recorded := newNotes(), newNotes()
		hear(t, s, said)
		recordInto(t, s, recorded)
		announce := func(id string, replies ...chat.Reply) {
			t.Helper()
			if err := s.Announce(t.Context(), id, in("c"), replies, [][]byte{[]byte(id)}); err != nil {
				t.Fatal(err)
			}
		}
		announce("run1/started", reply(in("c"), "r1", "started"))
		announce("run1/started", reply(in("c"), "r1", "started"))
		announce("run1/step", reply(in("c"), "r1", "started"), reply(in("c"), "r2", "step"), reply(in("oncall"), "r3", "look"))
		announce("run1/end", reply(in("c"), "r4", "end"))
		eventually(t, "all is said", func() bool { return len(said.all()) == 4 })
		var here []string
		for _, line := range said.all() {
			if line != "r3 look" {
				here = append(here, line)
			}
		}
		equal(t, here, []string{"r1 started", "r2 step", "r4 end"})
		equal(t, recorded.wait(t, 3), []string{"run1/started", "run1/step", "run1/end"})
		eventually(t, "everything is dealt with", func() bool { return stats(t, s) == conversation.Stats{} })
	})
}

func TestRefused(t *testing.T) {
	s := open(t, "", quick(t))
	if _, err := s.Accept(t.Context(), message("c", "", "x")); err == nil {
		t.Error("a message without an id was accepted")
	}
	if _, err := s.Accept(t.Context(), message("c", "m", strings.Repeat("x", conversation.MaxMessage))); !errors.Is(err, conversation.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if fresh, err := s.Accept(t.Context(), message("c", "m", strings.Repeat("x", 1<<20))); err != nil || !fresh {
		t.Errorf("a message of 1 MB: %v", err)
	}
	if err := s.Announce(t.Context(), "a", in("c"), []chat.Reply{{To: in("c")}}, nil); err == nil {
		t.Error("a reply without an id was announced")
	}
	if err := s.Commit(t.Context(), conversation.Claim{Message: message("c", "m", "x")}, conversation.Commit{}); err == nil {
		t.Error("a message that nobody claimed was committed")
	}
	stop := work(t, s, echo(s))
	eventually(t, "it works", func() bool { return stats(t, s).Accepted == 0 })
	if err := s.Work(t.Context(), echo(s)); err == nil {
		t.Error("one store worked twice at once")
	}
	stop()
}
