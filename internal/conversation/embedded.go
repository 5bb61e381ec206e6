package conversation

import (
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// tick is how often the in-process server's TTLs move: they don't by themselves.
const tick = 50 * time.Millisecond

// embedded is the in-process Redis: on loopback, with a password of its own
// that nobody else knows, gone with the process.
type embedded struct {
	server   *miniredis.Miniredis
	password string
	stop     chan struct{}
	done     sync.WaitGroup
}

func startEmbedded() (*embedded, error) {
	e := &embedded{server: miniredis.NewMiniRedis(), password: rand.Text(), stop: make(chan struct{})}
	e.server.RequireAuth(e.password)
	if err := e.server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start the in-process redis: %w", err)
	}
	e.done.Go(e.run)
	return e, nil
}

// run moves the TTLs by the time that has truly passed. Moving them costs a
// walk over all keys, so it rests at least twenty times as long as it took.
func (e *embedded) run() {
	last, wait := time.Now(), tick
	for {
		select {
		case <-e.stop:
			return
		case <-time.After(wait):
		}
		now := time.Now()
		e.server.FastForward(now.Sub(last))
		last = now
		wait = max(tick, 20*time.Since(now))
	}
}

func (e *embedded) options() *redis.UniversalOptions {
	return &redis.UniversalOptions{
		Addrs:                 []string{e.server.Addr()},
		Password:              e.password,
		DisableIdentity:       true,
		ContextTimeoutEnabled: true,
	}
}

func (e *embedded) close() {
	close(e.stop)
	e.done.Wait()
	e.server.Close()
}
