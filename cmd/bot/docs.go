package main

import (
	"fmt"
	"strings"

	"frontdoor/internal/app"
	"frontdoor/internal/docs"
)

type docsCmd struct {
	Index  docsIndexCmd  `cmd:"" help:"Build the index and say what is in it."`
	Search docsSearchCmd `cmd:"" help:"Search the pages."`
	Stats  docsStatsCmd  `cmd:"" help:"Say how much is in the index, by source and page."`
}

type docsIndexCmd struct {
	corpusFlag
	jsonFlag
}

// indexed is what `docs index` prints.
type indexed struct {
	Pages        int       `json:"pages"`
	Passages     int       `json:"passages"`
	Terms        int       `json:"terms"`
	Bytes        int64     `json:"bytes"`
	Milliseconds int64     `json:"ms"`
	FromSnapshot bool      `json:"from_snapshot"`
	Skipped      []skipped `json:"skipped"`
}

type skipped struct {
	Page   string `json:"page"`
	Reason string `json:"reason"`
}

// Run builds the index, or finds that the snapshot still holds.
func (c *docsIndexCmd) Run(s streams, root *cli) error {
	cfg, err := root.load(s, catalogueFlag{}, c.corpusFlag)
	if err != nil {
		return err
	}
	_, stats, err := app.IndexDocs(s.ctx, cfg, indexing(s), notice(s))
	if err != nil {
		return err
	}
	out := indexed{
		Pages: stats.Pages, Passages: stats.Passages, Terms: stats.Terms, Bytes: stats.Bytes,
		Milliseconds: stats.Took.Milliseconds(), FromSnapshot: stats.FromSnapshot, Skipped: []skipped{},
	}
	for _, x := range stats.Skipped {
		out.Skipped = append(out.Skipped, skipped{x.Page, x.Reason})
	}
	if c.JSON {
		p := newPrinter(s.out)
		if err := p.print(out); err != nil {
			return err
		}
		return p.flush()
	}
	how := "built"
	if out.FromSnapshot {
		how = "unchanged since the last time, read"
	}
	if _, err := fmt.Fprintf(s.text(), "%s, %s, %s; %s in %d ms\n", plural(out.Pages, "page"), plural(out.Passages, "passage"), plural(out.Terms, "different word"), how, out.Milliseconds); err != nil {
		return err
	}
	for _, x := range out.Skipped {
		if _, err := fmt.Fprintf(s.text(), "skipped %s: %s\n", x.Page, x.Reason); err != nil {
			return err
		}
	}
	return nil
}

type docsSearchCmd struct {
	corpusFlag
	jsonFlag
	Limit int      `help:"At most so many pages." default:"10"`
	Query []string `arg:"" optional:"" help:"The words to look for. Without any, JSON lines are read from standard input."`
}

type found struct {
	Results []result `json:"results"`
}

type result struct {
	Page    string   `json:"page"`
	Heading []string `json:"heading"`
	Anchor  string   `json:"anchor"`
	URL     *string  `json:"url"`
	Score   float64  `json:"score"`
	Snippet string   `json:"snippet"`
}

// Run searches once, or a batch.
func (c *docsSearchCmd) Run(s streams, root *cli) error {
	if c.Limit < 1 {
		return usagef("--limit %d: write 1 or more", c.Limit)
	}
	if len(c.Query) == 0 && s.terminal {
		return usagef("search for what? Write `bot docs search \"roll back\"`")
	}
	corpus, err := openCorpus(s, root, c.corpusFlag)
	if err != nil {
		return err
	}
	if len(c.Query) == 0 {
		return batch(s, "query", func(text string) (any, error) {
			return results(corpus.Index().Search(text, c.Limit)), nil
		})
	}
	hits := corpus.Index().Search(strings.Join(c.Query, " "), c.Limit)
	if c.JSON {
		p := newPrinter(s.out)
		if err := p.print(results(hits)); err != nil {
			return err
		}
		if err := p.flush(); err != nil {
			return err
		}
	} else {
		for i, h := range hits {
			if _, err := fmt.Fprintf(s.text(), "%2d. %s  %s#%s\n    %s\n", i+1, strings.Join(h.Heading, " › "), h.Page, h.Anchor, h.Snippet); err != nil {
				return err
			}
		}
	}
	if len(hits) == 0 {
		fmt.Fprintln(s.err, "bot: no page has any of these words")
		return errNo
	}
	return nil
}

// openCorpus opens the index of the docs to ask it.
func openCorpus(s streams, root *cli, flag corpusFlag) (*docs.Corpus, error) {
	cfg, err := root.load(s, catalogueFlag{}, flag)
	if err != nil {
		return nil, err
	}
	return app.OpenCorpus(s.ctx, cfg, indexing(s), notice(s))
}

// notice prints what an operator should read once.
func notice(s streams) func(line string) {
	return func(line string) { fmt.Fprintln(s.err, "bot:", line) }
}

func results(hits []docs.Result) found {
	out := found{Results: []result{}}
	for _, h := range hits {
		r := result{Page: h.Page, Heading: h.Heading, Anchor: h.Anchor, Score: h.Score, Snippet: h.Snippet}
		if h.URL != "" {
			r.URL = &h.URL
		}
		if r.Heading == nil {
			r.Heading = []string{}
		}
		out.Results = append(out.Results, r)
	}
	return out
}
