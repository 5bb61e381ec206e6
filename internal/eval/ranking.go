package eval

import (
	"fmt"
	"math"
	"slices"
)

// Ranking says how well pages were ordered, on average over the questions.
// Each figure is from 0 to 1.
type Ranking struct {
	Questions int
	// NDCG is the normalised discounted cumulative gain of the first ten, each
	// relevant page a gain of 1 (Järvelin, Kekäläinen 2002).
	NDCG float64
	// MRR is the mean of one over the place of the first relevant page, 0
	// beyond the tenth.
	MRR float64
	// Recall is the share of the relevant pages among the first ten.
	Recall float64
	// First is the share of questions whose first page is relevant.
	First float64
}

// depth is how many pages are looked at.
const depth = 10

// Rank measures search, which returns the names of pages, best first.
func Rank(questions []Question, search func(query string, limit int) []string) Ranking {
	r := Ranking{Questions: len(questions)}
	for _, q := range questions {
		var gain, ideal, found, first float64
		for i, page := range search(q.Query, depth) {
			if i == depth {
				break
			}
			if !slices.Contains(q.Relevant, page) {
				continue
			}
			gain += discount(i)
			found++
			if first == 0 {
				first = 1 / float64(i+1)
			}
		}
		for i := range min(depth, len(q.Relevant)) {
			ideal += discount(i)
		}
		n := float64(len(questions))
		r.NDCG += gain / ideal / n
		r.MRR += first / n
		r.Recall += found / float64(len(q.Relevant)) / n
		if first == 1 {
			r.First += 1 / n
		}
	}
	return r
}

// discount is the weight of the place i, counted from 0.
func discount(i int) float64 { return 1 / math.Log2(float64(i)+2) }

// String is the figures on one line.
func (r Ranking) String() string {
	return fmt.Sprintf("nDCG@10 %.3f  MRR %.3f  recall@10 %.3f  first %.3f  (%d questions)", r.NDCG, r.MRR, r.Recall, r.First, r.Questions)
}
