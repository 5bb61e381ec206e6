package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"frontdoor/internal/chat"
	"frontdoor/internal/chat/slack"
	"frontdoor/internal/chat/slack/slacktest"
)

const secret = "8f0c0d5e2b7a4c1d9e6f3a2b1c0d4e5f"

// post makes one request; header is what Slack signs with unless it is given.
func post(t testing.TB, h http.Handler, path string, header http.Header, body string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
	if header == nil {
		header = slacktest.Signed(secret, now, []byte(body))
	}
	req.Header = header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

var now = time.Unix(1763900050, 0)

func httpEar() *ear {
	c := slack.Default()
	c.Mode, c.SigningSecret = slack.ModeHTTP, secret
	return newEar(slack.Options{Config: c})
}

func TestRefused(t *testing.T) {
	signed := func(at time.Time) http.Header { return slacktest.Signed(secret, at, []byte(question)) }
	changed := func(change func(http.Header)) http.Header {
		h := signed(now)
		change(h)
		return h
	}
	for name, one := range map[string]struct {
		header http.Header
		body   string
		status int
		why    string
	}{
		"fits":                  {signed(now), question, 200, "said"},
		"almost too old":        {signed(now.Add(-5 * time.Minute)), question, 200, "said"},
		"too old":               {signed(now.Add(-5*time.Minute - time.Second)), question, 401, "ignored: signed too long ago"},
		"from the future":       {signed(now.Add(5*time.Minute + time.Second)), question, 401, "ignored: signed too long ago"},
		"another body":          {signed(now), question + " ", 401, "ignored: signature does not fit"},
		"another secret":        {slacktest.Signed("other", now, []byte(question)), question, 401, "ignored: signature does not fit"},
		"no signature":          {http.Header{}, question, 401, "ignored: not signed"},
		"no timestamp":          {changed(func(h http.Header) { h.Del("X-Slack-Request-Timestamp") }), question, 401, "ignored: not signed"},
		"timestamp in words":    {changed(func(h http.Header) { h.Set("X-Slack-Request-Timestamp", "now") }), question, 401, "ignored: not signed"},
		"timestamp of overflow": {changed(func(h http.Header) { h.Set("X-Slack-Request-Timestamp", "-9223372036854775808") }), question, 401, "ignored: signed too long ago"},
		"another version":       {changed(func(h http.Header) { h.Set("X-Slack-Signature", "v1"+h.Get("X-Slack-Signature")[2:]) }), question, 401, "ignored: signature does not fit"},
		"half a signature":      {changed(func(h http.Header) { h.Set("X-Slack-Signature", h.Get("X-Slack-Signature")[:20]) }), question, 401, "ignored: signature does not fit"},
		"no hexadecimal":        {changed(func(h http.Header) { h.Set("X-Slack-Signature", "v0="+strings.Repeat("z", 64)) }), question, 401, "ignored: signature does not fit"},
		"oversized":             {nil, strings.Repeat("x", 1<<20+1), 413, "ignored: too long"},
		"malformed":             {nil, `{"type":`, 400, "ignored: malformed"},
		"malformed event":       {nil, `{"type":"event_callback","event":7}`, 400, "ignored: malformed"},
		"unknown":               {nil, `{"type":"brand_new"}`, 200, "ignored: unknown type"},
	} {
		e := httpEar()
		w := post(t, e.Handler(), slack.EventsPath, one.header, one.body)
		if got := strings.Join(e.counted, ","); w.Code != one.status || got != one.why {
			t.Errorf("%s: %d %s", name, w.Code, got)
		}
		if retried := w.Header().Get("X-Slack-No-Retry") == ""; retried != (w.Code == 200) {
			t.Errorf("%s: may be sent again: %v", name, retried)
		}
		if stored := len(e.took) > 0; stored != (one.why == "said") {
			t.Errorf("%s: %d stored", name, len(e.took))
		}
	}
	if w := httptest.NewRecorder(); true {
		httpEar().Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, slack.EventsPath, nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("GET is answered %d", w.Code)
		}
	}
}

