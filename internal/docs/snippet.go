package docs

import (
	"strings"
	"unicode/utf8"
)

// snippetBytes is about how long a snippet is.
const snippetBytes = 240

// snippet is the part of a passage that has most of what was asked for.
func (x *Index) snippet(p Passage, q query) string {
	weights := map[string]float64{}
	for _, t := range q.terms {
		weights[x.im.text(tableTerms, t.term, termText)] = t.weight
	}
	var best string
	score := -1.0
	for _, b := range p.Blocks {
		if b.Kind == Code && best != "" {
			continue
		}
		seen := map[string]bool{}
		var s float64
		words(b.Text, func(word string, _ bool) {
			if w := stem(word); weights[w] > 0 && !seen[w] {
				seen[w] = true
				s += weights[w]
			}
		})
		if s > score {
			best, score = b.Text, s
		}
	}
	if best == "" && len(p.Heading) > 0 {
		best = p.Heading[len(p.Heading)-1]
	}
	return shorten(strings.Join(strings.Fields(best), " "), weights)
}

// shorten cuts text to a snippet around the first of the words.
func shorten(text string, weights map[string]float64) string {
	if len(text) <= snippetBytes {
		return text
	}
	start, at := 0, 0
	found := false
	for word := range strings.FieldsSeq(text) {
		i := at + strings.Index(text[at:], word)
		at = i + len(word)
		words(word, func(w string, _ bool) { found = found || weights[stem(w)] > 0 })
		if found {
			if i > snippetBytes/3 {
				start = i - snippetBytes/3
			}
			break
		}
	}
	start = min(start, len(text)-snippetBytes)
	if start > 0 {
		if i := strings.IndexByte(text[start:], ' '); i >= 0 {
			start += i + 1
		}
	}
	end := min(start+snippetBytes, len(text))
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	for start < end && !utf8.RuneStart(text[start]) {
		start++
	}
	out := text[start:end]
	if end < len(text) {
		if i := strings.LastIndexByte(out, ' '); i > 0 {
			out = out[:i]
		}
		out += " …"
	}
	if start > 0 {
		out = "… " + out
	}
	return out
}
