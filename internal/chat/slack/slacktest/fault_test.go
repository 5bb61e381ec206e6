package slacktest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"frontdoor/internal/chat/slack/slacktest"
)

// try posts and tells the status, the body and whether there was an answer.
func try(t *testing.T, s *slacktest.Server, team *slacktest.Team, channel *slacktest.Channel) (int, string, error) {
	t.Helper()
	body := "token=" + team.Token() + "&channel=" + channel.ID + "&text=x"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.APIURL()+"chat.postMessage", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", asForm)
	c := oneOff()
	c.Timeout = 500 * time.Millisecond
	answer, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(data), err
}

func TestFaults(t *testing.T) {
	for kind, tt := range map[slacktest.FaultKind]struct {
		status int
		body   string
		stored int
		cut    bool
	}{
		slacktest.Broken:      {status: 503, body: "upstream"},
		slacktest.Hang:        {cut: true},
		slacktest.Cut:         {cut: true},
		slacktest.CutAfter:    {cut: true, stored: 1},
		slacktest.BrokenAfter: {status: 503, body: "upstream", stored: 1},
		slacktest.Slow:        {status: 200, body: `"ok":true`, stored: 1},
		slacktest.Malformed:   {status: 200, body: `{"ok":true,"channel":"C00`},
		slacktest.HTML:        {status: 200, body: "<html>"},
		slacktest.Limited:     {status: 429, body: "ratelimited"},
	} {
		t.Run(string(kind), func(t *testing.T) {
			s := start(t, slacktest.Options{})
			team := s.Team("T1")
			help := team.Channel("help")
			s.Inject(slacktest.Fault{Method: "chat.postMessage", Kind: kind, Status: 503, Delay: 10 * time.Millisecond, Times: 1})
			status, body, err := try(t, s, team, help)
			if status != tt.status || !strings.Contains(body, tt.body) || (err != nil) != tt.cut {
				t.Errorf("got %d %q %v", status, body, err)
			}
			if n := len(s.Messages(help)); n != tt.stored {
				t.Errorf("%d messages stand there, want %d", n, tt.stored)
			}
			if status, _, err := try(t, s, team, help); status != 200 || err != nil {
				t.Errorf("the next one: %d %v", status, err)
			}
			if n := len(s.Calls("chat.postMessage")); n != 2 {
				t.Errorf("%d calls in the journal", n)
			}
		})
	}
}

func TestFaultsStartLateAndAreHealed(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	help := team.Channel("help")
	heal := s.Inject(slacktest.Fault{Kind: slacktest.Broken, Skip: 1})
	var got []int
	for range 3 {
		status, _, _ := try(t, s, team, help)
		got = append(got, status)
	}
	heal()
	status, _, _ := try(t, s, team, help)
	if got[0] != 200 || got[1] != 500 || got[2] != 500 || status != 200 {
		t.Errorf("got %v, then %d", got, status)
	}
}

// A message whose delivery is unknown is found by its metadata.
func TestMetadataFindsAMessage(t *testing.T) {
	s := start(t, slacktest.Options{})
	team := s.Team("T1")
	help := team.Channel("help")
	asked := team.User("ada").Says(help, "?")
	s.Inject(slacktest.Fault{Method: "chat.postMessage", Kind: slacktest.CutAfter, Times: 1})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.APIURL()+"chat.postMessage", strings.NewReader(
		"token="+team.Token()+"&channel="+help.ID+"&thread_ts="+asked+`&text=x&metadata={"event_type":"reply","event_payload":{"id":"r7"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", asForm)
	answer, err := oneOff().Do(r)
	if err == nil {
		_ = answer.Body.Close()
		t.Fatal("it was answered")
	}
	if !errors.Is(err, io.EOF) {
		t.Logf("cut with %v", err)
	}
	with := form(t, s, team, "conversations.replies", "channel", help.ID, "ts", asked, "include_all_metadata", "true")
	if !strings.Contains(with.body, `"event_payload":{"id":"r7"}`) {
		t.Errorf("got %s", with.body)
	}
	without := form(t, s, team, "conversations.replies", "channel", help.ID, "ts", asked)
	if strings.Contains(without.body, "r7") {
		t.Errorf("got %s", without.body)
	}
}
