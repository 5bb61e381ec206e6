package workflow_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"frontdoor/internal/database"
	"frontdoor/internal/workflow"
)

// workerEnv makes the test binary a worker on a database, until it is killed.
const workerEnv = "FRONTDOOR_TEST_WORKER"

func TestMain(m *testing.M) {
	if path := os.Getenv(workerEnv); path != "" {
		if err := worker(path, os.Getenv(workerEnv+"_URL")); err != nil {
			panic(err)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func worker(path, url string) error {
	ctx := context.Background()
	db, err := database.Open(ctx, path)
	if err != nil {
		return err
	}
	cfg := allowing(strings.TrimPrefix(url, "http://"), url)
	cfg.Lease = time.Second
	cfg.Command.Allow = []string{"sleep", "sh"}
	r, err := workflow.Open(ctx, db, cfg, workflow.Options{Poll: 20 * time.Millisecond, WorkDir: filepath.Join(filepath.Dir(path), "runs")})
	if err != nil {
		return err
	}
	return r.Work(ctx)
}

// another starts a worker in a process of its own.
func another(t *testing.T, path, url string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), workerEnv+"="+path, workerEnv+"_URL="+url)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	return cmd
}

func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// api makes things, one for each idempotency key, and can hold its answers.
type api struct {
	mu    sync.Mutex
	calls map[string]int
	made  int
	hold  chan struct{} // answers wait for it while it is open; nil is none
	came  chan string   // keys as they come
}

func newAPI() *api { return &api{calls: map[string]int{}, came: make(chan string, 10_000)} }

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	a.mu.Lock()
	if a.calls[key]++; a.calls[key] == 1 {
		a.made++
	}
	hold := a.hold
	a.mu.Unlock()
	a.came <- key
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
			return
		}
	}
	_, _ = w.Write([]byte(`{"done": true}`))
}

func (a *api) block() (release func()) {
	hold := make(chan struct{})
	a.mu.Lock()
	a.hold = hold
	a.mu.Unlock()
	return sync.OnceFunc(func() {
		a.mu.Lock()
		a.hold = nil
		a.mu.Unlock()
		close(hold)
	})
}

func TestAKilledWorkersRunGoesOn(t *testing.T) {
	for _, c := range []struct {
		onUnknown string
		want      workflow.State
		calls     int
	}{
		{"retry", workflow.Succeeded, 2},
		{"ask", workflow.Unknown, 1},
		{"fail", workflow.Failed, 1},
	} {
		t.Run(c.onUnknown, func(t *testing.T) {
			a := newAPI()
			release := a.block()
			url, host := server(t, a.ServeHTTP)
			path := filepath.Join(t.TempDir(), "frontdoor.db")
			cfg := allowing(host, url)
			cfg.Lease = time.Second
			w := begin(t, setting{path: path, config: cfg, idle: true})
			w.start(t, "r-one", book(t, `
steps:
  - id: create
    on_unknown: `+c.onUnknown+`
    http: {method: POST, url: '${config.api}/things'}
`), nil)
			child := another(t, path, url)
			<-a.came
			kill(child)
			release()
			w.work(t)
			run := w.end(t, "r-one")
			if run.State != c.want {
				t.Fatalf("ended as %s (%s), want %s", run.State, run.Error, c.want)
			}
			if run.Steps[0].State != workflow.StepInterrupted && c.want != workflow.Failed {
				t.Errorf("the first attempt is %s", run.Steps[0].State)
			}
			if a.made != 1 || a.calls["r-one/create"] != c.calls {
				t.Errorf("made %d things in calls %v", a.made, a.calls)
			}
			if c.want != workflow.Unknown {
				return
			}
			if err := w.Retry(t.Context(), "r-one", ana); err != nil {
				t.Fatal(err)
			}
			if run := w.end(t, "r-one"); run.State != workflow.Succeeded || a.made != 1 || a.calls["r-one/create"] != 2 {
				t.Errorf("after retry: %s, made %d things in calls %v", run.State, a.made, a.calls)
			}
		})
	}
}

// Three workers in processes of their own, killed again and again.
func TestNothingIsLostOrDoneTwiceWhileWorkersDie(t *testing.T) {
	a := newAPI()
	url, host := server(t, a.ServeHTTP)
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	cfg := allowing(host, url)
	cfg.Lease = time.Second
	w := begin(t, setting{path: path, config: cfg, idle: true})
	p := book(t, `
steps:
  - {id: first, http: {method: POST, url: '${config.api}/a'}}
  - {id: rest, sleep: 5ms}
  - {id: second, http: {method: POST, url: '${config.api}/b'}}
  - {id: tell, message: 'made ${steps.second.json.done}'}
`)
	const runs = 60
	for i := range runs {
		w.start(t, fmt.Sprintf("r-%d", i), p, nil)
	}
	for range 3 {
		child := another(t, path, url)
		for range 20 {
			select {
			case <-a.came:
			case <-time.After(5 * time.Second): // the rest may be under a dead worker's lease
			}
		}
		kill(child)
	}
	w.work(t)
	for i := range runs {
		if run := w.end(t, fmt.Sprintf("r-%d", i)); run.State != workflow.Succeeded {
			t.Errorf("%s ended as %s: %s", run.ID, run.State, run.Error)
		}
	}
	if a.made != 2*runs {
		t.Errorf("made %d things, want %d", a.made, 2*runs)
	}
	ids := map[string]int{}
	for _, line := range w.heard() {
		id, _, _ := strings.Cut(line, " ")
		ids[id]++
	}
	if len(ids) != runs*5 {
		t.Errorf("%d different reports, want %d", len(ids), runs*5)
	}
}

