package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/database"
)

// Operator is whoever works on the machine itself, as `bot runs cancel` does:
// no rule about people of a chat holds for them. A chat's people have other
// ids: theirs begin with a platform's name or stand in people.file.
func Operator(name string) chat.Person {
	return chat.Person{ID: operatorPrefix + name, Name: "the operator", Operator: true}
}

const operatorPrefix = "operator:"

// errNothing is a decision that leaves the run's row as it is.
var errNothing = errors.New("nothing changes")

// change applies decide to a stored run in one transaction. decide returns an
// error to leave it as it is, errNothing to be content with that.
func (r *Runner) change(ctx context.Context, what, id string, decide func(tx *database.Tx, f *flow) error) error {
	err := r.db.Update(ctx, func(tx *database.Tx) error {
		now, err := r.clock(ctx, tx)
		if err != nil {
			return err
		}
		w, err := read(ctx, tx, id)
		if err != nil {
			return err
		}
		f, err := r.load(ctx, tx, w)
		if err != nil {
			return err
		}
		f.now = now
		if err := decide(tx, f); errors.Is(err, errNothing) {
			return r.ledger.append(ctx, tx, id, f.tail, now, f.trail...)
		} else if err != nil {
			return err
		}
		return f.save(ctx, tx, time.Time{})
	})
	if err != nil {
		if _, refused := AsRefusal(err); refused {
			return err
		}
		return wrap(what+" run "+id, err)
	}
	r.touch(id)
	r.poke()
	return nil
}

// mine refuses a change by somebody whose run it isn't. The playbook's owners
// and operators may.
func (r *Runner) mine(f *flow, by chat.Person, verb string) error {
	if by.ID != "" && r.same(by.ID, f.By.ID) || by.Operator || r.member(by, f.book.Owner) {
		return nil
	}
	return refusef("only %s, who started it, or %s can %s %s", name(f.By), code(f.book.Owner), verb, code(f.ID))
}

// same tells whether two ids are one person's.
func (r *Runner) same(a, b string) bool { return a == b || r.opts.Identity(a) == r.opts.Identity(b) }

func (r *Runner) member(who chat.Person, group string) bool {
	return r.opts.Member != nil && who.ID != "" && group != "" && r.opts.Member(who, group)
}

func name(p chat.Person) string {
	if p.Name != "" {
		return p.Name
	}
	return p.ID
}

// Cancel stops a run. One that waits is over at once; a step in hand is
// stopped, in whatever process it is, within about a second.
func (r *Runner) Cancel(ctx context.Context, id string, by chat.Person) error {
	return r.CancelFor(ctx, id, by, "")
}

// CancelFor is Cancel with a reason, which is said and kept; "" is none.
func (r *Runner) CancelFor(ctx context.Context, id string, by chat.Person, reason string) error {
	w, err := wishOf(by, tidy(reason))
	if err != nil {
		return err
	}
	running := false
	err = r.change(ctx, "cancel", id, func(tx *database.Tx, f *flow) error {
		if f.Over() {
			return refusef("%s is over already: it %s", code(id), ended(f.State))
		}
		if err := r.mine(f, by, "stop"); err != nil {
			return err
		}
		// Nobody works on it where its lease is over: there is nobody to ask.
		if f.State != Running || f.lease.Before(f.now) {
			f.stop(wished(w))
			return nil
		}
		running = true
		if f.cancel != "" {
			return refusef("%s is being stopped already", code(id))
		}
		if _, err := tx.ExecContext(ctx, "UPDATE runs SET cancel = ? WHERE id = ?", w, id); err != nil {
			return err
		}
		f.note(decision("cancel_asked", by, wished(w).Reason, ""))
		return errNothing // the row is its worker's to write
	})
	if err != nil {
		return err
	}
	if running {
		r.mu.Lock()
		h := r.held[id]
		r.mu.Unlock()
		if h != nil {
			r.interrupt(h, w)
		}
	}
	return nil
}

func ended(s State) string {
	switch s {
	case Denied, Cancelled:
		return "was " + string(s)
	}
	return string(s)
}

