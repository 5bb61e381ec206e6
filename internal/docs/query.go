package docs

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"strings"

	"github.com/kljensen/snowball/english"
)

// How much of a question is read, in bytes: its beginning and its end, because
// what somebody asks stands before or after what they paste.
const (
	maxOpening = 24 << 10
	maxClosing = 8 << 10
)

// query is what a question looks for.
type query struct {
	terms []queryTerm
	// asked are the distinct words of the question, known or not.
	asked int
	// dated says that the question is about versions.
	dated bool
}

type queryTerm struct {
	term   int
	word   string
	weight float64
	idf    float64
	// guessed says that the question spells the word differently.
	guessed bool
}

// parse finds the terms of a question.
func (x *Index) parse(question string, r ranking) query {
	question = clip(question)
	type asked struct {
		count float64
		joins bool
		said  string // before the plural was taken off
	}
	counts := map[string]*asked{}
	var order []string
	note := func(word, said string, n float64, joins bool) {
		if counts[word] == nil {
			counts[word] = &asked{joins: joins, said: said}
			order = append(order, word)
		}
		counts[word].count += n
		counts[word].joins = counts[word].joins && joins
	}
	last := ""
	for _, stops := range []bool{true, false} {
		words(question, func(word string, part bool) {
			s := stem(word)
			if stops && isIdle(word, s) {
				last = ""
				return
			}
			if part {
				note(s, word, r.part, false)
				return
			}
			note(s, word, 1, false)
			if last != "" {
				note(last+s, last+s, r.joined, true)
			}
			last = word
		})
		// A question of nothing but common words looks for those.
		if len(order) > 0 {
			break
		}
	}
	q := query{}
	pages := float64(x.im.rows(tablePages))
	for _, word := range order {
		a := counts[word]
		term, known := x.term(word)
		guessed := false
		if !a.joins {
			q.asked++
		}
		if !known {
			if a.joins || r.typo == 0 {
				continue
			}
			if term, known = x.alias(word); known {
				q.terms = append(q.terms, x.weigh(queryTerm{term: term, word: word, guessed: true}, a.count, r))
				continue
			}
			if left, right, ok := x.split(word); ok {
				for _, half := range []int{left, right} {
					n := float64(x.im.at(tableTerms, half, termPages))
					idf := math.Log(1 + (pages-n+0.5)/(n+0.5))
					q.terms = append(q.terms, queryTerm{term: half, word: word, guessed: true, idf: idf, weight: idf * r.part})
				}
				continue
			}
			if term, known = x.guess(a.said, word); !known {
				continue
			}
			guessed = true
		}
		n := float64(x.im.at(tableTerms, term, termPages))
		count := a.count
		if guessed {
			count *= r.typo
		}
		q.terms = append(q.terms, x.weigh(queryTerm{term: term, word: word, guessed: guessed}, count, r))
		if full, ok := x.alias(word); ok && !a.joins && a.count >= 1 && counts[x.im.text(tableTerms, full, termText)] == nil {
			// The two are one word, as rare as the more common of them.
			t := x.weigh(queryTerm{term: full, word: word}, count, r)
			t.weight = r.alias * min(t.weight, q.terms[len(q.terms)-1].weight)
			q.terms = append(q.terms, t)
		}
		if r.variants > 0 && !a.joins {
			x.variants(word, term, func(v int) {
				if _, asked := counts[x.im.text(tableTerms, v, termText)]; asked {
					return
				}
				n := math.Max(float64(x.im.at(tableTerms, v, termPages)), n)
				vt := queryTerm{term: v, word: word, idf: math.Log(1 + (pages-n+0.5)/(n+0.5))}
				vt.weight = r.variants * topical(word, vt.idf, r) * count * (r.repeated + 1) / (r.repeated + count)
				q.terms = append(q.terms, vt)
			})
		}
	}
	q.dated = datedQuestion.MatchString(question[:min(len(question), maxDated)])
	if len(q.terms) > maxQueryTerms {
		slices.SortStableFunc(q.terms, func(a, b queryTerm) int { return cmp.Compare(b.weight, a.weight) })
		q.terms = q.terms[:maxQueryTerms]
	}
	return q
}

// weigh fills in how rare t is and what it counts, asked for so many times.
func (x *Index) weigh(t queryTerm, count float64, r ranking) queryTerm {
	pages, n := float64(x.im.rows(tablePages)), float64(x.im.at(tableTerms, t.term, termPages))
	t.idf = math.Log(1 + (pages-n+0.5)/(n+0.5))
	t.weight = topical(t.word, t.idf, r) * count * (r.repeated + 1) / (r.repeated + count)
	return t
}

