package demand

import (
	"bufio"
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"time"

	"frontdoor/internal/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Warehouse is where events are kept. It is safe for concurrent use, also by
// several processes on the same file.
type Warehouse struct {
	db  *database.DB
	cfg Config
	key *key
}

// Open brings the tables of the room up to date in db, which stays the
// caller's to close, and loads cfg.Key, or where there is none makes one in
// dataDir (KeyFile).
func Open(ctx context.Context, db *database.DB, cfg Config, dataDir string) (*Warehouse, error) {
	key, err := loadKey(cfg.Key, dataDir)
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open the demand warehouse: %w", err)
	}
	if err := database.Migrate(ctx, db, "demand", files); err != nil {
		return nil, fmt.Errorf("open the demand warehouse: %w", err)
	}
	return &Warehouse{db: db, cfg: cfg, key: key}, nil
}

// Record stores lines of the live stream in one transaction. An event whose id
// is stored already changes nothing. A line that is no event is set aside with
// the reason (see SetAside) and never keeps the others from being stored.
func (w *Warehouse) Record(ctx context.Context, lines [][]byte) error {
	if len(lines) == 0 {
		return nil
	}
	rows := make([]row, 0, len(lines))
	type reject struct {
		line   []byte
		reason string
	}
	var rejects []reject
	for _, line := range lines {
		r, err := parseRow(line)
		if err != nil {
			rejects = append(rejects, reject{line, err.Error()})
			continue
		}
		rows = append(rows, r)
	}
	err := w.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, r := range rejects {
			if _, err := tx.ExecContext(ctx, "INSERT INTO demand_set_aside (time, reason, line) VALUES (?, ?, ?)",
				time.Now().UnixMilli(), r.reason, r.line); err != nil {
				return err
			}
		}
		log, err := openLog(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := log.insert(ctx, rows); err != nil {
			return err
		}
		if log.next-log.packed > livePack {
			return log.pack(ctx, nil)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record demand: %w", err)
	}
	return nil
}

// SetAside counts the lines of the live stream that were no events, since the
// text's retention began.
func (w *Warehouse) SetAside(ctx context.Context) (int, error) {
	var n int
	if err := w.db.Read.QueryRowContext(ctx, "SELECT count(*) FROM demand_set_aside").Scan(&n); err != nil {
		return 0, fmt.Errorf("count demand set aside: %w", err)
	}
	return n, nil
}

// Export writes the events of [since, until) to out, one a line, by time and
// then id. A zero time is no bound.
func (w *Warehouse) Export(ctx context.Context, out io.Writer, since, until time.Time) error {
	where, args := "1", []any{}
	if !since.IsZero() {
		where, args = where+" AND time >= ?", append(args, ceilMilli(since))
	}
	if !until.IsZero() {
		where, args = where+" AND time < ?", append(args, ceilMilli(until))
	}
	rows, err := w.db.Read.QueryContext(ctx, "SELECT "+columns+" FROM demand_events WHERE "+where+" ORDER BY time, id", args...)
	if err != nil {
		return fmt.Errorf("export demand: %w", err)
	}
	defer func() { _ = rows.Close() }()
	buffered := bufio.NewWriterSize(out, 1<<16)
	var line []byte
	for rows.Next() {
		r, _, err := scanRow(rows)
		if err != nil {
			return fmt.Errorf("export demand: %w", err)
		}
		line = append(r.appendLine(line[:0]), '\n')
		if _, err := buffered.Write(line); err != nil {
			return fmt.Errorf("export demand: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("export demand: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("export demand: %w", err)
	}
	return nil
}

// ceilMilli is the first whole millisecond not before t: events are kept to
// the millisecond, bounds are exact.
func ceilMilli(t time.Time) int64 {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Before(t) {
		ms++
	}
	return ms
}

// write runs f in one transaction. The context ends the transaction before it
// begins or when it ends, not in its middle: the driver would start a
// goroutine for each statement.
func (w *Warehouse) write(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tx, err := w.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(context.WithoutCancel(ctx), tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// log is the write end of the events within one transaction.
type log struct {
	tx     *sql.Tx
	packed int64 // seq of the last packed event
	tail   bool  // there are events behind it
	next   int64 // seq of the next event
}

func openLog(ctx context.Context, tx *sql.Tx) (*log, error) {
	l := &log{tx: tx}
	var last int64
	err := tx.QueryRowContext(ctx, `SELECT coalesce((SELECT max(last) FROM demand_packs), 0), coalesce((SELECT max(seq) FROM demand_events), 0)`).Scan(&l.packed, &last)
	l.tail = last > l.packed
	l.next = max(l.packed, last) + 1
	return l, err
}

// insert stores the rows whose ids are new and returns them with their seqs.
// One row a statement: with several, SQLite keeps a journal for the statement,
// which costs more than the calls that it saves.
func (l *log) insert(ctx context.Context, rows []row) ([]sequenced, error) {
	statement, err := l.tx.PrepareContext(ctx, "INSERT OR IGNORE INTO demand_events ("+columns+") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
	if err != nil {
		return nil, err
	}
	defer func() { _ = statement.Close() }()
	fresh := make([]sequenced, 0, len(rows))
	var args []any
	for i := range rows {
		args = rows[i].args(append(args[:0], l.next))
		stored, err := affected(statement.ExecContext(ctx, args...))
		if err != nil {
			return nil, err
		}
		if stored > 0 {
			fresh = append(fresh, sequenced{seq: l.next, row: &rows[i]})
			l.next++
		}
	}
	return fresh, nil
}

type sequenced struct {
	seq int64
	row *row
}
