package playbook_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdoor/internal/playbook"
)

// TestFilesAsTheyLie loads what directories hold in real life.
func TestFilesAsTheyLie(t *testing.T) {
	put := func(t *testing.T, dir, name, content string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(t *testing.T, dir, to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	book := func(id string) string { return answer(id, "{command: "+id+"}", fixed) }
	tests := []struct {
		name string
		make func(t *testing.T, dir string)
		want []string // ids; nil is a set that is refused
		errs []string // what the errors begin with, below dir
	}{
		{"nothing", func(*testing.T, string) {}, []string{}, nil},
		{"leftovers of editors", func(t *testing.T, dir string) {
			t.Helper()
			put(t, dir, "a.yaml", book("a"))
			for _, name := range []string{"a.yaml~", ".a.yaml.swp", "#a.yaml#", "a.yaml.bak", "a.yaml.new", "4913", "a.yaml___jb_tmp___"} {
				put(t, dir, name, "id: [")
			}
			link(t, dir, "somebody@host.1234:5678", ".#a.yaml")
		}, []string{"a"}, nil},
		{"a mounted ConfigMap", func(t *testing.T, dir string) {
			t.Helper()
			put(t, dir, "..2026_11_01/a.yaml", book("a"))
			put(t, dir, "..2026_11_01/taxonomy.yaml", "topics: [t]")
			link(t, dir, "..2026_11_01", "..data")
			link(t, dir, "..data/a.yaml", "a.yaml")
			link(t, dir, "..data/taxonomy.yaml", "taxonomy.yaml")
		}, []string{"a"}, nil},
		{"directories and folders called like files", func(t *testing.T, dir string) {
			t.Helper()
			put(t, dir, "x.yaml/a.yaml", book("a"))
			put(t, dir, "deep/er/b.yml", book("b"))
			put(t, dir, "deep/taxonomy.yaml", "topics: [")
		}, []string{"b", "a"}, nil},
		{"links in a circle and to nowhere", func(t *testing.T, dir string) {
			t.Helper()
			put(t, dir, "a.yaml", strings.Replace(book("a"), "owner", "ownr", 1))
			link(t, dir, "round.yaml", "round.yaml")
			link(t, dir, "gone.yaml", "lost.yaml")
			link(t, dir, ".", "folder")
		}, nil, []string{"a.yaml:4:1: unknown key ownr", "lost.yaml: can't be read: no such file", "round.yaml: can't be read: too many levels"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			tt.make(t, dir)
			s, found := playbook.Load(dir)
			got := []string{}
			if s != nil {
				for _, p := range s.Playbooks {
					got = append(got, p.ID)
				}
			}
			if (s == nil) != (tt.want == nil) || fmt.Sprint(got) != fmt.Sprint(tt.want) && tt.want != nil {
				t.Errorf("got %v, want %v: %v", got, tt.want, found)
			}
			errs := found.Errors()
			if len(errs) != len(tt.errs) {
				t.Fatalf("got %v", errs)
			}
			for i, p := range errs {
				if !strings.HasPrefix(p.String(), filepath.Join(dir, tt.errs[i])) {
					t.Errorf("got %s, want %s", p, tt.errs[i])
				}
			}
		})
	}
}

// TestReloadSeesASwap moves a file of the same size and time into the place of
// another, as some tools that copy do.
func TestReloadSeesASwap(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-time.Hour)
	put := func(name, id string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(answer(id, "{command: a}", fixed)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, old, old); err != nil {
			t.Fatal(err)
		}
	}
	put(filepath.Join(dir, "a.yaml"), "a")
	first, found := playbook.Load(dir)
	if first == nil {
		t.Fatal(found)
	}
	put(filepath.Join(dir, "a.new"), "b")
	if err := os.Rename(filepath.Join(dir, "a.new"), filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	second, found := playbook.Reload(first, dir)
	if second.ByID("b") == nil {
		t.Errorf("the other file is not seen: %v", found)
	}
}
