package eval

import (
	"context"
	"fmt"
	"slices"

	"frontdoor/internal/answers"
	"frontdoor/internal/docs"
)

// Answering says how well questions were answered and refused.
type Answering struct {
	Answerable, Unanswerable int
	// FirstRight counts the answerable questions whose answer first cites a
	// relevant page, Answered those that were answered at all.
	FirstRight, Answered int
	// HeadingRight counts, of the Anchored questions whose heading is known,
	// those whose answer first cites that heading.
	HeadingRight, Anchored int
	// Refused counts the unanswerable questions that were refused.
	Refused int
	// Unsupported counts the answers that Verify found fault with.
	Unsupported int
	// Citations is the number of quotes in all answers.
	Citations int
}

// Answer measures a on the questions, over the pages of x.
func Answer(ctx context.Context, x *docs.Index, a *answers.Answerer, questions []Question) Answering {
	var r Answering
	for _, q := range questions {
		got := a.Answer(ctx, answers.Question{Text: q.Query})
		if len(q.Relevant) > 0 {
			r.Answerable++
		} else {
			r.Unanswerable++
		}
		if len(q.Anchors) > 0 {
			r.Anchored++
		}
		r.Citations += len(got.Citations)
		switch {
		case !got.Answered && len(q.Relevant) == 0:
			r.Refused++
		case got.Answered && answers.Verify(x, got.Text, got.Citations) != nil:
			r.Unsupported++
		case got.Answered && len(q.Relevant) > 0:
			r.Answered++
			if slices.Contains(q.Relevant, got.Citations[0].Page) {
				r.FirstRight++
			}
			if slices.Contains(q.Anchors, got.Citations[0].Page+"#"+got.Citations[0].Anchor) {
				r.HeadingRight++
			}
		}
	}
	return r
}

// String is the figures, a subject a line.
func (r Answering) String() string {
	answered := r.Answered + r.Unanswerable - r.Refused
	refused := r.Refused + r.Answerable - r.Answered
	headings := ""
	if r.Anchored > 0 {
		headings = fmt.Sprintf("; its heading right %d of %d", r.HeadingRight, r.Anchored)
	}
	return fmt.Sprintf("first citation right %d of %d answerable (%d answered)%s; %d citations, %d answers unsupported\n"+
		"answering: recall %.3f, precision %.3f (answerable among the answered)\n"+
		"refusing:  recall %.3f, precision %.3f (%d of %d unanswerable refused, %d answerable refused)",
		r.FirstRight, r.Answerable, r.Answered, headings, r.Citations, r.Unsupported,
		share(r.Answered, r.Answerable), share(r.Answered, answered),
		share(r.Refused, r.Unanswerable), share(r.Refused, refused), r.Refused, r.Unanswerable, r.Answerable-r.Answered)
}

// share is a out of b, 1 where there is nothing to have a share of.
func share(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}
