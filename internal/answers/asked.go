package answers

import (
	"math"
	"slices"
	"strings"

	"frontdoor/internal/docs"
)

// A kind of question says what its answer looks like.
type kind int

const (
	plain      kind = iota
	how             // what to do: steps, or a sentence that tells to
	howLong         // a time or a date
	howMuch         // a number
	who             // people
	definition      // what something is
)

// asked is a question taken apart: which words its answer should have, what
// each counts, and what kind of answer is wanted.
type asked struct {
	kind   kind
	weight []float64 // by term
	total  float64
	count  []float64 // how often the question has it
	// matches are the terms that a word of a page stands for, and how surely.
	matches map[string][]match
	joined  []byte // memory of read
	pairs   []pair // of neighbouring words
	code    bool   // a command or something to copy is asked for
	opening string // the word that asks, such as who or when, or ""
}

type match struct {
	term  int
	share float64
}

// How surely a word of a page is the one asked for.
const (
	guessedShare = 0.75 // after correcting the spelling
	formShare    = 0.8  // as another form or the word in full
)

// fillerWeight is what a word counts that tells of the asker.
const fillerWeight = 0.3

// ask takes a question apart.
func ask(x *docs.Index, question string) *asked {
	a := &asked{matches: map[string][]match{}}
	a.kind, a.opening = kindOf(question)
	a.pairs = neighbours(x, question)
	a.code = slices.ContainsFunc(tokens(question, 400), func(w string) bool { return copied[w] })
	last, lastWord := -1, ""
	terms := x.Terms(question)
	instead := false // the parts of the last compound stand for it
	for i, t := range terms {
		if !t.Part {
			instead = !t.Known && knownPart(terms[i+1:])
		}
		if t.Part != instead {
			continue
		}
		w := t.IDF
		if t.Filler {
			w *= fillerWeight
		}
		n := len(a.weight)
		a.weight = append(a.weight, w)
		a.total += w
		share := 1.0
		if t.Guessed {
			share = guessedShare
		}
		a.note(t.Word, match{n, share})
		for _, form := range t.Forms {
			a.note(form, match{n, share * formShare})
		}
		// What the question writes apart, a page may write as one.
		if last >= 0 {
			a.note(lastWord+t.Word, match{last, share})
			a.note(lastWord+t.Word, match{n, share})
		}
		last, lastWord = n, t.Word
	}
	return a
}

// knownPart says whether the terms begin with the parts of a compound of which
// the pages have one. An alert's or an error's name, such as NodeNotReady, is
// seldom in the pages and made of words that are.
func knownPart(terms []docs.Term) bool {
	for _, t := range terms {
		switch {
		case !t.Part:
			return false
		case t.Known:
			return true
		}
	}
	return false
}

func (a *asked) note(word string, m match) { a.matches[word] = append(a.matches[word], m) }

// cover is how surely a text has each term, from 0 to 1.
type cover []float64

// read adds the words of a text to c, each counting share.
func (a *asked) read(c cover, text string, share float64) {
	joined := a.joined[:0]
	found := func(ms []match) {
		for _, m := range ms {
			c[m.term] = max(c[m.term], share*m.share)
		}
	}
	docs.EachTerm(text, func(w string) {
		found(a.matches[w])
		// What the page writes apart, the question may write as one.
		had := len(joined)
		joined = append(joined, w...)
		if had > 0 {
			found(a.matches[string(joined)])
		}
		joined = append(joined[:0], w...)
	})
	a.joined = joined
}

// cover is that of the texts.
func (a *asked) cover(texts ...string) cover {
	c := make(cover, len(a.weight))
	for _, text := range texts {
		a.read(c, text, 1)
	}
	return c
}

// share is what c has of the question's weight, from 0 to 1.
func (a *asked) share(c cover) float64 {
	if a.total == 0 {
		return 0
	}
	sum := 0.0
	for i, s := range c {
		sum += s * a.weight[i]
	}
	return sum / a.total
}

// gain is what one has of the question's weight beyond other.
func (a *asked) gain(one, other cover) float64 {
	sum := 0.0
	for i, s := range one {
		sum += max(0, s-other[i]) * a.weight[i]
	}
	return sum / max(a.total, 1e-9)
}

// within is what the question has of a heading's weight, from 0 to 1.
func (a *asked) within(x *docs.Index, heading string) float64 {
	type topic struct {
		word   string
		weight float64
		share  float64
	}
	var topics []topic
	x.EachTopic(heading, func(word string, idf float64, filler bool) {
		if filler {
			idf *= fillerWeight
		}
		t := topic{word: word, weight: idf}
		found := func(ms []match) float64 {
			best := 0.0
			for _, m := range ms {
				best = max(best, m.share)
			}
			return best
		}
		t.share = found(a.matches[word])
		if n := len(topics); n > 0 {
			if s := found(a.matches[topics[n-1].word+word]); s > 0 {
				t.share, topics[n-1].share = max(t.share, s), max(topics[n-1].share, s)
			}
		}
		topics = append(topics, t)
	})
	var has, all float64
	for _, t := range topics {
		has, all = has+t.weight*t.share, all+t.weight
	}
	if all == 0 {
		return 0
	}
	return has / all
}

