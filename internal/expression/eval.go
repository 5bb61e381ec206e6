package expression

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
	"github.com/expr-lang/expr/vm/runtime"
)

// The bounds of one evaluation: turns of all its loops together, bytes of
// strings that it makes, and elements of lists that it makes.
const (
	maxTurns    = 200_000
	maxBytes    = 4 << 20
	maxElements = 200_000
)

// errBounds ends an evaluation that would not end by itself.
var errBounds = errors.New("the expression does too much")

// program is a compiled expression; loops says that it has predicates or sums
// and so needs a meter.
type program struct {
	code  *vm.Program
	names Names
	meter bool
}

// maxPrograms bounds the memo; one catalogue of 1,000 playbooks has about as
// many distinct expressions.
const maxPrograms = 8192

// compiled remembers programs by source. It is a memo of a pure function: the
// same source is always the same program, whoever asks.
var compiled = struct {
	sync.RWMutex
	programs map[string]*program
}{programs: map[string]*program{}}

// compile returns the program of src.
func compile(src string) (*program, error) {
	compiled.RLock()
	p := compiled.programs[src]
	compiled.RUnlock()
	if p != nil {
		return p, nil
	}
	tree, bad := parse(src)
	if bad != nil {
		return nil, bad
	}
	n := &namer{}
	n.collect(tree.Node, false)
	m := &metering{}
	code, err := expr.Compile(src, limit, expr.Patch(m), expr.AllowUndefinedVariables())
	if err != nil {
		return nil, foreign(err)
	}
	p = &program{code: code, names: n.found, meter: m.used}
	compiled.Lock()
	defer compiled.Unlock()
	if len(compiled.programs) >= maxPrograms {
		clear(compiled.programs) // rarer than a full scan for the oldest is worth
	}
	compiled.programs[strings.Clone(src)] = p
	return p, nil
}

// The functions that metering calls. No source can name them: the lexer takes
// no such character.
const (
	turnName    = "turn·"
	plusName    = "plus·"
	replaceName = "replace·"
)

// metering puts a counter into every loop, sum and replacement, the three
// places where little source makes much work.
type metering struct{ used bool }

// Visit implements ast.Visitor.
func (m *metering) Visit(node *ast.Node) {
	call := func(name string, args ...ast.Node) {
		m.used = true
		ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: name}, Arguments: args})
	}
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		m.used = true
		n.Node = &ast.CallNode{Callee: &ast.IdentifierNode{Value: turnName}, Arguments: []ast.Node{n.Node}}
	case *ast.BinaryNode:
		if n.Operator == "+" {
			call(plusName, n.Left, n.Right)
		}
	case *ast.BuiltinNode:
		if n.Name == "replace" {
			call(replaceName, n.Arguments...)
		}
	}
}

// meter counts what one evaluation has used.
type meter struct{ turns, bytes int }

func (m *meter) turn(args ...any) (any, error) {
	if m.turns++; m.turns > maxTurns {
		return nil, fmt.Errorf("%w: more than %d turns of its loops", errBounds, maxTurns)
	}
	return args[0], nil
}

func (m *meter) grow(bytes int) error {
	if m.bytes += bytes; m.bytes > maxBytes {
		return fmt.Errorf("%w: more than %d bytes of text", errBounds, maxBytes)
	}
	return nil
}

func (m *meter) plus(args ...any) (any, error) {
	a, b := args[0], args[1]
	if x, ok := a.(string); ok {
		y, ok := b.(string)
		if !ok {
			return nil, fmt.Errorf("can't add %s to a string", describe(b))
		}
		if err := m.grow(len(x) + len(y)); err != nil {
			return nil, err
		}
		return x + y, nil
	}
	return runtime.Add(a, b), nil
}

func (m *meter) replace(args ...any) (any, error) {
	if len(args) < 3 || len(args) > 4 {
		return nil, errors.New("replace wants a string, what to replace and its replacement")
	}
	var s [3]string
	for i := range s {
		text, ok := args[i].(string)
		if !ok {
			return nil, fmt.Errorf("replace wants strings, not %s", describe(args[i]))
		}
		s[i] = text
	}
	times := -1
	if len(args) == 4 {
		n, ok := whole(args[3])
		if !ok {
			return nil, fmt.Errorf("replace wants a whole number of times, not %s", describe(args[3]))
		}
		times = n
	}
	found := strings.Count(s[0], s[1])
	if times >= 0 {
		found = min(found, times)
	}
	if len(s[2]) > 0 && found > maxBytes/len(s[2]) {
		return nil, fmt.Errorf("%w: more than %d bytes of text", errBounds, maxBytes)
	}
	if err := m.grow(len(s[0]) + found*len(s[2])); err != nil {
		return nil, err
	}
	return strings.Replace(s[0], s[1], s[2], times), nil
}

// Eval returns the value of the expression src over env, the map of roots.
func Eval(src string, env map[string]any) (any, error) {
	p, err := compile(src)
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", src, err)
	}
	v, err := p.run(env)
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", src, err)
	}
	return v, nil
}

func (p *program) run(env map[string]any) (any, error) {
	if p.meter {
		m := &meter{}
		with := make(map[string]any, len(env)+3)
		maps.Copy(with, env)
		with[turnName], with[plusName], with[replaceName] = m.turn, m.plus, m.replace
		env = with
	}
	machine := vm.VM{MemoryBudget: maxElements}
	v, err := machine.Run(p.code, env)
	if err != nil {
		return nil, runtimeError(err)
	}
	return v, nil
}

// runtimeError says in our words what the library's panic said in Go's.
func runtimeError(err error) error {
	if errors.Is(err, errBounds) {
		return errBounds
	}
	e := foreign(err)
	if rest, ok := strings.CutPrefix(e.Message, "cannot fetch "); ok {
		if name, ok := strings.CutSuffix(rest, " from <nil>"); ok {
			return fmt.Errorf("can't read %s: what should have it isn't there", name)
		}
	}
	if e.Message == "memory budget exceeded" {
		return fmt.Errorf("%w: more than %d elements of lists", errBounds, maxElements)
	}
	return e
}

// Holds returns the value of the condition src, which must be true or false. An
// empty condition is true.
func Holds(src string, env map[string]any) (bool, error) {
	if strings.TrimSpace(src) == "" {
		return true, nil
	}
	v, err := Eval(src, env)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("expression %q is %s, not true or false", src, describe(v))
	}
	return b, nil
}

// Text is v as it stands in a string: numbers without exponent, times as RFC
// 3339, lists and objects as JSON, nothing as "".
func Text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case float32:
		return strconv.FormatFloat(float64(x), 'f', -1, 32)
	case time.Time:
		return x.Format(time.RFC3339)
	case fmt.Stringer: // durations and json.Number
		return x.String()
	}
	switch r := reflect.ValueOf(v); {
	case r.CanInt():
		return strconv.FormatInt(r.Int(), 10)
	case r.CanUint():
		return strconv.FormatUint(r.Uint(), 10)
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// describe names the kind of v, never its content: it may be private.
func describe(v any) string {
	if v == nil {
		return "nothing"
	}
	return article(reflect.TypeOf(v))
}

func whole(v any) (int, bool) {
	switch r := reflect.ValueOf(v); {
	case !r.IsValid():
		return 0, false
	case r.CanInt():
		return int(r.Int()), true
	case r.CanFloat() && r.Float() == math.Trunc(r.Float()) && math.Abs(r.Float()) < 1<<31:
		return int(r.Float()), true
	}
	return 0, false
}
