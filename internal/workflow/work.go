package workflow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"

	"frontdoor/internal/database"

	"frontdoor/internal/playbook"
	"frontdoor/internal/workflow/step"
)

// Why a step in hand is stopped.
var (
	errCancelled = errors.New("somebody stopped the run")
	errShutdown  = errors.New("the process ends")
)

// hold is a run in hand.
type hold struct {
	epoch int64
	stop  context.CancelCauseFunc
	by    string // who cancelled it, as a wish; guarded by Runner.mu
}

// task is a claimed run with the step to do.
type task struct {
	flow *flow
	step *playbook.Step
}

// Work does what is due until ctx ends. Then it takes nothing new, waits for
// the steps in hand, and after Options.Drain interrupts them and gives their
// runs back: what a step that was interrupted means is the playbook's
// on_unknown. It returns nil.
func (r *Runner) Work(ctx context.Context) error {
	defer r.http.Close()
	r.ending.Store(false)
	// What keeps leases and says reports has to outlive the last step.
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	var behind sync.WaitGroup
	behind.Go(func() { r.keep(inner) })
	if r.opts.Say != nil {
		behind.Go(func() { r.tell(inner) })
	}
	var steps sync.WaitGroup
	r.dispatch(ctx, inner, &steps)
	drained := make(chan struct{})
	go func() {
		steps.Wait()
		close(drained)
	}()
	timer := time.NewTimer(r.opts.Drain)
	defer timer.Stop()
	select {
	case <-drained:
	case <-timer.C:
		r.ending.Store(true)
		r.mu.Lock()
		for _, h := range r.held {
			h.stop(errShutdown)
		}
		r.mu.Unlock()
		<-drained
	}
	stop()
	behind.Wait()
	return nil
}

