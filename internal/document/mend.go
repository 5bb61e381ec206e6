package document

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"

	"frontdoor/internal/problem"
)

// maxMended and maxMendedLines are the greatest document in bytes and lines
// whose mistakes of syntax are looked for one by one: the time grows with the
// square of the lines. Of a greater one the first is told.
const (
	maxMended      = 128 << 10
	maxMendedLines = 1500
)

// maxMendDepth is how deep parts are taken apart in search of the one that is
// no YAML.
const maxMendDepth = 12

// unread stands in a mended text for what is no YAML. It is of the private use
// area, where no text for people is.
const unread = "\ue0f3unread\ue0f3"

// mender takes a text that is no YAML apart, so that what can be read is read
// and every mistake of syntax is told, not the first alone: a parser stops
// there. It works on lines; what can't be read becomes the word unread.
type mender struct {
	doc   *Document
	lines []string
	found problem.List
}

// mend returns the tree of text as far as it can be read, and what is wrong
// with the rest; nil where nothing helps.
func (d *Document) mend(text string) (*ast.File, problem.List) {
	m := &mender{doc: d, lines: strings.Split(text, "\n")}
	if len(text) > maxMended || len(m.lines) > maxMendedLines || !m.block(0, len(m.lines), 0) {
		return nil, nil
	}
	parsed, p := d.tree(strings.Join(m.lines, "\n"))
	if p != nil || len(m.found) == 0 {
		return nil, nil
	}
	return parsed, m.found
}

// tree parses text, or says what is wrong with it.
func (d *Document) tree(text string) (*ast.File, *problem.Problem) {
	tokens := lexer.Tokenize(text)
	if p := d.dangerous(tokens); p != nil {
		return nil, p
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p := d.syntax(err)
		return nil, &p
	}
	return parsed, nil
}

// try parses the lines from and to alone, at their place in the file.
func (m *mender) try(from, to int) *problem.Problem {
	_, p := m.doc.tree(strings.Repeat("\n", from) + strings.Join(m.lines[from:to], "\n"))
	return p
}

// block makes the lines from and to readable, and tells whether they are now.
// It blanks as little as it can.
func (m *mender) block(from, to, depth int) bool {
	whole := m.try(from, to)
	if whole == nil {
		return true
	}
	if depth > maxMendDepth {
		return false
	}
	before := len(m.found)
	for _, c := range m.children(from, to) {
		p, so := m.try(c.from, c.to), len(m.found)
		if p == nil || m.below(c, depth) && m.try(c.from, c.to) == nil {
			continue
		}
		m.found = append(m.found[:so], *p)
		m.blank(c)
	}
	if len(m.found) > before && m.try(from, to) == nil {
		return true
	}
	m.found = m.found[:before]
	return false
}

// child is a key with its value or an item of a list: its first line is
// indented by indent, the others by more.
type child struct {
	from, to, indent int
	item             bool
	key              string // "" where the line has none
}

// children takes the lines apart at their least indentation.
func (m *mender) children(from, to int) []child {
	least, first := -1, -1
	for i := from; i < to; i++ {
		if n, ok := indentation(m.lines[i]); ok && (least < 0 || n < least) {
			least = n
		}
	}
	var out []child
	keys := false
	for i := from; i < to; i++ {
		n, ok := indentation(m.lines[i])
		if !ok || n != least {
			continue
		}
		rest := m.lines[i][n:]
		item := rest == "-" || strings.HasPrefix(rest, "- ")
		key := ""
		if !item {
			key = keyOf(rest)
		}
		if key == "" && !item || item && keys { // goes on with what stands before
			continue
		}
		keys = keys || key != ""
		if first >= 0 {
			out[len(out)-1].to = i
		}
		first = i
		out = append(out, child{from: i, to: to, indent: n, item: item, key: key})
	}
	return out
}

// indentation is how many spaces line begins with; false where it is empty, a
// comment or a mark of a document.
func indentation(line string) (int, bool) {
	text := strings.TrimLeft(line, " ")
	if text == "" || text[0] == '#' || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...") {
		return 0, false
	}
	return len(line) - len(text), true
}

// keyOf is the key that a line begins with, "" for none.
func keyOf(line string) string {
	key, rest, ok := strings.Cut(line, ":")
	if !ok || rest != "" && rest[0] != ' ' || !plainKey.MatchString(key) {
		return ""
	}
	return key
}

// below mends what stands inside c, where it has an inside.
func (m *mender) below(c child, depth int) bool {
	line := m.lines[c.from]
	if !c.item {
		value := strings.TrimSpace(line[c.indent+len(c.key)+1:])
		return (value == "" || value[0] == '#') && c.to > c.from+1 && m.block(c.from+1, c.to, depth+1)
	}
	if keyOf(strings.TrimLeft(line[c.indent+1:], " ")) == "" {
		return false
	}
	m.lines[c.from] = line[:c.indent] + " " + line[c.indent+1:]
	ok := m.block(c.from, c.to, depth+1)
	mended := m.lines[c.from]
	m.lines[c.from] = mended[:c.indent] + "-" + mended[c.indent+1:]
	return ok
}

// blank puts the word unread in the place of c.
func (m *mender) blank(c child) {
	begin := strings.Repeat(" ", c.indent) + "- "
	if !c.item {
		begin = strings.Repeat(" ", c.indent) + c.key + ": "
	}
	m.lines[c.from] = begin + unread
	for i := c.from + 1; i < c.to; i++ {
		m.lines[i] = ""
	}
}
