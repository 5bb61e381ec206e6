package problem

import "strings"

// Nearest returns the known word that a typist most likely meant by word, or
// "" where none is close: at most a third of the letters (and at least one)
// may be wrong, counted as insertions, deletions, substitutions and swaps of
// neighbours (Damerau's distance, restricted form), and one letter must be
// right. Ties go to the first. Where none is close, it is the only one that
// begins with word, or that word begins with: int is integer.
func Nearest(word string, known []string) string {
	best, bestDistance := "", 1<<30
	for _, k := range known {
		limit := max(1, max(len(word), len(k))/3)
		d := Distance(strings.ToLower(word), strings.ToLower(k))
		if d <= limit && d < bestDistance && d < min(len(word), len(k)) {
			best, bestDistance = k, d
		}
	}
	if best == "" {
		return short(word, known)
	}
	return best
}

// shortest is how many letters of a beginning say what is meant.
const shortest = 3

// short is the only known word that begins with word, or that word begins with.
func short(word string, known []string) string {
	found := ""
	w := strings.ToLower(word)
	for _, k := range known {
		l := strings.ToLower(k)
		if min(len(l), len(w)) < shortest || !strings.HasPrefix(l, w) && !strings.HasPrefix(w, l) {
			continue
		}
		if found != "" && found != k {
			return ""
		}
		found = k
	}
	return found
}

// Distance is the restricted Damerau-Levenshtein distance of a and b in runes.
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
