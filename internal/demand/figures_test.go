package demand_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"frontdoor/internal/demand"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// plain turns figures into what naive.report returns.
func plain(figures []demand.Figure) map[string]string {
	out := map[string]string{}
	for _, f := range figures {
		value := "null"
		switch {
		case f.Value != nil && f.Denominator != nil:
			value = fmt.Sprintf("%.12g", *f.Value)
		case f.Value != nil:
			value = fmt.Sprintf("%.0f", *f.Value)
		}
		if f.Denominator != nil {
			value += fmt.Sprintf(" %d/%d", *f.Numerator, *f.Denominator)
		}
		out[f.Figure+"/"+f.Group] = value
	}
	return out
}

func compare(t interface {
	Helper()
	Fatalf(string, ...any)
}, got, want map[string]string,
) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if got[key] != want[key] {
			t.Fatalf("%s is %q, the naive computation says %q", key, got[key], want[key])
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Fatalf("%s = %q is not in the naive computation", key, got[key])
		}
	}
}

// anyEvents draws a crowded little world: few requests, people and topics, and
// times that fall together on the hour or just beside it, over ten days.
func anyEvents(t *rapid.T) [][]byte {
	n := rapid.IntRange(1, 60).Draw(t, "events")
	start := time.Date(2026, 10, 29, 0, 0, 0, 0, time.UTC)
	pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(t, name) }
	var lines [][]byte
	for i := range n {
		at := start.Add(time.Duration(rapid.IntRange(0, 240).Draw(t, "hour")) * time.Hour)
		at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, -1, 1005, 15_250_125, 1_234_500}).Draw(t, "ms")) * time.Millisecond)
		e := demand.Event{
			ID:      fmt.Sprintf("e%d", rapid.IntRange(0, 1000).Draw(t, "id")*100+i),
			Request: pick("request", "a", "b", "c", "d", "e", "f"),
			Time:    at,
			Actor:   pick("actor", "p1", "p2", "p3"),
			Run:     "run", Step: "s", OK: true,
			Playbook: pick("playbook", "x", "y"),
			Reason:   pick("reason", demand.NoPlaybook, "no_access"),
			How:      pick("how", demand.Confirmed, "stale"),
			Value:    pick("value", demand.Helpful, demand.Unhelpful, demand.Solved),
		}
		e.Name = rapid.SampledFrom([]demand.Name{
			demand.RequestReceived, demand.RequestReceived, demand.RequestReceived, demand.RequestReceived,
			demand.RequestAnswered, demand.RequestAnswered, demand.RequestAnswered, demand.RequestMatched,
			demand.RequestClarified, demand.RequestRefused, demand.RequestUnmatched, demand.RequestIgnored,
			demand.RequestEscalated, demand.RequestResolved, demand.RequestResolved, demand.RequestReopened,
			demand.RunStarted, demand.RunSucceeded, demand.RunFailed, demand.RunStepFinished,
			demand.FeedbackGiven, demand.FeedbackGiven, demand.FeedbackGiven, demand.HumanAnswered, demand.HumanAnswered,
		}).Draw(t, "name")
		switch {
		case e.Name == demand.RequestReceived:
			e.Team, e.Channel = pick("team", "", "t1", "t2"), pick("channel", "c1", "c2", "")
			e.Tags.Topic = pick("topic", "", "deploys", "ci")
		case e.Name == demand.HumanAnswered && rapid.Bool().Draw(t, "thread"):
			e.Request, e.Channel, e.Thread = "", pick("channel", "c1", "c3"), pick("thread", "1", "2")
		}
		lines = append(lines, e.Line())
	}
	return lines
}

func TestFiguresEqualANaiveComputation(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lines := anyEvents(rt)
		base := time.Date(2026, 10, 29, 0, 0, 0, 0, time.UTC)
		hour := func(name string) time.Time {
			return base.Add(time.Duration(rapid.IntRange(0, 400).Draw(rt, name)) * time.Hour)
		}
		q := demand.Query{Now: hour("now")}
		if rapid.Bool().Draw(rt, "bounded") {
			q.Since, q.Until = hour("since"), hour("until")
		}
		q.By = rapid.SampledFrom([]demand.By{"", demand.ByTopic, demand.ByPlaybook, demand.ByTeam, demand.ByChannel, demand.ByWeek}).Draw(rt, "by")
		q.SmallGroup = rapid.IntRange(0, 3).Draw(rt, "small")
		want := newNaive(lines, q.Now, q.Since, q.Until).report(string(q.By), q.SmallGroup)

		// Any order, any repeats, in any portions, by either way in.
		arriving := rapid.Permutation(append(slices.Clone(lines), lines[:rapid.IntRange(0, len(lines)).Draw(rt, "repeated")]...)).Draw(rt, "order")
		w, db := open(t)
		defer func() { _ = db.Close() }()
		for len(arriving) > 0 {
			n := rapid.IntRange(1, len(arriving)).Draw(rt, "portion")
			var err error
			if rapid.Bool().Draw(rt, "import") {
				_, err = w.Import(t.Context(), bytes.NewReader(bytes.Join(arriving[:n], []byte("\n"))), func(line int, err error) { rt.Fatal(line, err) })
			} else {
				err = w.Record(t.Context(), arriving[:n])
			}
			if err != nil {
				rt.Fatal(err)
			}
			arriving = arriving[n:]
		}
		figures, err := w.Report(t.Context(), q)
		if err != nil {
			rt.Fatal(err)
		}
		compare(rt, plain(figures), want)
	})
}

// TestYear holds the generated year against the naive computation and its
// golden file.
func TestYear(t *testing.T) {
	var lines [][]byte
	for e := range aYear(7, 600) {
		lines = append(lines, e.Line())
	}
	w, _ := open(t)
	shuffled := slices.Clone(lines)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	if err := w.Record(t.Context(), shuffled); err != nil {
		t.Fatal(err)
	}
	now := yearStart.AddDate(1, 0, 0)
	var golden bytes.Buffer
	for _, by := range []demand.By{"", demand.ByTopic, demand.ByPlaybook, demand.ByTeam, demand.ByChannel, demand.ByWeek} {
		figures, err := w.Report(t.Context(), demand.Query{Now: now, By: by, SmallGroup: 2})
		if err != nil {
			t.Fatal(err)
		}
		compare(t, plain(figures), newNaive(lines, now, time.Time{}, time.Time{}).report(string(by), 2))
		if by != "" && by != demand.ByTopic {
			continue
		}
		for _, f := range figures {
			line, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			golden.Write(append(line, '\n'))
		}
	}
	path := filepath.Join("testdata", "year.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, golden.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(golden.Bytes(), want) {
		t.Errorf("the figures of the year changed; look at the difference, then run the test with -update:\n%s", golden.Bytes())
	}
}
