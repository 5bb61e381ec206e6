package slack_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/chat/slack"
	"frontdoor/internal/chat/slack/slacktest"
)

// sender speaks on a stage without waiting for seconds.
func (st *stage) sender(t testing.TB) *slack.Sender {
	t.Helper()
	c := slack.Default()
	c.BotToken, c.APIURL = st.team.Token(), st.s.APIURL()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return slack.NewSender(slack.SenderOptions{
		Config: c, Client: &http.Client{Timeout: 2 * time.Second, Transport: transport},
		Pace: slack.NewPace(slack.PaceOptions{Spacing: time.Millisecond, Backoff: time.Millisecond}),
	})
}

func (st *stage) at(thread string) chat.Address {
	return chat.Address{Platform: "slack", Workspace: "T1", Channel: st.help.ID, Name: "help", Thread: thread}
}

func TestSendAndReplace(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	s := st.sender(t)
	ts := st.ada.Says(st.help, "is staging down?")
	say := func(s *slack.Sender, r chat.Reply, uncertain bool) {
		t.Helper()
		if err := s.Send(st.ctx, r, uncertain); err != nil {
			t.Fatal(err)
		}
	}
	say(s, chat.Reply{ID: "r1", To: st.at(ts), Card: chat.Card{Text: "Looking: **1/3**", Request: "q1"}}, false)
	say(s, chat.Reply{ID: "r2", To: st.at(ts), Updates: "r1", Card: chat.Card{Text: "Looking: **2/3**"}}, false)
	// Another process knows it by its metadata alone, by either id.
	say(st.sender(t), chat.Reply{ID: "r3", To: st.at(ts), Updates: "r1", Card: chat.Card{Text: "Looking: **3/3**"}}, false)
	say(st.sender(t), chat.Reply{ID: "r4", To: st.at(ts), Updates: "r3", Card: chat.Card{Text: "It is up."}}, false)
	// What replaces something that is gone is said anew.
	say(s, chat.Reply{ID: "r5", To: st.at(ts), Updates: "nothing", Card: chat.Card{Text: "And prod too."}}, false)
	// Sent again, it is found.
	say(st.sender(t), chat.Reply{ID: "r5", To: st.at(ts), Card: chat.Card{Text: "And prod too."}}, true)
	want := "ada: is staging down?\n  frontdoor: It is up.\n  frontdoor: And prod too.\n"
	if got := st.s.Transcript(st.help); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if bad := st.s.Complaints(); bad != nil {
		t.Errorf("complaints: %q", bad)
	}
}

// However a sending goes wrong, in the end it is said once.
func TestSaidOnce(t *testing.T) {
	for _, kind := range []slacktest.FaultKind{slacktest.CutAfter, slacktest.BrokenAfter, slacktest.Broken, slacktest.Cut, slacktest.Limited, slacktest.HTML, slacktest.Malformed} {
		for _, thread := range []bool{true, false} {
			t.Run(fmt.Sprint(kind, thread), func(t *testing.T) {
				st := newStage(t, slacktest.Options{NoEcho: true})
				ts := ""
				if thread {
					ts = st.ada.Says(st.help, "hello?")
				}
				st.s.Inject(slacktest.Fault{Method: "chat.postMessage", Kind: kind, Times: 2, Delay: time.Millisecond})
				long := strings.Repeat("A paragraph of some length that goes on.\n\n", 400)
				if err := st.sender(t).Send(st.ctx, chat.Reply{ID: "r1", To: st.at(ts), Card: chat.Card{Text: long}}, false); err != nil {
					t.Fatal(err)
				}
				if said := st.s.FromBot(st.help); len(said) != 2 {
					t.Errorf("said %d times", len(said))
				}
			})
		}
	}
}

