package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"

	"frontdoor/internal/chat"
)

// Delivery is one reply to send.
type Delivery struct {
	Reply   chat.Reply
	Unknown bool // an earlier sending was cut off or failed: it may have arrived, look for it first
	Attempt int  // from 1
}

// Deliver sends a platform's replies until ctx or the store ends: those of one
// conversation in order, each until send returns nil, those of different
// conversations at the same time. A failing conversation waits longer each
// time and holds up no other. send's error may wrap [ErrNotSent] or
// [ErrUndeliverable]; after any other, and when the process died in it, the
// reply comes again as Unknown. A reply in hand is finished, for Options.Drain
// at most, before Deliver returns nil. It returns an error only when this
// store delivers for the platform already.
func (s *Store) Deliver(ctx context.Context, platform string, send func(context.Context, Delivery) error) error {
	d := &deliver{
		s: s, platform: platform, send: send, outer: ctx,
		free: make(chan struct{}, s.options.Senders), busy: map[place]bool{}, later: map[place]time.Time{},
	}
	d.t = &tender{
		role: roleDeliver(platform), probe: "ZCARD", waiting: func(p partition) string { return p.outbox(platform) },
		workers: 4, batch: 1, visit: d.visit,
	}
	return s.tend(ctx, d.t)
}

// place is one conversation's replies in one partition: what is said in a
// conversation on behalf of another one waits with the other one.
type place struct {
	partition    partition
	conversation string
}

type deliver struct {
	s        *Store
	t        *tender
	platform string
	send     func(context.Context, Delivery) error
	outer    context.Context
	free     chan struct{} // one for each reply being sent

	mu    sync.Mutex
	busy  map[place]bool
	later map[place]time.Time // not before, after a failure
}

// window is how many conversations a visit looks at, those that failed least
// first: more than can be busy at once, so that a fresh one is always seen.
const window = 256

func (d *deliver) visit(ctx context.Context, held []*holding) (again bool, delay time.Duration) {
	h := held[0]
	conversations, err := d.s.redis.ZRange(ctx, h.partition.outbox(d.platform), 0, window-1).Result()
	if err != nil {
		h.failures++
		return true, d.s.backoff(h.failures)
	}
	h.failures = 0
	for _, c := range conversations {
		at := place{h.partition, c}
		if !d.begin(at) {
			continue
		}
		select {
		case d.free <- struct{}{}:
		case <-d.outer.Done():
			d.end(at, 0)
			return false, 0
		case <-d.s.ctx.Done():
			d.end(at, 0)
			return false, 0
		}
		h.tasks.Add(1)
		d.t.tasks.Go(func() {
			wait := d.converse(h, at)
			<-d.free
			d.end(at, wait)
			h.tasks.Add(-1)
			if wait > 0 {
				d.t.later(h.partition, wait)
			} else {
				d.t.wake(h.partition) // what came while this was busy was passed over
			}
			if h.leaving.Load() {
				d.t.look()
			}
		})
	}
	return false, 0
}

// begin claims a conversation within this process.
func (d *deliver) begin(at place) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[at] || time.Now().Before(d.later[at]) {
		return false
	}
	d.busy[at] = true
	return true
}

func (d *deliver) end(at place, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.busy, at)
	if wait > 0 {
		d.later[at] = time.Now().Add(wait)
	} else {
		delete(d.later, at)
	}
}

