package docs

import (
	"cmp"
	"math"
	"runtime"
	"slices"
)

// Result is a page that a search found, with the passage that fits best.
type Result struct {
	Page    string
	Title   string
	Heading []string
	Anchor  string
	URL     string // of the page and anchor, or ""
	Score   float64
	Snippet string
	Passage PassageID
}

// ranking holds the numbers of the formula that orders passages and pages.
type ranking struct {
	k1      float64         // how soon more of a word stops to count
	weight  [fields]float64 // what a word counts in each field
	b       [fields]float64 // how far a field's length counts against it
	further [3]float64      // share of a page's 2nd to 4th passage
	page    float64         // share of what the page as a whole has of the question
	generated,
	links, // reward for pages that others link to
	part, // what a part of a compound word counts
	joined, // what two words written as one count
	typo, // what a word counts that was guessed from a misspelt one
	k3 float64
	lead float64
}

func defaultRanking() ranking {
	return ranking{
		k1:        1.2,
		weight:    [fields]float64{inBody: 4, inHeading: 2, inTitle: 2, inPath: 1},
		b:         [fields]float64{inBody: 0.6, inHeading: 0.4, inTitle: 0.4, inPath: 0.4},
		further:   [3]float64{0.3, 0.15, 0.08},
		generated: 0.7,
		part:      0.5,
		joined:    0.5,
		typo:      0.5,
		k3:        1,
	}
}

// maxQueryTerms bounds the work of a question: of a long one the rarest terms
// are looked for.
const maxQueryTerms = 160

// accumulator is the memory of one search.
type accumulator struct {
	score   []float64 // by passage
	touched []int
}

// hit is a page on its way to a Result.
type hit struct {
	page, passage int
	score         float64
}

// Search returns the pages that fit the question best, best first, at most
// limit of them and each page once. in restricts it to some of the pages.
func (x *Index) Search(question string, limit int, in ...Filter) []Result {
	defer runtime.KeepAlive(x)
	q := x.parse(question, defaultRanking())
	hits := x.rank(q, limit, defaultRanking(), in)
	results := make([]Result, len(hits))
	for i, h := range hits {
		p := x.Passage(PassageID(h.passage))
		results[i] = Result{
			Page: p.Page, Title: p.Title, Heading: p.Heading, Anchor: p.Anchor, URL: p.URL,
			Score:   math.Round(h.score*1e4) / 1e4,
			Snippet: x.snippet(p, q),
			Passage: p.ID,
		}
	}
	return results
}

// rank orders the pages.
func (x *Index) rank(q query, limit int, r ranking, in []Filter) []hit {
	if limit <= 0 || len(q.terms) == 0 {
		return nil
	}
	acc, _ := x.scratch.Get().(*accumulator)
	if acc == nil {
		acc = &accumulator{score: make([]float64, x.im.rows(tablePassages))}
	}
	defer func() {
		for _, p := range acc.touched {
			acc.score[p] = 0
		}
		acc.touched = acc.touched[:0]
		x.scratch.Put(acc)
	}()
	for _, t := range q.terms {
		x.im.postings(t.term, func(p int, tf *[fields]uint32) {
			if acc.score[p] == 0 {
				acc.touched = append(acc.touched, p)
			}
			acc.score[p] += t.weight * x.saturated(p, tf, r)
		})
	}
	return x.fuse(acc, limit, r, in)
}

// saturated is the term frequency part of BM25F for one term in passage p.
func (x *Index) saturated(p int, tf *[fields]uint32, r ranking) float64 {
	page := int(x.im.at(tablePassages, p, passagePage))
	var sum float64
	for f, n := range tf {
		if n == 0 {
			continue
		}
		var length uint32
		switch f {
		case inBody:
			length = x.im.at(tablePassages, p, passageBodyLen)
		case inHeading:
			length = x.im.at(tablePassages, p, passageHeadingLen)
		case inTitle:
			length = x.im.at(tablePages, page, pageTitleLen)
		case inPath:
			length = x.im.at(tablePages, page, pagePathLen)
		}
		sum += r.weight[f] * float64(n) / (1 - r.b[f] + r.b[f]*float64(length)/x.average[f])
	}
	return sum / (r.k1*r.weight[inBody] + sum)
}

// fuse makes pages out of passages.
func (x *Index) fuse(acc *accumulator, limit int, r ranking, in []Filter) []hit {
	slices.Sort(acc.touched)
	var hits []hit
	for i := 0; i < len(acc.touched); {
		page := int(x.im.at(tablePassages, acc.touched[i], passagePage))
		var best [4]float64
		passage := -1
		for ; i < len(acc.touched) && int(x.im.at(tablePassages, acc.touched[i], passagePage)) == page; i++ {
			s := acc.score[acc.touched[i]]
			if s > best[0] {
				passage = acc.touched[i]
			}
			for j := range best {
				if s > best[j] {
					s, best[j] = best[j], s
				}
			}
		}
		if passage < 0 || !x.allowed(page, in) {
			continue
		}
		score := best[0]
		for j, share := range r.further {
			score += share * best[j+1]
		}
		if x.im.at(tablePages, page, pageFlags)&pageGenerated != 0 {
			score *= r.generated
		}
		score *= 1 + r.links*math.Log1p(float64(x.im.at(tablePages, page, pageLinks)))
		hits = append(hits, hit{page, passage, score})
	}
	// Equal scores keep the order of the pages, so that every run agrees.
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	return hits[:min(limit, len(hits))]
}
