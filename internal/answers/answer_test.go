package answers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdoor/internal/docs"
)

// indexed is the index of one unnamed source of the files.
func indexed(t testing.TB, files map[string]string) *docs.Index {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	x, _, err := docs.Build(t.Context(), []docs.Source{{Dir: dir}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestVerify(t *testing.T) {
	x := indexed(t, map[string]string{"a.md": "# A\n\nOne `two` three four.\nFive six.\n\nSeven.\n"})
	quote := "One two three four."
	for _, c := range []struct {
		name, text string
		citations  []Citation
		ok         bool
	}{
		{"whole", quote, []Citation{{Page: "a.md", Quote: quote, End: 19}}, true},
		{"two", quote + "\nSeven.", []Citation{{Page: "a.md", Quote: quote, End: 19}, {Page: "a.md", Quote: "Seven.", Start: 20, End: 26}}, true},
		{"nothing", "", nil, false},
		{"no citation", quote, nil, false},
		{"other page", quote, []Citation{{Page: "b.md", Quote: quote, End: 19}}, false},
		{"not in the page", "One two.", []Citation{{Page: "a.md", Quote: "One two.", End: 8}}, false},
		{"part without support", quote + " And more.", []Citation{{Page: "a.md", Quote: quote, End: 19}}, false},
		{"span says something else", "Two two three four.", []Citation{{Page: "a.md", Quote: quote, End: 19}}, false},
		{"span outside", quote, []Citation{{Page: "a.md", Quote: quote, End: 20}}, false},
		{"empty quote", "", []Citation{{Page: "a.md"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := Verify(x, c.text, c.citations); (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestCode quotes what is to be copied, with the sentence that announces it.
func TestCode(t *testing.T) {
	x := indexed(t, map[string]string{
		"nodes.md": "# Nodes\n\n## Drain a node\n\nTell the scheduler that the node goes away:\n\n```shell\nhb drain NODE \\\n  --wait 5m\n```\n\nIt takes a while.\n\n" +
			"## Kinds of nodes\n\nThere are two kinds of nodes:\n\n- Workers run what teams deploy.\n- Keepers run the platform itself.\n\nNobody chooses.\n\n" +
			"## Label a node\n\nLabel a node for its team as follows:\n\n" + "```yaml\n" + strings.Repeat("key: value\n", 60) + "```\n",
		"logs.md": "# Logs\n\nLogs are lines of text.\n",
	})
	a := New(func() *docs.Index { return x })
	for _, c := range []struct{ question, text, quote string }{
		{"how do I drain a node?", "Tell the scheduler that the node goes away:\nhb drain NODE \\\n  --wait 5m", "hb drain NODE \\ --wait 5m"},
		{"command to drain a node", "Tell the scheduler that the node goes away:\nhb drain NODE \\\n  --wait 5m", "hb drain NODE \\ --wait 5m"},
		{"which kinds of nodes are there, workers?", "There are two kinds of nodes:\nWorkers run what teams deploy.\nKeepers run the platform itself.", "Workers run what teams deploy."},
	} {
		got := a.Answer(t.Context(), Question{Text: c.question, Vouched: true})
		if !got.Answered || got.Text != c.text || got.Citations[1].Quote != c.quote {
			t.Errorf("%s\ngot  %q %+v\nwant %q", c.question, got.Text, got.Citations, c.text)
			continue
		}
		if err := Verify(x, got.Text, got.Citations); err != nil {
			t.Error(err)
		}
	}
	// What is too long to be quoted is not announced either.
	if got := a.Answer(t.Context(), Question{Text: "how do I label a node?", Vouched: true}); strings.HasSuffix(got.Text, ":") {
		t.Errorf("got %q", got.Text)
	}
}
