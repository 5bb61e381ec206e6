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
