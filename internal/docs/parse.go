package docs

import (
	"errors"
	"fmt"
	"html"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"go.abhg.dev/goldmark/frontmatter"
)

// maxDepth bounds how deep lists and quotations are followed into each other.
const maxDepth = 60

// A BlockKind says what a block of text is on its page.
type BlockKind uint8

// The kinds of blocks.
const (
	Paragraph BlockKind = iota // Paragraph is running prose.
	Item                       // Item is an entry of a list, or a paragraph of one.
	Code                       // Code is a code block: a short one as it is, of a longer one the line breaks kept as spaces.
	Row                        // Row is a row of a table, its cells separated by spaces.
	HTML                       // HTML is the text of an HTML block.
	Step                       // Step is an entry of a numbered list, or a paragraph of one.
)

// frontMatter is what a page says about itself before its text.
type frontMatter struct {
	Title       string `yaml:"title" toml:"title"`
	Description string `yaml:"description" toml:"description"`
	Slug        string `yaml:"slug" toml:"slug"`
	URL         string `yaml:"url" toml:"url"`
	ID          string `yaml:"id" toml:"id"`
	Generated   bool   `yaml:"auto_generated" toml:"auto_generated"`
}

// block is a stretch of rendered text that no quotation crosses.
type block struct {
	kind      BlockKind
	text      string
	sentences []Span // the quotable ones
}

// section is a heading with what stands under it.
type section struct {
	level  int      // 0 before the first heading
	titles []string // of the headings around it, its own last
	anchor string
	blocks []block
}

// page is a parsed page.
type page struct {
	meta      frontMatter
	title     string
	generated bool
	sections  []section
	links     []pageLink
}

// pageLink is a link as written: its destination and its text.
type pageLink struct{ to, text string }

// A Span is a stretch of a text, in bytes.
type Span struct{ Start, End int }

var errNotUTF8 = errors.New("not UTF-8")

// reader turns Markdown into pages. It is safe for concurrent use.
type reader struct {
	markdown goldmark.Markdown
}

func newReader() *reader {
	return &reader{markdown: goldmark.New(goldmark.WithExtensions(
		extension.Table, extension.Strikethrough, extension.TaskList, &frontmatter.Extender{},
	))}
}

// page parses the Markdown of the page at p. Whatever the text is, it returns
// a page or an error.
func (r *reader) page(p, layout string, src []byte, include func(name string) string) (_ *page, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("cannot be parsed: %v", v)
		}
	}()
	if !utf8.Valid(src) {
		return nil, errNotUTF8
	}
	written := dropMarks.Replace(strings.TrimPrefix(string(src), "\uFEFF"))
	if much := excessive(written); much != "" {
		return nil, errors.New(much)
	}
	prepared := prepare(written, include)
	w := &walker{src: []byte(prepared), anchors: anchors{layout: layout, taken: map[string]int{}}}
	w.page.sections = []section{{}}
	pc := parser.NewContext()
	doc := r.markdown.Parser().Parse(text.NewReader(w.src), parser.WithContext(pc))
	if data := frontmatter.Get(pc); data != nil {
		// Front matter that is no valid YAML or TOML says nothing about the page.
		_ = data.Decode(&w.page.meta)
	}
	w.container(doc, Paragraph, 0)
	w.finish(p)
	if prepared != written {
		r.keepPlain(&w.page, written)
	}
	return &w.page, nil
}

// keepPlain leaves only those sentences quotable that plain CommonMark shows
// just the same, so that a quotation holds whichever way the page is rendered.
func (r *reader) keepPlain(p *page, written string) {
	w := &walker{src: []byte(written), anchors: anchors{taken: map[string]int{}}}
	w.page.sections = []section{{}}
	w.container(r.markdown.Parser().Parse(text.NewReader(w.src)), Paragraph, 0)
	var plain strings.Builder
	for _, s := range w.page.sections {
		for _, b := range s.blocks {
			plain.WriteString(b.text)
			plain.WriteByte('\n')
		}
	}
	whole := plain.String()
	for i := range p.sections {
		for j := range p.sections[i].blocks {
			b := &p.sections[i].blocks[j]
			kept := b.sentences[:0]
			for _, s := range b.sentences {
				if strings.Contains(whole, b.text[s.Start:s.End]) {
					kept = append(kept, s)
				}
			}
			b.sentences = kept
		}
	}
}

// The parser takes time that grows with the square of these; what people write
// stays far below.
const (
	maxOpened      = 100  // quotations and lists that one line opens
	maxDefinitions = 5000 // link definitions and notes of one page
	// maxEffort bounds the sum of the squares of the paragraphs' marks of links
	// and emphasis. It takes the parser about a second; a paragraph that people
	// write has a few dozen marks.
	maxEffort = 500_000_000
)

