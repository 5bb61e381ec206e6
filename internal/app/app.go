// Package app is the wiring: it puts the rooms together in one straight line
// and takes them apart in the opposite order.
package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"frontdoor/internal/access"
	"frontdoor/internal/answers"
	"frontdoor/internal/chat"
	"frontdoor/internal/config"
	"frontdoor/internal/conversation"
	"frontdoor/internal/database"
	"frontdoor/internal/demand"
	"frontdoor/internal/docs"
	"frontdoor/internal/engine"
	"frontdoor/internal/redact"
	"frontdoor/internal/telemetry"
	"frontdoor/internal/workflow"
)

// Deliver sends one reply on a platform.
type Deliver func(ctx context.Context, r chat.Reply) error

// Options are what the command gives the wiring.
type Options struct {
	Log      *zap.Logger
	Progress func(done, total int) // of indexing; nil shows none
	Notice   func(line string)     // something that the operator should read once
	Deliver  map[string]Deliver    // by platform: what this process can send
	Session  string                // the terminal's: its message ids begin with it; "" is every terminal's
	Terminal bool                  // the terminal's rules: `you`, and the embedded defaults
	ReadOnly bool                  // nothing is started or changed
	Listen   string                // address of health and metrics; "" serves none
	Now      func() time.Time      // the clock of conversations; nil is this machine's
}

// Bot is every room, wired.
type Bot struct {
	cfg           config.Config
	log           *zap.Logger
	db            *database.DB
	demand        *demand.Warehouse
	corpus        *docs.Corpus
	shelf         *shelf
	people        *access.Directory
	sessions      *sessions // nil where no terminal is told from another
	conversations *conversation.Store
	runs          *workflow.Runner
	engine        *engine.Engine
	health        *telemetry.Health
	server        *telemetry.Server
	stale         atomic.Pointer[error] // why the last look for changed docs failed
	deliver       map[string]Deliver

	ctx     context.Context //nolint:containedctx // ends the rooms' work at Stop
	cancel  context.CancelFunc
	working sync.WaitGroup
	stops   []func() error
}

// New opens every room. On an error, what was open is closed again.
func New(ctx context.Context, cfg config.Config, opts Options) (*Bot, error) {
	b := &Bot{cfg: cfg, log: opts.Log, deliver: opts.Deliver}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	b.ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := b.open(ctx, opts); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *Bot) open(ctx context.Context, opts Options) error {
	catalogue, problems := LoadCatalogue(b.cfg)
	if problems.Err() != nil {
		return Refused{What: "the playbooks", Found: problems.Errors()}
	}
	b.shelf = newShelf(b.cfg.Playbooks, catalogue, b.log)
	cfg := b.cfg
	if opts.Terminal {
		cfg = TerminalDefaults(cfg)
		b.cfg = cfg
	}

	var err error
	if b.people, err = people(cfg); err != nil {
		return err
	}
	if b.corpus, err = OpenCorpus(ctx, cfg, opts.Progress, opts.Notice); err != nil {
		return err
	}
	redactor, err := redact.New()
	if err != nil {
		return fmt.Errorf("prepare redaction: %w", err)
	}
	if b.db, err = OpenDatabase(ctx, cfg); err != nil {
		return err
	}
	b.onStop(b.db.Close)
	if b.demand, err = OpenDemand(ctx, cfg, b.db); err != nil {
		return err
	}
	b.conversations, err = conversation.Open(ctx, cfg.Redis, conversation.Options{
		Log:    b.log,
		OnDead: func(m chat.Message) (chat.Reply, [][]byte) { return b.engine.Dead(m) },
	})
	if err != nil {
		return fmt.Errorf("open redis: %w", err)
	}
	b.onStop(b.conversations.Close)
	if opts.Session != "" {
		if b.sessions, err = openSessions(cfg.DataDir, opts.Session); err != nil {
			return fmt.Errorf("%w%s", err, advice)
		}
		b.onStop(b.sessions.close)
	}
	b.runs, err = workflow.Open(ctx, b.db, cfg.Workflows, workflow.Options{
		Log: b.log, WorkDir: workDir(cfg), KeyDir: cfg.DataDir, Pseudonym: b.demand.Pseudonym,
		Say:      func(ctx context.Context, r workflow.Report) error { return b.engine.Report(ctx, r) },
		Speaks:   b.speaks,
		Member:   func(p chat.Person, group string) bool { return access.Member(b.people.Resolve(p), group) },
		Identity: func(id string) string { return b.people.Resolve(chat.Person{ID: id}).ID },
	})
	if err != nil {
		return fmt.Errorf("open the runs: %w%s", err, advice)
	}
	b.engine = engine.New(engine.Rooms{
		Conversations: b.conversations,
		Catalogue:     b.shelf.catalogue,
		Corpus:        b.corpus,
		Answerer:      answers.New(b.corpus.Index),
		Runs:          b.runs,
		People:        b.people,
		Policies:      cfg.Channels,
		Redactor:      redactor,
		Pseudonym:     b.demand.Pseudonym,
		Now:           opts.Now,
		ReadOnly:      opts.ReadOnly,
		Log:           b.log,
	})
	b.health = telemetry.NewHealth(b.parts())
	if opts.Listen != "" {
		b.server, err = telemetry.Listen(ctx, opts.Listen, b.health, telemetry.NewRegistry(), b.log)
		if err != nil {
			return err
		}
		b.onStop(b.server.Close)
	}
	return nil
}

