package docs

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dump writes a page as a golden file shows it: + marks what may be quoted.
func dump(p *page) string {
	var b strings.Builder
	fmt.Fprintf(&b, "title %q generated %v\n", p.title, p.generated)
	for _, s := range p.sections {
		fmt.Fprintf(&b, "%s #%s\n", strings.Repeat("=", max(s.level, 0))+" "+strings.Join(s.titles, " > "), s.anchor)
		for _, bl := range s.blocks {
			fmt.Fprintf(&b, "  %s %q\n", [...]string{"paragraph", "item", "code", "row", "html", "step"}[bl.kind], bl.text)
			for _, sp := range bl.sentences {
				fmt.Fprintf(&b, "    + %q\n", bl.text[sp.Start:sp.End])
			}
		}
	}
	for _, l := range p.links {
		fmt.Fprintf(&b, "link %q to %q\n", l.text, l.to)
	}
	return b.String()
}

func TestPages(t *testing.T) {
	names, err := filepath.Glob("testdata/pages/*.md")
	if err != nil || len(names) == 0 {
		t.Fatal("no pages", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			p, err := newReader().page(filepath.Base(name), strings.TrimSuffix(filepath.Base(name), ".md"), src, func(string) string { return "" })
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(name, ".md") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(dump(p)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got := dump(p); got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestSentences(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"One. Two! Three?", []string{"One.", "Two!", "Three?"}},
		{"Use a tool, e.g. Make, i.e. `make`. Then stop.", []string{"Use a tool, e.g. Make, i.e. `make`.", "Then stop."}},
		{"Version 1.2.3 is out. It runs on v2.", []string{"Version 1.2.3 is out.", "It runs on v2."}},
		{`He said "no." Then he left (at once.) Fine.`, []string{`He said "no."`, "Then he left (at once.)", "Fine."}},
		{"Ask J. Doe about it. No end", []string{"Ask J. Doe about it.", "No end"}},
		{"1. First of all", []string{"1. First of all"}},
		{"", nil},
	} {
		var got []string
		for _, s := range sentences(c.text) {
			got = append(got, c.text[s.Start:s.End])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"ConfigMap updates":        "configmap config+ map+ updates",
		"HTTPServer isn't http-01": "httpserver http+ server+ isn http 01",
		"kube's Überblick 日本":      "kube überblick 日本",
		"snake_case dotted.name":   "snake case dotted name",
		strings.Repeat("x", 100):   "",
	} {
		var got []string
		words(text, func(w string, part bool) {
			if part {
				w += "+"
			}
			got = append(got, w)
		})
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestRejected(t *testing.T) {
	for name, src := range map[string]string{
		"not UTF-8":   "a\xff",
		"quotations":  strings.Repeat("> ", 5000) + "a",
		"lists":       strings.Repeat("1. ", 5000) + "a",
		"definitions": strings.Repeat("[a]: b\n", 6000),
		"links":       strings.Repeat("[a](", 16<<10),
		"emphasis":    strings.Repeat("*a_", 16<<10),
		"by the line": strings.Repeat("*a_\n", 16<<10),
		"paragraphs":  strings.Repeat(strings.Repeat("*a_", 2<<10)+"\n\n", 100),
	} {
		if _, err := newReader().page("a.md", "", []byte(src), nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLargePagesAreRead(t *testing.T) {
	for name, src := range map[string]string{
		"table":      "| a | b |\n| --- | --- |\n" + strings.Repeat("| [`some_long_name`](#x) | *often* |\n", 2000),
		"list":       strings.Repeat("- [one](a.md) and **two**\n", 2000),
		"paragraphs": strings.Repeat("A [link](b.md) and *more* of it.\n\n", 20000),
	} {
		if much := excessive(src); much != "" {
			t.Errorf("%s: %s", name, much)
		}
	}
}

func FuzzPage(f *testing.F) {
	names, _ := filepath.Glob("testdata/pages/*.md")
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src, LayoutHugo)
	}
	f.Add([]byte("---\ntitle: [\n---\n# a {#b}\n\n# a {#b}\n"), LayoutMkDocs)
	r := newReader()
	f.Fuzz(func(t *testing.T, src []byte, layout string) {
		p, err := r.page("a/b.md", layout, src, func(string) string { return "Included." })
		if err != nil {
			if strings.HasPrefix(err.Error(), "cannot be parsed") {
				t.Fatal(err)
			}
			return
		}
		for _, s := range p.sections {
			if s.level > 0 && len(s.titles) == 0 {
				t.Fatal("a heading without title")
			}
			for _, b := range s.blocks {
				if !utf8.ValidString(b.text) || b.kind != Code && strings.Join(strings.Fields(b.text), " ") != b.text {
					t.Fatalf("white space is left in %q", b.text)
				}
				for _, sp := range b.sentences {
					if sp.Start < 0 || sp.End > len(b.text) || sp.Start >= sp.End || !utf8.ValidString(b.text[sp.Start:sp.End]) {
						t.Fatalf("the sentence %v lies outside of %q", sp, b.text)
					}
				}
			}
		}
	})
}
