package expression

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"frontdoor/internal/problem"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
)

// Kind is the type that a place wants.
type Kind int

// The kinds: anything, true or false, a string.
const (
	Any Kind = iota
	Bool
	String
)

// Scope is what names exist where an expression stands, and their types.
type Scope struct {
	// Inputs are the workflow's inputs by name.
	Inputs map[string]Type
	// Steps are the replies that exist by then, by step id.
	Steps map[string]Type
	// Later are ids of steps that exist, but whose reply comes too late for
	// this place. They only make the message better.
	Later []string
	// AnyInput and AnyStep say that there are more than those, whose names
	// nobody could read: then none is unknown.
	AnyInput, AnyStep bool
}

// Error is a mistake in an expression or template.
type Error struct {
	Offset  int // code points from the beginning of the checked string
	Message string
	Hint    string // what to write instead; "" where nothing is close
	Doubt   bool   // it can be evaluated, and hardly says what was meant
}

// Error implements error.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + " (" + e.Hint + ")"
}

// roots are the names at the top, in the order in which a hint lists them.
var roots = []string{"inputs", "steps", "config", "run", "by", "at"}

// fixed are the fields of the roots that are the same everywhere: the run's
// id and work directory, who asked for it and where.
var fixed = map[string]Type{
	"run": Object(map[string]Type{"id": TypeString, "dir": TypeString}),
	"by":  Object(map[string]Type{"id": TypeString, "name": TypeString, "team": TypeString, "groups": List(TypeString)}),
	"at":  Object(map[string]Type{"channel": TypeString}),
}

// maxSource bounds an expression in bytes, maxNodes in syntax nodes: far more
// than a playbook needs, far less than what hurts.
const (
	maxSource = 4096
	maxNodes  = 500
)

// Check tells whether src is an expression over the names of scope whose value
// can be of kind want. The error is the first of Mistakes, an *Error.
func Check(src string, scope Scope, want Kind) error {
	return first(Mistakes(src, scope, want))
}

func first(found []*Error) error {
	for _, e := range found {
		if !e.Doubt {
			return e
		}
	}
	return nil
}

// Mistakes is everything that is wrong with src as an expression over the
// names of scope whose value can be of kind want: every unknown name, or, where
// all are known, the first value of a wrong type; and every comparison of a
// choice with what is none of its options, as a Doubt. They are in order of
// their places.
func Mistakes(src string, scope Scope, want Kind) []*Error {
	if strings.TrimSpace(src) == "" {
		return []*Error{{Message: "the expression is empty"}}
	}
	tree, err := parse(src)
	if err != nil {
		return []*Error{err}
	}
	names := &namer{scope: scope}
	names.check(tree.Node)
	found := names.inOrder()
	if first(found) != nil || want == Any && scope.plain(tree.Node) {
		return found
	}
	if err := scope.types(tree, want); err != nil {
		return []*Error{err}
	}
	return found
}

// types checks the types of everything in tree.
func (s Scope) types(tree *parser.Tree, want Kind) *Error {
	cfg := *language()
	cfg.EnvObject = map[string]any{}
	cfg.Env = s.nature()
	cfg.Strict = true
	got, err := checker.Check(tree, &cfg)
	if err != nil {
		return foreign(err)
	}
	return fits(got, want)
}

// fits compares the checked type with what the place wants.
func fits(got reflect.Type, want Kind) *Error {
	if got == nil || got.Kind() == reflect.Interface {
		return nil
	}
	switch {
	case want == Bool && got.Kind() != reflect.Bool:
		return &Error{Message: "this must be true or false, and is " + article(got), Hint: `compare it, as in inputs.environment == "prod"`}
	case want == String && got.Kind() != reflect.String:
		return &Error{Message: "this must be a string, and is " + article(got), Hint: "write string(…) around it"}
	}
	return nil
}

func article(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map:
		return "an object"
	}
	return t.String()
}

// parse reads src into a tree within the limits.
func parse(src string) (*parser.Tree, *Error) {
	if len(src) > maxSource {
		return nil, &Error{Message: fmt.Sprintf("the expression is longer than %d bytes", maxSource), Hint: "split it over several steps"}
	}
	cfg := *language()
	tree, err := parser.ParseWithConfig(src, &cfg)
	if err != nil {
		return nil, foreign(err)
	}
	return tree, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func didYouMean(word string, known []string) string {
	if near := problem.Nearest(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// language is the library's settings with our limits, built once: whoever uses
// them takes a copy.
var language = sync.OnceValue(func() *conf.Config {
	cfg := conf.CreateNew()
	limit(cfg)
	return cfg
})

// plain tells whether node only reads a value whose names have been checked
// and whose type nobody asks for: most of what stands in templates.
func (s Scope) plain(node ast.Node) bool {
	for depth := 0; ; depth++ {
		switch n := node.(type) {
		case *ast.MemberNode:
			if _, constant := n.Property.(*ast.StringNode); !constant || n.Method {
				return false
			}
			if root, ok := n.Node.(*ast.IdentifierNode); ok && depth > 0 {
				// Below an input there is nothing; below a step what it declares.
				return root.Value == "config" || root.Value == "steps" && s.Steps[n.Property.(*ast.StringNode).Value].of == TypeAny.of
			}
			node = n.Node
		case *ast.IdentifierNode:
			return depth > 0 && slices.Contains(roots, n.Value)
		default:
			return false
		}
	}
}

// limit takes away what an expression here may not do: repeat makes memory out
// of a number, now makes a run that resumes take another branch.
func limit(cfg *conf.Config) {
	expr.MaxNodes(maxNodes)(cfg)
	for _, name := range []string{"repeat", "now"} {
		delete(cfg.Builtins, name)
		cfg.Disabled[name] = true
	}
}

// nature is the scope as the library's checker wants it.
func (s Scope) nature() nature.Nature {
	all := map[string]Type{"inputs": Object(s.Inputs), "steps": Object(s.Steps), "config": TypeAny}
	if s.AnyInput {
		all["inputs"] = Open(s.Inputs)
	}
	if s.AnyStep {
		all["steps"] = Open(s.Steps)
	}
	maps.Copy(all, fixed)
	return Object(all).of.Nature()
}
