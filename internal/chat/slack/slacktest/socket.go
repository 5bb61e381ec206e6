package slacktest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxSockets = 10
	maxAck     = 20 << 10 // bytes; an acknowledgement of that size is dropped
	ticketLife = 30 * time.Second
)

// hub is Socket Mode: tickets, connections and the envelopes on them.
type hub struct {
	s        *Server
	upgrader websocket.Upgrader

	mu       sync.Mutex
	tickets  map[string]time.Duration // until when
	sockets  []*socket
	turn     int
	opened   int
	cutNext  bool
	disabled bool
	closed   bool
	stop     chan struct{}
	work     sync.WaitGroup
}

// socket is one connection.
type socket struct {
	hub    *hub
	number int
	ws     *websocket.Conn

	mu      sync.Mutex
	queue   []outgoing
	wake    chan struct{}
	waiting map[string]*delivery // envelopes without an acknowledgement
	frozen  bool
	gone    bool
	ponged  time.Time
}

type outgoing struct {
	data []byte
	cut  bool // the connection ends within this frame
	end  bool // the connection ends after it
}

func newHub(s *Server) *hub {
	h := &hub{s: s, tickets: map[string]time.Duration{}, stop: make(chan struct{})}
	h.upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	h.work.Go(h.watch)
	return h
}

func (h *hub) ticket() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.disabled {
		return ""
	}
	id := random()
	h.tickets[id] = h.s.clock.real() + ticketLife
	return "ws://" + h.s.address + "/link/?ticket=" + id + "&app_id=" + h.s.opts.AppID
}

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	id := r.URL.Query().Get("ticket")
	until, known := h.tickets[id]
	delete(h.tickets, id)
	if !known || until < h.s.clock.real() || h.closed {
		h.mu.Unlock()
		h.note("ticket", "invalid_ticket")
		http.Error(w, "invalid_ticket", http.StatusBadRequest)
		return
	}
	h.work.Add(1)
	h.mu.Unlock()
	defer h.work.Done()
	ws, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // answered already
	}
	k := &socket{hub: h, ws: ws, wake: make(chan struct{}, 1), waiting: map[string]*delivery{}, ponged: time.Now()}
	if !h.enter(k) {
		_ = ws.SetWriteDeadline(time.Now().Add(time.Second))
		_ = ws.WriteMessage(websocket.TextMessage, disconnect("too_many_websockets"))
		_ = ws.Close()
		h.note("disconnect too_many_websockets", "")
		return
	}
	h.note("open", "")
	if r.URL.Query().Get("debug_reconnects") == "true" {
		h.s.clock.after(350*time.Second, func() { k.disconnect("warning") })
	}
	if h.s.opts.SocketLife > 0 {
		h.s.clock.after(max(0, h.s.opts.SocketLife-10*time.Second), func() { k.disconnect("warning") })
	}
	h.work.Go(k.write)
	k.read()
	h.leave(k)
}

func disconnect(reason string) []byte {
	data, _ := json.Marshal(object{"type": "disconnect", "reason": reason, "debug_info": object{"host": "applink-fake"}})
	return data
}

func (h *hub) note(what, code string) {
	h.s.record.add(Call{Kind: KindSocket, Method: "socket " + what, Error: code}, time.Now())
	h.s.touch()
}

func (h *hub) open() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.sockets) > 0
}

func (h *hub) enter(k *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.sockets) >= maxSockets || h.closed {
		return false
	}
	h.opened++
	k.number = h.opened
	h.sockets = append(h.sockets, k)
	hello, _ := json.Marshal(object{
		"type": "hello", "num_connections": len(h.sockets), "connection_info": object{"app_id": h.s.opts.AppID},
		"debug_info": object{"host": "applink-fake", "build_number": 1, "approximate_connection_time": 18060},
	})
	k.push(outgoing{data: hello})
	return true
}

// leave takes a connection out and sends what it has not acknowledged to
// another one.
func (h *hub) leave(k *socket) {
	_ = k.ws.Close()
	h.mu.Lock()
	h.sockets = slices.DeleteFunc(h.sockets, func(other *socket) bool { return other == k })
	h.mu.Unlock()
	k.mu.Lock()
	k.gone = true
	left := k.waiting
	k.waiting = nil
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
	h.note("close", "")
	for _, d := range left {
		d.avoid = k
		h.s.failed(d, Outcome{Took: time.Since(d.began), Error: "connection_closed"}, "connection_closed", true)
	}
}

// send gives a delivery to one of the connections in turn, but not to the one
// that has failed it, unless that is the only one.
func (h *hub) send(d *delivery) {
	h.mu.Lock()
	var k *socket
	for range h.sockets {
		h.turn++
		k = h.sockets[h.turn%len(h.sockets)]
		if k != d.avoid {
			break
		}
	}
	cut := h.cutNext && k != nil
	if cut {
		h.cutNext = false
	}
	h.mu.Unlock()
	d.began = time.Now()
	if k == nil || !k.carry(d, cut) {
		h.s.work.Go(func() { // the caller may hold the server's lock
			h.s.failed(d, Outcome{Error: "no_connection"}, "no_connection", h.s.ctx.Err() == nil)
		})
	}
}

