package eval

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"frontdoor/internal/answers"
	"frontdoor/internal/docs"
)

// DocsReport are the figures of one corpus.
type DocsReport struct {
	Index  docs.Stats
	Reopen time.Duration // opening the snapshot
	Search Latency
	Ask    Latency
	Quality
	// HeldOut are the figures of the questions held out, which those above
	// leave out; nil where none is.
	HeldOut *Quality
	// PeakBytes is the most memory that the process ever held (VmHWM), 0 where
	// the system doesn't tell.
	PeakBytes int64
}

// Quality is how well pages were found and questions answered.
type Quality struct {
	Ranking   Ranking
	Answering Answering
}

// Measure asks the questions of x.
func Measure(ctx context.Context, x *docs.Index, questions []Question) Quality {
	answerable, _ := Split(questions)
	return Quality{
		Ranking: Rank(answerable, func(q string, limit int) []string {
			var pages []string
			for _, hit := range x.Search(q, limit) {
				pages = append(pages, hit.Page)
			}
			return pages
		}),
		Answering: Answer(ctx, x, answers.New(func() *docs.Index { return x }), questions),
	}
}

// String is the figures, a subject a line.
func (q Quality) String() string { return fmt.Sprintf("%s\n%s", q.Ranking, q.Answering) }

// Latency is the median and the 99th percentile of a call.
type Latency struct{ P50, P99 time.Duration }

// rounds is how often each question is asked for the latencies.
const rounds = 5

// Docs builds the index of the sources twice, anew and from its snapshot, and
// measures the questions on it.
func Docs(ctx context.Context, sources []docs.Source, questions []Question) (DocsReport, error) {
	var r DocsReport
	dir, err := os.MkdirTemp("", "docs-snapshot-")
	if err != nil {
		return r, fmt.Errorf("measure docs: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if _, r.Index, err = docs.Open(ctx, sources, dir, nil); err != nil {
		return r, fmt.Errorf("measure docs: %w", err)
	}
	x, again, err := docs.Open(ctx, sources, dir, nil)
	if err != nil {
		return r, fmt.Errorf("measure docs: %w", err)
	}
	if !again.FromSnapshot {
		return r, fmt.Errorf("measure docs: the snapshot in %s was not used", dir)
	}
	r.Reopen = again.Took
	a := answers.New(func() *docs.Index { return x })
	r.Search = latency(questions, func(q string) { x.Search(q, depth) })
	r.Ask = latency(questions, func(q string) { a.Answer(ctx, answers.Question{Text: q}) })
	seen, heldOut := Halves(questions)
	r.Quality = Measure(ctx, x, seen)
	if len(heldOut) > 0 {
		q := Measure(ctx, x, heldOut)
		r.HeldOut = &q
	}
	r.PeakBytes = peak()
	return r, nil
}

// latency times call on each question.
func latency(questions []Question, call func(query string)) Latency {
	var took []time.Duration
	for range rounds {
		for _, q := range questions {
			started := time.Now()
			call(q.Query)
			took = append(took, time.Since(started))
		}
	}
	if len(took) == 0 {
		return Latency{}
	}
	slices.Sort(took)
	return Latency{P50: took[len(took)/2], P99: took[len(took)*99/100]}
}

// peak reads VmHWM.
func peak() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kB int64
		if _, err := fmt.Sscanf(lines.Text(), "VmHWM: %d kB", &kB); err == nil {
			return kB << 10
		}
	}
	return 0
}

// String is the report in lines for people.
func (r DocsReport) String() string {
	var b strings.Builder
	ms := func(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }
	fmt.Fprintf(&b, "index:     %d pages, %d passages, %d words, %.1f MB, %d skipped, built in %s, opened from its snapshot in %s\n",
		r.Index.Pages, r.Index.Passages, r.Index.Terms, float64(r.Index.Bytes)/1e6, len(r.Index.Skipped), ms(r.Index.Took), ms(r.Reopen))
	fmt.Fprintf(&b, "search:    p50 %s, p99 %s\n", ms(r.Search.P50), ms(r.Search.P99))
	fmt.Fprintf(&b, "ask:       p50 %s, p99 %s\n", ms(r.Ask.P50), ms(r.Ask.P99))
	fmt.Fprintf(&b, "memory:    %.0f MB at most\n", float64(r.PeakBytes)/1e6)
	fmt.Fprintf(&b, "%s\n", r.Quality)
	if r.HeldOut != nil {
		fmt.Fprintf(&b, "held out:\n%s\n", r.HeldOut)
	}
	return b.String()
}
