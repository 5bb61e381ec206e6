package slacktest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"frontdoor/internal/chat/slack/slacktest"
)

const (
	asForm = "application/x-www-form-urlencoded"
	asJSON = "application/json; charset=utf-8"
)

// reply is what the Web API answered.
type reply struct {
	OK       bool
	Error    string
	TS       string
	Channel  any
	Warning  string
	Needed   string
	Provided string
	Errors   []string
	Metadata struct {
		Messages []string
		Warnings []string
		Next     string `json:"next_cursor"`
	} `json:"response_metadata"`

	status int
	header http.Header
	body   string
}

// oneOff is a client that keeps no connection.
func oneOff() *http.Client {
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
}

func raw(t testing.TB, s *slacktest.Server, verb, method, token, kind, body string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), verb, s.APIURL()+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := oneOff().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := reply{status: answer.StatusCode, header: answer.Header, body: string(data)}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatalf("%s: %v: %s", method, err, data)
	}
	return out
}

// form calls a method with a form: names and values in turn.
func form(t testing.TB, s *slacktest.Server, team *slacktest.Team, method string, pairs ...string) reply {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return raw(t, s, http.MethodPost, method, team.Token(), asForm, values.Encode())
}

// ticket asks for the address of a socket.
func ticket(t testing.TB, s *slacktest.Server) string {
	t.Helper()
	answer := raw(t, s, http.MethodPost, "apps.connections.open", s.AppToken(), asForm, "")
	var o struct{ URL string }
	if err := json.Unmarshal([]byte(answer.body), &o); err != nil || o.URL == "" {
		t.Fatalf("no address: %s", answer.body)
	}
	return o.URL
}

// dial opens a socket and reads its hello.
func dial(t testing.TB, s *slacktest.Server) *websocket.Conn {
	t.Helper()
	ws, answer, err := websocket.DefaultDialer.DialContext(t.Context(), ticket(t, s), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	t.Cleanup(func() { _ = ws.Close() })
	if hello := next(t, ws); hello["type"] != "hello" {
		t.Fatalf("the first message is %v", hello)
	}
	return ws
}

// next reads one message of a socket.
func next(t testing.TB, ws *websocket.Conn) map[string]any {
	t.Helper()
	_, data, err := ws.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(data, &o); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	return o
}

func ack(t testing.TB, ws *websocket.Conn, envelope map[string]any, payload any) {
	t.Helper()
	o := map[string]any{"envelope_id": envelope["envelope_id"]}
	if payload != nil {
		o["payload"] = payload
	}
	if err := ws.WriteJSON(o); err != nil {
		t.Fatal(err)
	}
}
