package playbook_test

import (
	"strings"
	"testing"

	"frontdoor/internal/playbook"
)

// TestSketchOfAnything wants a file that is read back as it was said.
func TestSketchOfAnything(t *testing.T) {
	for _, said := range []string{
		"plain words", "it's: a #trap", "- dash", "yes", "null", "1e3", "0x1F", "2026-11-01", "*star", "&anchor", "!tag", "%percent", "@at", "`code`",
		`"quoted"`, "'single'", "ends with:", "a  b\tc\nd", "käse 🧀 größer", "{braces} and [brackets]", "${inputs.x}", "~", "? what", "| pipe", "> more", "bad \xff byte \x00\x1b[31m", strings.Repeat("long ", 200),
	} {
		for _, kind := range []string{"answer", "workflow"} {
			s := playbook.Sketch{Kind: kind, ID: "an-id", Title: said, Owner: said, Summary: said, Problem: said, Examples: []string{"say " + strings.NewReplacer("{", "", "}", "").Replace(said)}, Text: said + "\n\n" + said}
			if kind == "workflow" {
				s.Inputs = map[string]string{"one": "string", "two": said + ",other", "three": "integer"}
			}
			if err := s.Complete(&playbook.Set{}); err != nil {
				t.Errorf("%s %q: %v", kind, said, err)
				continue
			}
			src := s.Source("")
			p, found := playbook.Parse("x.yaml", src)
			if strings.Contains(said, "${") {
				continue // an expression is judged as one
			}
			if p == nil {
				t.Errorf("%s %q: %v\n%s", kind, said, found, src)
				continue
			}
			if p.Title != s.Title || p.Owner != s.Owner || p.Match.Examples[0] != s.Examples[0] || len(found) > 0 {
				t.Errorf("%s %q: got %q, %q, %q, %v", kind, said, p.Title, p.Owner, p.Match.Examples[0], found)
			}
		}
	}
}

func TestSketchProposes(t *testing.T) {
	set, found := playbook.Load("testdata/good")
	if set == nil {
		t.Fatal(found)
	}
	tests := []struct{ title, kind, topic, id string }{
		{"Create a Postgres database", "workflow", "databases", "create-postgres-database"},
		{"How do I deploy?", "answer", "deploys", "deploy"},
		{"Create", "workflow", "databases", "create"},
	}
	for _, tt := range tests {
		s := playbook.Sketch{Kind: tt.kind, Title: tt.title, Owner: "o", Examples: []string{"x"}, Text: "x"}
		if err := s.Complete(set); err != nil {
			t.Error(err)
		}
		if s.Topic != tt.topic || s.ID != tt.id {
			t.Errorf("%s: got the topic %q and the id %q", tt.title, s.Topic, s.ID)
		}
	}
	if err := (&playbook.Sketch{Kind: "answer", Title: "日本", Owner: "o", Examples: []string{"x"}, Text: "x"}).Complete(set); err == nil {
		t.Error("an id is made of nothing")
	}
}
