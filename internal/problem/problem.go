// Package problem is the shared word of everything that reads a file written
// by hand: what is wrong, where, and what to write instead.
package problem

import (
	"fmt"
	"strings"
)

// Severity tells whether a file can be used in spite of the problem.
type Severity string

// The severities of cli.md: an error refuses the file, a warning does not.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Problem is one mistake in one file. Line and Column count from 1; 0 is
// unknown. Key is the path of the value inside the file, such as
// `workflow.steps[1].timeout`.
type Problem struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Key      string   `json:"-"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint"`
	Excerpt  string   `json:"-"` // the lines around the mistake with a caret; "" where unknown
}

// String is the problem in one line: `file:line:column: message (hint)`.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
			if p.Column > 0 {
				fmt.Fprintf(&b, ":%d", p.Column)
			}
		}
		b.WriteString(": ")
	}
	if p.Severity == Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (")
		b.WriteString(p.Hint)
		b.WriteString(")")
	}
	return b.String()
}

// List is every problem found in one reading; as an error it prints them a
// line each.
type List []Problem

// Error implements error.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Errors keeps the problems that refuse the file.
func (l List) Errors() List { return l.of(Error) }

// Warnings keeps the problems that don't.
func (l List) Warnings() List { return l.of(Warning) }

func (l List) of(s Severity) List {
	var out List
	for _, p := range l {
		if p.Severity == s {
			out = append(out, p)
		}
	}
	return out
}

// Err is the list as an error, or nil where nothing refuses the file.
func (l List) Err() error {
	if e := l.Errors(); len(e) > 0 {
		return e
	}
	return nil
}
