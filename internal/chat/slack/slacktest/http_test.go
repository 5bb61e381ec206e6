package slacktest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"frontdoor/internal/chat/slack/slacktest"
)

// request is one that the bot got.
type request struct {
	path   string
	header http.Header
	body   string
}

// bot is the receiving end of HTTP mode.
type bot struct {
	*httptest.Server
	mu     sync.Mutex
	got    []request
	answer func(w http.ResponseWriter, r request)
}

func newBot(t *testing.T, s *slacktest.Server, answer func(w http.ResponseWriter, r request)) *bot {
	t.Helper()
	b := &bot{answer: answer}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verifier, err := slack.NewSecretsVerifier(r.Header, s.SigningSecret())
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		body, _ := io.ReadAll(io.TeeReader(r.Body, &verifier))
		if err := verifier.Ensure(); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		got := request{r.URL.Path, r.Header, string(body)}
		b.mu.Lock()
		b.got = append(b.got, got)
		b.mu.Unlock()
		if b.answer != nil {
			b.answer(w, got)
		}
	}))
	t.Cleanup(b.Close)
	s.UseHTTP(slacktest.EndpointsAt(b.URL))
	return b
}

func (b *bot) requests() []request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.got)
}

func TestSignedDeliveries(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true})
	team := s.Team("T1").InEnterprise("E1", false)
	ada, help := team.User("ada"), team.Channel("help")
	b := newBot(t, s, func(w http.ResponseWriter, r request) {
		if r.path == "/slack/commands" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"response_type":"in_channel","text":"here you are"}`)
		}
	})
	ctx := soon(t)
	ada.Says(help, "hello")
	if err := s.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	x, err := ada.Commands(help, "/platform  create a database")
	if err != nil {
		t.Fatal(err)
	}
	if o, err := x.Wait(ctx); err != nil || !o.Acked || o.Status != http.StatusOK || o.Error != "" {
		t.Fatalf("%+v %v", o, err)
	}
	x = ada.Shortcut("ask")
	if o, err := x.Wait(ctx); err != nil || !o.Acked || o.Error != "" {
		t.Fatalf("%+v %v", o, err)
	}
	got := b.requests()
	if len(got) != 3 || got[0].path != "/slack/events" || got[1].path != "/slack/commands" || got[2].path != "/slack/interactions" {
		t.Fatalf("got %+v", got)
	}
	var e struct {
		Type         string
		EnterpriseID string `json:"enterprise_id"`
		Event        struct{ Type, Text, User string }
	}
	if err := json.Unmarshal([]byte(got[0].body), &e); err != nil || e.Type != "event_callback" || e.Event.Text != "hello" || e.EnterpriseID != "E1" {
		t.Errorf("%v: %s", err, got[0].body)
	}
	form, err := url.ParseQuery(got[1].body)
	if err != nil || form.Get("command") != "/platform" || form.Get("text") != " create a database" || form.Get("user_id") != ada.ID || form.Get("trigger_id") == "" {
		t.Errorf("%v: %s", err, got[1].body)
	}
	form, err = url.ParseQuery(got[2].body)
	if err != nil || !strings.Contains(form.Get("payload"), `"callback_id":"ask"`) {
		t.Errorf("%v: %s", err, got[2].body)
	}
	if m := s.FromBot(help); len(m) != 1 || m[0].Text != "here you are" {
		t.Errorf("in the channel: %+v", m)
	}
}

func TestRetries(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true, AckWithin: 200 * time.Millisecond})
	team := s.Team("T1")
	slow := make(chan struct{})
	t.Cleanup(func() { close(slow) })
	var b *bot
	b = newBot(t, s, func(w http.ResponseWriter, _ request) {
		switch len(b.requests()) {
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
		case 2:
			select {
			case <-slow:
			case <-time.After(400 * time.Millisecond):
			}
		case 3:
			panic(http.ErrAbortHandler)
		}
	})
	ctx := soon(t)
	team.User("ada").Says(team.Channel("help"), "x")
	attempts := func(n int) {
		t.Helper()
		if err := s.Await(ctx, func() bool { return len(s.Calls("message")) == n }); err != nil {
			t.Fatalf("%d attempts: %v", len(s.Calls("message")), err)
		}
	}
	attempts(2)
	s.Advance(time.Minute)
	attempts(3)
	s.Advance(5 * time.Minute)
	attempts(4)
	if err := s.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	var tries, errors []string
	for _, r := range b.requests() {
		tries = append(tries, r.header.Get("X-Slack-Retry-Num")+r.header.Get("X-Slack-Retry-Reason"))
	}
	for _, c := range s.Calls("message") {
		errors = append(errors, c.Error)
	}
	if got := strings.Join(tries, " "); got != " 1http_error 2http_timeout 3connection_failed" {
		t.Errorf("got %q", got)
	}
	if got := strings.Join(errors, " "); got != "dispatch_failed operation_timeout dispatch_failed " {
		t.Errorf("got %q", got)
	}
}

func TestNoRetryWhenAskedFor(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true})
	team := s.Team("T1")
	b := newBot(t, s, func(w http.ResponseWriter, _ request) {
		w.Header().Set("X-Slack-No-Retry", "1")
		w.WriteHeader(http.StatusForbidden)
	})
	team.User("ada").Says(team.Channel("help"), "x")
	if err := s.Settle(soon(t)); err != nil {
		t.Fatal(err)
	}
	if n := len(b.requests()); n != 1 {
		t.Errorf("%d attempts", n)
	}
}

func TestLateAcknowledgement(t *testing.T) {
	s := start(t, slacktest.Options{AckWithin: 100 * time.Millisecond})
	team := s.Team("T1")
	newBot(t, s, func(http.ResponseWriter, request) { time.Sleep(300 * time.Millisecond) })
	x, err := team.User("ada").Commands(team.Channel("help"), "/platform")
	if err != nil {
		t.Fatal(err)
	}
	if o, err := x.Wait(soon(t)); err != nil || o.Acked || o.Error != "operation_timeout" {
		t.Errorf("%+v %v", o, err)
	}
	if got := team.User("ada").Troubles(); !slices.Equal(got, []string{"operation_timeout"}) {
		t.Errorf("ada sees %q", got)
	}
}

func TestEndpointsAreVerified(t *testing.T) {
	s := start(t, slacktest.Options{})
	newBot(t, s, func(w http.ResponseWriter, r request) {
		var o struct{ Challenge string }
		if json.Unmarshal([]byte(r.body), &o) == nil {
			_, _ = io.WriteString(w, o.Challenge)
		}
	})
	if err := s.Verify(soon(t)); err != nil {
		t.Error(err)
	}
	if err := s.CheckSSL(soon(t)); err != nil {
		t.Error(err)
	}
	newBot(t, s, func(w http.ResponseWriter, _ request) { w.WriteHeader(http.StatusTeapot) })
	if s.Verify(soon(t)) == nil || s.CheckSSL(soon(t)) == nil {
		t.Error("a bot that answers 418 passes")
	}
}

// What a test needs to forge a request.
func TestForgedRequests(t *testing.T) {
	s := start(t, slacktest.Options{})
	b := newBot(t, s, nil)
	body := []byte(`{"type":"event_callback"}`)
	post := func(h http.Header, body []byte) int {
		r, err := s.Post(context.WithoutCancel(t.Context()), b.URL+"/slack/events", h, body)
		if err != nil {
			t.Fatal(err)
		}
		return r.Status
	}
	good := slacktest.Signed(s.SigningSecret(), time.Now(), body)
	for what, got := range map[string]int{
		"forged":  post(slacktest.Signed("another", time.Now(), body), body),
		"expired": post(slacktest.Signed(s.SigningSecret(), time.Now().Add(-6*time.Minute), body), body),
		"altered": post(good, []byte(`{"type":"event_callbacK"}`)),
		"bare":    post(http.Header{}, body),
	} {
		if got != http.StatusUnauthorized {
			t.Errorf("%s: %d", what, got)
		}
	}
	if got := post(good, body); got != http.StatusOK {
		t.Errorf("signed well: %d", got)
	}
}
