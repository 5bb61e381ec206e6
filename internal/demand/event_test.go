package demand_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"frontdoor/internal/demand"
)

// canonical lines are exported exactly as they came.
var canonical = []string{
	`{"id":"e1","event":"request_received","request":"r1","time":"2026-11-02T09:15:04.120Z","platform":"slack","workspace":"T1","channel":"help-platform","actor":"p17","team":"payments","text":"how do I <b>roll back</b> & \"deploy\"?\n é ` + "\u2028" + ` 😀","tags":{"topic":"deploys","action":"rollback","kind":"question"}}`,
	`{"id":"e2","event":"request_matched","request":"r1","time":"2026-11-02T09:15:04.121Z","playbook":"deploy-rollback","confidence":0.930}`,
	`{"id":"e3","event":"request_answered","request":"r1","time":"2026-11-02T09:15:04.300Z","latency_ms":180,"citations":["handbook/deploying.md#roll-back"]}`,
	`{"id":"e4","event":"feedback_given","request":"r1","time":"2026-11-02T09:16:00.000Z","actor":"p17","value":"helpful"}`,
	`{"id":"e5","event":"request_clarified","request":"r2","time":"2026-11-02T09:16:00.001Z","candidates":["a","b"],"zeta":1.50,"alpha":{"b":[1,2,{"c":null}],"a":"<&>"},"zeta2":"\u003c"}`,
	`{"id":"e6","event":"request_refused","request":"r2","time":"2026-11-02T09:16:00.002Z","reason":"no_playbook"}`,
	`{"id":"e7","event":"request_unmatched","request":"r2","time":"2026-11-02T09:16:00.003Z","reason":null}`,
	`{"id":"e8","event":"request_ignored","request":"r3","time":"2026-11-02T09:16:00.004Z","reason":"not_confident"}`,
	`{"id":"e9","event":"request_escalated","request":"r2","time":"2026-11-02T09:16:00.005Z","to":"@platform-oncall"}`,
	`{"id":"f1","event":"request_resolved","request":"r2","time":"2026-11-02T09:16:00.006Z","how":"confirmed"}`,
	`{"id":"f2","event":"request_reopened","request":"r2","time":"2026-11-02T09:16:00.007Z"}`,
	`{"id":"f3","event":"run_started","request":"r2","time":"2026-11-02T09:16:00.008Z","run":"x1","playbook":"db-create"}`,
	`{"id":"f4","event":"run_approved","request":"r2","time":"2026-11-02T09:16:00.009Z","run":"x1","actor":"p2"}`,
	`{"id":"f5","event":"run_denied","request":"r2","time":"2026-11-02T09:16:00.010Z","actor":"p2","run":"x1","note":"either order"}`,
	`{"id":"f6","event":"run_step_finished","request":"r2","time":"2026-11-02T09:16:00.011Z","run":"x1","step":"create","ok":true}`,
	`{"id":"f7","event":"run_succeeded","request":"r2","time":"2026-11-02T09:16:00.012Z","run":"x1"}`,
	`{"id":"f8","event":"run_failed","request":"r2","time":"2026-11-02T09:16:00.013Z","run":"x2"}`,
	`{"id":"f9","event":"run_cancelled","request":"r2","time":"2026-11-02T09:16:00.014Z","run":"x3"}`,
	`{"id":"g1","event":"human_answered","request":"r3","time":"2026-11-02T09:16:00.015Z","actor":"p9"}`,
	`{"id":"g2","event":"human_answered","time":"2026-11-02T09:16:00.016Z","channel":"deploys","thread":"17.1","actor":"p9"}`,
	`{"id":"g3","event":"human_answered","channel":"deploys","thread":"17.2","time":"2026-11-02T09:16:00.017Z","actor":"p9"}`,
	`{"id":"g4","event":"human_answered","time":"2026-11-02T09:16:00.018Z","actor":"p9","channel":"deploys","thread":"17.3","":0}`,
	`{"id":"g5","event":"request_received","request":"r4","time":"2026-11-02T09:16:00.019Z","workspace":null,"channel":"","actor":"p1","team":null,"text":null,"tags":null}`,
	`{"id":"g6","event":"request_received","request":"r5","time":"2026-11-02T09:16:00.020Z","actor":"p1","text":"","tags":{},"thread":"unknown here","key with \"quotes\"":true}`,
}

func importAll(t *testing.T, w *demand.Warehouse, lines string) map[int]string {
	t.Helper()
	bad := map[int]string{}
	if _, err := w.Import(t.Context(), strings.NewReader(lines), func(n int, err error) { bad[n] = err.Error() }); err != nil {
		t.Fatal(err)
	}
	return bad
}

