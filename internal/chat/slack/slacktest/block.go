package slacktest

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// blockTable is what blocks and elements may look like, made once a server.
type blockTable struct {
	blocks   map[string]shape
	elements map[string]shape
	where    map[string][]surface // where a block may stand; nil is everywhere
}

func newBlockTable() *blockTable {
	t := &blockTable{elements: elements(), where: map[string][]surface{
		"markdown": {inMessage}, "table": {inMessage}, "context_actions": {inMessage}, "task_card": {inMessage}, "plan": {inMessage},
		"alert": {inModal},
	}}
	source := obj(shape{fields: map[string]field{"url": must(address), "text": must(str(1, 255))}})
	card := shape{fields: map[string]field{
		"task_id": must(str(1, 255)), "title": must(str(1, 256)), "status": may(oneOf("pending", "in_progress", "complete", "error")),
		"details": may(richText), "output": may(richText), "sources": may(listOf(0, 20, source)), "hide_title": may(boolean),
	}}
	t.blocks = map[string]shape{
		"divider": {},
		"header":  {fields: map[string]field{"text": must(plain(150))}},
		"section": {fields: map[string]field{
			"text": may(rich(3000)), "fields": may(listOf(1, 10, rich(2000))), "accessory": may(t.element(accessory)), "expand": may(boolean),
		}, also: func(c *checker, at string, o map[string]any) {
			if o["text"] == nil && o["fields"] == nil {
				c.fault(at, "missing required field: text or fields")
			}
		}},
		"context":         {fields: map[string]field{"elements": must(listOf(1, 10, t.contextElement))}},
		"actions":         {fields: map[string]field{"elements": must(listOf(1, 25, t.element(inActions)))}},
		"context_actions": {fields: map[string]field{"elements": must(listOf(1, 5, t.element([]string{"feedback_buttons", "icon_button"})))}},
		"image": {fields: map[string]field{
			"image_url": may(address), "slack_file": may(uploaded), "alt_text": must(str(1, 2000)), "title": may(plain(2000)),
		}, also: pictured},
		"input": {fields: map[string]field{
			"label": must(plain(2000)), "element": must(t.element(inputs)), "hint": may(plain(2000)), "optional": may(boolean), "dispatch_action": may(boolean),
		}, also: func(c *checker, _ string, _ map[string]any) { c.inputs++ }},
		"markdown": {fields: map[string]field{"text": must(func(c *checker, at string, value any) {
			str(1, 12_000)(c, at, value)
			text, _ := value.(string)
			n := utf8.RuneCountInString(text)
			if c.markdown += n; c.markdown > 12_000 && n <= 12_000 {
				c.fault(at, "markdown blocks must be less than 12001 characters in all")
			}
		})}},
		"rich_text": {fields: map[string]field{"elements": must(listOf(1, 1000, richElement))}},
		"table": {fields: map[string]field{
			"rows": must(listOf(1, 100, listOf(1, 20, cell))), "column_settings": may(listOf(1, 20, column)),
		}, also: func(c *checker, at string, _ map[string]any) {
			if c.tables++; c.tables > 1 {
				c.fault(at, "only one table is allowed")
			}
		}},
		"task_card": card,
		"plan":      {fields: map[string]field{"title": must(str(1, 256)), "tasks": may(listOf(0, 50, obj(card)))}},
		"alert":     {fields: map[string]field{"text": must(rich(200)), "level": may(oneOf("default", "info", "warning", "error", "success"))}},
	}
	return t
}

// element is an element of one of the types.
func (t *blockTable) element(types []string) func(*checker, string, any) {
	return func(c *checker, at string, value any) {
		o, ok := value.(map[string]any)
		if !ok {
			c.fault(at, "must be an object")
			return
		}
		kind, _ := o["type"].(string)
		s, known := t.elements[kind]
		switch {
		case o["type"] == nil:
			c.fault(at, "missing required field: type")
		case !known || !slices.Contains(types, kind):
			c.fault(at+"/type", "unsupported type: %s", kind)
		default:
			c.match(at, o, s)
			if o["response_url_enabled"] == true && c.surface != inModal {
				c.fault(at+"/response_url_enabled", "only allowed in modals")
			}
		}
	}
}

func (t *blockTable) contextElement(c *checker, at string, value any) {
	if o, ok := value.(map[string]any); ok && o["type"] == "image" {
		c.match(at, o, t.elements["image"])
		return
	}
	rich(2000)(c, at, value)
}

// check checks the blocks of a message or view and gives a block_id to each
// that has none: the n-th gets the same one whenever it is sent.
func (t *blockTable) check(c *checker, at string, blocks []any) {
	most := 100
	if c.surface == inMessage {
		most = 50
	}
	if len(blocks) > most {
		c.fault(at, "no more than %d items allowed", most)
		return
	}
	c.ids = map[string]bool{}
	for i, one := range blocks {
		t.checkBlock(c, at+"/"+strconv.Itoa(i), one)
	}
	for i, one := range blocks {
		block, ok := one.(map[string]any)
		if !ok || block["block_id"] != nil {
			continue
		}
		id := "b" + strconv.Itoa(i)
		for c.ids[id] {
			id += "x"
		}
		c.ids[id] = true
		block["block_id"] = id
	}
}

