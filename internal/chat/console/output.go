package console

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"frontdoor/internal/chat"
)

// output is a reply as a JSON line.
type output struct {
	ID        json.RawMessage `json:"id,omitempty"` // as it came with the input line, where it did
	ReplyTo   *int            `json:"reply_to"`     // the input line; null for news of an earlier session
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

func writeJSON(w io.Writer, r chat.Reply, line *int, id json.RawMessage) error {
	out := output{ID: id, ReplyTo: line, Text: r.Card.Text, Buttons: []button{}, Citations: r.Card.Citations, Run: null(r.Card.Run), Request: null(r.Card.Request)}
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

// writeText prints a card for people: the text, then where it stands, then
// what can be pressed.
func writeText(w io.Writer, r chat.Reply, color bool, width int) error {
	var b strings.Builder
	b.WriteString(rendered(r.Card.Text, color, width))
	b.WriteString("\n")
	seen := map[string]bool{}
	for _, c := range r.Card.Citations {
		source := strings.Join(c.Heading, " › ")
		if source == "" {
			source = address(c)
		} else {
			source += " (" + address(c) + ")"
		}
		if !seen[source] {
			seen[source] = true
			b.WriteString(dim("  ↳ "+printable(source), color) + "\n")
		}
	}
	if len(r.Card.Buttons) > 0 {
		labels := make([]string, len(r.Card.Buttons))
		for i, x := range r.Card.Buttons {
			labels[i] = strings.ReplaceAll(fmt.Sprintf("[%d] %s", i+1, printable(x.Label)), " ", unbroken)
		}
		row := wrap(strings.Join(labels, "  "), max(0, width-2), "")
		b.WriteString(dim("  "+strings.ReplaceAll(strings.ReplaceAll(row, "\n", "\n  "), unbroken, " "), color) + "\n")
	}
	if r.Updates == "" {
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
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
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= firstMark && r <= lastMark || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, s)
}