func export(t *testing.T, w *demand.Warehouse) string {
	t.Helper()
	var out bytes.Buffer
	if err := w.Export(t.Context(), &out, time.Time{}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWhatIsCanonicalComesBackByteForByte(t *testing.T) {
	all := strings.Join(canonical, "\n") + "\n"
	byImport, _ := open(t)
	if bad := importAll(t, byImport, all); len(bad) > 0 {
		t.Fatal(bad)
	}
	byRecord, _ := open(t)
	var lines [][]byte
	for _, l := range canonical {
		lines = append(lines, []byte(l))
	}
	if err := byRecord.Record(t.Context(), lines); err != nil {
		t.Fatal(err)
	}
	for _, w := range []*demand.Warehouse{byImport, byRecord} {
		got := strings.Split(export(t, w), "\n")
		for i, l := range canonical {
			if i >= len(got) || got[i] != l {
				t.Errorf("line %d\n got %s\nwant %s", i+1, got[min(i, len(got)-1)], l)
			}
		}
	}
	// And once more from there.
	again, _ := open(t)
	first := export(t, byImport)
	importAll(t, again, first)
	if second := export(t, again); second != first {
		t.Errorf("the second export differs:\n%s", second)
	}
}

func TestWhatIsNotBecomesCanonical(t *testing.T) {
	for from, want := range map[string]string{
		` { "time" : "2026-11-02T10:15:04.1209+01:00", "x" : [ 1, "a b" ], "request":"r1", "event":"request_answered", "citations":[ ], "id":"e1", "latency_ms": 5, "y":2 } `: `{"id":"e1","event":"request_answered","request":"r1","time":"2026-11-02T09:15:04.120Z","latency_ms":5,"citations":[],"x":[1,"a b"],"y":2}`,
		`{"id":"e1","event":"request_reopened","request":"caf\u00e9 \u003c\/\u003e","time":"2024-02-29T23:59:59Z"}`:                                                           `{"id":"e1","event":"request_reopened","request":"café </>","time":"2024-02-29T23:59:59.000Z"}`,
		`{"actor":"p9","thread":"1","id":"e1","event":"human_answered","channel":"c","time":"1969-12-31T23:59:59.999Z"}`:                                                      `{"actor":"p9","thread":"1","id":"e1","event":"human_answered","channel":"c","time":"1969-12-31T23:59:59.999Z"}`,
		`{"time":"1969-12-31T23:59:59.999Z","actor":"p9","thread":"1","id":"e1","event":"human_answered","channel":"c"}`:                                                      `{"id":"e1","event":"human_answered","time":"1969-12-31T23:59:59.999Z","channel":"c","thread":"1","actor":"p9"}`,
	} {
		w, _ := open(t)
		if bad := importAll(t, w, "\ufeff\n"+from+"\r\n\n"); len(bad) > 0 {
			t.Fatal(bad)
		}
		if got := export(t, w); got != want+"\n" {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

func TestWhatIsNoEventIsRefused(t *testing.T) {
	for line, reason := range map[string]string{
		`{"id":"e1"`:     "no JSON",
		`["id"]`:         "a list, not an object",
		`"id"`:           "text, not an object",
		`{}`:             "event is missing",
		`{"event":null}`: "event is null; it must be text",
		`{"id":"e1","event":"request_recieved","request":"r","time":"2026-11-02T09:15:04.120Z","actor":"p"}`:                      `unknown event "request_recieved"; did you mean request_received?`,
		`{"id":"e1","event":"exploded","request":"r","time":"2026-11-02T09:15:04.120Z"}`:                                          `unknown event "exploded"`,
		`{"event":"request_reopened","request":"r","time":"2026-11-02T09:15:04.120Z"}`:                                            "id is missing",
		`{"id":"","event":"request_reopened","request":"r","time":"2026-11-02T09:15:04.120Z"}`:                                    "id is empty",
		`{"id":7,"event":"request_reopened","request":"r","time":"2026-11-02T09:15:04.120Z"}`:                                     "id is a number; it must be text",
		`{"id":"e1","event":"request_reopened","time":"2026-11-02T09:15:04.120Z"}`:                                                "request is missing",
		`{"id":"e1","event":"request_reopened","request":"r"}`:                                                                    "time is missing",
		`{"id":"e1","event":"request_reopened","request":"r","time":null}`:                                                        "time is null; write it as 2026-11-02T09:15:04.120Z",
		`{"id":"e1","event":"request_reopened","request":"r","time":"yesterday"}`:                                                 `time is "yesterday"; write it as 2026-11-02T09:15:04.120Z`,
		`{"id":"e1","event":"request_reopened","request":"r","time":"2026-02-30T09:15:04.120Z"}`:                                  `time is "2026-02-30T09:15:04.120Z"; write it as 2026-11-02T09:15:04.120Z`,
		`{"id":"e1","event":"request_reopened","request":"r","time":1730539000}`:                                                  "time is a number; it must be text",
		`{"id":"e1","id":"e2","event":"request_reopened","request":"r","time":"2026-11-02T09:15:04.120Z"}`:                        "id stands twice",
		`{"id":"e1","event":"request_received","request":"r","time":"2026-11-02T09:15:04.120Z"}`:                                  "actor is missing",
		`{"id":"e1","event":"request_received","request":"r","time":"2026-11-02T09:15:04.120Z","actor":"p","tags":["a"]}`:         "tags is a list; it must be an object",
		`{"id":"e1","event":"request_answered","request":"r","time":"2026-11-02T09:15:04.120Z","latency_ms":"1","citations":[]}`:  "latency_ms is text; it must be a number",
		`{"id":"e1","event":"request_answered","request":"r","time":"2026-11-02T09:15:04.120Z","latency_ms":1}`:                   "citations is missing",
		`{"id":"e1","event":"run_step_finished","request":"r","time":"2026-11-02T09:15:04.120Z","run":"x","step":"s","ok":"yes"}`: "ok is text; it must be true or false",
		`{"id":"e1","event":"run_succeeded","request":"r","time":"2026-11-02T09:15:04.120Z","run":""}`:                            "run is empty",
		`{"id":"e1","event":"feedback_given","request":"r","time":"2026-11-02T09:15:04.120Z","actor":"p","value":"meh"}`:          `value is "meh"; it must be helpful, unhelpful or solved`,
		`{"id":"e1","event":"feedback_given","request":"r","time":"2026-11-02T09:15:04.120Z","value":"helpful"}`:                  "actor is missing",
		`{"id":"e1","event":"human_answered","time":"2026-11-02T09:15:04.120Z","actor":"p","channel":"c"}`:                        "request is missing; where the bot was never asked, channel and thread stand in its place",
	} {
		w, _ := open(t)
		good := canonical[1]
		bad := importAll(t, w, good+"\n"+line+"\n"+canonical[2])
		if len(bad) != 1 || !strings.HasPrefix(bad[2], reason) {
			t.Errorf("%s\n got %v\nwant %q", line, bad, reason)
		}
		if got := export(t, w); got != good+"\n"+canonical[2]+"\n" {
			t.Errorf("the rest was not imported: %s", got)
		}
		if err := w.Record(t.Context(), [][]byte{[]byte(line), []byte(canonical[3])}); err != nil {
			t.Fatal(err)
		}
		if n, err := w.SetAside(t.Context()); n != 1 || err != nil {
			t.Errorf("%d set aside, %v", n, err)
		}
		if got := export(t, w); !strings.HasSuffix(got, canonical[3]+"\n") {
			t.Errorf("the rest was not recorded: %s", got)
		}
	}
}

// What the bot records is what an import takes, and leaves out what does not
// belong to the event.
func TestLine(t *testing.T) {
	e := demand.Event{
		ID: "e1", Name: demand.FeedbackGiven, Request: "r1", Time: time.Date(2026, 11, 2, 9, 15, 4, 120_999_999, time.UTC),
		Actor: "p1", Value: demand.Solved, Run: "not mine", More: []demand.Field{{Key: "x", Value: json.RawMessage("1")}},
	}
	if got := string(e.Line()); got != `{"id":"e1","event":"feedback_given","request":"r1","time":"2026-11-02T09:15:04.120Z","actor":"p1","value":"solved","x":1}` {
		t.Error(got)
	}
	rapid.Check(t, func(t *rapid.T) {
		for _, line := range anyEvents(t) {
			if !json.Valid(line) {
				t.Fatalf("%s", line)
			}
		}
	})
}

func FuzzImport(f *testing.F) {
	for _, l := range canonical {
		f.Add([]byte(l))
	}
	f.Add([]byte(`{"id":"e1","event":"request_answered" , "x":{"a":[1,"}"]},"y":"\\\"","time":"2026-01-01T00:00:00Z","request":"r","latency_ms":-1.5e3,"citations":[[]]}`))
	w, db := open(f)
	f.Fuzz(func(t *testing.T, line []byte) {
		if _, err := db.Write.ExecContext(t.Context(), "DELETE FROM demand_events"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Write.ExecContext(t.Context(), "DELETE FROM demand_packs"); err != nil {
			t.Fatal(err)
		}
		n, err := w.Import(t.Context(), bytes.NewReader(line), func(_ int, err error) {
			var p *demand.ParseError
			if !errors.As(err, &p) || p.Reason == "" {
				t.Fatal(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		first := export(t, w)
		if strings.Count(first, "\n") != n {
			t.Fatalf("%d stored, exported %q", n, first)
		}
		if _, err := w.Report(t.Context(), demand.Query{}); err != nil {
			t.Fatal(err)
		}
		for l := range strings.SplitSeq(strings.TrimSuffix(first, "\n"), "\n") {
			if l != "" && !json.Valid([]byte(l)) {
				t.Fatalf("%q", l)
			}
		}
		if _, err := db.Write.ExecContext(t.Context(), "DELETE FROM demand_events"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Write.ExecContext(t.Context(), "DELETE FROM demand_packs"); err != nil {
			t.Fatal(err)
		}
		if bad := importAll(t, w, first); len(bad) > 0 {
			t.Fatalf("%q: %v", first, bad)
		}
		if second := export(t, w); second != first {
			t.Fatalf("exported %q, then %q", first, second)
		}
	})
}
