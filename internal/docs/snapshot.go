package docs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// snapshotName is the file in the snapshot folder.
const snapshotName = "docs.index"

// Open returns the index of the sources: the one in snapshotDir where it was
// made from files that are unchanged in path, size and time, otherwise one
// that it builds and leaves there. A snapshot that is damaged, foreign or of
// another version counts as none. That a snapshot cannot be written is
// reported with the index, as an error that is a *SnapshotError; the index is
// nil with every other error. With snapshotDir "" it is Build.
func Open(ctx context.Context, sources []Source, snapshotDir string, progress func(done, total int)) (*Index, Stats, error) {
	if snapshotDir == "" {
		return Build(ctx, sources, progress)
	}
	started := time.Now()
	files, skipped, err := list(sources)
	if err != nil {
		return nil, Stats{}, err
	}
	name := filepath.Join(snapshotDir, snapshotName)
	if x, err := load(name, fingerprint(sources, files)); err == nil {
		stats := x.Stats()
		stats.Took = time.Since(started)
		stats.FromSnapshot = true
		return x, stats, nil
	}
	x, stats, err := buildIndex(ctx, started, sources, files, skipped, progress)
	if err != nil {
		return nil, Stats{}, err
	}
	if err := save(name, x.im.data); err != nil {
		return x, stats, &SnapshotError{err}
	}
	// From here on the pages of the file stand in for the copy in memory.
	if mapped, err := load(name, x.im.fingerprint()); err == nil {
		x = mapped
	}
	stats.Took = time.Since(started)
	return x, stats, nil
}

// SnapshotError says that an index could be built but not kept on disk: the
// next start builds it again.
type SnapshotError struct{ Err error }

// Error returns the message.
func (e *SnapshotError) Error() string { return "write docs snapshot: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *SnapshotError) Unwrap() error { return e.Err }

var errStale = errors.New("made from other pages")

// load maps the snapshot at name.
func load(name string, fingerprint [32]byte) (*Index, error) {
	data, unmap, err := mapFile(name)
	if err != nil {
		return nil, fmt.Errorf("read docs snapshot: %w", err)
	}
	im, err := readImage(data)
	if err == nil && im.fingerprint() != fingerprint {
		err = errStale
	}
	if err != nil {
		unmap()
		return nil, fmt.Errorf("read docs snapshot: %w", err)
	}
	x := newIndex(im)
	// What an Index hands out are copies, so that nothing points into the
	// mapping once the Index itself is out of reach.
	runtime.AddCleanup(x, func(unmap func()) { unmap() }, unmap)
	return x, nil
}

// save writes the snapshot beside its place and moves it there, so that no
// other process ever sees half of one.
func save(name string, data []byte) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, snapshotName+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
