package docs

import (
	"regexp"
	"strings"
)

// Text between these two marks stands where a site generator fills something
// in: it is searched, but never quoted. Both are private-use code points that
// are removed from what people wrote.
const (
	unsureOpen  = '\uE000'
	unsureClose = '\uE001'
)

var dropMarks = strings.NewReplacer(string(unsureOpen), "", string(unsureClose), "")

var (
	shortcode   = regexp.MustCompile(`(?s)\{\{([<%])\s*(/?)\s*([A-Za-z][\w./-]*)((?:[^{}"]|"[^"]*")*?)/?[>%]\}\}`)
	argument    = regexp.MustCompile(`(?:([\w-]+)\s*=\s*)?(?:"([^"]*)"|` + "`([^`]*)`" + `|([^\s"=]+))`)
	comment     = regexp.MustCompile(`(?s)\{\{[<%]\s*comment\s*[>%]\}\}.*?\{\{[<%]\s*/comment\s*[>%]\}\}`)
	codeTab     = regexp.MustCompile(`(?s)(\{\{[<%]\s*tab\s[^{}]*codelang[^{}]*[>%]\}\})(.*?)(\{\{[<%]\s*/\s*tab\s*[>%]\}\})`)
	wholeLine   = regexp.MustCompile(`(?m)^[ \t>]*\{\{[<%]\s*/?\s*[A-Za-z][\w./-]*(?:[^{}"\n]|"[^"\n]*")*?[>%]\}\}[ \t]*$`)
	snippet     = regexp.MustCompile(`^\s*-{1,}8<-{1,}\s+["']([^"']+)["']\s*$`)
	admonition  = regexp.MustCompile(`^(\s*)(?:!!!|\?\?\?\+?)\s+([\w -]+?)?\s*(?:"([^"]*)")?\s*$`)
	contentTab  = regexp.MustCompile(`^(\s*)===[!+]*\s+"([^"]*)"\s*$`)
	directive   = regexp.MustCompile(`^\s*:{3,}\s*([\w-]*)\s*(?:\[([^\]]*)\]|(\S.*?))?\s*$`)
	fence       = regexp.MustCompile("^\\s*(?:[-*+>]\\s+|\\d+[.)]\\s+)*(`{3,}|~{3,})")
	definition  = regexp.MustCompile(`^ {0,3}:[ \t]+(\S.*)$`)
	moduleLine  = regexp.MustCompile(`^(?:import\s.+\sfrom\s+['"].+['"];?|import\s+['"].+['"];?|export\s+(?:const|default|function)\s.*)$`)
	jsxTag      = regexp.MustCompile(`^\s*</?[A-Z][\w.]*(?:\s[^<>]*)?/?>\s*$`)
	githubAlert = regexp.MustCompile(`(?m)^(\s*>\s*)\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]`)
)

// needsPreparing says whether a page has anything that prepare would change.
func needsPreparing(src string) bool {
	for _, mark := range []string{"{{<", "{{%", "!!!", "???", ":::", "=== ", "8<", "[!", "import ", "export ", "\n: ", "\n:\t"} {
		if strings.Contains(src, mark) {
			return true
		}
	}
	return false
}

