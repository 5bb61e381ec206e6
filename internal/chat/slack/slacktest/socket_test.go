package slacktest_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack/socketmode"

	"frontdoor/internal/chat/slack/slacktest"
)

func TestTicketsAreUsedOnce(t *testing.T) {
	s := start(t, slacktest.Options{})
	for what, address := range map[string]func() string{
		"invented": func() string { return strings.Replace(s.URL(), "http", "ws", 1) + "/link/?ticket=x" },
		"used": func() string {
			address := ticket(t, s)
			ws, answer, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			t.Cleanup(func() { _ = ws.Close() })
			return address
		},
		"old": func() string {
			address := ticket(t, s)
			s.Advance(31 * time.Second)
			return address
		},
	} {
		_, answer, err := websocket.DefaultDialer.DialContext(t.Context(), address(), nil)
		if err == nil || answer == nil || answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %v", what, err)
		}
		if answer != nil {
			_ = answer.Body.Close()
		}
	}
}

func TestTenConnections(t *testing.T) {
	s := start(t, slacktest.Options{})
	for range 10 {
		dial(t, s)
	}
	if n := len(s.Connections()); n != 10 {
		t.Fatalf("%d connections", n)
	}
	ws, answer, err := websocket.DefaultDialer.DialContext(t.Context(), ticket(t, s), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.Close(); _ = answer.Body.Close() }()
	if got := next(t, ws); got["type"] != "disconnect" || got["reason"] != "too_many_websockets" {
		t.Errorf("got %v", got)
	}
	if _, _, err := ws.ReadMessage(); err == nil {
		t.Error("the eleventh stays open")
	}
}

func TestEachPayloadGoesToOneConnection(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true})
	team := s.Team("T1")
	help, ada := team.Channel("help"), team.User("ada")
	var mu sync.Mutex
	seen := map[string][]int{}
	for i := range 3 {
		ws := dial(t, s)
		go func() {
			for {
				var e struct {
					ID      string `json:"envelope_id"`
					Payload struct {
						Event struct{ TS string }
					}
				}
				if ws.ReadJSON(&e) != nil {
					return
				}
				mu.Lock()
				seen[e.Payload.Event.TS] = append(seen[e.Payload.Event.TS], i)
				mu.Unlock()
				_ = ws.WriteJSON(map[string]any{"envelope_id": e.ID})
			}
		}()
	}
	for range 30 {
		ada.Says(help, "x")
	}
	if err := s.Settle(soon(t)); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	by := map[int]int{}
	for ts, sockets := range seen {
		if len(sockets) != 1 {
			t.Errorf("%s went to %v", ts, sockets)
		}
		by[sockets[0]]++
	}
	if len(seen) != 30 || len(by) != 3 {
		t.Errorf("%d payloads over %v", len(seen), by)
	}
}

