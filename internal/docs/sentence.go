package docs

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// abbreviations end in a full stop that ends no sentence.
var abbreviations = []string{
	"e.g.", "i.e.", "etc.", "vs.", "cf.", "approx.", "resp.", "incl.", "no.", "mr.", "ms.", "mrs.", "dr.", "st.", "fig.", "sec.", "ver.", "aka.", "a.k.a.",
}

// sentences cuts a block's text into sentences. It rather leaves two together
// than cuts one in half.
func sentences(text string) []Span {
	var out []Span
	start := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		if r != '.' && r != '!' && r != '?' && r != '。' {
			continue
		}
		end := i
		for end < len(text) {
			next, n := utf8.DecodeRuneInString(text[end:])
			if !strings.ContainsRune(`.!?"')]”’`, next) {
				break
			}
			end += n
		}
		i = end
		// The mark of a note stands between two sentences and in neither.
		note := noteMark(text[end:])
		if rest := text[end+note:]; note > 0 && (rest == "" || rest[0] == ' ') {
			out = append(out, Span{start, end})
			start = min(end+note+1, len(text))
			i = max(i, start)
			continue
		}
		if end < len(text) && (text[end] != ' ' || r == '.' && !endsSentence(text[start:end], text[end+1:])) {
			continue
		}
		out = append(out, Span{start, end})
		start = end
		for start < len(text) && text[start] == ' ' {
			start++
		}
		i = max(i, start)
	}
	if start < len(text) {
		out = append(out, Span{start, len(text)})
	}
	return out
}

// noteMark is the length of the note marks that text begins with, such as [^1].
func noteMark(text string) int {
	n := 0
	for strings.HasPrefix(text[n:], "[^") {
		end := strings.IndexByte(text[n:], ']')
		if end < 0 || end > 40 || strings.ContainsRune(text[n:n+end], ' ') {
			break
		}
		n += end + 1
	}
	return n
}

// endsSentence says whether the full stop at the end of before ends a
// sentence, seen what follows it.
func endsSentence(before, after string) bool {
	word := before[strings.LastIndexByte(before, ' ')+1:]
	word = strings.TrimLeft(word, `("'[`)
	if slices.Contains(abbreviations, strings.ToLower(word)) {
		return false
	}
	stem := strings.TrimRight(word, `.!?"')]”’`)
	if utf8.RuneCountInString(stem) == 1 {
		first, _ := utf8.DecodeRuneInString(stem)
		if unicode.IsUpper(first) || unicode.IsDigit(first) && before == word {
			return false
		}
	}
	next, _ := utf8.DecodeRuneInString(after)
	return !unicode.IsLower(next)
}

// quotable says whether a sentence reads as one when it stands alone: some
// words, no sign of a template that was not filled in, no note mark.
func quotable(s string) bool {
	if len(s) > 1200 || strings.Count(s, " ") < 2 {
		return false
	}
	for _, sign := range []string{"{{", "}}", "{%", "%}", "[^", "<", "\uFFFD", "::", "$("} {
		if strings.Contains(s, sign) {
			return false
		}
	}
	letters := 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r):
			letters++
		case r != ' ' && (unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)):
			return false
		}
	}
	return letters*2 > utf8.RuneCountInString(s)
}
