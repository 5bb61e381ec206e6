package slack

import (
	"strconv"
	"strings"
	"unicode/utf8"

	slackgo "github.com/slack-go/slack"

	"frontdoor/internal/chat"
)

// What Slack takes, in characters unless it says otherwise. The text over all
// blocks has a limit of about 10,000 that Slack does not document
// (msg_blocks_too_long).
const (
	maxPost     = 9_000 // over the blocks of one post
	maxElement  = 2_900 // of one paragraph, list item or block of code
	maxBlocks   = 40    // before sources and buttons; Slack takes 50
	maxText     = 3_900 // beside the blocks; Slack advises 4,000
	maxPosts    = 3     // of one card, before the rest goes into a file
	maxLabel    = 75    // of a button
	maxInARow   = 25    // elements of an actions block
	maxSources  = 10    // elements of a context block
	maxContext  = 2_000 // of one of them
	maxAddress  = 3_000 // of a link
	maxRows     = 100   // of a table
	maxColumns  = 20    // of a table
	shortenedTo = 2_500 // what is shown of a card whose whole is in a file
)

// Block is a block of a message or view as Slack reads it.
type Block map[string]any

// BlockType implements slack.Block.
func (b Block) BlockType() slackgo.MessageBlockType {
	kind, _ := b["type"].(string)
	return slackgo.MessageBlockType(kind)
}

// ID implements slack.Block.
func (b Block) ID() string {
	id, _ := b["block_id"].(string)
	return id
}

// Blocks are blocks as slack-go takes them.
func Blocks(blocks []Block) []slackgo.Block {
	out := make([]slackgo.Block, len(blocks))
	for i, b := range blocks {
		out[i] = b
	}
	return out
}

// Post is one message to show.
type Post struct {
	Text    string // for screen readers and notifications: plain, escaped, never empty
	Blocks  []Block
	Snippet *Snippet // a file to share below it; nil for none
}

// Snippet is a text that is too long for messages.
type Snippet struct {
	Name, Title, Content string
}

// Mention is somebody who is called: one of the three is set.
type Mention struct {
	User, Group, Channel string // Slack's ids
}

// Renderer makes cards into posts.
type Renderer struct {
	// Mentions are the words that call somebody, such as @platform-oncall, where
	// that is meant. Without an entry a name is text and calls nobody.
	Mentions map[string]Mention
}

// Card renders a reply's card: one post, or several when it is long. The last
// has the sources and the buttons. With one it is never more than one: what
// replaces a message cannot become two.
func (r Renderer) Card(c chat.Card, thread string, one bool) []Post {
	parts := r.parts(c.Text)
	groups := pack(parts)
	var snippet *Snippet
	if most := maxPosts; len(groups) > most || one && len(groups) > 1 {
		groups = [][]part{shortened(parts, shortenedTo)}
		snippet = &Snippet{Name: "answer.md", Title: "All of it", Content: c.Text}
	}
	posts := make([]Post, 0, len(groups))
	for i, group := range groups {
		p := Post{Text: textOf(group), Blocks: blocksOf(group)}
		if i == len(groups)-1 {
			p.Blocks = append(p.Blocks, sources(c.Citations)...)
			p.Blocks = append(p.Blocks, buttons(c, thread)...)
			p.Snippet = snippet
		}
		posts = append(posts, p)
	}
	return posts
}

// textOf is the text beside the blocks.
func textOf(group []part) string {
	var b strings.Builder
	for i, p := range group {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.text)
	}
	if text := strings.TrimSpace(b.String()); text != "" {
		return cutEscaped(text, maxText)
	}
	return "…"
}

// blocksOf puts neighbouring rich text into one block.
func blocksOf(group []part) []Block {
	var out []Block
	var open []any
	flush := func() {
		if len(open) > 0 {
			out = append(out, Block{"type": "rich_text", "elements": open})
			open = nil
		}
	}
	for i, p := range group {
		if p.block != nil {
			flush()
			out = append(out, p.block)
			continue
		}
		if len(open) > 0 && join(open[len(open)-1], p) {
			continue
		}
		e := p.element
		if i+1 < len(group) && isSection(e) && (isSection(group[i+1].element) && !p.heading || p.gap) {
			e = withGap(e)
		}
		open = append(open, e)
	}
	flush()
	return out
}

func isSection(e map[string]any) bool { return e != nil && e["type"] == "rich_text_section" }

// withGap ends a paragraph with an empty line.
func withGap(e map[string]any) map[string]any {
	inline, _ := e["elements"].([]any)
	return map[string]any{"type": e["type"], "elements": append(append([]any{}, inline...), literal("\n", nil))}
}

