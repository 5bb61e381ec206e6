package slacktest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// The kinds of deliveries, as Socket Mode names them.
const (
	kindEvent       = "events_api"
	kindCommand     = "slash_commands"
	kindInteractive = "interactive"
)

// delivery is one thing on its way to the bot.
type delivery struct {
	kind     string
	name     string // event type, command or interaction type, for the journal
	team     *Team
	channel  string // events of one channel go in order
	payload  json.RawMessage
	form     string // the body over HTTP, where it is no event
	endpoint func(Endpoints) string
	retry    int
	reason   string // of the retry
	avoid    *socket
	began    time.Time // of this attempt
	exchange *Exchange
	// handle does what the acknowledgement asks for and tells what the person
	// sees when it is wrong, "" when it is right.
	handle func(body []byte) string
}

// Outcome is how a delivery ended.
type Outcome struct {
	Acked    bool
	Took     time.Duration // of the last attempt, until its acknowledgement
	Attempts int
	Status   int    // HTTP; 0 of a socket
	Error    string // what went wrong: operation_timeout, dispatch_failed, invalid_response, ...; "" when nothing did
	Body     []byte // of the acknowledgement
}

// Exchange is a delivery whose end can be waited for.
type Exchange struct {
	user    *User // who sees when it fails
	done    chan struct{}
	outcome Outcome
}

func newExchange(u *User) *Exchange { return &Exchange{user: u, done: make(chan struct{})} }

// Wait waits until the bot has acknowledged or cannot any more. A person sees
// Outcome.Error; it is no error of Wait's.
func (e *Exchange) Wait(ctx context.Context) (Outcome, error) {
	select {
	case <-e.done:
		return e.outcome, nil
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("wait for an acknowledgement: %w", ctx.Err())
	}
}

// Done is closed at the delivery's end.
func (e *Exchange) Done() <-chan struct{} { return e.done }

// send hands a delivery over to the transport. It does not block, and may be
// called with the lock held.
func (s *Server) send(d *delivery) {
	if s.ctx.Err() != nil {
		if d.exchange != nil {
			d.exchange.outcome.Error = "closed"
			close(d.exchange.done)
		}
		return
	}
	s.pending.Add(1)
	if d.kind == kindEvent {
		s.disturb(d)
		return
	}
	s.transmit(d)
}

func (s *Server) transmit(d *delivery) {
	if s.post.on() {
		s.post.send(d)
		return
	}
	s.hub.send(d)
}

// Disturbance is how deliveries of events go astray. Each field counts events:
// 3 is every third, 0 none.
type Disturbance struct {
	Twice   int // delivered twice, with the same event_id
	Overdue int // overtaken by the next event, at the latest after 100 ms
}

type disturbance struct {
	Disturbance
	count int
	held  *delivery
}

// Disturb sets how events go astray from now on.
func (s *Server) Disturb(d Disturbance) {
	s.disturbed.Lock()
	defer s.disturbed.Unlock()
	s.astray.Disturbance = d
}

func (s *Server) disturb(d *delivery) {
	s.disturbed.Lock()
	a := &s.astray
	a.count++
	twice := a.Twice > 0 && a.count%a.Twice == 0
	held := a.held
	a.held = nil
	hold := held == nil && a.Overdue > 0 && a.count%a.Overdue == 0
	if hold {
		a.held = d
	}
	s.disturbed.Unlock()
	if hold {
		s.later(100*time.Millisecond, func() { s.release(d) })
	} else {
		s.transmit(d)
	}
	if held != nil {
		s.transmit(held)
	}
	if twice {
		again := *d
		again.exchange = nil
		s.pending.Add(1)
		s.transmit(&again)
	}
}

// later calls do after some of the wall's time, unless the server is closed.
func (s *Server) later(d time.Duration, do func()) {
	s.clock.after(time.Duration(float64(d)*s.clock.speed), do)
}

func (s *Server) release(d *delivery) {
	s.disturbed.Lock()
	still := s.astray.held == d
	if still {
		s.astray.held = nil
	}
	s.disturbed.Unlock()
	if still {
		s.transmit(d)
	}
}

// retries are the times after which Slack tries an event again.
var retries = []time.Duration{0, time.Minute, 5 * time.Minute}

// acked ends a delivery that the bot has acknowledged in time.
func (s *Server) acked(d *delivery, o Outcome) {
	o.Acked = true
	if d.handle != nil {
		o.Error = d.handle(o.Body)
	}
	s.note(d, o)
	s.end(d, o)
}

// failed notes an attempt that failed, and tries an event again. Commands and
// interactions are not tried again: the person sees the error.
func (s *Server) failed(d *delivery, o Outcome, reason string, again bool) {
	if d.kind != kindEvent || !again || d.retry >= len(retries) {
		s.note(d, o)
		s.end(d, o)
		return
	}
	next := *d
	next.retry, next.reason = d.retry+1, reason
	// Noted after it is planned: whoever has seen it may move the clock.
	s.clock.after(retries[d.retry], func() { s.transmit(&next) })
	s.note(d, o)
	s.touch()
}

func (s *Server) note(d *delivery, o Outcome) {
	team := ""
	if d.team != nil {
		team = d.team.ID
	}
	s.record.add(Call{Kind: KindDelivery, Team: team, Method: d.name, Status: o.Status, Error: o.Error, Retry: d.retry}, d.began)
}

func (s *Server) end(d *delivery, o Outcome) {
	o.Attempts = d.retry + 1
	s.mu.Lock()
	if o.Error != "" && d.exchange != nil && d.exchange.user != nil {
		d.exchange.user.troubles = append(d.exchange.user.troubles, o.Error)
	}
	s.mu.Unlock()
	if d.exchange != nil {
		d.exchange.outcome = o
		close(d.exchange.done)
	}
	s.pending.Add(-1)
	s.touch()
}

// Pending is how many deliveries have not ended: not acknowledged, or with
// retries to come.
func (s *Server) Pending() int { return int(s.pending.Load()) }

// Settle waits until every delivery has ended. What was said while nobody
// listened has retries to come: Advance the clock past them, or let people talk
// after AwaitConnections.
func (s *Server) Settle(ctx context.Context) error {
	return s.Await(ctx, func() bool { return s.Pending() == 0 })
}
