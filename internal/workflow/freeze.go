package workflow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/database"
)

// Scope is what a freeze holds back.
type Scope string

// Everything is every run there is and will be.
const Everything Scope = "*"

const (
	ofPlaybook = "playbook:"
	ofRun      = "run:"
)

// ScopePlaybook is every run of a playbook, undoing ones included.
func ScopePlaybook(id string) Scope { return Scope(ofPlaybook + id) }

// ScopeRun is one run.
func ScopeRun(id string) Scope { return Scope(ofRun + id) }

// run is the id where the scope is one run's, "" otherwise.
func (s Scope) run() string {
	id, _ := strings.CutPrefix(string(s), ofRun)
	if id == string(s) {
		return ""
	}
	return id
}

// covers tells whether a run stands under the freeze.
func (s Scope) covers(r Run) bool {
	return s == Everything || s == ScopePlaybook(r.Playbook) || s == ScopeRun(r.ID)
}

// String says what is frozen, for people.
func (s Scope) String() string {
	switch id := s.run(); {
	case s == Everything:
		return "everything"
	case id != "":
		return "the run " + code(id)
	}
	id, _ := strings.CutPrefix(string(s), ofPlaybook)
	return "the playbook " + code(id)
}

// Freeze is the operator's word that no new step starts.
type Freeze struct {
	Scope  Scope     `json:"scope"`
	Reason string    `json:"reason,omitempty"`
	By     string    `json:"by"` // operator:NAME
	Since  time.Time `json:"since"`
}

