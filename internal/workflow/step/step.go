// Package step does the things that a workflow is made of: an HTTP request, a
// command. A kind knows how to do one step and how to say what it would do; it
// stores nothing, and no secret leaves it: not in a reply, not in an error.
package step

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"frontdoor/internal/expression"
	"frontdoor/internal/playbook"
)

// maxReply is how much of a body or of standard output is kept, in bytes.
const maxReply = 1 << 20

// Call is one step of one run, ready to be done.
type Call struct {
	Run    string
	Step   string
	Action playbook.Action
	Env    map[string]any // what the step's expressions see
	Dir    string         // the run's own directory; "" where there is none
}

// Key is the idempotency key: the same on every attempt of the step.
func (c Call) Key() string { return c.Run + "/" + c.Step }

// Plan is what a step would do.
type Plan struct {
	Line    string   // in words, such as "POST https://db.internal/databases"
	Missing []string // why it can't be done here, a clause each
}

// Kind does one kind of step.
type Kind interface {
	// Do does it once and returns the reply as expressions see it in steps.ID.
	// An error is a *Failure where the step itself failed.
	Do(ctx context.Context, c Call) (map[string]any, error)
	// Plan says what Do would do, and does nothing.
	Plan(c Call) Plan
}

// Failure is a step that failed, in words for the person who waits for it.
type Failure struct {
	Sentence  string        // without a period at its end
	Transient bool          // trying again may help
	After     time.Duration // the other side asked to wait so long; 0 where it didn't
	Cause     error         // for operators; nil where the sentence says all
}

// Error implements error.
func (f *Failure) Error() string {
	if f.Cause == nil {
		return f.Sentence
	}
	return f.Sentence + ": " + f.Cause.Error()
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Cause }

func failed(format string, args ...any) *Failure {
	return &Failure{Sentence: fmt.Sprintf(format, args...)}
}

// decode reads JSON that is an object or a list, as expressions want it: whole
// numbers as int64, others as float64. Anything else is nil.
func decode(text []byte) any {
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
		return nil
	}
	v, err := Decode(trimmed)
	if err != nil {
		return nil
	}
	return v
}

// Decode reads one JSON value with whole numbers as int64 and others as
// float64. It is how replies and inputs are read back from the database too,
// so that an expression sees the same types before and after a restart.
func Decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more follows the JSON value")
	}
	return Normal(v), nil
}

// Normal is a JSON tree with its numbers as int64 or float64.
func Normal(v any) any {
	switch x := v.(type) {
	case json.Number:
		if i, err := x.Int64(); err == nil {
			return i
		}
		f, err := x.Float64()
		if err != nil || math.IsInf(f, 0) {
			return x.String() // too large for a number: its digits are kept
		}
		return f
	case int:
		return int64(x)
	case map[string]any:
		for k, item := range x {
			x[k] = Normal(item)
		}
	case []any:
		for i, item := range x {
			x[i] = Normal(item)
		}
	}
	return v
}

// valid is foreign bytes as text that can be stored and shown.
func valid(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }

// clip shortens s to n runes for a sentence, on one line.
func clip(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// sketch is a template as a preview shows it: what isn't known yet is "…".
func sketch(tpl playbook.Template, env map[string]any) string {
	var b strings.Builder
	for rest := string(tpl); ; {
		before, after, found := strings.Cut(rest, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		end := closing(after)
		value, err := expression.ExpandString("${"+after[:end]+"}", env, nil)
		if err != nil {
			value = "…"
		}
		b.WriteString(value)
		rest = after[min(len(after), end+1):]
	}
}

// closing is where the expression at the beginning of s ends; braces in its
// strings count as braces, which is good enough to show it.
func closing(s string) int {
	depth := 0
	for i, c := range s {
		switch {
		case c == '{':
			depth++
		case c == '}' && depth == 0:
			return i
		case c == '}':
			depth--
		}
	}
	return len(s)
}

// Ready tells whether the step's request or command can be put together,
// without doing it. The error is a *Failure.
func Ready(c Call) error {
	var err error
	switch {
	case c.Action.HTTP != nil:
		_, err = (&HTTP{}).prepare(c)
	case c.Action.Command != nil:
		_, err = (&Command{}).prepare(c)
	}
	if err != nil {
		return failed("it can't be put together: %v", err)
	}
	return nil
}
