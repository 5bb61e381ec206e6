package workflow

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"frontdoor/internal/database"
)

// Survey is how the runs of a database stand.
type Survey struct {
	Open    int       // neither ended nor unknown
	Unknown []Trouble // interrupted in the middle of a step: a person must decide
	Late    []Trouble // due for longer than a worker's lease: nobody works on them
	Expired []Trouble // their time for approval is over, and nobody has said so
	Frozen  []Freeze
	Unsaid  int       // reports that wait to be said
	Latest  time.Time // of the last start, by the clock of whoever wrote it
}

// Trouble is one run that doesn't go on by itself.
type Trouble struct {
	Run, Playbook, Step string
	Since               time.Time
}

// Migrations are the tables of this room.
func Migrations() fs.FS { return migrations() }

// Look surveys the runs by the time now, changing nothing; db may be
// database.Look's, and of an older release.
func Look(ctx context.Context, db *database.DB, cfg Config, now time.Time) (Survey, error) {
	var out Survey
	var latest int64
	err := db.Read.QueryRowContext(ctx, `SELECT coalesce(sum(ended IS NULL AND state <> ?), 0), coalesce(max(started), 0), (SELECT count(*) FROM run_reports) FROM runs`, Unknown).
		Scan(&out.Open, &latest, &out.Unsaid)
	if err != nil {
		return out, fmt.Errorf("look at the runs: %w", err)
	}
	if latest > 0 {
		out.Latest = time.UnixMilli(latest).UTC()
	}
	late := now.Add(-max(2*cfg.Lease, time.Minute)).UnixMilli()
	for _, q := range []struct {
		into  *[]Trouble
		where string
		args  []any
	}{
		{&out.Unknown, "state = ?", []any{Unknown}},
		{&out.Late, "ended IS NULL AND due_at < ? AND NOT (state = ? AND waits = ?)", []any{late, Waiting, ForApproval}},
		{&out.Expired, "ended IS NULL AND due_at < ? AND state = ? AND waits = ?", []any{late, Waiting, ForApproval}},
	} {
		if *q.into, err = troubles(ctx, db, q.where, q.args...); err != nil {
			return out, fmt.Errorf("look at the runs: %w", err)
		}
	}
	if have, _, err := db.Versions(ctx, "workflow", migrations()); err != nil || have < 2 {
		return out, err
	}
	if out.Frozen, err = readFreezes(ctx, db); err != nil {
		return out, fmt.Errorf("look at the freezes: %w", err)
	}
	return out, nil
}

func troubles(ctx context.Context, db *database.DB, where string, args ...any) ([]Trouble, error) {
	rows, err := db.Read.QueryContext(ctx, "SELECT id, playbook, step, coalesce(due_at, started) FROM runs WHERE "+where+" ORDER BY seq LIMIT 100", args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []Trouble
	for rows.Next() {
		var t Trouble
		var since int64
		if err := rows.Scan(&t.Run, &t.Playbook, &t.Step, &since); err != nil {
			return nil, err
		}
		t.Since = time.UnixMilli(since).UTC()
		out = append(out, t)
	}
	return out, rows.Err()
}