// carry puts a delivery into an envelope on this connection.
func (k *socket) carry(d *delivery, cut bool) bool {
	id := random()
	id = id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
	data := make([]byte, 0, len(d.payload)+250)
	data = append(data, `{"envelope_id":"`...)
	data = append(data, id...)
	data = append(data, `","type":"`...)
	data = append(data, d.kind...)
	data = append(data, `","accepts_response_payload":`...)
	data = strconv.AppendBool(data, d.kind != kindEvent)
	if d.kind == kindEvent {
		data = append(data, `,"retry_attempt":`...)
		data = strconv.AppendInt(data, int64(d.retry), 10)
		data = append(data, `,"retry_reason":"`...)
		data = append(data, d.reason...)
		data = append(data, '"')
	}
	data = append(data, `,"payload":`...)
	data = append(data, d.payload...)
	data = append(data, '}')
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gone {
		return false
	}
	k.waiting[id] = d
	if !k.frozen {
		k.pushLocked(outgoing{data: data, cut: cut})
	}
	return true
}

func (k *socket) push(o outgoing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pushLocked(o)
}

func (k *socket) pushLocked(o outgoing) {
	k.queue = append(k.queue, o)
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// write is the connection's only writer of messages; it pings as well.
func (k *socket) write() {
	every := k.hub.s.opts.PingEvery
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	defer func() { _ = k.ws.Close() }()
	for {
		select {
		case <-k.wake:
		case <-ticker.C:
			k.mu.Lock()
			frozen, silent := k.frozen, time.Since(k.ponged) > 3*every+5*time.Second
			k.mu.Unlock()
			if silent {
				return
			}
			if !frozen {
				_ = k.ws.WriteControl(websocket.PingMessage, []byte("Ping from slacktest"), time.Now().Add(time.Second))
			}
		case <-k.hub.stop:
			return
		}
		k.mu.Lock()
		queue, gone := k.queue, k.gone
		k.queue = nil
		k.mu.Unlock()
		if gone {
			return
		}
		for _, o := range queue {
			if o.cut {
				k.writeHalf(o.data)
				return
			}
			_ = k.ws.SetWriteDeadline(time.Now().Add(10 * time.Second))
			if err := k.ws.WriteMessage(websocket.TextMessage, o.data); err != nil {
				return
			}
			if o.end {
				_ = k.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
				return
			}
		}
	}
}

// writeHalf writes a frame's header and half of what it announces.
func (k *socket) writeHalf(data []byte) {
	n := len(data)
	frame := []byte{0x81, 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	_, _ = k.ws.NetConn().Write(append(frame, data[:n/2]...))
}

func (k *socket) read() {
	k.ws.SetReadLimit(1 << 20)
	k.ws.SetPongHandler(func(string) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.ponged = time.Now()
		return nil
	})
	for {
		_, data, err := k.ws.ReadMessage()
		if err != nil {
			return
		}
		k.ack(data)
	}
}

func (k *socket) ack(data []byte) {
	s := k.hub.s
	if len(data) >= maxAck { // Slack drops it without a word
		k.hub.note("ack", "too_large")
		return
	}
	var ack struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(data, &ack); err != nil {
		k.hub.note("ack", "malformed")
		return
	}
	k.mu.Lock()
	d := k.waiting[ack.ID]
	delete(k.waiting, ack.ID)
	frozen := k.frozen
	k.mu.Unlock()
	switch {
	case d == nil:
		k.hub.note("ack", "unknown_envelope") // never sent, acknowledged already, or too late
	case frozen:
		s.failed(d, Outcome{Took: time.Since(d.began), Error: "operation_timeout"}, "timeout", true)
	case d.kind == kindEvent && len(ack.Payload) > 0 && string(ack.Payload) != "null" && string(ack.Payload) != "{}":
		s.record.add(Call{Kind: KindSocket, Method: "socket ack", Error: "payload_not_accepted"}, time.Now())
		s.acked(d, Outcome{Took: time.Since(d.began)})
	default:
		body := []byte(ack.Payload)
		if string(body) == "null" {
			body = nil
		}
		s.acked(d, Outcome{Took: time.Since(d.began), Body: body})
	}
}

// watch finds the envelopes whose time is over.
func (h *hub) watch() {
	ticker := time.NewTicker(max(5*time.Millisecond, min(100*time.Millisecond, h.s.opts.AckWithin/10)))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-h.stop:
			return
		}
		h.mu.Lock()
		sockets := slices.Clone(h.sockets)
		h.mu.Unlock()
		for _, k := range sockets {
			k.expire(h.s.opts.AckWithin)
		}
	}
}

func (k *socket) expire(within time.Duration) {
	k.mu.Lock()
	var late []*delivery
	for id, d := range k.waiting {
		if time.Since(d.began) > within {
			late = append(late, d)
			delete(k.waiting, id)
		}
	}
	k.mu.Unlock()
	for _, d := range late {
		d.avoid = k
		k.hub.s.failed(d, Outcome{Took: time.Since(d.began), Error: "operation_timeout"}, "timeout", true)
	}
}

func (h *hub) closeAll() {
	h.mu.Lock()
	h.closed = true
	close(h.stop)
	sockets := slices.Clone(h.sockets)
	h.mu.Unlock()
	for _, k := range sockets {
		_ = k.ws.Close()
	}
	h.work.Wait()
}
