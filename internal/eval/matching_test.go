package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"frontdoor/internal/playbook"
)

// ownPool is the made-up platform that package intents is tested on.
func ownPool(t *testing.T) Pool {
	t.Helper()
	b, err := os.ReadFile("../intents/testdata/catalogue.json")
	if err != nil {
		t.Fatal(err)
	}
	var shelf []struct {
		ID, Title, Summary string
		Examples, Not      []string
		Inputs             []struct{}
	}
	if err := json.Unmarshal(b, &shelf); err != nil {
		t.Fatal(err)
	}
	p := Pool{Name: "own"}
	for _, s := range shelf {
		made := &playbook.Playbook{ID: s.ID, Title: s.Title, Summary: s.Summary, Match: playbook.Match{Examples: s.Examples, Not: s.Not}}
		if s.Inputs != nil {
			made.Flow = &playbook.Workflow{}
		} else {
			made.Answer = &playbook.Answer{Text: s.Summary}
		}
		p.Playbooks = append(p.Playbooks, made)
	}
	b, err = os.ReadFile("../intents/testdata/messages.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var s Sent
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		p.Messages = append(p.Messages, s)
	}
	return p
}

// TestMatching compares the figures of small catalogues drawn from the
// project's own with the golden file.
func TestMatching(t *testing.T) {
	pool := ownPool(t)
	var b strings.Builder
	fmt.Fprintln(&b, MatchingHead)
	for _, d := range []Draw{
		{Playbooks: 5, Examples: 4, Times: 20, Seed: 1},
		{Playbooks: 10, Examples: 4, Times: 10, Seed: 1},
		{Playbooks: 20, Examples: 4, Times: 5, Seed: 1},
		{Playbooks: 5, Examples: 4, Times: 20, Seed: 2},
		{Playbooks: 10, Examples: 4, Times: 10, Seed: 2},
	} {
		m, err := Match(pool, d)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, m)
	}
	const golden = "testdata/matching.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("%s differs; go test -update rewrites it.\ngot:\n%s\nwant:\n%s", golden, got, want)
	}
}
