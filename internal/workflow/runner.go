package workflow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"frontdoor/internal/chat"
	"frontdoor/internal/database"
	"frontdoor/internal/expression"
	"frontdoor/internal/playbook"
	"frontdoor/internal/workflow/step"
)

// Options are what a runner is given beside its configuration. Zero values
// are fine, except where it says otherwise.
type Options struct {
	Log     *zap.Logger
	WorkDir string        // runs have their directories below it; "" refuses commands
	Workers int           // steps done at the same time; 0 is 16
	Drain   time.Duration // how long Work waits for the steps in hand at its end before it interrupts them; 0 is 5 s
	Poll    time.Duration // how often other processes' changes are looked for; 0 is 200 ms
	Self    string        // path of `bot`; "" is the running executable
	KeyDir  string        // where the audit's key is made and kept, where none is configured; "" is beside the database

	// Say says a report. It is called at least once for each, in order within
	// a run. nil leaves them stored for a process that has one.
	Say func(ctx context.Context, r Report) error
	// Speaks tells whether a report is this process's to say: others stay stored
	// for the process that has the platform. nil is every report.
	Speaks func(r Report) bool
	// Member tells whether a person is in a group; nil is nobody in none.
	Member func(who chat.Person, group string) bool
	// Identity is whom an id stands for by now: a run that waits may be older
	// than the people's file that says so. nil is the id itself.
	Identity func(id string) string
	// Pseudonym is how the audit calls a person, whose id it must not keep; nil
	// makes one with the audit's own key.
	Pseudonym func(id string) string
	// Parse reads back the playbook of a run; nil is playbook.Parse.
	Parse func(file string, source []byte) (*playbook.Playbook, error)
	// Now replaces the database's clock in tests.
	Now func() time.Time
}

// Runner starts runs and works on them. Its methods may be called at the same
// time, and by any number of runners on the same database.
type Runner struct {
	db    *database.DB
	cfg   Config
	opts  Options
	http  *step.HTTP
	kinds map[string]step.Kind

	ledger *ledger

	wake chan struct{} // something may be due
	pump chan struct{} // something may have to be said

	ending atomic.Bool // Work waits for nothing any more

	mu      sync.Mutex
	books   map[string]*playbook.Playbook // by hash
	held    map[string]*hold              // runs in hand, by id
	changed chan struct{}                 // closed at the next change

	touched  map[string]struct{} // ids of runs that somebody had a word about here
	freezes  []Freeze            // as they were at frozenAt
	frozenAt time.Time
}