// dispatch claims what is due and starts a goroutine for each step, as many as
// there are workers.
func (r *Runner) dispatch(ctx, inner context.Context, steps *sync.WaitGroup) {
	free := make(chan struct{}, r.opts.Workers)
	troubled := false
	var clock watch
	for ctx.Err() == nil {
		pause := r.opts.Poll
		var tasks []task
		more := false
		wait, err := r.untilDue(ctx, &clock)
		if err == nil && wait <= 0 {
			if room := cap(free) - len(free); room > 0 {
				tasks, more, err = r.claim(ctx, room, &clock)
			}
		} else if err == nil {
			pause = min(pause, wait)
		}
		if err != nil && ctx.Err() == nil {
			if !troubled {
				r.opts.Log.Error("look for runs that are due: workflows pause", zap.Error(err))
			}
			troubled, pause = true, time.Second
		} else if troubled {
			troubled = false
			r.opts.Log.Info("workflows go on")
		}
		for _, t := range tasks {
			free <- struct{}{}
			// Held before the lease keeper can look for it.
			work, h := r.hold(inner, t.flow)
			steps.Go(func() {
				defer func() {
					h.stop(nil)
					r.drop(t.flow.ID, h)
					<-free
					r.poke()
				}()
				r.follow(work, t, h)
			})
		}
		if more && len(tasks) > 0 {
			continue
		}
		timer := time.NewTimer(pause)
		select {
		case <-r.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func (r *Runner) hold(ctx context.Context, f *flow) (context.Context, *hold) {
	ctx, stop := context.WithCancelCause(ctx)
	h := &hold{epoch: f.epoch, stop: stop}
	r.mu.Lock()
	r.held[f.ID] = h
	r.mu.Unlock()
	return ctx, h
}

func (r *Runner) drop(id string, h *hold) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held[id] == h { // it may have come back already
		delete(r.held, id)
	}
}

// untilDue is the time until the next run is due, far away where none is.
func (r *Runner) untilDue(ctx context.Context, clock *watch) (time.Duration, error) {
	now, err := r.clock(ctx, r.db)
	if err != nil {
		return 0, err
	}
	if clock.look(now, r.cfg.Lease) {
		if err := r.rebase(ctx, now); err != nil {
			return 0, err
		}
	}
	var due sql.NullInt64
	if err := r.db.QueryRowContext(ctx, "SELECT min(due_at) FROM runs WHERE due_at IS NOT NULL").Scan(&due); err != nil {
		return 0, err
	}
	if !due.Valid {
		return time.Hour, nil
	}
	return time.UnixMilli(due.Int64).Sub(now), nil
}

// claim takes up to n runs that are due, moves each to its next step, and
// returns those with something to do; more tells that others may be due. While
// the clock is restless, what somebody has a lease on is left alone.
func (r *Runner) claim(ctx context.Context, n int, clock *watch) (tasks []task, more bool, err error) {
	var flows []*flow
	var steps []*playbook.Step
	err = r.db.Update(ctx, func(tx *database.Tx) error {
		now, err := r.clock(ctx, tx)
		if err != nil {
			return err
		}
		due, err := readRows(ctx, tx, "SELECT "+columns+" FROM runs WHERE due_at <= ? AND (NOT ? OR state <> 'running') ORDER BY due_at, seq LIMIT ?", now.UnixMilli(), clock.restless(now), n)
		if err != nil {
			return err
		}
		freezes, err := readFreezes(ctx, tx)
		if err != nil {
			return err
		}
		more = len(due) == n
		held := r.inHand()
		for _, w := range due {
			if held[w.ID] != nil {
				continue // its lease is over, and yet it is here: what came of its step is still to be stored
			}
			f, err := r.load(ctx, tx, w)
			if err != nil {
				// One run that can't be read must not hold up the others.
				r.opts.Log.Error("take up a run", zap.String("run", w.ID), zap.Error(err))
				if _, err := tx.ExecContext(ctx, "UPDATE runs SET due_at = ?, due_from = ? WHERE id = ?", now.Add(time.Minute).UnixMilli(), now.UnixMilli(), w.ID); err != nil {
					return err
				}
				continue
			}
			f.now, f.taken = now, true
			given := 0
			if w.Waits == ForApproval {
				if given, err = approvals(ctx, tx, f); err != nil {
					return err
				}
			}
			s := f.take(w.State, w.Waits, given, covering(freezes, w.Run))
			if err := f.save(ctx, tx, now.Add(r.cfg.Lease)); err != nil {
				return fmt.Errorf("take up run %s: %w", w.ID, err)
			}
			flows, steps = append(flows, f), append(steps, s)
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	for i, f := range flows {
		f.saved()
		if steps[i] != nil {
			tasks = append(tasks, task{flow: f, step: steps[i]})
		}
	}
	if len(flows) > 0 {
		r.poke()
	}
	return tasks, more, nil
}

// take goes on with a run that was due in the given state, that so many people
// have approved and that frozen holds back.
func (f *flow) take(state State, waits Wait, given int, frozen *Freeze) *playbook.Step {
	switch {
	case f.cancel != "":
		f.stop(wished(f.cancel))
		return nil
	case state == Waiting && waits == ForApproval:
		f.expire(given)
		return nil
	case frozen != nil:
		f.freeze(frozen)
		return nil
	case f.stale():
		f.rejudge()
		f.seek("What was approved has changed since: the approval is void. ")
		return nil
	}
	f.State, f.Waits = Running, ""
	return f.begin()
}

// follow does step after step until the run waits, ends or is taken away.
func (r *Runner) follow(ctx context.Context, t task, h *hold) {
	f, s := t.flow, t.step
	for s != nil {
		reply, err := r.do(ctx, f, s)
		cause := context.Cause(ctx)
		leaves := errors.Is(cause, errLost) || errors.Is(cause, errShutdown)
		if errors.Is(cause, errLost) && err != nil {
			r.opts.Log.Warn("leave a run to another worker", zap.String("run", f.ID), zap.String("step", s.ID))
			return
		}
		if errors.Is(cause, errShutdown) && err != nil {
			r.giveBack(ctx, f)
			return
		}
		now, e := r.clock(context.WithoutCancel(ctx), r.db)
		if e != nil {
			now = time.Now() // the commit will tell
		}
		f.now = now
		if cause == nil || err == nil {
			f.finish(s, reply, err)
			r.log(f, s, err)
		}
		s = nil
		if errors.Is(cause, errCancelled) && !f.Over() {
			r.mu.Lock()
			by := h.by
			r.mu.Unlock()
			f.stop(wished(by))
		} else if f.State == Running && leaves {
			f.wait(ForWorker, f.now) // what is done is kept; somebody else goes on
		} else if f.State == Running {
			if z := r.frozen(context.WithoutCancel(ctx), f.Run); z != nil && f.position < len(f.steps) {
				f.freeze(z)
			} else {
				s = f.begin()
			}
		}
		if err := r.persist(ctx, f); err != nil {
			r.opts.Log.Error("store what came of a step", zap.String("run", f.ID), zap.Error(err))
			return
		}
		if cause := context.Cause(ctx); s != nil && (errors.Is(cause, errLost) || errors.Is(cause, errShutdown)) {
			f.leave()
			if err := r.persist(ctx, f); err != nil {
				r.opts.Log.Warn("give a run back", zap.String("run", f.ID), zap.Error(err))
			}
			return
		}
	}
}

func (r *Runner) log(f *flow, s *playbook.Step, err error) {
	var failure *step.Failure
	if err != nil && !errors.As(err, &failure) && !errors.Is(err, context.DeadlineExceeded) {
		r.opts.Log.Error("do a step", zap.String("run", f.ID), zap.String("step", s.ID), zap.Error(err))
	}
}

// do does the step in hand once.
func (r *Runner) do(ctx context.Context, f *flow, s *playbook.Step) (reply map[string]any, err error) {
	defer func() {
		if p := recover(); p != nil {
			reply, err = nil, fmt.Errorf("step %s panicked: %v\n%s", s.ID, p, debug.Stack())
		}
	}()
	kind := r.kinds[s.Action.Kind()]
	if kind == nil {
		return nil, &step.Failure{Sentence: "it does nothing that I know"}
	}
	ctx, done := context.WithTimeout(ctx, f.limit(s))
	defer done()
	reply, err = kind.Do(ctx, f.call(s))
	if err != nil {
		return nil, err
	}
	return reply, f.fits(s, reply)
}

// giveBack lets another worker take the run at once. The attempt stays as it
// is, running: whoever takes it decides about an interrupted step.
func (r *Runner) giveBack(ctx context.Context, f *flow) {
	ctx = context.WithoutCancel(ctx)
	err := r.db.Update(ctx, func(tx *database.Tx) error {
		now, err := r.clock(ctx, tx)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE runs SET due_at = ?, due_from = ?, epoch = epoch + 1 WHERE id = ? AND epoch = ?", now.UnixMilli(), now.UnixMilli(), f.ID, f.epoch)
		return err
	})
	if err != nil {
		r.opts.Log.Error("give a run back", zap.String("run", f.ID), zap.Error(err))
	}
}

// keep renews the leases of the runs in hand, and stops those that were
// cancelled or lost.
func (r *Runner) keep(ctx context.Context) {
	ticker := time.NewTicker(r.opts.Poll)
	defer ticker.Stop()
	renewed, left := time.Now(), false
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		held := r.inHand()
		if len(held) == 0 {
			renewed = time.Now()
			continue
		}
		if err := r.heed(ctx, held); err != nil && ctx.Err() == nil {
			r.opts.Log.Warn("look for cancelled runs", zap.Error(err))
		}
		if time.Since(renewed) < r.cfg.Lease/3 {
			continue
		}
		began := time.Now()
		err := r.renew(ctx, held)
		switch {
		case err == nil:
			renewed, left = began, false
		case time.Since(renewed) > r.cfg.Lease:
			// By now another worker may have them: nothing may go on here.
			if !left {
				r.opts.Log.Error("renew leases: the steps in hand are left", zap.Error(err))
			}
			left = true
			for _, h := range held {
				h.stop(errLost)
			}
		}
	}
}

func (r *Runner) inHand() map[string]*hold {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.held)
}

// heed stops the runs in hand that somebody cancelled, in any process.
func (r *Runner) heed(ctx context.Context, held map[string]*hold) error {
	rows, err := r.db.QueryContext(ctx, "SELECT id, cancel FROM runs WHERE cancel <> '' AND ended IS NULL")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, by string
		if err := rows.Scan(&id, &by); err != nil {
			return err
		}
		if h := held[id]; h != nil {
			r.interrupt(h, by)
		}
	}
	return rows.Err()
}

func (r *Runner) interrupt(h *hold, by string) {
	r.mu.Lock()
	h.by = by
	r.mu.Unlock()
	h.stop(errCancelled)
}

func (r *Runner) renew(ctx context.Context, held map[string]*hold) error {
	var lost []*hold
	err := r.db.Update(ctx, func(tx *database.Tx) error {
		now, err := r.clock(ctx, tx)
		if err != nil {
			return err
		}
		for id, h := range held {
			done, err := tx.ExecContext(ctx, "UPDATE runs SET due_at = ?, due_from = ? WHERE id = ? AND epoch = ? AND state = 'running'", now.Add(r.cfg.Lease).UnixMilli(), now.UnixMilli(), id, h.epoch)
			if err != nil {
				return err
			}
			if n, err := done.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				lost = append(lost, h)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, h := range lost {
		h.stop(errLost)
	}
	return nil
}