func (t *blockTable) checkBlock(c *checker, at string, value any) {
	block, ok := value.(map[string]any)
	if !ok {
		c.fault(at, "must be an object")
		return
	}
	kind, _ := block["type"].(string)
	s, known := t.blocks[kind]
	where := t.where[kind]
	switch {
	case block["type"] == nil:
		c.fault(at, "missing required field: type")
		return
	case !known || where != nil && !slices.Contains(where, c.surface):
		c.fault(at+"/type", "unsupported type: %s", kind)
		return
	}
	if id := block["block_id"]; id != nil {
		str(1, 255)(c, at+"/block_id", id)
		text, _ := id.(string)
		if c.ids[text] {
			c.fault(at+"/block_id", "`block_id` %q already exists", text)
		}
		c.ids[text] = true
	}
	c.actions = nil
	c.match(at, block, s)
}

// Rich text is checked as far as a bot writes it: sections, lists, quotes and
// preformatted text, of text, links, mentions, emoji and dates.

func richText(c *checker, at string, value any) {
	o, ok := value.(map[string]any)
	if !ok || o["type"] != "rich_text" {
		c.fault(at, "must be a rich_text object")
		return
	}
	c.match(at, o, shape{fields: map[string]field{"elements": must(listOf(1, 1000, richElement))}})
}

func richElement(c *checker, at string, value any) {
	o, _ := value.(map[string]any)
	inline := must(listOf(0, 1000, richInline))
	switch o["type"] {
	case "rich_text_section":
		c.match(at, o, shape{fields: map[string]field{"elements": inline}})
	case "rich_text_preformatted":
		c.match(at, o, shape{fields: map[string]field{"elements": inline, "border": may(whole(0, 1)), "language": may(str(0, 50))}})
	case "rich_text_quote":
		c.match(at, o, shape{fields: map[string]field{"elements": inline, "border": may(whole(0, 1))}})
	case "rich_text_list":
		c.match(at, o, shape{fields: map[string]field{
			"elements": must(listOf(0, 1000, richElement)), "style": must(oneOf("bullet", "ordered")),
			"indent": may(whole(0, 8)), "offset": may(whole(0, 1_000_000)), "border": may(whole(0, 1)),
		}})
	default:
		c.fault(at+"/type", "unsupported type: %v", o["type"])
	}
}

var styled = may(obj(shape{fields: map[string]field{
	"bold": may(boolean), "italic": may(boolean), "strike": may(boolean), "code": may(boolean), "underline": may(boolean),
	"highlight": may(boolean), "client_highlight": may(boolean), "unlink": may(boolean),
}}))

func richInline(c *checker, at string, value any) {
	o, _ := value.(map[string]any)
	known := map[string]map[string]field{
		"text":      {"text": must(str(1, 12_000)), "style": styled},
		"link":      {"url": must(address), "text": may(str(0, 3000)), "unsafe": may(boolean), "style": styled},
		"user":      {"user_id": must(str(1, 255)), "style": styled},
		"channel":   {"channel_id": must(str(1, 255)), "style": styled},
		"usergroup": {"usergroup_id": must(str(1, 255)), "style": styled},
		"emoji":     {"name": must(str(1, 255)), "unicode": may(str(1, 255)), "style": styled},
		"broadcast": {"range": must(oneOf("here", "channel", "everyone")), "style": styled},
		"date":      {"timestamp": must(whole(0, 1<<40)), "format": must(str(1, 255)), "url": may(address), "fallback": may(str(1, 255)), "style": styled},
	}
	kind, _ := o["type"].(string)
	fields, ok := known[kind]
	if !ok {
		c.fault(at+"/type", "unsupported type: %v", o["type"])
		return
	}
	c.match(at, o, shape{fields: fields})
	if text, ok := o["text"].(string); ok {
		c.text += utf8.RuneCountInString(text)
	}
}

func cell(c *checker, at string, value any) {
	o, _ := value.(map[string]any)
	switch o["type"] {
	case "raw_text":
		c.match(at, o, shape{fields: map[string]field{"text": must(str(1, 10_000))}})
		text, _ := o["text"].(string)
		c.text += utf8.RuneCountInString(text)
	case "rich_text":
		richText(c, at, value)
	default:
		c.fault(at+"/type", "unsupported type: %v", o["type"])
	}
}

func column(c *checker, at string, value any) {
	if value == nil {
		return // Slack lets a column be skipped
	}
	obj(shape{fields: map[string]field{"align": may(oneOf("left", "center", "right")), "is_wrapped": may(boolean)}})(c, at, value)
}
