package console

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// While lines are broken, marks stand in the text for what they become: a word
// is then counted as it will be seen, and none is broken in the middle.
const (
	unbroken  = "\ue000" // a space that no line ends at
	codeOpen  = "\ue001"
	codeClose = "\ue002"
	boldOpen  = "\ue003"
	boldClose = "\ue004"
	star      = "\ue005" // one in code

	firstMark, lastMark = '\ue000', '\ue005'
)

var (
	bold = regexp.MustCompile(`\*\*([^*\n]+)\*\*`)
	code = regexp.MustCompile("`([^`\n]+)`")
	link = regexp.MustCompile(`\[([^\]\n]+)\]\((https?://[^)\s]+)\)`)
	// A link that is all of a line.
	soleLink = regexp.MustCompile(`^(\s*(?:[-*•]\s+)?)\[([^\]\n]+)\]\((https?://[^)\s]+)\)$`)
	bullet   = regexp.MustCompile(`^\s*([-*•]|\d+[.)])\s+`)
)

// rendered is Markdown as a terminal shows it: links spelt out, lines broken at
// words but never within code that fits a line, blocks of code as they are.
func rendered(markdown string, color bool, width int) string {
	var out []string
	block := false
	for line := range strings.SplitSeq(printable(markdown), "\n") {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			block = !block
		case block:
			out = append(out, "    "+line)
		default:
			out = append(out, wrap(marked(line, width), width, strings.Repeat(" ", utf8.RuneCountInString(bullet.FindString(line)))))
		}
	}
	text := strings.Join(out, "\n")
	if color {
		return strings.NewReplacer(unbroken, " ", star, "*", codeOpen, "\x1b[36m", codeClose, "\x1b[0m", boldOpen, "\x1b[1m", boldClose, "\x1b[0m").Replace(text)
	}
	return strings.NewReplacer(unbroken, " ", star, "*", codeOpen, "`", codeClose, "`", boldOpen, "", boldClose, "").Replace(text)
}

// marked puts the marks in: code first, in which nothing else has a meaning.
func marked(line string, width int) string {
	var b strings.Builder
	at := 0
	for _, m := range code.FindAllStringSubmatchIndex(line, -1) {
		b.WriteString(prose(line[at:m[0]]))
		span := line[m[2]:m[3]]
		if utf8.RuneCountInString(span)+2 <= width {
			span = strings.ReplaceAll(span, " ", unbroken)
		}
		b.WriteString(codeOpen + strings.ReplaceAll(span, "*", star) + codeClose)
		at = m[1]
	}
	b.WriteString(prose(line[at:]))
	return bold.ReplaceAllString(b.String(), boldOpen+"$1"+boldClose)
}

// prose spells out links: in a sentence the address stands in brackets, so that
// the mark behind it is no part of it.
func prose(s string) string {
	if only := soleLink.FindStringSubmatch(s); only != nil {
		return only[1] + only[2] + ": " + only[3]
	}
	return link.ReplaceAllString(s, "$1 ($2)")
}

// wrap breaks a line at words so that none is longer than width code points; 0
// is no limit. What follows the first begins with indent. Only white space is
// changed, and what has none is left whole.
func wrap(line string, width int, indent string) string {
	if width <= 0 || columns(line) <= width {
		return line
	}
	if len(indent) > width/2 {
		indent = ""
	}
	var b strings.Builder
	used := 0
	for j, word := range strings.Split(line, " ") {
		n := columns(word)
		switch {
		case j == 0:
		case used+1+n > width && used > len(indent):
			b.WriteString("\n" + indent)
			used = len(indent)
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	return b.String()
}

// columns is how many code points of s are seen.
func columns(s string) int {
	return utf8.RuneCountInString(s) - strings.Count(s, boldOpen) - strings.Count(s, boldClose)
}
