package document

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"frontdoor/internal/problem"
)

// Kind is what a Node is.
type Kind int

// The kinds of JSON, which is all that a document may hold, and Unread.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Object
	// Unread is a value that is no YAML, in a document whose other parts are:
	// there is a problem for it.
	Unread
)

// String is the kind as a message names it.
func (k Kind) String() string {
	return [...]string{"nothing", "true or false", "a whole number", "a number", "a string", "a list", "an object", "no YAML"}[k]
}

// Node is one value of a document. Line and Column count from 1.
type Node struct {
	Kind         Kind
	Line, Column int
	Scalar       any // bool, int64, float64 or string
	Items        []*Node
	Pairs        []Pair

	parent *Node
	key    string // of parent where that is an object
	index  int    // of parent where that is a list

	keyLine, keyColumn int // of key; 0 where there is none

	style style
	doc   *Document

	replaced bool // the text isn't what the file says
}

// Pair is one key of an object with its value, in file order.
type Pair struct {
	Key          string
	Line, Column int // of the key
	Value        *Node
}

type style int

const (
	plain style = iota
	singleQuoted
	doubleQuoted
	literal
	folded
)

// Document is one parsed file.
type Document struct {
	File string
	Root *Node // nil where the file is empty
	// Hide, if not nil, takes from a line what an excerpt may not show.
	Hide  func(line string) string
	lines []string
}

// plainKey is a key that stands in a path without quotes.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Path is the way from the root, such as `workflow.steps[1].timeout`.
func (n *Node) Path() string {
	if n == nil || n.parent == nil {
		return ""
	}
	if n.parent.Kind == List {
		return n.parent.Path() + "[" + strconv.Itoa(n.index) + "]"
	}
	return joinPath(n.parent.Path(), n.key)
}

