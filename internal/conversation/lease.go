package conversation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// roleFree is published when leases were given back or a replica came: the
// others look at once at what is theirs now.
const roleFree role = "free"

// tender leases partitions for one role and visits those that have something
// to do. Every replica in the role computes the same owner for a partition
// from the replicas that showed life, so nobody fights for one.
type tender struct {
	s       *Store
	role    role
	owner   string
	probe   string                 // command that counts what waits in a partition
	waiting func(partition) string // its key
	workers int
	batch   int           // partitions visited together
	linger  time.Duration // how long to wait for more of them
	visit   func(ctx context.Context, held []*holding) (again bool, delay time.Duration)

	ready chan partition // each at most once
	nudge chan struct{}
	tasks sync.WaitGroup // what a visit left running

	mu      sync.Mutex
	held    [partitions]*holding
	queued  [partitions]bool
	closing bool
	away    bool // the last sweep did not reach Redis; sweep's own
}

// holding is one partition while this replica has its lease.
type holding struct {
	partition partition
	fence     string
	ctx       context.Context // ends when the lease is lost
	cancel    context.CancelFunc
	leaving   atomic.Bool  // it goes to another replica as soon as it is idle
	tasks     atomic.Int64 // begun by a visit and still running

	running, dirty bool      // under tender.mu
	until          time.Time // under tender.mu: no visit before
	timer          *time.Timer

	failures int // in a row; the visit's own
}

// tend runs t until ctx or the store ends, finishes what is in hand and gives
// the leases back.
func (s *Store) tend(ctx context.Context, t *tender) error {
	t.s, t.owner = s, s.id+"/"+string(t.role)
	t.ready, t.nudge = make(chan partition, partitions), make(chan struct{}, 1)
	s.mu.Lock()
	if s.ctx.Err() != nil {
		s.mu.Unlock()
		return nil
	}
	if s.tenders[t.role] != nil {
		s.mu.Unlock()
		return fmt.Errorf("%s: this store does it already", t.role)
	}
	s.tenders[t.role] = t
	s.done.Add(1)
	s.mu.Unlock()
	defer s.done.Done()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	inHand, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()

	swept := make(chan struct{})
	var sweeper, workers sync.WaitGroup
	sweeper.Go(func() { t.keep(inHand, swept) })
	for range t.workers {
		workers.Go(func() { t.work(ctx) })
	}
	<-ctx.Done()
	t.mu.Lock()
	t.closing = true
	t.mu.Unlock()
	drain := time.AfterFunc(s.options.Drain, cut)
	workers.Wait()
	t.tasks.Wait()
	drain.Stop()
	close(swept)
	drain = time.AfterFunc(2*time.Second, cut) // a sweep may hang on a Redis that is away
	sweeper.Wait()
	drain.Stop()
	t.leave(inHand)
	s.mu.Lock()
	delete(s.tenders, t.role)
	s.mu.Unlock()
	return nil
}

// keep renews and takes leases, five times as often as they run out.
func (t *tender) keep(ctx context.Context, stop <-chan struct{}) {
	beat := time.NewTicker(max(t.s.options.Lease/5, 5*time.Millisecond))
	defer beat.Stop()
	for first := true; ; {
		err := t.sweep(ctx)
		switch {
		case err != nil && !t.away && ctx.Err() == nil:
			t.away = true
			t.s.log.Warn("redis is out of reach, trying on", zap.String("role", string(t.role)), zap.Error(err))
		case err == nil && t.away:
			t.away = false
			t.s.log.Info("redis is back", zap.String("role", string(t.role)))
		}
		if first && err == nil {
			first = false
			t.s.free(ctx)
		}
		select {
		case <-stop:
			return
		case <-beat.C:
		case <-t.nudge:
		}
	}
}

