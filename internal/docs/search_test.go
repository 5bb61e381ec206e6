package docs

import (
	"os"
	"path/filepath"
	"testing"
)

// write makes a folder of the files and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// built is the index of one unnamed source of the files.
func built(t *testing.T, files map[string]string) *Index {
	t.Helper()
	x, _, err := Build(t.Context(), []Source{{Dir: write(t, files)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

var handbook = map[string]string{
	"deploying.md":       "# Deploying\n\nHow a change reaches production.\n\n## Roll back\n\nRoll back a deploy with `hb rollback`. It takes a minute.\n\n## Canary\n\nA canary gets five percent of the traffic.\n",
	"databases/new.md":   "# A new database\n\nAsk the data team for a database. PostgresCluster objects make one.\n",
	"databases/index.md": "# Databases\n\nEverything about databases.\n",
	"costs.md":           "# Costs\n\nEach team sees its costs every Monday.\n",
}

func TestSearch(t *testing.T) {
	x := built(t, handbook)
	for _, c := range []struct {
		name, question, page, anchor string
		in                           []Filter
	}{
		{name: "heading", question: "how do I roll back?", page: "deploying.md", anchor: "roll-back"},
		{name: "misspelt", question: "canery", page: "deploying.md", anchor: "canary"},
		{name: "part of a compound", question: "postgres", page: "databases/new.md", anchor: "a-new-database"},
		{name: "two words as one", question: "postgres cluster", page: "databases/new.md", anchor: "a-new-database"},
		{name: "plural", question: "cost", page: "costs.md", anchor: "costs"},
		{name: "filtered", question: "deploy a database", page: "deploying.md", anchor: "roll-back", in: []Filter{"deploy*.md"}},
		{name: "common words only", question: "what is the", page: "", in: nil},
		{name: "nothing", question: "", page: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			results := x.Search(c.question, 3, c.in...)
			if c.page == "" {
				if len(results) > 1 {
					t.Fatalf("got %v", results)
				}
				return
			}
			if len(results) == 0 || results[0].Page != c.page || results[0].Anchor != c.anchor {
				t.Fatalf("got %+v, want %s#%s first", results, c.page, c.anchor)
			}
			for i, r := range results {
				for _, other := range results[:i] {
					if r.Page == other.Page {
						t.Errorf("%s is there twice", r.Page)
					}
				}
			}
		})
	}
}
