package playbook_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"frontdoor/internal/playbook"
)

// answer is a small playbook; extra goes behind it.
func answer(id, match, extra string) string {
	return fmt.Sprintf("id: %s\ntitle: T\nsummary: S\nowner: o\nmatch: %s\nproduct: {problem: p}\ntags: {topic: t}\n%s\n", id, match, extra)
}

const (
	fixed = "answer: {text: x}"
	does  = "workflow: {inputs: {name: {type: string}}, steps: [{id: one, message: hi}]}"
)

func TestSetMistakes(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"fine", map[string]string{"a.yaml": answer("a", "{command: a}", fixed), "sub/b.yml": answer("b", "{command: b}", does)}, nil},
		{"same id", map[string]string{"a.yaml": answer("a", "{command: a}", fixed), "b.yaml": answer("a", "{command: b}", fixed)}, []string{"b.yaml:1:5: the id a is taken by a.yaml"}},
		{"same command", map[string]string{"a.yaml": answer("a", "{command: do it}", fixed), "b.yaml": answer("b", "{command: do it}", fixed)}, []string{`b.yaml:5:18: the command "do it" is taken by a.yaml`}},
		{
			"same example",
			map[string]string{"a.yaml": answer("a", "{examples: [How do I  deploy?]}", fixed), "b.yaml": answer("b", "{examples: [x, how do i deploy]}", fixed)},
			[]string{`b.yaml:5:23: the example "how do i deploy" stands in a.yaml, line 5, too`},
		},
		{"twice in one file", map[string]string{"a.yaml": answer("a", "{examples: [x, X]}", fixed)}, nil},
		{"same command folded", map[string]string{"a.yaml": answer("a", "{command: do it}", fixed), "b.yaml": answer("b", "{command: Do  IT}", fixed)}, []string{`b.yaml:5:18: the command "do it" is taken by a.yaml`}},
		{"a word of the bot's own", map[string]string{"a.yaml": answer("a", "{command: Cancel}", fixed), "b.yaml": answer("b", "{command: cancel order}", fixed)}, []string{"a.yaml:5:18: the word cancel alone is the bot's own (add a word, such as cancel a service)"}},
		{"as Windows writes it", map[string]string{"a.yaml": "\ufeff" + strings.ReplaceAll(strings.Replace(answer("a", "{command: a}", fixed), "owner", "ownr", 1), "\n", "\r\n")}, []string{"a.yaml:4:1: unknown key ownr"}},
		{"not for us", map[string]string{"a.yaml": answer("a", "{command: &x a}", fixed), "b.yaml": answer("b", "{command: b}", fixed) + "---\nid: c\n", "c.yaml": answer("c", "{command: c}", fixed) + "owner: p\n", "d.yaml": "- a\n", "e.yaml": "id: caf\xe9\n", "f.yaml": "  \n# nothing\n", "g.yaml": "---\n"}, []string{
			"a.yaml:5:18: anchors and aliases", "b.yaml:10:1: the file has more than one document", "c.yaml:9:1: the key owner stands twice, first on line 4",
			"d.yaml:1:1: the file must be an object, not a list", "e.yaml:1:8: the file is not UTF-8 text", "f.yaml:1:1: the file is empty", "g.yaml:1:1: the file is empty",
		}},
		{"a copy", map[string]string{"a.yaml": answer("a", "{command: do it, examples: [x, y]}", fixed), "b.yaml": answer("a", "{command: do it, examples: [x, y]}", fixed)}, []string{"b.yaml:1:1: the file says the same as a.yaml (remove one of the two)"}},
		{
			"all files at once",
			map[string]string{
				"a.yaml": strings.Replace(answer("a", "{command: do it, examples: [same thing]}", fixed), "owner", "ownr", 1),
				"b.yaml": answer("b", "{command: do it, examples: ['Same  thing?']}", "answer: {text: x, offer: [ee, d, broken]}"),
				"c.yaml": strings.Replace(answer("c", "{command: c}", does), "topic: t", "topic: datbases", 1), "d.yaml": "id: d\ntitle: [\n",
				"taxonomy.yaml": "topics: [databases, t]", "e.yaml": answer("e", "{command: e}", strings.Replace(does, "hi", "'${inputs.nam} ${steps.one}'", 1)),
			},
			[]string{
				"a.yaml:4:1: unknown key ownr (did you mean owner?)",
				`b.yaml:5:18: the command "do it" is taken by a.yaml`,
				`b.yaml:5:36: the example "Same  thing?" stands in a.yaml, line 5, too`,
				"b.yaml:8:27: there is no playbook ee to offer (known here: c, e)",
				"b.yaml:8:34: there is no playbook broken to offer (known here: c, e)",
				"c.yaml:7:15: taxonomy.yaml has no topic datbases (did you mean databases?)",
				"d.yaml:1:1: summary is missing", "d.yaml:1:1: owner is missing", "d.yaml:1:1: match is missing", "d.yaml:1:1: the playbook has neither",
				"d.yaml:2:8: this is no YAML: sequence end token ']' not found (close it with ])",
				"e.yaml:8:81: there is no input nam (did you mean name?)",
				"e.yaml:8:94: step one has no reply yet at this place (refer to an earlier step)",
			},
		},
		{
			"what can't be read is unknown, not missing",
			map[string]string{
				"a.yaml": answer("a", "{command: a, examples: ['make {x}']}", "workflow:\n  inputs: {x: [\n  steps: [{id: one, message: '${inputs.x}'}]\ntests: [{run: {x: 1}, expect: {result: x}}]"),
				"b.yaml": answer("b", "{command: b}", "workflow: {inptus: {name: {type: string}}, steps: [{id: one, message: '${inputs.name}'}]}"),
				"c.yaml": answer("c", "{command: c}", "workflow: {parameters: {name: {type: string}}, steps: [{id: one, message: '${inputs.name}'}]}"),
				"d.yaml": answer("d", "{command: d}", "workflow:\n  steps:\n    - id: one\n      message: a: b\n    - {http: {url: 'https://x'}}\n    - {id: two, message: '${steps.three.json}'}"),
			},
			[]string{
				"a.yaml:9:15: this is no YAML", "b.yaml:8:12: unknown key inptus (did you mean inputs?)",
				"c.yaml:8:12: unknown key parameters (known here", "d.yaml:11:16: this is no YAML: mapping value is not allowed", "d.yaml:12:7: id is missing",
			},
		},
		{"offer unknown", map[string]string{"a.yaml": answer("a", "{command: a}", "answer: {text: x, offer: [rollbak]}"), "b.yaml": answer("rollback", "{command: b}", does)}, []string{"a.yaml:8:27: there is no playbook rollbak to offer (did you mean rollback?)"}},
		{"offer an answer", map[string]string{"a.yaml": answer("a", "{command: a}", "answer: {text: x, offer: [b]}"), "b.yaml": answer("b", "{command: b}", fixed)}, []string{"a.yaml:8:27: b is an answer, and only workflows can be offered"}},
		{
			"a test of another",
			map[string]string{"a.yaml": answer("a", "{command: a}", fixed+"\ntests: [{say: x, expect: {playbook: b, inputs: {nme: x}}}, {say: y, expect: {playbook: c}}]"), "b.yaml": answer("b", "{command: b}", does)},
			[]string{"a.yaml:9:49: b has no input nme (did you mean name?)", "a.yaml:9:88: there is no playbook c"},
		},
		{"taxonomy", map[string]string{"a.yaml": answer("a", "{command: a}", fixed), "taxonomy.yaml": "topics: {tt: T}"}, []string{"a.yaml:7:15: taxonomy.yaml has no topic t (known here: tt)"}},
		{"bad taxonomy", map[string]string{"a.yaml": answer("a", "{command: a}", fixed), "taxonomy.yaml": "topic: {t: T}\nactions: [a, a]"}, []string{"taxonomy.yaml:1:1: unknown key topic (did you mean topics?)", "taxonomy.yaml:2:14: a stands twice (keep one of the two)"}},
		{"one bad file", map[string]string{"a.yaml": answer("[", "{command: a}", fixed), "b.yaml": answer("b", "{command: b}", fixed)}, []string{"a.yaml:1:5: this is no YAML: sequence end token ']' not found"}},
		{"hidden", map[string]string{"..data/a.yaml": "id: [", ".b.yaml": "x", "b.yaml": answer("b", "{command: b}", fixed), "readme.md": "x"}, nil},
		{"huge", map[string]string{"a.yaml": strings.Repeat("x", 10<<20)}, []string{"a.yaml: the file has 524289 bytes, more than 524288"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for name, content := range tt.files {
				fsys[name] = &fstest.MapFile{Data: []byte(content)}
			}
			s, found := playbook.LoadFS(fsys, "")
			errs := found.Errors()
			if (s == nil) != (len(tt.want) > 0) {
				t.Errorf("a set is loaded whole or not at all: got %v with %v", s != nil, errs)
			}
			if len(errs) != len(tt.want) {
				t.Fatalf("got %v\nwant %q", errs, tt.want)
			}
			for i, p := range errs {
				if !strings.HasPrefix(p.String(), tt.want[i]) {
					t.Errorf("got  %s\nwant %s", p, tt.want[i])
				}
			}
		})
	}
}

