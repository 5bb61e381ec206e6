package demand

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
)

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
