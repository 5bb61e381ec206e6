package slacktest

import (
	"context"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// The reasons of a disconnect message.
const (
	Warning           = "warning"             // the connection closes in ten seconds
	RefreshRequested  = "refresh_requested"   // it closes at once
	LinkDisabled      = "link_disabled"       // Socket Mode was switched off: no ticket is given any more
	TooManyWebsockets = "too_many_websockets" // it closes at once
)

// Connections are the numbers of the open Socket Mode connections, in the
// order of their opening; the first one ever is 1.
func (s *Server) Connections() []int {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	var numbers []int
	for _, k := range s.hub.sockets {
		numbers = append(numbers, k.number)
	}
	return numbers
}

// AwaitConnections waits for that many connections to be open, or more.
func (s *Server) AwaitConnections(ctx context.Context, atLeast int) error {
	return s.Await(ctx, func() bool { return len(s.Connections()) >= atLeast })
}

// each calls do for the connections of these numbers, for all when there are
// none.
func (h *hub) each(numbers []int, do func(*socket)) {
	h.mu.Lock()
	sockets := slices.Clone(h.sockets)
	h.mu.Unlock()
	for _, k := range sockets {
		if len(numbers) == 0 || slices.Contains(numbers, k.number) {
			do(k)
		}
	}
}

// Disconnect sends the disconnect message with one of the reasons on these
// connections, on all when none is named, and closes them: after ten seconds
// of the server's clock for a Warning, at once for the others.
func (s *Server) Disconnect(reason string, connections ...int) {
	if reason == LinkDisabled {
		s.hub.mu.Lock()
		s.hub.disabled = true
		s.hub.mu.Unlock()
	}
	s.hub.each(connections, func(k *socket) { k.disconnect(reason) })
}

func (k *socket) disconnect(reason string) {
	k.push(outgoing{data: disconnect(reason), end: reason != Warning})
	if reason == Warning {
		k.hub.s.clock.after(10*time.Second, func() {
			_ = k.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
			_ = k.ws.Close()
		})
	}
}

// Cut ends these connections, all when none is named, without a word.
func (s *Server) Cut(connections ...int) {
	s.hub.each(connections, func(k *socket) { _ = k.ws.NetConn().Close() })
}

// CutWithinNext ends the connection of the next delivery within its frame:
// half of it arrives. It is delivered again like any other that was not
// acknowledged.
func (s *Server) CutWithinNext() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.cutNext = true
}

// Freeze leaves these connections, all when none is named, open and dead:
// nothing is sent, not even pings, and nothing read counts. What they should
// have carried is delivered again once its time is over.
func (s *Server) Freeze(connections ...int) {
	s.hub.each(connections, func(k *socket) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.frozen = true
	})
}

// SendRaw sends any frame on these connections, on all when none is named:
// unknown envelopes, half JSON, anything.
func (s *Server) SendRaw(data []byte, connections ...int) {
	s.hub.each(connections, func(k *socket) { k.push(outgoing{data: slices.Clone(data)}) })
}