// What is uncertain and cannot be looked for is not sent.
func TestUncertain(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	st.s.Inject(slacktest.Fault{Method: "conversations.history", Kind: slacktest.Broken})
	err := st.sender(t).Send(st.ctx, chat.Reply{ID: "r1", To: st.at(""), Card: chat.Card{Text: "hello"}}, true)
	if !errors.Is(err, slack.ErrUnknown) || len(st.s.FromBot(st.help)) != 0 {
		t.Errorf("%v, said %d", err, len(st.s.FromBot(st.help)))
	}
	st.team.Revoke("token_revoked")
	var no *slack.Refused
	if err := st.sender(t).Send(st.ctx, chat.Reply{ID: "r2", To: st.at(""), Card: chat.Card{Text: "hello"}}, false); !errors.As(err, &no) || !no.Credentials() {
		t.Errorf("with a revoked token: %v", err)
	}
	if strings.Contains(fmt.Sprint(err), st.team.Token()) {
		t.Errorf("the error shows the token: %v", err)
	}
	unknown := st.at("")
	unknown.Workspace = "T9"
	c := slack.Default()
	c.Workspaces = []slack.Workspace{{Team: "T1", BotToken: "xoxb-1"}}
	if err := slack.NewSender(slack.SenderOptions{Config: c}).Send(st.ctx, chat.Reply{ID: "r3", To: unknown}, false); !errors.Is(err, slack.ErrNotSent) {
		t.Errorf("to an unknown workspace: %v", err)
	}
}

