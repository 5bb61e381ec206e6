package slacktest_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"

	"frontdoor/internal/chat/slack/slacktest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update rewrites it. Got\n%s", file, got)
	}
}

// inner reads the next event and acknowledges it. slack-go has to understand
// what comes.
func inner(t *testing.T, ws *websocket.Conn) (outer, event map[string]any) {
	t.Helper()
	e := next(t, ws)
	ack(t, ws, e, nil)
	outer = e["payload"].(map[string]any)
	data, err := json.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slackevents.ParseEvent(data, slackevents.OptionNoVerifyToken()); err != nil {
		t.Errorf("slack-go cannot read %s: %v", data, err)
	}
	return outer, outer["event"].(map[string]any)
}

// Everything that people do arrives as an event, in a form that slack-go
// reads; the golden file has them all.
func TestWhatPeopleDo(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	ada, help, secret := team.User("ada"), team.Channel("help"), team.PrivateChannel("secret")
	ws := dial(t, s)
	var out strings.Builder
	show := func(what string, n int) {
		t.Helper()
		out.WriteString("-- " + what + "\n")
		var text strings.Builder
		for range n {
			outer, event := inner(t, ws)
			delete(event, "blocks")
			delete(event, "client_msg_id")
			for _, name := range []string{"message", "previous_message", "root"} {
				if m, ok := event[name].(map[string]any); ok {
					delete(m, "blocks")
					delete(m, "client_msg_id")
				}
			}
			if outer["event_id"] == "" || outer["api_app_id"] != s.AppID() {
				t.Errorf("%s: %v", what, outer)
			}
			e := json.NewEncoder(&text)
			e.SetEscapeHTML(false)
			if err := e.Encode(event); err != nil {
				t.Fatal(err)
			}
		}
		out.WriteString(s.Stable(text.String()))
	}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ts := ada.Says(help, "1 < 2 & see https://example.com/a?b=1&c=2")
	show("says", 1)
	ada.Mentions(help, "hi")
	show("mentions", 2)
	reply := ada.Replies(help, ts, "more")
	show("replies", 1)
	ada.Broadcasts(help, ts, "for all")
	show("broadcasts", 1)
	ok(ada.Edits(help, ts, "1 > 2"))
	show("edits", 1)
	ok(ada.Reacts(help, ts, "eyes"))
	show("reacts", 1)
	ok(ada.Unreacts(help, ts, "eyes"))
	show("unreacts", 1)
	ok(ada.Deletes(help, reply))
	show("deletes", 1)
	ada.Uploads(help, "log.txt", "boom", "look")
	show("uploads", 1)
	ada.SaysAs(help, "channel_topic", "set the topic")
	show("sets the topic", 1)
	team.OtherBot("pager").Says(help, "disk full")
	show("another bot", 1)
	team.OtherBot("pager").SaysAs(help, "bot_message", "disk empty")
	show("a classic integration", 1)
	ada.Tells("psst")
	show("tells", 1)
	ada.Says(secret, "hush")
	show("in private", 1)
	team.User("bob").Joins(help)
	show("joins", 2)
	team.User("bob").Leaves(help)
	show("leaves", 1)
	ada.OpensHome("messages")
	show("opens the conversation", 1)
	team.User("bob").Deactivate()
	show("is deactivated", 1)
	team.Group("oncall", ada)
	team.Group("oncall", team.User("bob"))
	show("the group changes", 1)
	help.Archive(true)
	show("archived", 1)
	team.SendEvent(map[string]any{"type": "app_uninstalled"})
	show("anything", 1)
	golden(t, "events.txt", out.String())
	if err := s.Settle(soon(t)); err != nil {
		t.Fatal(err)
	}
	ada.Says(team.Channel("far").Remove(team.Bot()), "nobody hears it")
	if s.Pending() != 0 {
		t.Error("the bot hears of a channel that it is not in")
	}
	if ada.Edits(help, "1.2", "x") == nil || ada.Deletes(help, "1.2") == nil || ada.Reacts(help, "1.2", "eyes") == nil || ada.Stops(help, ts) == nil {
		t.Error("what is not there can be changed")
	}
}

func TestOneMentionIsTwoEvents(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	ws := dial(t, s)
	ts := team.User("ada").Mentions(team.Channel("help"), "hi")
	oneOuter, one := inner(t, ws)
	twoOuter, two := inner(t, ws)
	if one["ts"] != ts || two["ts"] != ts || oneOuter["event_id"] == twoOuter["event_id"] || one["type"] == two["type"] {
		t.Errorf("got %v and %v", one, two)
	}
}

