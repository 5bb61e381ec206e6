package keyfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"frontdoor/internal/keyfile"
)

func TestManyMakersOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "below", "a.key")
	if _, err := keyfile.Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read without a file: %v", err)
	}
	keys := make([]string, 8)
	var making sync.WaitGroup
	for i := range keys {
		making.Go(func() {
			var err error
			if keys[i], err = keyfile.ReadOrMake(path); err != nil {
				t.Error(err)
			}
		})
	}
	making.Wait()
	for _, k := range keys {
		if k != keys[0] || keyfile.Check(k) != nil {
			t.Errorf("keys %q and %q", k, keys[0])
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("beside it lie %v, %v", left, err)
	}
}

func TestShortKeyIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.key")
	if err := os.WriteFile(path, []byte(" fifteen letters\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keyfile.ReadOrMake(path); !errors.Is(err, keyfile.ErrShort) {
		t.Errorf("a short key: %v", err)
	}
	if keyfile.Check("sixteen letters!") != nil {
		t.Error("sixteen characters are too few")
	}
}
