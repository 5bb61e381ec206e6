package answers

import (
	"context"
	"strings"
	"unicode/utf8"

	"frontdoor/internal/docs"
)

// The reasons for which a question is not answered.
const (
	NotCovered = "not_covered" // the pages don't say
	NoAccess   = "no_access"   // the asker may not see the pages; set by the caller
	NoDocs     = "no_docs"     // there are no pages to answer from
)

// Question is what somebody wants to know.
type Question struct {
	Text string
	// In are patterns of the pages that may answer, as in docs.Filter; none
	// means all pages.
	In []string
	// Vouched says that somebody who knows the pages named in In says that
	// they answer the question, such as a playbook that fits it. They are then
	// believed unless the pages have nothing about it.
	Vouched bool
}

// Answer is an answer or a refusal.
type Answer struct {
	Answered bool
	// Text is what the asker is told: when answered, the citations' quotes and
	// the white space between them.
	Text string
	// Citations support Text, those of the page that fits best first; none
	// when not answered.
	Citations []Citation
	// Reason is "" when answered, otherwise one of the reasons above.
	Reason string
	// Score is the estimated probability, from 0 to 1, that the pages answer
	// the question.
	Score float64
	// Nearest are the pages that came closest, best first, also when the
	// question is not answered.
	Nearest []docs.Result
}

// Citation says where a span of an answer's text stands.
type Citation struct {
	Page string
	// Heading are the titles of the headings around the quote, outermost first.
	Heading []string
	Anchor  string
	URL     string // of the page and anchor, or ""
	// Quote is a part of the page's rendered text, white space collapsed.
	Quote string
	// Start and End are the span of the answer's text that the quote supports,
	// in code points.
	Start, End int
}

// Answerer answers from the pages of an index. It may be used by any number of
// goroutines.
type Answerer struct {
	index       func() *docs.Index
	calibration Calibration
}

// New returns an Answerer on the index that the function returns at the time
// of each question, such as docs.Corpus.Index.
func New(index func() *docs.Index) *Answerer {
	return &Answerer{index: index, calibration: fittedCalibration()}
}

// candidates is how many pages are looked at for an answer.
const candidates = 10

// leastCovered is the share of a vouched-for question that the section quoted
// must have.
const leastCovered = 0.25

// vouched is the probability p that pages answer a question, which holds where
// as many questions are answered as are not, when of ten questions vouched for
// nine are: nine times the odds (Bayes).
func vouched(p float64) float64 { return 9 * p / (1 + 8*p) }

// Answer answers q or says why not; once ctx has ended, it refuses.
func (a *Answerer) Answer(ctx context.Context, q Question) Answer {
	x := a.index()
	filters := make([]docs.Filter, len(q.In))
	for i, pattern := range q.In {
		filters[i] = docs.Filter(pattern)
	}
	if x == nil || !x.Any(filters...) {
		return refusal(NoDocs)
	}
	out := refusal(NotCovered)
	if ctx.Err() != nil {
		return out
	}
	results := x.Search(q.Text, candidates, filters...)
	out.Nearest = results
	if len(results) == 0 {
		return out
	}
	asked := ask(x, q.Text)
	first, page, found := choose(x, asked, results)
	if !found {
		return out
	}
	out.Score = a.calibration.Probability(measure(x, asked, results, first, page))
	if q.Vouched {
		out.Score = vouched(out.Score)
	}
	if out.Score < a.calibration.Threshold || q.Vouched && first.window < leastCovered {
		return out
	}
	text, citations := compose(asked, first)
	if len(citations) == 0 || Verify(x, text, citations) != nil {
		return out
	}
	out.Answered, out.Reason = true, ""
	out.Text, out.Citations = text, citations
	return out
}

// refusal is the answer to what is not answered.
func refusal(reason string) Answer {
	text := "The docs don't say anything about this that I could quote."
	switch reason {
	case NoDocs:
		text = "There are no docs here that I could look into."
	case NoAccess:
		text = "You may not see the pages that could answer this."
	}
	return Answer{Text: text, Reason: reason, Citations: []Citation{}}
}

// codePoints is the length of s in code points.
func codePoints(s string) int { return utf8.RuneCountInString(s) }

// collapse makes every run of white space one space.
func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }
