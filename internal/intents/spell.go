package intents

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"frontdoor/internal/problem"
)

// speller puts misspelt words of a message right, towards words that the
// catalogue's own texts use.
type speller struct {
	known  map[string]bool
	around map[string][]string // a word without one letter to the known words that give it, in file order
}

// minRepair is the shortest word that is repaired: shorter ones are too near
// to each other.
const minRepair = 4

func newSpeller(entries []entry) *speller {
	s := &speller{known: make(map[string]bool), around: make(map[string][]string)}
	learn := func(text string) {
		for _, w := range wordList(text) {
			if s.known[w] {
				continue
			}
			s.known[w] = true
			if utf8.RuneCountInString(w) < minRepair || stopWords[w] {
				continue
			}
			deletions(w, func(d string) { s.around[d] = append(s.around[d], w) })
		}
	}
	for i := range entries {
		p := entries[i].playbook
		for _, x := range p.Match.Examples {
			learn(slot.ReplaceAllString(x, " "))
		}
		learn(p.Title)
		learn(p.Match.Command)
	}
	for i := range entries { // known, but no goal of a repair
		p := entries[i].playbook
		for _, w := range wordList(p.Summary + " " + strings.Join(p.Match.Not, " ")) {
			s.known[w] = true
		}
		for _, in := range entries[i].templates.inputs {
			for _, w := range wordList(strings.Join(in.Options, " ") + " " + strings.ReplaceAll(in.Name, "_", " ")) {
				s.known[w] = true
			}
		}
	}
	return s
}

// deletions calls emit with w and w without each of its letters.
func deletions(w string, emit func(string)) {
	emit(w)
	for i, r := range w {
		emit(w[:i] + w[i+utf8.RuneLen(r):])
	}
}

// repair is text with its misspelt words put right, and what was put right as
// “wrong” as “right”.
func (s *speller) repair(text string) (fixed string, repairs []string) {
	var b strings.Builder
	at := 0
	for _, p := range pieces(text) {
		right := s.nearest(p)
		if right == "" {
			continue
		}
		b.WriteString(text[at:p.start])
		b.WriteString(right)
		at = p.end
		if len(repairs) < 3 {
			repairs = append(repairs, fmt.Sprintf("“%s” as “%s”", p.raw, right))
		}
	}
	b.WriteString(text[at:])
	return b.String(), repairs
}

// only is repair without the account of it.
func (s *speller) only(text string) string {
	fixed, _ := s.repair(text)
	return fixed
}

// nearest is the known word that p most likely is, "" where p is right or
// nothing is near.
func (s *speller) nearest(p piece) string {
	n := utf8.RuneCountInString(p.low)
	if p.quoted || p.stop || n < minRepair || n > 30 || s.known[p.low] || plainWords[p.low] || identifier(p.raw) || strings.ContainsAny(p.low, "@#<>/") {
		return ""
	}
	first, _ := utf8.DecodeRuneInString(p.low)
	best, bestDistance := "", 3
	deletions(p.low, func(d string) {
		for _, w := range s.around[d] {
			// A plural or an ending is no mistake.
			if strings.HasPrefix(w, p.low) || strings.HasPrefix(p.low, w) && n-len(w) > 1 {
				continue
			}
			distance := problem.Distance(p.low, w)
			limit := 1
			if n >= 7 {
				limit = 2
			}
			if f, _ := utf8.DecodeRuneInString(w); f != first && (distance != 1 || n < 6) && !swapped(p.low, w) {
				continue
			}
			if distance <= limit && distance < bestDistance {
				best, bestDistance = w, distance
			}
		}
	})
	return best
}

// swapped tells whether a is b with its first two letters the other way round.
func swapped(a, b string) bool {
	return len(a) == len(b) && len(a) > 2 && a[0] == b[1] && a[1] == b[0] && a[2:] == b[2:]
}