// For one person's eyes: by the response_url, else in the channel, else
// directly.
func TestPrivate(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	s := st.sender(t)
	e := httpEar()
	serve(t, st, e)
	st.ada.Says(st.help, "I am a member here")
	if err := st.s.Settle(st.ctx); err != nil {
		t.Fatal(err)
	}
	e.took, e.asked = nil, nil
	x, err := st.ada.Commands(st.help, "/platform status")
	if err != nil {
		t.Fatal(err)
	}
	if o, err := x.Wait(st.ctx); err != nil || o.Error != "" {
		t.Fatalf("%+v %v", o, err)
	}
	s.Remember(e.asked[0])
	me := "slack:T1/" + st.ada.ID
	private := func(id, inReplyTo, text string) chat.Reply {
		return chat.Reply{ID: id, To: st.at(""), Person: me, Private: true, InReplyTo: inReplyTo, Card: chat.Card{Text: text, Buttons: []chat.Button{{ID: "no:x", Label: "Never mind"}}}}
	}
	for i := range 7 {
		if err := s.Send(st.ctx, private(fmt.Sprint("p", i), e.took[0].ID, fmt.Sprint("number ", i)), false); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(st.s.Ephemerals(st.ada)); n != 7 {
		t.Errorf("ada sees %d", n)
	}
	if hooks, posts := st.s.Counts()["response_url"], st.s.Counts()["chat.postEphemeral"]; hooks != 5 || posts != 2 {
		t.Errorf("%d by response_url, %d by chat.postEphemeral", hooks, posts)
	}
	// Its button is pressed: only the response_url can change it.
	seen := st.s.Ephemerals(st.ada)
	if x, err = st.ada.Presses(seen[6], "Never mind"); err != nil {
		t.Fatal(err)
	}
	if o, err := x.Wait(st.ctx); err != nil || o.Error != "" {
		t.Fatalf("%+v %v", o, err)
	}
	if err := s.Settle(st.ctx, e.asked[len(e.asked)-1]); err != nil {
		t.Fatal(err)
	}
	if got := st.s.RenderText(st.s.Ephemerals(st.ada)[6]); !strings.Contains(got, "@ada pressed “Never mind”.") {
		t.Errorf("after the click: %s", got)
	}
	// In a channel without the bot, and with no response_url left, directly.
	st.help.Remove(st.team.Bot())
	if err := s.Send(st.ctx, private("p8", "", "directly"), false); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(st.ctx, chat.Reply{ID: "p9", To: st.at(""), Person: me, Card: chat.Card{Text: "for all, but I may not"}}, false); err != nil {
		t.Fatal(err)
	}
	if got := st.s.Transcript(st.ada.DM()); got != "frontdoor: directly\n    [Never mind]\nfrontdoor: for all, but I may not\n" {
		t.Errorf("directly she reads %q", got)
	}
	// The Home tab's conversation is the direct one.
	home := chat.Reply{ID: "h1", To: chat.Address{Platform: "slack", Workspace: "T1", Channel: st.ada.ID, Direct: true}, Card: chat.Card{Text: "from home"}}
	if err := s.Send(st.ctx, home, true); err != nil {
		t.Fatal(err)
	}
	if got := st.s.FromBot(st.ada.DM()); len(got) != 3 {
		t.Errorf("directly she reads %d", len(got))
	}
}

func TestSettleInTheChannel(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	s := st.sender(t)
	e := httpEar()
	serve(t, st, e)
	ts := st.ada.Says(st.help, "a database please")
	card := chat.Card{Text: "Shall I?", Buttons: []chat.Button{{ID: "yes:t", Label: "Create it", Style: "primary"}, {ID: "no:t", Label: "Never mind"}}}
	// One conversation in a thread, one in the channel itself: the click is of
	// the same.
	for _, thread := range []string{ts, ""} {
		if err := s.Send(st.ctx, chat.Reply{ID: "r" + thread, To: st.at(thread), Card: card}, false); err != nil {
			t.Fatal(err)
		}
		said := st.s.FromBot(st.help)
		m := said[len(said)-1]
		x, err := st.ada.Presses(m, "Create it")
		if err != nil {
			t.Fatal(err)
		}
		if o, err := x.Wait(st.ctx); err != nil || o.Error != "" {
			t.Fatalf("%+v %v", o, err)
		}
		took := e.took[len(e.took)-1]
		if took.At != st.at(thread) || took.Press != "yes:t" {
			t.Errorf("the click in %q is %+v", thread, took)
		}
		if err := s.Settle(st.ctx, e.asked[len(e.asked)-1]); err != nil {
			t.Fatal(err)
		}
		if m, _ = st.s.Message(st.help, m.TS); !strings.Contains(st.s.RenderText(m), "@ada pressed “Create it”.") || strings.Contains(st.s.RenderText(m), "[") {
			t.Errorf("after the click: %s", st.s.RenderText(m))
		}
	}
	if bad := st.s.Complaints(); bad != nil {
		t.Errorf("complaints: %q", bad)
	}
}

// A long answer ends in a file.
func TestSnippet(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	text := strings.Repeat("Another paragraph with words.\n\n", 3000)
	if err := st.sender(t).Send(st.ctx, chat.Reply{ID: "r1", To: st.at(""), Card: chat.Card{Text: text}}, false); err != nil {
		t.Fatal(err)
	}
	said := st.s.FromBot(st.help)
	if len(said) != 2 || len(said[1].Files) != 1 || string(said[1].Files[0].Content) != text || said[1].Thread != said[0].TS {
		t.Errorf("said %d: %.300v", len(said), said)
	}
}

// With Slack's limits on, nothing is lost, refused or out of order.
func TestWithinLimits(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true, Limits: true, Speed: 200})
	c := slack.Default()
	c.BotToken, c.APIURL = st.team.Token(), st.s.APIURL()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s := slack.NewSender(slack.SenderOptions{Config: c, Client: &http.Client{Transport: transport}, Pace: slack.NewPace(slack.PaceOptions{Spacing: 6 * time.Millisecond})})
	var all sync.WaitGroup
	for i := range 5 {
		channel := st.team.Channel(fmt.Sprint("channel-", i))
		to := st.at("")
		to.Channel = channel.ID
		all.Go(func() {
			for j := range 20 {
				if err := s.Send(st.ctx, chat.Reply{ID: fmt.Sprint(i, "/", j), To: to, Card: chat.Card{Text: fmt.Sprint("number ", j)}}, false); err != nil {
					t.Error(err)
				}
			}
		})
		defer func() {
			for j, m := range st.s.FromBot(channel) {
				if m.Text != fmt.Sprint("number ", j) {
					t.Errorf("message %d is %q", j, m.Text)
				}
			}
		}()
	}
	all.Wait()
	if said := st.s.Counts()["chat.postMessage"]; said != 100 {
		t.Errorf("%d of 100 said", said)
	}
}
