package expression

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/file"

	"frontdoor/internal/problem"
)

// operators are the words that join two values.
var operators = []string{"and", "or", "not", "in", "contains", "matches", "startsWith", "endsWith"}

// words are all names that can stand at the beginning: roots, functions and
// constants.
func words() []string {
	return append(append(slices.Clone(roots), "true", "false", "nil"), slices.Sorted(maps.Keys(language().Builtins))...)
}

// token is how the library names what it did not expect.
var token = regexp.MustCompile(`^unexpected token (\w+)\("(.*)"\)`)

// foreign turns an error of the expr library into one line of ours.
func foreign(err error) *Error {
	var f *file.Error
	if !errors.As(err, &f) {
		return &Error{Message: firstLine(err.Error())}
	}
	e := &Error{Offset: f.From, Message: f.Message}
	// The library says types as Go does.
	e.Message = firstLine(strings.NewReplacer("map[string]interface {}", "object", "map[string]any", "object", "[]interface {}", "list", "[]any", "list",
		"int64", "number", "float64", "number", "types string and int)", "types string and number)", "invalid operation: ", "").Replace(e.Message))
	if name, ok := strings.CutPrefix(f.Message, "unknown name "); ok {
		e.Message, e.Hint = "unknown name "+name, didYouMean(name, words())
		return e
	}
	if field, ok := strings.CutPrefix(e.Message, "unknown field "); ok {
		e.Message = "there is no field " + field
		return e
	}
	if m := token.FindStringSubmatch(e.Message); m != nil {
		e.Message, e.Hint = "unexpected "+m[2], unexpected(m[1], m[2])
		return e
	}
	for _, known := range []struct{ says, message, hint string }{
		{"unexpected token EOF", "the expression ends too early", "finish it, and close what was opened"},
		{"literal not terminated", "a quote is never closed", "close it"},
		{"mismatched types string and number", "", "put quotes around the number, or compare with int(…)"},
		{"mismatched types number and string", "", "write the number without quotes"},
		{"mismatched types string and bool", "", `compare the text first, as in inputs.environment == "prod"`},
		{"mismatched types bool and string", "", "write true or false without quotes"},
		{"mismatched type string", "", `compare the text first, as in inputs.environment == "prod"`},
	} {
		if strings.Contains(e.Message, known.says) {
			e.Hint = known.hint
			if known.message != "" {
				e.Message = known.message
			}
		}
	}
	return e
}

// unexpected is the hint for a token that can't stand where it does.
func unexpected(kind, text string) string {
	switch {
	case text == "=":
		return "write == to compare"
	case text == "&":
		return "write and"
	case kind == "Bracket":
		return "it closes nothing, or comes too early"
	case kind == "Identifier":
		if near := problem.Nearest(text, operators); near != "" {
			return "did you mean " + near + "?"
		}
	}
	return ""
}
