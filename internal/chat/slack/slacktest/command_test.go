package slacktest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"frontdoor/internal/chat/slack/slacktest"
)

// What comes with the acknowledgement of a command is shown, checked like any
// message.
func TestAnswersOfACommand(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	ctx := soon(t)
	for _, tt := range []struct {
		answer              any
		private, all, error string
	}{
		{nil, "", "", ""},
		{map[string]any{}, "", "", ""},
		{"plain words", "plain words", "", ""},
		{map[string]any{"text": "for you"}, "for you", "", ""},
		{map[string]any{"text": "for all", "response_type": "in_channel"}, "", "for all", ""},
		{map[string]any{"text": "", "blocks": []any{}}, "", "", "no_text"},
		{map[string]any{"blocks": []any{map[string]any{"type": "header"}}}, "", "", "invalid_blocks"},
		{map[string]any{"words": "x"}, "", "", "invalid_payload"},
	} {
		before, stood := len(st.s.Ephemerals(st.ada)), len(st.s.FromBot(st.help))
		x, err := st.ada.Commands(st.help, "/platform")
		if err != nil {
			t.Fatal(err)
		}
		e := next(t, st.ws)
		ack(t, st.ws, e, tt.answer)
		o, err := x.Wait(ctx)
		if err != nil || o.Error != tt.error {
			t.Errorf("%v: %+v %v", tt.answer, o, err)
		}
		<-x.Done()
		private, all := "", ""
		if seen := st.s.Ephemerals(st.ada); len(seen) > before {
			private = seen[before].Text
		}
		if seen := st.s.FromBot(st.help); len(seen) > stood {
			all = seen[stood].Text
		}
		if private != tt.private || all != tt.all {
			t.Errorf("%v: ada sees %q, all %q", tt.answer, private, all)
		}
	}
}

func TestFeedbackButtons(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	ts := form(t, st.s, st.team, "chat.postMessage", "channel", st.help.ID, "text", "x", "blocks",
		`[{"type":"context_actions","elements":[{"type":"feedback_buttons","action_id":"fb","positive_button":{"text":{"type":"plain_text","text":"Good"},"value":"+"},"negative_button":{"text":{"type":"plain_text","text":"Bad"},"value":"-"}}]}]`).TS
	m, _ := st.s.Message(st.help, ts)
	if _, err := st.ada.Presses(m, "fb"); err == nil {
		t.Error("neither is pressed")
	}
	if _, err := st.ada.Presses(m, "fb", "Bad"); err != nil {
		t.Fatal(err)
	}
	a := next(t, st.ws)["payload"].(map[string]any)["actions"].([]any)[0].(map[string]any)
	if a["value"] != "-" || a["type"] != "feedback_buttons" {
		t.Errorf("got %v", a)
	}
}

