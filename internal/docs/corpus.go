package docs

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Corpus keeps an Index current. Those who search take the Index once per
// question and hold on to it until the answer stands.
type Corpus struct {
	sources     []Source
	snapshotDir string
	index       atomic.Pointer[Index]
	refreshing  sync.Mutex
}

// OpenCorpus opens the index of the sources as Open does, its *SnapshotError
// included.
func OpenCorpus(ctx context.Context, sources []Source, snapshotDir string, progress func(done, total int)) (*Corpus, Stats, error) {
	x, stats, err := Open(ctx, sources, snapshotDir, progress)
	if x == nil {
		return nil, stats, err
	}
	c := &Corpus{sources: sources, snapshotDir: snapshotDir}
	c.index.Store(x)
	return c, stats, err
}

// Index returns the current index.
func (c *Corpus) Index() *Index { return c.index.Load() }

// Refresh looks for changed pages and puts a new index in place if there are
// any, which it reports. After an error the last good index stays.
func (c *Corpus) Refresh(ctx context.Context) (changed bool, err error) {
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	files, _, err := list(c.sources)
	if err != nil {
		return false, err
	}
	if c.Index().im.fingerprint() == fingerprint(c.sources, files) {
		return false, nil
	}
	x, _, err := Open(ctx, c.sources, c.snapshotDir, nil)
	if x == nil {
		return false, err
	}
	c.index.Store(x)
	return true, err
}

// Keep refreshes the index every so often until ctx ends. report is told of
// each refresh that changed something or failed.
func (c *Corpus) Keep(ctx context.Context, every time.Duration, report func(changed bool, err error)) {
	if every <= 0 {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := c.Refresh(ctx)
		if errors.Is(err, context.Canceled) {
			return
		}
		if changed || err != nil {
			report(changed, err)
		}
	}
}
