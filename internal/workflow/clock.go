package workflow

import (
	"context"
	"fmt"
	"time"

	"frontdoor/internal/database"
)

// slack is how far a clock may be off without having jumped.
const slack = time.Second

// watch notices when the database's clock jumps, by the process's own that
// only goes forward. It is the dispatcher's alone.
type watch struct {
	clock time.Time // the database's at the last look; zero before the first
	real  time.Time // ours, monotonic, at the same moment
	calm  time.Time // until then no lease is taken for over
}

// look compares the clocks; back tells that the database's was put back since
// the last look, and also at the first one, where nobody knows.
func (w *watch) look(now time.Time, lease time.Duration) (back bool) {
	ours := time.Now()
	first := w.clock.IsZero()
	drift := now.Sub(w.clock) - ours.Sub(w.real)
	w.clock, w.real = now, ours
	switch {
	case first:
		return true
	case drift > slack:
		// Every lease looks over; whoever lives renews theirs within a third of it.
		w.calm = ours.Add(lease)
	case drift < -slack:
		w.calm = ours.Add(lease)
		return true
	}
	return false
}

// restless tells whether no lease is to be taken for over at the moment that
// the database's clock says now: it has jumped, or has just done so.
func (w *watch) restless(now time.Time) bool {
	ours := time.Now()
	drift := now.Sub(w.clock) - ours.Sub(w.real)
	return ours.Before(w.calm) || drift > slack
}

// rebase makes what was said by a clock that ran ahead hold from now: nothing
// waits for a day because the clock was wrong for a minute. Doing it twice
// changes nothing.
func (r *Runner) rebase(ctx context.Context, now time.Time) error {
	err := r.db.Update(ctx, func(tx *database.Tx) error {
		done, err := tx.ExecContext(ctx, "UPDATE runs SET due_at = ?1 + due_at - due_from, due_from = ?1 WHERE due_at IS NOT NULL AND due_from > ?1 + ?2", now.UnixMilli(), slack.Milliseconds())
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE run_steps SET deadline = ?1 + deadline - started, started = ?1 WHERE ended IS NULL AND deadline IS NOT NULL AND started > ?1 + ?2", now.UnixMilli(), slack.Milliseconds())
		return err
	})
	if err != nil {
		return fmt.Errorf("put right what a wrong clock said: %w", err)
	}
	return nil
}
