package slacktest_test

import (
	"fmt"
	"strings"
	"testing"

	"frontdoor/internal/chat/slack/slacktest"
)

func x(n int) string { return strings.Repeat("x", n) }

func plainText(n int) string { return `{"type":"plain_text","text":"` + x(n) + `"}` }

func times(n int, each string) string {
	var all []string
	for i := range n {
		all = append(all, strings.ReplaceAll(each, "%d", fmt.Sprint(i)))
	}
	return strings.Join(all, ",")
}

// inActions and inInput put an element into the block that takes it.
func inActions(e string) string {
	return `[{"type":"actions","elements":[` + e + `]}]`
}

func inInput(e string) string {
	return `[{"type":"input","label":` + plainText(5) + `,"element":` + e + `}]`
}

const someOption = `{"text":{"type":"plain_text","text":"o%d"},"value":"v%d"}`

func TestBlocksThatAreRefused(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	help := team.Channel("help")
	button := func(more string) string {
		return `{"type":"button","action_id":"a","text":` + plainText(3) + more + `}`
	}
	for name, tt := range map[string]struct{ blocks, want string }{
		"51 blocks":            {"[" + times(51, `{"type":"divider"}`) + "]", "no more than 50 items allowed [json-pointer:/blocks]"},
		"no object":            {`["divider"]`, "must be an object [json-pointer:/blocks/0]"},
		"no type":              {`[{}]`, "missing required field: type [json-pointer:/blocks/0]"},
		"unknown block":        {`[{"type":"sectoin"}]`, "unsupported type: sectoin [json-pointer:/blocks/0/type]"},
		"a block left out":     {`[{"type":"video"}]`, "unsupported type: video [json-pointer:/blocks/0/type]"},
		"unknown field":        {`[{"type":"divider","colour":"red"}]`, "invalid additional property: colour [json-pointer:/blocks/0]"},
		"alert in a message":   {`[{"type":"alert","text":` + plainText(3) + `}]`, "unsupported type: alert [json-pointer:/blocks/0/type]"},
		"block_id twice":       {`[{"type":"divider","block_id":"b"},{"type":"divider","block_id":"b"}]`, "`block_id` \"b\" already exists [json-pointer:/blocks/1/block_id]"},
		"block_id too long":    {`[{"type":"divider","block_id":"` + x(256) + `"}]`, "must be less than 256 characters [json-pointer:/blocks/0/block_id]"},
		"action_id twice":      {inActions(button("") + "," + button("")), "`action_id` \"a\" already exists [json-pointer:/blocks/0/elements/1/action_id]"},
		"header too long":      {`[{"type":"header","text":` + plainText(151) + `}]`, "must be less than 151 characters [json-pointer:/blocks/0/text/text]"},
		"header in mrkdwn":     {`[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]`, "must be a valid enum value [json-pointer:/blocks/0/text/type]"},
		"header is a string":   {`[{"type":"header","text":"x"}]`, "must be an object [json-pointer:/blocks/0/text]"},
		"header without text":  {`[{"type":"header"}]`, "missing required field: text [json-pointer:/blocks/0]"},
		"text without type":    {`[{"type":"header","text":{"text":"x"}}]`, "missing required field: type [json-pointer:/blocks/0/text]"},
		"emoji in mrkdwn":      {`[{"type":"section","text":{"type":"mrkdwn","text":"x","emoji":true}}]`, "invalid additional property: emoji [json-pointer:/blocks/0/text]"},
		"section too long":     {`[{"type":"section","text":{"type":"mrkdwn","text":"` + x(3001) + `"}}]`, "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"},
		"section empty":        {`[{"type":"section","text":{"type":"mrkdwn","text":""}}]`, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		"section of nothing":   {`[{"type":"section"}]`, "missing required field: text or fields [json-pointer:/blocks/0]"},
		"11 fields":            {`[{"type":"section","fields":[` + times(11, plainText(1)) + `]}]`, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"},
		"field too long":       {`[{"type":"section","fields":[` + plainText(2001) + `]}]`, "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]"},
		"input beside text":    {`[{"type":"section","text":` + plainText(1) + `,"accessory":{"type":"plain_text_input","action_id":"a"}}]`, "unsupported type: plain_text_input [json-pointer:/blocks/0/accessory/type]"},
		"26 elements":          {inActions(times(26, `{"type":"button","action_id":"a%d","text":`+plainText(1)+`}`)), "no more than 25 items allowed [json-pointer:/blocks/0/elements]"},
		"no elements":          {inActions(""), "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"},
		"an input among them":  {inActions(`{"type":"plain_text_input","action_id":"a"}`), "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]"},
		"11 in a context":      {`[{"type":"context","elements":[` + times(11, plainText(1)) + `]}]`, "no more than 10 items allowed [json-pointer:/blocks/0/elements]"},
		"button in a context":  {`[{"type":"context","elements":[` + button("") + `]}]`, "must be a valid enum value [json-pointer:/blocks/0/elements/0/type]"},
		"button label":         {inActions(`{"type":"button","action_id":"a","text":` + plainText(76) + `}`), "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"},
		"button in mrkdwn":     {inActions(`{"type":"button","text":{"type":"mrkdwn","text":"x"}}`), "must be a valid enum value [json-pointer:/blocks/0/elements/0/text/type]"},
		"button value":         {inActions(button(`,"value":"` + x(2001) + `"`)), "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]"},
		"button style":         {inActions(button(`,"style":"default"`)), "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]"},
		"button url":           {inActions(button(`,"url":"docs"`)), "must be a valid url [json-pointer:/blocks/0/elements/0/url]"},
		"button url too long":  {inActions(button(`,"url":"https://example.com/` + x(3000) + `"`)), "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]"},
		"action_id too long":   {inActions(`{"type":"button","action_id":"` + x(256) + `","text":` + plainText(1) + `}`), "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]"},
		"confirm title":        {inActions(button(`,"confirm":{"title":` + plainText(101) + `,"text":` + plainText(1) + `,"confirm":` + plainText(1) + `,"deny":` + plainText(1) + `}`)), "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]"},
		"confirm text":         {inActions(button(`,"confirm":{"title":` + plainText(1) + `,"text":` + plainText(301) + `,"confirm":` + plainText(1) + `,"deny":` + plainText(1) + `}`)), "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]"},
		"confirm button":       {inActions(button(`,"confirm":{"title":` + plainText(1) + `,"text":` + plainText(1) + `,"confirm":` + plainText(31) + `,"deny":` + plainText(1) + `}`)), "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/confirm/text]"},
		"confirm without deny": {inActions(button(`,"confirm":{"title":` + plainText(1) + `,"text":` + plainText(1) + `,"confirm":` + plainText(1) + `}`)), "missing required field: deny [json-pointer:/blocks/0/elements/0/confirm]"},
		"option text":          {inActions(`{"type":"static_select","options":[{"text":` + plainText(76) + `,"value":"v"}]}`), "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]"},
		"option value":         {inActions(`{"type":"static_select","options":[{"text":` + plainText(1) + `,"value":"` + x(151) + `"}]}`), "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]"},
		"option in mrkdwn":     {inActions(`{"type":"static_select","options":[{"text":{"type":"mrkdwn","text":"x"},"value":"v"}]}`), "must be a valid enum value [json-pointer:/blocks/0/elements/0/options/0/text/type]"},
		"option value twice":   {inActions(`{"type":"static_select","options":[` + times(2, `{"text":{"type":"plain_text","text":"o%d"},"value":"v"}`) + `]}`), "option values must be unique: v [json-pointer:/blocks/0/elements/0]"},
		"101 options":          {inActions(`{"type":"static_select","options":[` + times(101, someOption) + `]}`), "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		"no options":           {inActions(`{"type":"static_select"}`), "exactly one of options and option_groups is required [json-pointer:/blocks/0/elements/0]"},
		"initial option":       {inActions(`{"type":"static_select","options":[` + times(1, someOption) + `],"initial_option":` + times(1, `{"text":{"type":"plain_text","text":"z"},"value":"z"}`) + `}`), "must be one of the options [json-pointer:/blocks/0/elements/0/initial_option]"},
		"11 checkboxes":        {inActions(`{"type":"checkboxes","options":[` + times(11, someOption) + `]}`), "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		"11 radio buttons":     {inActions(`{"type":"radio_buttons","options":[` + times(11, someOption) + `]}`), "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		"6 in an overflow":     {inActions(`{"type":"overflow","options":[` + times(6, someOption) + `]}`), "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]"},
		"group label":          {inActions(`{"type":"static_select","option_groups":[{"label":` + plainText(76) + `,"options":[` + times(1, someOption) + `]}]}`), "must be less than 76 characters [json-pointer:/blocks/0/elements/0/option_groups/0/label/text]"},
		"placeholder":          {inActions(`{"type":"users_select","placeholder":` + plainText(151) + `}`), "must be less than 151 characters [json-pointer:/blocks/0/elements/0/placeholder/text]"},
		"date":                 {inActions(`{"type":"datepicker","initial_date":"tomorrow"}`), "must be a date of the form YYYY-MM-DD [json-pointer:/blocks/0/elements/0/initial_date]"},
		"time":                 {inActions(`{"type":"timepicker","initial_time":"25:00"}`), "must be a time of the form HH:mm [json-pointer:/blocks/0/elements/0/initial_time]"},
		"date and time":        {inActions(`{"type":"datetimepicker","initial_date_time":12}`), "must be greater than or equal to 1000000000 [json-pointer:/blocks/0/elements/0/initial_date_time]"},
		"response_url wanted":  {inActions(`{"type":"conversations_select","response_url_enabled":true}`), "only allowed in modals [json-pointer:/blocks/0/elements/0/response_url_enabled]"},
		"number without kind":  {inInput(`{"type":"number_input"}`), "missing required field: is_decimal_allowed [json-pointer:/blocks/0/element]"},
		"number as number":     {inInput(`{"type":"number_input","is_decimal_allowed":false,"min_value":1}`), "must be a number in a string [json-pointer:/blocks/0/element/min_value]"},
		"number out of bounds": {inInput(`{"type":"number_input","is_decimal_allowed":false,"max_value":"3","initial_value":"4"}`), "must be between min_value and max_value [json-pointer:/blocks/0/element/initial_value]"},
		"bounds crossed":       {inInput(`{"type":"number_input","is_decimal_allowed":false,"min_value":"4","max_value":"3"}`), "must be less than or equal to max_value [json-pointer:/blocks/0/element/min_value]"},
		"max_length":           {inInput(`{"type":"plain_text_input","max_length":3001}`), "must be less than or equal to 3000 [json-pointer:/blocks/0/element/max_length]"},
		"lengths crossed":      {inInput(`{"type":"plain_text_input","min_length":5,"max_length":4}`), "must be less than or equal to max_length [json-pointer:/blocks/0/element/min_length]"},
		"initial too long":     {inInput(`{"type":"plain_text_input","initial_value":"12345","max_length":4}`), "must be less than 5 characters [json-pointer:/blocks/0/element/initial_value]"},
		"two in focus":         {inActions(`{"type":"datepicker","action_id":"a","focus_on_load":true},{"type":"datepicker","action_id":"b","focus_on_load":true}`), "only one element can have focus_on_load set to true [json-pointer:/blocks/0/elements/1/focus_on_load]"},
		"button as an input":   {inInput(button("")), "unsupported type: button [json-pointer:/blocks/0/element/type]"},
		"input label":          {`[{"type":"input","label":` + plainText(2001) + `,"element":{"type":"plain_text_input"}}]`, "must be less than 2001 characters [json-pointer:/blocks/0/label/text]"},
		"input without label":  {`[{"type":"input","element":{"type":"plain_text_input"}}]`, "missing required field: label [json-pointer:/blocks/0]"},
		"input hint":           {`[{"type":"input","label":` + plainText(1) + `,"hint":` + plainText(2001) + `,"element":{"type":"plain_text_input"}}]`, "must be less than 2001 characters [json-pointer:/blocks/0/hint/text]"},
		"picture without alt":  {`[{"type":"image","image_url":"https://example.com/a.png"}]`, "missing required field: alt_text [json-pointer:/blocks/0]"},
		"picture of nothing":   {`[{"type":"image","alt_text":"a"}]`, "exactly one of image_url and slack_file is required [json-pointer:/blocks/0]"},
		"markdown too long":    {`[{"type":"markdown","text":"` + x(12001) + `"}]`, "must be less than 12001 characters [json-pointer:/blocks/0/text]"},
		"markdown in all":      {`[{"type":"markdown","text":"` + x(6001) + `"},{"type":"markdown","text":"` + x(6001) + `"}]`, "markdown blocks must be less than 12001 characters in all [json-pointer:/blocks/1/text]"},
		"101 rows":             {`[{"type":"table","rows":[` + times(101, `[{"type":"raw_text","text":"x"}]`) + `]}]`, "no more than 100 items allowed [json-pointer:/blocks/0/rows]"},
		"21 cells":             {`[{"type":"table","rows":[[` + times(21, `{"type":"raw_text","text":"x"}`) + `]]}]`, "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]"},
		"two tables":           {"[" + times(2, `{"type":"table","rows":[[{"type":"raw_text","text":"x"}]]}`) + "]", "only one table is allowed [json-pointer:/blocks/1]"},
		"a cell of what":       {`[{"type":"table","rows":[[{"type":"cell"}]]}]`, "unsupported type: cell [json-pointer:/blocks/0/rows/0/0/type]"},
		"rich text of what":    {`[{"type":"rich_text","elements":[{"type":"rich_text_poem"}]}]`, "unsupported type: rich_text_poem [json-pointer:/blocks/0/elements/0/type]"},
		"rich text inline":     {`[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":""}]}]}]`, "must be more than 0 characters [json-pointer:/blocks/0/elements/0/elements/0/text]"},
		"feedback text":        {`[{"type":"context_actions","elements":[{"type":"feedback_buttons","positive_button":{"text":` + plainText(1) + `,"value":"y"}}]}]`, "missing required field: negative_button [json-pointer:/blocks/0/elements/0]"},
	} {
		t.Run(name, func(t *testing.T) {
			got := form(t, s, team, "chat.postMessage", "channel", help.ID, "text", "x", "blocks", tt.blocks)
			if got.Error != "invalid_blocks" || len(got.Metadata.Messages) != 1 || got.Metadata.Messages[0] != "[ERROR] "+tt.want {
				t.Errorf("got %s\nwant %s", got.body, tt.want)
			}
			if len(got.Errors) != 1 || got.Errors[0] != tt.want {
				t.Errorf("errors are %q", got.Errors)
			}
		})
	}
	got := form(t, s, team, "chat.postMessage", "channel", help.ID, "text", "x", "blocks", "["+times(4, `{"type":"section","text":`+plainText(2600)+`}`)+"]")
	if got.Error != "msg_blocks_too_long" {
		t.Errorf("10,400 characters: %s", got.body)
	}
}

func TestBlocksThatAreTaken(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	help := team.Channel("help")
	everything := `[
	{"type":"header","text":{"type":"plain_text","text":"Deploy","emoji":true}},
	{"type":"section","block_id":"what","text":{"type":"mrkdwn","text":"*shop* to <https://shop.example.com|production> for <@` + team.User("ada").ID + `> &amp; co","verbatim":true},
	 "accessory":{"type":"overflow","action_id":"more","options":[{"text":{"type":"plain_text","text":"Open"},"value":"open","url":"https://example.com"},{"text":{"type":"plain_text","text":"Hide"},"value":"hide"}]}},
	{"type":"section","fields":[{"type":"mrkdwn","text":"*Who* ada"},{"type":"plain_text","text":"Why: because"}]},
	{"type":"divider"},
	{"type":"context","elements":[{"type":"mrkdwn","text":"run 7"},{"type":"image","image_url":"https://example.com/a.png","alt_text":"a lamp"}]},
	{"type":"image","image_url":"https://example.com/b.png","alt_text":"a chart","title":{"type":"plain_text","text":"Chart"}},
	{"type":"markdown","text":"**bold**"},
	{"type":"table","rows":[[{"type":"raw_text","text":"a"},{"type":"raw_text","text":"b"}],[{"type":"raw_text","text":"1"},{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"2","style":{"bold":true}}]}]}]],"column_settings":[{"align":"right"},null]},
	{"type":"rich_text","elements":[{"type":"rich_text_list","style":"ordered","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"first"}]},{"type":"rich_text_section","elements":[{"type":"link","url":"https://example.com","text":"second"}]}]},{"type":"rich_text_preformatted","elements":[{"type":"text","text":"ls"}]}]},
	{"type":"actions","elements":[
	 {"type":"button","action_id":"go","style":"primary","value":"7","text":{"type":"plain_text","text":"Approve"},"confirm":{"title":{"type":"plain_text","text":"Sure?"},"text":{"type":"mrkdwn","text":"It goes live."},"confirm":{"type":"plain_text","text":"Go"},"deny":{"type":"plain_text","text":"No"}}},
	 {"type":"button","action_id":"stop","style":"danger","text":{"type":"plain_text","text":"Reject"}},
	 {"type":"static_select","action_id":"size","options":[{"text":{"type":"plain_text","text":"Small"},"value":"s"},{"text":{"type":"plain_text","text":"Large"},"value":"l"}],"initial_option":{"text":{"type":"plain_text","text":"Small"},"value":"s"}},
	 {"type":"datepicker","action_id":"day","initial_date":"2026-11-23"},{"type":"users_select","action_id":"who","placeholder":{"type":"plain_text","text":"who"}}]},
	{"type":"input","label":{"type":"plain_text","text":"Reason"},"optional":true,"hint":{"type":"plain_text","text":"one line"},"element":{"type":"plain_text_input","action_id":"why","initial_value":"because"}},
	{"type":"context_actions","elements":[{"type":"feedback_buttons","action_id":"fb","positive_button":{"text":{"type":"plain_text","text":"Good"},"value":"+"},"negative_button":{"text":{"type":"plain_text","text":"Bad"},"value":"-"}},{"type":"icon_button","action_id":"del","icon":"trash","text":{"type":"plain_text","text":"Delete"}}]}
	]`
	got := form(t, s, team, "chat.postMessage", "channel", help.ID, "text", "Deploy shop?", "blocks", everything)
	if !got.OK {
		t.Fatalf("got %s", got.body)
	}
	m, _ := s.Message(help, got.TS)
	want := `# Deploy
*shop* to production (https://shop.example.com) for @ada & co  <of Open|Hide>
- *Who* ada
- Why: because
---
(run 7 · (image: a lamp))
(image: a chart)
**bold**
| a | b |
| 1 | 2 |
1. first
2. second (https://example.com)
` + "```\nls\n```" + `
[Approve*] [Reject!] <Small of Small|Large> <2026-11-23> <who>
Reason (optional): <because>
  one line
[Good] [Bad] [Delete]`
	if text := s.RenderText(m); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	seen := map[any]bool{}
	for _, b := range m.Blocks {
		id := b.(map[string]any)["block_id"]
		if id == nil || seen[id] {
			t.Errorf("block_id %v", id)
		}
		seen[id] = true
	}
}
