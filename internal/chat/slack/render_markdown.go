package slack

import (
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// part is a piece of a card that is never torn: a paragraph, a list item, a
// block of code or what became of a long one.
type part struct {
	element map[string]any // rich text; nil where block is set
	block   Block
	text    string // beside the blocks: escaped
	size    int    // characters that people see
	heading bool
	first   bool // of a list
	gap     bool // an empty line follows, whatever comes
	table   bool
}

// document walks Markdown.
type document struct {
	r      Renderer
	source []byte
	parts  []part
	tables int
}

// parts are the pieces of a Markdown text.
func (r Renderer) parts(markdown string) []part {
	source := []byte(strings.ToValidUTF8(markdown, "\uFFFD"))
	d := &document{r: r, source: source}
	md := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify, extension.TaskList))
	d.blocks(md.Parser().Parse(text.NewReader(source)), 0)
	if len(d.parts) == 0 {
		d.parts = []part{paragraph("…")}
	}
	return d.parts
}

func (d *document) blocks(parent ast.Node, indent int) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		d.block(n, indent)
	}
}

func (d *document) block(n ast.Node, indent int) {
	switch n := n.(type) {
	case *ast.Heading:
		d.section(d.inline(n, map[string]any{"bold": true}), true)
	case *ast.Paragraph, *ast.TextBlock:
		d.section(d.inline(n, nil), false)
	case *ast.List:
		d.list(n, indent)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		d.code(d.lines(n))
	case *ast.HTMLBlock:
		d.section([]any{literal(strings.TrimSpace(d.lines(n)), nil)}, false)
	case *ast.Blockquote:
		d.quote(n)
	case *east.Table:
		d.table(n)
	case *ast.ThematicBreak:
		d.parts = append(d.parts, part{block: Block{"type": "divider"}, text: "———"})
	default:
		d.blocks(n, indent)
	}
}

func (d *document) lines(n ast.Node) string {
	var b strings.Builder
	segments := n.Lines()
	for i := range segments.Len() {
		segment := segments.At(i)
		b.Write(segment.Value(d.source))
	}
	return b.String()
}

func (d *document) section(inline []any, heading bool) {
	inline = trimmed(inline)
	if len(inline) == 0 {
		return
	}
	for _, run := range splitInline(inline, maxElement) {
		d.add("rich_text_section", run, "", heading)
	}
}

func (d *document) add(kind string, inline []any, mark string, heading bool) {
	d.parts = append(d.parts, part{
		element: map[string]any{"type": kind, "elements": inline}, text: mark + flat(inline), size: inlineSize(inline), heading: heading,
	})
}

// code is a block of code. A long one is closed and opened again between its
// lines.
func (d *document) code(code string) {
	code = strings.TrimRight(code, "\n")
	if code == "" {
		return
	}
	for len(code) > 0 {
		head, tail := code, ""
		if utf8.RuneCountInString(code) > maxElement {
			first := string([]rune(code)[:maxElement])
			if at := strings.LastIndexByte(first, '\n'); at > 0 {
				head, tail = first[:at], code[at+1:]
			} else {
				head, tail = first, code[len(first):]
			}
		}
		if head != "" {
			d.parts = append(d.parts, part{
				element: map[string]any{"type": "rich_text_preformatted", "elements": []any{literal(head, nil)}},
				text:    "```\n" + strings.ReplaceAll(escape(head), "```", "'''") + "\n```", size: utf8.RuneCountInString(head),
			})
		}
		code = tail
	}
}

// quote is a quotation: its blocks as lines.
func (d *document) quote(n ast.Node) {
	inner := &document{r: d.r, source: d.source}
	inner.blocks(n, 0)
	var inline []any
	for _, p := range inner.parts {
		if len(inline) > 0 {
			inline = append(inline, literal("\n", nil))
		}
		switch p.element["type"] {
		case "rich_text_section", "rich_text_quote", "rich_text_preformatted":
			more, _ := p.element["elements"].([]any)
			inline = append(inline, more...)
		case "rich_text_list":
			items, _ := p.element["elements"].([]any)
			for _, item := range items {
				section, _ := item.(map[string]any)
				more, _ := section["elements"].([]any)
				inline = append(append(inline, literal("• ", nil)), more...)
			}
		default:
			inline = append(inline, literal(p.text, nil))
		}
	}
	for _, run := range splitInline(trimmed(inline), maxElement) {
		d.parts = append(d.parts, part{
			element: map[string]any{"type": "rich_text_quote", "elements": run}, text: "&gt; " + strings.ReplaceAll(flat(run), "\n", "\n&gt; "), size: inlineSize(run),
		})
	}
}