func TestUnacknowledgedGoesElsewhere(t *testing.T) {
	for what, fail := range map[string]func(s *slacktest.Server, ws *websocket.Conn){
		"not acknowledged":    func(*slacktest.Server, *websocket.Conn) {},
		"the bot goes":        func(_ *slacktest.Server, ws *websocket.Conn) { _ = ws.NetConn().Close() },
		"cut":                 func(s *slacktest.Server, _ *websocket.Conn) { s.Cut(2) },
		"refresh":             func(s *slacktest.Server, _ *websocket.Conn) { s.Disconnect(slacktest.RefreshRequested, 2) },
		"a large ack":         func(_ *slacktest.Server, ws *websocket.Conn) { _ = ws.WriteMessage(1, []byte(x(20<<10))) },
		"a broken ack":        func(_ *slacktest.Server, ws *websocket.Conn) { _ = ws.WriteMessage(1, []byte(`{"envelope`)) },
		"an ack of what else": func(_ *slacktest.Server, ws *websocket.Conn) { _ = ws.WriteMessage(1, []byte(`{"envelope_id":"x"}`)) },
	} {
		t.Run(what, func(t *testing.T) {
			s := start(t, slacktest.Options{NoEcho: true, AckWithin: 300 * time.Millisecond})
			team := s.Team("T1")
			good, bad := dial(t, s), dial(t, s)
			_ = good.SetReadDeadline(time.Now().Add(20 * time.Second))
			for range 2 { // one for each connection
				team.User("ada").Says(team.Channel("help"), "x")
			}
			first := next(t, good)
			ack(t, good, first, nil)
			lost := next(t, bad)
			fail(s, bad)
			again := next(t, good)
			ack(t, good, again, nil)
			id := func(e map[string]any) any { return e["payload"].(map[string]any)["event_id"] }
			if id(again) != id(lost) || id(again) == id(first) || again["retry_attempt"] != 1.0 || again["envelope_id"] == lost["envelope_id"] {
				t.Errorf("lost %v, then came %v", lost, again)
			}
			if err := s.Settle(soon(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCutWithinAFrame(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true})
	team := s.Team("T1")
	one, two := dial(t, s), dial(t, s)
	s.CutWithinNext()
	team.User("ada").Says(team.Channel("help"), "x")
	cut, whole := two, one // the second connection is the first one's turn
	if _, _, err := cut.ReadMessage(); err == nil {
		t.Fatal("a whole message was read")
	}
	e := next(t, whole)
	ack(t, whole, e, nil)
	if e["retry_reason"] != "connection_closed" {
		t.Errorf("got %v", e)
	}
	if err := s.Settle(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestFrozenConnection(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true, AckWithin: 200 * time.Millisecond, PingEvery: 20 * time.Millisecond})
	team := s.Team("T1")
	dead := dial(t, s)
	pings := make(chan struct{}, 1000)
	dead.SetPingHandler(func(string) error { pings <- struct{}{}; return nil })
	go func() { _, _, _ = dead.ReadMessage() }()
	<-pings
	s.Freeze(1)
	live := dial(t, s)
	go func() {
		for {
			var e map[string]any
			if live.ReadJSON(&e) != nil {
				return
			}
			_ = live.WriteJSON(map[string]any{"envelope_id": e["envelope_id"]})
		}
	}()
	for range 4 {
		team.User("ada").Says(team.Channel("help"), "x")
	}
	if err := s.Settle(soon(t)); err != nil {
		t.Fatal(err)
	}
	if counts := s.Counts(); counts["message"] != 4 || counts["message operation_timeout"] == 0 {
		t.Errorf("delivered %v", counts)
	}
}

func TestDisconnectReasons(t *testing.T) {
	s := start(t, slacktest.Options{})
	for _, reason := range []string{slacktest.RefreshRequested, slacktest.LinkDisabled} {
		ws := dial(t, s)
		s.Disconnect(reason)
		if got := next(t, ws); got["type"] != "disconnect" || got["reason"] != reason {
			t.Errorf("got %v", got)
		}
		if _, _, err := ws.ReadMessage(); err == nil {
			t.Errorf("%s: the connection stays open", reason)
		}
	}
	if got := raw(t, s, http.MethodPost, "apps.connections.open", s.AppToken(), asForm, ""); got.Error != "link_disabled" {
		t.Errorf("a ticket after link_disabled: %s", got.body)
	}
}

func TestWarningClosesTenSecondsLater(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true, SocketLife: time.Hour})
	team := s.Team("T1")
	ws := dial(t, s)
	s.Advance(time.Hour - 10*time.Second)
	if got := next(t, ws); got["reason"] != slacktest.Warning {
		t.Errorf("got %v", got)
	}
	team.User("ada").Says(team.Channel("help"), "x") // it still carries
	ack(t, ws, next(t, ws), nil)
	if err := s.Settle(soon(t)); err != nil {
		t.Fatal(err)
	}
	s.Advance(10 * time.Second)
	if _, _, err := ws.ReadMessage(); err == nil {
		t.Error("the connection stays open")
	}
}

// What nobody receives is tried again at once, after one minute and after
// five; then it is lost.
func TestNobodyListens(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true})
	team := s.Team("T1")
	team.User("ada").Says(team.Channel("help"), "x")
	attempts := func(n int) {
		t.Helper()
		if err := s.Await(soon(t), func() bool { return s.Counts()["message no_connection"] == n }); err != nil {
			t.Fatalf("%d attempts: %v", s.Counts()["message no_connection"], err)
		}
	}
	attempts(2)
	s.Advance(time.Minute)
	attempts(3)
	s.Advance(5 * time.Minute)
	attempts(4)
	if err := s.Settle(soon(t)); err != nil {
		t.Fatal(err)
	}
	x, err := team.User("ada").Commands(team.Channel("help"), "/platform")
	if err != nil {
		t.Fatal(err)
	}
	if o, err := x.Wait(soon(t)); err != nil || o.Acked || o.Error != "no_connection" || o.Attempts != 1 {
		t.Errorf("%+v %v", o, err)
	}
	if got := team.User("ada").Troubles(); !slices.Equal(got, []string{"no_connection"}) {
		t.Errorf("ada sees %q", got)
	}
}

func TestDisturbedEvents(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true})
	team := s.Team("T1")
	ws := dial(t, s)
	s.Disturb(slacktest.Disturbance{Twice: 3, Overdue: 2})
	for i := range 4 {
		team.User("ada").Says(team.Channel("help"), fmt.Sprint(i+1))
	}
	var got []string
	for range 5 {
		e := next(t, ws)
		ack(t, ws, e, nil)
		got = append(got, e["payload"].(map[string]any)["event"].(map[string]any)["text"].(string))
	}
	if text := strings.Join(got, " "); text != "1 3 2 3 4" {
		t.Errorf("got %s", text)
	}
	if err := s.Settle(soon(t)); err != nil {
		t.Error(err)
	}
}

// slack-go reconnects by itself after a disconnect and after a cut, and goes
// on over malformed and unknown frames.
func TestClientSurvives(t *testing.T) {
	s := start(t, slacktest.Options{NoEcho: true, PingEvery: 50 * time.Millisecond})
	team := s.Team("T1")
	listen(t, s, team, func(sm *socketmode.Client, e socketmode.Event) {
		if e.Type == socketmode.EventTypeEventsAPI {
			_ = sm.Ack(*e.Request)
		}
	})
	ctx := soon(t)
	for i, trouble := range []func(){
		func() {}, func() { s.Disconnect(slacktest.RefreshRequested) }, func() { s.Cut() },
		func() { s.SendRaw([]byte(`{"type":"poem"}`)); s.SendRaw([]byte(`{"type":`)) },
	} {
		if err := s.AwaitConnections(ctx, 1); err != nil {
			t.Fatal(err)
		}
		trouble()
		if i == 1 || i == 2 {
			if err := s.Await(ctx, func() bool { return slices.Equal(s.Connections(), []int{i + 1}) }); err != nil {
				t.Fatalf("after %d: %v: %v", i, s.Connections(), err)
			}
		}
		team.User("ada").Says(team.Channel("help"), "x")
		if err := s.Settle(ctx); err != nil {
			t.Fatalf("after %d: %v", i, err)
		}
	}
	if counts := s.Counts(); counts["message"] != 4 {
		t.Errorf("delivered %v", counts)
	}
}

func TestAwaitEndsWithTheContext(t *testing.T) {
	s := start(t, slacktest.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Await(ctx, func() bool { return false }); err == nil {
		t.Error("no error")
	}
}
