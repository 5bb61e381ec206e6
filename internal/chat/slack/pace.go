package slack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// What became of a call that did not succeed.
var (
	// ErrNotSent says that Slack surely did nothing: trying later is safe.
	ErrNotSent = errors.New("not sent")
	// ErrUnknown says that nobody knows whether Slack did it: look first.
	ErrUnknown = errors.New("sent or not, that is unknown")
)

// PaceOptions are for one process. The zero value is what Slack allows.
type PaceOptions struct {
	Spacing time.Duration  // between two messages in a channel; 0 is a second
	Share   float64        // of a method's rate that this process may use, such as 0.5 for one of two; 0 is all
	Tries   int            // of a call that fails; 0 is 4
	Backoff time.Duration  // before the second try, doubled before each further one; 0 is 500 ms
	Jitter  func() float64 // from 0 up to 1; nil is random
}

// Pace keeps Slack's rates for every workspace: a channel's messages go out
// one after the other, a second apart, in the order of their coming; a method's
// calls stay below its tier. A channel waits with one call at a time for its
// method, so that no channel's queue holds up the others'. Its methods may be
// used by several goroutines.
type Pace struct {
	o PaceOptions

	mu    sync.Mutex
	lanes map[string]*lane
	tiers map[string]*tier
}

// NewPace returns a Pace.
func NewPace(o PaceOptions) *Pace {
	if o.Spacing <= 0 {
		o.Spacing = time.Second
	}
	if o.Share <= 0 || o.Share > 1 {
		o.Share = 1
	}
	if o.Tries <= 0 {
		o.Tries = 4
	}
	if o.Backoff <= 0 {
		o.Backoff = 500 * time.Millisecond
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	return &Pace{o: o, lanes: map[string]*lane{}, tiers: map[string]*tier{}}
}

// lane is a channel's queue: whoever holds the token is at its front. Those
// who wait get it in the order of their coming.
type lane struct {
	token chan struct{}
	users int
	next  time.Time // not before, for the next message
}

// tier is how often a method may be called in a workspace.
type tier struct {
	granted []time.Time // a ring of the last calls, as many as a minute allows
	next    int
	until   time.Time // not before: Slack said so
}

// Call is something to ask of Slack.
type Call struct {
	Workspace string
	Method    string // of the Web API, or "response_url"
	Channel   string // where a message will stand; "" for what is none
	// Repeatable says that doing it twice is as good as once, as of what reads
	// and of what replaces.
	Repeatable bool
	// Find looks whether an earlier try has arrived, before the next one; nil
	// where nothing could be found.
	Find func(context.Context) (bool, error)
}

// lanesKept is when idle channels are forgotten.
const lanesKept = 4096

// Do calls do when it is the call's turn, again when it failed in a way that
// passes, and returns once it succeeded, was found, or is given up. The error
// wraps [ErrNotSent], [ErrUnknown] or a [Refused].
func (p *Pace) Do(ctx context.Context, c Call, do func(context.Context) error) error {
	if c.Channel != "" {
		l, err := p.enter(ctx, c)
		if err != nil {
			return err
		}
		defer p.leave(l)
	}
	doubt := false // an earlier try may have arrived
	for failures, limited := 0, 0; ; {
		if err := p.turn(ctx, c); err != nil {
			return giveUp(doubt, c.Method, err)
		}
		err := do(ctx)
		got, after := judge(err)
		switch got {
		case succeeded:
			return nil
		case refused:
			return fmt.Errorf("call %s: %w", c.Method, asRefused(err))
		case limitedBy:
			// Slack did nothing, and says when it will.
			p.hold(c, after)
			if limited++; limited > 10 {
				return giveUp(doubt, c.Method, err)
			}
			continue
		case unknown:
			doubt = doubt || !c.Repeatable
		}
		failures++
		if failures >= p.o.Tries || ctx.Err() != nil {
			return giveUp(doubt, c.Method, err)
		}
		if err := p.backoff(ctx, failures); err != nil {
			return giveUp(doubt, c.Method, err)
		}
		if !doubt {
			continue
		}
		if c.Find == nil {
			return giveUp(doubt, c.Method, err)
		}
		found, lookErr := c.Find(ctx)
		if lookErr != nil {
			return giveUp(doubt, c.Method, errors.Join(err, lookErr))
		}
		if found {
			return nil
		}
		doubt = false
	}
}

func giveUp(doubt bool, method string, err error) error {
	if doubt {
		return fmt.Errorf("call %s: %w: %w", method, ErrUnknown, err)
	}
	return fmt.Errorf("call %s: %w: %w", method, ErrNotSent, err)
}

// enter waits for the front of a channel's queue, and for its second.
func (p *Pace) enter(ctx context.Context, c Call) (*lane, error) {
	key := c.Workspace + " " + c.Channel
	p.mu.Lock()
	l := p.lanes[key]
	if l == nil {
		p.sweep()
		l = &lane{token: make(chan struct{}, 1)}
		p.lanes[key] = l
	}
	l.users++
	p.mu.Unlock()
	select {
	case l.token <- struct{}{}:
	case <-ctx.Done():
		p.mu.Lock()
		l.users--
		p.mu.Unlock()
		return nil, giveUp(false, c.Method, ctx.Err())
	}
	return l, nil
}

func (p *Pace) leave(l *lane) {
	p.mu.Lock()
	l.users--
	p.mu.Unlock()
	<-l.token
}

// sweep forgets channels in which nothing is under way; p.mu is held.
func (p *Pace) sweep() {
	if len(p.lanes) < lanesKept {
		return
	}
	now := time.Now()
	for key, l := range p.lanes {
		if l.users == 0 && l.next.Before(now) {
			delete(p.lanes, key)
		}
	}
}

// turn waits until the call may be made. The channel's second comes first: a
// place in the method's minute is taken by who can use it at once.
func (p *Pace) turn(ctx context.Context, c Call) error {
	if c.Channel != "" {
		p.mu.Lock()
		next := p.lanes[c.Workspace+" "+c.Channel].next
		p.mu.Unlock()
		if err := sleepUntil(ctx, next); err != nil {
			return err
		}
	}
	p.mu.Lock()
	at := p.tier(c).grant(time.Now())
	p.mu.Unlock()
	for {
		if err := sleepUntil(ctx, at); err != nil {
			return err
		}
		// While this one waited, Slack may have said to wait longer.
		p.mu.Lock()
		until, now := p.tier(c).until, time.Now()
		if !until.After(now) {
			if c.Channel != "" {
				p.lanes[c.Workspace+" "+c.Channel].next = now.Add(p.o.Spacing)
			}
			p.mu.Unlock()
			return nil
		}
		p.mu.Unlock()
		at = until
	}
}

// tier is the method's of the call's workspace; p.mu is held.
func (p *Pace) tier(c Call) *tier {
	key := c.Workspace + " " + c.Method
	t := p.tiers[key]
	if t == nil {
		t = &tier{granted: make([]time.Time, max(1, int(float64(perMinute(c.Method))*p.o.Share)))}
		p.tiers[key] = t
	}
	return t
}

// grant takes the next place: as soon as fewer than a minute's calls lie in
// the minute before it.
func (t *tier) grant(now time.Time) time.Time {
	at := now
	if oldest := t.granted[t.next]; !oldest.IsZero() && oldest.Add(time.Minute).After(at) {
		at = oldest.Add(time.Minute)
	}
	t.granted[t.next] = at
	t.next = (t.next + 1) % len(t.granted)
	return at
}

// hold makes a method wait for as long as Slack said. Where it is a message in
// a channel nobody knows whether the channel or the workspace was too fast, so
// both wait.
func (p *Pace) hold(c Call, after time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := time.Now().Add(after)
	if c.Channel != "" {
		l := p.lanes[c.Workspace+" "+c.Channel]
		if until.After(l.next) {
			l.next = until
		}
		if after <= p.o.Spacing {
			return // that is the channel's own second
		}
	}
	if t := p.tier(c); until.After(t.until) {
		t.until = until
	}
}

const maxBackoff = 30 * time.Second

func (p *Pace) backoff(ctx context.Context, failures int) error {
	d := min(p.o.Backoff<<min(failures-1, 10), maxBackoff)
	d = d/2 + time.Duration(p.o.Jitter()*float64(d/2))
	return sleepUntil(ctx, time.Now().Add(d))
}

func sleepUntil(ctx context.Context, at time.Time) error {
	d := time.Until(at)
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// perMinute is how often a method may be called in a workspace, by the tiers of
// https://docs.slack.dev/apis/web-api/rate-limits: 20, 50, 100, or several
// hundred for the methods with limits of their own.
func perMinute(method string) int {
	switch method {
	case "chat.postMessage", "auth.test", "chat.getPermalink", "assistant.threads.setStatus", "response_url":
		return 600
	case "conversations.list", "users.list", "usergroups.list", "usergroups.users.list", "users.conversations", "chat.startStream", "chat.stopStream", "reactions.remove":
		return 20
	case "chat.postEphemeral", "users.info", "conversations.members", "views.open", "views.push", "views.update", "views.publish",
		"files.getUploadURLExternal", "files.completeUploadExternal", "chat.appendStream":
		return 100
	}
	return 50
}
