package expression

import (
	"strings"
	"unicode/utf8"
)

// part is a stretch of a template: literal text or an expression.
type part struct {
	text   string // the literal, with escapes resolved
	source string // the expression without its braces
	isExpr bool
	offset int // of source in the template, in bytes
}

// split takes a template apart. `$${` is a literal `${`.
func split(tpl string) ([]part, *Error) {
	var parts []part
	literal := make([]byte, 0, len(tpl))
	flush := func() {
		if len(literal) > 0 {
			parts = append(parts, part{text: string(literal)})
			literal = literal[:0]
		}
	}
	for i := 0; i < len(tpl); {
		switch {
		case hasAt(tpl, i, "$${"):
			literal = append(literal, "${"...)
			i += 3
		case hasAt(tpl, i, "${"):
			end := closing(tpl, i+2)
			if end < 0 {
				return nil, &Error{Offset: utf8.RuneCountInString(tpl[:i]), Message: "this ${ is never closed", Hint: "close it with }, or write $${ for a plain ${"}
			}
			flush()
			parts = append(parts, part{source: tpl[i+2 : end], isExpr: true, offset: i + 2})
			i = end + 1
		default:
			literal = append(literal, tpl[i])
			i++
		}
	}
	flush()
	return parts, nil
}

func hasAt(s string, i int, prefix string) bool {
	return len(s)-i >= len(prefix) && s[i:i+len(prefix)] == prefix
}

// closing is the index of the brace that ends the expression that begins at
// from, past nested braces, strings and comments; -1 where there is none.
func closing(s string, from int) int {
	depth := 0
	for i := from; i < len(s); i++ {
		switch c := s[i]; c {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return i
			}
			depth--
		case '"', '\'', '`':
			i++
			for i < len(s) && s[i] != c {
				if s[i] == '\\' && c != '`' {
					i++
				}
				i++
			}
		case '/':
			if hasAt(s, i, "/*") {
				end := strings.Index(s[i+2:], "*/")
				if end < 0 {
					return -1
				}
				i += 2 + end + 1
			}
		}
	}
	return -1
}

// CheckTemplate tells whether tpl is a template whose expressions hold over
// the names of scope. The error is the first of TemplateMistakes, an *Error.
func CheckTemplate(tpl string, scope Scope) error { return first(TemplateMistakes(tpl, scope)) }

// TemplateMistakes is everything that is wrong with tpl as a template over the
// names of scope, in order of their places.
func TemplateMistakes(tpl string, scope Scope) []*Error {
	parts, bad := split(tpl)
	if bad != nil {
		return []*Error{bad}
	}
	var found []*Error
	for _, p := range parts {
		if !p.isExpr {
			continue
		}
		before := utf8.RuneCountInString(tpl[:p.offset])
		for _, e := range Mistakes(p.source, scope, Any) {
			moved := *e
			moved.Offset += before
			found = append(found, &moved)
		}
	}
	return found
}

// IsTemplate tells whether tpl has an expression or an escape in it, so that
// expanding it would change it.
func IsTemplate(tpl string) bool {
	for i := range len(tpl) {
		if hasAt(tpl, i, "${") {
			return true
		}
	}
	return false
}

// Names are the names that an expression uses, each once, in order.
type Names struct {
	Config []string // config.NAME
	Inputs []string // inputs.NAME
	Steps  []string // steps.NAME
}

// NamesOf lists what the bare expression src uses; nothing where it doesn't
// parse.
func NamesOf(src string) Names {
	tree, err := parse(src)
	if err != nil {
		return Names{}
	}
	n := &namer{}
	n.collect(tree.Node, false)
	return n.found
}

// NamesOfTemplate lists what the expressions of tpl use.
func NamesOfTemplate(tpl string) Names {
	parts, bad := split(tpl)
	if bad != nil {
		return Names{}
	}
	var all Names
	for _, p := range parts {
		if p.isExpr {
			all.Add(NamesOf(p.source))
		}
	}
	return all
}

// Add puts the names of other behind those of n, each once.
func (n *Names) Add(other Names) {
	for _, x := range other.Config {
		n.Config = add(n.Config, x)
	}
	for _, x := range other.Inputs {
		n.Inputs = add(n.Inputs, x)
	}
	for _, x := range other.Steps {
		n.Steps = add(n.Steps, x)
	}
}