func TestSubscriptions(t *testing.T) {
	s := start(t, slacktest.Options{Events: []string{"app_mention"}, Commands: []string{"/platform"}})
	team := s.Team("T1")
	ws := dial(t, s)
	ada, help := team.User("ada"), team.Channel("help")
	ada.Says(help, "chatter")
	ada.Mentions(help, "hi")
	if _, e := inner(t, ws); e["type"] != "app_mention" {
		t.Errorf("got %v", e)
	}
	if _, err := ada.Commands(help, "/deploy"); err == nil {
		t.Error("the app has no such command")
	}
}

func TestSharedChannelsAndOrganisations(t *testing.T) {
	s := start(t, slacktest.Options{})
	team, other := s.Team("T1"), s.Team("T2")
	help := team.Channel("help").ShareWith(other)
	ws := dial(t, s)
	stranger := other.User("max")
	stranger.Says(help, "hi")
	outer, e := inner(t, ws)
	if outer["is_ext_shared_channel"] != true || outer["team_id"] != "T1" || e["user_team"] != "T2" || e["team"] != "T2" {
		t.Errorf("got %v", outer)
	}
	u, err := client(s, team).GetUserInfoContext(t.Context(), stranger.ID)
	if err != nil || !u.IsStranger || u.Profile.Email != "" || u.TeamID != "T2" {
		t.Errorf("%+v %v", u, err)
	}
	c, err := client(s, team).GetConversationInfoContext(t.Context(), &slack.GetConversationInfoInput{ChannelID: help.ID})
	if err != nil || !c.IsExtShared {
		t.Errorf("%+v %v", c, err)
	}

	first, second := s.Team("TA").InEnterprise("E1", true), s.Team("TB").InEnterprise("E1", true)
	if first.Token() != second.Token() {
		t.Fatal("an org-wide app has one token")
	}
	second.User("eve").Says(second.Channel("ops"), "hi")
	outer, _ = inner(t, ws)
	auth := outer["authorizations"].([]any)[0].(map[string]any)
	if outer["team_id"] != "TB" || outer["enterprise_id"] != "E1" || auth["is_enterprise_install"] != true || auth["team_id"] != nil {
		t.Errorf("got %v", outer)
	}
	if got := form(t, s, first, "conversations.list"); got.Error != "missing_argument" {
		t.Errorf("got %s", got.body)
	}
	if got := form(t, s, first, "conversations.list", "team_id", "T1"); got.Error != "team_access_not_granted" {
		t.Errorf("got %s", got.body)
	}
	if got := form(t, s, first, "conversations.list", "team_id", "TB"); !strings.Contains(got.body, `"name":"ops"`) {
		t.Errorf("got %s", got.body)
	}
	if got := form(t, s, first, "chat.postMessage", "channel", second.Channel("ops").ID, "text", "x"); !got.OK {
		t.Errorf("got %s", got.body)
	}
	auths, err := client(s, first).AuthTestContext(t.Context())
	if err != nil || auths.EnterpriseID != "E1" {
		t.Errorf("%+v %v", auths, err)
	}
}

