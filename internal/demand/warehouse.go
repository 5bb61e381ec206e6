package demand

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
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

// importBatch is how many lines one transaction of Import stores: large enough
// that the disk's flush is a small part, small enough that the live stream
// waits for less than a second.
const importBatch = 20_000

// maxLine is the longest line that Import takes, in bytes.
const maxLine = 4 << 20

type numbered struct {
	row  row
	line int
	err  error
}

// Import stores the events in r, one a line, and returns how many of them were
// new. Blank lines are passed over; bad, when not nil, is called for each line
// that is no event, with its number from 1, in order. Import neither redacts
// nor hashes: what comes in is what an export gave out.
func (w *Warehouse) Import(ctx context.Context, r io.Reader, bad func(line int, err error)) (int, error) {
	if err := w.bulk(ctx, "PRAGMA cache_size = -65536", "PRAGMA temp_store = MEMORY", "PRAGMA wal_autocheckpoint = 16384"); err != nil {
		return 0, fmt.Errorf("import demand: %w", err)
	}
	defer func() {
		_ = w.bulk(context.WithoutCancel(ctx), "PRAGMA cache_size = -2000", "PRAGMA temp_store = DEFAULT", "PRAGMA wal_autocheckpoint = 1000", "PRAGMA wal_checkpoint(PASSIVE)")
	}()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	batches := make(chan batch, 2)
	go readBatches(reading, r, batches)
	n := 0
	for {
		var b batch
		select {
		case b = <-batches:
		case <-ctx.Done():
			return n, fmt.Errorf("import demand: %w", ctx.Err())
		}
		rows := make([]row, 0, len(b.lines))
		for _, l := range b.lines {
			if l.err == nil {
				rows = append(rows, l.row)
			} else if bad != nil {
				bad(l.line, l.err)
			}
		}
		stored, err := w.store(ctx, rows)
		n += stored
		switch {
		case err != nil:
			return n, fmt.Errorf("import demand: %w", err)
		case errors.Is(b.end, io.EOF):
			return n, nil
		case b.end != nil:
			return n, fmt.Errorf("import demand: %w", b.end)
		}
	}
}

// bulk sets the writer up for many rows, and back: a cache that holds the
// index of the ids, no file for what a statement might undo, and pages that
// many rows touch copied from the journal less often.
func (w *Warehouse) bulk(ctx context.Context, pragmas ...string) error {
	for _, p := range pragmas {
		if _, err := w.db.Write.ExecContext(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// store is one transaction of Import.
func (w *Warehouse) store(ctx context.Context, rows []row) (int, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	stored := 0
	err := w.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		log, err := openLog(ctx, tx)
		if err != nil {
			return err
		}
		fresh, err := log.insert(ctx, rows)
		if err != nil {
			return err
		}
		stored = len(fresh)
		return log.pack(ctx, fresh)
	})
	if err != nil {
		return 0, err
	}
	return stored, nil
}

// batch is what one transaction of Import stores.
type batch struct {
	lines []numbered
	end   error // nil where more follow, io.EOF where that was all
}

// readBatches parses r until its end, beside the transactions that store what
// it has read. It ends with ctx, or as soon as r returns after that.
func readBatches(ctx context.Context, r io.Reader, out chan<- batch) {
	in := bufio.NewReaderSize(r, 1<<20)
	b := batch{lines: make([]numbered, 0, importBatch)}
	for n := 1; b.end == nil; n++ {
		line, err := readLine(in)
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		switch {
		case errors.Is(err, errLong):
			b.lines = append(b.lines, numbered{line: n, err: refuse("longer than %d bytes", maxLine)})
		case err != nil && !errors.Is(err, io.EOF):
			b.end = err
		default:
			b.end = err
			if len(bytes.TrimSpace(line)) > 0 {
				l := numbered{line: n}
				l.row, l.err = parseRow(line)
				b.lines = append(b.lines, l)
			}
		}
		if len(b.lines) < importBatch && b.end == nil {
			continue
		}
		select {
		case out <- b:
		case <-ctx.Done():
			return
		}
		b.lines = make([]numbered, 0, importBatch)
	}
}

var errLong = errors.New("line is too long")

// readLine returns the next line, good until the next call, and io.EOF with
// the last one. A line longer than maxLine is read to its end for errLong.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	long := bytes.Clone(line)
	tooLong := false
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = in.ReadSlice('\n')
		if tooLong = tooLong || len(long)+len(line) > maxLine; !tooLong {
			long = append(long, line...)
		}
	}
	if tooLong && err == nil {
		return nil, errLong
	}
	return long, err
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

