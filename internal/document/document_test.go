package document_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"twice", "a: 1\nb:\n  a: 2\n  a: 3\na: 4\n", "4:3 the key a stands twice, first on line 3|5:1 the key a stands twice, first on line 1"},
		{"tab", "a:\n\tb: 1\n", "2:1 a tab can't indent"},
		{"anchor", "a: &x 1\nb: *x\n", "1:4 anchors and aliases are not used here"},
		{"alias", "b: *x\n", "1:4 anchors and aliases are not used here"},
		{"bomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "1:4 anchors and aliases are not used here"},
		{"merge", "a: {<<: {b: 1}}\n", "1:5 merge keys are not used here"},
		{"tag", "a: !!str 1\n", "1:4 YAML tags are not used here"},
		{"documents", "a: 1\n---\nb: 2\n", "3:1 the file has more than one document"},
		{"latin", "a: caf\xe9\n", "1:7 the file is not UTF-8 text"},
		{"zero", "a: 1\nb: \x00\n", "2:4 the file is not UTF-8 text"},
		{"big", strings.Repeat("# x\n", 1<<20), "0:0 the file has 4194304 bytes, more than 524288"},
		{"deep flow", "a: " + strings.Repeat("[", 200_000), "1:68 lists and objects lie more than 64 deep in each other"},
		{"deep dashes", strings.Repeat("- ", 200_000), "1:129 lists and objects lie more than 64 deep in each other"},
		{"colon", "a: b: c\n", "1:4 this is no YAML: mapping value is not allowed in this context"},
		{"open", "a: [1, 2\n", "1:4 this is no YAML: sequence end token ']' not found"},
		{"infinite", "a: .inf\n", "1:4 infinity and not-a-number are not used here"},
		{"great", "a: 18446744073709551615\n", "1:4 18446744073709551615 is too great a number"},
		{"keys", strings.Repeat("a: 1\n", 100_000), "8001:2 the file has more than 8000 keys and items"},
		{"dashes", strings.Repeat("-\n", 200_000), "8001:1 the file has more than 8000 keys and items"},
		{"key", "? [a]\n: 1\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			_, found := document.Parse("f.yaml", []byte(tt.src))
			t.Log(time.Since(start))
			var got []string
			for _, p := range found {
				got = append(got, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Message))
			}
			if tt.want == "" {
				if found.Err() == nil {
					t.Error("nothing is refused")
				}
				return
			}
			if strings.Join(got, "|") != tt.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), tt.want)
			}
		})
	}
}

