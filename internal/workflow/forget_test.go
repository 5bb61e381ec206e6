package workflow_test

import (
	"bytes"
	"os"
	"testing"

	"frontdoor/internal/workflow"
)

// Nothing of a forgotten person is left in the file but their pseudonym, and
// the audit is as whole as before.
func TestForget(t *testing.T) {
	w := begin(t, setting{config: wordy(), options: workflow.Options{Pseudonym: func(id string) string { return map[string]string{"ana": "p1", "dora": "p2", "emil": "p3"}[id] }}})
	p := book(t, "inputs: {what: {type: string}}\napproval: [{groups: [dba]}]\nsteps: [{id: tell, message: 'about ${inputs.what}'}]\nresult: 'done ${inputs.what}'")
	for _, id := range []string{"r-a", "r-b", "r-c"} {
		w.start(t, id, p, map[string]any{"what": "mysecretproject"})
	}
	if err := w.Approve(t.Context(), "r-a", dora); err != nil {
		t.Fatal(err)
	}
	if err := w.Deny(t.Context(), "r-b", dora, "becauseisaidso"); err != nil {
		t.Fatal(err)
	}
	w.end(t, "r-a")
	_, err := w.Forget(t.Context(), "p1")
	refused(t, err, "`r-c` is not over")
	if err := w.CancelFor(t.Context(), "r-c", ana, "nevermindit"); err != nil {
		t.Fatal(err)
	}
	for _, actor := range []string{"p1", "p2"} {
		if n, err := w.Forget(t.Context(), actor); err != nil || n == 0 {
			t.Errorf("%s was forgotten in %d runs, %v", actor, n, err)
		}
	}
	if n, err := w.Forget(t.Context(), "p4"); err != nil || n != 0 {
		t.Errorf("somebody unknown was forgotten in %d runs, %v", n, err)
	}
	if _, err := w.db.Write.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(w.db.Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, not := range []string{"Ana", `"ana"`, "Dora", "dora", "mysecretproject", "becauseisaidso", "nevermindit"} {
		if bytes.Contains(data, []byte(not)) {
			t.Errorf("%s is still there", not)
		}
	}
	refused(t, w.Retry(t.Context(), "r-c", workflow.Operator("root")), "is forgotten")
	_, err = w.Undo(t.Context(), "r-a", workflow.Request{ID: "r-undo", By: workflow.Operator("root")})
	refused(t, err, "is forgotten")
	if run := w.get(t, "r-b"); run.State != workflow.Denied || run.By.ID != "p1" {
		t.Errorf("the run is %s by %s", run.State, run.By.ID)
	}
	if got := wrong(t, w, ""); got != "" {
		t.Errorf("the audit: %s", got)
	}
}
