package document

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdoor/internal/problem"
)

// Shape is what a value may be. The zero Shape is anything.
type Shape struct {
	Doc string // what the value means, in one sentence; the schema's description
	Is  []Kind // the kinds that are taken; none is any
	// Fields are the keys of an object, in the order in which a person writes
	// them; nil takes any key.
	Fields []Field
	Values *Shape // of an object without Fields
	Items  *Shape // of a list
	Enum   []string
	Format *Format // of a string
	Min    *float64
	Max    *float64
	Filled bool // an empty string, list or object is refused
	// Words says that a string in place of this list was meant as its words, as
	// in a command line; the hint takes them apart.
	Words bool
	// Kinds are further shapes for other kinds of value, so that `message: x`
	// and `message: {text: x}` are both taken.
	Kinds []*Shape
	// What only the schema says, so that editors complete and check: the value
	// where none is written, values to begin with, keys of which exactly one or
	// at least one is wanted, and keys that a value of another one asks for.
	Default   any
	Examples  []any
	One, Some []string
	When      []Condition
	// Unbuilt is why the value is refused though the key is known, and Instead
	// what to write.
	Unbuilt, Instead string
}

// Field is one key of an object.
type Field struct {
	Name     string
	Required bool
	Shape    *Shape
}

// Condition says that the keys Needs are wanted where Key is Value.
type Condition struct {
	Key, Value string
	Needs      []string
}

// Format is what a string must look like.
type Format struct {
	Name    string // as a message says it: "a duration"
	Hint    string // an example
	Pattern string // for the schema, RE2 and ECMA 262 alike; "" where none says it
	Check   func(string) bool
}

// Matches makes the format of strings that match the expression pattern.
func Matches(name, hint, pattern string) *Format {
	return &Format{Name: name, Hint: hint, Pattern: pattern, Check: regexp.MustCompile(pattern).MatchString}
}

// duration is a number with a unit, several in a row, days and weeks too.
var duration = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+$`)

// DurationFormat is the format of spans of time: Go's durations without sign,
// and days (d) and weeks (w) of 24 hours each.
func DurationFormat() *Format {
	return &Format{Name: "a duration", Hint: "write a number with its unit, such as 30s, 5m, 24h or 90d", Pattern: duration.String(), Check: func(s string) bool {
		_, err := ParseDuration(s)
		return err == nil
	}}
}

// DateFormat is the format of days, 2006-01-02.
func DateFormat() *Format {
	return &Format{Name: "a date", Hint: "write year-month-day, such as 2026-11-01", Pattern: `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, Check: func(s string) bool {
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	}}
}

// unit is one number with its unit.
var unit = regexp.MustCompile(`([0-9.]+)(ms|s|m|h|d|w)`)

// ParseDuration reads 30s, 1h30m, 90d or 2w; a plain 0 is no time.
func ParseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if !duration.MatchString(s) {
		return 0, fmt.Errorf("%q is no duration", s)
	}
	var total float64
	for _, m := range unit.FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no duration", s)
		}
		total += n * float64(map[string]time.Duration{
			"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
		}[m[2]])
	}
	if total > float64(100*365*24*time.Hour) {
		return 0, fmt.Errorf("%q is longer than a hundred years", s)
	}
	return time.Duration(total), nil
}

// Check says everything in which n and what lies below it is not of shape s. A
// misspelt key gets the name that was meant in n, where only one can be.
func (s *Shape) Check(n *Node) problem.List {
	c := &checker{}
	c.check(s, n)
	return few(c.found)
}

type checker struct{ found problem.List }

func (c *checker) add(p problem.Problem) { c.found = append(c.found, p) }

// alternative is s or the one of its Kinds that takes a value of kind k.
func (s *Shape) alternative(k Kind) *Shape {
	for _, other := range append([]*Shape{s}, s.Kinds...) {
		if len(other.Is) == 0 || slices.Contains(other.Is, k) {
			return other
		}
	}
	return nil
}

