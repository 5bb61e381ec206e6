package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdoor/internal/workflow"
)

// Two runners with handles of their own stand for two processes.
func TestManyRunsAtOnce(t *testing.T) {
	a := newAPI()
	url, host := server(t, a.ServeHTTP)
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	cfg := allowing(host, url)
	cfg.Lease = time.Minute // no worker loses a lease here, so nothing may be called twice
	w := begin(t, setting{path: path, config: cfg})
	other := begin(t, setting{path: path, config: cfg})
	p := book(t, `
inputs: {n: {type: integer}}
lock: lock/${inputs.n % 10}
steps:
  - {id: one, http: {method: POST, url: '${config.api}/1'}}
  - {id: two, http: {method: POST, url: '${config.api}/2'}}
result: {text: 'done ${inputs.n}'}
`)
	const runs = 200
	var wait sync.WaitGroup
	for i := range runs {
		wait.Go(func() {
			at := w
			if i%2 == 1 {
				at = other
			}
			for range 2 { // a message that is handled twice
				at.start(t, fmt.Sprintf("r-%d", i), p, map[string]any{"n": int64(i)})
			}
		})
	}
	wait.Wait()
	if err := w.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := w.List(t.Context(), workflow.Filter{States: []workflow.State{workflow.Succeeded}})
	if err != nil || len(list) != runs {
		t.Errorf("%d runs succeeded, %v", len(list), err)
	}
	for key, n := range a.calls {
		if n != 1 {
			t.Errorf("%s was called %d times", key, n)
		}
	}
	if a.made != 2*runs {
		t.Errorf("made %d things", a.made)
	}
}

// The clock jumps an hour ahead in the middle of a step, and back.
func TestTheClockJumps(t *testing.T) {
	a := newAPI()
	release := a.block()
	defer release()
	url, host := server(t, a.ServeHTTP)
	var mu sync.Mutex
	ahead := time.Duration(0)
	jump := func(d time.Duration) {
		mu.Lock()
		ahead = d
		mu.Unlock()
	}
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.Now().Add(ahead)
	}
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	cfg := allowing(host, url)
	w := begin(t, setting{path: path, config: cfg, options: workflow.Options{Now: now}})
	begin(t, setting{path: path, config: cfg, options: workflow.Options{Now: now}})
	w.start(t, "r-one", book(t, `
steps:
  - {id: create, http: {method: POST, url: '${config.api}/things'}}
  - {id: rest, sleep: 5ms}
  - {id: more, http: {method: POST, url: '${config.api}/things'}}
`), nil)
	<-a.came
	jump(time.Hour)
	time.Sleep(100 * time.Millisecond)
	jump(0)
	release()
	jump(time.Hour)
	if run := w.end(t, "r-one"); run.State != workflow.Succeeded || a.made != 2 {
		t.Errorf("ended as %s (%s) with %d things made", run.State, run.Error, a.made)
	}
}

func TestReportsWaitUntilTheyCanBeSaid(t *testing.T) {
	var mu sync.Mutex
	up := false
	var said []string
	w := begin(t, setting{options: workflow.Options{Say: func(_ context.Context, r workflow.Report) error {
		mu.Lock()
		defer mu.Unlock()
		if !up {
			return errors.New("nobody is there")
		}
		said = append(said, r.ID)
		return nil
	}}})
	w.start(t, "r-one", book(t, "steps: [{id: a, message: one}, {id: b, message: two}]"), nil)
	for !w.get(t, "r-one").Over() {
		time.Sleep(5 * time.Millisecond)
	}
	mu.Lock()
	up = true
	mu.Unlock()
	w.end(t, "r-one")
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(said, " "); got != "r-one/1 r-one/2 r-one/3" {
		t.Errorf("said %s", got)
	}
}

func TestShutdownGivesTheRunBack(t *testing.T) {
	a := newAPI()
	release := a.block()
	defer release()
	url, host := server(t, a.ServeHTTP)
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	cfg := allowing(host, url)
	cfg.Lease = time.Minute // longer than the test: only a run that was given back goes on
	w := begin(t, setting{path: path, config: cfg, idle: true, options: workflow.Options{Drain: time.Millisecond}})
	stop := w.work(t)
	w.start(t, "r-one", book(t, "steps: [{id: create, http: {method: POST, url: '${config.api}/things'}}]"), nil)
	<-a.came
	stop()
	release()
	other := begin(t, setting{path: path, config: cfg})
	if run := other.end(t, "r-one"); run.State != workflow.Succeeded || a.made != 1 {
		t.Errorf("ended as %s with %d things made", run.State, a.made)
	}
}

func TestAFullDiskIsSaidPlainly(t *testing.T) {
	w := begin(t, setting{idle: true})
	p := book(t, "inputs: {text: {type: text}}\nsteps: [{id: a, message: one}]")
	if _, err := w.db.Write.ExecContext(t.Context(), "PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	_, err := w.Start(t.Context(), workflow.Request{ID: "r-one", Playbook: p, Inputs: map[string]any{"text": strings.Repeat("x", 1<<20)}, By: ana})
	if err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v", err)
	}
	if _, err := w.Get(t.Context(), "r-one"); !errors.Is(err, workflow.ErrNotFound) {
		t.Errorf("half a run is there: %v", err)
	}
}
