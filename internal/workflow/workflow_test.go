package workflow_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	"frontdoor/internal/chat"
	"frontdoor/internal/database"
	"frontdoor/internal/playbook"
	"frontdoor/internal/workflow"
)

// book parses a playbook whose workflow is given.
func book(tb testing.TB, flow string) *playbook.Playbook {
	tb.Helper()
	src := "id: thing-make\ntitle: Make a thing\nsummary: It makes a thing.\nowner: platform\nmatch: {command: thing make}\naccess: {groups: ['*']}\nworkflow:\n  " +
		strings.ReplaceAll(strings.TrimSpace(flow), "\n", "\n  ") + "\n"
	p, found := playbook.Parse("thing-make.yaml", []byte(src))
	if err := found.Err(); err != nil {
		tb.Fatalf("%v\n%s", err, src)
	}
	return p
}

// world is one runner on a database file, and what it said.
type world struct {
	*workflow.Runner

	db *database.DB

	mu   sync.Mutex
	said []workflow.Report
}

type setting struct {
	path    string // of the database; "" is a new one
	config  workflow.Config
	options workflow.Options
	idle    bool // don't work
}

func begin(tb testing.TB, s setting) *world {
	tb.Helper()
	if s.path == "" {
		s.path = filepath.Join(tb.TempDir(), "frontdoor.db")
	}
	db, err := database.Open(tb.Context(), s.path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	w := &world{db: db}
	if s.config.Lease == 0 {
		s.config.Lease = workflow.Default().Lease
	}
	if t, ok := tb.(*testing.T); ok && s.options.Log == nil {
		s.options.Log = zaptest.NewLogger(t, zaptest.Level(zapcore.ErrorLevel))
	}
	if s.options.WorkDir == "" {
		s.options.WorkDir = filepath.Join(filepath.Dir(s.path), "runs")
	}
	if s.options.Poll == 0 {
		s.options.Poll = 20 * time.Millisecond
	}
	if s.options.Say == nil {
		s.options.Say = func(_ context.Context, r workflow.Report) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.said = append(w.said, r)
			return nil
		}
	}
	if s.options.Member == nil {
		s.options.Member = func(who chat.Person, group string) bool {
			return slices.Contains(who.Groups, group)
		}
	}
	if w.Runner, err = workflow.Open(tb.Context(), db, s.config, s.options); err != nil {
		tb.Fatal(err)
	}
	if !s.idle {
		w.work(tb)
	}
	return w
}

// work lets the runner work until the test ends or the returned function is
// called.
func (w *world) work(tb testing.TB) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Work(ctx); err != nil {
			tb.Errorf("work: %v", err)
		}
	}()
	stop = func() {
		cancel()
		<-done
	}
	tb.Cleanup(stop)
	return stop
}

var ana = chat.Person{ID: "ana", Name: "Ana", Groups: []string{"engineering"}}

func (w *world) start(tb testing.TB, id string, p *playbook.Playbook, inputs map[string]any) workflow.Run {
	tb.Helper()
	run, err := w.Start(tb.Context(), workflow.Request{ID: id, Playbook: p, Inputs: inputs, By: ana, Request: "q1", Line: 3, Message: "m1"})
	if err != nil {
		tb.Fatal(err)
	}
	return run
}

func (w *world) end(tb testing.TB, id string) workflow.Run {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	if err := w.Wait(ctx, id); err != nil {
		tb.Fatal(err)
	}
	return w.get(tb, id)
}

func (w *world) get(tb testing.TB, id string) workflow.Run {
	tb.Helper()
	run, err := w.Get(tb.Context(), id)
	if err != nil {
		tb.Fatal(err)
	}
	return run
}

// heard are the reports so far, a line each.
func (w *world) heard() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for _, r := range w.said {
		lines = append(lines, fmt.Sprintf("%s %s: %s", r.ID, r.Kind, r.Text))
	}
	return lines
}

