package docs

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWord bounds a word in bytes; what is longer is a hash or a key that
// nobody asks for.
const maxWord = 40

// words calls yield with each word of a text in lower case: runs of letters
// and digits, and for a compound such as ConfigMap the parts after the whole.
// part says that a word is a part.
func words(text string, yield func(word string, part bool)) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !isWordRune(r) {
			i += size
			continue
		}
		start := i
		humps, ascii := false, true
		var last rune
		for i < len(text) {
			r, size = rune(text[i]), 1
			if r >= utf8.RuneSelf {
				r, size = utf8.DecodeRuneInString(text[i:])
			}
			if !isWordRune(r) {
				// An apostrophe inside a word belongs to it: don't, cluster's.
				if (r == '\'' || r == '’') && i+size < len(text) {
					next, _ := utf8.DecodeRuneInString(text[i+size:])
					if unicode.IsLetter(next) && unicode.IsLetter(last) {
						word := text[start:i]
						i += size
						for i < len(text) {
							r, size = utf8.DecodeRuneInString(text[i:])
							if !isWordRune(r) {
								break
							}
							i += size
						}
						emit(word, humps, ascii, yield)
						start = -1
					}
				}
				break
			}
			if r >= 'a' && r <= 'z' && (last >= 'a' && last <= 'z' || last == 0) {
				last = r
				i += size
				continue
			}
			if unicode.IsUpper(r) && unicode.IsLower(last) || unicode.IsLower(r) && unicode.IsUpper(last) && i-start > 1 {
				humps = true
			}
			ascii = ascii && r < utf8.RuneSelf
			last = r
			i += size
		}
		if start >= 0 {
			emit(text[start:i], humps, ascii, yield)
		}
	}
}

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf { // most of all text, and faster so
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

func emit(word string, humps, ascii bool, yield func(word string, part bool)) {
	if len(word) > maxWord {
		if !humps || len(word) > 2*maxWord {
			return
		}
	} else {
		yield(strings.ToLower(word), false)
	}
	if !humps || !ascii {
		return
	}
	start := 0
	for i := 1; i < len(word); i++ {
		lower, upper := isLowerASCII(word[i-1]), isUpperASCII(word[i])
		acronym := isUpperASCII(word[i-1]) && upper && i+1 < len(word) && isLowerASCII(word[i+1])
		if lower && upper || acronym {
			yield(strings.ToLower(word[start:i]), true)
			start = i
		}
	}
	if start > 0 {
		yield(strings.ToLower(word[start:]), true)
	}
}

func isLowerASCII(c byte) bool { return c >= 'a' && c <= 'z' }
func isUpperASCII(c byte) bool { return c >= 'A' && c <= 'Z' }

// stem takes the plural off an English word, and nothing else: what goes
// further helps one question and hurts the next.
func stem(word string) string {
	n := len(word)
	switch {
	case n < 4 || word[n-1] != 's':
		return word
	case strings.HasSuffix(word, "ies") && n > 4:
		return word[:n-3] + "y"
	case strings.HasSuffix(word, "sses") || strings.HasSuffix(word, "xes") || strings.HasSuffix(word, "ches") || strings.HasSuffix(word, "shes"):
		return word[:n-2]
	case word[n-2] == 's' || word[n-2] == 'u' || word[n-2] == 'i':
		return word
	}
	return word[:n-1]
}

// stopWords carry no topic.
var stopWords = func() map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(`a about above after again all also am an and any are aren as at be because been before being below between both but by
		can cannot could couldn did didn do does doesn doing don down during each else ever few for from further get gets getting give got had hadn has hasn have haven having he her
		here hers him his how however i if in into is isn it its itself just let like ll me might more most my myself need no nor not now of off on once one only or other our
		ours out over own please re same she should so some someone such than that the their theirs them then there these they thing things this those through to too
		trying under until up us use used using very via ve want wants was wasn way we were what when where whether which while who whom why will with within without won would
		wouldn you your yours help hi hello hey thanks thank know knows tell anyone anybody something explain seem seems`) {
		set[w] = true
	}
	return set
}()

// isIdle says whether a word of a question, and its stem, say nothing of what
// is asked. Questions are typed faster than pages.
func isIdle(word, stem string) bool {
	return stopWords[word] || stopWords[stem] || chatWords[word]
}

// chatWords are idle words as they are typed in a chat.
var chatWords = func() map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(`im ive dont doesnt didnt cant couldnt wont wouldnt isnt arent wasnt havent hasnt shouldnt youre theyre thats gonna wanna gotta
		rn pls plz please asap btw fyi idk tho thx ty lol hmm hmmm um uh ok okay yo sup hiya howto u ur r bc cuz`) {
		set[w] = true
	}
	return set
}()

// abbreviated are the abbreviations that engineers type without thinking, and
// the words in full as the index keeps them.
var abbreviated = map[string]string{
	"auth": "authentication", "cert": "certificate", "config": "configuration", "db": "database", "dev": "development",
	"dir": "directory", "env": "environment", "k8s": "kubernetes", "lib": "library", "ns": "namespace",
	"perm": "permission", "pg": "postgresql", "prod": "production", "repo": "repository", "svc": "service", "temp": "temporary", "var": "variable",
}

// fillers are words of asking and telling rather than of the matter asked
// about. They are searched for, but count less.
var fillers = func() map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(`issue problem question idea understand understanding figure confused confusing wonder wondering possible best better
		correct right wrong proper properly work working worked fine try tried attempt attempting run running ran make making made see saw seen look looking find
		finding found come coming show showing happen happening happened facing face encounter encountered strange weird difference purpose mean meaning reason
		describe clarify advise suggest suggestion recommend example case scenario practical pro con versus currently recently already still always sometimes however although
		anyway actually basically simply simple easy easily difficult hard great nice good bad cool love team guy folk everyone new old latest ago today yesterday
		help helpful appreciate sorry feel think thought believe guess suppose sure maybe perhaps probably really quite bit lot kind sort way point
		place following followed follow read documentation doc docs article tutorial guide link below above wrap head around say said says tell told ask asking
		want wanted need needed like would missing seem appear apparently instead another every everything nothing anything
		able unable unfortunately somehow successfully several many much few since though yet ever never often usually long time`) {
		set[stem(w)] = true
	}
	return set
}()