func TestLoadNoDirectory(t *testing.T) {
	for _, dir := range []string{filepath.Join(t.TempDir(), "gone"), "testdata/good.golden"} {
		if s, found := playbook.Load(dir); s != nil || found.Err() == nil {
			t.Errorf("%s: got %v", dir, found)
		}
	}
}

func TestReloadTakesOverWhatHasNotChanged(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, age time.Duration) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yaml", answer("a", "{command: a}", fixed), time.Hour)
	write("b.yaml", answer("b", "{command: b}", fixed), time.Hour)
	first, found := playbook.Load(dir)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	write("b.yaml", answer("c", "{command: b}", fixed), time.Minute)
	second, found := playbook.Reload(first, dir)
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	if second.ByID("a") != first.ByID("a") || second.ByID("b") != nil || second.ByID("c") == nil || first.ByID("b") == nil {
		t.Error("a is not taken over, or b not read anew")
	}
	write("b.yaml", "id: [", time.Second)
	if third, found := playbook.Reload(second, dir); third != nil || found.Err() == nil {
		t.Error("a bad file is taken")
	}
}

// TestLintAdvises wants warnings of what loads and hardly works.
func TestLintAdvises(t *testing.T) {
	all := "match: {command: all of it, examples: [all of it please]}\naccess: {groups: ['*']}\ntests: [{say: x, expect: {playbook: none}}]\n"
	head := "id: a\ntitle: T\nsummary: S\nowner: o\nproduct: {problem: p}\ntags: {topic: t}\n"
	flow := "workflow: {inputs: {x: {type: choice, options: [p, q]}}, steps: [{id: one, http: {url: 'https://x'}}, {id: two, if: COND, message: hi}]}\n"
	tests := []struct{ src, want string }{
		{head + all + strings.Replace(flow, "COND", `inputs.x == "p" and steps.one.json.y == 1`, 1), ""},
		{head + all + strings.Replace(flow, "COND", `inputs.x == "r"`, 1), `a.yaml:10:129: warning: x is never "r" (known here: p, q)`},
		{head + all + strings.Replace(flow, "COND", `steps.one.jsn.y == 1`, 1), "a.yaml:10:127: warning: the reply has no field jsn (did you mean json?)"},
		{head + strings.Replace(all, "[all of it please]", "['{x}', word of it]\n  not: [Word of it!]", 1) + flow, ""},
	}
	for i, tt := range tests {
		if i == 3 {
			tt.src = head + "match:\n  examples: ['{x}', word of it]\n  not: [Word of it!]\naccess: {groups: ['*']}\ntests: [{say: x, expect: {playbook: none}}]\n" + strings.Replace(flow, "COND", "true", 1)
			tt.want = "a.yaml:8:14: warning: the example \"{x}\" has no words that tell it from others (write a whole message)\na.yaml:8:21: warning: the example \"word of it\" is among the messages that must not match, too (remove it here or there)"
		}
		s, found := playbook.LoadFS(fstest.MapFS{"a.yaml": {Data: []byte(tt.src)}}, "")
		if s == nil {
			t.Error(found)
			continue
		}
		if got := playbook.Lint(s, playbook.Known{}).Error(); got != tt.want {
			t.Errorf("%d: got\n%s\nwant\n%s", i, got, tt.want)
		}
	}
}