// converse sends a conversation's replies until there is none, one fails or
// the lease is gone. It returns how long to leave the conversation alone.
func (d *deliver) converse(h *holding, at place) (wait time.Duration) {
	ended, dead := "", "" // the reply dealt with, and its dead letter
	for failures := 0; ; {
		stop := 0
		if d.outer.Err() != nil || d.s.ctx.Err() != nil || h.leaving.Load() {
			stop = 1
		}
		got, err := d.take(h, at, ended, dead, stop)
		if err != nil {
			failures++
			// What was sent must leave the outbox before anything else happens
			// here: given up now, it would be sent again.
			if ended == "" || stop == 1 && failures > 3 || errors.Is(err, ErrLost) || !pause(h.ctx, d.s.backoff(failures)) {
				return d.s.backoff(failures)
			}
			continue
		}
		if got.raw == "" {
			return 0
		}
		failures, dead = 0, ""
		reply, err := decodeReply([]byte(got.raw), at.conversation)
		if err != nil {
			d.s.log.Error("a stored reply can't be read", zap.Int("partition", int(h.partition)), zap.Error(err))
			ended, dead = got.raw, letter{Kind: "reply", Reason: reason(err), Raw: got.raw}.encode()
			continue
		}
		err = d.guarded(h.ctx, Delivery{Reply: reply, Unknown: got.begun > 1, Attempt: got.failures + 1})
		log := d.s.log.With(zap.String("reply", reply.ID), zap.String("platform", d.platform), zap.Int("attempt", got.failures+1))
		switch {
		case err == nil:
			ended = got.raw
		case errors.Is(err, ErrUndeliverable) || got.failures+1 >= d.s.options.Sendings:
			log.Error("a reply is a dead letter now", zap.Error(err))
			ended, dead = got.raw, letter{Kind: "reply", Reason: reason(err), Attempts: got.failures + 1, Reply: &reply}.encode()
		default:
			log.Warn("a reply was not delivered, trying again", zap.Error(err))
			return d.failed(h, at, got, err)
		}
	}
}

type taken struct {
	raw      string // "" when there is none
	begun    int64
	failures int
}

func (d *deliver) keys(h *holding, at place) []string {
	p := h.partition
	return []string{p.fence(d.t.role), p.replies(at.conversation), p.sending(d.platform), p.outbox(d.platform), p.dead()}
}

func (d *deliver) take(h *holding, at place, ended, dead string, stop int) (taken, error) {
	got, err := d.s.scripts.take.Run(h.ctx, d.s.redis, d.keys(h, at),
		h.fence, at.conversation, ended, dead, ms(d.s.options.Keep), stop).Slice()
	switch {
	case err != nil:
		return taken{}, failure("take a reply", err)
	case len(got) > 0 && got[0] == "lost":
		return taken{}, fmt.Errorf("take a reply: %w", ErrLost)
	case len(got) != 4:
		return taken{}, nil
	}
	var t taken
	t.raw, _ = got[1].(string)
	t.begun, _ = got[2].(int64)
	failures, _ := got[3].(int64)
	t.failures = int(failures)
	return t, nil
}

// failed notes a failure and returns the pause that it earns.
func (d *deliver) failed(h *holding, at place, got taken, why error) time.Duration {
	surely := 0
	if errors.Is(why, ErrNotSent) {
		surely = 1
	}
	if err := d.s.scripts.failed.Run(h.ctx, d.s.redis, d.keys(h, at)[:4], h.fence, at.conversation, got.raw, surely).Err(); err != nil {
		d.s.log.Debug("a failed sending not noted", zap.Error(err))
	}
	return d.s.backoff(got.failures + 1)
}

func (d *deliver) guarded(ctx context.Context, one Delivery) (err error) {
	defer func() {
		if r := recover(); r != nil {
			d.s.log.Error("a reply made its sending panic", zap.String("reply", one.Reply.ID), zap.Any("panic", r), zap.ByteString("stack", debug.Stack()))
			err = errors.New("its sending panicked")
		}
	}()
	return d.send(ctx, one)
}

// decodeReply reads what a commit stored and checks that it stands where it
// belongs.
func decodeReply(raw []byte, conversation string) (chat.Reply, error) {
	var r chat.Reply
	if err := json.Unmarshal(raw, &r); err != nil {
		return chat.Reply{}, fmt.Errorf("read a stored reply: %w: %w", ErrForeign, err)
	}
	if r.ID == "" || r.To.Key() != conversation {
		return chat.Reply{}, fmt.Errorf("read a stored reply: %w: it belongs elsewhere", ErrForeign)
	}
	return r, nil
}
