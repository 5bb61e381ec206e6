package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"frontdoor/internal/chat"
	"frontdoor/internal/conversation"
	"frontdoor/internal/conversation/redistest"
)

func TestMain(m *testing.M) {
	if child() {
		return
	}
	goleak.VerifyTestMain(m)
}

// everywhere runs a test on the in-process server and on a real one.
func everywhere(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { test(t, "") })
	t.Run("redis", func(t *testing.T) { test(t, redistest.Start(t).URL) })
}

// quick are the options of most tests: short pauses, so that they pass.
func quick(t testing.TB) conversation.Options {
	t.Helper()
	return conversation.Options{
		Log:     zaptest.NewLogger(t, zaptest.Level(zap.ErrorLevel)),
		Lease:   2 * time.Second,
		Backoff: 5 * time.Millisecond,
	}
}

func open(t testing.TB, url string, o conversation.Options) *conversation.Store {
	t.Helper()
	s, err := conversation.Open(t.Context(), conversation.Config{URL: url}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// in is an address in the given channel.
func in(channel string) chat.Address {
	return chat.Address{Platform: "slack", Workspace: "T1", Channel: channel}
}

func message(channel, id, text string) chat.Message {
	return chat.Message{ID: id, At: in(channel), From: chat.Person{ID: "ana"}, Text: text, Addressed: true}
}

func reply(to chat.Address, id, text string) chat.Reply {
	return chat.Reply{ID: id, To: to, Card: chat.Card{Text: text}}
}

func accept(t testing.TB, s *conversation.Store, messages ...chat.Message) {
	t.Helper()
	for _, m := range messages {
		fresh, err := s.Accept(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if !fresh {
			t.Fatalf("message %s was not fresh", m.ID)
		}
	}
}

// echo is a handling that counts in the state what it has seen and says it.
func echo(s *conversation.Store) func(context.Context, conversation.Claim) error {
	return func(ctx context.Context, c conversation.Claim) error {
		st, err := s.Load(ctx, c)
		if err != nil {
			return err
		}
		talk := st.Talk(c.Message.From.ID)
		talk.Text += c.Message.Text + ";"
		return s.Commit(ctx, c, conversation.Commit{
			State:   st,
			Replies: []chat.Reply{reply(c.Message.At, c.Message.ID+"/1", talk.Text)},
			Events:  [][]byte{[]byte(`{"id":"` + c.Message.ID + `","inputs":{}}`)},
		})
	}
}

// notes collects what happened, in order.
type notes struct {
	mu   sync.Mutex
	list []string
	some chan struct{} // closed and renewed at each note
}

func newNotes() *notes { return &notes{some: make(chan struct{})} }

func (n *notes) add(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, fmt.Sprintf(format, args...))
	close(n.some)
	n.some = make(chan struct{})
}

func (n *notes) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.list)
}

// wait returns when there are at least count notes.
func (n *notes) wait(t testing.TB, count int) []string {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		n.mu.Lock()
		list, some := slices.Clone(n.list), n.some
		n.mu.Unlock()
		if len(list) >= count {
			return list
		}
		select {
		case <-some:
		case <-limit:
			t.Fatalf("%d of %d after a minute: %q", len(list), count, list[max(0, len(list)-20):])
		}
	}
}

// run starts a loop such as Work; the function returned ends it and waits.
func run(t testing.TB, loop func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- loop(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func work(t testing.TB, s *conversation.Store, handle func(context.Context, conversation.Claim) error) (stop func()) {
	t.Helper()
	return run(t, func(ctx context.Context) error { return s.Work(ctx, handle) })
}

// hear delivers into notes: `id text`, with a ? before what may have arrived already.
func hear(t testing.TB, s *conversation.Store, into *notes) {
	t.Helper()
	run(t, func(ctx context.Context) error {
		return s.Deliver(ctx, "slack", func(_ context.Context, d conversation.Delivery) error {
			mark := ""
			if d.Unknown {
				mark = "?"
			}
			into.add("%s%s %s", mark, d.Reply.ID, d.Reply.Card.Text)
			return nil
		})
	})
}

func recordInto(t testing.TB, s *conversation.Store, into *notes) {
	t.Helper()
	run(t, func(ctx context.Context) error {
		return s.Events(ctx, func(_ context.Context, batch [][]byte) error {
			for _, e := range batch {
				into.add("%s", e)
			}
			return nil
		})
	})
}

// eventually waits until the store holds what is wanted.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("never: %s", what)
		}
	}
}

func stats(t testing.TB, s *conversation.Store) conversation.Stats {
	t.Helper()
	st, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func equal(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("got\n%q\nwant\n%q", got, want)
	}
}

var errBoom = errors.New("boom")
