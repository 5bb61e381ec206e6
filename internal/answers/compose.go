package answers

import (
	"cmp"
	"slices"
	"strings"

	"frontdoor/internal/docs"
)

// Bounds of an answer: more than this nobody reads in a chat.
const (
	maxSentences = 3
	maxSteps     = 6
)

// considered is how many pages may give the answer.
const considered = 3

// weights are the numbers of the formula that chooses the sentence to begin
// with; choose says what they weigh.
type weights struct {
	prior, window, named, whole, sentence, lead, suits, best, opening, code float64
}

func defaultWeights() weights {
	return weights{prior: 3, window: 0.3, named: 0.5, whole: 0.3, sentence: 0.6, lead: 0.08, suits: 0.25, best: 0.1, opening: 0.25, code: 0.2}
}

// candidate is a sentence that could begin the answer.
type candidate struct {
	passage  docs.Passage
	block, n int // the sentence is Blocks[block].Sentences[n]
	score    float64
	named    float64 // how well its heading says what is asked
	window   float64 // share of the question in heading and passage
	suits    float64 // whether it is of the kind wanted
	dangling bool
}

func (c candidate) text() string {
	b := c.passage.Blocks[c.block]
	return b.Text[b.Sentences[c.n].Start:b.Sentences[c.n].End]
}

// choose finds the sentence to begin with, among those of the pages that fit
// best. What counts is the page's place in the search; how much of the
// question its section has, and the heading and the sentence by themselves;
// whether it is of the kind that the question wants; and whether it comes
// first under its heading, the more the better the heading fits, because a
// writer who names a section after a question answers it in the first
// sentence. ok is false where nothing can be quoted. first is what the best page
// as a whole has of the question.
func choose(x *docs.Index, a *asked, results []docs.Result) (best candidate, first cover, ok bool) {
	w := defaultWeights()
	first = a.cover(results[0].Title)
	for rank, r := range results[:min(considered, len(results))] {
		prior := 1.0
		if results[0].Score > 0 {
			for range int(w.prior) {
				prior *= r.Score / results[0].Score
			}
		}
		for _, id := range x.Passages(r.Page) {
			p := x.Passage(id)
			if len(p.Blocks) == 0 {
				if n := len(p.Heading); n > 0 && rank == 0 {
					a.read(first, p.Heading[n-1], 1)
				}
				continue
			}
			c, window, found := lead(x, a, w, p, id == r.Passage)
			if rank == 0 {
				merge(first, window)
			}
			c.score *= prior
			switch {
			case !found, ok && best.dangling == c.dangling && best.score >= c.score, ok && !best.dangling && c.dangling:
				continue
			}
			best, ok = c, true
		}
	}
	return best, first, ok
}

// lead finds the best sentence of a passage to begin with, and what the passage
// with its headings has of the question.
func lead(x *docs.Index, a *asked, w weights, p docs.Passage, bestPassage bool) (best candidate, window cover, found bool) {
	heading, outer := p.Title, []string{p.Title}
	if n := len(p.Heading); n > 0 {
		heading = p.Heading[n-1]
		outer = append(outer, p.Heading[:n-1]...)
	}
	around := a.cover(outer...)
	named := a.named(x, heading, around)
	title := a.cover(heading)
	for i := range title {
		title[i] = max(title[i], 0.7*around[i])
	}
	window = slices.Clone(title)
	covers := make([][]cover, len(p.Blocks))
	count := 0
	for _, b := range p.Blocks {
		count += len(b.Sentences)
	}
	memory := make(cover, count*len(a.weight))
	count = 0
	for i, b := range p.Blocks {
		if b.Kind == docs.Code {
			a.read(window, b.Text, 1)
			continue
		}
		covers[i] = make([]cover, len(b.Sentences))
		for n, s := range b.Sentences {
			covers[i][n], memory = memory[:len(a.weight)], memory[len(a.weight):]
			a.read(covers[i][n], b.Text[s.Start:s.End], 1)
			merge(window, covers[i][n])
		}
		if len(b.Sentences) == 0 {
			a.read(window, b.Text, 1)
		}
	}
	share := a.share(window)
	base := w.window*share + w.named*named + w.whole*a.share(title)
	if bestPassage {
		base += w.best
	}
	if a.opening != "" && slices.Contains(tokens(heading, 200), a.opening) {
		base += w.opening * named
	}
	count = 0
	for i, b := range p.Blocks {
		if b.Kind == docs.Code {
			continue
		}
		for n, s := range b.Sentences {
			text := b.Text[s.Start:s.End]
			after := follows(p, i, n)
			if !complete(text) && (len(after) == 0 || !opens(text)) {
				continue
			}
			c := candidate{passage: p, block: i, n: n, named: named, window: share, dangling: dangles(text)}
			sentence := a.share(covers[i][n])
			c.suits = a.suits(text, heading)
			c.score = w.sentence * sentence / (1 + 0.01*float64(max(strings.Count(text, " ")-24, 0)))
			if count == 0 {
				c.score += w.lead + (w.lead+0.5*w.named)*named
			}
			c.score += w.suits * c.suits * (0.3 + max(named, sentence))
			if b.Kind != docs.Paragraph {
				c.score -= 0.1 // a step or an entry alone says little
			}
			if points(text) && len(after) == 0 {
				c.score -= 0.3
			}
			if a.code && len(after) > 0 && p.Blocks[i+1].Kind == docs.Code {
				c.score += w.code
			}
			c.score += base
			count++
			if !found || best.dangling && !c.dangling || best.dangling == c.dangling && c.score > best.score {
				best, found = c, true
			}
		}
	}
	return best, window, found
}