func joinPath(path, key string) string {
	if !plainKey.MatchString(key) {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// Document is the document that n is part of.
func (n *Node) Document() *Document { return n.doc }

// Get is the value of key; nil where n is no object or has none. It can be
// called on nil, so that lookups chain.
func (n *Node) Get(key string) *Node {
	if p := n.pair(key); p != nil {
		return p.Value
	}
	return nil
}

func (n *Node) pair(key string) *Pair {
	if n == nil {
		return nil
	}
	for i := range n.Pairs {
		if n.Pairs[i].Key == key {
			return &n.Pairs[i]
		}
	}
	return nil
}

// Has tells whether the object n has key.
func (n *Node) Has(key string) bool { return n.pair(key) != nil }

// Text is the string n; "" where it is no string, or nil.
func (n *Node) Text() string {
	if n == nil || n.Kind != String {
		return ""
	}
	return n.Scalar.(string)
}

// Int is the whole number n; 0 where it is none, or nil.
func (n *Node) Int() int {
	if n == nil || n.Kind != Int {
		return 0
	}
	return int(n.Scalar.(int64))
}

// Number is the number n, and whether it is one.
func (n *Node) Number() (float64, bool) {
	switch {
	case n == nil:
	case n.Kind == Int:
		return float64(n.Scalar.(int64)), true
	case n.Kind == Float:
		return n.Scalar.(float64), true
	}
	return 0, false
}

// True tells whether n is true.
func (n *Node) True() bool { return n != nil && n.Kind == Bool && n.Scalar.(bool) }

// Texts are the strings of the list n.
func (n *Node) Texts() []string {
	if n == nil {
		return nil
	}
	var out []string
	for _, item := range n.Items {
		if item.Kind == String {
			out = append(out, item.Text())
		}
	}
	return out
}

// Tree is n as Go values: nil, bool, int64, float64, string, []any and
// map[string]any.
func (n *Node) Tree() any {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case List:
		out := make([]any, len(n.Items))
		for i, item := range n.Items {
			out[i] = item.Tree()
		}
		return out
	case Object:
		out := make(map[string]any, len(n.Pairs))
		for _, p := range n.Pairs {
			out[p.Key] = p.Value.Tree()
		}
		return out
	}
	return n.Scalar
}

// Problem is an error at n.
func (n *Node) Problem(hint, format string, args ...any) problem.Problem {
	return n.doc.at(n.Line, n.Column, n.Path(), hint, fmt.Sprintf(format, args...))
}

// ProblemIn is an error at offset, counted in code points, in the string n.
func (n *Node) ProblemIn(offset int, hint, format string, args ...any) problem.Problem {
	line, column := n.position(offset)
	return n.doc.at(line, column, n.Path(), hint, fmt.Sprintf(format, args...))
}

// KeyProblem is an error at the key of n in its object; at n where it has none.
func (n *Node) KeyProblem(hint, format string, args ...any) problem.Problem {
	p := n.Problem(hint, format, args...)
	if n.keyLine > 0 {
		p.Line, p.Column = n.keyLine, n.keyColumn
		p.Excerpt = n.doc.Excerpt(p.Line, p.Column)
	}
	return p
}

func (d *Document) at(line, column int, key, hint, message string) problem.Problem {
	return problem.Problem{
		File: d.File, Line: line, Column: column, Key: key, Severity: problem.Error,
		Message: message, Hint: hint, Excerpt: d.Excerpt(line, column),
	}
}

// position is where the code point offset of the string n stands in the file.
// In text that the file folds, it is where the text begins.
func (n *Node) position(offset int) (line, column int) {
	if n.Kind != String || n.Line < 1 || n.Line > len(n.doc.lines) {
		return n.Line, n.Column
	}
	text := n.Text()
	source := []rune(n.doc.lines[n.Line-1])
	switch n.style {
	case literal:
		return n.inBlock(offset)
	case folded:
		return n.Line, n.Column
	case plain:
		if n.Column-1+len([]rune(text)) <= len(source) && string(source[n.Column-1:n.Column-1+len([]rune(text))]) == text {
			return n.Line, n.Column + offset
		}
	case singleQuoted, doubleQuoted:
		return n.inQuotes(source, offset)
	}
	return n.Line, n.Column
}

// inQuotes walks over the escapes of a quoted string of one line.
func (n *Node) inQuotes(source []rune, offset int) (line, column int) {
	at := n.Column // index of the first code point behind the quote
	for ; offset > 0 && at < len(source); offset-- {
		switch {
		case n.style == singleQuoted && source[at] == '\'':
			at += 2
		case n.style == doubleQuoted && source[at] == '\\' && at+1 < len(source):
			at += 2 + map[rune]int{'x': 2, 'u': 4, 'U': 8}[source[at+1]]
		default:
			at++
		}
	}
	if at >= len(source) { // the string goes on over several lines
		return n.Line, n.Column
	}
	return n.Line, at + 1
}

// inBlock finds the place in the lines of a literal block.
func (n *Node) inBlock(offset int) (line, column int) {
	rows := strings.Split(n.Text(), "\n")
	row := 0
	for row < len(rows)-1 && offset > len([]rune(rows[row])) {
		offset -= len([]rune(rows[row])) + 1
		row++
	}
	line = n.Line + 1 + row
	if line > len(n.doc.lines) {
		return n.Line, n.Column
	}
	indent := strings.Index(n.doc.lines[line-1], rows[row])
	if indent < 0 {
		return line, 1
	}
	return line, indent + 1 + offset
}

// maxExcerpt bounds a line of an excerpt in code points.
const maxExcerpt = 160

// Excerpt is the line before, the line itself and a caret below column; ""
// where there is no such line.
func (d *Document) Excerpt(line, column int) string {
	if line < 1 || line > len(d.lines) {
		return ""
	}
	var b strings.Builder
	if line > 1 {
		fmt.Fprintf(&b, "%4d | %s\n", line-1, d.show(d.lines[line-2]))
	}
	fmt.Fprintf(&b, "%4d | %s\n", line, d.show(d.lines[line-1]))
	if column >= 1 && column <= maxExcerpt {
		fmt.Fprintf(&b, "     | %s^", strings.Repeat(" ", column-1))
	}
	return strings.TrimRight(b.String(), "\n")
}

func (d *Document) show(line string) string {
	if d.Hide != nil {
		line = d.Hide(line)
	}
	line = strings.ReplaceAll(line, "\t", "→")
	if r := []rune(line); len(r) > maxExcerpt {
		return string(r[:maxExcerpt-1]) + "…"
	}
	return line
}
