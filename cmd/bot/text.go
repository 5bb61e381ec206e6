package main

import (
	"io"
	"strings"
	"unicode"
)

// text is where a command prints for people: what pages, messages and files
// say can't move the cursor. JSON goes to out as it is.
func (s streams) text() io.Writer { return plain{s.out} }

// plain drops what a terminal would obey: control characters other than the
// end of a line and the tab. Each Write is whole characters; a byte that is
// none, which some terminals obey too, becomes U+FFFD.
type plain struct{ to io.Writer }

// Write implements io.Writer; what is dropped counts as written.
func (p plain) Write(b []byte) (int, error) {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, string(b))
	if _, err := io.WriteString(p.to, text); err != nil {
		return 0, err
	}
	return len(b), nil
}