// A worker that the machine stopped for longer than its lease comes back to a
// run that went on without it.
func TestAStalledWorkerCommitsNothing(t *testing.T) {
	a := newAPI()
	release := a.block()
	defer release()
	url, host := server(t, a.ServeHTTP)
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	cfg := allowing(host, url)
	cfg.Lease = time.Second
	// It looks at its leases once an hour: to itself it has lost none.
	stalled := begin(t, setting{path: path, config: cfg, idle: true, options: workflow.Options{Poll: time.Hour}})
	stop := stalled.work(t)
	stalled.start(t, "r-one", book(t, `
steps:
  - {id: create, http: {method: POST, url: '${config.api}/things'}}
  - {id: tell, message: said}
`), nil)
	<-a.came
	other := begin(t, setting{path: path, config: cfg})
	<-a.came // the other took it over
	release()
	if run := other.end(t, "r-one"); run.State != workflow.Succeeded || len(run.Steps) != 3 {
		t.Errorf("ended as %s with %d attempts", run.State, len(run.Steps))
	}
	stop()
	said := append(other.heard(), stalled.heard()...)
	ids := map[string]bool{}
	for _, line := range said {
		ids[line] = true
	}
	if len(ids) != 3 {
		t.Errorf("heard %d different reports:\n%s", len(ids), strings.Join(said, "\n"))
	}
}

func TestCancelReachesAStepInAnotherProcess(t *testing.T) {
	a := newAPI()
	url, host := server(t, a.ServeHTTP)
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	cfg := allowing(host, url)
	cfg.Command.Allow = []string{"sh"}
	w := begin(t, setting{path: path, config: cfg, idle: true})
	mark := filepath.Join(t.TempDir(), "mark")
	w.start(t, "r-one", book(t, `
steps:
  - {id: long, command: {argv: [sh, -c, 'sleep 60 & echo $! > `+mark+`; wait']}}
`), nil)
	child := another(t, path, url)
	defer kill(child)
	for {
		if text, err := os.ReadFile(mark); err == nil && len(text) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := w.Cancel(t.Context(), "r-one", ana); err != nil {
		t.Fatal(err)
	}
	if run := w.get(t, "r-one"); !run.Stopping {
		t.Error("it doesn't say that it is being stopped")
	}
	for !w.get(t, "r-one").Over() {
		time.Sleep(10 * time.Millisecond)
	}
	run := w.get(t, "r-one")
	if run.State != workflow.Cancelled || run.Steps[0].State != workflow.StepCancelled {
		t.Errorf("it is %s, its step %s", run.State, run.Steps[0].State)
	}
	text, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	if alive(string(bytes.TrimSpace(text))) {
		t.Error("what the command had started in the background still runs")
	}
}

// alive tells whether the process runs; a zombie that nobody reaps does not.
func alive(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

func TestACommandDiesWithItsWorker(t *testing.T) {
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	w := begin(t, setting{path: path, config: workflow.Config{Lease: time.Second, Command: workflow.CommandConfig{Allow: []string{"sh"}}}, idle: true})
	mark := filepath.Join(t.TempDir(), "mark")
	w.start(t, "r-one", book(t, `
steps:
  - {id: long, command: {argv: [sh, -c, 'echo $$ > `+mark+`; exec sleep 60']}}
`), nil)
	child := another(t, path, "http://none.invalid")
	var pid string
	for pid == "" {
		text, _ := os.ReadFile(mark)
		pid = string(bytes.TrimSpace(text))
		time.Sleep(10 * time.Millisecond)
	}
	kill(child)
	for alive(pid) { // the test's own timeout ends this where it fails
		time.Sleep(10 * time.Millisecond)
	}
}

func TestLocksAreTakenInOrder(t *testing.T) {
	a := newAPI()
	release := a.block()
	url, host := server(t, a.ServeHTTP)
	w := begin(t, setting{config: allowing(host, url)})
	p := book(t, `
inputs: {name: {type: string}}
lock: db/${inputs.name}
steps:
  - {id: create, http: {method: POST, url: '${config.api}/things'}}
`)
	const runs = 8
	for i := range runs {
		w.start(t, fmt.Sprintf("r-%d", i), p, map[string]any{"name": "orders"})
	}
	w.start(t, "r-other", p, map[string]any{"name": "users"})
	for range 2 { // the first of each lock
		<-a.came
	}
	for i := 1; i < runs; i++ {
		if run := w.get(t, fmt.Sprintf("r-%d", i)); run.Waits != workflow.ForLock || run.Ahead != i {
			t.Errorf("%s waits for %q behind %d, want lock behind %d", run.ID, run.Waits, run.Ahead, i)
		}
	}
	if err := w.Cancel(t.Context(), "r-3", ana); err != nil {
		t.Fatal(err)
	}
	release()
	var order []string
	for i := range runs {
		if i == 3 {
			continue
		}
		if i > 0 {
			order = append(order, <-a.came)
		}
		if run := w.end(t, fmt.Sprintf("r-%d", i)); run.State != workflow.Succeeded {
			t.Errorf("%s is %s", run.ID, run.State)
		}
	}
	if got, want := strings.Join(order, " "), "r-1/create r-2/create r-4/create r-5/create r-6/create r-7/create"; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
	if run := w.end(t, "r-other"); run.State != workflow.Succeeded {
		t.Errorf("the other lock's run is %s", run.State)
	}
}
