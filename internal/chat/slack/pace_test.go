package slack_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	slackgo "github.com/slack-go/slack"

	"frontdoor/internal/chat/slack"
)

// diary notes when calls were made.
type diary struct {
	mu    sync.Mutex
	began time.Time
	lines []string
	times []time.Duration
}

func newDiary() *diary { return &diary{began: time.Now()} }

func (d *diary) note(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := time.Since(d.began)
	d.times = append(d.times, at)
	d.lines = append(d.lines, fmt.Sprintf("%s %s", at.Round(time.Millisecond), what))
}

func steady() float64 { return 1 }

// A channel's messages go out in order, a second apart; channels do not wait
// for each other.
func TestPaceOfAChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, d := slack.NewPace(slack.PaceOptions{}), newDiary()
		var done sync.WaitGroup
		for i := range 3 {
			for _, channel := range []string{"C1", "C2"} {
				done.Go(func() {
					if err := p.Do(t.Context(), slack.Call{Workspace: "T1", Method: "chat.postMessage", Channel: channel}, func(context.Context) error {
						d.note(channel + " " + fmt.Sprint(i))
						return nil
					}); err != nil {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
		}
		done.Wait()
		slices.Sort(d.lines)
		want := []string{"0s C1 0", "0s C2 0", "1s C1 1", "1s C2 1", "2s C1 2", "2s C2 2"}
		if !slices.Equal(d.lines, want) {
			t.Errorf("called %q, want %q", d.lines, want)
		}
	})
}

// No minute has more calls than the method's tier, in whatever burst they come,
// and one busy channel does not keep the others waiting.
func TestPaceOfAMethod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, d := slack.NewPace(slack.PaceOptions{Spacing: time.Millisecond}), newDiary()
		var done sync.WaitGroup
		update := func(channel string) {
			done.Go(func() {
				if err := p.Do(t.Context(), slack.Call{Workspace: "T1", Method: "chat.update", Channel: channel, Repeatable: true}, func(context.Context) error {
					d.note(channel)
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		for range 200 {
			update("busy")
		}
		for i := range 10 {
			update(fmt.Sprint("quiet ", i))
		}
		// Another workspace has a tier of its own.
		other := time.Now()
		if err := p.Do(t.Context(), slack.Call{Workspace: "T2", Method: "chat.update"}, func(context.Context) error { return nil }); err != nil || time.Since(other) != 0 {
			t.Errorf("another workspace waited %s: %v", time.Since(other), err)
		}
		done.Wait()
		for i := range d.times {
			inMinute := 0
			for _, other := range d.times {
				if other >= d.times[i] && other < d.times[i]+time.Minute {
					inMinute++
				}
			}
			if inMinute > 50 {
				t.Fatalf("%d calls in the minute after %s", inMinute, d.times[i])
			}
		}
		last := 0
		for i, line := range d.lines {
			if line[len(line)-4:] != "busy" {
				last = i
			}
		}
		if last > 70 {
			t.Errorf("the last quiet channel was number %d of %d", last, len(d.lines))
		}
	})
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, d := slack.NewPace(slack.PaceOptions{}), newDiary()
		first := true
		var done sync.WaitGroup
		call := func(name, channel string) {
			done.Go(func() {
				if err := p.Do(t.Context(), slack.Call{Workspace: "T1", Method: "chat.postMessage", Channel: channel}, func(context.Context) error {
					d.note(name)
					if first {
						first = false
						return &slackgo.RateLimitedError{RetryAfter: 7 * time.Second}
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		call("one", "C1")
		call("two", "C2")
		done.Wait()
		if want := []string{"0s one", "7s one", "7s two"}; len(d.lines) != 3 || d.lines[0] != want[0] || !slices.Contains(d.lines, want[1]) || !slices.Contains(d.lines, want[2]) {
			t.Errorf("called %q, want %q", d.lines, want)
		}
	})
}

func TestFailures(t *testing.T) {
	broken := slackgo.StatusCodeError{Code: 503, Status: "503 Service Unavailable"}
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	cut := &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	for name, one := range map[string]struct {
		answers    []error // one a try, the last for all further ones
		repeatable bool
		finds      []bool // what Find says; nil is no Find
		want       error
		tries      int
	}{
		"at once":                      {[]error{nil}, false, nil, nil, 1},
		"never reached, then":          {[]error{dial, dial, nil}, false, nil, nil, 3},
		"never reached":                {[]error{dial}, false, nil, slack.ErrNotSent, 4},
		"broken, may be repeated":      {[]error{broken, cut, nil}, true, nil, nil, 3},
		"always broken, may be":        {[]error{broken}, true, nil, slack.ErrNotSent, 4},
		"broken, must not be":          {[]error{broken, nil}, false, nil, slack.ErrUnknown, 1},
		"cut, and it had arrived":      {[]error{cut, nil}, false, []bool{true}, nil, 1},
		"cut, and it had not":          {[]error{cut, nil}, false, []bool{false}, nil, 2},
		"cut twice, then there":        {[]error{cut, cut, nil}, false, []bool{false, true}, nil, 2},
		"half an answer":               {[]error{errors.New("unexpected end of JSON input")}, false, nil, slack.ErrUnknown, 1},
		"slack does not know itself":   {[]error{slackgo.SlackErrorResponse{Err: "fatal_error"}}, false, nil, slack.ErrUnknown, 1},
		"limited by name":              {[]error{slackgo.SlackErrorResponse{Err: "ratelimited"}, nil}, false, nil, nil, 2},
		"limited for ever":             {[]error{&slackgo.RateLimitedError{RetryAfter: time.Second}}, false, nil, slack.ErrNotSent, 11},
		"limited, without a time":      {[]error{&slackgo.RateLimitedError{}, nil}, false, nil, nil, 2},
		"refused":                      {[]error{slackgo.SlackErrorResponse{Err: "channel_not_found"}}, false, nil, &slack.Refused{Code: "channel_not_found"}, 1},
		"refused by status":            {[]error{slackgo.StatusCodeError{Code: 404, Status: "404 Not Found"}}, false, nil, &slack.Refused{Code: "404 Not Found"}, 1},
		"cut, not there, then limited": {[]error{cut, &slackgo.RateLimitedError{RetryAfter: time.Second}, nil}, false, []bool{false}, nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := slack.NewPace(slack.PaceOptions{Jitter: steady})
				c := slack.Call{Workspace: "T1", Method: "chat.postMessage", Channel: "C1", Repeatable: one.repeatable}
				if one.finds != nil {
					c.Find = func(context.Context) (bool, error) {
						found := one.finds[0]
						one.finds = one.finds[1:]
						return found, nil
					}
				}
				tries := 0
				err := p.Do(t.Context(), c, func(context.Context) error {
					tries++
					return one.answers[min(tries, len(one.answers))-1]
				})
				var got, want *slack.Refused
				switch {
				case errors.As(one.want, &want):
					if !errors.As(err, &got) || got.Code != want.Code {
						t.Errorf("%v, want %v", err, want)
					}
				case !errors.Is(err, one.want):
					t.Errorf("%v, want %v", err, one.want)
				}
				if tries != one.tries {
					t.Errorf("%d tries, want %d", tries, one.tries)
				}
			})
		})
	}
}

// Who stops waiting has sent nothing, and the others go on.
func TestPaceGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, d := slack.NewPace(slack.PaceOptions{}), newDiary()
		c := slack.Call{Workspace: "T1", Method: "chat.postMessage", Channel: "C1"}
		say := func(ctx context.Context, what string) error {
			return p.Do(ctx, c, func(context.Context) error { d.note(what); return nil })
		}
		if err := say(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var done sync.WaitGroup
		done.Go(func() {
			if err := say(short, "impatient"); !errors.Is(err, slack.ErrNotSent) {
				t.Errorf("gave up with %v", err)
			}
		})
		synctest.Wait()
		done.Go(func() {
			if err := say(short, "impatient in the queue"); !errors.Is(err, slack.ErrNotSent) {
				t.Errorf("gave up with %v", err)
			}
		})
		synctest.Wait()
		done.Go(func() {
			if err := say(t.Context(), "two"); err != nil {
				t.Error(err)
			}
		})
		done.Wait()
		if want := []string{"0s one", "1s two"}; !slices.Equal(d.lines, want) {
			t.Errorf("called %q, want %q", d.lines, want)
		}
		// A call that was cut off by its own context may have arrived.
		ctx, stop := context.WithCancel(t.Context())
		err := p.Do(ctx, c, func(ctx context.Context) error { stop(); return ctx.Err() })
		if !errors.Is(err, slack.ErrUnknown) {
			t.Errorf("cut off: %v", err)
		}
	})
}
