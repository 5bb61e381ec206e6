package answers

import (
	"os"
	"path/filepath"
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