const columns = "seq, id, event, request, time, platform, workspace, channel, thread, actor, team, text, tags, fields, layout"

// columnCodes are the keys that columns 5 to 11 hold.
var columnCodes = [...]uint8{keyPlatform, keyWorkspace, keyChannel, keyThread, keyActor, keyTeam, keyText}

// args are the values of columns behind seq.
func (r *row) args(dst []any) []any {
	column := func(c uint8) any {
		if r.has&(1<<c) == 0 || r.null&(1<<c) != 0 {
			return nil
		}
		return r.value[c]
	}
	dst = append(dst, r.value[keyID], r.kind.name, column(keyRequest), r.time)
	for _, c := range columnCodes {
		dst = append(dst, column(c))
	}
	return append(dst, nullable(r.tags), nullable(r.fields()), nullable(r.layoutLetters()))
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// fields is the JSON object of own and unknown members, "" where there are none.
func (r *row) fields() string {
	if len(r.kind.own) == 0 && len(r.more) == 0 {
		return ""
	}
	b := append(make([]byte, 0, 64), '{')
	for i, o := range r.kind.own {
		b = append(appendKey(b, o.name), r.own[i]...)
	}
	for _, m := range r.more {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, m...)
	}
	return string(append(b, '}'))
}

// layoutLetters is "" where order and presence of the keys follow from the
// columns: else a letter a key from 'a', a capital where it is null.
func (r *row) layoutLetters() string {
	order := r.layout()
	common := r.null & (1<<ownKey - 1)
	if common == 0 && (len(order) == 0 || &order[0] == &r.kind.order[0] || r.follows(order)) {
		return ""
	}
	letters := make([]byte, 0, len(order))
	for _, c := range order {
		switch bit := uint16(1) << c; {
		case r.has&bit == 0:
		case r.null&bit != 0:
			letters = append(letters, 'A'+c)
		default:
			letters = append(letters, 'a'+c)
		}
	}
	return string(letters)
}

// follows tells whether order is the format's.
func (r *row) follows(order []uint8) bool {
	at := -1
	for _, c := range order {
		place := bytes.IndexByte(r.kind.order, c)
		if place < at {
			return false
		}
		at = place
	}
	return true
}

// scanRow reads the row of columns that rows stands on.
func scanRow(rows *sql.Rows) (r row, seq int64, err error) {
	var name string
	var cells [10]sql.NullString // request, the seven of columnCodes, tags, fields
	var layout sql.NullString
	dst := []any{&seq, &r.value[keyID], &name, &cells[0], &r.time}
	for i := 1; i < len(cells); i++ {
		dst = append(dst, &cells[i])
	}
	if err := rows.Scan(append(dst, &layout)...); err != nil {
		return r, 0, err
	}
	if r.kind = kindOf(name); r.kind == nil {
		return r, 0, fmt.Errorf("event %s is of kind %q, which this release doesn't know", r.value[keyID], name)
	}
	r.value[keyEvent] = name
	r.has = 1<<keyID | 1<<keyEvent | 1<<keyTime
	set := func(c uint8, cell sql.NullString) {
		if cell.Valid {
			r.has |= 1 << c
			r.value[c] = cell.String
		}
	}
	set(keyRequest, cells[0])
	for i, c := range columnCodes {
		set(c, cells[i+1])
	}
	if cells[8].Valid {
		r.tags = cells[8].String
		r.has |= 1 << keyTags
	}
	if cells[9].Valid {
		err = members(cells[9].String, func(key, value string) error {
			if c := r.kind.codeOf(unquote(key)); c >= ownKey && r.has&(1<<c) == 0 {
				r.has |= 1 << c
				r.own[c-ownKey] = value
				return nil
			}
			r.more = append(r.more, key+":"+value)
			return nil
		})
	}
	for _, letter := range []byte(layout.String) {
		c := letter - 'a'
		if letter < 'a' {
			c = letter - 'A'
			r.null |= 1 << c
			r.has |= 1 << c
		}
		if r.keys < len(r.order) {
			r.order[r.keys] = c
			r.keys++
		}
	}
	return r, seq, err
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