func TestLint(t *testing.T) {
	s, found := playbook.Load("testdata/good")
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	known := playbook.Known{
		Groups: []string{"dba", "enginering"}, Secrets: []string{"db_api_token"}, Executables: []string{"bot"}, Config: []string{},
		Pages: func(glob string) bool { return glob == "handbook/deploying.md" },
	}
	golden(t, "testdata/lint.golden", playbook.Lint(s, known).Error()+"\n")
	if got := playbook.Lint(s, playbook.Known{}); len(got) != 1 {
		t.Errorf("what isn't known is checked: %v", got)
	}
}

func TestAccept(t *testing.T) {
	two, five := 2.0, 5.0
	tests := []struct {
		in   playbook.Input
		v    any
		want any
		errs string
	}{
		{playbook.Input{Type: playbook.String, Pattern: "[a-z]+"}, "abc", "abc", ""},
		{playbook.Input{Type: playbook.String, Pattern: "[a-z]+"}, "abc1", nil, "must match [a-z]+"},
		{playbook.Input{Type: playbook.String, Pattern: "a|b"}, "ab", nil, "must match a|b"},
		{playbook.Input{Type: playbook.String, Min: &two}, "é", nil, "must have at least 2 characters"},
		{playbook.Input{Type: playbook.String}, "a\nb", nil, "must be one line"},
		{playbook.Input{Type: playbook.Text}, "a\nb", "a\nb", ""},
		{playbook.Input{Type: playbook.Integer, Max: &five}, " 5 ", int64(5), ""},
		{playbook.Input{Type: playbook.Integer, Max: &five}, 6.0, nil, "must be at most 5"},
		{playbook.Input{Type: playbook.Integer}, "1.5", nil, "must be a whole number"},
		{playbook.Input{Type: playbook.Integer}, "NaN", nil, "must be a whole number"},
		{playbook.Input{Type: playbook.Number}, "1.5", 1.5, ""},
		{playbook.Input{Type: playbook.Boolean}, "Yes", true, ""},
		{playbook.Input{Type: playbook.Boolean}, "maybe", nil, "must be yes or no"},
		{playbook.Input{Type: playbook.Choice, Options: []string{"dev", "prod"}}, "PROD", "prod", ""},
		{playbook.Input{Type: playbook.Choice, Options: []string{"dev", "prod"}}, "prd", nil, "must be one of dev, prod; did you mean prod?"},
		{playbook.Input{Type: playbook.Date}, "2026-02-30", nil, "must be a date such as 2026-11-01"},
		{playbook.Input{Type: playbook.Someone}, "slack:T1/U1", "slack:T1/U1", ""},
		{playbook.Input{Type: playbook.Someone}, "", nil, "is needed"},
		{playbook.Input{Type: playbook.Someone, Optional: true}, " ", nil, ""},
	}
	for _, tt := range tests {
		got, err := tt.in.Accept(tt.v)
		if tt.errs == "" && (err != nil || got != tt.want) || tt.errs != "" && (err == nil || err.Error() != tt.errs) {
			t.Errorf("%+v accepts %v as %v, %v; want %v, %q", tt.in, tt.v, got, err, tt.want, tt.errs)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/mistakes/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, found := playbook.Parse("f.yaml", src)
		if (p == nil) != (found.Err() != nil) {
			t.Fatalf("%q: %v with %v", src, p != nil, found)
		}
		if p == nil {
			return
		}
		if (p.Answer == nil) == (p.Flow == nil) || p.ID == "" || p.Owner == "" {
			t.Fatalf("%q: %+v", src, p)
		}
		p.Needs()
		for _, s := range flowSteps(p) {
			if s.Action.Kind() == "" || s.ID == "" || s.Retry.Attempts < 1 {
				t.Fatalf("%q: %+v", src, s)
			}
		}
	})
}

