package slacktest_test

import (
	"context"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"go.uber.org/goleak"

	"frontdoor/internal/chat/slack/slacktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t testing.TB, o slacktest.Options) *slacktest.Server {
	t.Helper()
	s, err := slacktest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// soon ends what a test waits for when it will not come.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func client(s *slacktest.Server, team *slacktest.Team) *slack.Client {
	return slack.New(team.Token(), slack.OptionAPIURL(s.APIURL()), slack.OptionAppLevelToken(s.AppToken()))
}

// listen runs a Socket Mode client until the test's end; every event goes to
// handle, which acknowledges it or does not.
func listen(t testing.TB, s *slacktest.Server, team *slacktest.Team, handle func(*socketmode.Client, socketmode.Event)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	sm := socketmode.New(client(s, team))
	done := make(chan struct{}, 2)
	go func() { _ = sm.RunContext(ctx); done <- struct{}{} }()
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			select {
			case e := <-sm.Events:
				handle(sm, e)
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done; <-done })
}

func TestBotAnswersOverSocketMode(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	help, ada := team.Channel("help"), team.User("ada")
	api := client(s, team)
	listen(t, s, team, func(sm *socketmode.Client, e socketmode.Event) {
		if e.Request != nil && e.Type == socketmode.EventTypeEventsAPI {
			_ = sm.Ack(*e.Request)
		}
		if e.Type == socketmode.EventTypeSlashCommand {
			_ = sm.Ack(*e.Request, map[string]any{"text": "looking"})
		}
	})
	ctx := soon(t)
	if err := s.AwaitConnections(ctx, 1); err != nil {
		t.Fatal(err)
	}
	ts := ada.Mentions(help, "how do I <deploy> & run? https://example.com/a?b=1&c=2")
	if _, _, err := api.PostMessageContext(ctx, help.ID, slack.MsgOptionText("like *this*, <@"+ada.ID+">", false), slack.MsgOptionTS(ts)); err != nil {
		t.Fatal(err)
	}
	x, err := ada.Commands(help, "/platform help")
	if err != nil {
		t.Fatal(err)
	}
	if o, err := x.Wait(ctx); err != nil || o.Error != "" {
		t.Fatalf("%+v %v", o, err)
	}
	if err := s.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	want := "ada: @frontdoor how do I <deploy> & run? https://example.com/a?b=1&c=2\n  frontdoor: like *this*, @ada\n"
	if got := s.Transcript(help); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if seen := s.Ephemerals(ada); len(seen) != 1 || s.RenderText(seen[0]) != "looking\n(only you can see this)" {
		t.Errorf("ada sees %+v", seen)
	}
	counts := s.Counts()
	if counts["message"] != 2 || counts["app_mention"] != 1 || counts["/platform"] != 1 {
		t.Errorf("delivered %v", counts)
	}
	if bad := s.Complaints(); bad != nil {
		t.Errorf("complaints: %q", bad)
	}
}
