package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"frontdoor/internal/chat"
)

// input is an input line that is an object.
type input struct {
	Text    string         `json:"text"`
	Press   string         `json:"press"`
	Form    map[string]any `json:"form"`
	As      string         `json:"as"`
	Groups  names          `json:"groups"`
	Thread  string         `json:"thread"`
	Channel string         `json:"channel"`

	ID json.RawMessage `json:"id"` // of whoever asks; it comes back in every answer to the line
}

// names is a list of names, or one string with commas.
type names []string

// UnmarshalJSON implements json.Unmarshaler.
func (n *names) UnmarshalJSON(data []byte) error {
	var list []string
	if json.Unmarshal(data, &list) == nil {
		*n = append(names{}, list...)
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("groups: %w", err)
	}
	*n = append(names{}, strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })...)
	return nil
}

// message makes a line into a message. A line that is no object of ours is
// what somebody typed.
func (c *Console) message(line int, text string) chat.Message {
	in, ok := parse(text)
	if !ok {
		in = input{Text: text}
	}
	c.mark(line, in.ID)
	m := chat.Message{
		ID:        c.opts.Session + "/" + strconv.Itoa(line),
		At:        chat.Address{Platform: Platform, Channel: "terminal", Thread: clean(in.Thread), Direct: true, Alone: true},
		From:      c.opts.As,
		Time:      c.opts.Now(),
		Text:      in.Text,
		Press:     cut(in.Press, maxName),
		Addressed: true,
	}
	if channel := clean(either(in.Channel, c.opts.Channel)); channel != "" {
		m.At.Channel, m.At.Name, m.At.Direct = channel, strings.TrimPrefix(channel, "#"), false
	}
	if in.As = clean(in.As); in.As != "" {
		m.From = chat.Person{ID: in.As, Name: in.As, Groups: c.opts.Groups(in.As)}
	}
	if in.Groups != nil {
		m.From.Groups = in.Groups
	}
	if in.Form != nil {
		m.Submitted, m.Form, m.Text = true, map[string]string{}, ""
		// In the order of their names, so that it is always the same that are too many.
		for _, k := range slices.Sorted(maps.Keys(in.Form)) {
			if len(m.Form) == maxFields {
				m.Clipped = true
				break
			}
			m.Form[cut(k, maxName)] = cut(typed(in.Form[k]), chat.MaxText)
		}
	}
	if id, ok := c.numbered(m.Text); ok {
		m.Text, m.Press = "", id
	}
	if utf8.RuneCountInString(m.Text) > chat.MaxText {
		m.Text, m.Clipped = cut(m.Text, chat.MaxText), true
	}
	if m.Press != "" {
		m.Text = ""
	}
	return m
}

// parse reads an object with at least one of the keys that say something.
func parse(text string) (input, bool) {
	trimmed := strings.TrimSpace(text)
	if !strings.HasPrefix(trimmed, "{") {
		return input{}, false
	}
	var keys map[string]json.RawMessage
	var in input
	if json.Unmarshal([]byte(trimmed), &keys) != nil || json.Unmarshal([]byte(trimmed), &in) != nil {
		return input{}, false
	}
	for _, k := range []string{"text", "press", "form"} {
		if _, has := keys[k]; has {
			return in, true
		}
	}
	return input{}, false
}

// numbered is the id of the button that a bare number means, where the last
// card had that many and asked for no value.
func (c *Console) numbered(text string) (string, bool) {
	if c.opts.JSON {
		return "", false
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || n < 1 || n > len(c.buttons) || c.asking {
		return "", false
	}
	return c.buttons[n-1].ID, true
}

// The bounds of what isn't text: a platform has its own, far below.
const (
	maxName   = 200  // code points of a name, a thread or a button's id
	maxFields = 1000 // fields of a form
)

// clean is a name that can be printed anywhere.
func clean(name string) string { return cut(strings.TrimSpace(printable(name)), maxName) }

// cut is the beginning of s, at most limit code points.
func cut(s string, limit int) string {
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit])
}

// typed is a form value as somebody types it.
func typed(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	out, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(out)
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
