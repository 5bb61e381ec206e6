package database_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"frontdoor/internal/database"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(tb testing.TB, path string) *database.DB {
	tb.Helper()
	db, err := database.Open(tb.Context(), path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	files := fstest.MapFS{"00001_first.sql": {Data: []byte("-- +goose Up\nCREATE TABLE things (id TEXT PRIMARY KEY);\n")}}
	if err := database.Migrate(tb.Context(), db, "things", files); err != nil {
		tb.Fatal(err)
	}
	return db
}

func insert(ctx context.Context, id string) func(*database.Tx) error {
	return func(tx *database.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO things VALUES (?)", id)
		return err
	}
}

func count(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	if err := db.Read.QueryRowContext(t.Context(), "SELECT count(*) FROM things").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Two handles stand for two processes; every third write fails by itself.
func TestUpdateManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	handles := []*database.DB{open(t, path), open(t, path)}
	refused := errors.New("refused")
	var wait sync.WaitGroup
	results := make([]error, 300)
	for i := range results {
		wait.Go(func() {
			results[i] = handles[i%2].Update(t.Context(), func(tx *database.Tx) error {
				if err := insert(t.Context(), fmt.Sprint(i))(tx); err != nil {
					return err
				}
				if i%3 == 0 {
					return refused
				}
				return nil
			})
		})
	}
	wait.Wait()
	for i, err := range results {
		if (i%3 == 0) != errors.Is(err, refused) || i%3 != 0 && err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if n := count(t, handles[0]); n != 200 {
		t.Errorf("%d rows, want those 200 that were not refused", n)
	}
}

func TestUpdateEndsWithItsContext(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "frontdoor.db"))
	holding, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- db.Update(t.Context(), func(*database.Tx) error {
			close(holding)
			<-release
			return nil
		})
	}()
	<-holding
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() { second <- db.Update(ctx, insert(ctx, "late")) }()
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("a write whose context ended returned %v", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows of a withdrawn write", n)
	}
}

func TestUpdatePanicLeavesTheDatabaseUsable(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "frontdoor.db"))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = db.Update(t.Context(), func(*database.Tx) error { panic("bug") })
	}()
	if err := db.Update(t.Context(), insert(t.Context(), "after")); err != nil {
		t.Error(err)
	}
}

func TestErrorsAreInPlainWords(t *testing.T) {
	t.Run("disk full", func(t *testing.T) {
		db := open(t, filepath.Join(t.TempDir(), "frontdoor.db"))
		// As a full disk answers: the file may not grow any more.
		if _, err := db.Write.ExecContext(t.Context(), "PRAGMA max_page_count = 1"); err != nil {
			t.Fatal(err)
		}
		err := db.Update(t.Context(), insert(t.Context(), strings.Repeat("x", 1<<20)))
		if err == nil || !strings.HasPrefix(err.Error(), "the disk is full: ") {
			t.Errorf("got %v", err)
		}
		if err := db.Update(t.Context(), insert(t.Context(), "small")); err != nil {
			t.Errorf("a small write after it: %v", err)
		}
	})
	t.Run("no database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "frontdoor.db")
		if err := os.WriteFile(path, []byte(strings.Repeat("this is a letter\n", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := database.Open(t.Context(), path)
		if err == nil || !strings.Contains(err.Error(), "the file is damaged or is no database") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("read-only", func(t *testing.T) {
		db := open(t, filepath.Join(t.TempDir(), "frontdoor.db"))
		if _, err := db.Write.ExecContext(t.Context(), "PRAGMA query_only = 1"); err != nil {
			t.Fatal(err)
		}
		err := db.Update(t.Context(), insert(t.Context(), "x"))
		if err == nil || !strings.HasPrefix(err.Error(), "the database cannot be written") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("directory is a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := database.Open(t.Context(), filepath.Join(path, "frontdoor.db")); err == nil {
			t.Error("opened below a file")
		}
	})
}
