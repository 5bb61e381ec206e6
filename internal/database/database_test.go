package database_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"frontdoor/internal/database"
)

func TestMigrateTwiceAndFromTwoHandles(t *testing.T) {
	files := fstest.MapFS{"00001_first.sql": {Data: []byte("-- +goose Up\nCREATE TABLE things (id TEXT PRIMARY KEY);\n")}}
	path := filepath.Join(t.TempDir(), "a b?c#d%", "frontdoor.db")
	for range 2 {
		db, err := database.Open(t.Context(), "sqlite:"+path)
		if err != nil {
			t.Fatal(err)
		}
		if err := database.Migrate(t.Context(), db, "things", files); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Write.ExecContext(t.Context(), "INSERT OR IGNORE INTO things VALUES ('x')"); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.Read.QueryRowContext(t.Context(), "SELECT count(*) FROM things").Scan(&n); err != nil || n != 1 {
			t.Fatalf("%d things, %v", n, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
}

func TestPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	db, err := database.Open(t.Context(), "sqlite:"+filepath.Join(dir, "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Write.ExecContext(t.Context(), "CREATE TABLE x (y)"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"": 0o700, "a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", info.Name(), info.Mode().Perm(), want)
		}
	}
}

// Handles of their own stand for processes that start on the same new files.
func TestManyMigrateAtOnce(t *testing.T) {
	files := fstest.MapFS{
		"00001_first.sql":  {Data: []byte("-- +goose Up\nCREATE TABLE things (id TEXT PRIMARY KEY);\n")},
		"00002_second.sql": {Data: []byte("-- +goose Up\nALTER TABLE things ADD COLUMN size INTEGER;\n")},
	}
	for range 5 {
		path := filepath.Join(t.TempDir(), "frontdoor.db")
		open(t, path) // the first migration is there
		var opened, done sync.WaitGroup
		opened.Add(4)
		for range 4 {
			done.Go(func() {
				db, err := database.Open(t.Context(), path)
				opened.Done()
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = db.Close() }()
				opened.Wait()
				if err := database.Migrate(t.Context(), db, "things", files); err != nil {
					t.Error(err)
				}
				if _, err := db.Read.ExecContext(t.Context(), "SELECT size FROM things"); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
	}
}

func TestABrokenMigrationIsRefused(t *testing.T) {
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "frontdoor.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	files := fstest.MapFS{"00001_first.sql": {Data: []byte("-- +goose Up\nCREATE TABEL things (id TEXT);\n")}}
	if err := database.Migrate(t.Context(), db, "things", files); err == nil {
		t.Error("it was accepted")
	}
}
