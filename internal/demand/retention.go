package demand

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Expired counts what one run of Expire removed.
type Expired struct {
	Texts     int // events that lost their text
	Rows      int // events
	Addresses int
	SetAside  int // lines that were no events
}

// Expire removes what has been kept long enough by now: text, addresses and
// lines set aside after TextRetention, events after RowRetention. The events of a
// request go together, when the oldest does, so that no request is left
// without its beginning and counted wrongly.
func (w *Warehouse) Expire(ctx context.Context, now time.Time) (Expired, error) {
	var e Expired
	textBefore, rowBefore := now.Add(-time.Duration(w.cfg.TextRetention)).UnixMilli(), now.Add(-time.Duration(w.cfg.RowRetention)).UnixMilli()
	err := w.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if e.Texts, err = affected(tx.ExecContext(ctx, "UPDATE demand_events SET text = NULL WHERE time < ? AND text IS NOT NULL", textBefore)); err != nil {
			return err
		}
		if e.Addresses, err = affected(tx.ExecContext(ctx, "DELETE FROM demand_addresses WHERE expires <= ?", now.UnixMilli())); err != nil {
			return err
		}
		if e.SetAside, err = affected(tx.ExecContext(ctx, "DELETE FROM demand_set_aside WHERE time < ?", textBefore)); err != nil {
			return err
		}
		e.Rows, err = remove(ctx, tx, `SELECT seq FROM demand_events WHERE time < ?1
			UNION SELECT seq FROM demand_events WHERE request IN (SELECT request FROM demand_events WHERE time < ?1)`, rowBefore)
		return err
	})
	if err != nil {
		return Expired{}, fmt.Errorf("expire demand: %w", err)
	}
	return e, nil
}

// Forget deletes the events of the requests that actor asked, every event that
// they acted in and their address, and then rewrites the database file, so
// that no byte of it is left. It returns how many events went. Readers of the
// file that don't end within the database's busy timeout make it fail after
// the rows are gone; calling it again finishes the work.
func (w *Warehouse) Forget(ctx context.Context, actor string) (int, error) {
	if actor == "" {
		return 0, errors.New("forget: no actor")
	}
	n := 0
	err := w.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM demand_addresses WHERE actor = ?", actor); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM demand_set_aside WHERE instr(line, CAST(? AS BLOB)) > 0", actor); err != nil {
			return err
		}
		var err error
		n, err = remove(ctx, tx, `SELECT seq FROM demand_events WHERE actor = ?1
			UNION SELECT seq FROM demand_events WHERE request IN
				(SELECT request FROM demand_events WHERE actor = ?1 AND event = 'request_received')`, actor)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget %s: %w", actor, err)
	}
	if err := w.scrub(ctx); err != nil {
		return n, fmt.Errorf("forget %s: rewrite the database: %w", actor, err)
	}
	return n, nil
}

// scrub rewrites the file from what is alive and empties its journal:
// secure_delete alone clears deleted cells but not what moved between pages.
func (w *Warehouse) scrub(ctx context.Context) error {
	for _, statement := range []string{"PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if statement == "VACUUM" {
			if _, err := w.db.Write.ExecContext(ctx, statement); err != nil {
				return err
			}
			continue
		}
		var busy, pages, moved int
		if err := w.db.Write.QueryRowContext(ctx, statement).Scan(&busy, &pages, &moved); err != nil {
			return err
		}
		if busy != 0 {
			return errors.New("the journal is in use by a reader; try again")
		}
	}
	return nil
}

// Rewrite replaces the text of one event, or removes it where text is "": what
// is stored follows when an author edits or deletes a message. Unknown ids
// change nothing.
func (w *Warehouse) Rewrite(ctx context.Context, id, text string) error {
	_, err := w.db.Write.ExecContext(ctx, "UPDATE demand_events SET text = ? WHERE id = ? AND text IS NOT NULL", nullable(text), id)
	if err != nil {
		return fmt.Errorf("rewrite the text of %s: %w", id, err)
	}
	return nil
}

// remove deletes the events whose seqs the query selects, and makes the packs
// that held them anew from what is left.
func remove(ctx context.Context, tx *sql.Tx, query string, args ...any) (int, error) {
	for _, statement := range []string{
		"DROP TABLE IF EXISTS temp.demand_gone",
		"CREATE TEMP TABLE demand_gone (seq INTEGER PRIMARY KEY)",
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return 0, err
		}
	}
	n, err := affected(tx.ExecContext(ctx, "INSERT INTO temp.demand_gone "+query, args...))
	if err != nil || n == 0 {
		return 0, err
	}
	type span struct{ first, last int64 }
	var spans []span
	rows, err := tx.QueryContext(ctx, "SELECT first, last FROM demand_packs WHERE EXISTS (SELECT 1 FROM temp.demand_gone WHERE seq BETWEEN first AND last) ORDER BY first")
	if err != nil {
		return 0, err
	}
	for rows.Next() {
		var s span
		if err := rows.Scan(&s.first, &s.last); err != nil {
			_ = rows.Close()
			return 0, err
		}
		spans = append(spans, s)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, err
	}
	for _, statement := range []string{
		"DELETE FROM demand_packs WHERE EXISTS (SELECT 1 FROM temp.demand_gone WHERE seq BETWEEN first AND last)",
		"DELETE FROM demand_events WHERE seq IN (SELECT seq FROM temp.demand_gone)",
		"DROP TABLE temp.demand_gone",
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return 0, err
		}
	}
	l := &log{tx: tx}
	for _, s := range spans {
		if err := l.repack(ctx, s.first, s.last); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func affected(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}
