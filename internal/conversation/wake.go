package conversation

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// wake tells this replica's own worker, at once, that there is something to do.
func (s *Store) wake(p partition, r role) {
	s.mu.Lock()
	t := s.tenders[r]
	s.mu.Unlock()
	if t != nil {
		t.wake(p)
	}
}

// wakeAll is for when word may have been missed.
func (s *Store) wakeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tenders {
		for p := range partition(partitions) {
			t.wake(p)
		}
	}
}

// lookAll has all leases looked at.
func (s *Store) lookAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tenders {
		t.look()
	}
}

// listen hears what the other replicas left to do. Word that is missed costs
// time only: each lease's renewal looks again.
func (s *Store) listen() {
	sub := s.redis.Subscribe(s.ctx, wakeChannel)
	defer context.AfterFunc(s.ctx, func() { _ = sub.Close() })() // Receive does not hear the context
	defer func() { _ = sub.Close() }()
	for s.ctx.Err() == nil {
		got, err := sub.Receive(s.ctx)
		if err != nil {
			pause(s.ctx, s.options.Backoff)
			continue
		}
		switch got := got.(type) {
		case *redis.Subscription:
			s.wakeAll()
		case *redis.Message:
			sender, p, roles, ok := readWake(got.Payload)
			if !ok || sender == s.id {
				continue
			}
			for _, r := range roles {
				if r == roleFree {
					s.lookAll()
				} else {
					s.wake(p, r)
				}
			}
		}
	}
}

// pause waits, or returns false at once when ctx ends.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// backoff is the pause after the nth failure in a row (n from 1): the first
// one doubled each time, at most a hundredfold.
func (s *Store) backoff(n int) time.Duration {
	d := s.options.Backoff
	for i := 1; i < n && d < 100*s.options.Backoff; i++ {
		d *= 2
	}
	return min(d, 100*s.options.Backoff)
}
