package intents

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// trainingSet is the examples of the package's catalogue.
func trainingSet(tb testing.TB) []Example {
	tb.Helper()
	m, err := prepare(catalogue(tb), testNow, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return m.examples()
}

// TestTrainIsDeterministic changes the number of processors of the process and
// so must not run beside others.
func TestTrainIsDeterministic(t *testing.T) { //nolint:paralleltest // sets GOMAXPROCS
	set := trainingSet(t)
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	one := Train(set)
	runtime.GOMAXPROCS(7)
	many := Train(set)
	if !slices.Equal(one.weights, many.weights) || !slices.Equal(one.bias, many.bias) || one.scope != many.scope {
		t.Error("the model depends on the number of processors")
	}
}

func TestTrainSmallAndOdd(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("deploy ", 150_000)
	for name, set := range map[string][]Example{
		"nothing":        nil,
		"no words":       {{Text: "", Intent: "a"}, {Text: "!!", Intent: "b"}},
		"one intent":     {{Text: "deploy it", Intent: "a"}},
		"one each":       {{Text: "deploy it", Intent: "a"}, {Text: "new database", Intent: "b"}},
		"same text":      {{Text: "deploy it", Intent: "a"}, {Text: "deploy it", Intent: "b"}, {Text: "deploy it", Intent: "c"}},
		"no label":       {{Text: "deploy it"}},
		"emoji and more": {{Text: "🚀🚀", Intent: "a"}, {Text: "データベースを作成", Intent: "b"}, {Text: "créer une base", Intent: "c"}, {Text: "\xff\xfe", Intent: "d"}},
		"a megabyte":     {{Text: long, Intent: "a"}, {Text: "new database", Intent: "b"}},
	} {
		m := Train(set)
		for _, text := range []string{"", "deploy it", "🚀", "データベース", long, "\xff\x00", strings.Repeat("x", 1<<20)} {
			p := m.Predict(text)
			if math.IsNaN(p.Score) || p.Score < 0 || p.Score > 1 {
				t.Errorf("%s: Predict(%.20q) = %+v", name, text, p)
			}
			if p.Top != "" && !slices.Contains(m.Intents(), p.Top) {
				t.Errorf("%s: top %q is no intent", name, p.Top)
			}
		}
	}
	if p := Train([]Example{{Text: "🚀", Intent: "rocket"}, {Text: "データベースを作成", Intent: "db"}}).Predict("データベース"); p.Top != "db" {
		t.Errorf("another script goes to %q", p.Top)
	}
}

func TestPredictFindsItsExamples(t *testing.T) {
	t.Parallel()
	set := trainingSet(t)
	m := Train(set)
	for _, e := range set {
		if p := m.Predict(e.Text); p.Top != e.Intent && e.Weight == 0 {
			t.Errorf("%q is an example of %s and goes to %s", e.Text, e.Intent, p.Top)
		}
	}
}

// TestRetrain changes one intent and expects that the others' classifiers stay
// to the bit and that the changed one has learnt.
func TestRetrain(t *testing.T) {
	t.Parallel()
	set := trainingSet(t)
	m := Train(set)
	changed := append(slices.Clone(set), Example{Text: "fetch the wheelbarrow from the garden", Intent: "vpn-help"}, Example{Text: "fetch the logs of the vpn certificate", Intent: "garden"})
	n := m.retrain(changed, map[string]bool{"vpn-help": true})
	if got := n.Predict("fetch the logs of the vpn certificate").Top; got != "garden" {
		t.Errorf("the new intent's example goes to %q", got)
	}
	k, was := len(n.intents), len(m.intents)
	if k != was+1 {
		t.Fatalf("%d intents, want one more than %d", k, was)
	}
	kept := slices.Index(n.intents, "deploy-service")
	before := slices.Index(m.intents, "deploy-service")
	for f := range m.vocab.idf {
		if n.weights[f*k+kept] != m.weights[f*was+before] {
			t.Fatalf("a classifier that did not change differs at feature %d", f)
		}
	}
	same := m.retrain(set, nil)
	if !slices.Equal(same.weights, m.weights) {
		t.Error("retraining nothing changes the weights")
	}
}

// TestWordsAreBounded checks that what is read of a text is bounded and in
// lower case, whatever the text.
func TestWordsAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		words := wordList(text + strings.Repeat(" more", rapid.IntRange(0, 400).Draw(t, "more")))
		if len(words) > maxTokens {
			t.Fatalf("%d words", len(words))
		}
		for _, w := range words {
			if w == "" || len([]rune(w)) > maxTokenRune || strings.ContainsAny(w, " \t\n") {
				t.Fatalf("word %q", w)
			}
		}
		if again := wordList(strings.Join(words, " ")); len(words) < maxTokens && strings.Join(again, " ") != strings.Join(words, " ") {
			t.Fatalf("%q reads as %q and then as %q", text, words, again)
		}
	})
}

func TestAUROC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, out []float64
		want    float64
	}{
		{[]float64{0.9, 0.8}, []float64{0.1}, 1},
		{[]float64{0.1}, []float64{0.9}, 0},
		{[]float64{0.5}, []float64{0.5}, 0.5},
		{[]float64{0.9, 0.3}, []float64{0.5, 0.1}, 0.75},
	} {
		if got := *auroc(c.in, c.out); got != c.want {
			t.Errorf("auroc(%v, %v) = %v, want %v", c.in, c.out, got, c.want)
		}
	}
}

// wide is a training set of n intents with k examples each, made of the
// catalogue's words with a word of its own.
func wide(tb testing.TB, n, k int) []Example {
	tb.Helper()
	set := trainingSet(tb)
	out := make([]Example, 0, n*k)
	for i := range n {
		for j := range k {
			out = append(out, Example{Text: fmt.Sprintf("%s thing%d", set[(i*7+j*3)%len(set)].Text, i), Intent: fmt.Sprintf("intent-%d", i)})
		}
	}
	return out
}

func TestManyIntents(t *testing.T) {
	t.Parallel()
	m := Train(wide(t, 100, 3))
	right := 0
	for i := range 100 {
		if m.Predict(fmt.Sprintf("about thing%d please", i)).Top == fmt.Sprintf("intent-%d", i) {
			right++
		}
	}
	if right < 90 {
		t.Errorf("%d of 100 intents found by their own word", right)
	}
}

// From manyIntents on the calibration looks at one fold; it must come out as
// that of four does on a set that is hardly smaller.
func TestCalibrationOfManyIntents(t *testing.T) {
	t.Parallel()
	few, many := Train(wide(t, manyIntents-1, 3)), Train(wide(t, manyIntents, 3))
	for _, text := range []string{"restart thing7", "what is the weather like", "create a db called orders for thing120 please"} {
		a, b := few.Predict(text), many.Predict(text)
		if a.InScope != b.InScope || math.Abs(a.Score-b.Score) > 0.1 {
			t.Errorf("%q: %+v of one less, %+v of many", text, a, b)
		}
	}
}

func BenchmarkTrain(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		set := wide(b, n, 5)
		b.Run(fmt.Sprintf("intents=%d", n), func(b *testing.B) {
			for b.Loop() {
				Train(set)
			}
		})
	}
}

func BenchmarkPredict(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		m := Train(wide(b, n, 5))
		b.Run(fmt.Sprintf("intents=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Predict("could you create a db called orders in staging for us")
			}
		})
	}
}
