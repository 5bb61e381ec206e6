package eval

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// makeFrom makes questions of the files.
func makeFrom(t *testing.T, files map[string]string) Made {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text+strings.Repeat("| of "+name+" nobody asks | what stands in a table | "+name+" |\n", 12)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m, err := Make(dir, 10)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMake(t *testing.T) {
	files := map[string]string{
		"a/logs.md": "---\ntitle: Logs are kept\n---\n# Logs\n\n## How long are `logs` kept {#kept}\n\nShort.\n\n```\n## not a heading at all\n```\n\n" +
			"Whoever wants [costs](../costs.md) to stay low\nkeeps fewer lines of each service.\n\n",
		"costs.md": "# Costs\n\nTeams see what their services cost on every Monday morning, in one table.\n\n",
	}
	m := makeFrom(t, files)
	got := map[string][]string{}
	for _, q := range m.Questions {
		got[q.Kind+" "+q.Query] = q.Relevant
	}
	// A paragraph asks once, of its page or of the one that it leads to.
	want := map[string][]string{
		"heading How long are logs kept": {"a/logs.md"},
		"sentence Teams see what their services cost on every Monday morning, in one table.": {"costs.md"},
		"link Whoever wants costs to stay low keeps fewer lines of each service.":            {"costs.md"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if again := makeFrom(t, files); !reflect.DeepEqual(again.Questions, m.Questions) {
		t.Errorf("again %v", again.Questions)
	}

	dir := t.TempDir()
	if err := m.Write(dir, func(name string) bool { return name == "costs.md" }); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadFile(filepath.Join(dir, "a", "logs.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"How long are", "Whoever wants"} {
		if strings.Contains(string(left), gone) {
			t.Errorf("%q is still there", gone)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "costs.md")); !os.IsNotExist(err) {
		t.Errorf("costs.md: %v", err)
	}
}

func TestTwins(t *testing.T) {
	same := strings.Repeat("These are the same words in two versions of one page, as happens. ", 9)
	m := makeFrom(t, map[string]string{"v1/a.md": "# A\n\n" + same + "\n", "v2/a.md": "# A\n\n" + same + "\n", "b.md": "# Other\n\nOf other things, which have words of their own and nothing beside that.\n"})
	if got := m.twins["v1/a.md"]; !slices.Equal(got, []string{"v2/a.md"}) {
		t.Errorf("twins %v", m.twins)
	}
}
