package workflow_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"frontdoor/internal/chat"
	"frontdoor/internal/database"
	"frontdoor/internal/workflow"
)

// Whatever people, the operator and crashes do to a run, in whatever order, it
// comes to one end, does each step at most once for each key, and leaves an
// audit that is whole.
func TestAnyOrderOfWordsAndCrashes(t *testing.T) {
	a := newAPI()
	url, host := server(t, a.ServeHTTP)
	p := book(t, `
lock: one
approval: [{groups: [dba], count: 2}]
steps:
  - {id: first, on_unknown: ask, http: {method: POST, url: '${config.api}/1'}, undo: {http: {method: DELETE, url: '${config.api}/1'}}}
  - {id: tell, message: half}
  - {id: second, http: {method: POST, url: '${config.api}/2'}}
`)
	root := workflow.Operator("root")
	number, failed := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if number++; number > 25 && !failed {
			return // each is a database of its own: that is as many as there is time for
		}
		defer func() { failed = failed || rt.Failed() }()
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", number))
		cfg := allowing(host, url)
		cfg.Lease = time.Second
		w := begin(t, setting{path: path, config: cfg, idle: true})
		stop := w.work(t)
		ids := []string{fmt.Sprintf("r-%d-a", number), fmt.Sprintf("r-%d-b", number)}
		for _, id := range ids {
			w.start(t, id, p, nil)
		}
		ended := map[string]workflow.State{}
		for range rapid.IntRange(1, 14).Draw(rt, "words") {
			id := rapid.SampledFrom(ids).Draw(rt, "run")
			var err error
			switch what := rapid.SampledFrom([]string{"approve", "approve", "other approves", "deny", "cancel", "retry", "freeze", "unfreeze", "freeze all", "unfreeze all", "crash", "rest"}).Draw(rt, "word"); what {
			case "approve":
				err = w.Approve(t.Context(), id, dora)
			case "other approves":
				err = w.Approve(t.Context(), id, emil)
			case "deny":
				err = w.Deny(t.Context(), id, emil, "no")
			case "cancel":
				err = w.Cancel(t.Context(), id, ana)
			case "retry":
				err = w.Retry(t.Context(), id, ana)
			case "freeze":
				err = w.Freeze(t.Context(), workflow.ScopeRun(id), root, "")
			case "unfreeze":
				err = w.Unfreeze(t.Context(), workflow.ScopeRun(id), root, "")
			case "freeze all":
				err = w.Freeze(t.Context(), workflow.Everything, root, "")
			case "unfreeze all":
				err = w.Unfreeze(t.Context(), workflow.Everything, root, "")
			case "crash":
				// The row as a worker leaves it that dies in its step.
				_, err = w.db.Write.ExecContext(t.Context(), "UPDATE runs SET epoch = epoch + 1, due_at = 0 WHERE state = 'running'")
			default:
				time.Sleep(2 * time.Millisecond)
			}
			if _, refusal := workflow.AsRefusal(err); err != nil && !refusal {
				rt.Fatalf("%v", err)
			}
			for _, id := range ids {
				run := w.get(t, id)
				if before, over := ended[id]; over && run.Over() && run.State != before && before != workflow.Failed && before != workflow.Cancelled {
					rt.Fatalf("%s was %s and is %s", id, before, run.State)
				}
				if run.Over() {
					ended[id] = run.State
				}
			}
		}
		// Everybody says their last word.
		for _, scope := range []workflow.Scope{workflow.Everything, workflow.ScopeRun(ids[0]), workflow.ScopeRun(ids[1])} {
			if err := w.Unfreeze(t.Context(), scope, root, ""); err != nil {
				if _, refusal := workflow.AsRefusal(err); !refusal { // it may not be frozen
					rt.Fatal(err)
				}
			}
		}
		for _, id := range ids {
			for _, who := range []chat.Person{dora, emil} {
				_ = w.Approve(t.Context(), id, who) // one that waits for none refuses it
			}
		}
		settled(rt, w, ids)
		stop()
		a.mu.Lock()
		for _, id := range ids {
			run := w.get(t, id)
			for _, step := range []string{"first", "second"} {
				key := id + "/" + step
				// Each attempt but the last of a crash is one call; a key makes one thing.
				attempts := 0
				for _, s := range run.Steps {
					if s.Step == step {
						attempts++
					}
				}
				if a.calls[key] > attempts {
					rt.Errorf("%s was called %d times in %d attempts", key, a.calls[key], attempts)
				}
				if run.State == workflow.Succeeded && a.calls[key] == 0 {
					rt.Errorf("%s succeeded without %s", id, step)
				}
				if run.State == workflow.Denied && step == "second" && a.calls[key] > 0 && !strings.Contains(run.Error, "denied") {
					rt.Errorf("%s was denied after %s", id, step)
				}
			}
		}
		a.mu.Unlock()
		if got := wrong(t, w, ""); got != "" {
			rt.Errorf("the audit: %s", got)
		}
		holders := 0
		if err := w.db.Read.QueryRowContext(t.Context(), "SELECT count(*) FROM runs WHERE holds = 1 AND ended IS NOT NULL").Scan(&holders); err != nil || holders > 0 {
			rt.Errorf("%d runs that are over hold a lock, %v", holders, err)
		}
		closeDB(rt, w.db)
	})
}

// settled waits until each run is over, or asks a person, which then stops it.
func settled(rt *rapid.T, w *world, ids []string) {
	until := time.Now().Add(30 * time.Second)
	for {
		open := 0
		for _, id := range ids {
			run, err := w.Get(rt.Context(), id)
			if err != nil {
				rt.Fatal(err)
			}
			switch {
			case run.Over():
				continue
			case run.State == workflow.Unknown:
				_ = w.Cancel(rt.Context(), id, ana) // it may have moved on
			case run.Waits == workflow.ForApproval:
				// A new round may have begun after the last words.
				_ = w.Approve(rt.Context(), id, dora)
				_ = w.Approve(rt.Context(), id, emil)
			}
			open++
		}
		if open == 0 {
			return
		}
		if time.Now().After(until) {
			for _, id := range ids {
				run, _ := w.Get(rt.Context(), id)
				rt.Logf("%s: %s %s %+v", id, run.State, run.Waits, run.Steps)
			}
			rt.Fatal("it doesn't come to an end")
		}
		time.Sleep(3 * time.Millisecond)
	}
}

func closeDB(rt *rapid.T, db *database.DB) {
	if err := db.Close(); err != nil {
		rt.Error(err)
	}
}
