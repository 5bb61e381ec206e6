package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"frontdoor/internal/chat"
	"frontdoor/internal/chat/console"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// talk reads the lines with a bot that answers each with reply, and returns
// what was accepted and printed.
func talk(t testing.TB, opts console.Options, in string, reply func(chat.Message) chat.Card) ([]chat.Message, string) {
	t.Helper()
	var out strings.Builder
	var accepted []chat.Message
	var c *console.Console
	opts.Session, opts.As = "s", chat.Person{ID: "you", Groups: []string{"all"}}
	opts.Now = func() time.Time { return time.Unix(0, 0) }
	opts.Groups = func(name string) []string { return []string{"of-" + name} }
	opts.Accept = func(_ context.Context, m chat.Message) (bool, error) {
		accepted = append(accepted, m)
		if m.Text == "fail" {
			return false, errors.New("redis is away")
		}
		go func() { _ = c.Show(chat.Reply{InReplyTo: m.ID, To: m.At, Card: reply(m)}) }()
		return true, nil
	}
	c = console.New(&out, opts)
	if err := c.ReadLines(t.Context(), strings.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	return accepted, out.String()
}

func plain(m chat.Message) chat.Card { return chat.Card{Text: "you said " + m.Text} }

func TestInputLines(t *testing.T) {
	long := strings.Repeat("ü", chat.MaxText+1)
	got, out := talk(t, console.Options{JSON: true}, strings.Join([]string{
		"hello", `{"text":"x","as":"ana"}`, `{"text":"x","as":"ana","groups":["dba"],"thread":"t1","channel":"#help"}`, `{"press":"yes:1"}`,
		`{"form":{"name":"a","n":3,"b":true,"z":null}}`, `{"other":1}`, `{broken`, long, "fail", "last without an end",
	}, "\n"), plain)
	if len(got) != 10 {
		t.Fatalf("%d messages", len(got))
	}
	if m := got[0]; m.ID != "s/1" || m.Text != "hello" || !m.Addressed || !m.At.Direct || m.From.ID != "you" {
		t.Errorf("plain text is %+v", m)
	}
	if m := got[1]; m.From.ID != "ana" || m.From.Groups[0] != "of-ana" {
		t.Errorf("somebody else is %+v", m.From)
	}
	if m := got[2]; m.From.Groups[0] != "dba" || m.At.Thread != "t1" || m.At.Name != "help" || m.At.Direct {
		t.Errorf("elsewhere is %+v", m)
	}
	if m := got[3]; m.Press != "yes:1" || m.Text != "" {
		t.Errorf("a press is %+v", m)
	}
	if m := got[4]; !m.Submitted || m.Form["n"] != "3" || m.Form["b"] != "yes" || m.Form["z"] != "" {
		t.Errorf("a form is %+v", m)
	}
	if got[5].Text != `{"other":1}` || got[6].Text != `{broken` {
		t.Errorf("what is no object of ours is %q, %q", got[5].Text, got[6].Text)
	}
	if m := got[7]; !m.Clipped || len([]rune(m.Text)) != chat.MaxText {
		t.Errorf("a long text has %d code points", len([]rune(m.Text)))
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 10 {
		t.Fatalf("%d answers", len(lines))
	}
	for i, line := range lines {
		var o map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"reply_to", "text", "buttons", "form", "citations", "run", "request"} {
			if o[key] == nil {
				t.Errorf("answer %d has no %s", i+1, key)
			}
		}
		if string(o["reply_to"]) != itoa(i+1) {
			t.Errorf("answer %d answers %s", i+1, o["reply_to"])
		}
	}
	if !strings.Contains(lines[8], "can't take messages") {
		t.Errorf("a refused message gets %s", lines[8])
	}
}

func TestIDComesBack(t *testing.T) {
	_, out := talk(t, console.Options{JSON: true}, strings.Join([]string{
		`{"text":"x","id":{"a":[1.50]}}`, `{"text":"x"}`, `{"press":"yes:1","id":null}`, `{"text":"fail","id":"f"}`, "plain",
	}, "\n"), plain)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i, want := range []string{`{"id":{"a":[1.50]},"reply_to":1,`, `{"reply_to":2,`, `{"id":null,"reply_to":3,`, `{"id":"f","reply_to":4,`, `{"reply_to":5,`} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
			t.Errorf("answer %d doesn't begin with %s:\n%s", i+1, want, out)
		}
	}
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestTextForPeople(t *testing.T) {
	_, out := talk(t, console.Options{}, "go\n2\n", func(m chat.Message) chat.Card {
		if m.Press != "" {
			return chat.Card{Text: "pressed " + m.Press}
		}
		url := "https://docs.example/a#b"
		return chat.Card{
			Text:      "**Bold** and `code`, a [link](https://x.example).\x1b[2J",
			Citations: []chat.Citation{{Page: "a.md", Heading: []string{"A", "B"}, URL: &url}, {Page: "a.md", Heading: []string{"A", "B"}, URL: &url}, {Page: "c.md", Anchor: "d"}},
			Buttons:   []chat.Button{{ID: "yes:1", Label: "Do it"}, {ID: "no:1", Label: "Never mind"}},
		}
	})
	want := "Bold and `code`, a link (https://x.example).[2J\n  ↳ A › B (https://docs.example/a#b)\n  ↳ c.md#d\n  [1] Do it  [2] Never mind\n\npressed no:1\n\n"
	if out != want {
		t.Errorf("printed %q\nwant    %q", out, want)
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"x", `{"text":"a"}`, `{"form":{"a":[1]}}`, "{\xff", `{"press":"yes","groups":"a b"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "\n") {
			return
		}
		got, out := talk(t, console.Options{JSON: true}, line+"\n", plain)
		if len(got) == 0 && strings.Contains(out, "There is no button") {
			return // refused on the spot, and answered
		}
		if len(got) != 1 || strings.Count(out, "\n") != 1 || !json.Valid([]byte(out)) {
			t.Errorf("%q is %d messages and says %q", line, len(got), out)
		}
	})
}

// What is pressed may be an id, a label, the number of a button, or the word
// that its id begins with.
func TestPress(t *testing.T) {
	card := func(m chat.Message) chat.Card {
		if m.Text == "choose" {
			return chat.Card{Text: "which?", Buttons: []chat.Button{{ID: "choose:t:a", Label: "First"}, {ID: "choose:t:b", Label: "Second"}}}
		}
		if m.Text == "ask" {
			return chat.Card{Text: "shall I?", Buttons: []chat.Button{{ID: "yes:t", Label: "Do it"}, {ID: "no:t", Label: "Never mind"}}}
		}
		return chat.Card{Text: "pressed " + m.Press}
	}
	for press, want := range map[string]string{
		"yes:t": "pressed yes:t", "yes": "pressed yes:t", "YES": "pressed yes:t", "do it": "pressed yes:t", " Never mind ": "pressed no:t", "2": "pressed no:t",
		"old:card": "pressed old:card",
		"maybe":    "There is no button “maybe”. What can be pressed now: `yes:t` (Do it), `no:t` (Never mind).",
		"3":        "There is no button “3”. What can be pressed now: `yes:t` (Do it), `no:t` (Never mind).",
	} {
		_, out := talk(t, console.Options{JSON: true}, "ask\n"+`{"press":"`+press+`"}`+"\n", card)
		if got := said(t, out); got != want {
			t.Errorf("%q: %s", press, got)
		}
	}
	_, out := talk(t, console.Options{JSON: true}, "choose\n"+`{"press":"choose"}`+"\n", card)
	if got := said(t, out); got != "“choose” can mean several buttons. Press one of `choose:t:a` (First), `choose:t:b` (Second)." {
		t.Errorf("a word of two buttons: %s", got)
	}
	_, out = talk(t, console.Options{JSON: true}, "ask\n"+`{"press":"yes","thread":"t2"}`+"\n", card)
	if got := said(t, out); got != "There is no button “yes”, and nothing to press here now." {
		t.Errorf("in another thread: %s", got)
	}
}

// said is the text of the last line.
func said(t *testing.T, out string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var o struct{ Text string }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &o); err != nil {
		t.Fatal(err)
	}
	return o.Text
}

func TestWrapKeepsCode(t *testing.T) {
	for markdown, want := range map[string]string{
		"Run `bot chat --as ana` in a **new terminal** and type.":      "Run\n`bot chat --as ana`\nin a new terminal\nand type.",
		"- roll back with `cw rollback prod x`, then wait":             "- roll back with\n  `cw rollback prod x`,\n  then wait",
		"Do this:\n```sh\ncw rollback prod checkout --now\n```\nDone.": "Do this:\n    cw rollback prod checkout --now\nDone.",
		"`a very long piece of code that fits no line`":                "`a very long piece\nof code that fits no\nline`",
		"`**not bold**` **bold**":                                      "`**not bold**` bold",
	} {
		_, out := talk(t, console.Options{Width: func() int { return 20 }}, "go\n", func(chat.Message) chat.Card { return chat.Card{Text: markdown} })
		if out != want+"\n\n" {
			t.Errorf("%q is printed as\n%s\nwant\n%s", markdown, out, want)
		}
	}
	_, out := talk(t, console.Options{Color: true, Width: func() int { return 20 }}, "go\n", func(chat.Message) chat.Card { return chat.Card{Text: "Run `bot chat --as ana` **now**"} })
	if want := "Run\n\x1b[36mbot chat --as ana\x1b[0m\n\x1b[1mnow\x1b[0m\n\n"; out != want {
		t.Errorf("in colour: %q", out)
	}
	// JSON is neither broken nor coloured.
	_, out = talk(t, console.Options{JSON: true, Color: true, Width: func() int { return 20 }}, "go\n", func(chat.Message) chat.Card { return chat.Card{Text: "Run `bot chat --as ana` **now**"} })
	if got := said(t, out); got != "Run `bot chat --as ana` **now**" {
		t.Errorf("as JSON: %q", got)
	}
}

// No text moves the cursor, loses a letter, or makes a line longer than it must be.
func FuzzShow(f *testing.F) {
	for _, s := range []string{"**a** `b c` [d](https://e)", "```\nx\n```", "\x1b[2J\u202e", "- `a b`\n1. c", "`` ` **", "\ue000\ue001"} {
		f.Add(s, 20)
	}
	f.Fuzz(func(t *testing.T, text string, width int) {
		_, out := talk(t, console.Options{Width: func() int { return width % 200 }}, "go\n", func(chat.Message) chat.Card { return chat.Card{Text: text} })
		if strings.ContainsFunc(out, func(r rune) bool { return r < 0x20 && r != '\n' && r != '\t' || r >= 0xe000 && r <= 0xe005 }) {
			t.Errorf("%q is printed as %q", text, out)
		}
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
			if !strings.Contains(out, word) && !strings.Contains(text, "```") && !strings.ContainsFunc(text, func(r rune) bool { return r > 0x7e || r < 0x20 }) {
				t.Errorf("%q lost %q: %q", text, word, out)
			}
		}
	})
}
