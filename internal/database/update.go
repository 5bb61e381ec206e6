package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// group is how many writes share a commit at most: enough that the disk's
// sync is shared by all who wait for it, few enough that one bad batch is
// done again quickly.
const group = 64

// writes is the queue of Update. Whoever gets the turn commits what all of
// them brought.
type writes struct {
	turn  chan struct{} // holds a token while somebody commits
	mu    sync.Mutex
	queue []*write

	prepared map[string]*sql.Stmt // used only by whoever has the turn
	wanted   []string             // to be prepared before the next batch
}

type write struct {
	do   func(*Tx) error
	done chan struct{}
	err  error
}

// Update runs do in a write transaction and returns once it is on disk. Calls
// that wait at the same time share one commit, each in a savepoint of its own:
// what one of them returns as an error undoes its own changes alone. An error
// of the database itself undoes them all and everyone gets it. do is called
// once, must use nothing but the transaction, and must not wait for anything.
//
// ctx ends the wait for a turn; a write that was taken into a batch is finished.
func (db *DB) Update(ctx context.Context, do func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &write{do: do, done: make(chan struct{})}
	db.writes.mu.Lock()
	db.writes.queue = append(db.writes.queue, w)
	db.writes.mu.Unlock()
	for {
		select {
		case <-w.done:
			return w.err
		case db.writes.turn <- struct{}{}:
			db.take(ctx, w)
		case <-ctx.Done():
			if db.writes.withdraw(w) {
				return ctx.Err()
			}
			<-w.done
			return w.err
		}
	}
}

// take has the turn, and gives it back also where a write panics.
func (db *DB) take(ctx context.Context, w *write) {
	defer func() { <-db.writes.turn }()
	select {
	case <-w.done: // by the batch that ended just now
	default:
		db.batch(ctx)
	}
}

// withdraw takes w out of the queue; false where it is already in a batch.
func (q *writes) withdraw(w *write) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.queue {
		if other == w {
			q.queue = append(q.queue[:i:i], q.queue[i+1:]...)
			return true
		}
	}
	return false
}

// batch commits the oldest of the queue.
func (db *DB) batch(ctx context.Context) {
	db.writes.mu.Lock()
	n := min(group, len(db.writes.queue))
	taken := db.writes.queue[:n:n]
	db.writes.queue = append([]*write(nil), db.writes.queue[n:]...)
	db.writes.mu.Unlock()
	if n == 0 {
		return
	}
	err := errors.New("a write of the same batch panicked")
	defer func() {
		for _, w := range taken {
			if err != nil {
				w.err = plain(err)
			}
			close(w.done)
		}
	}()
	// The batch belongs to several callers: none of them may break it off.
	err = db.commit(context.WithoutCancel(ctx), taken)
}

func (db *DB) commit(ctx context.Context, batch []*write) (err error) {
	db.prepare(ctx)
	begun, err := db.Write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		// Also where do panics: the panic goes on, the lock does not stay.
		_ = begun.Rollback()
	}()
	tx := &Tx{db: db, tx: begun}
	if len(batch) == 1 {
		if batch[0].err = batch[0].do(tx); batch[0].err != nil {
			batch[0].err = plain(batch[0].err)
			return nil
		}
	} else {
		for _, w := range batch {
			if err := savepoint(ctx, tx, w); err != nil {
				return err
			}
		}
	}
	if err := begun.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func savepoint(ctx context.Context, tx *Tx, w *write) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT one"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if w.err = w.do(tx); w.err != nil {
		// A full disk ends the whole transaction, and with it the savepoint.
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO one"); err != nil {
			return w.err
		}
		w.err = plain(w.err)
	}
	if _, err := tx.ExecContext(ctx, "RELEASE one"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// plain puts the words that a person can act on before SQLite's.
func plain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	words := ""
	switch e.Code() & 0xff { // the primary code: https://sqlite.org/rescode.html
	case sqlite3.SQLITE_FULL:
		words = "the disk is full"
	case sqlite3.SQLITE_READONLY:
		words = "the database cannot be written: its file or directory is read-only"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		words = "another process holds the database"
	case sqlite3.SQLITE_CANTOPEN:
		words = "the database file cannot be opened"
	case sqlite3.SQLITE_IOERR:
		words = "the disk does not read or write"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		words = "the file is damaged or is no database"
	default:
		return err
	}
	return fmt.Errorf("%s: %w", words, err)
}
