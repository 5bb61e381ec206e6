package conversation

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/zap"

	"frontdoor/internal/chat"
)

// MaxMessage is the largest message that is accepted, in bytes of its JSON. A
// platform's longest message is far below: Slack cuts at 40,000 characters.
const MaxMessage = 4 << 20

// Options are what the wiring decides; a zero field means its default.
type Options struct {
	Log      *zap.Logger   // nothing is logged without
	Lease    time.Duration // how long a partition stays with a replica that shows no life; 10 s
	Dedupe   time.Duration // how long a message or a reply is known by its id; 24 h
	Keep     time.Duration // how long a conversation is remembered after its last message, and how long waiting messages, replies and dead letters are kept; 7 days
	Drain    time.Duration // how long what is in hand may go on once the context has ended; 30 s
	Backoff  time.Duration // the first pause after a failure, doubled up to a hundredfold; 200 ms
	Workers  int           // partitions worked on at once; 16
	Senders  int           // replies being sent at once, per platform; 16
	Attempts int           // how often a message is tried before it becomes a dead letter; 3
	Sendings int           // how often a reply is tried before it becomes a dead letter; 1000

	// OnDead makes what the author of a dead letter is told, once, and the demand
	// events of it. A reply without Card.Text is not sent; its ID and To are
	// filled in when they are empty.
	OnDead func(chat.Message) (chat.Reply, [][]byte)
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&o.Lease, 10*time.Second)
	set(&o.Dedupe, 24*time.Hour)
	set(&o.Keep, 7*24*time.Hour)
	set(&o.Drain, 30*time.Second)
	set(&o.Backoff, 200*time.Millisecond)
	for n, to := range map[*int]int{&o.Workers: 16, &o.Senders: 16, &o.Attempts: 3, &o.Sendings: 1000} {
		if *n <= 0 {
			*n = to
		}
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return o
}

// Store is the way to Redis. Its methods may be called at the same time.
type Store struct {
	redis    redis.UniversalClient
	scripts  scripts
	embedded *embedded // nil with a Redis of its own
	options  Options
	log      *zap.Logger
	id       string // of this replica, different at each start

	ctx  context.Context // ends at Close
	stop context.CancelFunc
	done sync.WaitGroup

	closing sync.Once
	closed  error // what Close returned

	mu      sync.Mutex
	tenders map[role]*tender
}

// Open reads the address and, when there is none, starts the in-process
// server. It does not wait for Redis: [Store.Ping] tells whether it is there.
// ctx is for the opening only.
func Open(ctx context.Context, cfg Config, opts Options) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err := cfg.Validate().Err(); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	s := &Store{options: opts.withDefaults(), id: rand.Text(), tenders: map[role]*tender{}}
	s.log = s.options.Log
	var err error
	if s.scripts, err = loadScripts(); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	var client *redis.UniversalOptions
	if cfg.Embedded() {
		if s.embedded, err = startEmbedded(); err != nil {
			return nil, fmt.Errorf("open the store: %w", err)
		}
		client = s.embedded.options()
	} else if client, err = cfg.client(); err != nil {
		return nil, fmt.Errorf("open the store: redis.url %w", err)
	}
	client.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled} // a command younger than 7.0
	client.PoolSize = s.options.Workers + 3*s.options.Senders + 8                                       // nobody waits for a connection behind a slow neighbour
	// The client's own log goes to standard error in a form of its own, a line a
	// refused connection; the leases' renewal says once that Redis is away.
	logging.Disable()
	s.redis = redis.NewUniversalClient(client)
	s.ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.done.Go(s.listen)
	return s, nil
}

// Close ends Work, Deliver and Events as the end of their contexts would,
// waits for them, gives the leases back and, when embedded, stops the server.
// Closing again does nothing.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.stop()
		s.done.Wait()
		if err := s.redis.Close(); err != nil {
			s.closed = fmt.Errorf("close the store: %w", err)
		}
		if s.embedded != nil {
			s.embedded.close()
		}
	})
	return s.closed
}

// Ping returns [ErrUnavailable] when Redis does not answer.
func (s *Store) Ping(ctx context.Context) error {
	return failure("ping redis", s.redis.Ping(ctx).Err())
}

// Accept stores a message to be handled. fresh is false when the message was
// accepted before: it waits still, or came within Options.Dedupe. It is known
// by its id, platform and workspace, provided that it comes with the same
// address. After a nil error the
// platform may be told that the message has arrived; [ErrUnavailable] means
// that its author should be told that it has not. [ErrTooLarge] is for good.
func (s *Store) Accept(ctx context.Context, m chat.Message) (fresh bool, err error) {
	doing := "accept message " + m.ID
	if m.ID == "" {
		return false, errors.New("accept message: it has no id")
	}
	body, err := json.Marshal(m)
	if err != nil {
		return false, fmt.Errorf("%s: %w", doing, err)
	}
	if len(body) > MaxMessage {
		return false, fmt.Errorf("%s: %w: %d bytes, at most %d", doing, ErrTooLarge, len(body), MaxMessage)
	}
	p := partitionOf(m.At)
	n, err := s.scripts.accept.Run(ctx, s.redis, []string{p.queue(), p.bodies(), p.seen()},
		messageKey(m), body, ms(s.options.Dedupe), ms(s.options.Keep), wakeChannel, wake(s.id, p, []role{roleWork})).Int()
	if err != nil {
		return false, failure(doing, err)
	}
	s.wake(p, roleWork) // also when it isn't fresh: it may wait still
	return n == 1, nil
}

