package slacktest

import (
	"fmt"
	"strings"
)

// RenderText is what a person sees of a message, as plain text: the blocks, or
// the text where there are none; buttons in brackets, mentions by name.
func (s *Server) RenderText(m Message) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.render(m)
}

// RenderView is what a person sees of a modal or Home tab.
func (s *Server) RenderView(v View) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	if v.Title != "" {
		out = append(out, "== "+v.Title+" ==")
	}
	for _, block := range objects(v.Blocks) {
		out = append(out, s.block(block))
		if e := v.Errors[asText(block["block_id"])]; e != "" {
			out = append(out, "  ! "+e)
		}
	}
	var buttons []string
	for _, label := range []string{v.Close, v.Submit} {
		if label != "" {
			buttons = append(buttons, "["+label+"]")
		}
	}
	if buttons != nil {
		out = append(out, strings.Join(buttons, " "))
	}
	return strings.Join(out, "\n")
}

// Transcript is the whole channel as text: who says what, threads indented
// below their first message.
func (s *Server) Transcript(ch *Channel) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out strings.Builder
	line := func(m *Message, indent string) {
		text := strings.ReplaceAll(s.render(m.copy()), "\n", "\n"+indent+"    ")
		fmt.Fprintf(&out, "%s%s: %s\n", indent, s.speaker(m), text)
	}
	for _, m := range ch.log {
		if m.Thread != "" && m.Thread != m.TS && m.Subtype != "thread_broadcast" {
			continue
		}
		line(m, "")
		for _, reply := range ch.threads[m.TS] {
			line(reply, "  ")
		}
	}
	return out.String()
}

func (s *Server) speaker(m *Message) string {
	if m.Name != "" {
		return m.Name
	}
	if u := s.users[m.User]; u != nil {
		return u.Name
	}
	return m.User
}

func (s *Server) render(m Message) string {
	var out []string
	if len(m.Blocks) > 0 && !m.byHand() { // else the text says the same
		if m.Markdown != "" {
			out = append(out, m.Markdown) // of a stream, above what was appended
		}
		for _, block := range objects(m.Blocks) {
			out = append(out, s.block(block))
		}
	} else {
		out = append(out, s.mrkdwn(m.Text))
	}
	for _, f := range m.Files {
		out = append(out, "[file: "+f.Title+"]")
	}
	text := strings.Join(out, "\n")
	if m.Streaming {
		text += " ▌"
	}
	if m.Edited {
		text += " (edited)"
	}
	if m.Ephemeral != "" {
		text += "\n(only you can see this)"
	}
	all := []string{text}
	for _, r := range m.Reactions {
		all = append(all, fmt.Sprintf(":%s:%d", r.Name, len(r.Users)))
	}
	return strings.Join(all, " ")
}

// textObject is a text object as a person reads it.
func (s *Server) textObject(value any) string {
	if asObject(value)["type"] == "plain_text" {
		return textOf(value)
	}
	return s.mrkdwn(textOf(value))
}

// mrkdwn replaces mentions and links by what is read in their place, and what
// was escaped by what it stands for.
func (s *Server) mrkdwn(text string) string {
	var out strings.Builder
	for text != "" {
		start := strings.IndexByte(text, '<')
		end := -1
		if start >= 0 {
			end = strings.IndexByte(text[start:], '>')
		}
		if start < 0 || end < 0 {
			break
		}
		out.WriteString(unescape(text[:start]))
		out.WriteString(s.token(text[start+1 : start+end]))
		text = text[start+end+1:]
	}
	out.WriteString(unescape(text))
	return out.String()
}

func (s *Server) token(inside string) string {
	target, label, _ := strings.Cut(inside, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		if u := s.users[target[1:]]; u != nil {
			return u.String()
		}
		return "@unknown"
	case strings.HasPrefix(target, "#"):
		if c := s.channels[target[1:]]; c != nil {
			return c.String()
		}
		return "#unknown"
	case strings.HasPrefix(target, "!subteam^"):
		if g := s.groups[strings.TrimPrefix(target, "!subteam^")]; g != nil {
			return "@" + g.Handle
		}
		return "@unknown"
	case strings.HasPrefix(target, "!date^"):
		return label
	case strings.HasPrefix(target, "!"):
		return "@" + target[1:]
	case label != "":
		return unescape(label) + " (" + unescape(target) + ")"
	}
	return unescape(target)
}

