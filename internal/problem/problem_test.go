package problem_test

import (
	"testing"

	"frontdoor/internal/problem"
)

func TestNearest(t *testing.T) {
	known := []string{"command", "examples", "not", "patterns", "db"}
	for word, want := range map[string]string{
		"comand": "command", "Command": "command", "exmaples": "examples", "nott": "not", "paterns": "patterns",
		"zebra": "", "exam": "examples", "commander": "command", "pa": "", "no": "not", "x": "", "bd": "db", "": "",
	} {
		if got := problem.Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"é", "e", 1}} {
		if got := problem.Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestList(t *testing.T) {
	l := problem.List{
		{File: "a.yaml", Line: 3, Column: 5, Severity: problem.Error, Message: "bad", Hint: "write good"},
		{File: "a.yaml", Severity: problem.Warning, Message: "odd"},
	}
	if got := l.Error(); got != "a.yaml:3:5: bad (write good)\na.yaml: warning: odd" {
		t.Error(got)
	}
	if l.Err() == nil || l.Warnings().Err() != nil || len(l.Errors()) != 1 {
		t.Error("a warning counts as an error, or an error doesn't")
	}
}
