package slacktest_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"

	"frontdoor/internal/chat/slack/slacktest"
)

// Many people and a bot with two connections that are cut again and again:
// every event is acknowledged in the end, none is lost, and the bot's own
// answers stand once each.
func TestCrowd(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true, Speed: 50, AckWithin: 2 * time.Second})
	team := s.Team("T1")
	var mu sync.Mutex
	answered := map[string]int{}
	var connections sync.WaitGroup
	t.Cleanup(connections.Wait)
	t.Cleanup(s.Close) // ends the connections first
	api, ctx := client(s, team), t.Context()
	for range 2 {
		connections.Go(func() {
			for ctx.Err() == nil {
				_, address, err := api.StartSocketModeContext(ctx)
				if err != nil {
					return
				}
				ws, answer, err := websocket.DefaultDialer.DialContext(ctx, address, nil)
				if err != nil {
					return
				}
				_ = answer.Body.Close()
				for {
					var e envelope
					if ws.ReadJSON(&e) != nil {
						break
					}
					if e.ID == "" {
						continue
					}
					event := e.Payload.Event
					mu.Lock()
					answered[event.TS]++
					first := answered[event.TS] == 1
					mu.Unlock()
					if first {
						_, _, err := api.PostMessageContext(ctx, event.Channel, slack.MsgOptionText("a", false), slack.MsgOptionTS(event.TS))
						if err != nil {
							t.Error(err)
						}
					}
					_ = ws.WriteJSON(map[string]string{"envelope_id": e.ID})
				}
				_ = ws.Close()
			}
		})
	}
	if err := s.AwaitConnections(soon(t), 2); err != nil {
		t.Fatal(err)
	}
	var people sync.WaitGroup
	const each = 40
	for i := range 5 {
		people.Go(func() {
			u, c := team.User(fmt.Sprint("u", i)), team.Channel(fmt.Sprint("c", i%3))
			for range each {
				u.Says(c, "?")
				time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
			}
		})
	}
	for i := range 6 {
		time.Sleep(10 * time.Millisecond)
		if open := s.Connections(); len(open) == 2 {
			s.Cut(open[i%2])
		}
	}
	people.Wait()
	if err := s.Settle(soon(t)); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(answered) != 5*each {
		t.Errorf("%d of %d arrived", len(answered), 5*each)
	}
	for i := range 3 {
		for _, m := range s.Messages(team.Channel(fmt.Sprint("c", i))) {
			if m.Replies != 1 {
				t.Errorf("%s has %d answers", m.TS, m.Replies)
			}
		}
	}
}