// Load returns the state of the claim's conversation, a new one where there is
// none, or [ErrForeign] when it can't be read; the message then becomes a dead
// letter and the state is dropped, so that the next message begins anew.
func (s *Store) Load(ctx context.Context, c Claim) (State, error) {
	raw, err := s.redis.Get(ctx, partitionOf(c.Message.At).state(c.Message.At)).Bytes()
	if errors.Is(err, redis.Nil) {
		return State{}, nil
	}
	if err != nil {
		return State{}, failure("load the conversation", err)
	}
	return decodeState(raw)
}

func decodeState(raw []byte) (State, error) {
	var st State
	if err := json.Unmarshal(raw, &st); err != nil {
		return State{}, fmt.Errorf("load the conversation: %w: %w", ErrForeign, err)
	}
	for person, t := range st.Talks {
		if t == nil {
			delete(st.Talks, person)
		}
	}
	return st, nil
}

// Commit is what a message ends in.
type Commit struct {
	State   State        // of the conversation from now on
	Replies []chat.Reply // each with an ID of its own that doesn't change when the message is handled again
	Events  [][]byte     // demand events, a JSON object each without line end
}

// Commit ends the message: its state, replies and events are stored and it is
// taken off the queue, all or nothing. Doing it again does nothing. It returns
// [ErrLost] when another replica has the partition now, and the message will
// be, or has been, handled there.
func (s *Store) Commit(ctx context.Context, c Claim, with Commit) error {
	state, err := json.Marshal(with.State)
	if err != nil {
		return fmt.Errorf("commit message %s: %w", c.Message.ID, err)
	}
	return s.end(ctx, c, string(state), with, "")
}

// end is Commit with the state as the script takes it, and a dead letter.
func (s *Store) end(ctx context.Context, c Claim, state string, with Commit, dead string) error {
	doing := "commit message " + c.Message.ID
	if c.end == nil {
		return fmt.Errorf("%s: it was not claimed", doing)
	}
	p := c.partition
	l, err := s.lay(p, with.Replies, with.Events)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	keys := append([]string{
		p.fence(roleWork), p.queue(), p.bodies(), p.tries(), p.seen(), p.state(c.Message.At), p.events(), p.platforms(), p.dead(),
	}, l.keys...)
	args := append([]any{
		c.fence, c.key, state, ms(s.options.Keep), ms(s.options.Dedupe), ms(s.options.Keep), wakeChannel, l.wake, len(with.Replies), len(with.Events), dead,
	}, l.args...)
	result, err := s.scripts.commit.Run(ctx, s.redis, keys, args...).Text()
	switch {
	case err != nil:
		return failure(doing, err)
	case result == "lost":
		return fmt.Errorf("%s: %w", doing, ErrLost)
	}
	c.end.ended.Store(true)
	c.end.last.Store(result == "last")
	for _, r := range l.roles {
		s.wake(p, r)
	}
	return nil
}

// Announce stores replies and events that no message asked for, such as those
// of a running workflow, in the same one transaction. id tells it apart: a
// second one with the same id and address does nothing for Options.Dedupe.
func (s *Store) Announce(ctx context.Context, id string, at chat.Address, replies []chat.Reply, events [][]byte) error {
	doing := "announce " + id
	p := partitionOf(at)
	l, err := s.lay(p, replies, events)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	keys := append([]string{p.seen(), p.events(), p.platforms()}, l.keys...)
	args := append([]any{
		id, ms(s.options.Dedupe), ms(s.options.Keep), wakeChannel, l.wake, len(replies), len(events),
	}, l.args...)
	if err := s.scripts.announce.Run(ctx, s.redis, keys, args...).Err(); err != nil {
		return failure(doing, err)
	}
	for _, r := range l.roles {
		s.wake(p, r)
	}
	return nil
}

// laid are replies and events as the scripts take them.
type laid struct {
	keys  []string
	args  []any
	roles []role // who has something to do now
	wake  string // the same to publish, "" for nobody
}

func (s *Store) lay(p partition, replies []chat.Reply, events [][]byte) (laid, error) {
	var l laid
	platforms := map[string]bool{}
	for _, r := range replies {
		if r.ID == "" || r.To.Platform == "" {
			return laid{}, errors.New("a reply has no id or no platform")
		}
		body, err := json.Marshal(r)
		if err != nil {
			return laid{}, fmt.Errorf("encode reply %s: %w", r.ID, err)
		}
		conversation := r.To.Key()
		l.keys = append(l.keys, p.outbox(r.To.Platform), p.replies(conversation))
		l.args = append(l.args, r.To.Platform, r.To.Platform+"/"+r.ID, conversation, body)
		if !platforms[r.To.Platform] {
			platforms[r.To.Platform] = true
			l.roles = append(l.roles, roleDeliver(r.To.Platform))
		}
	}
	for _, e := range events {
		l.args = append(l.args, e)
	}
	if len(events) > 0 {
		l.roles = append(l.roles, roleEvents)
	}
	if len(l.roles) > 0 {
		l.wake = wake(s.id, p, l.roles)
	}
	return l, nil
}

func ms(d time.Duration) int64 { return max(1, d.Milliseconds()) }
