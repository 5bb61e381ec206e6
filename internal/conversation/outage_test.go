package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdoor/internal/conversation"
	"frontdoor/internal/conversation/redistest"
)

// Redis is killed and comes back, again and again, while messages come in,
// are worked on and answered. With every write on disk before it is answered,
// nothing that was accepted is lost and nothing is done twice: each answer
// tells all that the conversation's state has seen.
func TestRedisKilled(t *testing.T) {
	server := redistest.StartWith(t, redistest.Remembers)
	o := quick(t)
	o.Log = nil
	s := open(t, server.URL, o)
	const channels, each = 8, 60
	var mu sync.Mutex
	said, again := map[string][]string{}, 0
	run(t, func(ctx context.Context) error {
		return s.Deliver(ctx, "slack", func(_ context.Context, d conversation.Delivery) error {
			mu.Lock()
			defer mu.Unlock()
			channel := d.Reply.To.Channel
			line := d.Reply.ID + " " + d.Reply.Card.Text
			// What may have arrived already is looked for, as an adapter does.
			if list := said[channel]; d.Unknown && len(list) > 0 && list[len(list)-1] == line {
				again++
				return nil
			}
			said[channel] = append(said[channel], line)
			return nil
		})
	})
	work(t, s, echo(s))
	events := map[string]bool{}
	run(t, func(ctx context.Context) error {
		return s.Events(ctx, func(_ context.Context, batch [][]byte) error {
			mu.Lock()
			defer mu.Unlock()
			for _, e := range batch {
				events[string(e)] = true
			}
			return nil
		})
	})
	var refused notes
	refused.some = make(chan struct{})
	var senders sync.WaitGroup
	for c := range channels {
		senders.Go(func() {
			for n := range each {
				m := message(fmt.Sprint("c", c), fmt.Sprintf("%d.%d", c, n), fmt.Sprint(n))
				for {
					_, err := s.Accept(t.Context(), m)
					if err == nil {
						break
					}
					if !errors.Is(err, conversation.ErrUnavailable) {
						t.Errorf("accept: %v", err)
						return
					}
					refused.add("%v", err)
				}
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	for range 4 {
		time.Sleep(30 * time.Millisecond)
		before := len(refused.all())
		server.Kill()
		refused.wait(t, before+1)
		server.Restart()
	}
	senders.Wait()
	eventually(t, "all is answered", func() bool {
		mu.Lock()
		defer mu.Unlock()
		n := 0
		for _, list := range said {
			n += len(list)
		}
		return n >= channels*each && len(events) >= channels*each
	})
	eventually(t, "everything is dealt with", func() bool { st, err := s.Stats(t.Context()); return err == nil && st == conversation.Stats{} })
	mu.Lock()
	defer mu.Unlock()
	t.Logf("%d refusals, %d replies offered again", len(refused.all()), again)
	for channel, list := range said {
		var text strings.Builder
		for n, got := range list {
			fmt.Fprintf(&text, "%d;", n)
			if want := fmt.Sprintf("%s.%d/1 %s", channel[1:], n, text.String()); got != want {
				t.Fatalf("%s: answer %d is %q, want %q", channel, n, got, want)
			}
		}
		if len(list) != each {
			t.Errorf("%s: %d answers, want %d", channel, len(list), each)
		}
	}
}

// A Redis that hangs is out of reach as soon as the caller's patience ends.
func TestRedisStalled(t *testing.T) {
	server := redistest.Start(t)
	o := quick(t)
	o.Log = nil
	s := open(t, server.URL, o)
	said := newNotes()
	work(t, s, echo(s))
	hear(t, s, said)
	accept(t, s, message("c", "m1", "one"))
	said.wait(t, 1)
	server.Stall()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Accept(ctx, message("c", "m2", "two")); !errors.Is(err, conversation.ErrUnavailable) {
		t.Errorf("accept: %v", err)
	}
	if err := s.Ping(ctx); !errors.Is(err, conversation.ErrUnavailable) {
		t.Errorf("ping: %v", err)
	}
	server.Resume()
	if _, err := s.Accept(t.Context(), message("c", "m2", "two")); err != nil {
		t.Errorf("accept: %v", err)
	}
	equal(t, said.wait(t, 2), []string{"m1/1 one;", "m2/1 one;two;"})
}

// A Redis that is not there yet when the program starts is waited for.
func TestRedisComesLater(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	o := quick(t)
	o.Log = nil
	s := open(t, server.URL, o)
	if err := s.Ping(t.Context()); !errors.Is(err, conversation.ErrUnavailable) {
		t.Errorf("ping: %v", err)
	}
	said := newNotes()
	stop := work(t, s, echo(s))
	hear(t, s, said)
	server.Restart()
	accept(t, s, message("c", "m1", "one"))
	said.wait(t, 1)
	// The end comes also when it is away.
	server.Kill()
	stop()
}

// A Redis that was emptied, scripts and leases too, is worked with at once.
func TestRedisEmptied(t *testing.T) {
	everywhere(t, func(t *testing.T, url string) {
		o := quick(t)
		o.Log = nil
		s := open(t, url, o)
		said := newNotes()
		work(t, s, echo(s))
		hear(t, s, said)
		for i := range 3 {
			accept(t, s, message("c", fmt.Sprint("m", i), "x"))
			said.wait(t, i+1)
			if err := errors.Join(s.Redis().FlushAll(t.Context()).Err(), s.Redis().ScriptFlush(t.Context()).Err()); err != nil {
				t.Fatal(err)
			}
		}
		equal(t, said.all(), []string{"m0/1 x;", "m1/1 x;", "m2/1 x;"})
	})
}
