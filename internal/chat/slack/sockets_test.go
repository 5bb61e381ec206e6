package slack_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/chat/slack"
	"frontdoor/internal/chat/slack/slacktest"
)

// crowd is a bot that listens by Socket Mode and remembers what it took.
type crowd struct {
	mu    sync.Mutex
	texts map[string]int // how often each text was stored as new
	ids   map[string]bool
	open  int
	err   error
	fail  int // so many of the next are not stored
}

func (c *crowd) accept(_ context.Context, m chat.Message) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail > 0 {
		c.fail--
		return false, errors.New("redis is away")
	}
	if c.ids[m.ID] {
		return false, nil
	}
	c.ids[m.ID] = true
	c.texts[m.Text]++
	return true, nil
}

func (c *crowd) state(open int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open, c.err = open, err
}

func (c *crowd) now() (texts, open int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.texts), c.open, c.err
}

// listen runs a bot by Socket Mode until the test's end.
func (st *stage) listen(t testing.TB) *crowd {
	t.Helper()
	c := &crowd{texts: map[string]int{}, ids: map[string]bool{}}
	config := slack.Default()
	config.AppToken, config.APIURL = st.s.AppToken(), st.s.APIURL()
	r := slack.NewReceiver(slack.Options{Config: config, Accept: c.accept})
	ctx, cancel := context.WithCancel(context.Background())
	transport := &http.Transport{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Listen(ctx, slack.SocketOptions{Client: &http.Client{Transport: transport}, Stale: time.Second, Backoff: 5 * time.Millisecond, State: c.state})
	}()
	t.Cleanup(func() { cancel(); <-done; transport.CloseIdleConnections() })
	if err := st.s.AwaitConnections(st.ctx, 2); err != nil {
		t.Fatal(err)
	}
	return c
}

// until waits for something that will come.
func (st *stage) until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for !done() {
		select {
		case <-st.ctx.Done():
			t.Fatalf("%s: it does not come", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// Whatever happens to the connections, everything is stored, once.
func TestListen(t *testing.T) {
	for name, spoil := range map[string]func(st *stage, c *crowd){
		"in peace": func(*stage, *crowd) {},
		"cut":      func(st *stage, _ *crowd) { st.s.Cut() },
		"refreshed": func(st *stage, _ *crowd) {
			st.s.Disconnect(slacktest.RefreshRequested)
		},
		"cut in a frame":  func(st *stage, _ *crowd) { st.s.CutWithinNext() },
		"frozen":          func(st *stage, _ *crowd) { st.s.Freeze() },
		"strange frames":  func(st *stage, _ *crowd) { st.s.SendRaw([]byte(`{"envelope_id":"x","type":"new"`)) },
		"duplicated":      func(st *stage, _ *crowd) { st.s.Disturb(slacktest.Disturbance{Twice: 2, Overdue: 3}) },
		"not stored once": func(_ *stage, c *crowd) { c.mu.Lock(); defer c.mu.Unlock(); c.fail = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, slacktest.Options{NoEcho: true, Speed: 50, AckWithin: 300 * time.Millisecond, PingEvery: 100 * time.Millisecond})
			c := st.listen(t)
			for i := range 30 {
				if i == 10 {
					spoil(st, c)
				}
				if i%5 == 0 {
					st.ada.Mentions(st.help, fmt.Sprint("number ", i))
				} else {
					st.ada.Says(st.help, fmt.Sprint("number ", i))
				}
			}
			st.until(t, "all messages", func() bool { n, _, _ := c.now(); return n == 30 })
			st.until(t, "two connections", func() bool { _, open, _ := c.now(); return open == 2 })
			for text, times := range c.texts {
				if times != 1 {
					t.Errorf("%q is stored %d times", text, times)
				}
			}
		})
	}
}

// Before a warned connection goes, the next is open.
func TestWarned(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true, PingEvery: 100 * time.Millisecond})
	c := st.listen(t)
	before := st.s.Connections()
	st.s.Disconnect(slacktest.Warning, before[0])
	st.until(t, "the third connection", func() bool { _, open, _ := c.now(); return open == 3 })
	if !slices.Contains(st.s.Connections(), before[0]) {
		t.Error("the warned connection is gone already")
	}
	st.s.Advance(11 * time.Second)
	st.until(t, "two connections", func() bool { _, open, _ := c.now(); return open == 2 })
}

// What needs somebody's hand is told apart from what passes.
func TestFatal(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true, PingEvery: 100 * time.Millisecond})
	c := st.listen(t)
	st.s.RevokeApp("invalid_auth")
	st.s.Cut()
	var no *slack.Refused
	st.until(t, "the alarm", func() bool { _, open, err := c.now(); return open == 0 && errors.As(err, &no) })
	if !no.Credentials() || strings.Contains(no.Error(), st.s.AppToken()) {
		t.Errorf("the alarm is %v", no)
	}
	st.s.RevokeApp("")
	st.until(t, "the connections", func() bool { _, open, err := c.now(); return open == 2 && err == nil })
}
