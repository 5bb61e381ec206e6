package main

import (
	"strings"
	"testing"
)

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"a\x1b[2Jb\n\tc":    "a[2Jb\n\tc",
		"\x1b]0;title\x07x": "]0;titlex",
		"a\r\nb\x00\x7f\b":  "a\nb",
		"\u009b31mred":      "31mred",
		"\x9b31mred":        "\ufffd31mred",
		"naïve › 🤷🏽‍♀️":     "naïve › 🤷🏽‍♀️",
	} {
		var out strings.Builder
		n, err := plain{&out}.Write([]byte(in))
		if out.String() != want || n != len(in) || err != nil {
			t.Errorf("%q is printed as %q (%d of %d, %v), want %q", in, out.String(), n, len(in), err, want)
		}
	}
}
