//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The questions that the README suggests are answered, and so are two at once.
func TestSuggestedQuestions(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, ask, _ := strings.Cut(string(readme), "**Ask.**")
	ask, _, _ = strings.Cut(ask, "\n")
	var questions []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(ask, -1) {
		if !strings.Contains(m[1], "/") {
			questions = append(questions, m[1])
		}
	}
	if len(questions) < 3 {
		t.Fatalf("the README suggests %q", questions)
	}
	dir := t.TempDir()
	for _, name := range []string{"playbooks", "docs"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("../..", name))); err != nil {
			t.Fatal(err)
		}
	}
	cited := func(question string) (pages []string) {
		for line := range strings.Lines(said(t, dir, question+"\n").out) {
			var reply struct {
				Citations []struct{ Page string }
			}
			if err := json.Unmarshal([]byte(line), &reply); err != nil {
				t.Fatal(err)
			}
			if len(reply.Citations) > 0 {
				pages = append(pages, reply.Citations[0].Page)
			}
		}
		return pages
	}
	for _, q := range questions {
		if len(cited(q)) != 1 {
			t.Errorf("%q is not answered from the docs", q)
		}
	}
	if got := cited(questions[0] + " and how do i get a preview env"); len(got) != 2 || got[0] == got[1] {
		t.Errorf("two questions at once are answered from %q", got)
	}
}