// A request that was taken is not taken again; one that failed is.
func TestReplay(t *testing.T) {
	e := httpEar()
	h := e.Handler()
	e.fail = errors.New("redis is away")
	if w := post(t, h, slack.EventsPath, nil, question); w.Code != http.StatusServiceUnavailable || w.Header().Get("X-Slack-No-Retry") != "" {
		t.Errorf("what could not be stored is answered %d", w.Code)
	}
	e.fail = nil
	header := slacktest.Signed(secret, now, []byte(question))
	header.Set("X-Slack-Retry-Num", "1")
	header.Set("X-Slack-Retry-Reason", "http_error")
	if w := post(t, h, slack.EventsPath, header, question); w.Code != 200 || len(e.took) != 1 {
		t.Errorf("its retry is answered %d, %d stored", w.Code, len(e.took))
	}
	if w := post(t, h, slack.EventsPath, header, question); w.Code != http.StatusUnauthorized || len(e.took) != 1 {
		t.Errorf("a replay is answered %d, %d stored", w.Code, len(e.took))
	}
	if w := post(t, h, slack.EventsPath, slacktest.Signed(secret, now.Add(time.Second), []byte(question)), question); w.Code != 200 {
		t.Errorf("a retry that is signed anew is answered %d", w.Code)
	}
}

// While a request is being handled its twin is sent back: the first may fail.
func TestTwin(t *testing.T) {
	c := slack.Default()
	c.SigningSecret = secret
	in, out := make(chan struct{}), make(chan struct{})
	r := slack.NewReceiver(slack.Options{Config: c, Now: func() time.Time { return now }, Accept: func(context.Context, chat.Message) (bool, error) {
		close(in)
		<-out
		return true, nil
	}})
	first := make(chan int)
	go func() { first <- post(t, r.Handler(), slack.EventsPath, nil, question).Code }()
	<-in
	if w := post(t, r.Handler(), slack.EventsPath, nil, question); w.Code != http.StatusServiceUnavailable || w.Header().Get("X-Slack-No-Retry") != "" {
		t.Errorf("the twin is answered %d", w.Code)
	}
	close(out)
	if code := <-first; code != 200 {
		t.Errorf("the first is answered %d", code)
	}
}

func TestFormsByHTTP(t *testing.T) {
	shapes, err := txtar.ParseFile("testdata/incoming.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range shapes.Files {
		kind, name, _ := strings.Cut(f.Name, "/")
		path, body := slack.EventsPath, string(f.Data)
		switch kind {
		case "interactive":
			path, body = slack.InteractionsPath, url.Values{"payload": {string(f.Data)}}.Encode()
		case "slash_commands":
			var fields map[string]string
			if json.Unmarshal(f.Data, &fields) != nil {
				continue
			}
			form := url.Values{}
			for k, v := range fields {
				form.Set(k, v)
			}
			path, body = slack.CommandsPath, form.Encode()
		}
		// By either way the same is made of it.
		byHTTP, bySocket := httpEar(), newEar(slack.Options{})
		w := post(t, byHTTP.Handler(), path, nil, body)
		if _, err := bySocket.Socket(t.Context(), envelope(kind, f.Data)); err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(byHTTP.counted, byHTTP.took), fmt.Sprint(bySocket.counted, bySocket.took); got != want {
			t.Errorf("%s: by HTTP %d %s\nby socket %s", name, w.Code, got, want)
		}
		if malformed := byHTTP.counted[0] == "ignored: malformed"; malformed != (w.Code == 400) && kind != "slash_commands" {
			t.Errorf("%s is answered %d", name, w.Code)
		}
	}
	e := httpEar()
	if w := post(t, e.Handler(), slack.CommandsPath, nil, "ssl_check=1&token=x"); w.Code != 200 || len(e.counted) != 0 {
		t.Errorf("ssl_check is answered %d, counted %q", w.Code, e.counted)
	}
	if w := post(t, e.Handler(), slack.EventsPath, nil, `{"type":"url_verification","challenge":"abc"}`); w.Code != 200 || w.Body.String() != `{"challenge":"abc"}` {
		t.Errorf("url_verification is answered %d %s", w.Code, w.Body)
	}
	e.fail = errors.New("redis is away")
	w := post(t, e.Handler(), slack.CommandsPath, nil, "team_id=T1&user_id=U1&channel_id=C1&command=/platform&trigger_id=1")
	if w.Code != 200 || !bytes.Contains(w.Body.Bytes(), []byte("say it again")) {
		t.Errorf("a command that was not stored is answered %d %s", w.Code, w.Body)
	}
}