// Retry goes on with a failed, cancelled or unknown run at the step where it
// stands, with the same idempotency key. It is approved anew.
func (r *Runner) Retry(ctx context.Context, id string, by chat.Person) error {
	return r.change(ctx, "retry", id, func(tx *database.Tx, f *flow) error {
		switch f.State {
		case Failed, Cancelled, Unknown:
		case Waiting, Running:
			return refusef("%s is still under way: there is nothing to try again", code(id))
		case Denied:
			return refusef("%s was denied: ask anew", code(id))
		default:
			return refusef("%s %s: there is nothing to try again", code(id), ended(f.State))
		}
		if err := r.mine(f, by, "retry"); err != nil {
			return err
		}
		if f.forgotten {
			return refusef("what %s was asked to do is forgotten, with the person who asked: ask anew", code(id))
		}
		// What an undo took back would be missing from what goes on.
		other, err := undoing(ctx, tx, id, "", "OR EXISTS (SELECT 1 FROM run_steps WHERE run = runs.id AND run_steps.state IN ('succeeded', 'interrupted', 'cancelled'))")
		if err != nil {
			return err
		}
		if other != "" {
			return refusef("%s is taken back by %s: ask anew", code(id), code(other))
		}
		if err := f.judge(); err != nil {
			return err
		}
		if err := r.possible(f); err != nil {
			return err
		}
		f.note(decision("run_retried", by, "", f.Step))
		if !slices.Contains(f.askers, by.ID) {
			f.askers = append(f.askers, by.ID)
		}
		f.again()
		return nil
	})
}

// again begins once more at the step in hand.
func (f *flow) again() {
	if last := f.last(); last != nil {
		f.forgiven = last.Number
	}
	f.resume()
	f.Text, f.Links = "", nil
	if f.seek("") {
		f.enqueue = false
	}
}

// Undo starts a run with the given id that takes back what a finished run did,
// the last step first. It is approved as the run itself would be.
func (r *Runner) Undo(ctx context.Context, id string, req Request) (Run, error) {
	w, err := read(ctx, r.db, id)
	if err != nil {
		return Run{}, wrap("undo run "+id, err)
	}
	old, err := r.load(ctx, r.db, w)
	if err != nil {
		return Run{}, fmt.Errorf("undo run %s: %w", id, err)
	}
	switch {
	case !old.Over():
		return Run{}, refusef("%s is not over: stop it first", code(id))
	case old.Undoes != "":
		return Run{}, refusef("%s is an undo itself", code(id))
	case old.forgotten:
		return Run{}, refusef("what %s was asked to do is forgotten, with the person who asked: it can't be taken back from here", code(id))
	}
	if err := r.mine(old, req.By, "undo"); err != nil {
		return Run{}, err
	}
	given := map[string]map[string]any{}
	for _, a := range old.Steps {
		if a.State == StepSucceeded {
			given[a.Step] = a.Reply
		}
	}
	now, err := r.clock(ctx, r.db)
	if err != nil {
		return Run{}, fmt.Errorf("undo run %s: %w", id, err)
	}
	run := Run{
		ID: req.ID, Playbook: old.Playbook, State: Waiting, By: req.By, At: req.At, Message: req.Message, Line: req.Line, Request: req.Request,
		Inputs: old.Inputs, Started: now, Undoes: id, Lock: old.Lock,
	}
	f := r.flow(run, old.book, given)
	f.now = now
	if len(f.steps) == 0 {
		return Run{}, refusef("nothing that %s did can be undone", code(id))
	}
	if err := f.judge(); err != nil {
		return Run{}, err
	}
	if err := r.possible(f); err != nil {
		return Run{}, err
	}
	return r.create(ctx, f, func(tx *database.Tx) error {
		other, err := undoing(ctx, tx, id, req.ID, "")
		if err != nil {
			return err
		}
		if other != "" {
			return refusef("%s is undone already, by %s", code(id), code(other))
		}
		now, err := read(ctx, tx, id)
		if err == nil && now.epoch != w.epoch {
			return refusef("%s has just been tried again: stop it first", code(id))
		}
		return err
	})
}

// undoing is a run other than but that takes the run back, or is about to, ""
// where there is none. Those that ended otherwise count where the SQL also says
// so.
func undoing(ctx context.Context, tx *database.Tx, id, but, also string) (other string, err error) {
	err = tx.QueryRowContext(ctx, "SELECT coalesce(max(id), '') FROM runs WHERE undoes = ? AND id <> ? AND (state NOT IN ('failed', 'cancelled', 'denied') "+also+")", id, but).Scan(&other)
	return other, err
}

// Approve agrees to a run that waits for approval. When every rule has the
// people that it wants, the run goes on. It is never the requester's to give.
func (r *Runner) Approve(ctx context.Context, id string, by chat.Person) error {
	void := false
	err := r.change(ctx, "approve", id, func(tx *database.Tx, f *flow) error {
		if err := r.decides(f, by, "approve"); err != nil {
			return err
		}
		if f.stale() {
			void = true
			f.note(decision("approval_void", by, "", "what was asked for has changed"))
			f.rejudge()
			f.seek("What is to be approved has changed. ")
			return nil
		}
		return r.approve(ctx, tx, f, by)
	})
	if err == nil && void {
		return refusef("what %s would do has changed since approval was asked for: look again, then approve", code(id))
	}
	return err
}

