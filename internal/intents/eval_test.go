package intents

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const smallTrain = `{"text":"deploy orders to staging","intent":"deploy"}
{"text":"ship the api to staging please","intent":"deploy"}

{"text":"release billing","intent":"deploy"}
{"text":"create a postgres database","intent":"database"}
{"text":"i need a new db","intent":"database"}
{"text":"make me a database called orders","intent":"database"}
{"text":"sing a song","intent":"oos"}
`

func TestEvaluate(t *testing.T) {
	t.Parallel()
	test := `{"text":"deploy billing to staging","intent":"deploy","id":7}
{"text":"a new postgres database","intent":"database"}
{"text":"","intent":"oos"}
`
	var got []Judged
	sum, err := Evaluate(strings.NewReader(smallTrain), strings.NewReader(test), func(j Judged) error {
		got = append(got, j)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Top != "deploy" || got[1].Top != "database" || string(got[0].ID) != "7" {
		t.Errorf("judged %+v", got)
	}
	if got[2].Decision != OutOfScope {
		t.Errorf("the empty text is decided %q", got[2].Decision)
	}
	line, err := json.Marshal(sum)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"accuracy", "auroc", "in_scope_accuracy", "oos_recall", "oos_precision", "macro_f1", "ece", "train_cpu_seconds", "us_per_message"} {
		if !strings.Contains(string(line), `"`+key+`":`) {
			t.Errorf("summary %s lacks %s", line, key)
		}
	}
	if *sum.AUROC != 1 || *sum.InScopeAccuracy != 1 {
		t.Errorf("summary %s", line)
	}
}

func TestEvaluateUnknownIsNull(t *testing.T) {
	t.Parallel()
	sum, err := Evaluate(strings.NewReader(smallTrain), strings.NewReader(`{"text":"deploy","intent":"deploy"}`), func(Judged) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if sum.AUROC != nil || sum.OOSRecall != nil || sum.OOSPrecision != nil {
		t.Errorf("%+v: want nil where no row is out of scope", sum)
	}
}

func TestEvaluateRefusesRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ train, test, want string }{
		{"{\"text\":\"a\",\"intent\":\"b\"}\n[]\n", "", "train line 2"},
		{"{\"text\":\"a\",\"intent\":\"b\"}\n", "\n{\"intent\":\"b\"}", "test line 2: \"text\" is missing"},
		{"{\"text\":\"a\",\"intent\":\"\"}\n", "", "train line 1: \"intent\" is missing"},
		{"{\"text\":\"a\",\"intent\":", "", "train line 1"},
	} {
		_, err := Evaluate(strings.NewReader(c.train), strings.NewReader(c.test), func(Judged) error { return nil })
		var row *RowError
		if !errors.As(err, &row) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Evaluate(%q, %q) = %v, want %q", c.train, c.test, err, c.want)
		}
	}
	if _, err := Evaluate(strings.NewReader(`{"text":"a","intent":"oos"}`), strings.NewReader(""), nil); !errors.Is(err, ErrNoExamples) {
		t.Errorf("no example in scope: %v", err)
	}
}
