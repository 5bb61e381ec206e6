package slack

import (
	"fmt"
	"strconv"
	"strings"

	slackgo "github.com/slack-go/slack"

	"frontdoor/internal/chat"
)

// HomeTab is what somebody sees on the Home tab.
type HomeTab struct {
	Name      string        // of the person, "" where unknown
	Welcome   bool          // for the first time: Try is shown
	Try       []chat.Button // what to begin with
	Command   string        // the slash command
	Query     string        // what was searched for, "" for all
	Approvals []HomeItem    // what waits for the person
	Runs      []HomeItem    // the person's open runs
	Topics    []HomeTopic   // the catalogue, as the person may use it
}

// HomeTopic is a part of the catalogue.
type HomeTopic struct {
	Name  string
	Items []HomeItem
}

// HomeItem is one thing with what can be done about it. Link, if there is one,
// says more.
type HomeItem struct {
	Title, Text string
	Link        string
	Buttons     []chat.Button
}

// maxHome is how many blocks are shown before the last word; Slack takes 100.
const maxHome = 96

// View renders the Home tab.
func (h HomeTab) View() slackgo.HomeTabViewRequest {
	var out []Block
	add := func(b ...Block) { out = append(out, b...) }
	if h.Welcome {
		hello := "Welcome"
		if h.Name != "" {
			hello += ", " + h.Name
		}
		add(heading(hello), words("I answer questions about the platform and do its everyday work: here, in channels where you mention me, and with `"+escape(h.Command)+"`."))
		if len(h.Try) > 0 {
			add(words("*To begin with:*"))
			add(homeButtons(h.Try, "try")...)
		}
		add(Block{"type": "divider"})
	}
	search := map[string]any{
		"type": "plain_text_input", "action_id": actionSearch, "max_length": 200, "placeholder": plainText("database, deploy, access …", 150),
		"dispatch_action_config": map[string]any{"trigger_actions_on": []any{"on_enter_pressed"}},
	}
	if h.Query != "" {
		search["initial_value"] = clipTo(h.Query, 200)
	}
	find := Block{"type": "input", "block_id": "find", "dispatch_action": true, "optional": true, "label": plainText("Find something I can do", 2000), "element": search}
	if h.Query == "" {
		out = h.waiting(out)
		add(find)
	} else {
		add(find) // what was searched for stands at the top
	}
	left, shown := 0, 0
	for _, topic := range h.Topics {
		if len(topic.Items) == 0 {
			continue
		}
		if len(out)+2 > maxHome {
			left += len(topic.Items)
			continue
		}
		add(heading(topic.Name))
		for _, item := range topic.Items {
			if len(out) >= maxHome {
				left++
				continue
			}
			add(item.line("topic" + strconv.Itoa(len(out))))
			shown++
		}
	}
	switch {
	case left > 0:
		add(words(fmt.Sprintf("… and %d more: search for them, or say `%s help`.", left, escape(h.Command))))
	case shown == 0 && h.Query != "":
		add(words("Nothing is called “" + escape(clipTo(h.Query, 200)) + "”. Ask me in your own words: write me a message."))
	case shown == 0:
		add(words("There is nothing in the catalogue for you yet. Ask me in your own words: write me a message."))
	}
	if h.Query != "" {
		out = h.waiting(out)
	}
	return slackgo.HomeTabViewRequest{Type: slackgo.VTHomeTab, Blocks: slackgo.Blocks{BlockSet: Blocks(out)}}
}

// maxWaiting is how many approvals and how many runs are shown.
const maxWaiting = 10

// waiting adds what is open.
func (h HomeTab) waiting(out []Block) []Block {
	for _, list := range []struct {
		name, none, id string
		items          []HomeItem
	}{
		{"Waiting for you", "Nobody waits for your approval.", "approval", h.Approvals},
		{"Your open requests", "Nothing of yours is under way.", "run", h.Runs},
	} {
		if len(out)+2 > maxHome {
			return out
		}
		out = append(out, heading(list.name))
		if len(list.items) == 0 {
			out = append(out, Block{"type": "context", "elements": []any{plainText(list.none, 200)}})
		}
		for i, item := range list.items {
			if i == maxWaiting || len(out)+2 > maxHome {
				out = append(out, words(fmt.Sprintf("… and %d more.", len(list.items)-i)))
				break
			}
			out = append(out, words(item.text()))
			out = append(out, homeButtons(item.Buttons, list.id+strconv.Itoa(i))...)
		}
	}
	return out
}

func heading(text string) Block { return Block{"type": "header", "text": plainText(text, 150)} }

// words is a section of escaped text; verbatim, so that nothing in it becomes
// a mention.
func words(text string) Block { return Block{"type": "section", "text": mrkdwn(text)} }

// text is an item's title and what it says.
func (i HomeItem) text() string {
	title := "*" + strings.ReplaceAll(escape(clipTo(oneLine(i.Title), 150)), "*", "∗") + "*"
	if isAddress(i.Link) {
		title = "*<" + escapeAddress(i.Link) + "|" + strings.ReplaceAll(escapeLabel(clipTo(oneLine(i.Title), 150)), "*", "∗") + ">*"
	}
	if i.Text == "" {
		return title
	}
	return title + "\n" + escape(clipTo(i.Text, 400))
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// line is an item with its first button beside it.
func (i HomeItem) line(id string) Block {
	b := words(i.text())
	b["block_id"] = id
	if len(i.Buttons) > 0 && i.Buttons[0].ID != "" {
		b["accessory"] = button(i.Buttons[0], 0)
	}
	return b
}

func homeButtons(buttons []chat.Button, id string) []Block {
	var all []any
	for i, b := range buttons {
		if b.ID != "" && len(all) < maxInARow {
			all = append(all, button(b, i))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return []Block{{"type": "actions", "block_id": id, "elements": all}}
}
