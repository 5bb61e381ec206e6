package conversation

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// batchEvents is how many events of one partition are recorded together; all
// partitions that have some go into one batch.
const batchEvents = 256

// Events hands the demand events to record, in batches, until ctx or the store
// ends: each at least once, those of one partition in order. They leave Redis
// after record returned nil; while it fails they stay and are offered again,
// less and less often, together with what came meanwhile. record must set aside
// by itself what it will never take: events alone don't expire here. Events
// returns an error only when this store reads its events already.
func (s *Store) Events(ctx context.Context, record func(context.Context, [][]byte) error) error {
	e := &eventReader{s: s, record: record, outer: ctx}
	return s.tend(ctx, &tender{
		role: roleEvents, probe: "XLEN", waiting: partition.events,
		workers: 1, batch: partitions, linger: 5 * time.Millisecond, visit: e.visit,
	})
}

type eventReader struct {
	s        *Store
	record   func(context.Context, [][]byte) error
	outer    context.Context
	failures int // in a row; there is one worker
}

func (e *eventReader) visit(_ context.Context, held []*holding) (again bool, delay time.Duration) {
	// One lease that is lost must not cut off the others' record: what is
	// recorded twice has the same ids.
	ctx, cancel := context.WithCancel(context.WithoutCancel(e.outer))
	defer cancel()
	var ended atomic.Int64
	for _, h := range held {
		defer context.AfterFunc(h.ctx, func() {
			if ended.Add(1) == int64(len(held)) {
				cancel()
			}
		})()
	}
	full, err := e.one(ctx, held)
	if err != nil {
		e.failures++
		if !errors.Is(err, context.Canceled) {
			e.s.log.Warn("demand events not recorded, they wait", zap.Int("failures", e.failures), zap.Error(err))
		}
		return true, e.s.backoff(e.failures)
	}
	e.failures = 0
	return full, 0
}

// one records one batch and then takes it off the streams.
func (e *eventReader) one(ctx context.Context, held []*holding) (full bool, err error) {
	rows := make([]*redis.XMessageSliceCmd, len(held))
	if _, err := e.s.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, h := range held {
			rows[i] = pipe.XRangeN(ctx, h.partition.events(), "-", "+", batchEvents)
		}
		return nil
	}); err != nil {
		return false, failure("read demand events", err)
	}
	var batch [][]byte
	for _, row := range rows {
		for _, entry := range row.Val() {
			if event, ok := entry.Values["e"].(string); ok {
				batch = append(batch, []byte(event))
			}
		}
		full = full || len(row.Val()) == batchEvents
	}
	if len(batch) > 0 {
		if err := e.record(ctx, batch); err != nil {
			return false, err
		}
	}
	_, err = e.s.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, h := range held {
			e.remove(ctx, pipe, h.partition, rows[i].Val())
		}
		return nil
	})
	return full, failure("take demand events off", err)
}

// remove deletes by id, so that a replica that was too slow deletes only what
// it recorded. An entry that is not ours becomes a dead letter.
func (e *eventReader) remove(ctx context.Context, pipe redis.Pipeliner, p partition, entries []redis.XMessage) {
	ids := make([]string, 0, len(entries))
	for _, entry := range entries {
		ids = append(ids, entry.ID)
		if _, ok := entry.Values["e"].(string); !ok {
			dead := letter{Kind: "event", Reason: ErrForeign.Error(), Raw: fmt.Sprintf("%s %q", entry.ID, entry.Values)}.encode()
			pipe.ZAdd(ctx, p.dead(), redis.Z{Score: float64(time.Now().UnixMilli()), Member: dead})
			pipe.PExpire(ctx, p.dead(), e.s.options.Keep)
		}
	}
	if len(ids) > 0 {
		pipe.XDel(ctx, p.events(), ids...)
	}
}
