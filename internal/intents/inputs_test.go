package intents

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"frontdoor/internal/playbook"
)

// TestInputs compares what is taken from the messages of testdata/inputs.txt
// with what a person would take, and the ones that went wrong with the golden
// file.
func TestInputs(t *testing.T) {
	t.Parallel()
	books := make(map[string]*playbook.Playbook)
	for _, p := range shelfOf(t, "inputs.json") {
		books[p.ID] = p
	}
	text, err := os.ReadFile(filepath.Join("testdata", "inputs.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var wrong strings.Builder
	right, all := 0, 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		id, rest, _ := strings.Cut(strings.TrimSpace(line), ": ")
		said, want, ok := strings.Cut(rest, " => ")
		if books[id] == nil || !ok {
			t.Fatalf("no case: %s", line)
		}
		want, refused, _ := strings.Cut(want, " ! ")
		inputs, rejected := Extract(books[id], said, testNow())
		var names []string
		for _, r := range rejected {
			names = append(names, r.Input)
			if r.Reason == "" || r.Value == "" {
				t.Errorf("%s: rejects %+v without a word", said, r)
			}
		}
		all++
		if slices.Equal(names, strings.Fields(refused)) && sameValues(t, inputs, want) {
			right++
			continue
		}
		got, err := json.Marshal(inputs)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&wrong, "%s: %s\n    got  %s ! %s\n    want %s ! %s\n", id, said, got, strings.Join(names, " "), want, refused)
	}
	golden(t, "inputs.golden", fmt.Sprintf("exactly right %d of %d, %.1f %%\n\n%s", right, all, 100*float64(right)/float64(all), wrong.String()))
}

// sameValues compares typed inputs with their JSON.
func sameValues(t *testing.T, inputs map[string]any, want string) bool {
	t.Helper()
	b, err := json.Marshal(inputs)
	if err != nil {
		t.Fatal(err)
	}
	var a, w map[string]any
	if err := json.Unmarshal(b, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	return reflect.DeepEqual(a, w)
}

// FuzzExtract reads any text for every playbook of testdata/inputs.json: a
// value that is taken is one that the input takes.
func FuzzExtract(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "inputs.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		_, said, _ := strings.Cut(strings.TrimSpace(line), ": ")
		said, _, _ = strings.Cut(said, " => ")
		f.Add(said)
	}
	f.Add("*.*. half a a dozen twenty and a half 1h1h1h 5-gig --no- <http|> \xff €")
	books := shelfOf(f, "inputs.json")
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range books {
			inputs, rejected := Extract(p, text, testNow())
			for _, in := range p.Flow.Inputs {
				v, ok := inputs[in.Name]
				if !ok || in.Type == playbook.Boolean || in.Type == playbook.Someone {
					continue
				}
				if _, err := ParseValue(in, fmt.Sprint(v), testNow()); err != nil {
					t.Errorf("%q: %s is %v: %v", text, in.Name, v, err)
				}
			}
			for _, r := range rejected {
				if _, both := inputs[r.Input]; both {
					t.Errorf("%q: %s is taken and rejected", text, r.Input)
				}
			}
		}
	})
}
