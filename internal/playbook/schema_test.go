package playbook_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdoor/internal/document"
	"frontdoor/internal/playbook"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestSchemaAgrees holds the printed schema against the reader: what one
// takes, the other takes, as far as a schema can tell.
func TestSchemaAgrees(t *testing.T) {
	src, err := playbook.Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/schema.golden", string(src))
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("playbook.json", tree); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("playbook.json")
	if err != nil {
		t.Fatal(err)
	}
	fits := func(name string, src []byte) error {
		d, _ := document.Parse(name, src)
		asJSON, err := json.Marshal(d.Root.Tree())
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	for _, pattern := range []string{"testdata/good/*.yaml", "../../playbooks/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Base(file) == "taxonomy.yaml" {
				continue
			}
			if err := fits(file, src); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	whole := "id: a\ntitle: T\nsummary: S\nowner: o\nmatch: {command: a}\nworkflow: {inputs: {x: {type: choice, options: [p, q]}}, steps: [{id: one, http: {url: 'https://x'}, timeout: 5s}]}\ntests: [{say: a, expect: {playbook: a}}]\n"
	for _, edit := range [][2]string{
		{"", ""},
		{"owner: o\n", ""},
		{"id: a", "id: A"},
		{"title: T", "title: 4"},
		{"owner", "ownr"},
		{"match: {command: a}", "match: {patterns: [a]}"},
		{"workflow: {", "answer: {text: x}\nworkflow: {"},
		{", options: [p, q]", ""},
		{"type: choice", "type: enum"},
		{"http: {url: 'https://x'}, ", ""},
		{"http: {url: 'https://x'}", "message: x, sleep: 5s"},
		{"http: {url: 'https://x'}", "kubernetes: {}"},
		{"5s", "soon"},
		{"5s", "5"},
		{"say: a, ", ""},
		{"say: a, ", "say: a, run: {}, "},
		{"playbook: a}", "playbok: a}"},
		{"[{id: one", "[{id: One"},
		{"{type: choice, options: [p, q]}", "{type: string, optional: 1}"},
	} {
		src := []byte(strings.Replace(whole, edit[0], edit[1], 1))
		p, found := playbook.Parse("a.yaml", src)
		if err := fits("a.yaml", src); (p != nil) != (err == nil) || (p != nil) != (edit[0] == edit[1]) {
			t.Errorf("%q: the reader says %v, the schema %v", edit, found.Err(), err)
		}
	}
	// Every key says what it is, or an editor has nothing to show.
	var all func(path string, v any)
	all = func(path string, v any) {
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		props, _ := m["properties"].(map[string]any)
		for name, p := range props {
			if d, _ := p.(map[string]any)["description"].(string); d == "" {
				t.Errorf("%s.%s has no description", path, name)
			}
		}
		for k, sub := range m {
			all(path+"."+k, sub)
		}
	}
	all("", tree)
}
