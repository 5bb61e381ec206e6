package workflow

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/database"
	"frontdoor/internal/playbook"
	"frontdoor/internal/workflow/step"
)

//go:embed migrations/*.sql
var embedded embed.FS

func migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// errLost is returned where the lease went to another worker.
var errLost = errors.New("the run went to another worker")

// querier is a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// clock is the time by the database: leases of several machines must not
// depend on whose clock is right.
func (r *Runner) clock(ctx context.Context, q querier) (time.Time, error) {
	if r.opts.Now != nil {
		return r.opts.Now(), nil
	}
	var ms int64
	if err := q.QueryRowContext(ctx, "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)").Scan(&ms); err != nil {
		return time.Time{}, fmt.Errorf("read the database's clock: %w", err)
	}
	return time.UnixMilli(ms).UTC(), nil
}

func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func moment(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}

// whose is the name of who started a run.
func whose(source string) (string, error) {
	var o origin
	if err := json.Unmarshal([]byte(source), &o); err != nil {
		return "", fmt.Errorf("read who started a run: %w", err)
	}
	return name(o.By), nil
}

// origin is where a run came from, as it is stored.
type origin struct {
	By      chat.Person  `json:"by"`
	At      chat.Address `json:"at"`
	Message string       `json:"message,omitempty"`
	Line    int          `json:"line,omitempty"`

	Forgotten bool `json:"forgotten,omitempty"` // who asked, and with them what they asked for
}

const columns = `id, hash, playbook, undoes, request, origin, inputs, given, state, waits, position, step, due_at,
	forgiven, epoch, cancel, needs, round, digest, lock, said, started, ended, error, result, links, trail, head, frozen, askers`

// row is a run as it is read.
type row struct {
	Run

	hash     string
	given    string
	position int
	forgiven int
	epoch    int64
	cancel   string
	round    int
	digest   string
	said     int
	tail     end
	lease    time.Time // when that of a running one is over
	frozen   time.Time
	askers   []string

	forgotten bool
}

func scan(from interface{ Scan(...any) error }) (row, error) {
	var w row
	var source, inputs, needs, links, askers string
	var due, ended, frozen sql.NullInt64
	var started int64
	err := from.Scan(&w.ID, &w.hash, &w.Playbook, &w.Undoes, &w.Request, &source, &inputs, &w.given, &w.State, &w.Waits, &w.position, &w.Step, &due,
		&w.forgiven, &w.epoch, &w.cancel, &needs, &w.round, &w.digest, &w.Lock, &w.said, &started, &ended, &w.Error, &w.Text, &links,
		&w.tail.count, &w.tail.link, &frozen, &askers)
	if err != nil {
		return w, err
	}
	var o origin
	if len(w.tail.link) != len(unlinked) {
		w.tail.link = unlinked
	}
	w.frozen = moment(frozen)
	for _, part := range []struct {
		text string
		into any
	}{{source, &o}, {needs, &w.Needs}, {links, &w.Links}, {askers, &w.askers}} {
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return w, fmt.Errorf("read run %s: %w", w.ID, err)
		}
	}
	if w.Inputs, err = object(inputs); err != nil {
		return w, fmt.Errorf("read run %s: %w", w.ID, err)
	}
	w.By, w.At, w.Message, w.Line, w.forgotten = o.By, o.At, o.Message, o.Line, o.Forgotten
	w.Started, w.Ended = time.UnixMilli(started).UTC(), moment(ended)
	if w.State == Waiting {
		w.Due = moment(due)
	} else {
		w.lease = moment(due)
	}
	w.Stopping = w.cancel != "" && !w.Over()
	return w, nil
}

func object(text string) (map[string]any, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // nothing was stored
	}
	v, err := step.Decode([]byte(text))
	if err != nil {
		return nil, err
	}
	m, _ := v.(map[string]any)
	return m, nil
}

func encode(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	return string(text), nil
}

// read returns one run.
func read(ctx context.Context, q querier, id string) (row, error) {
	w, err := scan(q.QueryRowContext(ctx, "SELECT "+columns+" FROM runs WHERE id = ?", id))
	if errors.Is(err, sql.ErrNoRows) {
		return w, ErrNotFound
	}
	return w, err
}

