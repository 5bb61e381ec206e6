package workflow

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"frontdoor/internal/database"
)

// maxTold is how many of those who wait for a lock are told when the line
// moves: the first ones. Who stands further back hears of it when they come
// nearer.
const maxTold = 10

// queue takes the lock, or a place behind those who asked before.
func (f *flow) queue(ctx context.Context, tx *database.Tx) error {
	var ahead int
	var holding bool
	err := tx.QueryRowContext(ctx, `SELECT count(*), coalesce(max(holds = 1 AND id = ?2), 0) FROM runs WHERE lock = ?1 AND ticket IS NOT NULL`, f.Lock, f.ID).Scan(&ahead, &holding)
	if err != nil || holding {
		return err // it may have kept its lock over an approval or an interruption
	}
	holds, since := 0, any(nil)
	if ahead == 0 {
		holds, since = 1, f.now.UnixMilli()
	} else {
		f.wait(ForLock, time.Time{})
		text, err := place(ctx, tx, f.Lock, ahead, "")
		if err != nil {
			return err
		}
		f.report(Report{Kind: ReportWaiting, Text: text})
	}
	_, err = tx.ExecContext(ctx, "UPDATE runs SET holds = ?, held = ?, ticket = (SELECT coalesce(max(ticket), 0) + 1 FROM runs WHERE lock = ?) WHERE id = ?", holds, since, f.Lock, f.ID)
	return err
}

// place says where in a lock's line somebody stands. before is the run right
// before, "" is the last one in line.
func place(ctx context.Context, tx *database.Tx, lock string, nth int, before string) (string, error) {
	var holder, source string
	var since sql.NullInt64
	err := tx.QueryRowContext(ctx, "SELECT id, origin, held FROM runs WHERE lock = ? AND holds = 1", lock).Scan(&holder, &source, &since)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Sprintf("It waits for the lock %s.", code(lock)), nil
	}
	if err != nil {
		return "", err
	}
	by, err := whose(source)
	if err != nil {
		return "", err
	}
	held := fmt.Sprintf("held by %s (%s)", by, code(holder))
	if since.Valid {
		held += fmt.Sprintf(" since %s", moment(since).Format("15:04 MST"))
	}
	if nth <= 1 {
		return fmt.Sprintf("It waits for the lock %s, %s: it is next.", code(lock), held), nil
	}
	if before == "" {
		if err := tx.QueryRowContext(ctx, "SELECT id FROM runs WHERE lock = ? AND ticket IS NOT NULL ORDER BY ticket DESC LIMIT 1", lock).Scan(&before); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("It waits for the lock %s, %s: it is %s in line, behind %s.", code(lock), held, ordinal(nth), code(before)), nil
}

// release leaves the lock's queue, hands the lock on where it was held, and
// tells those behind where they stand now.
func (f *flow) release(ctx context.Context, tx *database.Tx) error {
	var ticket sql.NullInt64
	if err := tx.QueryRowContext(ctx, "SELECT ticket FROM runs WHERE id = ?", f.ID).Scan(&ticket); err != nil || !ticket.Valid {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE runs SET holds = 0, ticket = NULL WHERE id = ?", f.ID); err != nil {
		return err
	}
	var next string
	err := tx.QueryRowContext(ctx, `SELECT id FROM runs WHERE lock = ?1 AND ticket IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM runs WHERE lock = ?1 AND holds = 1) ORDER BY ticket LIMIT 1`, f.Lock).Scan(&next)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	default:
		if _, err = tx.ExecContext(ctx, "UPDATE runs SET holds = 1, held = ?, waits = ?, due_at = ?, due_from = ?, epoch = epoch + 1 WHERE id = ?", f.now.UnixMilli(), ForWorker, f.now.UnixMilli(), f.now.UnixMilli(), next); err != nil {
			return err
		}
	}
	return f.tellLine(ctx, tx, ticket.Int64)
}

// tellLine tells the first ones in line whose place has changed.
func (f *flow) tellLine(ctx context.Context, tx *database.Tx, left int64) error {
	line, err := readRows(ctx, tx, "SELECT "+columns+" FROM runs WHERE lock = ? AND ticket IS NOT NULL AND waits = ? ORDER BY ticket LIMIT ?", f.Lock, ForLock, maxTold)
	if err != nil {
		return err
	}
	before := ""
	for i, w := range line {
		var ticket int64
		if err := tx.QueryRowContext(ctx, "SELECT ticket FROM runs WHERE id = ?", w.ID).Scan(&ticket); err != nil {
			return err
		}
		if ticket > left {
			text, err := place(ctx, tx, f.Lock, i+1, before)
			if err != nil {
				return err
			}
			waits := &flow{Run: w.Run, said: w.said, now: f.now}
			waits.report(Report{Kind: ReportWaiting, Text: text})
			if _, err := tx.ExecContext(ctx, "UPDATE runs SET said = ? WHERE id = ?", waits.said, w.ID); err != nil {
				return err
			}
			if err := say(ctx, tx, w.ID, waits.reports); err != nil {
				return err
			}
		}
		before = w.ID
	}
	return nil
}
