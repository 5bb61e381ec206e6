package answers

import (
	"math"

	"frontdoor/internal/docs"
)

// features are what the decision to answer is made from.
type features struct {
	coverage float64 // share of the question's idf mass that the best passage has
	known    float64 // share that the corpus has
}

// defaultThreshold is the probability from which on a question is answered.
const defaultThreshold = 0.5

// measure computes the features.
func measure(x *docs.Index, terms []docs.Term, results []docs.Result) features {
	p := x.Passage(results[0].Passage)
	has := map[string]bool{}
	note := func(w string) { has[w] = true }
	docs.EachTerm(p.Title, note)
	for _, h := range p.Heading {
		docs.EachTerm(h, note)
	}
	for _, b := range p.Blocks {
		docs.EachTerm(b.Text, note)
	}
	var all, covered, known float64
	for _, t := range terms {
		all += t.IDF
		if t.Known {
			known += t.IDF
		}
		if has[t.Word] {
			covered += t.IDF
		}
	}
	if all == 0 {
		return features{}
	}
	return features{coverage: covered / all, known: known / all}
}

// probability is the estimate that the pages answer.
func probability(f features) float64 {
	return 1 / (1 + math.Exp(-(-4 + 6*f.coverage + 2*f.known)))
}