// join adds a list item to the list before it.
func join(before any, p part) bool {
	list, _ := before.(map[string]any)
	if p.element["type"] != "rich_text_list" || list["type"] != "rich_text_list" || p.first ||
		list["style"] != p.element["style"] || list["indent"] != p.element["indent"] {
		return false
	}
	items, _ := list["elements"].([]any)
	more, _ := p.element["elements"].([]any)
	list["elements"] = append(items, more...)
	return true
}

// pack divides parts into posts that Slack takes.
func pack(parts []part) [][]part {
	groups := [][]part{nil}
	size, blocks, table := 0, 0, false
	for i, p := range parts {
		last := &groups[len(groups)-1]
		full := size+p.size > maxPost || blocks >= maxBlocks || p.table && table
		// A heading goes with what it is above.
		if p.heading && i+1 < len(parts) && size+p.size+parts[i+1].size > maxPost {
			full = true
		}
		if full && len(*last) > 0 {
			groups = append(groups, nil)
			last = &groups[len(groups)-1]
			size, blocks, table = 0, 0, false
		}
		if p.block != nil || len(*last) == 0 || (*last)[len(*last)-1].block != nil {
			blocks++
		}
		*last = append(*last, p)
		size += p.size
		table = table || p.table
	}
	return groups
}

// shortened is the beginning of the parts, and a word about the rest.
func shortened(parts []part, limit int) []part {
	var out []part
	size := 0
	for _, p := range parts {
		if size+p.size > limit && len(out) > 0 || len(out) == maxBlocks-1 {
			break
		}
		out = append(out, p)
		size += p.size
	}
	return append(out, paragraph("… The rest is in the file below."))
}

func paragraph(text string) part {
	return part{
		element: map[string]any{"type": "rich_text_section", "elements": []any{literal(text, nil)}},
		text:    escape(text), size: utf8.RuneCountInString(text),
	}
}

// buttons are the actions of a card, in rows that Slack takes.
func buttons(c chat.Card, thread string) []Block {
	var all []any
	if c.Form != nil {
		all = append(all, map[string]any{
			"type": "button", "action_id": actionForm + ":0", "text": plainText("Fill in a form", maxLabel), "value": clipTo(c.Form.ID, 2000), "style": "primary",
		})
	}
	for i, b := range c.Buttons {
		if b.ID == "" {
			continue
		}
		all = append(all, button(b, i))
	}
	var out []Block
	for n := 0; len(all) > 0; n++ {
		row := all[:min(maxInARow, len(all))]
		all = all[len(row):]
		out = append(out, Block{"type": "actions", "block_id": clipTo(threadBlock(n, thread), 255), "elements": row})
	}
	return out
}

func button(b chat.Button, i int) map[string]any {
	label := strings.TrimSpace(b.Label)
	if label == "" {
		label = b.ID
	}
	e := map[string]any{"type": "button", "action_id": actionPress + ":" + strconv.Itoa(i), "text": plainText(label, maxLabel), "value": clipTo(b.ID, 2000)}
	if b.Style == "primary" || b.Style == "danger" {
		e["style"] = b.Style
	}
	if b.Style == "danger" {
		e["confirm"] = map[string]any{
			"title": plainText("Are you sure?", 100), "text": plainText(label+"?", 300),
			"confirm": plainText(label, 30), "deny": plainText("Leave it", 30), "style": "danger",
		}
	}
	return e
}

// sources are what an answer rests on, each page once.
func sources(citations []chat.Citation) []Block {
	var elements []any
	seen := map[string]bool{}
	for _, c := range citations {
		key := c.Page + "#" + c.Anchor
		if seen[key] {
			continue
		}
		seen[key] = true
		if len(elements) == maxSources-1 && len(citations) > maxSources {
			elements = append(elements, mrkdwn("…"))
			break
		}
		label := strings.Join(c.Heading, " › ")
		if label == "" {
			label = c.Page
			if c.Anchor != "" {
				label += "#" + c.Anchor
			}
		}
		label = clipTo(strings.Join(strings.Fields(label), " "), 200)
		text := "↳ " + escape(label)
		if c.URL != nil && isAddress(*c.URL) {
			text = "↳ <" + escapeAddress(*c.URL) + "|" + escapeLabel(label) + ">"
		}
		if utf8.RuneCountInString(text) > maxContext {
			text = "↳ " + escape(label)
		}
		elements = append(elements, mrkdwn(text))
	}
	if len(elements) == 0 {
		return nil
	}
	return []Block{{"type": "context", "elements": elements}}
}
