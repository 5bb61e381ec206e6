package workflow_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdoor/internal/workflow"
)

// The database takes nothing while a step is in hand, for longer than its
// lease: what the step has done is kept, and done once.
func TestAFullDiskOnlyHoldsUp(t *testing.T) {
	for _, c := range []struct{ name, breaks, mends, says string }{
		{"full", "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1073741823", "the disk is full"},
		{"read-only", "PRAGMA query_only = 1", "PRAGMA query_only = 0", "the database cannot be written"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAPI()
			came, release := make(chan struct{}), make(chan struct{})
			url, host := server(t, func(w http.ResponseWriter, r *http.Request) {
				a.ServeHTTP(discard{w.Header()}, r)
				if strings.HasSuffix(r.URL.Path, "/1") {
					close(came)
					<-release
				}
				// More than fits into the pages that there are.
				_, _ = fmt.Fprintf(w, `{"much": %q}`, strings.Repeat("x", 200_000))
			})
			cfg := allowing(host, url)
			cfg.Lease = time.Second
			w := begin(t, setting{config: cfg})
			w.start(t, "r-one", book(t, `
steps:
  - {id: one, on_unknown: ask, http: {method: POST, url: '${config.api}/1'}}
  - {id: two, on_unknown: ask, http: {method: POST, url: '${config.api}/2'}}
`), nil)
			<-came
			if _, err := w.db.Write.ExecContext(t.Context(), c.breaks); err != nil {
				t.Fatal(err)
			}
			close(release)
			for !strings.Contains(strings.Join(w.heard(), "\n"), "go on as soon as I can") {
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(2 * cfg.Lease)
			if _, err := w.db.Write.ExecContext(t.Context(), c.mends); err != nil {
				t.Fatal(err)
			}
			if run := w.end(t, "r-one"); run.State != workflow.Succeeded {
				t.Errorf("it is %s: %s", run.State, run.Error)
			}
			if a.calls["r-one/one"] != 1 || a.calls["r-one/two"] != 1 {
				t.Errorf("called %v", a.calls)
			}
			if text := strings.Join(w.heard(), "\n"); !strings.Contains(text, "I can't write down how far `r-one` has come: "+c.says) {
				t.Errorf("heard\n%s", text)
			}
			if got := wrong(t, w, ""); got != "" {
				t.Errorf("the audit: %s", got)
			}
		})
	}
}

// discard is a response that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// wound is a clock that can be put forward and back.
type wound struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *wound) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *wound) put(ahead time.Duration) {
	c.mu.Lock()
	c.ahead = ahead
	c.mu.Unlock()
}

// What waits by a clock that is a day ahead doesn't wait for a day when it is
// put right.
func TestNothingIsStuckWhenTheClockIsPutBack(t *testing.T) {
	clock := &wound{ahead: 24 * time.Hour}
	var mu sync.Mutex
	ready, failed := false, false
	url, host := server(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "/fails") && !failed {
			w.WriteHeader(http.StatusServiceUnavailable)
			failed = true
		}
		_, _ = fmt.Fprintf(w, `{"ready": %t}`, ready)
	})
	w := begin(t, setting{config: allowing(host, url), options: workflow.Options{Now: clock.now}})
	waiting := map[string]workflow.Wait{}
	for id, flow := range map[string]string{
		"r-sleep": "steps: [{id: rest, sleep: 2s}]",
		"r-poll":  "steps: [{id: look, http: {url: '${config.api}/x'}, until: steps.look.json.ready, every: 2s, timeout: 1m}]",
		"r-retry": "steps: [{id: make, http: {method: POST, url: '${config.api}/fails'}, retry: {attempts: 2, backoff: 2s}}]",
		"r-agree": "approval: [{groups: [dba], expires: 2s}]\nsteps: [{id: a, message: one}]",
	} {
		w.start(t, id, book(t, flow), nil)
		waiting[id] = map[string]workflow.Wait{"r-sleep": workflow.ForTime, "r-poll": workflow.ForPoll, "r-retry": workflow.ForRetry, "r-agree": workflow.ForApproval}[id]
	}
	for id, what := range waiting {
		for w.get(t, id).Waits != what {
			time.Sleep(5 * time.Millisecond)
		}
	}
	clock.put(0)
	mu.Lock()
	ready = true
	mu.Unlock()
	for id, want := range map[string]workflow.State{"r-sleep": workflow.Succeeded, "r-poll": workflow.Succeeded, "r-retry": workflow.Succeeded, "r-agree": workflow.Denied} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		for !w.get(t, id).Over() && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
		if run := w.get(t, id); run.State != want {
			t.Errorf("%s is %s %s: %s", id, run.State, run.Waits, run.Error)
		}
	}
}

// A clock that jumps makes every lease look over, and nobody take what a
// living worker has in hand.
func TestNothingRunsTwiceWhenTheClockIsPutForward(t *testing.T) {
	for _, jump := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			clock := &wound{}
			a := newAPI()
			release := a.block()
			defer release()
			url, host := server(t, a.ServeHTTP)
			path := filepath.Join(t.TempDir(), "frontdoor.db")
			cfg := allowing(host, url)
			cfg.Lease = 20 * time.Second // a machine that is busy renews it all the same
			w := begin(t, setting{path: path, config: cfg, options: workflow.Options{Now: clock.now}})
			var looks atomic.Int64
			begin(t, setting{path: path, config: cfg, options: workflow.Options{Now: func() time.Time {
				looks.Add(1)
				return clock.now()
			}}})
			for looks.Load() < 3 { // it knows what time it was
				time.Sleep(5 * time.Millisecond)
			}
			w.start(t, "r-one", book(t, `
steps:
  - {id: create, http: {method: POST, url: '${config.api}/things'}}
  - {id: more, http: {method: POST, url: '${config.api}/things'}}
`), nil)
			<-a.came
			clock.put(jump)
			time.Sleep(500 * time.Millisecond) // many looks of the other worker
			clock.put(0)
			time.Sleep(500 * time.Millisecond)
			release()
			if run := w.end(t, "r-one"); run.State != workflow.Succeeded {
				t.Errorf("it is %s: %s", run.State, run.Error)
			}
			if a.calls["r-one/create"] != 1 || a.calls["r-one/more"] != 1 {
				t.Errorf("called %v", a.calls)
			}
		})
	}
}