// excessive says what a page has so much of that parsing it would take
// minutes, or "".
func excessive(src string) string {
	definitions, marks, effort := 0, 0, 0
	for line := range strings.Lines(src) {
		line = strings.TrimLeft(line, " \t")
		if strings.TrimSpace(line) == "" {
			marks = 0
		}
		// A bracket takes about twice as long as a star. The difference of the
		// squares is what the line adds to its paragraph's.
		more := marks + 2*strings.Count(line, "[") + strings.Count(line, "*") + strings.Count(line, "_") + strings.Count(line, "~")
		effort += more*more - marks*marks
		if marks = more; effort > maxEffort {
			return "its paragraphs have too many marks of links or emphasis"
		}
		if strings.HasPrefix(line, "[") && strings.Contains(line, "]:") {
			if definitions++; definitions > maxDefinitions {
				return fmt.Sprintf("it has more than %d link definitions", maxDefinitions)
			}
		}
		for n := 0; line != ""; n++ {
			if n > maxOpened {
				return fmt.Sprintf("a line opens more than %d lists or quotations", maxOpened)
			}
			rest := strings.TrimLeft(line, "0123456789")
			if rest == "" || !strings.ContainsRune(">-*+.)", rune(rest[0])) || rest[0] != '>' && len(rest) > 1 && rest[1] != ' ' && rest[1] != '\t' {
				break
			}
			line = strings.TrimLeft(rest[1:], " \t\r\n")
		}
	}
	return ""
}

// walker collects the text of one page.
type walker struct {
	src     []byte
	anchors anchors
	titles  []string // of the open headings, outermost first
	levels  []int
	unsure  bool
	page    page
}

// container walks the blocks inside n. kind is what a paragraph in it is.
func (w *walker) container(n ast.Node, kind BlockKind, depth int) {
	if depth > maxDepth {
		return
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Heading:
			w.heading(c.Level, w.inline(c))
		case *ast.Paragraph, *ast.TextBlock:
			w.add(kind, w.inline(c))
		case *ast.ListItem:
			kind := Item
			if list, ok := c.Parent().(*ast.List); ok && list.IsOrdered() {
				kind = Step
			}
			w.container(c, kind, depth+1)
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			w.code(w.lines(c))
		case *ast.HTMLBlock:
			raw := w.lines(c)
			if c.HasClosure() {
				raw += string(c.ClosureLine.Value(w.src))
			}
			w.html(raw)
		case *east.Table:
			for row := c.FirstChild(); row != nil; row = row.NextSibling() {
				var cells []string
				for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
					cells = append(cells, w.inline(cell))
				}
				w.add(Row, strings.Join(cells, " "))
			}
		default:
			w.container(c, kind, depth+1)
		}
	}
}

// heading opens a section.
func (w *walker) heading(level int, raw string) {
	rendered, _ := w.collapse(raw)
	title, anchor := w.anchors.heading(rendered)
	for len(w.levels) > 0 && w.levels[len(w.levels)-1] >= level {
		w.levels = w.levels[:len(w.levels)-1]
		w.titles = w.titles[:len(w.titles)-1]
	}
	w.levels = append(w.levels, level)
	w.titles = append(w.titles, title)
	w.page.sections = append(w.page.sections, section{
		level:  level,
		titles: append([]string(nil), w.titles...),
		anchor: anchor,
	})
}

// add puts a block into the open section.
func (w *walker) add(kind BlockKind, raw string) {
	rendered, unsure := w.collapse(raw)
	if rendered == "" {
		return
	}
	b := block{kind: kind, text: rendered}
	if kind == Paragraph || kind == Item || kind == Step {
		for _, s := range sentences(rendered) {
			if quotable(rendered[s.Start:s.End]) && !touches(s, unsure) {
				b.sentences = append(b.sentences, s)
			}
		}
	}
	s := &w.page.sections[len(w.page.sections)-1]
	s.blocks = append(s.blocks, b)
}

// What a person reads in a chat of a code block.
const (
	maxCodeLines = 8
	maxCodeBytes = 500
)

// code puts a code block into the open section. A short one keeps its lines
// and may be quoted, whole.
func (w *walker) code(raw string) {
	lines := strings.Split(strings.Trim(strings.ReplaceAll(raw, "\r\n", "\n"), "\n"), "\n")
	short := len(lines) <= maxCodeLines && len(raw) <= maxCodeBytes && strings.ContainsFunc(raw, unicode.IsLetter)
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
		short = short && !strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && !unicode.IsPrint(r) })
	}
	for _, sign := range []string{"{{<", "{{%", "--8<--", "\uFFFD"} {
		short = short && !strings.Contains(raw, sign)
	}
	if !short {
		w.add(Code, raw)
		return
	}
	text := strings.Join(lines, "\n")
	s := &w.page.sections[len(w.page.sections)-1]
	s.blocks = append(s.blocks, block{kind: Code, text: text, sentences: []Span{{0, len(text)}}})
}

