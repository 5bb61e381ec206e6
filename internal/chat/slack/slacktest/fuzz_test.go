package slacktest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"frontdoor/internal/chat/slack/slacktest"
)

// FuzzCall sends any bytes to any method: the answer is always JSON with ok or
// an error, and the server goes on.
func FuzzCall(f *testing.F) {
	s := start(f, slacktest.Options{Journal: -1})
	team := s.Team("T1")
	help := team.Channel("help")
	ts := team.User("ada").Says(help, "hi")
	methods := slacktest.Methods()
	for i := range methods {
		f.Add(uint8(i), true, "channel="+help.ID+"&ts="+ts+"&text=x&user="+team.User("ada").ID)
		f.Add(uint8(i), false, `{"channel":"`+help.ID+`","text":"x","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"x"}}],"view":{"type":"home","blocks":[]}}`)
	}
	f.Add(uint8(0), true, "channel[]=&a=%zz")
	c := &http.Client{Transport: &http.Transport{}}
	f.Cleanup(c.CloseIdleConnections)
	f.Fuzz(func(t *testing.T, method uint8, form bool, body string) {
		name := methods[int(method)%len(methods)]
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.APIURL()+name, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+team.Token())
		r.Header.Set("Content-Type", asJSON)
		if form {
			r.Header.Set("Content-Type", asForm)
		}
		answer, err := c.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer func() { _ = answer.Body.Close() }()
		data, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			OK    *bool
			Error string
		}
		if err := json.Unmarshal(data, &got); err != nil || got.OK == nil || *got.OK == (got.Error != "") {
			t.Fatalf("%s answered %s", name, data)
		}
		for _, m := range s.Log(help) {
			_ = s.RenderText(m)
		}
		if len(s.Log(help)) > 200 {
			for _, m := range s.FromBot(help) {
				if strings.TrimSpace(m.Text) == "" && len(m.Blocks) == 0 && len(m.Files) == 0 && !m.Streaming {
					t.Fatalf("an empty message stands there: %+v", m)
				}
			}
		}
	})
}

// FuzzBlocks renders whatever passes the check.
func FuzzBlocks(f *testing.F) {
	s := start(f, slacktest.Options{Journal: -1, NoEcho: true})
	team := s.Team("T1")
	help := team.Channel("help")
	for _, seed := range []string{
		answerBlocks, inInput(`{"type":"number_input","is_decimal_allowed":true}`), inActions(`{"type":"overflow","options":[` + times(2, someOption) + `]}`),
		`[{"type":"table","rows":[[{"type":"raw_text","text":"x"}]]}]`, `[{"type":"context","elements":[null]}]`, `[{"type":"section","fields":null,"accessory":{}}]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, blocks string) {
		got := form(t, s, team, "chat.postMessage", "channel", help.ID, "text", "x", "blocks", blocks)
		if !got.OK {
			return
		}
		m, ok := s.Message(help, got.TS)
		if !ok {
			t.Fatal("it was taken and is not there")
		}
		_ = s.RenderText(m)
		for _, name := range []string{"a", "yes", "b0/a"} {
			_, _ = team.User("ada").Presses(m, name, "v0")
		}
	})
}

// FuzzSocket sends any frame to a socket, which survives it.
func FuzzSocket(f *testing.F) {
	s := start(f, slacktest.Options{Journal: -1, NoEcho: true})
	ws := dial(f, s)
	f.Add([]byte(`{"envelope_id":"x","payload":{"response_action":"clear"}}`))
	f.Add([]byte(`{"envelope_id":5}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := ws.WriteMessage(1, data); err != nil {
			t.Fatal(err)
		}
		if len(s.Connections()) != 1 {
			t.Fatal("the connection is gone")
		}
	})
}
