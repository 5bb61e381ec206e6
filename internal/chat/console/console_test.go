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
		go func() { _ = c.Show(chat.Reply{InReplyTo: m.ID, Card: reply(m)}) }()
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
	want := "Bold and `code`, a link: https://x.example.[2J\n  ↳ A › B  https://docs.example/a#b\n  ↳   c.md#d\n  [1] Do it  [2] Never mind\n\npressed no:1\n\n"
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
		if len(got) != 1 || strings.Count(out, "\n") != 1 || !json.Valid([]byte(out)) {
			t.Errorf("%q is %d messages and says %q", line, len(got), out)
		}
	})
}
