package database

import (
	"context"
	"database/sql"
	"slices"
)

// maxPrepared bounds the statements kept ready; a query text that is put
// together anew each time would fill the memory otherwise.
const maxPrepared = 256

// Tx is a transaction of Update. It keeps the statements of earlier ones
// ready: parsing them is a third of the work of a short transaction.
type Tx struct {
	db *DB
	tx *sql.Tx
}

// ExecContext is that of sql.Tx.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if s := t.statement(ctx, query); s != nil {
		return s.ExecContext(ctx, args...)
	}
	return t.tx.ExecContext(ctx, query, args...)
}

// QueryContext is that of sql.Tx.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := t.statement(ctx, query); s != nil {
		return s.QueryContext(ctx, args...) //nolint:sqlclosecheck // the caller's to close
	}
	return t.tx.QueryContext(ctx, query, args...)
}

// QueryRowContext is that of sql.Tx.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := t.statement(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return t.tx.QueryRowContext(ctx, query, args...)
}

// statement is the query made ready, or nil: it cannot be prepared in the
// middle of a transaction, whose connection is the only one.
func (t *Tx) statement(ctx context.Context, query string) *sql.Stmt {
	w := &t.db.writes
	if s := w.prepared[query]; s != nil {
		return t.tx.StmtContext(ctx, s)
	}
	if len(w.prepared)+len(w.wanted) < maxPrepared && !slices.Contains(w.wanted, query) {
		w.wanted = append(w.wanted, query)
	}
	return nil
}

// prepare makes ready what the last batch wanted.
func (db *DB) prepare(ctx context.Context) {
	for _, query := range db.writes.wanted {
		s, err := db.Write.PrepareContext(ctx, query)
		if err != nil {
			continue // whoever uses it next is told what is wrong with it
		}
		db.writes.prepared[query] = s
	}
	db.writes.wanted = nil
}

// forget closes what was made ready.
func (db *DB) forget() {
	for _, s := range db.writes.prepared {
		_ = s.Close()
	}
	clear(db.writes.prepared)
	db.reads.mu.Lock()
	defer db.reads.mu.Unlock()
	for _, s := range db.reads.prepared {
		_ = s.Close()
	}
	clear(db.reads.prepared)
}
