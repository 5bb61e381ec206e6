package slack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	slackgo "github.com/slack-go/slack"

	"frontdoor/internal/chat"
	"frontdoor/internal/chat/slack"
	"frontdoor/internal/chat/slack/slacktest"
)

// stage is a strict Slack with a channel and somebody in it.
type stage struct {
	s    *slacktest.Server
	team *slacktest.Team
	help *slacktest.Channel
	ada  *slacktest.User
	api  *slackgo.Client
	ctx  context.Context
}

func newStage(t testing.TB, o slacktest.Options) *stage {
	t.Helper()
	s, err := slacktest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	team := s.Team("T1")
	st := &stage{s: s, team: team, help: team.Channel("help"), ada: team.User("ada"), ctx: ctx}
	st.api = slackgo.New(team.Token(), slackgo.OptionAPIURL(s.APIURL()))
	return st
}

// show posts and returns what people see.
func (st *stage) show(t testing.TB, p slack.Post) (slacktest.Message, string) {
	t.Helper()
	_, ts, err := st.api.PostMessageContext(st.ctx, st.help.ID, slackgo.MsgOptionText(p.Text, false), slackgo.MsgOptionBlocks(slack.Blocks(p.Blocks)...))
	if err != nil {
		calls := st.s.Calls("chat.postMessage")
		t.Fatalf("%v: %v\n%s", err, calls[len(calls)-1], indented(t, p))
	}
	m, _ := st.s.Message(st.help, ts)
	return m, st.s.RenderText(m)
}