// Freeze holds runs back: a step in hand is finished, no other is started
// until Unfreeze. Approvals, denials and cancellations are taken meanwhile,
// and approvals expire. It is for operators alone. Freezing what is frozen
// changes the reason. ErrNotFound where the run isn't there.
func (r *Runner) Freeze(ctx context.Context, what Scope, who chat.Person, reason string) error {
	if !who.Operator {
		return Refuse("only the operator can freeze runs, at the command line")
	}
	reason = tidy(reason)
	err := r.db.Update(ctx, func(tx *database.Tx) error {
		now, err := r.clock(ctx, tx)
		if err != nil {
			return err
		}
		if err := r.noteScope(ctx, tx, what, now, decision("run_frozen", who, reason, string(what))); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO run_freezes (scope, reason, actor, since) VALUES (?, ?, ?, ?)
			ON CONFLICT (scope) DO UPDATE SET reason = excluded.reason, actor = excluded.actor`, string(what), reason, who.ID, now.UnixMilli())
		return err
	})
	r.refreeze()
	if _, refused := AsRefusal(err); err != nil && !refused {
		return wrap("freeze "+what.String(), err)
	}
	return err
}

// noteScope writes a decision about what a freeze covers.
func (r *Runner) noteScope(ctx context.Context, tx *database.Tx, what Scope, now time.Time, e entry) error {
	id := what.run()
	if id == "" {
		return r.ledger.general(ctx, tx, now, e)
	}
	w, err := read(ctx, tx, id)
	if err != nil {
		return err
	}
	if w.Over() {
		return refusef("%s is over already: it %s", code(id), ended(w.State))
	}
	return r.ledger.append(ctx, tx, id, w.tail, now, e)
}

// Unfreeze lets go on what Freeze held back, unless another freeze holds it
// too. A *Refusal where nothing was frozen.
func (r *Runner) Unfreeze(ctx context.Context, what Scope, who chat.Person, reason string) error {
	if !who.Operator {
		return Refuse("only the operator can unfreeze runs, at the command line")
	}
	err := r.db.Update(ctx, func(tx *database.Tx) error {
		now, err := r.clock(ctx, tx)
		if err != nil {
			return err
		}
		done, err := tx.ExecContext(ctx, "DELETE FROM run_freezes WHERE scope = ?", string(what))
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return refusef("%s is not frozen", what)
		}
		if err := r.noteScope(ctx, tx, what, now, decision("run_unfrozen", who, tidy(reason), string(what))); err != nil {
			if _, over := AsRefusal(err); !over {
				return err
			}
			// The run came to its end meanwhile: its freeze goes with it.
			return r.ledger.general(ctx, tx, now, decision("run_unfrozen", who, tidy(reason), string(what)))
		}
		return r.thaw(ctx, tx, now)
	})
	if r.refreeze(); err == nil {
		r.poke()
	}
	if _, refused := AsRefusal(err); err != nil && !refused {
		return wrap("unfreeze "+what.String(), err)
	}
	return err
}

// thaw lets every run go on that no freeze covers any more.
func (r *Runner) thaw(ctx context.Context, tx *database.Tx, now time.Time) error {
	freezes, err := readFreezes(ctx, tx)
	if err != nil {
		return err
	}
	rows, err := readRows(ctx, tx, "SELECT "+columns+" FROM runs WHERE waits = ? AND ended IS NULL ORDER BY seq", ForOperator)
	if err != nil {
		return err
	}
	for _, w := range rows {
		if covering(freezes, w.Run) != nil {
			continue
		}
		f, err := r.load(ctx, tx, w)
		if err != nil {
			return err
		}
		f.now = now
		f.thaw()
		if err := f.save(ctx, tx, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// freeze lets the run stand until the operator says otherwise.
func (f *flow) freeze(z *Freeze) {
	f.wait(ForOperator, time.Time{})
	f.frozen = f.now
	text := "It is paused by the operator"
	if z.Reason != "" {
		text += ": " + strings.TrimRight(z.Reason, ". ")
	}
	f.note(entry{event: "run_paused", detail: string(z.Scope)})
	f.report(Report{Kind: ReportPaused, Step: f.Step, Text: text + ". No new step starts until they let it go on; what was done stays."})
}

// thaw goes on, with as much time for a wait as there was left.
func (f *flow) thaw() {
	if a := f.last(); a != nil && a.State == StepWaiting && !a.deadline.IsZero() {
		a.deadline, a.changed = a.deadline.Add(f.now.Sub(f.frozen)), true
	}
	f.frozen = time.Time{}
	f.wait(ForWorker, f.now)
	f.note(entry{event: "run_resumed"})
	f.report(Report{Kind: ReportResumed, Step: f.Step, Text: "The operator lets it go on."})
}

// Freezes returns what the operator holds back, in the order of the scopes.
func (r *Runner) Freezes(ctx context.Context) ([]Freeze, error) {
	out, err := readFreezes(ctx, r.db)
	if err != nil {
		return nil, fmt.Errorf("list freezes: %w", err)
	}
	return out, nil
}

func readFreezes(ctx context.Context, q querier) ([]Freeze, error) {
	rows, err := q.QueryContext(ctx, "SELECT scope, reason, actor, since FROM run_freezes ORDER BY scope")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []Freeze
	for rows.Next() {
		var z Freeze
		var since int64
		if err := rows.Scan(&z.Scope, &z.Reason, &z.By, &since); err != nil {
			return nil, err
		}
		z.Since = time.UnixMilli(since).UTC()
		out = append(out, z)
	}
	return out, rows.Err()
}

// covering is the first freeze that holds the run back, nil where none does.
func covering(freezes []Freeze, r Run) *Freeze {
	for i := range freezes {
		if freezes[i].Scope.covers(r) {
			return &freezes[i]
		}
	}
	return nil
}

// frozen looks for a freeze of a run in hand, at most Options.Poll late: what
// another process has just frozen may begin one step more. Where the database
// doesn't answer there is none to be known; the next claim looks again.
func (r *Runner) frozen(ctx context.Context, run Run) *Freeze {
	r.mu.Lock()
	freezes, fresh := r.freezes, time.Since(r.frozenAt) < r.opts.Poll
	r.mu.Unlock()
	if !fresh {
		var err error
		if freezes, err = readFreezes(ctx, r.db); err != nil {
			return nil
		}
		r.mu.Lock()
		r.freezes, r.frozenAt = freezes, time.Now()
		r.mu.Unlock()
	}
	return covering(freezes, run)
}

// refreeze has the next step look anew.
func (r *Runner) refreeze() {
	r.mu.Lock()
	r.frozenAt = time.Time{}
	r.mu.Unlock()
}

// readRows reads runs.
func readRows(ctx context.Context, q querier, query string, args ...any) ([]row, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []row
	for rows.Next() {
		w, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, rows.Err()
}

// approvals counts the people who have approved what a run is now.
func approvals(ctx context.Context, tx *database.Tx, f *flow) (int, error) {
	var n int
	err := tx.QueryRowContext(ctx, "SELECT count(DISTINCT person) FROM run_approvals WHERE run = ? AND round = ? AND digest = ?", f.ID, f.round, f.digest).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}