// kindOf tells what kind of answer a question wants, and by which word.
func kindOf(question string) (kind, string) {
	words := tokens(question, 400)
	for i, w := range words {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch w {
		case "how":
			switch next {
			case "long", "fast", "quickly", "soon", "often", "old", "late":
				return howLong, w
			case "many", "much", "big", "large", "far", "high":
				return howMuch, w
			}
			return how, w
		case "howto":
			return how, "how"
		case "when":
			if i == 0 || slices.Contains([]string{"and", "or", "but", "tell", "know"}, words[i-1]) {
				return howLong, w
			}
		case "explain", "define":
			if i == 0 && len(words) <= 8 {
				return definition, ""
			}
		case "deadline", "until", "duration", "expiry":
			return howLong, ""
		case "who", "whos", "whom", "whose":
			return who, "who"
		case "limit", "max", "maximum", "minimum", "price", "cost":
			if len(words) <= 8 {
				return howMuch, ""
			}
		case "whats":
			return definition, ""
		case "what":
			if slices.Contains([]string{"is", "are", "s"}, next) && len(words) <= i+7 {
				return definition, w
			}
			if slices.Contains([]string{"does", "do"}, next) && slices.Contains(words, "mean") {
				return definition, w
			}
		}
	}
	return plain, ""
}

// tokens are the words of the first n bytes of a text in lower case.
func tokens(text string, n int) []string {
	var out []string
	docs.EachWord(text[:min(n, len(text))], func(w string) { out = append(out, w) })
	return out
}

var (
	timeUnits = set(`second minute hour day week month year quarter utc daily hourly weekly monthly yearly midnight noon monday tuesday wednesday thursday
		friday saturday sunday january february march april june july august september october november december immediately instantly ms`)
	numbers = set(`one two three four five six seven eight nine ten eleven twelve twenty thirty sixty ninety hundred once twice half`)
	people  = set(`team engineer lead owner manager admin administrator maintainer operator person people somebody someone anybody anyone everybody everyone
		nobody employee colleague author reviewer approver security member user sre head finance officer desk`)
	orders = set(`to use run set add create open ask call type choose put make write read see find check select click enter install apply enable disable
		configure define specify start stop go list name send get edit change update delete remove follow build merge deploy roll press turn switch`)
)

// copied are words of questions that are answered by something to copy.
var copied = set(`command commands cli flag flags syntax yaml json manifest snippet example query curl`)

// suits says how far a sentence is what the kind of question wants, from 0 to
// 1. heading is that of its passage.
func (a *asked) suits(sentence, heading string) float64 {
	switch a.kind {
	case how:
		first := firstWord(sentence)
		switch {
		case first != "" && (orders[first] || first == firstWord(heading)):
			return 1
		}
	case howLong:
		unit, number := false, strings.ContainsAny(sentence, "0123456789")
		docs.EachTerm(sentence, func(w string) {
			unit = unit || timeUnits[w]
			number = number || numbers[w] || w == "daily"
		})
		switch {
		case unit && number:
			return 1
		case unit || a.opening == "when" && strings.Contains(sentence, " when "):
			return 0.6
		}
	case howMuch:
		if strings.ContainsAny(sentence, "0123456789") {
			return 1
		}
		some := false
		docs.EachTerm(sentence, func(w string) { some = some || numbers[w] })
		if some {
			return 0.7
		}
	case who:
		some := false
		docs.EachTerm(sentence, func(w string) { some = some || people[w] || w == "who" })
		if some || strings.Contains(sentence, "@") {
			return 1
		}
	case definition:
		return a.defines(sentence)
	case plain:
	}
	return 0
}

// defines says how far a sentence says what the thing asked for is: it begins
// with it and goes on with "is", "are" or "means".
func (a *asked) defines(sentence string) float64 {
	words := tokens(sentence, 120)
	for i, w := range words[:min(len(words), 10)] {
		if i == 0 || w != "is" && w != "are" && w != "means" && w != "describes" && w != "lets" && w != "gives" {
			continue
		}
		c := a.cover(strings.Join(words[:i], " "))
		if s := a.share(c); s > 0.3 {
			return min(1, s*1.2)
		}
		return 0
	}
	return 0
}

func firstWord(text string) string {
	words := tokens(text, 40)
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// named is how well a heading says what the question asks: all of the heading
// is in the question, and with what stands around it the heading has much of
// the question.
func (a *asked) named(x *docs.Index, heading string, around cover) float64 {
	c := a.cover(heading)
	if a.share(c) == 0 {
		return 0
	}
	for i := range c {
		c[i] = max(c[i], around[i])
	}
	return a.within(x, heading) * math.Sqrt(a.share(c))
}

func set(words string) map[string]bool {
	s := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		s[w] = true
	}
	return s
}