// attempts reads the steps of a run in order.
func attempts(ctx context.Context, q querier, id string) ([]Attempt, error) {
	rows, err := q.QueryContext(ctx, "SELECT position, attempt, step, state, started, ended, deadline, error, reply, looks FROM run_steps WHERE run = ? ORDER BY position, attempt", id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []Attempt
	for rows.Next() {
		var a Attempt
		var started int64
		var ended, deadline sql.NullInt64
		var reply string
		if err := rows.Scan(&a.position, &a.Number, &a.Step, &a.State, &started, &ended, &deadline, &a.Error, &reply, &a.looks); err != nil {
			return nil, err
		}
		a.Started, a.Ended, a.deadline = time.UnixMilli(started).UTC(), moment(ended), moment(deadline)
		if a.Reply, err = object(reply); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// load puts the whole run together.
func (r *Runner) load(ctx context.Context, q querier, w row) (*flow, error) {
	book, err := r.book(ctx, q, w.hash)
	if err != nil {
		return nil, err
	}
	given := map[string]map[string]any{}
	tree, err := object(w.given)
	if err != nil {
		return nil, err
	}
	for id, reply := range tree {
		given[id], _ = reply.(map[string]any)
	}
	f := r.flow(w.Run, book, given)
	f.tail, f.lease, f.frozen, f.askers, f.forgotten = w.tail, w.lease, w.frozen, w.askers, w.forgotten
	if f.Steps, err = attempts(ctx, q, w.ID); err != nil {
		return nil, fmt.Errorf("read the steps of run %s: %w", w.ID, err)
	}
	f.position, f.forgiven, f.epoch, f.cancel, f.round, f.digest, f.said = w.position, w.forgiven, w.epoch, w.cancel, w.round, w.digest, w.said
	f.due = w.Due
	f.Due = time.Time{}
	return f, nil
}

// book is the playbook of that hash, as its runs were started with it.
func (r *Runner) book(ctx context.Context, q querier, hash string) (*playbook.Playbook, error) {
	r.mu.Lock()
	p := r.books[hash]
	r.mu.Unlock()
	if p != nil {
		return p, nil
	}
	var file string
	var source []byte
	if err := q.QueryRowContext(ctx, "SELECT file, source FROM run_playbooks WHERE hash = ?", hash).Scan(&file, &source); err != nil {
		return nil, fmt.Errorf("read the playbook of a run: %w", err)
	}
	p, err := r.opts.Parse(file, source)
	if err != nil {
		return nil, fmt.Errorf("read the playbook that the run was started with: %w", err)
	}
	r.remember(hash, p)
	return p, nil
}

// maxBooks bounds the playbooks kept parsed; older ones are parsed again.
const maxBooks = 2048

func (r *Runner) remember(hash string, p *playbook.Playbook) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.books) >= maxBooks {
		clear(r.books)
	}
	r.books[hash] = p
}

// insert stores a new run.
func (f *flow) insert(ctx context.Context, tx *database.Tx) error {
	source, err := encode(origin{By: f.By, At: f.At, Message: f.Message, Line: f.Line})
	if err != nil {
		return err
	}
	inputs, err := encode(f.Inputs)
	if err != nil {
		return err
	}
	given, err := encode(f.given)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO run_playbooks (hash, file, source) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", f.book.Hash, f.book.File, f.book.Source); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO runs (id, hash, playbook, undoes, person, request, origin, inputs, given, state, lock, started)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.ID, f.book.Hash, f.Playbook, f.Undoes, f.By.ID, f.Request, source, inputs, given, f.State, f.Lock, f.Started.UnixMilli())
	return err
}

// save stores what has changed, if the run is still at the epoch that it was
// read with. lease is the end of the lease of a run that goes on.
func (f *flow) save(ctx context.Context, tx *database.Tx, lease time.Time) error {
	if f.enqueue {
		if err := f.queue(ctx, tx); err != nil {
			return err
		}
	}
	due := f.due
	f.next = f.epoch
	if f.State == Running {
		due = lease
	}
	if f.State != Running || f.taken {
		f.next++ // whoever still works on it is too late
	}
	needs, err := encode(f.Needs)
	if err != nil {
		return err
	}
	links, err := encode(f.Links)
	if err != nil {
		return err
	}
	askers, err := encode(f.askers)
	if err != nil {
		return err
	}
	// Somebody may have added to the chain without changing hands.
	var rows []linked
	for tried := false; ; tried = true {
		if rows, err = f.ledger.follow(f.ID, f.tail, f.now, f.trail); err != nil {
			return err
		}
		f.grown = f.tail
		if n := len(rows); n > 0 {
			f.grown = rows[n-1].end
		}
		done, err := tx.ExecContext(ctx, `UPDATE runs SET state = ?, waits = ?, position = ?, step = ?, due_at = CASE WHEN ? AND cancel <> '' THEN ? ELSE ? END, forgiven = ?, epoch = ?, needs = ?, round = ?, digest = ?,
			said = ?, ended = ?, error = ?, result = ?, links = ?, cancel = CASE WHEN ? THEN '' ELSE cancel END, frozen = ?, askers = ?, due_from = ?, trail = ?, head = ?, seal = ? WHERE id = ? AND epoch = ? AND trail = ?`,
			f.State, f.Waits, f.position, f.Step, f.State == Waiting && !f.renewed, f.now.UnixMilli(), millis(due), f.forgiven, f.next, needs, f.round, f.digest,
			f.said, millis(f.Ended), f.Error, f.Text, links, f.renewed, millis(f.frozen), askers, f.now.UnixMilli(), f.grown.count, f.grown.link, f.ledger.sealOf(f.ID, f.grown), f.ID, f.epoch, f.tail.count)
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		if err == nil && n == 1 {
			break
		}
		if err != nil || tried {
			return errors.Join(errLost, err)
		}
		now, err := read(ctx, tx, f.ID)
		if err != nil || now.epoch != f.epoch {
			return errors.Join(errLost, err)
		}
		f.tail = now.tail
	}
	if len(rows) > 0 {
		if err := store(ctx, tx, f.ID, rows); err != nil {
			return err
		}
		if err := f.ledger.moved(ctx, tx, f.ID, f.tail, f.grown); err != nil {
			return err
		}
	}
	if f.Over() && f.Lock != "" {
		if err := f.release(ctx, tx); err != nil {
			return err
		}
	}
	if err := f.saveSteps(ctx, tx); err != nil {
		return err
	}
	return say(ctx, tx, f.ID, f.reports)
}

// say stores reports until they are said.
func say(ctx context.Context, tx *database.Tx, run string, reports []Report) error {
	for _, report := range reports {
		body, err := encode(report)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO run_reports (run, body) VALUES (?, ?)", run, body); err != nil {
			return err
		}
	}
	return nil
}

