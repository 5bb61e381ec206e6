package docs

import (
	"html"
	"regexp"
	"strings"
)

// htmlPart is the text of one heading or of what stands between two.
type htmlPart struct {
	level int // 1 to 6 for a heading, otherwise 0
	id    string
	text  string
}

var (
	htmlHidden  = regexp.MustCompile(`(?is)<!--.*?(?:-->|$)|<(script|style|template|svg)\b.*?(?:</(?:script|style|template|svg)\s*>|$)`)
	htmlHeading = regexp.MustCompile(`(?is)<h([1-6])\b([^>]*)>(.*?)</h[1-6]\s*>`)
	htmlTag     = regexp.MustCompile(`(?s)</?([A-Za-z][\w-]*)[^>]*>`)
	htmlID      = regexp.MustCompile(`(?i)\bid\s*=\s*["']?([^"'\s>]+)`)
)

// htmlParts is the text that a browser shows of a piece of HTML, in parts cut
// at its headings.
func htmlParts(raw string) []htmlPart {
	raw = htmlHidden.ReplaceAllString(raw, " ")
	var parts []htmlPart
	add := func(p htmlPart) {
		p.text = strings.TrimSpace(html.UnescapeString(htmlTag.ReplaceAllStringFunc(p.text, betweenTags)))
		if p.text != "" {
			parts = append(parts, p)
		}
	}
	at := 0
	for _, m := range htmlHeading.FindAllStringSubmatchIndex(raw, -1) {
		add(htmlPart{text: raw[at:m[0]]})
		p := htmlPart{level: int(raw[m[2]] - '0'), text: raw[m[6]:m[7]]}
		if id := htmlID.FindStringSubmatch(raw[m[4]:m[5]]); id != nil {
			p.id = id[1]
		}
		add(p)
		at = m[1]
	}
	add(htmlPart{text: raw[at:]})
	return parts
}

// betweenTags is what stands for a tag in the text: nothing for one inside a
// word, a space for one that begins a box.
func betweenTags(tag string) string {
	switch strings.ToLower(htmlTag.FindStringSubmatch(tag)[1]) {
	case "b", "i", "em", "strong", "code", "a", "span", "sup", "sub", "kbd", "tt", "small", "wbr", "var", "u", "s":
		return ""
	}
	return " "
}
