package document

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"frontdoor/internal/problem"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// MaxSize is the greatest document in bytes.
const MaxSize = 512 << 10

// maxDepth is how deep lists and objects may lie in each other.
const maxDepth = 64

// maxEntries is how many keys and items a document may have: the parser's time
// grows with the square of those of one object or list.
const maxEntries = 8000

// maxProblems is how many mistakes of one document are told.
const maxProblems = 100

// Parse reads the one document of src. Where the list has errors the document
// still has what could be read, with a nil Root where nothing could; an empty
// file is no error and has a nil Root.
func Parse(file string, src []byte) (*Document, problem.List) { return read(file, src, false) }

// Salvage is Parse that reads on behind a mistake of syntax, so that all of
// them are told and the rest of the file can be checked too: what is no YAML
// becomes a Node of kind Unread. A line that can't be read may stand in an
// excerpt, so it is not for files that hold secrets.
func Salvage(file string, src []byte) (*Document, problem.List) { return read(file, src, true) }

func read(file string, src []byte, salvage bool) (*Document, problem.List) {
	d := &Document{File: file}
	refuse := func(line, column int, hint, message string) (*Document, problem.List) {
		return d, problem.List{d.at(line, column, "", hint, message)}
	}
	if len(src) > MaxSize {
		return refuse(0, 0, "split it", fmt.Sprintf("the file has %d bytes, more than %d", len(src), MaxSize))
	}
	if bad := invalid(src); bad >= 0 {
		before := src[:bad]
		line := 1 + bytes.Count(before, []byte("\n"))
		return refuse(line, 1+utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]), "save the file as UTF-8 text", "the file is not UTF-8 text")
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(src), "\ufeff"))
	d.lines = strings.Split(text, "\n")

	b := &builder{doc: d}
	parsed, p := d.tree(text)
	if p != nil {
		if salvage {
			parsed, b.problems = d.mend(text)
		}
		if parsed == nil {
			return d, problem.List{*p}
		}
	}
	for _, one := range parsed.Docs {
		if one.Body == nil {
			continue
		}
		if d.Root != nil {
			b.fail(beginning(one.Body), "write a file for each", "the file has more than one document")
			break
		}
		d.Root = b.build(one.Body, &Node{doc: d}, 0)
	}
	return d, few(b.problems)
}

// beginning is where n begins: an object's own token is its first colon.
func beginning(n ast.Node) *token.Position {
	switch x := n.(type) {
	case *ast.MappingNode:
		if len(x.Values) > 0 && !x.IsFlowStyle {
			return beginning(x.Values[0])
		}
	case *ast.MappingValueNode:
		return x.Key.GetToken().Position
	}
	return n.GetToken().Position
}

func few(found problem.List) problem.List {
	return found[:min(len(found), maxProblems)]
}

// invalid is the index of the first byte that is no text; -1 where all is.
func invalid(src []byte) int {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f {
			return i
		}
		i += size
	}
	return -1
}

// dangerous finds, before anything recurses over the tokens, what could make
// the parser or its caller grow: nesting, anchors and aliases.
func (d *Document) dangerous(tokens token.Tokens) *problem.Problem {
	depth, dashes, dashLine, entries := 0, 0, 0, 0
	for _, t := range tokens {
		bad, hint := "", ""
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			if t.Position.Line != dashLine {
				dashes, dashLine = 0, t.Position.Line
			}
			dashes++
			entries++
		case token.MappingValueType, token.CollectEntryType:
			entries++
		case token.AnchorType, token.AliasType:
			bad, hint = "anchors and aliases are not used here", "write the value out; a string that begins with & or * needs quotes"
		case token.TagType:
			bad, hint = "YAML tags are not used here", "remove "+t.Value+"; a string that begins with ! needs quotes"
		case token.MergeKeyType:
			bad, hint = "merge keys are not used here", "write the keys out"
		}
		if entries > maxEntries {
			bad, hint = fmt.Sprintf("the file has more than %d keys and items", maxEntries), "split it"
		}
		if depth > maxDepth || dashes > maxDepth || t.Position.IndentLevel > maxDepth {
			bad, hint = fmt.Sprintf("lists and objects lie more than %d deep in each other", maxDepth), "flatten it"
		}
		if bad != "" {
			p := d.at(t.Position.Line, t.Position.Column, "", hint, bad)
			return &p
		}
	}
	return nil
}

// syntax is the parser's error in our words.
func (d *Document) syntax(err error) problem.Problem {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		return d.at(0, 0, "", "", "this is no YAML: "+line)
	}
	at := e.GetToken().Position
	message, hint := "this is no YAML: "+e.GetMessage(), ""
	for _, known := range []struct{ says, message, hint string }{
		{"found character '\t'", "a tab can't indent", "indent with spaces"},
		{"found a tab", "a tab can't indent", "indent with spaces"},
		{"mapping value is not allowed", "", "put quotes around a value that has a colon in it, and indent keys of one object alike"},
		{"is a reserved character", "", "put quotes around the value"},
		{"',' or '}' must be specified", "", "close it with }, or put quotes around a value that has braces in it, such as '${inputs.name}'"},
		{"',' or ']' must be specified", "", "close it with ], or put quotes around a value that has brackets or braces in it, such as 'restart {service}'"},
		{"could not find end character", "", "close the quote"},
		{"could not find flow mapping end", "", "close it with }"},
		{"sequence end token ']' not found", "", "close it with ]"},
		{"unexpected key name", "a line without a colon", "write key: value"},
		{"non-map value is specified", "a line without a colon", "write key: value, or indent the text"},
		{"value is not allowed in this context", "", "check the indentation and the quotes"},
	} {
		if strings.Contains(e.GetMessage(), known.says) {
			hint = known.hint
			if known.message != "" {
				message = known.message
			}
			break
		}
	}
	return d.at(at.Line, max(at.Column, 1), "", hint, message)
}

