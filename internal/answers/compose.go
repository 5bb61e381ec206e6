package answers

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"frontdoor/internal/docs"
)

// maxQuotes bounds an answer: more than this nobody reads in a chat.
const maxQuotes = 3

// candidate is a sentence that could be part of the answer.
type candidate struct {
	passage docs.Passage
	block   int
	span    docs.Span
	order   int // of the sentence in the page
	score   float64
	has     map[string]bool
}

// compose picks the sentences that answer the question and puts them together.
func compose(x *docs.Index, terms []docs.Term, results []docs.Result) (string, []Citation) {
	weights := map[string]float64{}
	for _, t := range terms {
		if t.Known {
			weights[t.Word] = t.IDF
		}
	}
	for _, r := range results {
		found := collect(x, r, weights)
		if len(found) == 0 {
			continue
		}
		return write(pick(found, weights))
	}
	return "", nil
}

// collect returns the quotable sentences of the page, those of its best
// passage preferred.
func collect(x *docs.Index, r docs.Result, weights map[string]float64) []candidate {
	page, _ := x.Page(r.Page)
	var out []candidate
	for _, id := range page.Passages {
		p := x.Passage(id)
		heading := 0.0
		seen := map[string]bool{}
		docs.EachTerm(strings.Join(p.Heading, " "), func(w string) {
			if !seen[w] {
				seen[w] = true
				heading += weights[w]
			}
		})
		lead := true
		for i, b := range p.Blocks {
			for _, s := range b.Sentences {
				text := b.Text[s.Start:s.End]
				if !strings.ContainsAny(text[len(text)-1:], ".!?") {
					continue
				}
				c := candidate{passage: p, block: i, span: s, order: len(out), has: map[string]bool{}}
				n := 0
				docs.EachTerm(text, func(w string) {
					n++
					if weights[w] > 0 {
						c.has[w] = true
					}
				})
				for w := range c.has {
					c.score += weights[w]
				}
				if n < 4 {
					continue
				}
				c.score *= 1 / (1 + 0.01*float64(max(n-20, 0)))
				c.score += 0.3 * heading
				if id == r.Passage {
					c.score *= 1.5
				}
				if lead {
					c.score *= 1.25
				}
				if b.Kind == docs.Item {
					c.score *= 0.8 // a step alone says little
				}
				if first, _ := utf8.DecodeRuneInString(text); unicode.IsLower(first) {
					c.score *= 0.7
				}
				lead = false
				out = append(out, c)
			}
		}
	}
	return out
}

// pick takes the best sentence and what adds to it, in the order of the page.
func pick(found []candidate, weights map[string]float64) []candidate {
	covered := map[string]bool{}
	var picked []candidate
	for len(picked) < maxQuotes {
		best, gain := -1, 0.0
		for i, c := range found {
			g := c.score
			for w := range c.has {
				if covered[w] {
					g -= weights[w]
				}
			}
			if len(picked) > 0 && c.passage.ID != picked[0].passage.ID {
				continue
			}
			for _, p := range picked {
				if p.order+1 == c.order && p.block == c.block {
					g += c.score * 0.25 // reads on
				}
			}
			if g > gain {
				best, gain = i, g
			}
		}
		if best < 0 {
			break
		}
		for w := range found[best].has {
			covered[w] = true
		}
		picked = append(picked, found[best])
		found = slices.Delete(found, best, best+1)
	}
	slices.SortFunc(picked, func(a, b candidate) int { return cmp.Compare(a.order, b.order) })
	return picked
}

// write puts the sentences together. Neighbours in one block become one quote;
// no quote crosses from one block into another.
func write(picked []candidate) (string, []Citation) {
	var text strings.Builder
	citations := []Citation{}
	for i := 0; i < len(picked); {
		c := picked[i]
		span := c.span
		i++
		for i < len(picked) && picked[i].passage.ID == c.passage.ID && picked[i].block == c.block && picked[i].span.Start == span.End+1 {
			span.End = picked[i].span.End
			i++
		}
		quote := c.passage.Blocks[c.block].Text[span.Start:span.End]
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		start := codePoints(text.String())
		text.WriteString(quote)
		citations = append(citations, Citation{
			Page: c.passage.Page, Heading: c.passage.Heading, Anchor: c.passage.Anchor, URL: c.passage.URL,
			Quote: quote, Start: start, End: start + codePoints(quote),
		})
	}
	return text.String(), citations
}
