package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"frontdoor/internal/chat"
)

// Claim is one accepted message in hand. It is worth something only to the
// store that gave it out.
type Claim struct {
	Message chat.Message
	Attempt int // from 1; above 1 an earlier handling failed or its process died

	partition partition
	key       string // of the message in its partition
	fence     string
	end       *ending
}

// ending is what a claim's commits have found, seen by all copies of it.
type ending struct {
	ended atomic.Bool // it is off the queue
	last  atomic.Bool // and nothing was behind it
}

// atOnce is how many messages a visit takes before other partitions get a turn.
const atOnce = 32

// Work handles accepted messages until ctx or the store ends: those of one
// conversation one after the other in the order of acceptance, those of
// different partitions at the same time. handle must end in [Store.Commit];
// when it doesn't, the message comes again, and after Options.Attempts times
// it is a dead letter. Failures that are Redis' are not counted. handle's
// context ends when the lease is lost or Options.Drain after ctx; a message in
// hand is finished before Work returns nil. It returns an error only when this
// store is working already.
func (s *Store) Work(ctx context.Context, handle func(context.Context, Claim) error) error {
	w := &work{s: s, handle: handle, outer: ctx}
	return s.tend(ctx, &tender{
		role: roleWork, probe: "LLEN", waiting: partition.queue, workers: s.options.Workers, batch: 1, visit: w.visit,
	})
}

type work struct {
	s       *Store
	handle  func(context.Context, Claim) error
	outer   context.Context
	nonces  atomic.Int64
	forgive [partitions]atomic.Int64 // tries since the last claim that were not the message's fault
}

func (w *work) visit(ctx context.Context, held []*holding) (again bool, delay time.Duration) {
	h := held[0]
	for range atOnce {
		if w.outer.Err() != nil || w.s.ctx.Err() != nil || h.leaving.Load() || ctx.Err() != nil {
			return true, 0
		}
		c, found, err := w.claim(ctx, h)
		if err == nil && !found {
			h.failures = 0
			return false, 0
		}
		if err == nil {
			err = w.one(ctx, c)
		}
		if err != nil {
			if errors.Is(err, ErrLost) {
				return false, 0 // the next sweep settles it
			}
			h.failures++
			return true, w.s.backoff(h.failures)
		}
		h.failures = 0
		if c.end.last.Load() {
			return false, 0 // what comes after it wakes this partition again
		}
	}
	return true, 0
}

// claim takes the queue's head. A head that is not ours becomes a dead letter
// at once: it would fail for ever.
func (w *work) claim(ctx context.Context, h *holding) (c Claim, found bool, err error) {
	p, s := h.partition, w.s
	forgiven := w.forgive[p].Load()
	nonce := fmt.Sprintf("%s %d", s.id, w.nonces.Add(1))
	got, err := s.scripts.claim.Run(ctx, s.redis, []string{p.fence(roleWork), p.queue(), p.bodies(), p.tries()},
		h.fence, nonce, forgiven, ms(s.options.Keep)).Slice()
	if err != nil {
		return Claim{}, false, failure("claim a message", err)
	}
	w.forgive[p].Add(-forgiven)
	switch {
	case len(got) > 0 && got[0] == "lost":
		return Claim{}, false, fmt.Errorf("claim a message: %w", ErrLost)
	case len(got) != 4:
		return Claim{}, false, nil
	}
	body, _ := got[2].(string)
	attempt, _ := got[3].(int64)
	c = Claim{Attempt: int(attempt), partition: p, fence: h.fence, end: &ending{}}
	c.key, _ = got[1].(string)
	if c.Message, err = decodeMessage(p, c.key, []byte(body)); err != nil {
		s.log.Error("a stored message can't be read", zap.Int("partition", int(p)), zap.Error(err))
		err = s.end(ctx, c, "", Commit{}, letter{Kind: "message", Reason: reason(err), Raw: c.key + " " + body}.encode())
		if err != nil {
			return Claim{}, false, err
		}
		return w.claim(ctx, h)
	}
	return c, true, nil
}

// decodeMessage reads what Accept stored and checks that it stands where it
// belongs.
func decodeMessage(p partition, key string, body []byte) (chat.Message, error) {
	var m chat.Message
	if err := json.Unmarshal(body, &m); err != nil {
		return chat.Message{}, fmt.Errorf("read a stored message: %w: %w", ErrForeign, err)
	}
	if m.ID == "" || messageKey(m) != key || partitionOf(m.At) != p {
		return chat.Message{}, fmt.Errorf("read a stored message: %w: it belongs elsewhere", ErrForeign)
	}
	return m, nil
}

// one handles one message. An error means that it waits still.
func (w *work) one(ctx context.Context, c Claim) error {
	s := w.s
	if c.Attempt > s.options.Attempts {
		return s.bury(ctx, c, errors.New("the process died in it"))
	}
	err := w.guarded(ctx, c)
	if err == nil && !c.end.ended.Load() {
		err = errors.New("handled without a commit")
	}
	log := s.log.With(zap.String("message", c.Message.ID), zap.Int("attempt", c.Attempt))
	switch {
	case err == nil:
		return nil
	case c.end.ended.Load():
		log.Warn("an error after the commit", zap.Error(err))
		return nil
	case passing(err) || ctx.Err() != nil:
		w.forgive[c.partition].Add(1)
		log.Info("a message will be handled again", zap.Error(err))
		return err
	case c.Attempt >= s.options.Attempts || errors.Is(err, ErrForeign):
		return s.bury(ctx, c, err)
	}
	log.Warn("a message failed and will be handled again", zap.Error(err))
	return err
}

// guarded turns a panic into an error: one message must not take the others
// down, again after each restart.
func (w *work) guarded(ctx context.Context, c Claim) (err error) {
	defer func() {
		if r := recover(); r != nil {
			w.s.log.Error("a message made its handling panic", zap.String("message", c.Message.ID), zap.Any("panic", r), zap.ByteString("stack", debug.Stack()))
			err = errors.New("its handling panicked")
		}
	}()
	return w.handle(ctx, c)
}