// topical is what a word so rare counts. That a word of the asker's own is rare
// in the pages says nothing.
func topical(word string, idf float64, r ranking) float64 {
	if fillers[word] {
		return r.filler * min(idf, r.rarest)
	}
	return idf
}

// alias finds the term that a common abbreviation stands for.
func (x *Index) alias(word string) (int, bool) {
	full, ok := abbreviated[word]
	if !ok {
		return 0, false
	}
	return x.term(full)
}

// variants calls yield for the other forms of an English word.
func (x *Index) variants(word string, term int, yield func(term int)) {
	if len(word) < 4 {
		return
	}
	root := english.Stem(word, true)
	prefix := root
	if len(prefix) > 4 {
		prefix = prefix[:len(prefix)-1]
	}
	first, _ := x.term(prefix)
	for i := first; i < x.im.rows(tableTerms); i++ {
		t := x.im.bytes(tableTerms, i, termText)
		if !strings.HasPrefix(string(t), prefix) {
			return
		}
		if i != term && len(t) < len(root)+6 && english.Stem(string(t), true) == root {
			yield(i)
		}
	}
}

// split finds the two terms that an unknown word is put together from, such as
// host and name for hostname. Of several ways the one with the most common
// rarer half is taken.
func (x *Index) split(word string) (left, right int, ok bool) {
	const shortest = 3
	most := uint32(1)
	for i := shortest; i <= len(word)-shortest; i++ {
		l, found := x.term(word[:i])
		if !found {
			continue
		}
		r, found := x.term(word[i:])
		if !found {
			continue
		}
		if n := min(x.im.at(tableTerms, l, termPages), x.im.at(tableTerms, r, termPages)); n > most {
			left, right, ok, most = l, r, true, n
		}
	}
	return left, right, ok
}

// guess finds the most common term that differs from an unknown word by one
// letter, or by two that changed places; in long words by two such mistakes
// where none has one. The first letter counts as right.
//
// In words of three or four letters, which many others are near to, only
// neighbours that changed places and a double letter written once count.
//
// said is the word before its plural was taken off, since a letter too few makes
// plurals of words that are none: ingres.
func (x *Index) guess(said, word string) (int, bool) {
	if strings.HasSuffix(said, "s") && said != word {
		if best, ok := x.term(said + "s"); ok {
			return best, true
		}
	}
	if len(word) < 3 || strings.ContainsAny(word, "0123456789") {
		return 0, false
	}
	near := oneEdit
	if len(word) < 5 {
		near = slip
	}
	if best, ok := x.nearest(word, near); ok || len(word) < twiceWrong {
		return best, ok
	}
	return x.nearest(word, twoEdits)
}

// twiceWrong is how long a word must be for two mistakes to leave it what it is.
const twiceWrong = 8

// nearest finds the most common term with the word's first letter that is near
// to it.
func (x *Index) nearest(word string, near func(word string, term []byte) bool) (int, bool) {
	first, _ := x.term(word[:1])
	best, pages := -1, uint32(0)
	for i := first; i < x.im.rows(tableTerms); i++ {
		t := x.im.bytes(tableTerms, i, termText)
		if len(t) == 0 || t[0] != word[0] {
			break
		}
		if n := x.im.at(tableTerms, i, termPages); n > pages && near(word, t) {
			best, pages = i, n
		}
	}
	return best, best >= 0
}

// twoEdits says whether two edits as in oneEdit turn a into b, the first of
// them at the first letter that differs.
func twoEdits(a string, b []byte) bool {
	if len(a) < len(b)-2 || len(a) > len(b)+2 {
		return false
	}
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	ra, rb := a[i:], b[i:]
	switch {
	case ra == "" || len(rb) == 0:
		return len(ra)+len(rb) <= 2
	case oneEdit(ra[1:], rb), oneEdit(ra, rb[1:]), oneEdit(ra[1:], rb[1:]):
		return true
	}
	return len(ra) > 1 && len(rb) > 1 && ra[0] == rb[1] && ra[1] == rb[0] && oneEdit(ra[2:], rb[2:])
}

// oneEdit says whether one insertion, deletion, replacement or swap of
// neighbours turns a into b.
func oneEdit(a string, b []byte) bool {
	if len(a) < len(b)-1 || len(a) > len(b)+1 {
		return false
	}
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	ra, rb := a[i:], string(b[i:])
	switch {
	case ra == "" || rb == "":
		return true
	case len(a) > len(b):
		return ra[1:] == rb
	case len(a) < len(b):
		return ra == rb[1:]
	case ra[1:] == rb[1:]:
		return true
	}
	return len(ra) > 1 && ra[0] == rb[1] && ra[1] == rb[0] && ra[2:] == rb[2:]
}

