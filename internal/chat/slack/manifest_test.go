package slack_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	slackgo "github.com/slack-go/slack"

	"frontdoor/internal/chat"
	"frontdoor/internal/chat/slack"
	"frontdoor/internal/chat/slack/slacktest"
)

func TestManifest(t *testing.T) {
	socket, http := slack.Default(), slack.Default()
	http.Mode, http.Workspaces = slack.ModeHTTP, []slack.Workspace{{Enterprise: "E1", BotToken: "xoxb-secret"}}
	for name, c := range map[string]slack.Config{"manifest-socket.json.golden": socket, "manifest-http.json.golden": http} {
		got, err := slack.Manifest(c, "https://bot.example.com/")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, string(got))
		if strings.Contains(string(got), "secret") {
			t.Errorf("%s shows a secret", name)
		}
		var m struct {
			Display struct {
				Name, Description string
				Long              string `json:"long_description"`
			} `json:"display_information"`
		}
		if err := json.Unmarshal(got, &m); err != nil {
			t.Fatal(err)
		}
		// 35, 140 and from 174 to 4,000 characters are what Slack takes.
		if n := utf8.RuneCountInString(m.Display.Long); utf8.RuneCountInString(m.Display.Name) > 35 || utf8.RuneCountInString(m.Display.Description) > 140 || n < 174 || n > 4000 {
			t.Errorf("%s: lengths of %+v", name, m.Display)
		}
	}
	if _, err := slack.Manifest(http, ""); err == nil {
		t.Error("a manifest without the address that Slack needs")
	}
}

func TestScopes(t *testing.T) {
	var names []string
	for _, s := range slack.Scopes() {
		names = append(names, s.Name)
		if s.Why == "" {
			t.Errorf("%s has no reason", s.Name)
		}
	}
	if !slices.IsSorted(names) || !slices.IsSorted(slack.Events()) {
		t.Error("out of order")
	}
	// They suffice for all that a Sender does.
	st := newStage(t, slacktest.Options{NoEcho: true, Scopes: names})
	s := st.sender(t)
	thread := st.ada.Says(st.help, "hello?")
	me := "slack:T1/" + st.ada.ID
	long := strings.Repeat("Another paragraph with words.\n\n", 3000)
	for i, r := range []chat.Reply{
		{ID: "1", To: st.at(thread), Card: chat.Card{Text: "hi"}},
		{ID: "2", To: st.at(thread), Updates: "1", Card: chat.Card{Text: "hi!"}},
		{ID: "3", To: st.at(""), Card: chat.Card{Text: long}},
		{ID: "4", To: st.at(""), Private: true, Person: me, Card: chat.Card{Text: "psst"}},
		{ID: "5", To: chat.Address{Platform: "slack", Workspace: "T1", Channel: st.ada.ID, Direct: true}, Card: chat.Card{Text: "hi"}},
	} {
		if err := s.Send(st.ctx, r, true); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := st.api.PublishViewContext(st.ctx, publish(st)); err != nil {
		t.Error(err)
	}
}

// publish shows an empty Home tab to ada.
func publish(st *stage) slackgo.PublishViewContextRequest {
	return slackgo.PublishViewContextRequest{UserID: st.ada.ID, View: slack.HomeTab{Command: "/platform"}.View()}
}