// The fake Slack's own deliveries arrive, retried until they are stored.
func TestFromSlackByHTTP(t *testing.T) {
	s, err := slacktest.Start(slacktest.Options{SigningSecret: secret, Speed: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := slack.Default()
	c.SigningSecret = secret
	got := make(chan chat.Message, 10)
	failures := 2
	r := slack.NewReceiver(slack.Options{Config: c, Accept: func(_ context.Context, m chat.Message) (bool, error) {
		if failures > 0 && m.Text == "is staging down?" {
			failures--
			return false, errors.New("redis is away")
		}
		got <- m
		return true, nil
	}})
	web := httptest.NewServer(r.Handler())
	defer web.Close()
	s.UseHTTP(slacktest.EndpointsAt(web.URL))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := errors.Join(s.Verify(ctx), s.CheckSSL(ctx)); err != nil {
		t.Fatal(err)
	}
	team := s.Team("T1")
	help, ada := team.Channel("help"), team.User("ada")
	ts := ada.Says(help, "is staging down?")
	if m := <-got; m.Text != "is staging down?" || m.At.Thread != ts || m.Addressed {
		t.Errorf("took %+v", m)
	}
	x, err := ada.Commands(help, "/platform db create <x> & y")
	if err != nil {
		t.Fatal(err)
	}
	if o, err := x.Wait(ctx); err != nil || o.Error != "" {
		t.Fatalf("%+v %v", o, err)
	}
	if m := <-got; m.Text != "db create <x> & y" || !m.Command || m.At.Name != "help" {
		t.Errorf("took %+v", m)
	}
	ada.Tells("thanks")
	if m := <-got; !m.At.Direct || !m.Addressed || m.At.Thread != "" {
		t.Errorf("took %+v", m)
	}
	if err := s.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	web.CloseClientConnections()
}

func FuzzRequests(f *testing.F) {
	f.Add(0, question)
	f.Add(1, "team_id=T1&user_id=U1&channel_id=C1&command=/platform&text=%ff")
	f.Add(2, `payload={"type":"block_actions","team":{"id":"T1"},"user":{"id":"U"},"actions":[{"action_id":"press:1"}]}`)
	f.Add(2, "payload=%7B%22type%22%3A%22view_submission%22%7D")
	f.Fuzz(func(t *testing.T, where int, body string) {
		path := []string{slack.EventsPath, slack.CommandsPath, slack.InteractionsPath}[(where%3+3)%3]
		e := httpEar()
		w := post(t, e.Handler(), path, nil, body)
		if w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Errorf("%q to %s is answered %d", body, path, w.Code)
		}
		for _, m := range e.took {
			if m.ID == "" || m.At.Channel == "" || m.From.ID == "" {
				t.Errorf("%q is taken as %+v", body, m)
			}
		}
	})
}

// serve lets the stage's Slack deliver to the ear by HTTP.
func serve(t testing.TB, st *stage, e *ear) {
	t.Helper()
	c := slack.Default()
	c.SigningSecret = st.s.SigningSecret()
	inner := slack.NewReceiver(slack.Options{
		Config: c,
		Accept: func(_ context.Context, m chat.Message) (bool, error) { e.took = append(e.took, m); return true, nil },
		Answer: func(_ context.Context, r slack.Received) (slack.Answered, error) {
			e.asked = append(e.asked, r)
			if e.answer != nil {
				return e.answer(r), nil
			}
			return slack.Answered{}, nil
		},
	})
	web := httptest.NewServer(inner.Handler())
	t.Cleanup(web.Close)
	st.s.UseHTTP(slacktest.EndpointsAt(web.URL))
}