// html adds the text of an HTML block. Its headings open sections.
func (w *walker) html(raw string) {
	if strings.Contains(raw, "generated") && strings.Contains(raw, "<!--") {
		w.page.generated = true
	}
	for _, part := range htmlParts(raw) {
		if part.level > 0 {
			rendered, _ := w.collapse(part.text)
			if rendered == "" {
				continue
			}
			if part.id != "" {
				rendered += " {#" + part.id + "}"
			}
			w.heading(part.level, rendered)
			continue
		}
		w.add(HTML, part.text)
	}
}

// lines is the text of a block that holds lines rather than inlines.
func (w *walker) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		at := n.Lines().At(i)
		b.Write(at.Value(w.src))
	}
	return b.String()
}

// inline is the text of the inlines below n.
func (w *walker) inline(n ast.Node) string {
	var b strings.Builder
	w.inlines(&b, n, 0)
	return b.String()
}

func (w *walker) inlines(b *strings.Builder, n ast.Node, depth int) {
	if depth > maxDepth {
		return
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			value := c.Segment.Value(w.src)
			if c.IsRaw() || n.Kind() == ast.KindCodeSpan {
				b.Write(value)
			} else {
				unescape(b, string(value))
			}
			if c.SoftLineBreak() || c.HardLineBreak() || n.Kind() == ast.KindCodeSpan && strings.HasSuffix(string(value), "\n") {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(c.Value)
		case *ast.AutoLink:
			b.Write(c.Label(w.src))
		case *ast.Link:
			start := b.Len()
			w.inlines(b, c, depth+1)
			w.page.links = append(w.page.links, pageLink{string(c.Destination), dropMarks.Replace(b.String()[start:])})
		case *ast.Image:
			// A reader sees a picture; its description helps the search.
			b.WriteRune(unsureOpen)
			w.inlines(b, c, depth+1)
			b.WriteRune(unsureClose)
		case *ast.RawHTML:
			var tag strings.Builder
			for i := range c.Segments.Len() {
				at := c.Segments.At(i)
				tag.Write(at.Value(w.src))
			}
			b.WriteString(unsure(""))
			if strings.HasPrefix(strings.ToLower(tag.String()), "<br") {
				b.WriteByte(' ')
			}
		case *east.Strikethrough:
			b.WriteRune(unsureOpen)
			w.inlines(b, c, depth+1)
			b.WriteRune(unsureClose)
		default:
			w.inlines(b, c, depth+1)
		}
	}
}

// unescape writes Markdown text as it is shown: backslashes before
// punctuation dropped, entities decoded.
func unescape(b *strings.Builder, s string) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && s[i+1] < utf8.RuneSelf && (unicode.IsPunct(rune(s[i+1])) || unicode.IsSymbol(rune(s[i+1]))):
			i++
			b.WriteByte(s[i])
		case c == '&':
			end := strings.IndexByte(s[i:], ';')
			if end > 1 && end <= 33 {
				entity := s[i : i+end+1]
				if shown := html.UnescapeString(entity); shown != entity {
					b.WriteString(shown)
					i += end
					continue
				}
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
}

// collapse makes each run of white space one space and takes the marks of
// unsure text out, returning where they were.
func (w *walker) collapse(raw string) (string, []Span) {
	var b strings.Builder
	b.Grow(len(raw))
	var unsure []Span
	space := false
	start := 0
	for _, r := range raw {
		switch {
		case r == unsureOpen:
			w.unsure = true
			start = b.Len()
		case r == unsureClose:
			if w.unsure {
				unsure = append(unsure, Span{start, b.Len()})
			}
			w.unsure = false
		case unicode.IsSpace(r):
			space = true
		default:
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteRune(r)
		}
	}
	if w.unsure {
		unsure = append(unsure, Span{start, b.Len()})
	}
	return b.String(), unsure
}

// touches says whether s meets one of the stretches, which may be empty.
func touches(s Span, stretches []Span) bool {
	for _, u := range stretches {
		if u.Start <= s.End && s.Start <= u.End {
			return true
		}
	}
	return false
}

// finish settles the title and drops what is empty.
func (w *walker) finish(name string) {
	p := &w.page
	p.title = strings.Join(strings.Fields(p.meta.Title), " ")
	for _, s := range p.sections {
		if p.title == "" && s.level == 1 {
			p.title = s.titles[0]
		}
	}
	for _, s := range p.sections {
		if p.title == "" && s.level > 0 {
			p.title = s.titles[len(s.titles)-1]
		}
	}
	if p.title == "" {
		stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
		p.title = strings.TrimSpace(strings.NewReplacer("-", " ", "_", " ").Replace(stem))
	}
	p.generated = p.generated || p.meta.Generated
	if len(p.sections[0].blocks) == 0 && len(p.sections) > 1 {
		p.sections = p.sections[1:]
	}
}
