package eval

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Made is a corpus that asks its own questions: from its pages headings and
// sentences were cut out, and what was cut out is the question that the rest
// of the page answers. Nobody had to label anything (the inverse cloze task of
// Lee, Chang, Toutanova: Latent Retrieval for Weakly Supervised Open Domain
// Question Answering, 2019).
type Made struct {
	Questions []Question
	pages     map[string]string // by path, what was cut out missing
	names     []string          // of the pages, sorted
	twins     map[string][]string
	tails     map[string][]string // the pages whose paths end so, from a slash on
}

// Kinds are the questions, each kind by itself.
func (m Made) Kinds() [][]Question {
	var kinds [][]Question
	for _, kind := range []string{fromHeading, fromSentence, fromLink} {
		kinds = append(kinds, slices.DeleteFunc(slices.Clone(m.Questions), func(q Question) bool { return q.Kind != kind }))
	}
	return kinds
}

// The kinds of questions that pages ask themselves.
const (
	fromHeading  = "heading"  // what a heading says, asked of what stands under it
	fromSentence = "sentence" // a paragraph, asked of the rest of its page
	fromLink     = "link"     // a paragraph with a link, asked of the page that it leads to
)

// leastPage is how many bytes a page must have to ask something.
const leastPage = 600

// Make reads the Markdown files below dir and cuts at most limit questions out
// of them, at most one of each kind a page. The same files give the same
// questions.
func Make(dir string, limit int) (Made, error) {
	m := Made{pages: map[string]string{}, twins: map[string][]string{}, tails: map[string][]string{}}
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".md" {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(p)))
		if err != nil {
			return err
		}
		m.pages[p] = string(text)
		m.names = append(m.names, p)
		return nil
	})
	if err != nil {
		return m, fmt.Errorf("make questions: %w", err)
	}
	slices.Sort(m.names)
	for _, name := range m.names {
		for tail, more := name, true; more; _, tail, more = strings.Cut(tail, "/") {
			m.tails[tail] = append(m.tails[tail], name)
		}
	}
	m.findTwins()
	chosen := slices.Clone(m.names)
	slices.SortStableFunc(chosen, func(a, b string) int { return int(hash(a)%1e6) - int(hash(b)%1e6) })
	lines := map[string]int{}
	for _, text := range m.pages {
		for line := range strings.Lines(text) {
			lines[strings.TrimSpace(line)]++
		}
	}
	for _, p := range chosen {
		if len(m.Questions) >= limit {
			break
		}
		m.ask(p, lines)
	}
	return m, nil
}

// ask cuts the questions of a page out of it.
func (m *Made) ask(name string, lines map[string]int) {
	text := m.pages[name]
	if len(text) < leastPage || strings.Contains(text, "auto_generated: true") {
		return
	}
	split := strings.SplitAfter(text, "\n")
	for _, kind := range []string{fromHeading, fromLink, fromSentence} {
		var cuts []cut
		paragraphs(split, func(first, after int, joined string) {
			if lines[strings.TrimSpace(split[first])] > 1 {
				return // boilerplate
			}
			c := cut{first: first, after: after, relevant: name}
			if kind == fromLink {
				c.relevant = m.target(name, joined)
			}
			var ok bool
			if c.query, ok = cutOut(kind, joined); ok && c.relevant != "" {
				cuts = append(cuts, c)
			}
		})
		if len(cuts) == 0 {
			continue
		}
		c := cuts[hash(name+kind)%uint64(len(cuts))]
		for i := c.first; i < c.after; i++ {
			split[i] = "\n"
		}
		m.Questions = append(m.Questions, Question{
			ID: kind + ":" + name, Query: c.query, Relevant: append([]string{c.relevant}, m.twins[c.relevant]...), Kind: kind,
		})
	}
	m.pages[name] = strings.Join(split, "")
}

// cut is a stretch of a page's lines and the question that it makes.
type cut struct {
	first, after    int
	query, relevant string
}

// paragraphs calls yield with the headings and paragraphs of a page, each of
// them joined to one line.
func paragraphs(lines []string, yield func(first, after int, joined string)) {
	fenced, front := "", false
	var open []string
	flush := func(after int) {
		if len(open) > 0 {
			yield(after-len(open), after, strings.Join(open, " "))
			open = nil
		}
	}
	for i, line := range lines {
		bare := strings.TrimSpace(line)
		prose := false
		switch {
		case i == 0 && (bare == "---" || bare == "+++"):
			front = true
		case front:
			front = bare != "---" && bare != "+++"
		case fenced != "":
			if strings.HasPrefix(bare, fenced) {
				fenced = ""
			}
		case strings.HasPrefix(bare, "```"), strings.HasPrefix(bare, "~~~"):
			fenced = bare[:3]
		default:
			prose = bare != ""
		}
		if !prose || strings.HasPrefix(bare, "#") {
			flush(i)
		}
		if prose {
			open = append(open, bare)
		}
		if strings.HasPrefix(bare, "#") && prose {
			flush(i + 1)
		}
	}
	flush(len(lines))
}

