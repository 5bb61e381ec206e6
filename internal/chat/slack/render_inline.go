package slack

import (
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

func itoa(n int) string { return strconv.Itoa(n) }

// inline is what stands in a paragraph, as elements of rich text.
func (d *document) inline(parent ast.Node, style map[string]any) []any {
	var out []any
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		out = append(out, d.one(n, style)...)
	}
	return merged(out)
}

func with(style map[string]any, name string) map[string]any {
	out := maps.Clone(style)
	if out == nil {
		out = map[string]any{}
	}
	out[name] = true
	return out
}

func (d *document) one(n ast.Node, style map[string]any) []any {
	switch n := n.(type) {
	case *ast.Text:
		s := resolved(n.Segment.Value(d.source), n.IsRaw())
		if n.SoftLineBreak() || n.HardLineBreak() {
			s += "\n"
		}
		return d.words(s, style)
	case *ast.String:
		return d.words(string(n.Value), style)
	case *ast.CodeSpan:
		return []any{literal(strings.ReplaceAll(d.raw(n), "\n", " "), with(style, "code"))}
	case *ast.Emphasis:
		if n.Level >= 2 {
			return d.inline(n, with(style, "bold"))
		}
		return d.inline(n, with(style, "italic"))
	case *east.Strikethrough:
		return d.inline(n, with(style, "strike"))
	case *east.TaskCheckBox:
		if n.IsChecked {
			return []any{literal("☑ ", nil)}
		}
		return []any{literal("☐ ", nil)}
	case *ast.Link:
		return hyperlink(resolved(n.Destination, false), shown(d.inline(n, nil)), style)
	case *ast.Image:
		return hyperlink(resolved(n.Destination, false), shown(d.inline(n, nil)), style)
	case *ast.AutoLink:
		address, label := string(n.URL(d.source)), string(n.Label(d.source))
		if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(address, "mailto:") {
			address = "mailto:" + address
		}
		return hyperlink(address, label, style)
	case *ast.RawHTML:
		var b strings.Builder
		for i := range n.Segments.Len() {
			segment := n.Segments.At(i)
			b.Write(segment.Value(d.source))
		}
		return []any{literal(b.String(), style)}
	}
	return d.inline(n, style)
}

// raw is the text of a code span.
func (d *document) raw(parent ast.Node) string {
	var b strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if t, ok := n.(*ast.Text); ok {
			b.Write(t.Segment.Value(d.source))
			if t.SoftLineBreak() {
				b.WriteByte('\n')
			}
		}
	}
	if b.Len() == 0 {
		return " "
	}
	return b.String()
}

// resolved is Markdown's text without its escapes and entities.
func resolved(source []byte, raw bool) string {
	if raw {
		return string(source)
	}
	return string(util.UnescapePunctuations(util.ResolveNumericReferences(util.ResolveEntityNames(source))))
}

// hyperlink is a link where Slack takes the address, else both as text: pages
// link to each other by path.
func hyperlink(address, label string, style map[string]any) []any {
	label = strings.TrimSpace(strings.ReplaceAll(label, "\n", " "))
	if !isAddress(address) {
		switch {
		case label == "":
			label = address
		case address != "" && address != label:
			label += " (" + address + ")"
		}
		if label == "" {
			return nil
		}
		return []any{literal(label, style)}
	}
	e := map[string]any{"type": "link", "url": address}
	if label != "" && label != address {
		e["text"] = disarmed(clipTo(label, maxElement))
	}
	return []any{styled(e, style)}
}

// called are the words that may call somebody.
var called = regexp.MustCompile(`[@#][\p{L}\p{N}][\p{L}\p{N}._-]*`)

// words is text, in which names call people only where that is meant.
func (d *document) words(s string, style map[string]any) []any {
	if s == "" {
		return nil
	}
	if len(d.r.Mentions) == 0 {
		return []any{literal(s, style)}
	}
	var out []any
	at := 0
	for _, m := range called.FindAllStringIndex(s, -1) {
		name := strings.TrimRight(s[m[0]:m[1]], "._-")
		who, ok := d.r.Mentions[name]
		if !ok {
			continue
		}
		var e map[string]any
		switch {
		case who.User != "":
			e = map[string]any{"type": "user", "user_id": who.User}
		case who.Group != "":
			e = map[string]any{"type": "usergroup", "usergroup_id": who.Group}
		case who.Channel != "":
			e = map[string]any{"type": "channel", "channel_id": who.Channel}
		default:
			continue
		}
		if at < m[0] {
			out = append(out, literal(s[at:m[0]], style))
		}
		out = append(out, styled(e, style))
		at = m[0] + len(name)
	}
	if at < len(s) {
		out = append(out, literal(s[at:], style))
	}
	return out
}

// merged joins neighbours of one style: every line break would make a new one.
func merged(inline []any) []any {
	var out []any
	for _, one := range inline {
		e, _ := one.(map[string]any)
		if len(out) > 0 && e["type"] == "text" {
			last, _ := out[len(out)-1].(map[string]any)
			a, _ := last["style"].(map[string]any)
			b, _ := e["style"].(map[string]any)
			if last["type"] == "text" && maps.Equal(a, b) {
				x, _ := last["text"].(string)
				y, _ := e["text"].(string)
				out[len(out)-1] = literal(x+y, a)
				continue
			}
		}
		out = append(out, e)
	}
	return out
}

// trimmed is without white space around it.
func trimmed(inline []any) []any {
	inline = merged(inline)
	for len(inline) > 0 {
		e, _ := inline[0].(map[string]any)
		text, _ := e["text"].(string)
		if e["type"] != "text" {
			break
		}
		if text = strings.TrimLeft(text, " \n"); text != "" {
			inline = append([]any{withText(e, text)}, inline[1:]...)
			break
		}
		inline = inline[1:]
	}
	for len(inline) > 0 {
		last := len(inline) - 1
		e, _ := inline[last].(map[string]any)
		text, _ := e["text"].(string)
		if e["type"] != "text" {
			break
		}
		if text = strings.TrimRight(text, " \n"); text != "" {
			inline = append(append([]any{}, inline[:last]...), withText(e, text))
			break
		}
		inline = inline[:last]
	}
	return inline
}

// shown is what people see of inline elements, as plain text.
func shown(inline []any) string {
	var b strings.Builder
	for _, one := range inline {
		e, _ := one.(map[string]any)
		text, _ := e["text"].(string)
		if text == "" {
			text, _ = e["url"].(string)
		}
		b.WriteString(text)
	}
	return b.String()
}

// flat is inline elements as escaped text.
func flat(inline []any) string {
	var b strings.Builder
	for _, one := range inline {
		e, _ := one.(map[string]any)
		text, _ := e["text"].(string)
		get := func(name string) string { s, _ := e[name].(string); return s }
		switch e["type"] {
		case "link":
			b.WriteString("<" + escapeAddress(get("url")))
			if text != "" {
				b.WriteString("|" + escapeLabel(text))
			}
			b.WriteString(">")
		case "user":
			b.WriteString("<@" + get("user_id") + ">")
		case "usergroup":
			b.WriteString("<!subteam^" + get("usergroup_id") + ">")
		case "channel":
			b.WriteString("<#" + get("channel_id") + ">")
		default:
			b.WriteString(escape(text))
		}
	}
	return b.String()
}
