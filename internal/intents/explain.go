package intents

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// explain is why best is the match, in plain words.
func (m *Matcher) explain(best guess, guesses []guess, text string, repairs []string) []string {
	out := append([]string{}, best.because...)
	e := &m.entries[best.entry]
	if !slices.ContainsFunc(out, func(s string) bool { return strings.HasPrefix(s, "it is word for word") }) {
		said := pieces(text)
		if example, shared := nearestExample(e.samples, said); len(shared) > 0 {
			out = append(out, fmt.Sprintf("says “%s”, like the example “%s”", strings.Join(shared, " "), shorten(example)))
		} else if _, shared := nearestExample(e.titles, said); len(shared) > 0 {
			out = append(out, fmt.Sprintf("says “%s”, like its title “%s”", strings.Join(shared, " "), shorten(e.playbook.Title)))
		}
	}
	for _, r := range repairs {
		out = append(out, "read "+r)
	}
	for _, in := range e.templates.inputs {
		if v, ok := best.inputs[in.Name]; ok {
			out = append(out, fmt.Sprintf("%s is %v", in.Name, v))
		}
	}
	if len(guesses) > 1 && guesses[1].score >= shown {
		out = append(out, fmt.Sprintf("%.2f against %.2f for %s", best.score, guesses[1].score, m.entries[guesses[1].entry].playbook.ID))
	}
	if len(out) == 0 {
		out = append(out, fmt.Sprintf("sounds like “%s”", e.playbook.Title))
	}
	return out
}

// nearestExample is the example that shares most words with what was said, and
// those words as they were said, in order.
func nearestExample(examples []sample, said []piece) (example string, shared []string) {
	bestScore := 0.0
	for _, x := range examples {
		parts := x.words
		var words []string
		score := 0.0
		for _, p := range said {
			if slices.ContainsFunc(parts, func(q piece) bool { return matches(q, p) }) {
				words = append(words, p.raw)
				if p.stop {
					score += 0.2
				} else {
					score++
				}
			}
		}
		if score /= float64(len(parts) + 4); score > bestScore && slices.ContainsFunc(words, func(w string) bool { return !stopWords[strings.ToLower(w)] }) {
			example, shared, bestScore = x.text, words, score
		}
	}
	if len(shared) > 8 {
		shared = shared[:8]
	}
	return example, shared
}

func (e *entry) nearestNot(text string) string {
	if not, _ := nearestExample(e.notSamples, pieces(text)); not != "" {
		return shorten(not)
	}
	return shorten(e.notSamples[0].text)
}

// shorten keeps a quotation to a line.
func shorten(text string) string {
	const most = 80
	text = foldSpace(text)
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// asksAbout tells whether words are a question about something rather than a
// request for it: “how do …”, “what is …”, but not “can you …”.
func asksAbout(words []string) bool {
	for len(words) > 0 {
		switch words[0] {
		case "hi", "hey", "hello", "so", "and", "but", "ok", "okay", "please", "pls", "quick", "question", "team", "folks", "all", "guys", "um", "also":
			words = words[1:]
			continue
		}
		break
	}
	if len(words) < 2 {
		return false
	}
	if words[1] == "about" {
		return false // “how about a …” asks for it
	}
	switch words[0] {
	case "how", "what", "whats", "why", "when", "whens", "where", "wheres", "who", "whos", "which", "whose", "does", "is", "are", "did", "was", "were", "do", "should", "will", "has", "have":
		return true
	}
	return words[0] == "anyone" && words[1] == "know" || words[0] == "explain"
}