// TestSalvage wants every mistake of syntax, and everything else read.
func TestSalvage(t *testing.T) {
	tests := []struct{ name, src, want, rest string }{
		{"fine", "a: 1\n", "", "map[a:1]"},
		{
			"two of three", "a: [1, 2\nb: fine\nc: 'open\n",
			"1:4 a sequence end token ']' not found|3:4 c could not find end character of single-quoted text", "map[a:<nil> b:fine c:<nil>]",
		},
		{"an alias", "access: {channels: [*]}\nb: {c: [*x, &y 1]}\nd: 1\n", "1:21 access anchors|2:9 b anchors", "map[access:<nil> b:<nil> d:1]"},
		{
			"below", "workflow:\n  inputs:\n    name: {type: string\n    size: {type: integer}\n  steps:\n    - id: one\n      message: a: b\n      timeout: 5s\n    - id: two\n      sleep: 5s\nid: x\n",
			"3:11 workflow.inputs.name could not find flow mapping end|7:16 workflow.steps[0].message mapping value is not allowed",
			"map[id:x workflow:map[inputs:map[name:<nil> size:map[type:integer]] steps:[map[id:one message:<nil> timeout:5s] map[id:two sleep:5s]]]]",
		},
		{"at the key's own indentation", "steps:\n- id: one\n  message: a: b\n- id: two\nid: x\n", "3:12 steps[0].message mapping value", "map[id:x steps:[map[id:one message:<nil>] map[id:two]]]"},
		{"a tab", "a:\n\tb: 1\nc: 1\n", "2:1 a a tab can't indent", "map[a:<nil> c:1]"},
		{"in the dash's line", "a:\n  - b: [1\n    c: 2\n  - [x\nd: 1\n", "2:8 a[0].b sequence end|4:5 a[1] sequence end", "map[a:[map[b:<nil> c:2] <nil>] d:1]"},
		{"indented differently", "a:\n    b: 1\n  c: 2\nd: 1\n", "3:3 a ", "map[a:<nil> d:1]"},
		{"comments and blocks", "# one\na: |\n  x: [\n\n  y\n# two\nb: [\nc: 1\n", "7:4 b sequence", "map[a:x: [\n\ny\n b:<nil> c:1]"},
		{"no key", "a: 1\nnonsense\nb: 2\n", "2:1 a a line without a colon", "map[a:<nil> b:2]"},
		{"nothing to save", "[1, 2\n", "1:1  sequence end", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, found := document.Salvage("f.yaml", []byte(tt.src))
			var got []string
			for _, p := range found {
				got = append(got, fmt.Sprintf("%d:%d %s %s", p.Line, p.Column, p.Key, strings.TrimPrefix(p.Message, "this is no YAML: ")))
			}
			wanted := strings.Split(tt.want, "|")
			if tt.want == "" {
				wanted = nil
			}
			same := len(got) == len(wanted)
			for i := range got {
				same = same && strings.HasPrefix(got[i], wanted[i])
			}
			if !same {
				t.Errorf("got  %q\nwant %q", got, wanted)
			}
			if d.Root == nil && tt.rest == "" {
				return
			}
			if rest := fmt.Sprint(d.Root.Tree()); rest != tt.rest {
				t.Errorf("got  %s\nwant %s", rest, tt.rest)
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	for _, src := range []string{"", "\n\n", "# only words\n", "---\n", "\ufeff"} {
		d, found := document.Parse("f.yaml", []byte(src))
		if len(found) > 0 || d.Root != nil && d.Root.Kind != document.Null {
			t.Errorf("%q: got %v, %+v", src, found, d.Root)
		}
	}
}

func TestPositions(t *testing.T) {
	const src = `plain: ab MARK cd
single: 'it''s MARK'
double: "tab\t \u00e9 MARK"
block: |
  first
    second MARK
  third
folded: >
  one
  MARK
list:
  - {key: "MARK", other: é MARK}
`
	d, found := document.Parse("f.yaml", []byte(src))
	if len(found) > 0 {
		t.Fatal(found)
	}
	want := map[string]string{
		"plain": "1:11", "single": "2:16", "double": "3:23", "block": "6:12", "folded": "8:9",
		"list[0].key": "12:12", "list[0].other": "12:28",
	}
	seen := 0
	d.Root.Walk(func(n *document.Node) {
		at := strings.Index(n.Text(), "MARK")
		if at < 0 {
			return
		}
		seen++
		p := n.ProblemIn(len([]rune(n.Text()[:at])), "", "x")
		if got := fmt.Sprintf("%d:%d", p.Line, p.Column); got != want[n.Path()] {
			t.Errorf("%s: got %s, want %s\n%s", n.Path(), got, want[n.Path()], p.Excerpt)
		}
		if d.Find(n.Path()) != n {
			t.Errorf("%s is not found", n.Path())
		}
	})
	if seen != len(want) {
		t.Errorf("saw %d of %d", seen, len(want))
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "1h30m": 90 * time.Minute, "90d": 90 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1.5s": 1500 * time.Millisecond, "250ms": 250 * time.Millisecond, "0": 0,
	} {
		if got, err := document.ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "5", "soon", "-5s", "5 s", "1.2.3s", "999999999w", "5y"} {
		if got, err := document.ParseDuration(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestDecode(t *testing.T) {
	type inner struct {
		Words []string       `yaml:"words"`
		Count map[string]int `yaml:"count"`
	}
	var into struct {
		Name  string        `yaml:"name"`
		Wait  time.Duration `yaml:"wait"`
		On    bool          `yaml:"on"`
		Share float64       `yaml:"share"`
		Inner inner         `yaml:"inner"`
		Own   string        `yaml:"-"`
	}
	d, found := document.Parse("f.yaml", []byte("name: 3\nwait: 5\non: yes\nshare: x\ninner: {words: a, count: {x: 1, y: z}, wrods: [b]}\nmine: x\n"))
	if len(found) > 0 {
		t.Fatal(found)
	}
	var unknown []string
	found = document.Decode(d.Root, &into, func(n *document.Node) { unknown = append(unknown, n.Path()) })
	want := `f.yaml:1:7: name must be a string, not a whole number (put quotes around it)
f.yaml:2:7: wait must be a duration, not a whole number (write a number with its unit, such as 30s, 5m, 24h or 90d)
f.yaml:3:5: on must be true or false, not a string (write true or false)
f.yaml:4:8: share must be a number, not a string (write a number, such as 10)
f.yaml:5:16: inner.words must be a list, not a string (write a list: [a])
f.yaml:5:36: inner.count.y must be a whole number, not a string (write a number, such as 10)
f.yaml:5:40: unknown key wrods (did you mean words?)
f.yaml:6:1: unknown key mine (known here: name, wait, on, share, inner)`
	if found.Error() != want {
		t.Errorf("got:\n%s", found.Error())
	}
	if strings.Join(unknown, " ") != "inner.wrods mine" {
		t.Errorf("unknown: %v", unknown)
	}
}

// FuzzParse looks for a crash, for a hang and for positions outside the file.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: 1", "- a\n- {b: [c, 'd']}", "a: |\n  x\n", "a: >-\n b\n\n c", "'", "\"\\u", "? a\n: b", "a: &x 1", "---\n...\n", "%YAML 1.2", "a: !t 1", "[[[[", "- - - a", "\ta: b", "a: {b: c", "é: ü"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, found := document.Salvage("f", src)
		if _, plain := document.Parse("f", src); (plain.Err() == nil) != (found.Err() == nil) {
			t.Fatalf("%q: Parse says %v, Salvage %v", src, plain, found)
		}
		lines := strings.Count(strings.ReplaceAll(string(src), "\r", "\n"), "\n") + 1
		check := func(p problem.Problem) {
			if p.Line < 0 || p.Line > lines || p.Column < 0 || p.Message == "" {
				t.Fatalf("%q: %+v", src, p)
			}
		}
		for _, p := range found {
			check(p)
		}
		d.Root.Walk(func(n *document.Node) {
			check(n.KeyProblem("", "x"))
			check(n.ProblemIn(len([]rune(n.Text())), "", "x"))
			if d.Find(n.Path()) == nil {
				t.Fatalf("%q: %s is lost", src, n.Path())
			}
		})
	})
}