func (s *Server) block(b map[string]any) string {
	switch asText(b["type"]) {
	case "header":
		return "# " + s.textObject(b["text"])
	case "divider":
		return "---"
	case "section":
		var lines []string
		if b["text"] != nil {
			lines = append(lines, s.textObject(b["text"]))
		}
		for _, f := range objects(b["fields"]) {
			lines = append(lines, "- "+s.textObject(f))
		}
		if e := asObject(b["accessory"]); e != nil {
			lines[len(lines)-1] += "  " + s.element(e)
		}
		return strings.Join(lines, "\n")
	case "context":
		return "(" + s.elements(b["elements"], " · ") + ")"
	case "actions", "context_actions":
		return s.elements(b["elements"], " ")
	case "image":
		return "(image: " + asText(b["alt_text"]) + ")"
	case "input":
		label := textOf(b["label"])
		if b["optional"] == true {
			label += " (optional)"
		}
		text := label + ": " + s.element(asObject(b["element"]))
		if hint := textOf(b["hint"]); hint != "" {
			text += "\n  " + hint
		}
		return text
	case "markdown":
		return asText(b["text"])
	case "alert":
		return "(!) " + s.textObject(b["text"])
	case "rich_text":
		return s.richText(b, "\n")
	case "table":
		return s.tableText(b)
	case "task_card":
		return fmt.Sprintf("[%s] %s", asText(b["status"]), asText(b["title"]))
	case "plan":
		lines := []string{asText(b["title"])}
		for _, task := range objects(b["tasks"]) {
			lines = append(lines, fmt.Sprintf("  [%s] %s", asText(task["status"]), asText(task["title"])))
		}
		return strings.Join(lines, "\n")
	}
	return "(" + asText(b["type"]) + ")"
}

func (s *Server) elements(list any, between string) string {
	var parts []string
	for _, e := range objects(list) {
		parts = append(parts, s.element(e))
	}
	return strings.Join(parts, between)
}

// element is a button as [Label], [Label*] the primary one and [Label!] a
// dangerous one; a menu or input shows its value.
func (s *Server) element(e map[string]any) string {
	switch kind := asText(e["type"]); kind {
	case "mrkdwn", "plain_text":
		return s.textObject(e)
	case "image":
		return "(image: " + asText(e["alt_text"]) + ")"
	case "button", "icon_button":
		mark := map[string]string{"primary": "*", "danger": "!"}[asText(e["style"])]
		text := "[" + textOf(e["text"]) + mark + "]"
		if url := asText(e["url"]); url != "" {
			text += "(" + url + ")"
		}
		return text
	case "feedback_buttons":
		return "[" + textOf(asObject(e["positive_button"])["text"]) + "] [" + textOf(asObject(e["negative_button"])["text"]) + "]"
	default:
		return "<" + s.value(e, kind) + ">"
	}
}

func (s *Server) value(e map[string]any, kind string) string {
	name, first, _ := stateOf(kind)
	if name == "" {
		return kind
	}
	var parts []string
	values := asList(e[first])
	if values == nil && e[first] != nil {
		values = []any{e[first]}
	}
	for _, v := range values {
		switch {
		case asObject(v) != nil:
			parts = append(parts, textOf(asObject(v)["text"]))
		case s.users[fmt.Sprint(v)] != nil:
			parts = append(parts, s.users[fmt.Sprint(v)].String())
		default:
			parts = append(parts, fmt.Sprint(v))
		}
	}
	if parts == nil {
		parts = append(parts, textOf(e["placeholder"]))
	}
	text := strings.Join(parts, ", ")
	if options := choices(e); len(options) > 0 {
		var all []string
		for _, o := range options {
			all = append(all, textOf(o["text"]))
		}
		text += " of " + strings.Join(all, "|")
	}
	return strings.TrimSpace(text)
}

func (s *Server) richText(b map[string]any, between string) string {
	var parts []string
	for i, e := range objects(b["elements"]) {
		switch asText(e["type"]) {
		case "rich_text_section":
			parts = append(parts, s.inline(e))
		case "rich_text_quote":
			parts = append(parts, "> "+s.inline(e))
		case "rich_text_preformatted":
			parts = append(parts, "```\n"+s.inline(e)+"\n```")
		case "rich_text_list":
			for j, item := range objects(e["elements"]) {
				mark := "- "
				if e["style"] == "ordered" {
					mark = fmt.Sprintf("%d. ", j+1)
				}
				indent, _ := integer(e["indent"])
				parts = append(parts, strings.Repeat("  ", indent)+mark+s.inline(item))
			}
		default:
			parts = append(parts, fmt.Sprintf("(%d)", i))
		}
	}
	return strings.Join(parts, between)
}

func (s *Server) inline(section map[string]any) string {
	var out strings.Builder
	for _, e := range objects(section["elements"]) {
		switch asText(e["type"]) {
		case "text":
			out.WriteString(asText(e["text"]))
		case "link":
			if text := asText(e["text"]); text != "" {
				out.WriteString(text + " (" + asText(e["url"]) + ")")
			} else {
				out.WriteString(asText(e["url"]))
			}
		case "user":
			out.WriteString(s.token("@" + asText(e["user_id"])))
		case "channel":
			out.WriteString(s.token("#" + asText(e["channel_id"])))
		case "usergroup":
			out.WriteString(s.token("!subteam^" + asText(e["usergroup_id"])))
		case "emoji":
			out.WriteString(":" + asText(e["name"]) + ":")
		case "broadcast":
			out.WriteString("@" + asText(e["range"]))
		case "date":
			out.WriteString(asText(e["fallback"]))
		}
	}
	return out.String()
}

func (s *Server) tableText(b map[string]any) string {
	var rows []string
	for _, row := range asList(b["rows"]) {
		var cells []string
		for _, c := range objects(row) {
			if c["type"] == "rich_text" {
				cells = append(cells, s.richText(c, " "))
			} else {
				cells = append(cells, asText(c["text"]))
			}
		}
		rows = append(rows, "| "+strings.Join(cells, " | ")+" |")
	}
	return strings.Join(rows, "\n")
}