// slip says whether a is b with two neighbours swapped or a double letter
// written once.
func slip(a string, b []byte) bool {
	switch i := 0; len(b) - len(a) {
	case 0:
		for i < len(a) && a[i] == b[i] {
			i++
		}
		return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == string(b[i+2:])
	case 1:
		for i < len(a) && a[i] == b[i] {
			i++
		}
		return i > 0 && b[i] == b[i-1] && a[i:] == string(b[i+1:])
	}
	return false
}

// Term is a word of a question as the index knows it.
type Term struct {
	// Word is the word in the form that EachTerm gives for a text that has it;
	// for one guessed from a misspelling it is the guess.
	Word string
	// Forms are words of the pages that mean the same: the word in full where
	// it is a common abbreviation, and its other grammatical forms.
	Forms []string
	// IDF says how rare the word is: the logarithm of about one in how many
	// pages has it.
	IDF float64
	// Known says that some page has the word, Guessed that it has one like it.
	Known, Guessed bool
	// Part says that the word is a part of a compound word.
	Part bool
	// Filler says that the word rather tells of the asker than of the matter.
	Filler bool
}

// Terms returns the distinct words of a question that carry its topic, in the
// order in which they come. A question of common words only has those.
func (x *Index) Terms(question string) []Term {
	defer runtime.KeepAlive(x)
	pages := float64(x.im.rows(tablePages))
	seen := map[string]bool{}
	var out []Term
	for _, stops := range []bool{true, false} {
		words(clip(question), func(word string, part bool) {
			said := word
			word = stem(word)
			if seen[word] || stops && isIdle(said, word) {
				return
			}
			seen[word] = true
			t := Term{Word: word, Part: part, Filler: fillers[word], IDF: math.Log(1 + (pages+0.5)/0.5)}
			term, known := x.term(word)
			full, abbreviates := x.alias(word)
			if abbreviates {
				t.Forms = append(t.Forms, x.im.text(tableTerms, full, termText))
			}
			if !known {
				if abbreviates {
					term, known = full, true
				} else if left, right, ok := x.split(word); ok {
					// The rarer half stands for the whole.
					term, t.Guessed = left, true
					if x.im.at(tableTerms, right, termPages) < x.im.at(tableTerms, left, termPages) {
						term = right
					}
					t.Word = x.im.text(tableTerms, term, termText)
				} else if term, t.Guessed = x.guess(said, word); t.Guessed {
					t.Word = x.im.text(tableTerms, term, termText)
				}
			}
			if t.Known = known || t.Guessed; t.Known {
				n := float64(x.im.at(tableTerms, term, termPages))
				t.IDF = math.Log(1 + (pages-n+0.5)/(n+0.5))
				x.variants(t.Word, term, func(v int) { t.Forms = append(t.Forms, x.im.text(tableTerms, v, termText)) })
			}
			out = append(out, t)
		})
		if len(out) > 0 {
			break
		}
	}
	return out
}

// Pages is the number of pages.
func (x *Index) Pages() int { return x.im.rows(tablePages) }

// RarestIDF is the IDF of a word that no page has.
func (x *Index) RarestIDF() float64 {
	defer runtime.KeepAlive(x)
	return math.Log(1 + (float64(x.im.rows(tablePages))+0.5)/0.5)
}

// EachTerm calls yield with each word of a text in the form in which the index
// keeps it, common words and parts of compound words included.
func EachTerm(text string, yield func(word string)) {
	words(text, func(word string, _ bool) { yield(stem(word)) })
}

// clip is as much of a question as is read, in valid UTF-8.
func clip(question string) string {
	if len(question) > maxOpening+maxClosing {
		question = question[:maxOpening] + " " + question[len(question)-maxClosing:]
	}
	return strings.ToValidUTF8(question, " ")
}

// EachTopic calls yield with each word of a text that carries its topic, as
// Terms does for a question but as written: nothing guessed, and a word that comes
// twice comes twice. idf is as in Term.
func (x *Index) EachTopic(text string, yield func(word string, idf float64, filler bool)) {
	defer runtime.KeepAlive(x)
	pages := float64(x.im.rows(tablePages))
	words(text, func(word string, part bool) {
		s := stem(word)
		if part || isIdle(word, s) {
			return
		}
		n := 0.0
		if term, ok := x.term(s); ok {
			n = float64(x.im.at(tableTerms, term, termPages))
		}
		yield(s, math.Log(1+(pages-n+0.5)/(n+0.5)), fillers[s])
	})
}

// EachWord calls yield with each word of a text in lower case, parts of
// compound words left out.
func EachWord(text string, yield func(word string)) {
	words(text, func(word string, part bool) {
		if !part {
			yield(word)
		}
	})
}
