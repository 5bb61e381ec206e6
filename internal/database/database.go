// Package database opens the store of runs, audit and demand records, and
// brings its tables up to date.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	goosedb "github.com/pressly/goose/v3/database"
	sqlite "modernc.org/sqlite" // and the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// DB is one open database. Write is one connection, so that writers of this
// process queue in Go rather than collide in SQLite; Read is a pool.
type DB struct {
	Write *sql.DB
	Read  *sql.DB
	Path  string // the SQLite file

	writes writes
	reads  reads
}

// Open opens address: "sqlite:FILE", or a plain path. The file and its
// directory are made when missing, for their owner's eyes only. Several
// processes may have it open.
func Open(ctx context.Context, address string) (*DB, error) {
	path := strings.TrimPrefix(address, "sqlite:")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the database's directory: %w", err)
	}
	if err := private(path); err != nil {
		return nil, fmt.Errorf("make the database %s: %w", path, err)
	}
	write, err := open(ctx, path, 1)
	if err != nil {
		return nil, err
	}
	read, err := open(ctx, path, 4)
	if err != nil {
		_ = write.Close()
		return nil, err
	}
	return &DB{Write: write, Read: read, Path: path, writes: writes{turn: make(chan struct{}, 1), prepared: map[string]*sql.Stmt{}}, reads: reads{prepared: map[string]*sql.Stmt{}}}, nil
}

// private makes the file where it is missing: SQLite itself would let the
// whole machine read it. Its -wal and -shm files get the same mode.
func private(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func open(ctx context.Context, path string, connections int) (*sql.DB, error) {
	// FULL: what was committed survives a power cut, as architecture promises.
	// immediate: a writer that waits for another process waits at BEGIN, where
	// busy_timeout works, not at its first write, where it fails at once.
	q := url.Values{
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "secure_delete(1)"},
		"_txlock": {"immediate"},
	}
	if connections > 1 {
		q.Del("_txlock")
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := ready(ctx, db); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open database %s: %w", path, plain(err))
	}
	return db, nil
}

// ready waits for a first connection. Who turns a new file to WAL first holds
// it for a moment, and SQLite tells the others so at once: its busy_timeout
// has no say in that.
func ready(ctx context.Context, db *sql.DB) error {
	for until := time.Now().Add(busy); ; {
		err := db.PingContext(ctx)
		var e *sqlite.Error
		if !errors.As(err, &e) || e.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// busy is how long one process waits for another that holds the file.
const busy = 10 * time.Second

// Close waits for the commit in hand and closes both pools.
func (db *DB) Close() error {
	db.writes.turn <- struct{}{} // the last commit ends first
	defer func() { <-db.writes.turn }()
	db.forget()
	err := db.Read.Close()
	if e := db.Write.Close(); err == nil {
		err = e
	}
	return err
}

// Migrate applies the migrations of one room, `*.sql` at the top of files in
// goose's format, and remembers them in a version table of the room's own.
// Several processes may do so at the same time, as at their first start on the
// same files.
func Migrate(ctx context.Context, db *DB, room string, files fs.FS) error {
	store, err := goosedb.NewStore(goosedb.DialectSQLite3, "goose_"+room)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", room, err)
	}
	provider, err := goose.NewProvider(goosedb.DialectCustom, db.Write, files, goose.WithStore(store), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate %s: %w", room, err)
	}
	// Each migration is one transaction with its version. Whoever comes second
	// fails on what the first has made, has changed nothing, and finds it done
	// when it looks again: once for each migration, and for the version table.
	for range len(provider.ListSources()) + 2 {
		if _, err = provider.Up(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("migrate %s: %w", room, plain(err))
	}
	return nil
}
