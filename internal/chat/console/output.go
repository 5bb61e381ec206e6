package console

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"frontdoor/internal/chat"
)

// output is a reply as a JSON line.
type output struct {
	ReplyTo   *int            `json:"reply_to"` // the input line; null for news of an earlier session
	Text      string          `json:"text"`
	Buttons   []button        `json:"buttons"`
	Form      []field         `json:"form"`
	Citations []chat.Citation `json:"citations"`
	Run       *string         `json:"run"`
	Request   *string         `json:"request"`
}

type button struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

type field struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Label   string   `json:"label"`
	Options []string `json:"options"`
	Value   *string  `json:"value"` // what is taken so far, or the default
	Error   *string  `json:"error"` // what was wrong with the last value
}

func writeJSON(w io.Writer, r chat.Reply, line *int) error {
	out := output{ReplyTo: line, Text: r.Card.Text, Buttons: []button{}, Citations: r.Card.Citations, Run: null(r.Card.Run), Request: null(r.Card.Request)}
	for _, b := range r.Card.Buttons {
		out.Buttons = append(out.Buttons, button{b.ID, b.Label})
	}
	if out.Citations == nil {
		out.Citations = []chat.Citation{}
	}
	if f := r.Card.Form; f != nil {
		out.Form = []field{}
		for _, x := range f.Fields {
			out.Form = append(out.Form, field{x.Name, x.Type, x.Label, x.Options, null(x.Value), null(x.Error)})
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

var (
	bold = regexp.MustCompile(`\*\*([^*\n]+)\*\*`)
	code = regexp.MustCompile("`([^`\n]+)`")
	link = regexp.MustCompile(`\[([^\]\n]+)\]\((https?://[^)\s]+)\)`)
)

// writeText prints a card for people: the text, then where it stands, then
// what can be pressed.
func writeText(w io.Writer, r chat.Reply, color bool, width int) error {
	var b strings.Builder
	text := printable(r.Card.Text)
	text = link.ReplaceAllString(text, "$1: $2")
	text = wrap(text, width)
	if color {
		text = bold.ReplaceAllString(text, "\x1b[1m$1\x1b[0m")
		text = code.ReplaceAllString(text, "\x1b[36m$1\x1b[0m")
	} else {
		text = bold.ReplaceAllString(text, "$1")
	}
	b.WriteString(text)
	b.WriteString("\n")
	seen := map[string]bool{}
	for _, c := range r.Card.Citations {
		source := strings.Join(c.Heading, " › ") + "  " + address(c)
		if !seen[source] {
			seen[source] = true
			b.WriteString(dim("  ↳ "+printable(source), color) + "\n")
		}
	}
	if len(r.Card.Buttons) > 0 {
		labels := make([]string, len(r.Card.Buttons))
		for i, x := range r.Card.Buttons {
			labels[i] = fmt.Sprintf("[%d] %s", i+1, printable(x.Label))
		}
		b.WriteString(dim("  "+strings.Join(labels, "  "), color) + "\n")
	}
	if r.Updates == "" {
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// wrap breaks lines at words so that none is longer than width code points; 0
// is no limit. Only white space is changed, and what has none is left whole.
func wrap(text string, width int) string {
	if width <= 0 {
		return text
	}
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		used := 0
		for j, word := range strings.Split(line, " ") {
			n := utf8.RuneCountInString(word)
			switch {
			case j == 0:
			case used+1+n > width:
				b.WriteByte('\n')
				used = 0
			default:
				b.WriteByte(' ')
				used++
			}
			b.WriteString(word)
			used += n
		}
	}
	return b.String()
}

// address is the citation's web address, or its page and anchor.
func address(c chat.Citation) string {
	if c.URL != nil {
		return *c.URL
	}
	if c.Anchor != "" {
		return c.Page + "#" + c.Anchor
	}
	return c.Page
}

func dim(s string, color bool) string {
	if color {
		return "\x1b[2m" + s + "\x1b[0m"
	}
	return s
}

// printable drops what a terminal would obey: nobody's text moves the cursor.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}
