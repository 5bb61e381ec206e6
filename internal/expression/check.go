package expression

import (
	"errors"
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
	"github.com/expr-lang/expr/file"
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
}

// Error is a mistake in an expression or template.
type Error struct {
	Offset  int // code points from the beginning of the checked string
	Message string
	Hint    string // what to write instead; "" where nothing is close
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
// can be of kind want. The error is an *Error.
func Check(src string, scope Scope, want Kind) error {
	if strings.TrimSpace(src) == "" {
		return &Error{Message: "the expression is empty"}
	}
	tree, err := parse(src)
	if err != nil {
		return err
	}
	names := &namer{scope: scope}
	names.check(tree.Node)
	if names.first != nil {
		return names.first
	}
	if want == Any && scope.plain(tree.Node) {
		return nil
	}
	cfg := *language()
	cfg.EnvObject = map[string]any{}
	cfg.Env = scope.nature()
	cfg.Strict = true
	got, err := checker.Check(tree, &cfg)
	if err != nil {
		return foreign(err)
	}
	return fits(got, want)
}

// fits compares the checked type with what the place wants.
func fits(got reflect.Type, want Kind) error {
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
func parse(src string) (*parser.Tree, error) {
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

// foreign turns an error of the expr library into one line of ours.
func foreign(err error) *Error {
	var f *file.Error
	if !errors.As(err, &f) {
		return &Error{Message: firstLine(err.Error())}
	}
	msg := f.Message
	// The library says types as Go does.
	msg = strings.NewReplacer("map[string]interface {}", "object", "map[string]any", "object", "[]interface {}", "list", "[]any", "list",
		"int64", "number", "float64", "number", "invalid operation: ", "").Replace(msg)
	if field, ok := strings.CutPrefix(msg, "unknown field "); ok {
		msg = "there is no field " + field
	}
	if name, ok := strings.CutPrefix(f.Message, "unknown name "); ok {
		return &Error{Offset: f.From, Message: "unknown name " + name, Hint: didYouMean(name, words())}
	}
	return &Error{Offset: f.From, Message: firstLine(msg)}
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

// words are all names that can stand at the beginning: roots and functions.
func words() []string {
	return append(slices.Clone(roots), slices.Sorted(maps.Keys(language().Builtins))...)
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
	maps.Copy(all, fixed)
	return Object(all).of.Nature()
}

// namer walks a tree for the names that it uses. The library would find the
// unknown ones too, but one at a time and without knowing what an input is.
type namer struct {
	scope  Scope
	first  *Error
	locals []string
	found  Names
}

func (n *namer) fail(node ast.Node, hint, format string, args ...any) {
	if n.first == nil || node.Location().From < n.first.Offset {
		n.first = &Error{Offset: node.Location().From, Message: fmt.Sprintf(format, args...), Hint: hint}
	}
}

// check visits root and everything below it.
func (n *namer) check(root ast.Node) {
	n.collect(root, true)
}

// collect records the names below node; judge says whether it also compares
// them with the scope.
func (n *namer) collect(node ast.Node, judge bool) {
	ast.Walk(&node, visit(func(x *ast.Node) {
		if v, ok := (*x).(*ast.VariableDeclaratorNode); ok {
			n.locals = append(n.locals, v.Name)
		}
	}))
	taken := map[ast.Node]bool{} // identifiers that a member access has explained
	ast.Walk(&node, visit(func(x *ast.Node) {
		m, ok := (*x).(*ast.MemberNode)
		if !ok {
			return
		}
		root, ok := m.Node.(*ast.IdentifierNode)
		if !ok || slices.Contains(n.locals, root.Value) {
			return
		}
		taken[root] = true
		field, constant := m.Property.(*ast.StringNode)
		if !constant {
			n.dynamic(m, root, judge)
			return
		}
		n.member(m, root, field.Value, judge)
	}))
	ast.Walk(&node, visit(func(x *ast.Node) {
		id, ok := (*x).(*ast.IdentifierNode)
		if !ok || taken[id] || slices.Contains(n.locals, id.Value) {
			return
		}
		n.bare(id, judge)
	}))
}

// dynamic is root[expression].
func (n *namer) dynamic(m *ast.MemberNode, root *ast.IdentifierNode, judge bool) {
	if !judge {
		return
	}
	if root.Value == "config" {
		// An approval is bound to the configuration values that the playbook
		// uses, so they must be known without running it.
		n.fail(m, "write config.NAME", "a configuration value must be named, not computed")
	}
	if !slices.Contains(roots, root.Value) {
		n.bare(root, judge)
	}
}

// member is root.field.
func (n *namer) member(m *ast.MemberNode, root *ast.IdentifierNode, field string, judge bool) {
	switch root.Value {
	case "config":
		n.found.Config = add(n.found.Config, field)
	case "inputs":
		n.found.Inputs = add(n.found.Inputs, field)
		if _, ok := n.scope.Inputs[field]; judge && !ok {
			n.fail(m.Property, didYouMean(field, slices.Sorted(maps.Keys(n.scope.Inputs))), "there is no input %s", field)
		}
	case "steps":
		n.found.Steps = add(n.found.Steps, field)
		if _, ok := n.scope.Steps[field]; judge && !ok {
			if slices.Contains(n.scope.Later, field) {
				n.fail(m.Property, "refer to an earlier step", "step %s has no reply yet at this place", field)
				return
			}
			n.fail(m.Property, didYouMean(field, slices.Sorted(maps.Keys(n.scope.Steps))), "there is no step %s before this place", field)
		}
	case "run", "by", "at":
		if known := fixed[root.Value].fields; judge && !slices.Contains(known, field) {
			n.fail(m.Property, didYouMean(field, known), "%s has no %s: it has %s", root.Value, field, strings.Join(known, ", "))
		}
	default:
		n.bare(root, judge)
	}
}

// bare is a name that stands alone.
func (n *namer) bare(id *ast.IdentifierNode, judge bool) {
	if !judge {
		return
	}
	switch {
	case id.Value == "config":
		n.fail(id, "write config.NAME", "the configuration can't be used as a whole")
	case slices.Contains(roots, id.Value):
	default:
		hint := didYouMean(id.Value, words())
		if _, ok := n.scope.Inputs[id.Value]; ok {
			hint = "did you mean inputs." + id.Value + "?"
		} else if _, ok := n.scope.Steps[id.Value]; ok {
			hint = "did you mean steps." + id.Value + "?"
		}
		n.fail(id, hint, "unknown name %s", id.Value)
	}
}

func add(list []string, name string) []string {
	if slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// visit lets a function be an ast.Visitor.
type visit func(*ast.Node)

// Visit implements ast.Visitor.
func (v visit) Visit(node *ast.Node) { v(node) }