func (c *checker) check(s *Shape, n *Node) {
	if n.Kind == Unread {
		return
	}
	if s.Unbuilt != "" {
		c.add(n.KeyProblem(s.Instead, "%s", s.Unbuilt))
		return
	}
	kind := n.Kind
	if kind == Int && !slices.Contains(s.Is, Int) && slices.Contains(s.Is, Float) {
		kind = Float
	}
	fit := s.alternative(kind)
	if fit == nil {
		c.wrongKind(s, n)
		return
	}
	switch n.Kind {
	case Object:
		c.object(fit, n)
	case List:
		if fit.Filled && len(n.Items) == 0 {
			c.add(n.Problem("write at least one, or remove the key", "%s is empty", name(n)))
		}
		if fit.Items != nil {
			for _, item := range n.Items {
				c.check(fit.Items, item)
			}
		}
	case String:
		c.text(fit, n)
	case Int, Float:
		v, _ := n.Number()
		if fit.Min != nil && v < *fit.Min {
			c.add(n.Problem("write "+number(*fit.Min)+" or more", "%s is %s, less than %s", name(n), number(v), number(*fit.Min)))
		}
		if fit.Max != nil && v > *fit.Max {
			c.add(n.Problem("write "+number(*fit.Max)+" or less", "%s is %s, more than %s", name(n), number(v), number(*fit.Max)))
		}
	}
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// name is how a message calls n.
func name(n *Node) string {
	if path := n.Path(); path != "" {
		return path
	}
	return "the file"
}

func (c *checker) wrongKind(s *Shape, n *Node) {
	want := s.kinds()
	switch {
	case n.Kind == Null:
		c.add(n.KeyProblem("give it a value, or remove the key", "%s is empty: it must be %s", name(n), want))
	case s.Format != nil && n.Kind != Object && n.Kind != List:
		c.add(n.Problem(s.Format.Hint, "%s must be %s, not %s", name(n), s.Format.Name, n.Kind))
	case slices.Contains(s.Is, String) && n.Kind != Object && n.Kind != List:
		c.add(n.Problem("put quotes around it", "%s must be %s, not %s", name(n), want, n.Kind))
	case slices.Contains(s.Is, List) && n.Kind != Object:
		c.add(n.Problem("write a list: ["+s.listed(n)+"]", "%s must be %s, not %s", name(n), want, n.Kind))
	default:
		c.add(n.Problem(s.example(n), "%s must be %s, not %s", name(n), want, n.Kind))
	}
}

// listed is the scalar n as a person writes it between the brackets of a list.
func (s *Shape) listed(n *Node) string {
	text := fmt.Sprint(n.Scalar)
	if !s.Words {
		return flow(text)
	}
	var out []string
	for _, w := range word.FindAllString(text, 20) {
		out = append(out, flow(w))
	}
	return strings.Join(out, ", ")
}

// word is what stands between spaces, ${…} in one piece.
var word = regexp.MustCompile(`(\$\{[^}]*\}|[^\s])+`)

// flow is text as it stands in a list between brackets.
func flow(text string) string {
	if strings.ContainsAny(text, ",[]{}#&*!|>'\"%@`: ") || text == "" {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return text
}

// kinds says all that s takes: "a string or an object".
func (s *Shape) kinds() string {
	var all []string
	for _, o := range append([]*Shape{s}, s.Kinds...) {
		for _, k := range o.Is {
			if word := k.String(); k != Null && !slices.Contains(all, word) && (k != Int || !slices.Contains(o.Is, Float)) {
				all = append(all, word)
			}
		}
	}
	return or(all)
}

func or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// example is what to write in place of n: the keys of an object, a number.
func (s *Shape) example(n *Node) string {
	_, err := strconv.ParseFloat(n.Text(), 64)
	switch {
	case len(s.Fields) > 0:
		return "write keys below it: " + or(s.names())
	case slices.Contains(s.Is, Int), slices.Contains(s.Is, Float):
		if err == nil {
			return "remove the quotes"
		}
		return "write a number, such as 10"
	case slices.Contains(s.Is, Bool):
		return "write true or false"
	case slices.Contains(s.Is, List):
		return "write a list: [one, two]"
	}
	return ""
}

// field is the place of the field called name, -1 where there is none.
func (s *Shape) field(name string) int {
	return slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
}

func (s *Shape) names() []string {
	out := make([]string, 0, len(s.Fields))
	for _, f := range s.Fields {
		out = append(out, f.Name)
	}
	return out
}

func (c *checker) object(s *Shape, n *Node) {
	if s.Filled && len(n.Pairs) == 0 {
		c.add(n.Problem("write at least one, or remove the key", "%s is empty", name(n)))
	}
	if s.Fields == nil {
		if s.Values != nil {
			for _, p := range n.Pairs {
				c.check(s.Values, p.Value)
			}
		}
		return
	}
	for at := range n.Pairs {
		p := &n.Pairs[at]
		i := s.field(p.Key)
		if i < 0 {
			near := problem.Nearest(p.Key, s.names())
			hint := "known here: " + strings.Join(s.names(), ", ")
			if near != "" {
				hint = "did you mean " + near + "?"
			}
			c.add(p.Value.KeyProblem(hint, "unknown key %s", p.Key))
			if near == "" || n.Has(near) {
				continue
			}
			// From here on it is the key that was meant, so that one slip isn't
			// told again as a missing key, and what lies below is checked.
			p.Key, p.Value.key = near, near
			i = s.field(near)
			if s.Fields[i].Shape.alternative(p.Value.Kind) == nil {
				p.Value.Kind = Unread
			}
		}
		c.check(s.Fields[i].Shape, p.Value)
	}
	for _, f := range s.Fields {
		if f.Required && !n.Has(f.Name) {
			p := n.Problem("add "+f.Name+": "+f.Shape.Doc, "%s is missing", f.Name)
			p.Key = joinPath(n.Path(), f.Name)
			c.add(p)
		}
	}
}

func (c *checker) text(s *Shape, n *Node) {
	text := n.Text()
	switch {
	case s.Filled && strings.TrimSpace(text) == "":
		c.add(n.Problem("give it a value, or remove the key", "%s is empty", name(n)))
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, text):
		hint := ""
		if near := problem.Nearest(text, s.Enum); near != "" {
			hint = "did you mean " + near + "?"
		}
		c.add(n.Problem(hint, "%s is %q: it must be %s", name(n), text, or(s.Enum)))
	case s.Format != nil && !s.Format.Check(text):
		c.add(n.Problem(s.Format.Hint, "%s is %q, which is not %s", name(n), text, s.Format.Name))
	}
}
