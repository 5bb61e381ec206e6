package docs

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
)

// The states in which a snapshot is found.
const (
	SnapshotFresh   = "fresh"   // it is of the pages as they are
	SnapshotStale   = "stale"   // pages or sources have changed since
	SnapshotMissing = "missing" // there is none yet
	SnapshotDamaged = "damaged" // it can't be read, or another version wrote it
)

// Inspect reads the sources and looks at the snapshot in snapshotDir, changing
// nothing. The Stats are of an index that is built for this alone.
func Inspect(ctx context.Context, sources []Source, snapshotDir string) (Stats, string, error) {
	files, skipped, err := list(sources)
	if err != nil {
		return Stats{}, "", err
	}
	state := SnapshotFresh
	switch x, err := load(filepath.Join(snapshotDir, snapshotName), fingerprint(sources, files)); {
	case err == nil:
		return x.Stats(), state, nil
	case errors.Is(err, fs.ErrNotExist):
		state = SnapshotMissing
	case errors.Is(err, errStale):
		state = SnapshotStale
	default:
		state = SnapshotDamaged
	}
	data, err := build(ctx, sources, files, skipped, nil)
	if err != nil {
		return Stats{}, state, err
	}
	im, err := readImage(data)
	if err != nil {
		return Stats{}, state, err
	}
	return newIndex(im).Stats(), state, nil
}