// sweep shows life, renews what is held, takes what should be and gives away
// what should be elsewhere.
func (t *tender) sweep(ctx context.Context) error {
	members, err := t.s.scripts.members.Run(ctx, t.s.redis, []string{t.role.members()}, t.owner, ms(t.s.options.Lease)).StringSlice()
	if err != nil {
		return err
	}
	keep, give, take := t.sort(members)
	if err := t.renew(ctx, keep); err != nil {
		return err
	}
	for _, h := range give {
		if err := t.release(ctx, h); err != nil {
			return err
		}
	}
	if len(give) > 0 {
		t.s.free(ctx)
	}
	for _, p := range take {
		if err := t.take(ctx, p, nil); err != nil {
			return err
		}
	}
	return nil
}

// sort tells what to do with each partition. Those to give are dropped
// already; what is busy is kept until it is idle.
func (t *tender) sort(members []string) (keep, give []*holding, take []partition) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p := range partition(partitions) {
		h := t.held[p]
		mine := ownerOf(p, members) == t.owner
		switch {
		case h == nil && mine && !t.closing:
			take = append(take, p)
		case h == nil:
		case mine || t.closing || h.running || h.tasks.Load() > 0:
			h.leaving.Store(!mine && !t.closing)
			keep = append(keep, h)
		default:
			t.drop(h)
			give = append(give, h)
		}
	}
	return keep, give, take
}

// renew makes the leases run on, in one round trip. Looking at the fence and
// extending the lease are two commands: at worst somebody else's new lease runs
// for as long as it would anyhow. A lease that ran out is taken again.
func (t *tender) renew(ctx context.Context, held []*holding) error {
	type answer struct {
		fence   *redis.StringCmd
		lease   *redis.BoolCmd
		waiting *redis.Cmd
	}
	answers := make([]answer, len(held))
	_, err := t.s.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, h := range held {
			answers[i] = answer{
				fence:   pipe.Get(ctx, h.partition.fence(t.role)),
				lease:   pipe.PExpire(ctx, h.partition.lease(t.role), t.s.options.Lease),
				waiting: pipe.Do(ctx, t.probe, t.waiting(h.partition)),
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	for i, h := range held {
		if answers[i].fence.Val() != h.fence || !answers[i].lease.Val() {
			if err := t.take(ctx, h.partition, h); err != nil {
				return err
			}
			continue
		}
		if n, _ := answers[i].waiting.Int64(); n > 0 {
			t.wake(h.partition)
		}
	}
	return nil
}

// take takes a partition's lease when it is free, or still that of h.
func (t *tender) take(ctx context.Context, p partition, h *holding) error {
	fence, want := "", 1
	if h != nil {
		fence = h.fence
		if h.leaving.Load() {
			want = 0
		}
	}
	got, err := t.s.scripts.hold.Run(ctx, t.s.redis, []string{p.lease(t.role), p.fence(t.role), t.waiting(p)},
		t.owner, ms(t.s.options.Lease), fence, want, t.probe).Slice()
	if err != nil {
		return err
	}
	if len(got) != 2 {
		return fmt.Errorf("%w: a lease of %d words", ErrForeign, len(got))
	}
	now, _ := got[0].(string)
	t.settle(ctx, p, h, now)
	if n, _ := got[1].(int64); n > 0 {
		t.wake(p)
	}
	return nil
}

// settle notes the outcome of one lease: kept, lost, or newly taken.
func (t *tender) settle(ctx context.Context, p partition, h *holding, fence string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if h != nil && fence == h.fence {
		return
	}
	if h != nil {
		t.s.log.Warn("a lease was lost", zap.String("role", string(t.role)), zap.Int("partition", int(p)))
		t.drop(h)
	}
	if fence == "" {
		return
	}
	n := &holding{partition: p, fence: fence}
	n.ctx, n.cancel = context.WithCancel(ctx)
	t.held[p] = n
}

// drop forgets a holding; t.mu is held.
func (t *tender) drop(h *holding) {
	h.cancel()
	if h.timer != nil {
		h.timer.Stop()
	}
	if t.held[h.partition] == h {
		t.held[h.partition] = nil
	}
}

func (t *tender) release(ctx context.Context, h *holding) error {
	return t.s.scripts.release.Run(ctx, t.s.redis, []string{h.partition.lease(t.role), h.partition.fence(t.role)}, h.fence).Err()
}

// leave gives everything back, so that others need not wait for the leases to
// run out.
func (t *tender) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err := t.s.redis.ZRem(ctx, t.role.members(), t.owner).Err()
	for _, h := range t.held {
		if h == nil {
			continue
		}
		t.mu.Lock()
		t.drop(h)
		t.mu.Unlock()
		if err == nil {
			err = t.release(ctx, h)
		}
	}
	if err != nil {
		t.s.log.Warn("leases not given back, they run out by themselves", zap.String("role", string(t.role)), zap.Error(err))
		return
	}
	t.s.free(ctx)
}

// wake has a partition visited soon, when it is held.
func (t *tender) wake(p partition) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.held[p]
	switch {
	case h == nil || t.closing || h.leaving.Load() || time.Now().Before(h.until):
	case h.running:
		h.dirty = true
	case !t.queued[p]:
		t.queued[p] = true
		t.ready <- p
	}
}