func TestConversationsOfSeveral(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	ada, bob := team.User("ada"), team.User("bob")
	api := client(s, team)
	open := func() string {
		c, _, _, err := api.OpenConversationContext(t.Context(), &slack.OpenConversationParameters{Users: []string{ada.ID, bob.ID}})
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	id := open()
	if again := open(); again != id {
		t.Errorf("opened twice: %s and %s", id, again)
	}
	c, ok := s.Place(id)
	if !ok || !slices.Equal(c.Members(), []string{ada.ID, bob.ID, team.Bot().ID}) || c.Direct() || !c.Private() {
		t.Errorf("got %+v", c)
	}
	if got := form(t, s, team, "conversations.open", "users", ada.ID, "prevent_creation", "true"); got.Error != "channel_not_found" {
		t.Errorf("got %s", got.body)
	}
	if got := form(t, s, team, "conversations.open", "users", bob.ID+","+ada.ID, "prevent_creation", "true"); !got.OK {
		t.Errorf("got %s", got.body)
	}
	if again := form(t, s, team, "conversations.open", "channel", id); !strings.Contains(again.body, `"already_open":true`) {
		t.Errorf("got %s", again.body)
	}
	team.Grant("im:write")
	if got := form(t, s, team, "conversations.open", "users", ada.ID+","+bob.ID); got.Error != "missing_scope" || got.Needed != "mpim:write" {
		t.Errorf("got %s", got.body)
	}
	if who, ok := s.Person(ada.ID); !ok || who != ada || who.IsBot() || !team.Bot().IsBot() {
		t.Errorf("got %v", who)
	}
	if got := s.Teams(); len(got) != 1 || len(got[0].People()) != 3 || len(got[0].Channels()) != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestDownloads(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	help := team.Channel("help")
	api := client(s, team)
	if _, err := api.UploadFileContext(t.Context(), slack.UploadFileParameters{Filename: "a.txt", FileSize: 4, Content: "text", Channel: help.ID}); err != nil {
		t.Fatal(err)
	}
	history, err := api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{ChannelID: help.ID})
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := api.GetFileContext(t.Context(), history.Messages[0].Files[0].URLPrivate, &got); err != nil || got.String() != "text" {
		t.Errorf("%q %v", got.String(), err)
	}
	wrong := slack.New("xoxb-wrong", slack.OptionAPIURL(s.APIURL()))
	if err := wrong.GetFileContext(t.Context(), history.Messages[0].Files[0].URLPrivate, io.Discard); err == nil {
		t.Error("anybody reads it")
	}
}

func TestUserGroupsOff(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	g := team.Group("oncall", team.User("ada"))
	g.Disable()
	if got := form(t, s, team, "usergroups.users.list", "usergroup", g.ID); got.Error != "no_such_subteam" {
		t.Errorf("got %s", got.body)
	}
	if got := form(t, s, team, "usergroups.list"); strings.Contains(got.body, "oncall") {
		t.Errorf("got %s", got.body)
	}
	if got := form(t, s, team, "usergroups.list", "include_disabled", "1"); !strings.Contains(got.body, "oncall") {
		t.Errorf("got %s", got.body)
	}
}

// A payload of any shape can be delivered, and is tried again like an event.
func TestAnyPayload(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	redirects := 0
	b := newBot(t, s, func(w http.ResponseWriter, _ request) {
		if redirects > 0 {
			redirects--
			w.Header().Set("Location", "/slack/events")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	redirects = 1
	x := team.SendPayload([]byte(`{"type":"poem"}`))
	if o, err := x.Wait(soon(t)); err != nil || !o.Acked || o.Attempts != 1 {
		t.Errorf("%+v %v", o, err)
	}
	if got := b.requests(); len(got) != 2 || got[1].body != `{"type":"poem"}` {
		t.Errorf("got %+v", got)
	}
	s.UseSocketMode()
	ws := dial(t, s)
	x = team.SendPayload([]byte(`[1]`))
	e := next(t, ws)
	if data, _ := json.Marshal(e["payload"]); string(data) != `[1]` {
		t.Errorf("got %s", data)
	}
	ack(t, ws, e, nil)
	if o, err := x.Wait(soon(t)); err != nil || !o.Acked {
		t.Errorf("%+v %v", o, err)
	}
}

func TestStreamsOfChunks(t *testing.T) {
	s := start(t, slacktest.Options{})
	team, other := s.Team("T1"), s.Team("T2")
	ada, help := team.User("ada"), team.Channel("help")
	asked := ada.Says(help, "?")
	begin := func(pairs ...string) reply {
		return form(t, s, team, "chat.startStream", append([]string{"channel", help.ID, "thread_ts", asked}, pairs...)...)
	}
	if got := begin("recipient_user_id", "U0NOBODY", "recipient_team_id", "T1"); got.Error != "user_not_found" {
		t.Errorf("got %s", got.body)
	}
	if got := begin("recipient_user_id", ada.ID, "recipient_team_id", other.ID); got.Error != "team_not_found" {
		t.Errorf("got %s", got.body)
	}
	got := begin("recipient_user_id", ada.ID, "recipient_team_id", "T1", "chunks", `[{"type":"task_update","id":"1","title":"Search","status":"in_progress"}]`)
	if !got.OK {
		t.Fatal(got.body)
	}
	step := func(chunks string) string {
		return form(t, s, team, "chat.appendStream", "channel", help.ID, "ts", got.TS, "chunks", chunks).Error
	}
	if e := step(`[{"type":"task_update","id":"1","title":"Search","status":"complete"},{"type":"plan_update","title":"Plan"},{"type":"blocks","blocks":[{"type":"divider"}]}]`); e != "" {
		t.Error(e)
	}
	for chunks, want := range map[string]string{
		`[{"type":"task_update","id":"1"}]`:                                      "invalid_chunks",
		`[{"type":"task_update","id":"1","title":"x","status":"done"}]`:          "invalid_chunks",
		`[{"type":"blocks","blocks":[{"type":"header"}]}]`:                       "invalid_chunks",
		`[{"type":"blocks","blocks":[` + times(51, `{"type":"divider"}`) + `]}]`: "msg_blocks_too_many",
		`[{"type":"markdown_text","text":""}]`:                                   "invalid_chunks",
		`{}`:                                                                     "invalid_chunks",
		`[]`:                                                                     "no_text",
	} {
		if e := step(chunks); e != want {
			t.Errorf("%s: %s, want %s", chunks, e, want)
		}
	}
	m, _ := s.Message(help, got.TS)
	if text := s.RenderText(m); text != "[complete] Search\n--- ▌" {
		t.Errorf("got %q", text)
	}
	if e := form(t, s, team, "chat.appendStream", "channel", help.ID, "ts", got.TS, "markdown_text", x(12001)).Error; e != "msg_too_long" {
		t.Error(e)
	}
}
