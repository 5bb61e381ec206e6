package playbook_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update rewrites it. Got:\n%s", name, got)
	}
}

func printed(found problem.List) string {
	var b strings.Builder
	for _, p := range found {
		fmt.Fprintf(&b, "%s\n    key %s\n", p, p.Key)
		for line := range strings.Lines(p.Excerpt) {
			b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
		}
	}
	return b.String()
}

func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, found := playbook.Parse(filepath.Base(file), src)
			if p != nil || found.Err() == nil {
				t.Error("a file with mistakes gives a playbook")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", printed(found))
		})
	}
}

func TestLoadGood(t *testing.T) {
	s, found := playbook.Load("testdata/good")
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/good.golden", printed(found))
	p := s.ByCommand("db create")
	if p == nil || p != s.ByID("postgres-create") || len(s.Playbooks) != 2 {
		t.Fatalf("got %v of %d", p, len(s.Playbooks))
	}
	in, ok := p.Flow.Input("environment")
	if !ok || in.Default != "dev" || len(in.Options) != 3 {
		t.Errorf("got %+v", in)
	}
	if got := p.Flow.Steps[1]; got.Until == "" || got.Every.Seconds() != 5 || got.OnUnknown != playbook.Retry || got.Schema["type"] != "object" {
		t.Errorf("got %+v", got)
	}
	if got := fmt.Sprint(p.Needs()); got != "{[db_api] [db_api_token pg_password] [bot psql] [engineering dba]}" {
		t.Error(got)
	}
	if got := p.Flow.Result.Links[0].Label + p.Flow.Steps[5].Action.Kind() + p.Flow.Steps[7].Action.Sleep.For.String(); got != "Consolemessage1m30s" {
		t.Error(got)
	}
}

// TestGuide holds the guide's examples against the reader: every block that is
// a whole file.
func TestGuide(t *testing.T) {
	src, err := os.ReadFile("../../docs/playbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	playbooks := 0
	for block := range strings.SplitSeq(string(src), "```yaml\n") {
		block, _, _ = strings.Cut(block, "```")
		switch {
		case strings.HasPrefix(block, "id: "):
			playbooks++
			if p, found := playbook.Parse("docs/playbooks.md", []byte(block)); p == nil {
				t.Error(found)
			}
		case strings.HasPrefix(block, "topics:"):
			if tax, found := playbook.ParseTaxonomy("docs/playbooks.md", []byte(block)); tax == nil {
				t.Error(found)
			}
		}
	}
	if playbooks < 5 {
		t.Errorf("the guide has %d complete playbooks, and promises five", playbooks)
	}
}