// Open brings the tables up to date and returns a runner. Nothing runs until
// Work is called.
func Open(ctx context.Context, db *database.DB, cfg Config, opts Options) (*Runner, error) {
	if err := cfg.Validate().Err(); err != nil {
		return nil, err
	}
	before, _, err := db.Versions(ctx, "workflow", migrations())
	if err != nil {
		return nil, err
	}
	if err := database.Migrate(ctx, db, "workflow", migrations()); err != nil {
		return nil, err
	}
	if opts.Log == nil {
		opts.Log = zap.NewNop()
	}
	if opts.Workers <= 0 {
		opts.Workers = 16
	}
	opts.Drain = orDefault(opts.Drain, 5*time.Second)
	opts.Poll = orDefault(opts.Poll, 200*time.Millisecond)
	if opts.WorkDir != "" {
		dir, err := filepath.Abs(opts.WorkDir)
		if err != nil {
			return nil, fmt.Errorf("find the work directory: %w", err)
		}
		opts.WorkDir = dir
	}
	if opts.Parse == nil {
		opts.Parse = parse
	}
	if opts.Identity == nil {
		opts.Identity = func(id string) string { return id }
	}
	if opts.Self == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find the running executable: %w", err)
		}
		opts.Self = self
	}
	if opts.KeyDir == "" {
		opts.KeyDir = filepath.Dir(db.Path)
	}
	keys, err := loadKeys(cfg.AuditKey, opts.KeyDir)
	if err != nil {
		return nil, err
	}
	book := &ledger{keys: keys, pseudonym: opts.Pseudonym}
	if book.pseudonym == nil {
		book.pseudonym = book.alias
	}
	if err := book.sameKey(ctx, db); err != nil {
		return nil, err
	}
	r := &Runner{
		db: db, cfg: cfg, opts: opts, ledger: book, wake: make(chan struct{}, 1), pump: make(chan struct{}, 1),
		books: map[string]*playbook.Playbook{}, held: map[string]*hold{}, touched: map[string]struct{}{}, changed: make(chan struct{}),
	}
	r.http, r.kinds = kinds(cfg, opts.Self)
	if before > 0 && before < audited {
		if err := r.adopt(ctx); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func kinds(cfg Config, self string) (*step.HTTP, map[string]step.Kind) {
	secrets := step.NewSecrets(cfg.Secrets)
	h := step.NewHTTP(cfg.HTTP.AllowHosts, secrets)
	return h, map[string]step.Kind{"http": h, "command": step.NewCommand(cfg.Command.Allow, secrets, self)}
}

func parse(file string, source []byte) (*playbook.Playbook, error) {
	p, found := playbook.Parse(file, source)
	return p, found.Err()
}

// dir is where the files of a run are. An undo works on those of its run.
func (r *Runner) dir(run Run) string {
	if r.opts.WorkDir == "" {
		return ""
	}
	id := run.ID
	if run.Undoes != "" {
		id = run.Undoes
	}
	return filepath.Join(r.opts.WorkDir, filepath.Base(filepath.Clean("/"+id)))
}

// draft is the run that a request asks for, refused where the request itself
// is wrong.
func (r *Runner) draft(req Request, now time.Time) (*flow, error) {
	p := req.Playbook
	if p == nil || p.Flow == nil {
		return nil, Refuse("that playbook does nothing: it is an answer")
	}
	if req.ID == "" || strings.ContainsAny(req.ID, "/\\ ") {
		return nil, fmt.Errorf("start a run of %s: %q is no id", p.ID, req.ID)
	}
	inputs := map[string]any{}
	for _, in := range p.Flow.Inputs {
		v, err := in.Accept(req.Inputs[in.Name])
		if err != nil {
			return nil, refusef("%s %v", in.Name, err)
		}
		inputs[in.Name] = v
	}
	for name := range req.Inputs {
		if _, known := inputs[name]; !known {
			return nil, refusef("“%s” has no input %s", p.Title, name)
		}
	}
	run := Run{
		ID: req.ID, Playbook: p.ID, State: Waiting, By: req.By, At: req.At, Message: req.Message, Line: req.Line, Request: req.Request,
		Inputs: inputs, Started: now,
	}
	f := r.flow(run, p, nil)
	f.now = now
	if err := f.prepare(); err != nil {
		return nil, err
	}
	return f, nil
}

// flow puts a run and its playbook together, with what the runner has for it.
func (r *Runner) flow(run Run, book *playbook.Playbook, given map[string]map[string]any) *flow {
	f := newFlow(run, book, given, r.cfg.Config, r.dir(run))
	f.ledger = r.ledger
	return f
}

// prepare finds the lock and the approval rules.
func (f *flow) prepare() error {
	lock, err := expression.ExpandString(string(f.book.Flow.Lock), f.env(), nil)
	if err != nil {
		return refusef("the lock of “%s” can't be found: %v", f.book.Title, err)
	}
	f.Lock = lock
	return f.judge()
}

// Start stores a run and returns it; workers take it from there. The same ID
// again returns the run that is there. A *Refusal says why it may not be
// started.
func (r *Runner) Start(ctx context.Context, req Request) (Run, error) {
	now, err := r.clock(ctx, r.db)
	if err != nil {
		return Run{}, fmt.Errorf("start run %s: %w", req.ID, err)
	}
	f, err := r.draft(req, now)
	if err != nil {
		return Run{}, err
	}
	if err := r.possible(f); err != nil {
		return Run{}, err
	}
	r.remember(f.book.Hash, f.book)
	return r.create(ctx, f, func(*database.Tx) error { return nil })
}

// possible refuses what can't be done here, or never approved.
func (r *Runner) possible(f *flow) error {
	if missing := r.plan(f).Missing; len(missing) > 0 {
		return Refuse(strings.Join(missing, "; "))
	}
	if len(f.Needs) > 0 && r.opts.Member == nil {
		return refusef("it needs the approval of %s, and nobody can approve here", words(f.Needs))
	}
	return nil
}

// create stores a new run, once, unless allowed has something against it at
// that very moment.
func (r *Runner) create(ctx context.Context, f *flow, allowed func(tx *database.Tx) error) (Run, error) {
	var there *Run
	err := r.db.Update(ctx, func(tx *database.Tx) error {
		w, err := read(ctx, tx, f.ID)
		if err == nil {
			there = &w.Run
			return nil
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := allowed(tx); err != nil {
			return err
		}
		if err := f.insert(ctx, tx); err != nil {
			return err
		}
		begun := decision("run_started", f.By, "", f.Playbook+" "+f.book.Hash)
		if f.Undoes != "" {
			begun = decision("undo_started", f.By, "", f.Undoes)
		}
		f.note(begun)
		if !f.seek("") {
			f.resume()
		}
		return f.save(ctx, tx, time.Time{})
	})
	if err != nil {
		if _, refused := AsRefusal(err); refused {
			return Run{}, err
		}
		return Run{}, fmt.Errorf("start run %s: %w", f.ID, err)
	}
	r.touch(f.ID)
	if there != nil {
		return *there, nil
	}
	f.saved()
	r.poke()
	return f.Run, nil
}

// Preview says what a run would do, and does nothing. A *Refusal says why the
// inputs can't be used.
func (r *Runner) Preview(ctx context.Context, req Request) (Preview, error) {
	now, err := r.clock(ctx, r.db)
	if err != nil {
		return Preview{}, fmt.Errorf("preview %s: %w", req.ID, err)
	}
	f, err := r.draft(req, now)
	if err != nil {
		return Preview{}, err
	}
	p := r.plan(f)
	if len(f.Needs) > 0 && r.opts.Member == nil {
		p.Missing = append(p.Missing, "nobody can approve here")
	}
	return p, nil
}

// poke tells this process's workers, and whoever waits, that something has
// changed.
func (r *Runner) poke() {
	for _, c := range []chan struct{}{r.wake, r.pump} {
		select {
		case c <- struct{}{}:
		default:
		}
	}
	r.changedNow()
}

// Wait returns when none of the runs moves by itself any more: each is over,
// or waits for an approval, a person's word or a lock; and when what they
// report is said, if this runner says anything.
func (r *Runner) Wait(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return r.settle(ctx, "IN (?"+strings.Repeat(", ?", len(ids)-1)+")", args)
}

// Settle is Wait for the runs that were started, approved, stopped or tried
// again through this runner.
func (r *Runner) Settle(ctx context.Context) error {
	r.mu.Lock()
	ids := slices.Sorted(maps.Keys(r.touched))
	r.mu.Unlock()
	for part := range slices.Chunk(ids, 500) { // SQLite bounds the values of a statement
		if err := r.Wait(ctx, part...); err != nil {
			return err
		}
	}
	return nil
}

// maxTouched bounds what Settle remembers in a process that never asks.
const maxTouched = 10_000

func (r *Runner) touch(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.touched) >= maxTouched {
		clear(r.touched)
	}
	r.touched[id] = struct{}{}
}

// Idle is Wait for all runs of the database.
func (r *Runner) Idle(ctx context.Context) error { return r.settle(ctx, "IS NOT NULL", nil) }

func (r *Runner) settle(ctx context.Context, which string, args []any) error {
	// One that waits for a lock moves when the lock's holder does.
	const moves = "due_at IS NOT NULL AND waits <> 'approval'"
	query := "SELECT EXISTS (SELECT 1 FROM runs WHERE " + moves + " AND id " + which + ")" +
		" OR EXISTS (SELECT 1 FROM runs AS behind WHERE waits = 'lock' AND id " + which + " AND EXISTS (SELECT 1 FROM runs WHERE lock = behind.lock AND holds = 1 AND " + moves + "))"
	all := slices.Concat(args, args)
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		var busy bool
		if err := r.db.QueryRowContext(ctx, query, all...).Scan(&busy); err != nil {
			return fmt.Errorf("wait for runs: %w", err)
		}
		if !busy && r.opts.Say != nil {
			owed, err := r.ours(ctx, which, args)
			if err != nil {
				return fmt.Errorf("wait for runs: %w", err)
			}
			busy = len(owed) > 0
		}
		if !busy {
			return nil
		}
		timer := time.NewTimer(r.opts.Poll)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("wait for runs: %w", ctx.Err())
		}
		timer.Stop()
	}
}
