package expression

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"frontdoor/internal/problem"
)

// namer walks a tree for the names that it uses. The library would find the
// unknown ones too, but one at a time and without knowing what an input is.
type namer struct {
	scope    Scope
	mistakes []*Error
	locals   []string
	found    Names
}

func (n *namer) fail(node ast.Node, hint, format string, args ...any) {
	n.mistakes = append(n.mistakes, &Error{Offset: node.Location().From, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// inOrder is the mistakes by place, one at each.
func (n *namer) inOrder() []*Error {
	slices.SortStableFunc(n.mistakes, func(a, b *Error) int { return a.Offset - b.Offset })
	return slices.CompactFunc(n.mistakes, func(a, b *Error) bool { return a.Offset == b.Offset })
}

// check visits root and everything below it.
func (n *namer) check(root ast.Node) {
	n.collect(root, true)
	n.fields(root)
	n.choices(root)
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
		if _, ok := n.scope.Inputs[field]; judge && !ok && !n.scope.AnyInput {
			n.fail(m.Property, nearOrAll(field, slices.Sorted(maps.Keys(n.scope.Inputs))), "there is no input %s", field)
		}
	case "steps":
		n.found.Steps = add(n.found.Steps, field)
		if _, ok := n.scope.Steps[field]; judge && !ok && !n.scope.AnyStep {
			if slices.Contains(n.scope.Later, field) {
				n.fail(m.Property, "refer to an earlier step", "step %s has no reply yet at this place", field)
				return
			}
			n.step(m, field)
		}
	case "run", "by", "at":
		if known := fixed[root.Value].fields; judge && !slices.Contains(known, field) {
			n.fail(m.Property, didYouMean(field, known), "%s has no %s: it has %s", root.Value, field, strings.Join(known, ", "))
		}
	default:
		n.bare(root, judge)
	}
}

// step is a step that isn't there, or not yet.
func (n *namer) step(m *ast.MemberNode, field string) {
	before := slices.Sorted(maps.Keys(n.scope.Steps))
	if near := problem.Nearest(field, before); near == "" {
		if later := problem.Nearest(field, n.scope.Later); later != "" && !slices.Contains(before, later) {
			n.fail(m.Property, "refer to an earlier step", "there is no step %s, and %s has no reply yet at this place", field, later)
			return
		}
	}
	n.fail(m.Property, nearOrAll(field, before), "there is no step %s before this place", field)
}

// nearOrAll is the hint for an unknown word: the nearest known one, or all of
// a few.
func nearOrAll(word string, known []string) string {
	if hint := didYouMean(word, known); hint != "" || len(known) == 0 || len(known) > 12 {
		return hint
	}
	return "known here: " + strings.Join(known, ", ")
}

// fields finds members of objects whose fields are known and don't include
// them. The library would say so too, but only the first and without a hint.
func (n *namer) fields(node ast.Node) {
	ast.Walk(&node, visit(func(x *ast.Node) {
		m, ok := (*x).(*ast.MemberNode)
		if !ok || m.Method {
			return
		}
		field, constant := m.Property.(*ast.StringNode)
		if !constant {
			return
		}
		t := n.typeOf(m.Node)
		if t.likely != nil && !slices.Contains(t.likely, field.Value) {
			n.fail(m.Property, nearOrAll(field.Value, t.likely), "the reply has no field %s", field.Value)
			n.mistakes[len(n.mistakes)-1].Doubt = true
		}
		if t.sub == nil || t.open {
			return
		}
		if _, ok := t.sub[field.Value]; !ok {
			n.fail(m.Property, nearOrAll(field.Value, t.fields), "there is no field %s", field.Value)
		}
	}))
}

// typeOf is the type of a step's reply or of a part of one that node reads; the
// zero Type is one that nobody declared.
func (n *namer) typeOf(node ast.Node) Type {
	switch x := node.(type) {
	case *ast.ChainNode:
		return n.typeOf(x.Node)
	case *ast.MemberNode:
		field, constant := x.Property.(*ast.StringNode)
		if root, ok := x.Node.(*ast.IdentifierNode); ok {
			if constant && root.Value == "steps" && !slices.Contains(n.locals, root.Value) {
				return n.scope.Steps[field.Value]
			}
			return Type{}
		}
		of := n.typeOf(x.Node)
		if constant {
			return of.sub[field.Value]
		}
		if of.item != nil {
			return *of.item
		}
	}
	return Type{}
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
		if hint == "" {
			hint = fmt.Sprintf("put quotes around text: %q", id.Value)
		}
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

// choices doubts comparisons of a choice with what is none of its options.
func (n *namer) choices(node ast.Node) {
	ast.Walk(&node, visit(func(x *ast.Node) {
		b, ok := (*x).(*ast.BinaryNode)
		if !ok {
			return
		}
		switch b.Operator {
		case "==", "!=":
			n.option(b.Left, b.Right)
			n.option(b.Right, b.Left)
		case "in":
			if list, ok := b.Right.(*ast.ArrayNode); ok {
				for _, item := range list.Nodes {
					n.option(b.Left, item)
				}
			}
		}
	}))
}

// option doubts that the choice is ever the text.
func (n *namer) option(choice, text ast.Node) {
	member, ok := choice.(*ast.MemberNode)
	literal, written := text.(*ast.StringNode)
	if !ok || !written {
		return
	}
	root, ok := member.Node.(*ast.IdentifierNode)
	field, constant := member.Property.(*ast.StringNode)
	if !ok || !constant || root.Value != "inputs" {
		return
	}
	known := n.scope.Inputs[field.Value].options
	if len(known) == 0 || slices.Contains(known, literal.Value) {
		return
	}
	n.fail(text, nearOrAll(literal.Value, known), "%s is never %q", field.Value, literal.Value)
	n.mistakes[len(n.mistakes)-1].Doubt = true
}