func merge(into, from cover) {
	for i, s := range from {
		into[i] = max(into[i], s)
	}
}

// complete says whether a sentence is one: it ends, and has some words.
func complete(text string) bool {
	return text != "" && strings.ContainsAny(strings.TrimRight(text, `"')]”’`+"`"), ".!?") &&
		strings.ContainsAny(text[len(text)-1:], `.!?"')`) && strings.Count(text, " ") >= 3
}

// dangles says whether a sentence makes no sense without the one before.
func dangles(text string) bool {
	ws := tokens(text, 60)
	if len(ws) == 0 {
		return true
	}
	if text[0] >= 'a' && text[0] <= 'z' && !strings.ContainsAny(ws[0], "0123456789") && len(ws[0]) > 1 && orphans[ws[0]] {
		return true
	}
	if orphans[ws[0]] {
		return true
	}
	if len(ws) < 2 {
		return false
	}
	switch ws[0] {
	case "the", "a", "an", "in", "for", "with", "after", "at", "on", "by", "because", "to":
		return orphanSeconds[ws[1]]
	}
	return false
}

// orphans begin sentences that lean on what was said before.
var orphans = set(`this that these those it its they them their he she his her such here there then also otherwise however therefore thus instead
	additionally furthermore moreover but and or so nor yet finally next likewise similarly meanwhile nevertheless nonetheless consequently hence
	accordingly conversely both neither either again besides afterwards`)

// orphanSeconds do so after an article or a preposition.
var orphanSeconds = set(`second third former latter other others following above same first this that these those such it them addition contrast both rest`)

// points says whether a sentence rather points at something than says it.
func points(text string) bool {
	lower := strings.ToLower(text)
	for _, sign := range []string{"below", "following", "above", "this page", "this section", "this document", "this guide", "this topic", "in the table", "see ", "refer to ", "example"} {
		if strings.Contains(lower, sign) {
			return sign != "see " && sign != "example" && sign != "above" || strings.HasPrefix(lower, sign) || sign == "example" && strings.Contains(lower, "for example, the")
		}
	}
	return false
}

// quote is a stretch of a block.
type quote struct {
	block int
	span  docs.Span
}

// compose writes the answer that begins with the sentence: what its paragraph
// adds, what it announces, and the steps where the question asks how.
func compose(a *asked, c candidate) (string, []Citation) {
	c = announcing(c)
	b := c.passage.Blocks[c.block]
	quotes := []quote{{c.block, b.Sentences[c.n]}}
	has := a.cover(c.text())
	suits := c.suits
	last := c.n
	for n := c.n + 1; n < len(b.Sentences) && len(quotes) < maxSentences; n++ {
		s := b.Sentences[n]
		text := b.Text[s.Start:s.End]
		announced := opens(text) && len(follows(c.passage, c.block, n)) > 0
		if s.Start != b.Sentences[n-1].End+1 || !announced && (!complete(text) || points(text)) {
			break
		}
		more := a.cover(text)
		next := a.suits(text, "")
		if !announced && a.gain(more, has) < 0.05 && (a.share(more) < 0.15 || a.kind != how && a.kind != plain) && next <= suits {
			break
		}
		merge(has, more)
		suits = max(suits, next)
		last = n
		quotes = append(quotes, quote{c.block, s})
	}
	after := follows(c.passage, c.block, last)
	said := b.Text[b.Sentences[last].Start:b.Sentences[last].End]
	switch {
	case len(after) > 0 && (opens(said) || a.code || a.kind == how || points(said)):
		quotes = append(quotes, after...)
	case len(quotes) == 1:
		quotes = append(quotes, further(a, c, has, suits)...)
	}
	if len(after) == 0 && (a.kind == how || a.kind == plain && c.named > 0.6) {
		quotes = append(quotes, steps(c, c.block)...)
	}
	return write(c.passage, quotes)
}

