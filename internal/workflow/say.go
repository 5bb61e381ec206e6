package workflow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"frontdoor/internal/database"
)

// batch is how many reports are read, said and deleted at once.
const batch = 100

// tell says what there is to say until ctx ends, and then once more.
func (r *Runner) tell(ctx context.Context) {
	pause := r.opts.Poll
	for {
		said, err := r.sayAll(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			r.opts.Log.Warn("say reports: they stay stored", zap.Error(err))
			pause = min(2*pause, 5*time.Second)
		case said == batch:
			continue
		default:
			pause = r.opts.Poll
		}
		timer := time.NewTimer(pause)
		select {
		case <-r.pump:
			timer.Stop()
			if pause > r.opts.Poll { // whom we speak to is away: a new report won't bring it back
				time.Sleep(r.opts.Poll)
			}
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			last, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer stop()
			if _, err := r.sayAll(last); err != nil {
				r.opts.Log.Warn("say the last reports: they stay stored", zap.Error(err))
			}
			return
		}
	}
}

// sayAll says one batch in order and deletes what was said. After an error
// the rest of that run waits, other runs' reports don't.
func (r *Runner) sayAll(ctx context.Context) (said int, err error) {
	all, err := r.ours(ctx, "IS NOT NULL", nil)
	if err != nil {
		return 0, err
	}
	var done []int64
	failed := map[string]bool{}
	var trouble error
	for _, s := range all {
		report := s.report
		if failed[s.run] || ctx.Err() != nil {
			continue
		}
		if s.err != nil {
			trouble = fmt.Errorf("read a report of run %s: %w", s.run, s.err)
			failed[s.run] = true
			continue
		}
		if err := r.opts.Say(ctx, report); err != nil {
			trouble = fmt.Errorf("say report %s: %w", report.ID, err)
			failed[s.run] = true
			continue
		}
		done = append(done, s.seq)
	}
	if len(done) > 0 {
		ctx := context.WithoutCancel(ctx)
		err := r.db.Update(ctx, func(tx *database.Tx) error {
			for _, seq := range done {
				if _, err := tx.ExecContext(ctx, "DELETE FROM run_reports WHERE seq = ?", seq); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return len(done), fmt.Errorf("delete what was said: %w", err)
		}
		r.changedNow()
	}
	return len(done), trouble
}

// changedNow wakes whoever waits in Wait or Idle.
func (r *Runner) changedNow() {
	r.mu.Lock()
	close(r.changed)
	r.changed = make(chan struct{})
	r.mu.Unlock()
}

// stored is one report that waits to be said.
type stored struct {
	seq    int64
	run    string
	report Report
	err    error // it can't be read
}

// ours are the first reports that are this process's to say, at most batch.
// Those of other processes are passed over, however many they are.
func (r *Runner) ours(ctx context.Context, which string, args []any) ([]stored, error) {
	var out []stored
	after := int64(0)
	for {
		rows, err := r.db.QueryContext(ctx, "SELECT seq, run, body FROM run_reports WHERE run "+which+" AND seq > ? ORDER BY seq LIMIT ?", append(slices.Clone(args), after, batch)...)
		if err != nil {
			return nil, fmt.Errorf("read reports: %w", err)
		}
		n := 0
		for rows.Next() {
			var s stored
			var body string
			if err = rows.Scan(&s.seq, &s.run, &body); err != nil {
				break
			}
			n, after = n+1, s.seq
			s.err = json.Unmarshal([]byte(body), &s.report)
			if s.err != nil || r.opts.Speaks == nil || r.opts.Speaks(s.report) {
				out = append(out, s)
			}
		}
		if e := rows.Err(); err == nil {
			err = e
		}
		_ = rows.Close()
		if err != nil {
			return nil, fmt.Errorf("read reports: %w", err)
		}
		if n < batch || len(out) >= batch {
			return out, nil
		}
	}
}