func (f *flow) saveSteps(ctx context.Context, tx *database.Tx) error {
	for i := range f.Steps {
		a := &f.Steps[i]
		if !a.changed {
			continue
		}
		reply := ""
		if a.Reply != nil {
			var err error
			if reply, err = encode(a.Reply); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO run_steps (run, position, attempt, step, state, started, ended, deadline, error, reply, looks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (run, position, attempt) DO UPDATE SET state = excluded.state, ended = excluded.ended, deadline = excluded.deadline, error = excluded.error, reply = excluded.reply, looks = excluded.looks`,
			f.ID, a.position, a.Number, a.Step, a.State, a.Started.UnixMilli(), millis(a.Ended), millis(a.deadline), a.Error, reply, a.looks)
		if err != nil {
			return err
		}
	}
	return nil
}

// saved forgets what is now stored.
func (f *flow) saved() {
	f.epoch, f.taken, f.tail = f.next, false, f.grown
	f.reports, f.trail, f.enqueue = nil, nil, false
	for i := range f.Steps {
		f.Steps[i].changed = false
	}
}

// Get returns one run with its steps. ErrNotFound where there is none.
func (r *Runner) Get(ctx context.Context, id string) (Run, error) {
	w, err := read(ctx, r.db, id)
	if err != nil {
		return Run{}, wrap("read run "+id, err)
	}
	if w.Steps, err = attempts(ctx, r.db, id); err != nil {
		return Run{}, fmt.Errorf("read run %s: %w", id, err)
	}
	if w.Waits == ForLock {
		err := r.db.QueryRowContext(ctx, "SELECT count(*) FROM runs WHERE lock = ? AND ticket < (SELECT ticket FROM runs WHERE id = ?)", w.Lock, id).Scan(&w.Ahead)
		if err != nil {
			return Run{}, fmt.Errorf("read run %s: %w", id, err)
		}
	}
	return w.Run, r.showFreezes(ctx, &w.Run)
}

// showFreezes puts in place what holds the runs back.
func (r *Runner) showFreezes(ctx context.Context, runs ...*Run) error {
	freezes, err := r.Freezes(ctx)
	if err != nil || len(freezes) == 0 {
		return err
	}
	for _, run := range runs {
		if !run.Over() {
			run.Frozen = covering(freezes, *run)
		}
	}
	return nil
}

func wrap(what string, err error) error {
	if errors.Is(err, ErrNotFound) {
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

// List returns the chosen runs, the latest first, without their steps.
func (r *Runner) List(ctx context.Context, filter Filter) ([]Run, error) {
	var where []string
	var args []any
	add := func(clause string, values ...any) {
		where, args = append(where, clause), append(args, values...)
	}
	if filter.By != "" {
		add("person = ?", filter.By)
	}
	if filter.Playbook != "" {
		add("playbook = ?", filter.Playbook)
	}
	if len(filter.States) > 0 {
		var values []any
		for _, s := range filter.States {
			values = append(values, s)
		}
		add("state IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
	}
	query := "SELECT " + columns + " FROM runs"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	limit := filter.Limit
	if limit <= 0 {
		limit = 1000
	}
	rows, err := readRows(ctx, r.db, query+" ORDER BY seq DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	out := make([]Run, len(rows))
	shown := make([]*Run, len(rows))
	for i, w := range rows {
		out[i] = w.Run
		shown[i] = &out[i]
	}
	return out, r.showFreezes(ctx, shown...)
}