func indented(t testing.TB, v any) string {
	t.Helper()
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func ptr(s string) *string { return &s }

// cards are every kind of card.
func cards() []struct {
	name string
	card chat.Card
} {
	long := strings.Repeat("A sentence of some words, again and again. ", 400)
	return []struct {
		name string
		card chat.Card
	}{
		{"answer", chat.Card{
			Text: "Run `cw rollback prod checkout`, then **wait** for _green_:\n\n```sh\ncw status --watch\n# a < b && c > d\n```\n\nSee [the guide](https://docs.example.com/rollback?a=1&b=2) or https://status.example.com.",
			Citations: []chat.Citation{
				{Page: "docs/rollback.md", Heading: []string{"Deploys", "Roll back <fast>"}, Anchor: "roll-back", URL: ptr("https://docs.example.com/rollback?a=1&b=2#roll-back")},
				{Page: "docs/rollback.md", Heading: []string{"Deploys", "Roll back <fast>"}, Anchor: "roll-back", URL: ptr("https://docs.example.com/rollback?a=1&b=2#roll-back")},
				{Page: "docs/status.md", Anchor: "colours"},
			},
			Buttons: []chat.Button{{ID: "helpful:abc", Label: "That helped"}, {ID: "unhelpful:abc", Label: "It didn't"}, {ID: "human:abc", Label: "I need a human"}},
		}},
		{"structure", chat.Card{Text: "# Title\n\nFirst line\nsecond line.\n\n## Part\n\n1. one\n2. two\n   - nested\n     - deeper `code`\n   - [x] done\n   - [ ] open\n3. three\n\n   with a second paragraph\n\n   ```\n   and code\n   ```\n4. four\n\n> quoted **bold**\n> - item\n>\n> more\n\n---\n\n~~old~~ ***both*** ![a lamp](https://example.com/lamp.png) <b>html</b> &amp; \\*star\\*"}},
		{"table", chat.Card{Text: "Sizes:\n\n| name | memory | [docs](https://example.com) |\n|:--|--:|:-:|\n| small | 1 GB | |\n| **large** | 64 GB | `yes` |\n\nand\n\n| a | b |\n|---|---|\n| x | yy |\n\nThat is all."}},
		{"preview", chat.Card{
			Text:    "I will **create a database**:\n\n- name: `orders`\n- size: small\n\nShall I?",
			Buttons: []chat.Button{{ID: "yes:tok", Label: "Create the database", Style: "primary"}, {ID: "no:tok", Label: "Never mind"}},
		}},
		{"danger", chat.Card{Text: "This run is under way.", Run: "r-1", Buttons: []chat.Button{{ID: "cancel:r-1", Label: "Stop it", Style: "danger"}}}},
		{"form", chat.Card{
			Text: "What is the name? (2 more questions after that)", Asks: true,
			Form:    &chat.Form{ID: "inputs:tok", Title: "Create a database", Fields: []chat.FormField{{Name: "name", Type: "string", Label: "Name"}}},
			Buttons: []chat.Button{{ID: "no:tok", Label: "Never mind"}},
		}},
		{"what people typed", chat.Card{Text: "You asked “is <!channel> down & who is <@U123> or @here? <https://evil.example|bank>”.\n\nI call @platform-oncall, see #incidents, not @channel, @everyone or user@platform-oncall.example."}},
		{"nothing", chat.Card{Text: "  \n"}},
		{"many buttons", chat.Card{Text: "Which?", Buttons: func() []chat.Button {
			var all []chat.Button
			for i := range 30 {
				all = append(all, chat.Button{ID: fmt.Sprintf("choose:t:%d", i), Label: strings.Repeat("A long label ", i%8) + fmt.Sprint(i)})
			}
			return all
		}()}},
		{"two messages", chat.Card{Text: "# Long\n\n" + strings.ReplaceAll(strings.Repeat("Here is a paragraph of some words that says little but takes room. ", 180), "little but takes room. Here", "little.\n\nHere"), Buttons: []chat.Button{{ID: "helpful:a", Label: "That helped"}}}},
		{"one long paragraph", chat.Card{Text: long}},
		{"long code", chat.Card{Text: "The log:\n\n```\n" + strings.Repeat("2026-11-23 12:00:00 error: a line of a log that is rather long\n", 200) + "```\n\nThe end."}},
		{"too long for messages", chat.Card{Text: strings.Repeat("Another paragraph with words.\n\n", 3000)}},
	}
}

// Every card is taken by a Slack that refuses what Slack refuses, and looks as
// it did.
func TestCards(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	dba := st.team.Group("platform-oncall", st.ada)
	r := slack.Renderer{Mentions: map[string]slack.Mention{"@platform-oncall": {Group: dba.ID}, "#incidents": {Channel: st.help.ID}}}
	var seen, sent strings.Builder
	for _, c := range cards() {
		posts := r.Card(c.card, "1763900000.000100", false)
		for i, p := range posts {
			m, text := st.show(t, p)
			title := fmt.Sprintf("== %s", c.name)
			if len(posts) > 1 {
				title += fmt.Sprintf(" %d/%d", i+1, len(posts))
			}
			if p.Snippet != nil {
				title += fmt.Sprintf(" with a file of %d characters", len(p.Snippet.Content))
			}
			short := text
			if len(c.card.Text) > 2000 {
				short = fmt.Sprintf("%s … (%d characters)", string([]rune(text)[:200]), utf8.RuneCountInString(text))
			} else {
				fmt.Fprintf(&sent, "%s\n%s", title, indented(t, p))
			}
			fmt.Fprintf(&seen, "%s\n%s\n", title, st.s.Stable(short))
			if want := c.name == "what people typed"; want != (len(m.Pings()) > 0) || want && (len(m.Pings()) != 1 || m.Pings()[0] != "!subteam^"+dba.ID) {
				t.Errorf("%s calls %q", c.name, m.Pings())
			}
			if n := utf8.RuneCountInString(p.Text); n == 0 || n > 4000 {
				t.Errorf("%s has a text of %d characters", c.name, n)
			}
			hasButtons := false
			for _, b := range p.Blocks {
				hasButtons = hasButtons || b.BlockType() == "actions"
			}
			if want := i == len(posts)-1 && (len(c.card.Buttons) > 0 || c.card.Form != nil); hasButtons != want {
				t.Errorf("%s %d: buttons are there: %v", c.name, i, hasButtons)
			}
		}
		if one := r.Card(c.card, "", true); len(one) != 1 {
			t.Errorf("%s replaces a message by %d", c.name, len(one))
		} else {
			st.show(t, one[0])
		}
	}
	if bad := st.s.Complaints(); bad != nil {
		t.Errorf("complaints: %q", bad)
	}
	golden(t, "cards.golden", seen.String())
	golden(t, "cards.json.golden", sent.String())
}

// Nothing of a card is lost when it is divided.
func TestSplitKeepsEverything(t *testing.T) {
	for _, c := range cards() {
		posts := slack.Renderer{}.Card(c.card, "", false)
		if posts[len(posts)-1].Snippet != nil {
			if posts[len(posts)-1].Snippet.Content != c.card.Text {
				t.Errorf("%s: the file lacks something", c.name)
			}
			continue
		}
		var all strings.Builder
		for _, p := range posts {
			all.WriteString(indented(t, p.Blocks))
		}
		for _, word := range []string{"again", "little", "rather"} {
			if got, want := strings.Count(all.String(), word), strings.Count(c.card.Text, word); got != want {
				t.Errorf("%s: %q is there %d times, not %d", c.name, word, got, want)
			}
		}
	}
}

func TestSettled(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	c := cards()[3].card
	post := slack.Renderer{}.Card(c, "", false)[0]
	m, _ := st.show(t, post)
	original, err := json.Marshal(map[string]any{"text": m.Text, "blocks": m.Blocks})
	if err != nil {
		t.Fatal(err)
	}
	after, err := slack.Settled(original, "Create the database", st.ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := st.api.UpdateMessageContext(st.ctx, st.help.ID, m.TS, slackgo.MsgOptionText(after.Text, false), slackgo.MsgOptionBlocks(slack.Blocks(after.Blocks)...)); err != nil {
		t.Fatal(err)
	}
	m, _ = st.s.Message(st.help, m.TS)
	got := st.s.RenderText(m)
	if !strings.Contains(got, "@ada pressed “Create the database”.") || strings.Contains(got, "[Never mind]") || !strings.Contains(got, "Shall I?") {
		t.Errorf("after the click it reads\n%s", got)
	}
	if again, err := slack.Settled([]byte(`{"text":"x","blocks":[]}`), "", "U1"); err != nil || len(again.Blocks) != 2 {
		t.Errorf("without blocks: %+v %v", again, err)
	}
	if _, err := slack.Settled([]byte(`[`), "", "U1"); err == nil {
		t.Error("half a message is settled")
	}
}

// Whatever the Markdown, Slack takes it, and it calls nobody.
func FuzzCard(f *testing.F) {
	for _, c := range cards() {
		if len(c.card.Text) < 3000 {
			f.Add(c.card.Text)
		}
	}
	f.Add("- \n  - \n1. > ```\n|a|\n|-|\n||")
	f.Add("[](x) ![](http://h) <http://[> [a|b](http://x|y) &#0; `` ` ``")
	st := newStage(f, slacktest.Options{NoEcho: true, Journal: 10})
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range (slack.Renderer{}).Card(chat.Card{Text: text}, "", false) {
			if m, _ := st.show(t, p); len(m.Pings()) > 0 {
				t.Errorf("%q calls %q", text, m.Pings())
			}
		}
	})
}