func (w *world) expect(tb testing.TB, want ...string) {
	tb.Helper()
	got := strings.Join(w.heard(), "\n")
	if got != strings.Join(want, "\n") {
		tb.Errorf("heard:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

// server answers by handler; the host is what allow_hosts wants.
func server(tb testing.TB, handler http.HandlerFunc) (url, host string) {
	tb.Helper()
	s := httptest.NewServer(handler)
	tb.Cleanup(s.Close)
	return s.URL, strings.TrimPrefix(s.URL, "http://")
}

func allowing(host, url string) workflow.Config {
	return workflow.Config{Lease: 2 * time.Second, Config: map[string]string{"api": url}, HTTP: workflow.HTTPConfig{AllowHosts: []string{host}}}
}

func TestARunFromStartToEnd(t *testing.T) {
	looks := 0
	var mu sync.Mutex
	url, host := server(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("Idempotency-Key") != "r-one/"+map[string]string{"POST": "create", "GET": "ready"}[r.Method] {
			t.Errorf("%s %s has the key %q", r.Method, r.URL, r.Header.Get("Idempotency-Key"))
		}
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"id": 9007199254740993}`))
			return
		}
		looks++
		if r.URL.EscapedPath() != "/things/a%20b%2Fc" {
			t.Errorf("asked for %s", r.URL.EscapedPath())
		}
		_, _ = fmt.Fprintf(w, `{"status": %q, "url": "https://console.example/a"}`, map[bool]string{true: "ready", false: "coming"}[looks > 2])
	})
	w := begin(t, setting{config: allowing(host, url)})
	p := book(t, `
inputs:
  name: {type: string}
  size: {type: integer, default: 10}
steps:
  - id: create
    http: {method: POST, url: '${config.api}/things', json: {name: '${inputs.name}', size: '${inputs.size}'}}
  - id: tell
    message: 'It is on its way as ${steps.create.json.id}.'
  - id: never
    if: inputs.size > 100
    message: big
  - id: rest
    sleep: 10ms
  - id: ready
    http: {url: '${config.api}/things/${inputs.name}'}
    until: steps.ready.json.status == "ready"
    every: 20ms
    timeout: 10s
result:
  text: "${inputs.name} is ready."
  links: {Console: '${steps.ready.json.url}'}
`)
	run := w.start(t, "r-one", p, map[string]any{"name": "a b/c", "size": int64(10)})
	if run.State != workflow.Waiting || run.Waits != workflow.ForWorker {
		t.Errorf("begins as %s %s", run.State, run.Waits)
	}
	run = w.end(t, "r-one")
	if run.State != workflow.Succeeded || run.Text != "a b/c is ready." || len(run.Links) != 1 || run.Links[0].URL != "https://console.example/a" {
		t.Errorf("ended as %+v", run)
	}
	if again := w.start(t, "r-one", p, map[string]any{"name": "a b/c", "size": int64(10)}); again.State != workflow.Succeeded {
		t.Errorf("starting it twice gave %+v", again)
	}
	w.expect(t,
		"r-one/1 step: Step 1 of 5 done: create.",
		"r-one/2 message: It is on its way as 9007199254740993.",
		"r-one/3 skipped: Step 3 of 5 skipped, since its condition does not hold: never.",
		"r-one/4 step: Step 4 of 5 done: rest.",
		"r-one/5 progress: Step 5 of 5, ready: still waiting, status is coming (1st try).",
		"r-one/6 progress: Step 5 of 5, ready: still waiting, status is coming (2nd try).",
		"r-one/7 step: Step 5 of 5 done: ready.",
		"r-one/8 succeeded: a b/c is ready.")
	var steps []string
	for _, s := range run.Steps {
		steps = append(steps, fmt.Sprintf("%s %d %s", s.Step, s.Number, s.State))
	}
	if got := strings.Join(steps, ", "); got != "create 1 succeeded, tell 1 succeeded, never 1 skipped, rest 1 succeeded, ready 1 succeeded" {
		t.Errorf("its steps: %s", got)
	}
}