// prepare turns what site generators add to Markdown into plain Markdown:
// shortcodes into the text they show, as far as the page tells, admonitions
// and tabs into paragraphs, module lines into nothing. include returns the
// Markdown of an included file, or "". Fenced code stays as it is.
func prepare(src string, include func(name string) string) string {
	if !needsPreparing(src) {
		return src
	}
	src = comment.ReplaceAllString(src, "")
	src = codeTab.ReplaceAllStringFunc(src, func(tab string) string {
		m := codeTab.FindStringSubmatch(tab)
		if strings.Contains(m[2], "```") {
			return tab
		}
		return m[1] + "\n```\n" + strings.Trim(m[2], "\n") + "\n```\n" + m[3]
	})
	var out, prose strings.Builder
	flush := func() {
		out.WriteString(expandShortcodes(prose.String(), include))
		prose.Reset()
	}
	fenced := ""
	var indents []int // of the admonitions and tabs that are open, outermost first
	for line := range strings.Lines(src) {
		if fenced != "" {
			out.WriteString(dedent(line, 4*len(indents)))
			if strings.HasPrefix(strings.TrimLeft(line, " \t>"), fenced) {
				fenced = ""
			}
			continue
		}
		if strings.TrimSpace(line) == "" {
			prose.WriteString("\n")
			continue
		}
		for len(indents) > 0 && indentOf(line) < indents[len(indents)-1]+4 {
			indents = indents[:len(indents)-1]
		}
		line = dedent(line, 4*len(indents))
		bare := strings.TrimRight(line, "\r\n")
		if m := fence.FindStringSubmatch(bare); m != nil {
			flush()
			out.WriteString(line)
			fenced = m[1]
			continue
		}
		switch {
		case moduleLine.MatchString(bare), jsxTag.MatchString(bare):
			prose.WriteString("\n")
		case admonition.MatchString(bare):
			m := admonition.FindStringSubmatch(bare)
			indents = append(indents, len(m[1])+4*len(indents))
			prose.WriteString("\n" + m[1] + unsure(m[3]) + "\n\n")
		case contentTab.MatchString(bare):
			m := contentTab.FindStringSubmatch(bare)
			indents = append(indents, len(m[1])+4*len(indents))
			prose.WriteString("\n" + m[1] + unsure(m[2]) + "\n\n")
		case directive.MatchString(bare):
			m := directive.FindStringSubmatch(bare)
			prose.WriteString("\n" + unsure(m[2]+m[3]) + "\n\n")
		case definition.MatchString(bare):
			prose.WriteString("\n" + definition.FindStringSubmatch(bare)[1] + "\n")
		case snippet.MatchString(bare):
			prose.WriteString("\n" + unsure(include(snippet.FindStringSubmatch(bare)[1])) + "\n\n")
		default:
			prose.WriteString(line)
		}
	}
	flush()
	return githubAlert.ReplaceAllString(out.String(), "$1")
}

// expandShortcodes replaces Hugo's shortcodes. One that stands alone on its
// line is a box around what follows and goes without a mark.
func expandShortcodes(text string, include func(name string) string) string {
	if !strings.Contains(text, "{{<") && !strings.Contains(text, "{{%") {
		return text
	}
	replace := func(code string, alone bool) string {
		m := shortcode.FindStringSubmatch(code)
		if m == nil {
			return code
		}
		closing, name, args := m[2] != "", m[3], m[4]
		switch {
		case name == "ref" || name == "relref":
			if a := argument.FindStringSubmatch(args); a != nil {
				return strings.ReplaceAll(a[2]+a[3]+a[4], " ", "%20")
			}
			return ""
		case name == "mermaid" || name == "highlight":
			return "\n```\n"
		case closing:
			return ""
		case name == "include":
			if a := argument.FindStringSubmatch(args); a != nil {
				return "\n\n" + unsure(include(a[2]+a[3]+a[4])) + "\n\n"
			}
			return ""
		}
		shown := visible(name, args)
		if alone && shown == "" {
			return "\n"
		}
		return unsure(shown)
	}
	text = wholeLine.ReplaceAllStringFunc(text, func(line string) string { return replace(line, true) })
	return shortcode.ReplaceAllStringFunc(text, func(code string) string { return replace(code, false) })
}

// visible guesses which of a shortcode's arguments a reader sees.
func visible(name, args string) string {
	named := map[string]string{}
	var first string
	for _, m := range argument.FindAllStringSubmatch(args, -1) {
		value := m[2] + m[3] + m[4]
		if m[1] != "" {
			named[m[1]] = value
		} else if first == "" {
			first = value
		}
	}
	if named["text"] == "" && named["term_id"] != "" {
		named["text"] = strings.ReplaceAll(named["term_id"], "-", " ")
	}
	var shown []string
	for _, key := range []string{"prepend", "text", "title", "name", "heading", "caption"} {
		if v := named[key]; v != "" {
			shown = append(shown, v)
		}
	}
	if len(shown) == 0 && (name == "heading" || name == "button" || name == "badge") {
		return first
	}
	return strings.Join(shown, " ")
}

// unsure marks text as filled in by a generator.
func unsure(text string) string {
	return string(unsureOpen) + text + string(unsureClose)
}

func indentOf(line string) int {
	n := 0
	for _, c := range line {
		switch c {
		case ' ':
			n++
		case '\t':
			n += 4 - n%4
		default:
			return n
		}
	}
	return n
}

// dedent removes up to n columns of leading white space.
func dedent(line string, n int) string {
	for n > 0 && line != "" {
		switch line[0] {
		case ' ':
			n--
		case '\t':
			n -= 4
		default:
			return line
		}
		line = line[1:]
	}
	return line
}
