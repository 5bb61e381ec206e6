package database

import (
	"context"
	"database/sql"
	"sync"
)

// reads are the statements of the reading pool that are kept ready.
type reads struct {
	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

// QueryContext reads outside of a transaction with a statement that is kept
// ready for the next time. Rows are the caller's to close.
func (db *DB) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := db.reader(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return db.Read.QueryContext(ctx, query, args...)
}

// QueryRowContext is QueryContext for one row.
func (db *DB) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := db.reader(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return db.Read.QueryRowContext(ctx, query, args...)
}

// reader is the query made ready, or nil where it can't be or too many are.
func (db *DB) reader(ctx context.Context, query string) *sql.Stmt {
	db.reads.mu.Lock()
	s, n := db.reads.prepared[query], len(db.reads.prepared)
	db.reads.mu.Unlock()
	if s != nil || n >= maxPrepared {
		return s
	}
	s, err := db.Read.PrepareContext(ctx, query) //nolint:sqlclosecheck // forget closes it
	if err != nil {
		return nil
	}
	db.reads.mu.Lock()
	defer db.reads.mu.Unlock()
	if other := db.reads.prepared[query]; other != nil {
		_ = s.Close()
		return other
	}
	db.reads.prepared[query] = s
	return s
}