// Start lets the rooms work until Stop.
func (b *Bot) Start() {
	b.work("messages", func(ctx context.Context) error { return b.conversations.Work(ctx, b.engine.Handle) })
	for platform, deliver := range b.deliver {
		b.work("replies to "+platform, func(ctx context.Context) error {
			return b.conversations.Deliver(ctx, platform, func(ctx context.Context, d conversation.Delivery) error { return deliver(ctx, d.Reply) })
		})
	}
	b.work("runs", b.runs.Work)
	b.work("demand", func(ctx context.Context) error { return b.conversations.Events(ctx, b.demand.Record) })
	b.work("retention", b.expire)
	b.work("playbooks", b.shelf.keep)
	b.work("training", b.shelf.train)
	b.work("docs", func(ctx context.Context) error {
		b.corpus.Keep(ctx, b.cfg.Docs.Refresh, func(changed bool, err error) {
			b.stale.Store(nil)
			if err != nil {
				b.stale.Store(&err)
			}
			b.log.Info("looked for changed docs", zap.Bool("changed", changed), zap.Error(err))
		})
		return nil
	})
}

// expire lets go of texts and records that are past their time, once a day and
// at the start.
func (b *Bot) expire(ctx context.Context) error {
	tick := time.NewTicker(24 * time.Hour)
	defer tick.Stop()
	for {
		if _, err := b.demand.Expire(ctx, time.Now()); err != nil && ctx.Err() == nil {
			b.log.Warn("expire demand records", zap.Error(err))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// work runs one room's loop until Stop.
func (b *Bot) work(what string, loop func(context.Context) error) {
	b.working.Go(func() {
		if err := loop(b.ctx); err != nil && !errors.Is(err, context.Canceled) {
			b.log.Error("stopped working on "+what, zap.Error(err))
		}
	})
}

// Stop ends the work, what is in hand first, and closes every room, the last
// opened first.
func (b *Bot) Stop() error {
	if b.cfg.Redis.Embedded() {
		b.empty()
	}
	return b.close()
}

// empty lets what is accepted and recorded reach the database: the in-process
// Redis ends with this process. It takes a moment, or two seconds where the
// database can't be written.
func (b *Bot) empty() {
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		n, err := b.conversations.Stats(ctx)
		if err != nil || n.Accepted+n.Events == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (b *Bot) close() error {
	b.cancel()
	b.working.Wait()
	var errs []error
	for _, stop := range slices.Backward(b.stops) {
		errs = append(errs, stop())
	}
	b.stops = nil
	return errors.Join(errs...)
}

func (b *Bot) onStop(stop func() error) { b.stops = append(b.stops, stop) }

// Address is where health and metrics are served, "" where they aren't.
func (b *Bot) Address() string {
	if b.server == nil {
		return ""
	}
	return b.server.Address
}

// Accept stores a message; an adapter acknowledges it only after that.
func (b *Bot) Accept(ctx context.Context, m chat.Message) (bool, error) {
	return b.conversations.Accept(ctx, m)
}
