package slacktest

import (
	"container/heap"
	"sync"
	"time"
)

// clock is the time by which things expire and are tried again. It runs
// Options.Speed times as fast as the wall's, and Advance moves it. Timestamps
// of messages and signatures are the wall's: the bot compares them with its
// own.
type clock struct {
	began time.Time
	speed float64

	mu      sync.Mutex
	skipped time.Duration
	tasks   tasks
	seq     uint64
	wake    chan struct{}
	closed  bool
	running sync.WaitGroup
}

type task struct {
	due time.Duration
	seq uint64
	do  func()
}

type tasks []*task

func (t tasks) Len() int { return len(t) }
func (t tasks) Less(i, j int) bool {
	return t[i].due < t[j].due || (t[i].due == t[j].due && t[i].seq < t[j].seq)
}
func (t tasks) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *tasks) Push(x any)   { *t = append(*t, x.(*task)) }
func (t *tasks) Pop() any {
	old := *t
	last := old[len(old)-1]
	*t = old[:len(old)-1]
	return last
}

func newClock(speed float64) *clock {
	if speed <= 0 {
		speed = 1
	}
	c := &clock{began: time.Now(), speed: speed, wake: make(chan struct{}, 1)}
	c.running.Go(c.run)
	return c
}

// now is the time since the start, hastened.
func (c *clock) now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nowLocked()
}

func (c *clock) nowLocked() time.Duration {
	return time.Duration(float64(time.Since(c.began))*c.speed) + c.skipped
}

// real is the time since the start, moved by Advance but never hastened: for
// what a person or a machine at the other end has to meet.
func (c *clock) real() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.began) + c.skipped
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	c.skipped += d
	c.mu.Unlock()
	c.poke()
}

// after calls do once d has passed, unless the clock is closed before. A task
// of no delay is called at once. do must not block.
func (c *clock) after(d time.Duration, do func()) {
	c.mu.Lock()
	if !c.closed {
		c.seq++
		heap.Push(&c.tasks, &task{due: c.nowLocked() + d, seq: c.seq, do: do})
	}
	c.mu.Unlock()
	c.poke()
}

func (c *clock) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *clock) run() {
	for {
		c.mu.Lock()
		var due []func()
		now := c.nowLocked()
		for len(c.tasks) > 0 && c.tasks[0].due <= now {
			due = append(due, heap.Pop(&c.tasks).(*task).do)
		}
		wait := time.Hour
		if len(c.tasks) > 0 {
			wait = time.Duration(float64(c.tasks[0].due-now) / c.speed)
		}
		closed := c.closed
		c.mu.Unlock()
		if closed {
			return
		}
		for _, do := range due {
			do()
		}
		if len(due) > 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.wake:
		}
		timer.Stop()
	}
}

func (c *clock) close() {
	c.mu.Lock()
	c.closed = true
	c.tasks = nil
	c.mu.Unlock()
	c.poke()
	c.running.Wait()
}
