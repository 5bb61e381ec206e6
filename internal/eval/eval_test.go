package eval

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"frontdoor/internal/answers"
	"frontdoor/internal/docs"
)

var update = flag.Bool("update", false, "write golden files")

// TestQuality compares the figures on the project's own handbook with those
// that were committed, so that a change that costs quality shows in its diff.
func TestQuality(t *testing.T) {
	questions, err := Questions("testdata/handbook-questions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	x, _, err := docs.Build(t.Context(), []docs.Source{{Dir: "../../docs/handbook"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	answerable, _ := Split(questions)
	for _, q := range answerable {
		for _, name := range q.Relevant {
			page, ok := x.Page(name)
			if !ok {
				t.Errorf("%s: there is no page %s", q.ID, name)
			}
			for _, anchor := range q.Anchors {
				if of, at, _ := strings.Cut(anchor, "#"); of == name && !slices.ContainsFunc(page.Headings, func(h docs.Heading) bool { return h.Anchor == at }) {
					t.Errorf("%s: there is no heading %s", q.ID, anchor)
				}
			}
		}
	}
	seen, heldOut := Halves(questions)
	tuned, unseen := Measure(t.Context(), x, seen), Measure(t.Context(), x, heldOut)
	if n := tuned.Answering.Unsupported + unseen.Answering.Unsupported; n > 0 {
		t.Errorf("%d answers are not supported", n)
	}
	got := fmt.Sprintf("%s\n\nheld out:\n%s\n", tuned, unseen)
	const golden = "testdata/quality.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the figures changed; if that is meant, run the test with -update\ngot\n%swant\n%s", got, want)
	}
}

func TestRank(t *testing.T) {
	questions := []Question{
		{Query: "first", Relevant: []string{"a"}},
		{Query: "second", Relevant: []string{"a", "b"}},
		{Query: "never", Relevant: []string{"z"}},
	}
	found := map[string][]string{"first": {"a", "b"}, "second": {"x", "b"}, "never": {"a"}}
	r := Rank(questions, func(q string, _ int) []string { return found[q] })
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	second := (1 / math.Log2(3)) / (1 + 1/math.Log2(3))
	near("nDCG", r.NDCG, (1+second)/3)
	near("MRR", r.MRR, 1.5/3)
	near("recall", r.Recall, 1.5/3)
	near("first", r.First, 1.0/3)
}

func TestFit(t *testing.T) {
	var examples []Example
	for i := range 40 {
		v := float64(i) / 40
		// The first feature tells, the second says the opposite, the rest nothing.
		examples = append(examples, Example{Features: answers.Features{v, 1 - v}, Covered: i >= 20, Group: "g", Weight: 1})
	}
	c := Fit(examples, 0.01)
	if got := AUROC(c, examples); got != 1 {
		t.Errorf("AUROC %v", got)
	}
	if a, b := c.Coefficients[answers.FeatureNames[0]], c.Coefficients[answers.FeatureNames[1]]; a <= 0 || b != 0 {
		t.Errorf("coefficients %v, %v", a, b)
	}
	if got, want := Judge(c, examples), "g AUROC 1.000 (answered 20 of 20, refused 20 of 20)"; got != want {
		t.Errorf("got %s", got)
	}
	if got := Threshold(c, 1, examples); got <= c.Probability(examples[19].Features) || got > c.Probability(examples[20].Features)+0.02 {
		t.Errorf("threshold %v", got)
	}
	if low, high := c.Probability(examples[0].Features), c.Probability(examples[39].Features); low > 0.3 || high < 0.7 {
		t.Errorf("probabilities %v, %v", low, high)
	}
	same := []Example{{Covered: true, Weight: 1}, {Covered: false, Weight: 1}}
	if got := AUROC(c, same); got != 0.5 {
		t.Errorf("equal scores: AUROC %v", got)
	}
}

func TestQuestions(t *testing.T) {
	name := filepath.Join(t.TempDir(), "q.jsonl")
	if err := os.WriteFile(name, []byte("{\"id\":\"1\",\"query\":\"a\",\"relevant\":[\"p/x.md\"]}\nno\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Questions(name); err == nil || !strings.Contains(err.Error(), "q.jsonl:2") {
		t.Errorf("got %v", err)
	}
	below := Below("p", []Question{{ID: "1", Relevant: []string{"p/x.md", "q/y.md"}}, {ID: "2", Relevant: []string{"q/y.md"}}})
	if len(below[0].Relevant) != 1 || below[0].Relevant[0] != "x.md" || len(below[1].Relevant) != 0 {
		t.Errorf("got %v", below)
	}
}

func TestDocs(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.md"), []byte("# Zebras\n\nZebras have stripes all over.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Docs(t.Context(), []docs.Source{{Dir: dir}}, []Question{{ID: "1", Query: "zebras stripes", Relevant: []string{"a.md"}}, {ID: "2", Query: "the weather in town"}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Index.Pages != 1 || r.Ranking.NDCG != 1 || r.Answering.Refused != 1 || r.Answering.Unanswerable != 1 {
		t.Errorf("got %+v", r)
	}
	if !strings.Contains(r.String(), "nDCG@10 1.000") {
		t.Errorf("got %s", r)
	}
}