// builder turns the parser's tree into Nodes.
type builder struct {
	doc      *Document
	problems problem.List
}

func (b *builder) fail(at *token.Position, hint, format string, args ...any) {
	b.problems = append(b.problems, b.doc.at(at.Line, max(at.Column, 1), "", hint, fmt.Sprintf(format, args...)))
}

// build fills out, which knows its place in the document already, with n, and
// returns it.
func (b *builder) build(n ast.Node, out *Node, depth int) *Node {
	if n == nil {
		if out.parent != nil {
			out.Line, out.Column = out.parent.Line, out.parent.Column
		}
		return out
	}
	at := n.GetToken().Position
	out.Line, out.Column = at.Line, max(at.Column, 1)
	if depth > maxDepth {
		b.fail(at, "flatten it", "lists and objects lie more than %d deep in each other", maxDepth)
		return out
	}
	switch x := n.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		out.Kind, out.Scalar = Bool, x.Value
	case *ast.IntegerNode:
		b.integer(out, x)
	case *ast.FloatNode:
		out.Kind, out.Scalar = Float, x.Value
		if math.IsInf(x.Value, 0) || math.IsNaN(x.Value) {
			b.fail(at, "write a smaller one", "%s is no number that fits", x.Token.Value)
			out.Scalar = 0.0
		}
	case *ast.StringNode:
		out.Kind, out.Scalar, out.style = String, x.Value, styleOf(x.Token)
		if x.Value == unread {
			out.Kind, out.Scalar = Unread, nil
			b.name(out)
		}
	case *ast.LiteralNode:
		out.Kind, out.Scalar, out.style = String, x.Value.Value, literal
		if x.Start.Type == token.FoldedType {
			out.style = folded
		}
	case *ast.SequenceNode:
		out.Kind = List
		for i, item := range x.Values {
			out.Items = append(out.Items, b.build(item, &Node{doc: b.doc, parent: out, index: i}, depth+1))
		}
	case *ast.MappingNode:
		out.Kind = Object
		if len(x.Values) > 0 && !x.IsFlowStyle {
			first := x.Values[0].Key.GetToken().Position
			out.Line, out.Column = first.Line, max(first.Column, 1)
		}
		seen := make(map[string]int, len(x.Values))
		for _, v := range x.Values {
			b.add(out, v, seen, depth)
		}
	case *ast.MappingValueNode:
		out.Kind = Object
		b.add(out, x, map[string]int{}, depth)
	case *ast.InfinityNode, *ast.NanNode:
		b.fail(at, "write a plain number", "infinity and not-a-number are not used here")
	case *ast.CommentGroupNode:
	default:
		b.fail(at, "write plain strings, numbers, lists and objects", "%s is not used here", strings.ToLower(n.Type().String()))
	}
	return out
}

// name gives the mistakes of syntax at or below the line of n its path as their
// key.
func (b *builder) name(n *Node) {
	line := n.Line
	if n.keyLine > 0 {
		line = n.keyLine
	}
	for i := range b.problems {
		if p := &b.problems[i]; p.Key == "" && p.Line >= line {
			p.Key = n.Path()
			return
		}
	}
}

func styleOf(t *token.Token) style {
	switch t.Type {
	case token.SingleQuoteType:
		return singleQuoted
	case token.DoubleQuoteType:
		return doubleQuoted
	}
	return plain
}

func (b *builder) integer(out *Node, x *ast.IntegerNode) {
	out.Kind = Int
	switch v := x.Value.(type) {
	case int64:
		out.Scalar = v
	case uint64:
		if v > math.MaxInt64 {
			b.fail(x.Token.Position, "write a smaller one", "%s is too great a number", x.Token.Value)
			v = 0
		}
		out.Scalar = int64(v)
	default:
		out.Scalar = int64(0)
	}
}

// add puts one pair into the object out; seen has the lines of its keys so far.
func (b *builder) add(out *Node, v *ast.MappingValueNode, seen map[string]int, depth int) {
	at := v.Key.GetToken().Position
	key := ""
	switch k := v.Key.(type) {
	case *ast.StringNode:
		key = k.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		key = k.GetToken().Value // as it is written: 200: … is the key "200"
	default:
		b.fail(at, "write a plain word", "a key must be a string")
		return
	}
	if before := seen[key]; before > 0 {
		p := b.doc.at(at.Line, max(at.Column, 1), joinPath(out.Path(), key), "keep one of the two", fmt.Sprintf("the key %s stands twice, first on line %d", key, before))
		b.problems = append(b.problems, p)
		return
	}
	seen[key] = at.Line
	value := b.build(v.Value, &Node{doc: b.doc, parent: out, key: key, keyLine: at.Line, keyColumn: max(at.Column, 1)}, depth+1)
	if value.Kind == Null {
		value.Line, value.Column = at.Line, max(at.Column, 1)
	}
	out.Pairs = append(out.Pairs, Pair{Key: key, Line: at.Line, Column: max(at.Column, 1), Value: value})
}
