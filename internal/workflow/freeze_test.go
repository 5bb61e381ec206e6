package workflow_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdoor/internal/workflow"
)

func TestFreeze(t *testing.T) {
	a := newAPI()
	release := a.block()
	defer release()
	url, host := server(t, a.ServeHTTP)
	w := begin(t, setting{config: allowing(host, url)})
	p := book(t, `
steps:
  - {id: one, http: {method: POST, url: '${config.api}/1'}}
  - {id: two, http: {method: POST, url: '${config.api}/2'}}
`)
	root := workflow.Operator("root")
	w.start(t, "r-one", p, nil)
	<-a.came
	refused(t, w.Freeze(t.Context(), workflow.Everything, ana, ""), "only the operator")
	if err := w.Freeze(t.Context(), workflow.ScopePlaybook("thing-make"), root, "the database moves."); err != nil {
		t.Fatal(err)
	}
	release() // the step in hand is finished, the next not begun
	run := w.end(t, "r-one")
	if run.Waits != workflow.ForOperator || run.Frozen == nil || run.Frozen.Reason != "the database moves." || run.Steps[0].State != workflow.StepSucceeded || len(run.Steps) != 1 {
		t.Errorf("frozen it is %s %s, %+v, %+v", run.State, run.Waits, run.Frozen, run.Steps)
	}
	w.start(t, "r-two", p, nil)
	if run := w.end(t, "r-two"); run.Waits != workflow.ForOperator || len(run.Steps) != 0 {
		t.Errorf("a new run is %s %s", run.State, run.Waits)
	}
	w.start(t, "r-three", p, nil)
	if err := w.Cancel(t.Context(), "r-three", ana); err != nil {
		t.Errorf("a frozen run can't be cancelled: %v", err)
	}
	if err := w.Freeze(t.Context(), workflow.ScopeRun("r-two"), root, ""); err != nil {
		t.Fatal(err)
	}
	if err := w.Unfreeze(t.Context(), workflow.ScopePlaybook("thing-make"), root, ""); err != nil {
		t.Fatal(err)
	}
	refused(t, w.Unfreeze(t.Context(), workflow.ScopePlaybook("thing-make"), root, ""), "is not frozen")
	if run := w.end(t, "r-one"); run.State != workflow.Succeeded {
		t.Errorf("let go it is %s %s", run.State, run.Waits)
	}
	if run := w.end(t, "r-two"); run.Waits != workflow.ForOperator {
		t.Errorf("one that is frozen twice is %s %s", run.State, run.Waits)
	}
	if err := w.Unfreeze(t.Context(), workflow.ScopeRun("r-two"), root, ""); err != nil {
		t.Fatal(err)
	}
	if run := w.end(t, "r-two"); run.State != workflow.Succeeded {
		t.Errorf("let go it is %s %s", run.State, run.Waits)
	}
	refused(t, w.Freeze(t.Context(), workflow.ScopeRun("r-two"), root, ""), "over already")
	if err := w.Freeze(t.Context(), workflow.ScopeRun("r-none"), root, ""); !errors.Is(err, workflow.ErrNotFound) {
		t.Errorf("no such run: %v", err)
	}
	if got := wrong(t, w, ""); got != "" {
		t.Errorf("the audit: %s", got)
	}
	text := strings.Join(w.heard(), "\n")
	if !strings.Contains(text, "r-one/2 paused: It is paused by the operator: the database moves. No new step starts") || !strings.Contains(text, "r-one/3 resumed: The operator lets it go on.") {
		t.Errorf("heard\n%s", text)
	}
}

func TestAFrozenWaitKeepsItsTime(t *testing.T) {
	clock := &wound{}
	var ready atomic.Bool
	url, host := server(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, `{"ready": %t}`, ready.Load()) })
	w := begin(t, setting{config: allowing(host, url), options: workflow.Options{Now: clock.now}})
	w.start(t, "r-one", book(t, "steps: [{id: look, http: {url: '${config.api}/x'}, until: steps.look.json.ready, every: 10ms, timeout: 10m}]"), nil)
	if err := w.Freeze(t.Context(), workflow.Everything, workflow.Operator("root"), ""); err != nil {
		t.Fatal(err)
	}
	if run := w.end(t, "r-one"); run.Waits != workflow.ForOperator {
		t.Fatalf("it is %s %s", run.State, run.Waits)
	}
	clock.put(24 * time.Hour)
	ready.Store(true)
	if err := w.Unfreeze(t.Context(), workflow.Everything, workflow.Operator("root"), ""); err != nil {
		t.Fatal(err)
	}
	if run := w.end(t, "r-one"); run.State != workflow.Succeeded {
		t.Errorf("it is %s: %s", run.State, run.Error)
	}
}

// What stopped a run once doesn't hurry it when it is tried again: it waits for
// its approval, and for its lock, like any other.
func TestAStoppedRunTriedAgainWaitsLikeAnyOther(t *testing.T) {
	a := newAPI()
	release := a.block()
	url, host := server(t, a.ServeHTTP)
	w := begin(t, setting{config: allowing(host, url)})
	p := book(t, `
lock: one
approval: [{groups: [dba]}]
steps: [{id: create, http: {method: POST, url: '${config.api}/things'}}]
`)
	w.start(t, "r-one", p, nil)
	if err := w.Approve(t.Context(), "r-one", dora); err != nil {
		t.Fatal(err)
	}
	<-a.came
	if err := w.Cancel(t.Context(), "r-one", ana); err != nil {
		t.Fatal(err)
	}
	if run := w.end(t, "r-one"); run.State != workflow.Cancelled {
		t.Fatalf("stopped it is %s", run.State)
	}
	w.start(t, "r-two", p, nil)
	if err := w.Approve(t.Context(), "r-two", dora); err != nil {
		t.Fatal(err)
	}
	<-a.came // it has the lock
	if err := w.Retry(t.Context(), "r-one", ana); err != nil {
		t.Fatal(err)
	}
	if run := w.end(t, "r-one"); run.Waits != workflow.ForApproval {
		t.Fatalf("tried again it is %s %s", run.State, run.Waits)
	}
	if err := w.Approve(t.Context(), "r-one", dora); err != nil {
		t.Fatal(err)
	}
	if run := w.get(t, "r-one"); run.Waits != workflow.ForLock || run.Ahead != 1 {
		t.Errorf("approved it waits for %s behind %d", run.Waits, run.Ahead)
	}
	release()
	for _, id := range []string{"r-two", "r-one"} {
		if run := w.end(t, id); run.State != workflow.Succeeded {
			t.Errorf("%s is %s", id, run.State)
		}
	}
}