// target is the page that the first link of a paragraph leads to, or "".
func (m *Made) target(from, paragraph string) string {
	for _, l := range madeLink.FindAllStringSubmatch(paragraph, -1) {
		to, _, _ := strings.Cut(l[2], "#")
		if to == "" || strings.Contains(to, ":") {
			continue
		}
		base := path.Join(path.Dir(from), to)
		for _, end := range []string{"", ".md", "/_index.md", "/README.md", "/index.md"} {
			if strings.HasPrefix(to, "/") {
				// Where a site begins is not known: one page must end like this.
				if pages := m.tails[strings.Trim(to, "/")+end]; len(pages) == 1 && pages[0] != from {
					return pages[0]
				}
			} else if at := strings.TrimSuffix(base, "/") + end; at != from && m.pages[at] != "" {
				return at
			}
		}
	}
	return ""
}

var (
	madeHeading = regexp.MustCompile(`^#{2,4}\s+(.+?)\s*(?:\{#.*\})?\s*#*$`)
	madeLink    = regexp.MustCompile(`!?\[([^\]]*)\](?:\(([^)]*)\)|\[[^\]]*\])`)
	madeProse   = regexp.MustCompile(`^[A-Z][^|<>{}]*$`)
)

// cutOut is the question that a heading or a paragraph makes, if it makes one.
func cutOut(kind, line string) (query string, ok bool) {
	if kind == fromHeading {
		m := madeHeading.FindStringSubmatch(line)
		if m == nil {
			return "", false
		}
		query = m[1]
	} else {
		if !madeProse.MatchString(line) {
			return "", false
		}
		query = line
	}
	query = madeLink.ReplaceAllString(query, "$1")
	query = strings.NewReplacer("`", "", "**", "", "__", "").Replace(query)
	if strings.ContainsAny(query, "<>{}[]") {
		return "", false
	}
	n := len(strings.Fields(query))
	if kind == fromHeading {
		return query, n >= 3 && n <= 14
	}
	return query, n >= 10 && n <= 90
}

// findTwins notes pages that say much the same, such as a translation table or
// two versions of one page: with one of them gone the other still answers.
func (m *Made) findTwins() {
	sketches := map[uint64][]string{}
	for _, name := range m.names {
		for _, h := range sketch(m.pages[name]) {
			sketches[h] = append(sketches[h], name)
		}
	}
	shared := map[[2]string]int{}
	for _, names := range sketches {
		if len(names) > 20 {
			continue // boilerplate
		}
		for i, a := range names {
			for _, b := range names[i+1:] {
				shared[[2]string{a, b}]++
			}
		}
	}
	for pair, n := range shared {
		if n >= sketchSize/4 {
			m.twins[pair[0]] = append(m.twins[pair[0]], pair[1])
			m.twins[pair[1]] = append(m.twins[pair[1]], pair[0])
		}
	}
	for _, t := range m.twins {
		slices.Sort(t)
	}
}

// sketchSize is how many hashes stand for a page.
const sketchSize = 64

// sketch is the smallest hashes of the runs of eight words of a text (Broder:
// On the resemblance and containment of documents, 1997).
func sketch(text string) []uint64 {
	fields := strings.Fields(text)
	seen := map[uint64]bool{}
	for i := 0; i+8 <= len(fields); i++ {
		seen[hash(strings.Join(fields[i:i+8], " "))] = true
	}
	out := make([]uint64, 0, len(seen))
	for h := range seen {
		out = append(out, h)
	}
	slices.Sort(out)
	return out[:min(sketchSize, len(out))]
}

// Fold is the number of the fold, of so many, that a page is in.
func Fold(name string, folds int) int { return int(hash("fold"+name) % uint64(folds)) }

// Write writes the pages below dir, all but those that without names.
func (m *Made) Write(dir string, without func(name string) bool) error {
	for _, name := range m.names {
		if without(name) {
			continue
		}
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			return fmt.Errorf("write pages: %w", err)
		}
		if err := os.WriteFile(at, []byte(m.pages[name]), 0o600); err != nil {
			return fmt.Errorf("write pages: %w", err)
		}
	}
	return nil
}

func hash(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	return h.Sum64()
}
