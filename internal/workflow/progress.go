package workflow

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"frontdoor/internal/expression"
)

// paced tells whether the nth look of a wait is worth a word: the first three,
// and then ever fewer.
func paced(n int) bool {
	a, b := 1, 2
	for a < n {
		a, b = b, a+b
	}
	return a == n
}

func ordinal(n int) string {
	suffix := "th"
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		suffix = "st"
	case n%10 == 2:
		suffix = "nd"
	case n%10 == 3:
		suffix = "rd"
	}
	return strconv.Itoa(n) + suffix
}

var (
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`)
	path   = regexp.MustCompile(`\bsteps(?:\??\.\w+)+`)
)

// maxSeen bounds the values shown of a wait, each in code points.
const (
	maxSeen  = 3
	maxShown = 40
)

// seen says what the values are that a condition looks at: "status is
// creating". Only single values that the condition names are shown.
func seen(until string, env map[string]any) string {
	var out []string
	for _, p := range path.FindAllString(quoted.ReplaceAllString(until, `""`), -1) {
		v, err := expression.Eval(p, env)
		if err != nil {
			continue
		}
		switch v.(type) {
		case string, bool, int, int64, float64:
		default:
			continue
		}
		text := strings.Join(strings.Fields(expression.Text(v)), " ")
		if r := []rune(text); len(r) > maxShown {
			text = string(r[:maxShown-1]) + "…"
		}
		if text == "" {
			text = "empty"
		}
		line := p[strings.LastIndexByte(p, '.')+1:] + " is " + text
		if len(out) < maxSeen && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return strings.Join(out, ", ")
}
