package workflow

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"frontdoor/internal/database"
)

const (
	troubleSaid = time.Second     // a trouble that lasts longer is told to whoever waits
	lastTries   = 2 * time.Second // how long the last words of a process that ends are tried to be kept
)

// persist stores what has changed. While the database doesn't take it, as on a
// full disk, it tries again for as long as it may: what was done must not be
// forgotten, and a worker that has lost its lease is refused by the epoch.
func (r *Runner) persist(ctx context.Context, f *flow) error {
	ctx = context.WithoutCancel(ctx)
	pause, told := 50*time.Millisecond, false
	var ending time.Time
	for began := time.Now(); ; {
		err := r.db.Update(ctx, func(tx *database.Tx) error { return f.save(ctx, tx, f.now.Add(r.cfg.Lease)) })
		if err == nil {
			f.saved()
			r.poke()
			return nil
		}
		if errors.Is(err, errLost) {
			return err
		}
		if r.ending.Load() {
			if ending.IsZero() {
				ending = time.Now()
			} else if time.Since(ending) > lastTries {
				return err
			}
		}
		if !told && time.Since(began) > troubleSaid {
			told = true
			r.opts.Log.Error("store what came of a step: it is held until it can be", zap.String("run", f.ID), zap.Error(err))
			r.sayHeld(ctx, f, err)
		}
		time.Sleep(pause)
		pause = min(2*pause, time.Second)
	}
}

// sayHeld tells whoever waits why nothing goes on. It can't be stored first,
// like other reports: that is the trouble.
func (r *Runner) sayHeld(ctx context.Context, f *flow, trouble error) {
	why := "my database doesn't take it"
	for _, known := range []string{"the disk is full", "the database cannot be written", "another process holds the database", "the disk does not read or write"} {
		if strings.Contains(trouble.Error(), known) {
			why = known
		}
	}
	report := Report{
		ID: fmt.Sprintf("%s/held/%d", f.ID, f.epoch), Kind: ReportProgress, Run: f.Run, Time: f.now, Step: f.Step,
		Text: fmt.Sprintf("I can't write down how far %s has come: %s. I hold on to it, and go on as soon as I can.", code(f.ID), why),
		At:   f.At, Message: f.Message, Line: f.Line, Request: f.Request, By: f.By,
	}
	report.Run.Steps = nil
	if r.opts.Say == nil || r.opts.Speaks != nil && !r.opts.Speaks(report) {
		return
	}
	if err := r.opts.Say(ctx, report); err != nil {
		r.opts.Log.Warn("say that a run is held up", zap.String("run", f.ID), zap.Error(err))
	}
}
