package workflow_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"frontdoor/internal/chat"
	"frontdoor/internal/database"
	"frontdoor/internal/workflow"
)

// audited is a database with three runs: one approved and done, one denied,
// one cancelled by the operator; and a freeze of everything.
func audited(t *testing.T) *world {
	t.Helper()
	w := begin(t, setting{config: wordy()})
	p := book(t, guarded)
	for _, id := range []string{"r-a", "r-b", "r-c"} {
		w.start(t, id, p, prod())
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.Approve(t.Context(), "r-a", dora))
	must(w.Approve(t.Context(), "r-a", emil))
	if run := w.end(t, "r-a"); run.State != workflow.Succeeded { // before anything is frozen
		t.Fatalf("it is %s", run.State)
	}
	must(w.Deny(t.Context(), "r-b", dora, "not in the maintenance window"))
	must(w.CancelFor(t.Context(), "r-c", workflow.Operator("root"), "cleaning up"))
	must(w.Freeze(t.Context(), workflow.Everything, workflow.Operator("root"), "moving house"))
	must(w.Unfreeze(t.Context(), workflow.Everything, workflow.Operator("root"), ""))
	return w
}

// wrong are the verdicts with a problem, a line each.
func wrong(t *testing.T, w *world, run string) string {
	t.Helper()
	var out []string
	err := w.Verify(t.Context(), run, func(v workflow.Verdict) error {
		if v.Problem != "" {
			out = append(out, fmt.Sprintf("%q: %s", v.Run, v.Problem))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, "\n")
}

func TestTheAuditHoldsEveryDecisionAndStep(t *testing.T) {
	w := audited(t)
	if got := wrong(t, w, ""); got != "" {
		t.Errorf("untouched it is not whole: %s", got)
	}
	var got []string
	err := w.Export(t.Context(), "", workflow.Period{}, func(x workflow.Exported) error {
		line := fmt.Sprintf("%s %d %s %v", x.Run, x.Number, x.Event, x.Groups)
		if x.Reason != nil {
			line += " " + *x.Reason
		}
		if x.Key != nil {
			line += " " + *x.Key
		}
		if x.OK != nil {
			line += fmt.Sprint(" ", *x.OK)
		}
		got = append(got, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `* 1 run_frozen [] moving house
* 2 run_unfrozen []
r-a 1 run_started [engineering]
r-a 2 approval_sought []
r-a 3 run_approved [dba]
r-a 4 run_approved [dba security]
r-a 5 step_succeeded [] r-a/tell true
r-a 6 run_succeeded []
r-b 1 run_started [engineering]
r-b 2 approval_sought []
r-b 3 run_denied [dba] not in the maintenance window
r-c 1 run_started [engineering]
r-c 2 approval_sought []
r-c 3 run_cancelled [] cleaning up`
	if strings.Join(got, "\n") != want {
		t.Errorf("the audit has\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestTheAuditHasNobodysNameAndNoContent(t *testing.T) {
	const secret, content = "hunter2-correct-horse", "a-private-value"
	url, host := server(t, newAPI().ServeHTTP)
	cfg := allowing(host, url)
	cfg.Secrets = map[string]string{"tok": secret}
	w := begin(t, setting{config: cfg})
	w.start(t, "r-one", book(t, `
inputs: {name: {type: string}}
approval: [{groups: [dba]}]
steps: [{id: create, http: {method: POST, url: '${config.api}/things', json: {name: '${inputs.name}'}, auth: {bearer: tok}}}]
`), map[string]any{"name": content})
	if err := w.Approve(t.Context(), "r-one", dora); err != nil {
		t.Fatal(err)
	}
	w.end(t, "r-one")
	var all bytes.Buffer
	var sent, returned int
	err := w.Export(t.Context(), "", workflow.Period{}, func(x workflow.Exported) error {
		if x.Sent != nil {
			sent++
		}
		if x.Returned != nil {
			returned++
		}
		return json.NewEncoder(&all).Encode(x)
	})
	if err != nil || sent != 1 || returned != 1 {
		t.Fatalf("%d sent, %d returned, %v", sent, returned, err)
	}
	for _, not := range []string{"ana", "dora", "Dora", secret, content} {
		if strings.Contains(all.String(), not) {
			t.Errorf("the audit has %q in it:\n%s", not, all.String())
		}
	}
}

// unlocked drops the guards that keep accidents out, as somebody would who
// means it.
func unlocked(t *testing.T, w *world, statements ...string) {
	t.Helper()
	for _, s := range append([]string{"DROP TRIGGER IF EXISTS run_trail_adds", "DROP TRIGGER IF EXISTS run_trail_stays", "DROP TRIGGER IF EXISTS run_trail_keeps"}, statements...) {
		if _, err := w.db.Write.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestTamperingIsFound(t *testing.T) {
	for _, c := range []struct {
		name string
		do   []string
		want string
	}{
		{"edited", []string{`UPDATE run_trail SET record = replace(record, 'run_denied', 'run_approved') WHERE run = 'r-b' AND number = 3`}, `"r-b": record 3 is not as it was written, or was put in`},
		{"one letter of an actor", []string{`UPDATE run_trail SET record = replace(record, '"actor":"p', '"actor":"q') WHERE run = 'r-a' AND number = 3`}, `"r-a": record 3 is not as it was written, or was put in`},
		{"reason edited", []string{`UPDATE run_trail SET reason = 'fine by me' WHERE run = 'r-b' AND number = 3`}, `"r-b": the reason of record 3 is not as it was written`},
		{"reason put in", []string{`UPDATE run_trail SET reason = 'fine by me' WHERE run = 'r-a' AND number = 3`}, `"r-a": the reason of record 3 is not as it was written`},
		{"link edited", []string{`UPDATE run_trail SET link = zeroblob(32) WHERE run = 'r-a' AND number = 2`}, `"r-a": record 2 is not as it was written, or was put in`},
		{"removed", []string{`DELETE FROM run_trail WHERE run = 'r-a' AND number = 3`}, `"r-a": record 3 is missing`},
		{"removed and renumbered", []string{`DELETE FROM run_trail WHERE run = 'r-a' AND number = 3`, `UPDATE run_trail SET number = number - 1 WHERE run = 'r-a' AND number = 4`, `UPDATE run_trail SET number = number - 1 WHERE run = 'r-a' AND number = 5`, `UPDATE run_trail SET number = number - 1 WHERE run = 'r-a' AND number = 6`}, `"r-a": record 3 stands in the place of another: it is number 4 of r-a`},
		{"first removed", []string{`DELETE FROM run_trail WHERE run = 'r-a' AND number = 1`}, `"r-a": record 1 is missing`},
		{"reordered", []string{`UPDATE run_trail SET number = 99 WHERE run = 'r-a' AND number = 3`, `UPDATE run_trail SET number = 3 WHERE run = 'r-a' AND number = 4`, `UPDATE run_trail SET number = 4 WHERE run = 'r-a' AND number = 99`}, `"r-a": record 3 stands in the place of another: it is number 4 of r-a`},
		{"inserted", []string{`INSERT INTO run_trail SELECT run, 4, replace(record, '"number":3', '"number":4'), reason, link FROM run_trail WHERE run = 'r-b' AND number = 3`}, `"r-b": record 4 is not as it was written, or was put in`},
		{"another run's", []string{`UPDATE run_trail SET (record, link) = (SELECT record, link FROM run_trail WHERE run = 'r-c' AND number = 3) WHERE run = 'r-b' AND number = 3`}, `"r-b": record 3 stands in the place of another: it is number 3 of r-c`},
		{"cut at the end", []string{`DELETE FROM run_trail WHERE run = 'r-b' AND number = 3`}, `"r-b": record 3 is missing: there are 2, and there were 3`},
		{
			"cut at the end, and its head moved back",
			[]string{`DELETE FROM run_trail WHERE run = 'r-b' AND number = 3`, `UPDATE runs SET trail = 2, head = (SELECT link FROM run_trail WHERE run = 'r-b' AND number = 2) WHERE id = 'r-b'`},
			"\"r-b\": its end is not as it was sealed: after record 2 something was cut off or changed\n\"\": a run is not where the anchor over all runs has it: it was put back to an earlier end, or another stands in its place",
		},
		{"all records of a run", []string{`DELETE FROM run_trail WHERE run = 'r-b'`}, `"r-b": record 1 is missing: there are none, and there were 3`},
		{"a whole run", []string{`DELETE FROM run_trail WHERE run = 'r-b'`, `DELETE FROM runs WHERE id = 'r-b'`}, `"": whole runs are missing: there are 2 chains, and there were 3`},
		{"the run's row", []string{`DELETE FROM runs WHERE id = 'r-b'`}, "\"r-b\": the run itself is missing\n\"\": whole runs are missing: there are 3, and there were 4"},
		{"the operator's decisions", []string{`DELETE FROM run_trail WHERE run = '*'`, `UPDATE run_anchor SET trail = 0, head = NULL, mark = NULL`}, `"": whole runs are missing: there are 3, and there were 4`},
		{"the anchor removed", []string{`DELETE FROM run_anchor`}, "\"*\": the run itself is missing\n\"\": the anchor over all runs is missing"},
		{"the anchor's count", []string{`DELETE FROM run_trail WHERE run = 'r-b'`, `DELETE FROM runs WHERE id = 'r-b'`, `UPDATE run_anchor SET runs = runs - 1`}, `"": the anchor over all runs is not as it was sealed`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := audited(t)
			unlocked(t, w, c.do...)
			want := strings.ReplaceAll(c.want, "there are 2 chains, and there were 3", "there are 3, and there were 4")
			if got := wrong(t, w, ""); got != want {
				t.Errorf("found %s\nwant  %s", got, want)
			}
		})
	}
}

// Whoever has kept an older end of a run, with its seal, can put it back: the
// anchor knows better.
func TestAnEarlierEndPutBackIsFound(t *testing.T) {
	w := begin(t, setting{config: wordy()})
	w.start(t, "r-a", book(t, guarded), prod())
	var trail int
	var link, seal []byte
	row := w.db.Read.QueryRowContext(t.Context(), "SELECT trail, head, seal FROM runs WHERE id = 'r-a'")
	if err := row.Scan(&trail, &link, &seal); err != nil {
		t.Fatal(err)
	}
	if err := w.Deny(t.Context(), "r-a", dora, "no"); err != nil {
		t.Fatal(err)
	}
	unlocked(t, w)
	if _, err := w.db.Write.ExecContext(t.Context(), "UPDATE runs SET trail = ?, head = ?, seal = ?", trail, link, seal); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Write.ExecContext(t.Context(), "DELETE FROM run_trail WHERE number > ?", trail); err != nil {
		t.Fatal(err)
	}
	if got := wrong(t, w, "r-a"); got != "" {
		t.Errorf("alone the run is %s", got)
	}
	if got := wrong(t, w, ""); !strings.Contains(got, "put back to an earlier end") {
		t.Errorf("found %s", got)
	}
	// Neither does a later run mend the anchor.
	unlocked(t, w, "UPDATE run_anchor SET sum = zeroblob(32)")
	other := begin(t, setting{path: w.db.Path, config: wordy(), idle: true})
	other.start(t, "r-b", book(t, guarded), prod())
	if got := wrong(t, w, ""); !strings.Contains(got, "not as it was sealed") {
		t.Errorf("after a later run: %s", got)
	}
}

// What ran before there was an audit has one from the update on.
func TestEarlierRunsAreAdopted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	first, err := os.ReadFile("migrations/00001_runs.sql")
	if err != nil {
		t.Fatal(err)
	}
	old, err := database.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := database.Migrate(t.Context(), old, "workflow", fstest.MapFS{"00001_runs.sql": {Data: first}}); err != nil {
		t.Fatal(err)
	}
	p := book(t, "steps: [{id: tell, message: hi}]")
	if _, err := old.Write.ExecContext(t.Context(), "INSERT INTO run_playbooks VALUES (?, ?, ?)", p.Hash, p.File, p.Source); err != nil {
		t.Fatal(err)
	}
	for id, state := range map[string]workflow.State{"r-done": workflow.Succeeded, "r-wait": workflow.Waiting} {
		_, err := old.Write.ExecContext(t.Context(), `INSERT INTO runs (id, hash, playbook, person, origin, inputs, state, waits, due_at, started, ended)
			VALUES (?1, ?2, ?3, 'ana', '{"by": {"id": "ana"}}', '{}', ?4, CASE ?4 WHEN 'waiting' THEN 'queued' ELSE '' END, CASE ?4 WHEN 'waiting' THEN 1 END, 1, CASE ?4 WHEN 'waiting' THEN NULL ELSE 2 END)`, id, p.Hash, p.ID, state)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	w := begin(t, setting{path: path, config: wordy()})
	if run := w.end(t, "r-wait"); run.State != workflow.Succeeded {
		t.Errorf("it is %s", run.State)
	}
	if got := wrong(t, w, ""); got != "" {
		t.Errorf("the audit: %s", got)
	}
	var events []string
	err = w.Export(t.Context(), "", workflow.Period{}, func(x workflow.Exported) error {
		events = append(events, x.Run+" "+x.Event)
		return nil
	})
	slices.Sort(events)
	if want := "r-done run_adopted, r-wait run_adopted, r-wait run_succeeded, r-wait step_succeeded"; err != nil || strings.Join(events, ", ") != want {
		t.Errorf("it has %s, %v, want %s", strings.Join(events, ", "), err, want)
	}
}

func TestAccidentsAreRefused(t *testing.T) {
	w := audited(t)
	for _, s := range []string{
		"UPDATE run_trail SET record = '{}'",
		"UPDATE run_trail SET reason = 'x'",
		"UPDATE run_trail SET number = 7 WHERE number = 6",
		"DELETE FROM run_trail",
		"INSERT OR REPLACE INTO run_trail SELECT * FROM run_trail WHERE number = 1",
		"INSERT INTO run_trail SELECT run, 17, record, reason, link FROM run_trail WHERE number = 1",
	} {
		if _, err := w.db.Write.ExecContext(t.Context(), s); err == nil || !strings.Contains(err.Error(), "the audit of runs is") {
			t.Errorf("%s: %v", s, err)
		}
	}
	// A person's words can be erased; that they were said stays provable.
	if _, err := w.db.Write.ExecContext(t.Context(), "UPDATE run_trail SET reason = NULL"); err != nil {
		t.Error(err)
	}
	if got := wrong(t, w, ""); got != "" {
		t.Errorf("after erasing: %s", got)
	}
}

func TestTheKey(t *testing.T) {
	w := audited(t)
	dir := filepath.Dir(w.db.Path)
	info, err := os.Stat(filepath.Join(dir, workflow.KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key's file: %v, %v", info, err)
	}
	db, err := database.Open(t.Context(), w.db.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	cfg := wordy()
	cfg.AuditKey = "another key, long enough"
	if _, err := workflow.Open(t.Context(), db, cfg, workflow.Options{}); err == nil || !strings.Contains(err.Error(), "begun with another key") {
		t.Errorf("another key: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, workflow.KeyFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := workflow.Open(t.Context(), db, wordy(), workflow.Options{}); err == nil || !strings.Contains(err.Error(), "begun with another key") {
		t.Errorf("a lost key: %v", err)
	}
	cfg.AuditKey = "short"
	if found := cfg.Validate(); len(found) != 1 || found[0].Key != "workflows.audit_key" {
		t.Errorf("a short key: %v", found)
	}
}

// exported is an export's lines.
func exported(t *testing.T, w *world) []string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	if err := w.Export(t.Context(), "", workflow.Period{}, func(x workflow.Exported) error { return enc.Encode(x) }); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(b.String()), "\n")
}

func TestAnExportIsVerifiedElsewhere(t *testing.T) {
	w := audited(t)
	lines := exported(t, w)
	dir := filepath.Dir(w.db.Path)
	check := func(lines []string) string {
		var out []string
		err := workflow.VerifyExport(workflow.Config{}, dir, strings.NewReader(strings.Join(lines, "\n")), func(v workflow.Verdict) error {
			if v.Problem != "" {
				out = append(out, v.Run+": "+v.Problem)
			}
			return nil
		})
		if err != nil {
			return err.Error()
		}
		return strings.Join(out, "\n")
	}
	with := func(i int, old, replacement string) []string {
		out := append([]string{}, lines...)
		out[i] = strings.Replace(out[i], old, replacement, 1)
		if out[i] == lines[i] {
			t.Fatalf("nothing to replace in %s", lines[i])
		}
		return out
	}
	without := func(i int) []string { return append(append([]string{}, lines[:i]...), lines[i+1:]...) }
	swapped := append([]string{}, lines...)
	swapped[3], swapped[4] = lines[4], lines[3]
	spaced := append([]string{}, lines...)
	spaced[4] = strings.Replace(lines[4], `"number":3,`, ` "number" : 3, `, 1)
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"as it is", lines, ""},
		{"written with other spaces", spaced, ""},
		{"edited", with(4, "run_approved", "run_denied"), "r-a: record 3 is not as it was written, or was put in"},
		{"ok turned", with(6, `"ok":true`, `"ok":false`), "r-a: record 5 is not as it was written, or was put in"},
		{"reason", with(10, "maintenance", "lunch"), "r-b: the reason of record 3 is not as it was written"},
		{"removed", without(4), "r-a: record 3 is missing"},
		{"cut", without(10), "r-b: it ends at record 2, which is not its last one"},
		{"reordered", swapped, "r-a: record 2 is missing"},
		{"another one before it", with(4, `"previous":"`, `"previous":"00`), "r-a: record 3 names another one before it"},
		{"read in two ways", with(4, `"event":"run_approved"`, `"event":"run_denied","event":"run_approved"`), "line 5 has more, fewer or other fields than an export, and may be read in two ways"},
		{"another field", with(4, `"event":`, `"Event":"run_denied","event":`), "line 5 has more, fewer or other fields than an export, and may be read in two ways"},
		{"no record", append([]string{"{}"}, lines...), "line 1 is no record of an export"},
	} {
		if got := check(c.lines); got != c.want {
			t.Errorf("%s: found %q, want %q", c.name, got, c.want)
		}
	}
	err := workflow.VerifyExport(workflow.Config{}, t.TempDir(), strings.NewReader(lines[0]), func(workflow.Verdict) error { return nil })
	if !errors.Is(err, workflow.ErrNoKey) {
		t.Errorf("without a key: %v", err)
	}
}

func TestPseudonymsComeFromWhoGivesThem(t *testing.T) {
	w := begin(t, setting{config: wordy(), idle: true, options: workflow.Options{Pseudonym: func(id string) string { return "p-" + strings.ToUpper(id) }}})
	w.start(t, "r-a", book(t, guarded), prod())
	if err := w.CancelFor(t.Context(), "r-a", chat.Person{ID: "ana"}, ""); err != nil {
		t.Fatal(err)
	}
	err := w.Export(t.Context(), "r-a", workflow.Period{}, func(x workflow.Exported) error {
		if x.Event != "approval_sought" && (x.Actor == nil || *x.Actor != "p-ANA") {
			t.Errorf("%s is by %v", x.Event, x.Actor)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