func TestClicks(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	ctx := soon(t)
	blocks := `[{"type":"actions","block_id":"decide","elements":[{"type":"button","action_id":"yes","value":"run-7","text":{"type":"plain_text","text":"Approve"}},` +
		`{"type":"static_select","action_id":"size","options":[` + times(3, someOption) + `]},{"type":"checkboxes","action_id":"opts","options":[` + times(2, someOption) + `]},` +
		`{"type":"overflow","action_id":"more","options":[` + times(2, someOption) + `]},{"type":"users_select","action_id":"who"}]}]`
	ts := form(t, st.s, st.team, "chat.postMessage", "channel", st.help.ID, "text", "decide", "blocks", blocks).TS
	m, _ := st.s.Message(st.help, ts)
	click := func(name string, values ...string) slack.InteractionCallback {
		t.Helper()
		x, err := st.ada.Presses(m, name, values...)
		if err != nil {
			t.Fatal(err)
		}
		e := next(t, st.ws)
		ack(t, st.ws, e, nil)
		if o, err := x.Wait(ctx); err != nil || o.Error != "" {
			t.Fatalf("%+v %v", o, err)
		}
		data, _ := json.Marshal(e["payload"])
		var ic slack.InteractionCallback
		if err := json.Unmarshal(data, &ic); err != nil {
			t.Fatal(err)
		}
		return ic
	}
	for _, name := range []string{"yes", "decide/yes", "Approve"} {
		ic := click(name)
		a := ic.ActionCallback.BlockActions[0]
		if ic.Type != slack.InteractionTypeBlockActions || a.ActionID != "yes" || a.BlockID != "decide" || a.Value != "run-7" || ic.Container.MessageTs != ts ||
			ic.User.ID != st.ada.ID || ic.Channel.ID != st.help.ID || ic.TriggerID == "" || ic.ResponseURL == "" || ic.Message.Text != "decide" {
			t.Errorf("%s: %+v", name, ic)
		}
	}
	if a := click("size", "o2").ActionCallback.BlockActions[0]; a.SelectedOption.Value != "v2" {
		t.Errorf("got %+v", a)
	}
	if a := click("opts", "v0", "v1").ActionCallback.BlockActions[0]; len(a.SelectedOptions) != 2 {
		t.Errorf("got %+v", a)
	}
	if a := click("more", "v1").ActionCallback.BlockActions[0]; a.SelectedOption.Value != "v1" {
		t.Errorf("got %+v", a)
	}
	if a := click("who", st.ada.ID).ActionCallback.BlockActions[0]; a.SelectedUser != st.ada.ID {
		t.Errorf("got %+v", a)
	}
	for _, wrong := range [][]string{{"no"}, {"size"}, {"size", "huge"}, {"more", "v0", "v1"}} {
		if _, err := st.ada.Presses(m, wrong[0], wrong[1:]...); err == nil {
			t.Errorf("pressed %q", wrong)
		}
	}
	// A click on what is gone: the client that knows cannot, the one that does
	// not can.
	if got := form(t, st.s, st.team, "chat.update", "channel", st.help.ID, "ts", ts, "text", "ada approved"); !got.OK {
		t.Fatal(got.body)
	}
	if _, err := st.ada.Presses(m, "yes"); err == nil {
		t.Error("a button that is gone is pressed")
	}
	if _, err := st.ada.PressesAs(m, "yes"); err != nil {
		t.Error(err)
	}
	e := next(t, st.ws)
	ack(t, st.ws, e, map[string]any{"text": "what"})
	if err := st.s.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if got := st.ada.Troubles(); len(got) != 1 || got[0] != "invalid_response" {
		t.Errorf("an answer to a click: %q", got)
	}
	if _, err := st.ada.MessageShortcut(m, "ask"); err != nil {
		t.Error(err)
	}
	if p := next(t, st.ws)["payload"].(map[string]any); p["type"] != "message_action" || p["message_ts"] != ts {
		t.Errorf("got %v", p)
	}
}

func TestPings(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	help := team.Channel("help")
	ts := form(t, s, team, "chat.postMessage", "channel", help.ID, "text", "<@U0ADA> &lt;!here&gt; <!channel> <!channel>", "blocks",
		`[{"type":"section","text":{"type":"mrkdwn","text":"<!subteam^S1|@oncall>"}},{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"user","user_id":"U0BOB"}]}]}]`).TS
	m, _ := s.Message(help, ts)
	if got := strings.Join(m.Pings(), " "); got != "!channel !subteam^S1 @U0ADA @U0BOB" {
		t.Errorf("got %s", got)
	}
}

// A private message is pressed and replaced by its response_url; nobody else
// sees it.
func TestEphemeralClicks(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	st.help.Add(st.ada)
	button := `[{"type":"actions","elements":[{"type":"button","action_id":"go","text":{"type":"plain_text","text":"Go"}}]}]`
	if got := form(t, st.s, st.team, "chat.postEphemeral", "channel", st.help.ID, "user", st.ada.ID, "text", "go?", "blocks", button); !got.OK {
		t.Fatal(got.body)
	}
	m := st.s.Ephemerals(st.ada)[0]
	if _, err := st.team.User("bob").Presses(m, "go"); err == nil {
		t.Error("bob presses what only ada sees")
	}
	if _, err := st.ada.Presses(m, "go"); err != nil {
		t.Fatal(err)
	}
	e := next(t, st.ws)
	ack(t, st.ws, e, nil)
	p := e["payload"].(map[string]any)
	if p["container"].(map[string]any)["is_ephemeral"] != true || p["message"] != nil {
		t.Errorf("got %v", p)
	}
	if err := slack.PostWebhookContext(t.Context(), p["response_url"].(string), &slack.WebhookMessage{Text: "gone", ReplaceOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if got := st.s.RenderText(st.s.Ephemerals(st.ada)[0]); got != "gone\n(only you can see this)" {
		t.Errorf("got %q", got)
	}
	if err := slack.PostWebhookContext(t.Context(), p["response_url"].(string), &slack.WebhookMessage{DeleteOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if n := len(st.s.Ephemerals(st.ada)); n != 0 {
		t.Errorf("%d are left", n)
	}
	if got := form(t, st.s, st.team, "chat.update", "channel", st.help.ID, "ts", m.TS, "text", "x"); got.Error != "message_not_found" {
		t.Errorf("an ephemeral is updated: %s", got.body)
	}
}
