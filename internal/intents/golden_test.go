package intents

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"frontdoor/internal/playbook"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// shelved is a playbook as testdata/catalogue.json writes it.
type shelved struct {
	ID, Title, Summary, Command string
	Examples, Not, Patterns     []string
	Inputs                      []struct {
		Name, Type, Pattern string
		Options             []string
		Min, Max            *float64
		Default             any
		Optional            bool
	}
}

// catalogue is the made-up platform of testdata.
func catalogue(tb testing.TB) []*playbook.Playbook {
	tb.Helper()
	return shelfOf(tb, "catalogue.json")
}

// shelfOf is the playbooks of a file of testdata.
func shelfOf(tb testing.TB, name string) []*playbook.Playbook {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	var shelf []shelved
	if err := json.Unmarshal(b, &shelf); err != nil {
		tb.Fatal(err)
	}
	out := make([]*playbook.Playbook, len(shelf))
	for i, s := range shelf {
		p := &playbook.Playbook{ID: s.ID, Title: s.Title, Summary: s.Summary, Match: playbook.Match{
			Command: s.Command, Examples: s.Examples, Not: s.Not, Patterns: s.Patterns,
		}}
		if s.Inputs != nil {
			p.Flow = &playbook.Workflow{}
			for _, in := range s.Inputs {
				p.Flow.Inputs = append(p.Flow.Inputs, playbook.Input{
					Name: in.Name, Type: playbook.InputType(in.Type), Pattern: in.Pattern,
					Options: in.Options, Min: in.Min, Max: in.Max, Default: in.Default, Optional: in.Optional,
				})
			}
		} else {
			p.Answer = &playbook.Answer{Text: s.Summary}
		}
		out[i] = p
	}
	return out
}

// sentMessage is a labelled message of testdata: no playbook is out of scope,
// nil inputs are not judged.
type sentMessage struct {
	Text     string
	Playbook string
	Inputs   map[string]any
}

func messages(tb testing.TB) []sentMessage {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "messages.jsonl"))
	if err != nil {
		tb.Fatal(err)
	}
	var out []sentMessage
	for line := range bytes.Lines(b) {
		var s sentMessage
		if err := json.Unmarshal(line, &s); err != nil {
			tb.Fatalf("%s: %v", line, err)
		}
		for k, v := range s.Inputs {
			if f, ok := v.(float64); ok {
				s.Inputs[k] = int64(f)
			}
		}
		out = append(out, s)
	}
	return out
}

// TestQuality compares the figures on the package's own catalogue, and every
// message that went wrong, with the golden file: a change of the matcher shows
// in its diff.
func TestQuality(t *testing.T) {
	t.Parallel()
	m, err := NewMatcher(catalogue(t), testNow)
	if err != nil {
		t.Fatal(err)
	}
	var wrong strings.Builder
	var in, right, asked, top, out, silent, inputs, inputsRight int
	var ins, outs []float64
	for _, s := range messages(t) {
		got := m.Match(s.Text, nil)
		said := strings.TrimSpace(got.Decision + " " + got.Playbook)
		if s.Playbook == "" {
			out++
			outs = append(outs, got.Confidence)
			if got.Decision == None {
				silent++
			} else {
				fmt.Fprintf(&wrong, "%-9s %.2f %s, want none: %s\n", "outside", got.Confidence, said, s.Text)
			}
			continue
		}
		in++
		ins = append(ins, got.Confidence)
		if len(got.Candidates) > 0 && got.Candidates[0].Playbook == s.Playbook {
			top++
		}
		switch {
		case got.Decision == Matched && got.Playbook == s.Playbook:
			right++
		case got.Decision == Clarify && candidate(got, s.Playbook):
			asked++
			fmt.Fprintf(&wrong, "%-9s %.2f %s, want %s: %s\n", "asked", got.Confidence, said, s.Playbook, s.Text)
		default:
			fmt.Fprintf(&wrong, "%-9s %.2f %s, want %s: %s\n", "wrong", got.Confidence, said, s.Playbook, s.Text)
		}
		if s.Inputs != nil && got.Playbook == s.Playbook {
			inputs++
			if reflect.DeepEqual(got.Inputs, s.Inputs) {
				inputsRight++
			} else {
				fmt.Fprintf(&wrong, "%-9s %v %v, want %v: %s\n", "inputs", got.Inputs, got.Rejected, s.Inputs, s.Text)
			}
		}
	}
	var b strings.Builder
	share := func(name string, n, of int) {
		fmt.Fprintf(&b, "%-36s %d of %d, %.1f %%\n", name, n, of, 100*float64(n)/float64(of))
	}
	share("in scope, matched right", right, in)
	share("in scope, asked with the right one", asked, in)
	share("in scope, best candidate right", top, in)
	share("out of scope, left alone", silent, out)
	share("inputs all right", inputsRight, inputs)
	fmt.Fprintf(&b, "%-36s %.3f\n\n%s", "area under the curve of confidence", *auroc(ins, outs), wrong.String())
	golden(t, "quality.golden", b.String())
}

func candidate(m Match, id string) bool {
	for _, c := range m.Candidates {
		if c.Playbook == id {
			return true
		}
	}
	return false
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test -update rewrites it.\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}
