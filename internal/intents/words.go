package intents

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what is read of one message: more says nothing about the intent,
// and a megabyte must cost no more than a page.
const (
	maxTokens    = 256
	maxTokenRune = 64
)

// tokens splits text into lower-case words: runs of letters, digits and marks.
// An apostrophe inside a word is dropped (“don't” is “dont”, as many type it);
// a symbol such as an emoji is a word of its own. At most maxTokens words, of
// at most maxTokenRune runes each. The words share the buffer buf.
func tokens(text string, into [][]rune, buf []rune) (words [][]rune, used []rune) {
	words, used = into[:0], buf[:0]
	// Room is reserved ahead: words are slices of used, so it must not move.
	if need := min(len(text), maxTokens*maxTokenRune) + 1; cap(used) < need {
		used = make([]rune, 0, need)
	}
	start := 0
	flush := func() bool {
		if len(used) > start {
			words = append(words, used[start:len(used):len(used)])
			start = len(used)
		}
		return len(words) < maxTokens
	}
	for i, r := range text {
		switch {
		case r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9'):
		case r >= 'A' && r <= 'Z':
			r += 'a' - 'A'
		case r == '\'' || r == '’':
			if len(used) > start && i+utf8.RuneLen(r) < len(text) {
				continue
			}
			if !flush() {
				return words, used
			}
			continue
		case r < utf8.RuneSelf || r == utf8.RuneError:
			if !flush() {
				return words, used
			}
			continue
		case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.M, r):
			r = unicode.ToLower(r)
		case unicode.IsSymbol(r):
			if !flush() {
				return words, used
			}
			used = append(used, r)
			if !flush() {
				return words, used
			}
			continue
		default:
			if !flush() {
				return words, used
			}
			continue
		}
		if len(used)-start < maxTokenRune {
			used = append(used, r)
		}
	}
	flush()
	return words, used
}

// wordList is tokens as strings, for the parts that compare words.
func wordList(text string) []string {
	words, _ := tokens(text, nil, nil)
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

// foldSpace is text with white space collapsed and trimmed.
func foldSpace(text string) string { return strings.Join(strings.Fields(text), " ") }
