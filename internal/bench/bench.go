// Package bench is a load generator: people who talk to the bot as fast as it
// answers, each in a conversation of their own, while every reply is counted.
// What is measured is the whole way, from Accept to the reply handed to the
// platform; nothing of a platform itself is in it.
package bench

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"frontdoor/internal/chat"
)

// Platform is the platform of the messages.
const Platform = "bench"

// Options say who talks, how much and about what.
type Options struct {
	Messages int // in all
	AtOnce   int // people who wait for an answer at the same time
	People   int // at least AtOnce; each has a direct conversation with the bot
	Mix      Mix
	Material Material
	Groups   []string      // that everybody is in
	Seed     uint64        // the same seed says the same, person by person
	Patience time.Duration // without a reply after that, a message counts as lost
	Accept   func(context.Context, chat.Message) (fresh bool, err error)
	Progress func(done, total int) // may be nil; never called twice at the same time
}

// Crowd is the people. Hear must get every reply to Platform.
type Crowd struct {
	opts Options
	sent atomic.Int64

	progress sync.Mutex

	mu      sync.Mutex
	waiting map[string]chan struct{} // by message id: closed at its first reply
	heard   map[uint64]struct{}      // hashes of the ids of replies
	twice   int
	replies int
}

// New returns a crowd that has said nothing yet.
func New(opts Options) *Crowd {
	opts.AtOnce = max(1, min(opts.AtOnce, opts.Messages))
	opts.People = max(opts.People, opts.AtOnce)
	return &Crowd{opts: opts, waiting: map[string]chan struct{}{}, heard: map[uint64]struct{}{}}
}

// Hear takes a reply off the outbox.
func (c *Crowd) Hear(_ context.Context, r chat.Reply) error {
	h := fnv.New64a()
	h.Write([]byte(r.ID))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.replies++
	if _, again := c.heard[h.Sum64()]; again {
		c.twice++
	}
	c.heard[h.Sum64()] = struct{}{}
	if done, ok := c.waiting[r.InReplyTo]; ok {
		close(done)
		delete(c.waiting, r.InReplyTo)
	}
	return nil
}

// tally is what one worker has measured.
type tally struct {
	reply  map[Kind][]time.Duration
	accept []time.Duration
	lost   int
}

// Run talks until every message is said and answered or given up, or ctx ends.
func (c *Crowd) Run(ctx context.Context) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	memory := watchMemory(c)
	tallies := make([]tally, c.opts.AtOnce)
	var workers sync.WaitGroup
	began := time.Now()
	for i := range tallies {
		workers.Go(func() {
			if err := c.talk(ctx, i, &tallies[i]); err != nil {
				cancel(err)
			}
		})
	}
	workers.Wait()
	took := time.Since(began)
	result := Result{Took: took, Memory: memory.stop()}
	if err := context.Cause(ctx); err != nil {
		return result, err
	}
	result.add(tallies)
	return c.Counted(result), nil
}

// Counted is the result with all that was heard since, such as the reports of
// runs.
func (c *Crowd) Counted(r Result) Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Replies, r.Twice = c.replies, c.twice
	return r
}

// talk has exchanges, one after the other, for the people of one worker.
func (c *Crowd) talk(ctx context.Context, worker int, t *tally) error {
	t.reply = map[Kind][]time.Duration{}
	r := rand.New(rand.NewPCG(c.opts.Seed, uint64(worker))) //nolint:gosec // a bench must be repeatable, not secret
	for turn := 0; ; turn++ {
		kind, exchanges := c.opts.Material.of(c.opts.Mix.draw(r))
		person := worker + c.opts.AtOnce*(turn%max(1, c.opts.People/c.opts.AtOnce))
		for _, text := range exchanges[r.IntN(len(exchanges))] {
			n := c.sent.Add(1)
			if n > int64(c.opts.Messages) || ctx.Err() != nil {
				return nil
			}
			if err := c.say(ctx, t, kind, person, n, text); err != nil {
				return err
			}
			if c.opts.Progress != nil && n%64 == 0 {
				c.progress.Lock()
				c.opts.Progress(int(n), c.opts.Messages)
				c.progress.Unlock()
			}
		}
	}
}

