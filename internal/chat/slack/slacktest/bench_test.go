package slacktest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"frontdoor/internal/chat/slack/slacktest"
)

// answerBlocks is what a bot's answer looks like.
const answerBlocks = `[{"type":"section","text":{"type":"mrkdwn","text":"Databases are created with *db create*; see the <https://docs.example.com/db|page>."}},` +
	`{"type":"actions","elements":[{"type":"button","action_id":"yes","text":{"type":"plain_text","text":"Helpful"}},{"type":"button","action_id":"no","text":{"type":"plain_text","text":"Not helpful"}}]}]`

// postAnswer posts as a bot does, without the cost of a client library.
func postAnswer(b *testing.B, c *http.Client, s *slacktest.Server, token, channel, thread string) {
	form := url.Values{"channel": {channel}, "text": {"an answer"}, "thread_ts": {thread}, "blocks": {answerBlocks}}
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.APIURL()+"chat.postMessage", strings.NewReader(form.Encode()))
	if err != nil {
		b.Error(err)
		return
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := c.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	body, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if !bytes.HasSuffix(bytes.TrimSpace(body), []byte(`"}`)) || !bytes.Contains(body, []byte(`"ok":true`)) {
		b.Errorf("refused: %s", body)
	}
}

type envelope struct {
	ID      string `json:"envelope_id"`
	Payload struct {
		Event struct {
			Channel, TS string
			Bot         string `json:"bot_id"`
		}
	}
}

// BenchmarkSocketMode is one message each: said, delivered, acknowledged,
// answered in its thread. The bot here decodes as little as it can, so that
// the figure is the server's.
func BenchmarkSocketMode(b *testing.B) {
	s := start(b, slacktest.Options{NoEcho: true, Journal: -1})
	team := s.Team("T1")
	ada := team.User("ada")
	var channels []*slacktest.Channel
	for i := range 25 {
		channels = append(channels, team.Channel(fmt.Sprintf("c%d", i)))
	}
	var answered atomic.Int64
	done, open := make(chan struct{}), make(chan struct{}, 500) // so many are not answered yet
	work := make(chan envelope, 4096)
	for range 2 {
		ws := dial(b, s)
		go func() {
			for {
				_, data, err := ws.ReadMessage()
				if err != nil {
					return
				}
				var e envelope
				if json.Unmarshal(data, &e) != nil || e.ID == "" {
					continue
				}
				_ = ws.WriteMessage(websocket.TextMessage, []byte(`{"envelope_id":"`+e.ID+`"}`))
				work <- e
			}
		}()
	}
	token, c := team.Token(), &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	for range 16 {
		go func() {
			for e := range work {
				postAnswer(b, c, s, token, e.Payload.Event.Channel, e.Payload.Event.TS)
				<-open
				if answered.Add(1) == int64(b.N) {
					close(done)
				}
			}
		}()
	}
	b.ResetTimer()
	for i := range b.N {
		open <- struct{}{}
		ada.Says(channels[i%len(channels)], "how do I create a database?")
	}
	<-done
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	close(work)
	c.CloseIdleConnections()
}

// BenchmarkHTTP is the same over signed requests.
func BenchmarkHTTP(b *testing.B) {
	s := start(b, slacktest.Options{NoEcho: true, Journal: -1})
	team := s.Team("T1")
	ada := team.User("ada")
	var channels []*slacktest.Channel
	for i := range 250 {
		channels = append(channels, team.Channel(fmt.Sprintf("c%d", i)))
	}
	var answered atomic.Int64
	done, open := make(chan struct{}), make(chan struct{}, 500) // so many are not answered yet
	work := make(chan envelope, 4096)
	bot := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e envelope
		_ = json.NewDecoder(r.Body).Decode(&e.Payload)
		work <- e
	}))
	defer bot.Close()
	s.UseHTTP(slacktest.EndpointsAt(bot.URL))
	token, c := team.Token(), &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	for range 16 {
		go func() {
			for e := range work {
				postAnswer(b, c, s, token, e.Payload.Event.Channel, e.Payload.Event.TS)
				<-open
				if answered.Add(1) == int64(b.N) {
					close(done)
				}
			}
		}()
	}
	b.ResetTimer()
	for i := range b.N {
		open <- struct{}{}
		ada.Says(channels[i%len(channels)], "how do I create a database?")
	}
	<-done
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	close(work)
	c.CloseIdleConnections()
}
