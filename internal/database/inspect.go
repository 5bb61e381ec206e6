package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
)

// Condition is how a database file was found.
type Condition struct {
	Bytes   int64    // of the file and its write-ahead log
	Damaged []string // what SQLite's quick_check says; none is well
}

// Look opens the file at address to read, changing nothing: neither is the
// file made nor its tables brought up to date. It works beside processes that
// write. The error is fs.ErrNotExist where there is no file.
func Look(ctx context.Context, address string) (*DB, error) {
	file := strings.TrimPrefix(address, "sqlite:")
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("look at the database: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("look at the database: %s is a directory", file)
	}
	q := url.Values{"_pragma": {"busy_timeout(2000)", "query_only(1)"}, "mode": {"ro"}}
	if log, err := os.Stat(file + "-wal"); errors.Is(err, fs.ErrNotExist) || err == nil && log.Size() == 0 {
		// Nobody writes: opened like this, SQLite leaves no file of its own beside it.
		q.Set("immutable", "1")
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("look at the database: %w", err)
	}
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("look at the database: %w", plain(err))
	}
	return &DB{Write: db, Read: db, Path: file, writes: writes{turn: make(chan struct{}, 1), prepared: map[string]*sql.Stmt{}}, reads: reads{prepared: map[string]*sql.Stmt{}}}, nil
}

// Inspect checks the file's structure. It reads all of it, and stops with ctx.
func (db *DB) Inspect(ctx context.Context) (Condition, error) {
	var out Condition
	for _, name := range []string{db.Path, db.Path + "-wal"} {
		if info, err := os.Stat(name); err == nil {
			out.Bytes += info.Size()
		}
	}
	rows, err := db.Read.QueryContext(ctx, "PRAGMA quick_check(10)")
	if err != nil {
		return out, fmt.Errorf("check the database: %w", plain(err))
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return out, fmt.Errorf("check the database: %w", plain(err))
		}
		if line != "ok" {
			out.Damaged = append(out.Damaged, line)
		}
	}
	if err := rows.Err(); err != nil {
		return out, fmt.Errorf("check the database: %w", plain(err))
	}
	return out, nil
}

// Versions are the migrations of one room that the database has, and the
// latest that files has: a release that is older than the database's tables
// finds have above want.
func (db *DB) Versions(ctx context.Context, room string, files fs.FS) (have, want int64, err error) {
	entries, err := fs.Glob(files, "*.sql")
	if err != nil {
		return 0, 0, fmt.Errorf("list the migrations of %s: %w", room, err)
	}
	for _, name := range entries {
		number, _, _ := strings.Cut(path.Base(name), "_")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			want = max(want, n)
		}
	}
	var there int
	if err := db.Read.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = ?", "goose_"+room).Scan(&there); err != nil {
		return 0, want, fmt.Errorf("read the migrations of %s: %w", room, plain(err))
	}
	if there == 0 {
		return 0, want, nil
	}
	if err := db.Read.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_"+room).Scan(&have); err != nil {
		return 0, want, fmt.Errorf("read the migrations of %s: %w", room, plain(err))
	}
	return have, want, nil
}
