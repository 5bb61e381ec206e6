package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"frontdoor/internal/app"
	"frontdoor/internal/docs"
)

type docsStatsCmd struct {
	corpusFlag
	jsonFlag
	Limit int `help:"List at most so many of the largest pages." default:"10"`
}

// extent is what `docs stats` prints.
type extent struct {
	Pages    int   `json:"pages"`
	Passages int   `json:"passages"`
	Words    int   `json:"words"`
	Terms    int   `json:"terms"`
	Bytes    int64 `json:"bytes"`
	// BuiltMS is how long the index took to build; null where it was kept from
	// an earlier time. OpenedMS is how long it took now, either way.
	BuiltMS      *int64         `json:"built_ms"`
	OpenedMS     int64          `json:"opened_ms"`
	FromSnapshot bool           `json:"from_snapshot"`
	Sources      []sourceExtent `json:"sources"`
	Largest      []pageExtent   `json:"largest"`
	Skipped      []skipped      `json:"skipped"`
}

type sourceExtent struct {
	Name     *string `json:"name"`
	Dir      string  `json:"dir"`
	Pages    int     `json:"pages"`
	Passages int     `json:"passages"`
	Words    int     `json:"words"`
}

type pageExtent struct {
	Page     string `json:"page"`
	Passages int    `json:"passages"`
	Words    int    `json:"words"`
}

// Run prints how much the pages have.
func (c *docsStatsCmd) Run(s streams, root *cli) error {
	if c.Limit < 0 {
		return usagef("--limit %d: write 0 or more", c.Limit)
	}
	cfg, err := root.load(s, catalogueFlag{}, c.corpusFlag)
	if err != nil {
		return err
	}
	corpus, stats, err := app.IndexDocs(s.ctx, cfg, indexing(s), notice(s))
	if err != nil {
		return err
	}
	out := measured(corpus.Index().Extents(), stats, cfg.Docs.Sources, c.Limit)
	if c.JSON {
		p := newPrinter(s.out)
		if err := p.print(out); err != nil {
			return err
		}
		return p.flush()
	}
	_, err = fmt.Fprint(s.text(), out)
	return err
}

func measured(extents []docs.Extent, stats docs.Stats, sources []docs.Source, limit int) extent {
	out := extent{
		Pages: stats.Pages, Passages: stats.Passages, Terms: stats.Terms, Bytes: stats.Bytes,
		OpenedMS: stats.Took.Milliseconds(), FromSnapshot: stats.FromSnapshot,
		Sources: make([]sourceExtent, len(sources)), Largest: []pageExtent{}, Skipped: []skipped{},
	}
	if !stats.FromSnapshot {
		out.BuiltMS = &out.OpenedMS
	}
	for i, source := range sources {
		out.Sources[i].Dir = source.Dir
		if source.Name != "" {
			out.Sources[i].Name = &source.Name
		}
	}
	for _, e := range extents {
		out.Words += e.Words
		if e.Source < len(out.Sources) {
			of := &out.Sources[e.Source]
			of.Pages++
			of.Passages += e.Passages
			of.Words += e.Words
		}
	}
	slices.SortStableFunc(extents, func(a, b docs.Extent) int { return cmp.Compare(b.Words, a.Words) })
	for _, e := range extents[:min(limit, len(extents))] {
		out.Largest = append(out.Largest, pageExtent{e.Page, e.Passages, e.Words})
	}
	for _, x := range stats.Skipped {
		out.Skipped = append(out.Skipped, skipped{x.Page, x.Reason})
	}
	return out
}

// String is the extent in lines for people.
func (e extent) String() string {
	var b strings.Builder
	how := fmt.Sprintf("built in %d ms", e.OpenedMS)
	if e.FromSnapshot {
		how = fmt.Sprintf("unchanged since the last time, read in %d ms", e.OpenedMS)
	}
	fmt.Fprintf(&b, "%s, %s, %s (%d different), index of %.1f MB, %s\n", plural(e.Pages, "page"), plural(e.Passages, "passage"), plural(e.Words, "word"), e.Terms, float64(e.Bytes)/1e6, how)
	for _, s := range e.Sources {
		name := s.Dir
		if s.Name != nil {
			name = *s.Name + " (" + s.Dir + ")"
		}
		fmt.Fprintf(&b, "source %s: %s, %s, %s\n", name, plural(s.Pages, "page"), plural(s.Passages, "passage"), plural(s.Words, "word"))
	}
	if len(e.Largest) > 0 {
		fmt.Fprintln(&b, "largest:")
	}
	for _, p := range e.Largest {
		fmt.Fprintf(&b, "  %7d words in %d passages  %s\n", p.Words, p.Passages, p.Page)
	}
	for _, x := range e.Skipped {
		fmt.Fprintf(&b, "skipped %s: %s\n", x.Page, x.Reason)
	}
	return b.String()
}