// announcing is the sentence that announces the list which the candidate is an
// entry of, where the list can be quoted with it; otherwise the candidate.
func announcing(c candidate) candidate {
	blocks := c.passage.Blocks
	kind := blocks[c.block].Kind
	if kind != docs.Item && kind != docs.Step {
		return c
	}
	before := c.block
	for before >= 0 && blocks[before].Kind == kind {
		before--
	}
	if before < 0 || len(blocks[before].Sentences) == 0 {
		return c
	}
	last := len(blocks[before].Sentences) - 1
	if len(follows(c.passage, before, last)) > 0 {
		c.block, c.n = before, last
	}
	return c
}

// opens says whether a sentence announces what comes next, and leans on nothing
// that came before.
func opens(text string) bool {
	return strings.HasSuffix(text, ":") && strings.Count(text, " ") >= 2 && !strings.Contains(strings.ToLower(text), "above")
}

// follows is what the passage has right after a sentence that ends its block
// and that can be quoted whole: code, or a list. There is none where a part of
// it can't.
func follows(p docs.Passage, block, n int) []quote {
	b := p.Blocks[block]
	if n != len(b.Sentences)-1 || b.Sentences[n].End != len(b.Text) || block+1 == len(p.Blocks) {
		return nil
	}
	next := p.Blocks[block+1]
	if next.Kind == docs.Code {
		if len(next.Sentences) == 0 {
			return nil
		}
		return []quote{{block + 1, next.Sentences[0]}}
	}
	if next.Kind != docs.Item && next.Kind != docs.Step || b.Kind == next.Kind || !opens(b.Text) {
		return nil
	}
	var out []quote
	for i := block + 1; i < len(p.Blocks) && p.Blocks[i].Kind == next.Kind; i++ {
		whole, ok := entire(p.Blocks[i])
		if !ok || len(out) == maxSteps {
			return nil
		}
		out = append(out, quote{i, whole})
	}
	return out
}

// entire is the span of a block that may be quoted from its first letter to
// its last and announces nothing.
func entire(b docs.Block) (docs.Span, bool) {
	if len(b.Sentences) == 0 || strings.HasSuffix(b.Text, ":") {
		return docs.Span{}, false
	}
	whole := b.Sentences[0]
	for _, s := range b.Sentences[1:] {
		if s.Start != whole.End+1 {
			return docs.Span{}, false
		}
		whole.End = s.End
	}
	return whole, whole == docs.Span{Start: 0, End: len(b.Text)}
}

// further is the sentence of the passage, beyond the one begun with, that adds
// most, or none.
func further(a *asked, c candidate, has cover, suits float64) []quote {
	best, most := quote{}, 0.12
	for i, b := range c.passage.Blocks {
		if i < c.block || b.Kind != docs.Paragraph {
			continue
		}
		for n, s := range b.Sentences {
			text := b.Text[s.Start:s.End]
			if i == c.block && n <= c.n || !complete(text) || dangles(text) || points(text) {
				continue
			}
			gain := a.gain(a.cover(text), has)
			if next := a.suits(text, ""); next > suits && a.share(a.cover(text)) > 0 && a.kind != how {
				gain += 0.1 * (next - suits)
			}
			if gain > most {
				best, most = quote{i, s}, gain
			}
		}
	}
	if most > 0.12 {
		return []quote{best}
	}
	return nil
}

// steps are the entries of the first numbered list of the passage after the
// block, each in one piece, or none where one cannot be quoted whole.
func steps(c candidate, after int) []quote {
	var out []quote
	for i := after + 1; i < len(c.passage.Blocks); i++ {
		b := c.passage.Blocks[i]
		if b.Kind != docs.Step {
			if len(out) > 0 {
				break
			}
			continue
		}
		whole, ok := entire(b)
		if !ok {
			return nil
		}
		if strings.Contains(b.Text, "table below") || strings.Contains(b.Text, "table above") {
			continue // the table isn't quoted
		}
		if out = append(out, quote{i, whole}); len(out) == maxSteps {
			break
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// write puts the quotes together, in the order of the page. Neighbours in one
// block become one quote; no quote crosses from one block into another.
func write(p docs.Passage, quotes []quote) (string, []Citation) {
	slices.SortFunc(quotes, func(a, b quote) int {
		return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.span.Start, b.span.Start))
	})
	var text strings.Builder
	citations := []Citation{}
	for i := 0; i < len(quotes); {
		q := quotes[i]
		for i++; i < len(quotes) && quotes[i].block == q.block && quotes[i].span.Start <= q.span.End+1; i++ {
			q.span.End = max(q.span.End, quotes[i].span.End)
		}
		said := p.Blocks[q.block].Text[q.span.Start:q.span.End]
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		start := codePoints(text.String())
		text.WriteString(said)
		citations = append(citations, Citation{
			Page: p.Page, Heading: p.Heading, Anchor: p.Anchor, URL: p.URL,
			Quote: collapse(said), Start: start, End: start + codePoints(said),
		})
	}
	return text.String(), citations
}