func flowSteps(p *playbook.Playbook) []playbook.Step {
	if p.Flow == nil {
		return nil
	}
	return p.Flow.Steps
}

// catalogue writes n playbooks of the size that people write.
func catalogue(tb testing.TB, n int) string {
	tb.Helper()
	src, err := os.ReadFile("testdata/good/postgres-create.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	for i := range n {
		text := strings.NewReplacer("postgres-create", fmt.Sprintf("postgres-create-%d", i), "db create", fmt.Sprintf("db create %d", i),
			"I need a postgres", fmt.Sprintf("I need %d postgres", i), "create a db called", fmt.Sprintf("create %d db called", i)).Replace(string(src))
		path := filepath.Join(dir, fmt.Sprintf("p%d.yaml", i))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(path, old, old); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

func BenchmarkLoad1000(b *testing.B) {
	dir := catalogue(b, 1000)
	for b.Loop() {
		if s, found := playbook.Load(dir); s == nil {
			b.Fatal(found)
		}
	}
}

func BenchmarkReload1000(b *testing.B) {
	dir := catalogue(b, 1000)
	s, found := playbook.Load(dir)
	if s == nil {
		b.Fatal(found)
	}
	for b.Loop() {
		if again, found := playbook.Reload(s, dir); again == nil {
			b.Fatal(found)
		}
	}
}
