package main

import (
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// indexing is a bar on standard error while it is a terminal, and nothing
// elsewhere. It appears at its first call, so that quick work shows none.
func indexing(s streams) func(done, total int) {
	if !term.IsTerminal(int(s.bars.Fd())) {
		return nil
	}
	var once sync.Once
	var bar *mpb.Bar
	var bars *mpb.Progress
	return func(done, total int) {
		once.Do(func() {
			bars = mpb.NewWithContext(s.ctx, mpb.WithOutput(s.bars))
			bar = bars.AddBar(int64(total), mpb.BarRemoveOnComplete(),
				mpb.PrependDecorators(decor.Name("indexing the docs ")),
				mpb.AppendDecorators(decor.CountersNoUnit("%d of %d")))
		})
		bar.SetCurrent(int64(done))
		if done >= total {
			bars.Wait()
		}
	}
}
