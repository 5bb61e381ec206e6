package answers

import "frontdoor/internal/docs"

// near is how many words of a page two neighbours of the question may be
// apart, common words counted.
const near = 4

// pair is two words that follow one another in a question, common words left
// out, and what it counts: as much as the less rare of the two.
type pair struct {
	words  [2]string
	weight float64
}

// neighbours are the pairs of a question, each once.
func neighbours(x *docs.Index, question string) []pair {
	var pairs []pair
	seen := map[[2]string]bool{}
	last, lastWeight := "", 0.0
	x.EachTopic(question, func(word string, idf float64, filler bool) {
		if filler {
			idf *= fillerWeight
		}
		if words := [2]string{last, word}; last != "" && last != word && !seen[words] {
			seen[words] = true
			pairs = append(pairs, pair{words, min(idf, lastWeight)})
		}
		last, lastWeight = word, idf
	})
	return pairs
}

// together is the share of the question's neighbours that the passage has near
// each other in the same order, from 0 to 1.
func (a *asked) together(p docs.Passage) float64 {
	wanted := map[[2]string]bool{}
	second := map[string]bool{}
	all := 0.0
	for _, p := range a.pairs {
		wanted[p.words], second[p.words[1]] = true, true
		all += p.weight
	}
	if all == 0 {
		return 0
	}
	found := map[[2]string]bool{}
	read := func(text string) {
		var recent [near]string
		at := 0
		docs.EachTerm(text, func(word string) {
			if second[word] {
				for _, before := range recent {
					if words := [2]string{before, word}; wanted[words] {
						found[words] = true
					}
				}
			}
			recent[at%near] = word
			at++
		})
	}
	for _, h := range p.Heading {
		read(h)
	}
	for _, b := range p.Blocks {
		read(b.Text)
	}
	has := 0.0
	for _, p := range a.pairs {
		if found[p.words] {
			has += p.weight
		}
	}
	return has / all
}