// look has the leases looked at soon.
func (t *tender) look() {
	select {
	case t.nudge <- struct{}{}:
	default:
	}
}

func (t *tender) work(ctx context.Context) {
	for {
		// A ready partition must not win against the end.
		if ctx.Err() != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case p := <-t.ready:
			held := t.begin(nil, p)
			if t.batch > 1 && pause(ctx, t.linger) {
				held = t.more(held)
			}
			if len(held) == 0 {
				continue
			}
			again, delay := t.visit(held[0].ctx, held)
			t.finish(held, again, delay)
		}
	}
}

// more adds what became ready meanwhile.
func (t *tender) more(held []*holding) []*holding {
	for len(held) < t.batch {
		select {
		case p := <-t.ready:
			held = t.begin(held, p)
		default:
			return held
		}
	}
	return held
}

func (t *tender) begin(held []*holding, p partition) []*holding {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queued[p] = false
	h := t.held[p]
	if h == nil || h.leaving.Load() {
		return held
	}
	if h.running {
		h.dirty = true
		return held
	}
	h.running, h.dirty = true, false
	return append(held, h)
}

func (t *tender) finish(held []*holding, again bool, delay time.Duration) {
	for _, h := range held {
		t.mu.Lock()
		more := again || h.dirty
		h.running, h.dirty = false, false
		if delay > 0 && t.held[h.partition] == h {
			h.until = time.Now().Add(delay)
			h.timer = time.AfterFunc(delay, func() { t.wake(h.partition) })
		}
		t.mu.Unlock()
		if h.leaving.Load() {
			t.look()
		} else if more {
			t.wake(h.partition)
		}
	}
}

// later wakes a partition after a while.
func (t *tender) later(p partition, d time.Duration) { time.AfterFunc(d, func() { t.wake(p) }) }

// free tells all replicas, this one too, to look at their leases.
func (s *Store) free(ctx context.Context) {
	err := s.redis.Publish(ctx, wakeChannel, wake(s.id, 0, []role{roleFree})).Err()
	if err != nil && !errors.Is(err, context.Canceled) {
		s.log.Debug("word of free leases not sent", zap.Error(err))
	}
}

// ownerOf picks a partition's owner among the members by the highest random
// weight: when one comes or goes, only its own share moves.
func ownerOf(p partition, members []string) string {
	best, most := "", uint64(0)
	for _, m := range members {
		if w := xxhash.Sum64String(fmt.Sprintf("%d %s", int(p), m)); best == "" || w > most || w == most && m < best {
			best, most = m, w
		}
	}
	return best
}