// maxIndent is how deep Slack nests lists.
const maxIndent = 8

// list makes every item an element of its own, so that a long list can be
// divided anywhere; neighbours are joined again.
func (d *document) list(n *ast.List, indent int) {
	style, number := "bullet", n.Start
	if n.IsOrdered() {
		style = "ordered"
	}
	again := true // the next item begins a list
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		var inline []any
		flush := func() {
			inline = trimmed(inline)
			for i, run := range splitInline(inline, maxElement) {
				mark := "• "
				e := map[string]any{
					"type": "rich_text_list", "style": style, "indent": min(indent, maxIndent),
					"elements": []any{map[string]any{"type": "rich_text_section", "elements": run}},
				}
				if style == "ordered" {
					mark = itoa(number) + ". "
					if number > 1 {
						e["offset"] = number - 1
					}
				}
				if i > 0 {
					e, mark = map[string]any{"type": "rich_text_section", "elements": run}, ""
				}
				d.parts = append(d.parts, part{
					element: e, text: strings.Repeat("  ", indent) + mark + flat(run), size: inlineSize(run) + 2, first: again,
				})
				again = i > 0
			}
			inline = nil
		}
		for child := item.FirstChild(); child != nil; child = child.NextSibling() {
			switch child.(type) {
			case *ast.Paragraph, *ast.TextBlock, *ast.Heading:
				if len(inline) > 0 {
					inline = append(inline, literal("\n", nil))
				}
				inline = append(inline, d.inline(child, nil)...)
			default:
				flush()
				d.block(child, indent+1)
				again = true
			}
		}
		flush()
		number++
	}
}

// table is a table block where Slack takes one, else aligned text.
func (d *document) table(n *east.Table) {
	var rows [][][]any
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells [][]any
		var style map[string]any
		if _, head := row.(*east.TableHeader); head {
			style = map[string]any{"bold": true}
		}
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, trimmed(d.inline(cell, style)))
		}
		rows = append(rows, cells)
	}
	plain := aligned(rows)
	size := utf8.RuneCountInString(plain)
	d.tables++
	if d.tables > 1 || len(rows) > maxRows || len(rows) == 0 || len(rows[0]) > maxColumns || size > maxPost*2/3 {
		d.code(plain)
		return
	}
	out := make([]any, len(rows))
	for i, cells := range rows {
		line := make([]any, len(cells))
		for j, cell := range cells {
			if len(cell) == 0 {
				line[j] = map[string]any{"type": "raw_text", "text": " "}
				continue
			}
			line[j] = map[string]any{"type": "rich_text", "elements": []any{map[string]any{"type": "rich_text_section", "elements": cell}}}
		}
		out[i] = line
	}
	var columns []any
	for _, a := range n.Alignments {
		align := map[east.Alignment]string{east.AlignRight: "right", east.AlignCenter: "center"}[a]
		if align == "" {
			align = "left"
		}
		columns = append(columns, map[string]any{"align": align, "is_wrapped": true})
	}
	d.parts = append(d.parts, part{
		block: Block{"type": "table", "rows": out, "column_settings": columns}, text: "```\n" + escape(plain) + "\n```", size: size, table: true,
	})
}

// aligned is a table as text of one width.
func aligned(rows [][][]any) string {
	var widths []int
	texts := make([][]string, len(rows))
	for i, cells := range rows {
		for j, cell := range cells {
			s := strings.Join(strings.Fields(shown(cell)), " ")
			texts[i] = append(texts[i], s)
			if j == len(widths) {
				widths = append(widths, 0)
			}
			widths[j] = max(widths[j], utf8.RuneCountInString(s))
		}
	}
	var b strings.Builder
	for i, cells := range texts {
		var line strings.Builder
		for j, s := range cells {
			line.WriteString(s + strings.Repeat(" ", widths[j]-utf8.RuneCountInString(s)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		if i == 0 {
			var rule strings.Builder
			for _, w := range widths {
				rule.WriteString(strings.Repeat("-", w) + "  ")
			}
			b.WriteString(strings.TrimRight(rule.String(), " ") + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n ")
}
