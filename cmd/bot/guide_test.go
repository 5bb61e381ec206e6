package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"frontdoor/internal/app"
	"frontdoor/internal/config"
	"frontdoor/internal/playbook"
)

// blocks are the YAML blocks of the guide to playbooks: the examples, each a
// whole playbook, and the configuration that they take.
func blocks(t *testing.T) (examples []string, configuration string) {
	t.Helper()
	guide, err := os.ReadFile("../../docs/playbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(string(guide), -1) {
		switch {
		case strings.HasPrefix(m[1], "id: "):
			examples = append(examples, m[1])
		case strings.HasPrefix(m[1], "people: "):
			configuration = m[1]
		}
	}
	return examples, configuration
}

// The five examples pass as they are pasted, beside the sample catalogue, and
// none takes another's messages.
func TestGuideExamples(t *testing.T) {
	examples, configuration := blocks(t)
	if len(examples) != 5 || configuration == "" {
		t.Fatalf("%d examples, configuration %q", len(examples), configuration)
	}
	dir := t.TempDir()
	for _, name := range []string{"playbooks", "docs"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("../..", name))); err != nil {
			t.Fatal(err)
		}
	}
	var ids, files []string
	for _, text := range examples {
		if lines := strings.Count(text, "\n"); lines > 66 {
			t.Errorf("an example of %d lines is longer than a page:\n%.60s", lines, text)
		}
		id := strings.TrimPrefix(text[:strings.IndexByte(text, '\n')], "id: ")
		ids, files = append(ids, id), append(files, filepath.Join(dir, "playbooks", id+".yaml"))
		if err := os.WriteFile(files[len(files)-1], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "frontdoor.yaml")
	if err := os.WriteFile(path, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, problems := config.Load(path, func(string) (string, bool) { return "sesame", true })
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	catalogue, problems := app.LoadCatalogue(cfg)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	known, err := app.Known(t.Context(), cfg, catalogue.Set)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(playbook.Lint(catalogue.Set, known), app.Overlaps(catalogue)...) {
		if slices.Contains(files, p.File) {
			t.Errorf("%s:%d: %s", filepath.Base(p.File), p.Line, p.Message)
		}
	}
	outcomes, err := playbook.RunTests(t.Context(), catalogue.Set, app.Rehearsal(cfg, catalogue))
	if err != nil {
		t.Fatal(err)
	}
	ran := map[string]int{}
	for _, o := range outcomes {
		ran[o.Playbook]++
		if !o.OK {
			t.Errorf("%s:%d: %s", filepath.Base(o.File), o.Line, o.Message)
		}
	}
	for _, id := range ids {
		if ran[id] < 2 {
			t.Errorf("%s has %d tests", id, ran[id])
		}
	}
}

// The tables name every key that the schema has.
func TestGuideNamesEveryKey(t *testing.T) {
	source, err := playbook.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(source, &schema); err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../docs/playbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, tables, _ := strings.Cut(string(guide), "\n## Every key\n")
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case map[string]any:
			for key, inner := range x {
				if properties, ok := inner.(map[string]any); ok && key == "properties" {
					for name := range properties {
						if !regexp.MustCompile("[`{ ]" + name + "[`:}]").MatchString(tables) {
							t.Errorf("the guide does not name the key %s", name)
						}
					}
				}
				walk(inner)
			}
		case []any:
			for _, inner := range x {
				walk(inner)
			}
		}
	}
	walk(schema)
}

// The guide to the command line lists every command that there is, and none
// that there isn't.
func TestGuideListsEveryCommand(t *testing.T) {
	parser, err := kong.New(&cli{}, kong.Name("bot"), kong.Vars{"mix": "x"})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, leaf := range parser.Model.Leaves(true) {
		want = append(want, "bot "+strings.TrimPrefix(leaf.FullPath(), "bot "))
	}
	guide, err := os.ReadFile("../../docs/command-line.md")
	if err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(string(guide), "\n## Exit codes\n")
	var got []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(bot [a-z -]+)` \\|").FindAllStringSubmatch(table, -1) {
		got = append(got, m[1])
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the guide lists\n%s\nthere are\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
