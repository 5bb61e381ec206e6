package commands_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"frontdoor/internal/commands"
)

var inputs = []commands.Name{{Name: "name"}, {Name: "environment"}, {Name: "size_gb"}, {Name: "dry_run", Flag: true}, {Name: "reason", Text: true}}

func TestReadArguments(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"orders staging":                       "words orders, staging",
		"name=orders environment=dev":          "name=orders environment=dev",
		`name="a b" dev`:                       "name=a b words dev",
		"name: orders, env: dev":               "name=orders environment=dev",
		"name = orders env =dev size-gb= 20":   "name=orders environment=dev size_gb=20",
		"orders --env prod":                    "environment=prod words orders",
		"--env=prod orders":                    "environment=prod words orders",
		"—env prod orders":                     "environment=prod words orders",
		"orders --dry-run dev":                 "dry_run= words orders, dev",
		"orders --dry-run=no":                  "dry_run=no words orders",
		"SIZE_GB=20 Name='x y'":                "size_gb=20 name=x y",
		`"a b" “c d”`:                          "words a b, c d",
		"colour=red name=x":                    "name=x unknown colour=red",
		"--colour red orders":                  "words orders unknown colour=red",
		"registry:5000/app 12:30 https://x/y":  "words registry:5000/app, 12:30, https://x/y",
		"it's name=o'brien":                    "name=o'brien words it's",
		"called orders in dev":                 "words called, orders, in, dev",
		`reason="because: it = needed" orders`: "reason=because: it = needed words orders",
		"reason=the disk is full env=dev":      "reason=the disk is full environment=dev",
		"reason: as x=1 and note: this name=x": "reason=as x=1 and note: this name=x",
		"e=dev":                                "unknown e=dev",
		"--":                                   "words --",
		"name=":                                "name=",
	} {
		if got := written(commands.ReadArguments(text, inputs)); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func written(a commands.Arguments) string {
	var out []string
	for _, n := range a.Named {
		out = append(out, n.Name+"="+n.Value)
	}
	if len(a.Words) > 0 {
		out = append(out, "words "+strings.Join(a.Words, ", "))
	}
	for _, n := range a.Unknown {
		out = append(out, "unknown "+n.Name+"="+n.Value)
	}
	return strings.Join(out, " ")
}

// Whatever is typed, nothing of it is lost and names are inputs.
func FuzzReadArguments(f *testing.F) {
	for _, s := range []string{`name="a b" dev --env prod`, "a = b", "--", "name: x, y", "“", "\xff=1", "x:y:z", `name="`, "—", strings.Repeat("a=b ", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := commands.ReadArguments(text, inputs)
		if len(got.Words) != len(got.Quoted) {
			t.Fatalf("%q: %d words, %d marks", text, len(got.Words), len(got.Quoted))
		}
		for _, a := range got.Named {
			if !slices.ContainsFunc(inputs, func(n commands.Name) bool { return n.Name == a.Name }) {
				t.Errorf("%q names %q", text, a.Name)
			}
		}
		all := fmt.Sprint(got)
		bare := nothing.Replace(all)
		if utf8.ValidString(text) && !utf8.ValidString(all) {
			t.Errorf("%q was cut in the middle of a letter: %q", text, all)
		}
		for word := range strings.FieldsSeq(text) {
			if strings.ContainsFunc(word, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
				continue
			}
			if !strings.Contains(all, word) && !strings.Contains(bare, word) {
				t.Errorf("%q lost %q: %q", text, word, all)
			}
		}
	})
}

var nothing = strings.NewReplacer("_", "", "-", "")
