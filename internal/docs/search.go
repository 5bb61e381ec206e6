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
//
// A page's score is that of its best passage, shares of the next three, and a
// share of what the page as a whole has of the question; it is multiplied by
// how much other pages refer to it, first all of them, then those that fit the
// question best. Passage and page are scored by BM25F (Robertson, Zaragoza:
// The Probabilistic Relevance Framework, 2009).
type ranking struct {
	k1      float64         // how soon more of a word stops to count
	weight  [fields]float64 // what a word counts in each field
	b       [fields]float64 // how far a field's length counts against it
	further [3]float64      // share of a page's 2nd to 4th passage

	page      float64 // share of the page as a whole
	pageK1    float64
	pageB     float64
	about     float64 // what title, path and the texts of links count beside the page's text
	pageTitle float64
	pagePath  float64
	pageNamed float64

	generated float64 // what a page counts that a program wrote
	dated     float64 // what a page counts that tells of one version, to a question that doesn't
	links     float64 // reward for pages that others link to
	vote      float64 // reward for pages that the best ones link to
	voters    int     // how many are the best ones

	repeated float64 // how soon repeating a word in the question stops to count
	part     float64 // what a part of a compound word counts
	joined   float64 // what two words written as one count
	typo     float64 // what a word counts that was guessed from a misspelt one
	filler   float64 // what a word counts that tells of the asker,
	rarest   float64 // which counts as no rarer than this
	alias    float64 // what the word in full counts beside its abbreviation
	variants float64 // what another form of a word counts
}

// defaultRanking returns the numbers in use. They were chosen on two sets at
// once, real questions and sentences around links to a page, and lie where
// neither set cares much about any one of them.
func defaultRanking() ranking {
	return ranking{
		k1:      1.2,
		weight:  [fields]float64{inBody: 4, inHeading: 2, inTitle: 2, inPath: 1},
		b:       [fields]float64{inBody: 0.6, inHeading: 0.4, inTitle: 0.4, inPath: 0.4},
		further: [3]float64{0.3, 0.15, 0.08},

		page: 1, pageK1: 1.5, pageB: 0.8,
		about: 1, pageTitle: 1, pagePath: 0.5, pageNamed: 1,

		generated: 0.7,
		dated:     0.85,
		links:     0.04,
		vote:      0.15, voters: 5,

		repeated: 3, part: 0.5, joined: 0.5, typo: 0.5, filler: 0.5, rarest: 3, variants: 0.25, alias: 0.1,
	}
}

// maxQueryTerms bounds the work of a question: of a long one the rarest terms
// are looked for.
const maxQueryTerms = 160

// accumulator is the memory of one search.
type accumulator struct {
	score   []float64 // by passage
	page    []float64 // by page
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
		acc = &accumulator{score: make([]float64, x.im.rows(tablePassages)), page: make([]float64, x.im.rows(tablePages))}
	}
	defer func() {
		for _, p := range acc.touched {
			acc.score[p] = 0
			acc.page[x.im.at(tablePassages, p, passagePage)] = 0
		}
		acc.touched = acc.touched[:0]
		x.scratch.Put(acc)
	}()
	named := make(map[int]uint32)
	for _, t := range q.terms {
		clear(named)
		x.im.named(t.term, func(page int, n uint32) { named[page] = n })
		page, sum := -1, [fields]uint32{}
		done := func() {
			if page >= 0 {
				acc.page[page] += t.weight * x.saturatedPage(page, &sum, named[page], r)
			}
		}
		x.im.postings(t.term, func(p int, tf *[fields]uint32) {
			if acc.score[p] == 0 {
				acc.touched = append(acc.touched, p)
			}
			acc.score[p] += t.weight * x.saturated(p, tf, r)
			if of := int(x.im.at(tablePassages, p, passagePage)); of != page {
				done()
				page, sum = of, [fields]uint32{}
			}
			sum[inBody] += tf[inBody]
			sum[inHeading] += tf[inHeading]
			sum[inTitle], sum[inPath] = tf[inTitle], tf[inPath]
		})
		done()
	}
	return x.fuse(acc, q, limit, r, in)
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

// saturatedPage is the term frequency part of BM25F for one term in a page as
// a whole, the texts of the links to it among its fields.
func (x *Index) saturatedPage(page int, tf *[fields]uint32, named uint32, r ranking) float64 {
	norm := func(column int, average, b float64) float64 {
		return 1 - b + b*float64(x.im.at(tablePages, page, column))/average
	}
	sum := float64(tf[inBody]) / norm(pageBodyLen, x.pageBody, r.pageB)
	about := r.pageTitle * float64(tf[inTitle]) / norm(pageTitleLen, x.average[inTitle], 0.6)
	about += r.pagePath * float64(tf[inPath]) / norm(pagePathLen, x.average[inPath], 0.6)
	if named > 0 {
		about += r.pageNamed * math.Log2(1+float64(named)) * float64(named) / float64(x.im.at(tablePages, page, pageNamedLen))
	}
	return sum/(r.pageK1+sum) + r.about*about/(1+about)
}

// fuse makes pages out of passages.
func (x *Index) fuse(acc *accumulator, q query, limit int, r ranking, in []Filter) []hit {
	acc.order()
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
		score += r.page * acc.page[page]
		if x.im.at(tablePages, page, pageFlags)&pageGenerated != 0 {
			score *= r.generated
		}
		if !q.dated && x.im.at(tablePages, page, pageFlags)&pageDated != 0 {
			score *= r.dated
		}
		score *= 1 + r.links*math.Log1p(float64(x.im.at(tablePages, page, pageLinks)))
		hits = append(hits, hit{page, passage, score})
	}
	x.refer(hits, r)
	return leading(hits, limit)
}

// order puts the touched passages in the order of the pages.
func (a *accumulator) order() {
	const dense = 16 // from so many in a row on it is quicker to look at all of them
	if len(a.touched)*dense < len(a.score) {
		slices.Sort(a.touched)
		return
	}
	a.touched = a.touched[:0]
	for p, s := range a.score {
		if s != 0 {
			a.touched = append(a.touched, p)
		}
	}
}

// leading are the n best hits, best first. Equal scores keep the order of the
// pages, so that every run agrees. The memory of hits is used up.
func leading(hits []hit, n int) []hit {
	const few = 32
	if n > few {
		slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
		return hits[:min(n, len(hits))]
	}
	kept := 0
	for _, h := range hits {
		if kept == n && h.score <= hits[kept-1].score {
			continue
		}
		i := min(kept, n-1)
		for ; i > 0 && hits[i-1].score < h.score; i-- {
			hits[i] = hits[i-1]
		}
		hits[i] = h
		kept = min(kept+1, n)
	}
	return hits[:kept]
}

// refer lets the pages that fit best speak for those that they link to.
func (x *Index) refer(hits []hit, r ranking) {
	if r.vote == 0 || len(hits) == 0 {
		return
	}
	voters := leading(slices.Clone(hits), r.voters)
	votes := map[int]float64{}
	for _, h := range voters {
		first, count := int(x.im.at(tablePages, h.page, pageLinksTo)), int(x.im.at(tablePages, h.page, pageLinksTo+1))
		for l := first; l < first+count; l++ {
			votes[int(x.im.at(tableLinks, l, linkTo))] += h.score / math.Sqrt(float64(count)) / voters[0].score
		}
	}
	for i := range hits {
		hits[i].score *= 1 + r.vote*math.Log1p(votes[hits[i].page])
	}
}