// say says one message and waits for its first reply.
func (c *Crowd) say(ctx context.Context, t *tally, kind Kind, person int, number int64, text string) error {
	name := fmt.Sprintf("p%d", person)
	m := chat.Message{
		ID:        fmt.Sprintf("bench-%d-%d", c.opts.Seed, number),
		At:        chat.Address{Platform: Platform, Channel: "dm-" + name, Direct: true},
		From:      chat.Person{ID: name, Name: name, Groups: c.opts.Groups},
		Time:      time.Now(),
		Text:      text,
		Addressed: true,
	}
	done := make(chan struct{})
	c.mu.Lock()
	c.waiting[m.ID] = done
	c.mu.Unlock()
	began := time.Now()
	if _, err := c.opts.Accept(ctx, m); err != nil {
		return fmt.Errorf("accept message %d: %w", number, err)
	}
	t.accept = append(t.accept, time.Since(began))
	patience := time.NewTimer(c.opts.Patience)
	defer patience.Stop()
	select {
	case <-done:
		t.reply[kind] = append(t.reply[kind], time.Since(began))
	case <-patience.C:
		t.lost++
		c.mu.Lock()
		delete(c.waiting, m.ID)
		c.mu.Unlock()
	case <-ctx.Done():
	}
	return nil
}

// memoryWatch looks at the heap each time a tenth of the messages is said.
type memoryWatch struct {
	from  runtime.MemStats
	heap  []uint64
	ended chan struct{}
	done  sync.WaitGroup
}

func watchMemory(c *Crowd) *memoryWatch {
	w := &memoryWatch{ended: make(chan struct{})}
	runtime.GC()
	runtime.ReadMemStats(&w.from)
	w.done.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for next := 1; next <= 10; {
			select {
			case <-tick.C:
			case <-w.ended:
				return
			}
			if c.sent.Load()*10 < int64(next)*int64(c.opts.Messages) {
				continue
			}
			next++
			runtime.GC() // what is left is what is kept
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			w.heap = append(w.heap, now.HeapAlloc)
		}
	})
	return w
}

// Memory is what the process took: allocations over the whole run, and the
// heap in use after a collection at each tenth of it.
type Memory struct {
	Bytes, Objects uint64   // allocated
	Heap           []uint64 // bytes
}

func (w *memoryWatch) stop() Memory {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	close(w.ended)
	w.done.Wait()
	return Memory{Bytes: now.TotalAlloc - w.from.TotalAlloc, Objects: now.Mallocs - w.from.Mallocs, Heap: w.heap}
}

// Spread is how durations lie: nearest ranks.
type Spread struct {
	N             int
	P50, P99, Max time.Duration
}

// SpreadOf sorts the durations and reads their ranks.
func SpreadOf(durations []time.Duration) Spread {
	if len(durations) == 0 {
		return Spread{}
	}
	slices.Sort(durations)
	at := func(p int) time.Duration { return durations[(p*len(durations)+99)/100-1] }
	return Spread{N: len(durations), P50: at(50), P99: at(99), Max: durations[len(durations)-1]}
}

// Result is what a run measured.
type Result struct {
	Took     time.Duration
	Messages int // answered
	Lost     int // not answered within Options.Patience
	Replies  int // heard until the end, several where a run reports
	Twice    int // replies that came a second time
	Accept   Spread
	Reply    Spread          // from Accept to the first reply
	ByKind   map[Kind]Spread // likewise
	Memory   Memory
}

// Kinds are those that were measured, in a fixed order.
func (r Result) Kinds() []Kind {
	return slices.DeleteFunc(slices.Clone(kinds), func(k Kind) bool { return r.ByKind[k].N == 0 })
}

func (r *Result) add(tallies []tally) {
	var accept, reply []time.Duration
	by := map[Kind][]time.Duration{}
	for _, t := range tallies {
		accept = append(accept, t.accept...)
		r.Lost += t.lost
		for k, d := range t.reply {
			by[k] = append(by[k], d...)
			reply = append(reply, d...)
		}
	}
	r.Accept, r.Reply, r.ByKind = SpreadOf(accept), SpreadOf(reply), map[Kind]Spread{}
	r.Messages = len(reply)
	for k, d := range by {
		r.ByKind[k] = SpreadOf(d)
	}
}