func (r *Runner) approve(ctx context.Context, tx *database.Tx, f *flow, by chat.Person) error {
	var as []string // the groups that they approve for
	added := false
	for i, need := range f.Needs {
		groups := slices.DeleteFunc(slices.Clone(need.Groups), func(g string) bool { return !r.member(by, g) })
		if len(groups) == 0 {
			continue
		}
		as = append(as, groups...)
		given, err := r.approvers(ctx, tx, f, i)
		if err != nil {
			return err
		}
		if slices.Contains(given, r.opts.Identity(by.ID)) {
			continue
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO run_approvals (run, round, rule, person, digest, time) VALUES (?, ?, ?, ?, ?, ?)",
			f.ID, f.round, i, by.ID, f.digest, f.now.UnixMilli())
		if err != nil {
			return err
		}
		added = true
	}
	if !added {
		return refusef("you have approved %s already: somebody else of %s has to as well", code(f.ID), f.deciders())
	}
	slices.Sort(as)
	f.note(entry{event: "run_approved", actor: by.ID, groups: slices.Compact(as), detail: f.digest})
	missing, err := r.missing(ctx, tx, f)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s approved it.", name(by))
	switch {
	case missing == 1:
		text += " One more has to."
	case missing > 1:
		text += fmt.Sprintf(" %d more have to.", missing)
	default:
		f.resume()
	}
	f.report(Report{Kind: ReportApproved, OK: missing == 0, Text: text, Actor: by.ID})
	return nil
}

// missing is how many approvals the rules still want.
func (r *Runner) missing(ctx context.Context, tx *database.Tx, f *flow) (int, error) {
	missing := 0
	for i, need := range f.Needs {
		given, err := r.approvers(ctx, tx, f, i)
		if err != nil {
			return 0, err
		}
		missing += max(0, need.Count-len(given))
	}
	return missing, nil
}

// approvers are the people who have approved what the run is now by the rule,
// each once, whatever they were called when they did.
func (r *Runner) approvers(ctx context.Context, tx *database.Tx, f *flow, rule int) ([]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT person FROM run_approvals WHERE run = ? AND round = ? AND rule = ? AND digest = ?", f.ID, f.round, rule, f.digest)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		if id = r.opts.Identity(id); !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out, rows.Err()
}

// Deny ends a run that waits for approval. One member of any group that may
// approve is enough.
func (r *Runner) Deny(ctx context.Context, id string, by chat.Person, reason string) error {
	return r.change(ctx, "deny", id, func(_ *database.Tx, f *flow) error {
		if err := r.decides(f, by, "deny"); err != nil {
			return err
		}
		why := name(by) + " denied it"
		if reason = tidy(reason); reason != "" {
			why += ": " + reason
		}
		f.end(Denied, why, decision("", by, reason, ""))
		return nil
	})
}

// tidy is a reason as it is said and kept: one line.
func tidy(reason string) string {
	reason = strings.ToValidUTF8(strings.Join(strings.Fields(reason), " "), "\uFFFD")
	if r := []rune(reason); len(r) > maxReason {
		reason = string(r[:maxReason-1]) + "…"
	}
	return reason
}

// maxReason bounds what a person says about a decision, in code points.
const maxReason = 500

// decides refuses a decision about the run by somebody who has none.
func (r *Runner) decides(f *flow, by chat.Person, verb string) error {
	switch {
	case f.Over():
		return refusef("it is too late to %s %s: it %s", verb, code(f.ID), ended(f.State))
	case f.State != Waiting || f.Waits != ForApproval:
		return refusef("%s waits for no approval", code(f.ID))
	case !f.now.Before(f.due):
		return refusef("it is too late to %s %s: nobody approved it in time", verb, code(f.ID))
	case by.ID == "":
		return refusef("I don't know who you are, so you can't %s %s", verb, code(f.ID))
	case r.same(by.ID, f.By.ID):
		return refusef("you asked for %s, so somebody else of %s has to %s it", code(f.ID), f.deciders(), verb)
	}
	if slices.ContainsFunc(f.askers, func(id string) bool { return r.same(by.ID, id) }) {
		return refusef("you asked for %s again, so somebody else of %s has to %s it", code(f.ID), f.deciders(), verb)
	}
	for _, g := range f.groups() {
		if r.member(by, g) {
			return nil
		}
	}
	return refusef("only %s can %s %s", f.deciders(), verb, code(f.ID))
}
