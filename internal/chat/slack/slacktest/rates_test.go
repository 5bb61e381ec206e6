package slacktest_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"frontdoor/internal/chat/slack/slacktest"
)

func TestRatesByTier(t *testing.T) {
	for method, tt := range map[string]struct {
		args []string
		most int
	}{
		"users.list":          {nil, 20},
		"users.lookupByEmail": {[]string{"email", "ada@example.com"}, 50},
		"users.info":          {[]string{"user", "U0"}, 100},
	} {
		t.Run(method, func(t *testing.T) {
			s := start(t, slacktest.Options{Limits: true})
			team := s.Team("T1")
			for i := range tt.most {
				if got := form(t, s, team, method, tt.args...); got.status != http.StatusOK {
					t.Fatalf("call %d: %d %s", i, got.status, got.body)
				}
			}
			got := form(t, s, team, method, tt.args...)
			after, err := strconv.Atoi(got.header.Get("Retry-After"))
			if got.status != http.StatusTooManyRequests || got.Error != "ratelimited" || err != nil || after < 1 || after > 60 {
				t.Fatalf("got %d %s after %q", got.status, got.body, got.header.Get("Retry-After"))
			}
			if got := form(t, s, s.Team("T2"), method, tt.args...); got.status != http.StatusOK {
				t.Errorf("another workspace: %d %s", got.status, got.body)
			}
			s.Advance(time.Minute)
			if got := form(t, s, team, method, tt.args...); got.status != http.StatusOK {
				t.Errorf("a minute later: %d %s", got.status, got.body)
			}
		})
	}
}

func TestOneMessageASecondInAChannel(t *testing.T) {
	s := start(t, slacktest.Options{Limits: true})
	team := s.Team("T1")
	one, two := team.Channel("one"), team.Channel("two")
	api := client(s, team)
	post := func(c *slacktest.Channel) error {
		_, _, err := api.PostMessageContext(t.Context(), c.ID, slack.MsgOptionText("x", false))
		return err
	}
	for range 3 {
		if err := post(one); err != nil {
			t.Fatal(err)
		}
	}
	var limited *slack.RateLimitedError
	if err := post(one); !errors.As(err, &limited) || limited.RetryAfter != time.Second {
		t.Errorf("got %v", err)
	}
	if err := post(two); err != nil {
		t.Errorf("another channel: %v", err)
	}
	s.Advance(time.Second)
	if err := post(one); err != nil {
		t.Errorf("a second later: %v", err)
	}
	if n := len(s.Messages(one)); n != 4 {
		t.Errorf("%d messages stand there", n)
	}
}

func TestRatesOfAWorkspaceAndOfYourOwn(t *testing.T) {
	s := start(t, slacktest.Options{Limits: true, Rates: map[string]slacktest.Rate{
		slacktest.PerWorkspace: {PerMinute: 5}, "auth.test": {PerMinute: 1}, slacktest.EventsPerHour: {PerMinute: 2},
	}})
	team := s.Team("T1")
	var got reply
	for i := range 6 {
		got = form(t, s, team, "chat.postMessage", "channel", team.Channel("c"+strconv.Itoa(i)).ID, "text", "x")
	}
	if got.status != http.StatusTooManyRequests {
		t.Errorf("got %s", got.body)
	}
	form(t, s, team, "auth.test")
	if got := form(t, s, team, "auth.test"); got.status != http.StatusTooManyRequests {
		t.Errorf("got %s", got.body)
	}
	quiet := s.Team("T3") // the events of the first are used up by its own messages
	ws := dial(t, s)
	for range 5 {
		quiet.User("ada").Says(quiet.Channel("help"), "x")
	}
	var kinds []string
	for range 3 {
		e := next(t, ws)
		ack(t, ws, e, nil)
		kinds = append(kinds, e["payload"].(map[string]any)["type"].(string))
	}
	if got := strings.Join(kinds, " "); got != "event_callback event_callback app_rate_limited" {
		t.Errorf("got %s", got)
	}
}

// A faster clock refills sooner.
func TestSpeed(t *testing.T) {
	s := start(t, slacktest.Options{Limits: true, Speed: 1000})
	team := s.Team("T1")
	status := 0
	for range 20 {
		form(t, s, team, "users.list")
	}
	for range 200 { // a minute lasts 60 ms
		if status = form(t, s, team, "users.list").status; status == http.StatusOK {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	s.Close() // and the cleanup closes it again
}

func TestResponseURL(t *testing.T) {
	st := newStage(t, slacktest.Options{})
	send := func(hook, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hook, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := oneOff().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		var text [200]byte
		n, _ := answer.Body.Read(text[:])
		return answer.StatusCode, string(text[:n])
	}
	_, hook := st.trigger(t)
	for i := range 6 {
		status, body := send(hook, `{"text":"x"}`)
		if want := i < 5; (status == http.StatusOK) != want {
			t.Errorf("use %d: %d %s", i+1, status, body)
		}
	}
	if n := len(st.s.Ephemerals(st.ada)); n != 5 {
		t.Errorf("ada sees %d", n)
	}
	_, hook = st.trigger(t)
	st.s.Advance(30*time.Minute + time.Second)
	if status, body := send(hook, `{"text":"x"}`); status != http.StatusNotFound || !strings.Contains(body, "expired_url") {
		t.Errorf("after half an hour: %d %s", status, body)
	}
	if status, _ := send(st.s.URL()+"/hooks/nothing", `{"text":"x"}`); status != http.StatusNotFound {
		t.Errorf("an invented one: %d", status)
	}
	_, hook = st.trigger(t)
	for body, want := range map[string]string{
		`{"text":""}`: "no_text", `{"text":5}`: "invalid_payload", `{"text":"x","colour":1}`: "invalid_payload", `nonsense`: "invalid_payload",
	} {
		if status, got := send(hook, body); status < 400 || !strings.Contains(got, want) {
			t.Errorf("%s: %d %s", body, status, got)
		}
	}
	_, hook = st.trigger(t)
	if status, got := send(hook, `{"response_type":"loud","text":"x"}`); status < 400 || !strings.Contains(got, "invalid_payload") {
		t.Errorf("%d %s", status, got)
	}
	if status, got := send(hook, `{"blocks":[{"type":"section"}]}`); status < 400 || !strings.Contains(got, "invalid_blocks") {
		t.Errorf("%d %s", status, got)
	}
	if status, got := send(hook, `{"response_type":"in_channel","text":"for all"}`); status != http.StatusOK {
		t.Errorf("%d %s", status, got)
	}
	if m := st.s.FromBot(st.help); len(m) != 1 || m[0].Text != "for all" {
		t.Errorf("in the channel: %+v", m)
	}
}
