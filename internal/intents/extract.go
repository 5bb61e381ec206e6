package intents

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kljensen/snowball/english"

	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
)

// Rejected is a value that a message names for an input and that the input
// does not take.
type Rejected struct {
	Input  string
	Value  string
	Reason string // a sentence for people
}

// piece is one word of a message as it was written.
type piece struct {
	raw    string // without the punctuation around it
	low    string // raw in lower case
	stem   string
	stop   bool
	ends   bool // a comma, a full stop or the end of the line follows
	quoted bool // a whole quotation is one piece
	start  int  // byte offsets of raw in the message
	end    int
	taken  bool // belongs to a value already
}

// maxPieces is how many words of a message are searched for inputs.
const maxPieces = 200

var quotation = regexp.MustCompile("`([^`\n]+)`|\"([^\"\n]+)\"|“([^”\n]+)”|(?:^|[\\s=:(])'([^'\n]+)'")

// pieces splits text at white space and quotation marks.
func pieces(text string) []piece {
	var out []piece
	add := func(from, to int) {
		for from < to && len(out) < maxPieces {
			for from < to && isSpace(text[from]) {
				from++
			}
			stop := from
			for stop < to && !isSpace(text[stop]) {
				stop++
			}
			if stop > from {
				if p, ok := newPiece(text, from, stop); ok {
					out = append(out, p)
				}
			}
			from = stop
		}
	}
	at := 0
	if len(text) > maxTokens*maxTokenRune {
		text = text[:maxTokens*maxTokenRune]
	}
	for _, m := range quotation.FindAllStringSubmatchIndex(text, maxPieces) {
		for g := 2; g < len(m); g += 2 {
			if m[g] < 0 || m[g] < at {
				continue
			}
			open := m[g] - 1
			if strings.HasPrefix(text[m[0]:], "“") {
				open = m[0]
			}
			add(at, max(at, open))
			raw := text[m[g]:m[g+1]]
			if len(out) < maxPieces {
				out = append(out, piece{raw: raw, low: strings.ToLower(raw), stem: strings.ToLower(raw), quoted: true, start: m[g], end: m[g+1]})
			}
			at = m[1]
		}
	}
	add(at, len(text))
	if len(out) > 0 {
		out[len(out)-1].ends = true
	}
	return out
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

func newPiece(text string, from, to int) (piece, bool) {
	word := text[from:to]
	left := strings.TrimLeftFunc(word, func(r rune) bool { return unicode.IsPunct(r) && !strings.ContainsRune("@#-/<", r) })
	trimmed := strings.TrimRightFunc(left, func(r rune) bool { return unicode.IsPunct(r) && !strings.ContainsRune("%/>", r) })
	if trimmed == "" {
		return piece{}, false
	}
	start := to - len(left)
	if head := word[:len(word)-len(left)]; strings.HasSuffix(head, "*.") { // *.example.com
		start, trimmed = start-2, "*."+trimmed
	}
	if inner, ok := strings.CutPrefix(trimmed, "<http"); ok { // an address as Slack writes it
		inner, _, _ = strings.Cut(strings.TrimSuffix(inner, ">"), "|")
		start, trimmed = start+1, "http"+inner
	}
	p := piece{raw: trimmed, low: strings.ToLower(trimmed), start: start, end: start + len(trimmed)}
	p.stem = sense(strings.ReplaceAll(p.low, "'", ""))
	p.stop = stopWords[strings.ReplaceAll(p.low, "'", "")]
	p.ends = strings.ContainsAny(text[p.end:to], ".,;!?)") || to < len(text) && text[to] == '\n'
	return p, true
}

// Extract finds the inputs of p that text names. Values are typed as
// ParseValue types them; a value that the text plainly gives to an input and
// that the input does not take is in rejected instead.
func Extract(p *playbook.Playbook, text string, now time.Time) (inputs map[string]any, rejected []Rejected) {
	if p.Flow == nil {
		return map[string]any{}, nil
	}
	f := compileTemplates(p).find(text, pieces(text), now)
	return f.inputs, f.rejected
}

// templates is what is known of a playbook's inputs before a message comes.
type templates struct {
	inputs []playbook.Input
	cues   [][]cue         // by input
	fields []field         // by input
	words  map[string]bool // of examples, title and command, and their stems
	title  map[string]bool // of title and command alone
	says   map[string]bool // the senses of examples, title and command
	texts  map[string]bool // the senses of these, of the summary and of the inputs
}

// field is what an input's pattern tells; pattern is nil where there is none.
type field struct {
	pattern *regexp.Regexp
	shaped  bool // no ordinary word fits it
	broken  bool // it is no RE2: nothing fits it
	spans   bool // it wants a length of time such as 30m
}

func newField(in playbook.Input) field {
	re, err := compilePattern(in)
	if re == nil {
		return field{broken: err != nil}
	}
	f := field{pattern: re, shaped: in.Type == playbook.String}
	for _, w := range []string{"hello", "my-service", "service_2", "X", "the"} {
		f.shaped = f.shaped && !re.MatchString(w)
	}
	f.spans = f.shaped && (re.MatchString("5m") || re.MatchString("5h") || re.MatchString("5d"))
	return f
}

// parse is ParseValue with the pattern compiled before.
func (f *finding) parse(in playbook.Input, text string) (any, error) {
	for i := range f.templates.inputs {
		if f.templates.inputs[i].Name == in.Name && !f.fields[i].broken {
			return parseValue(in, f.fields[i].pattern, text, f.now)
		}
	}
	return ParseValue(in, text, f.now)
}

// cue is the words around a slot in one example.
type cue struct {
	left, right []piece // nearest last in left, nearest first in right
	before      string  // the slot that left begins behind, "" for none
	atEnd       bool
}

var slot = regexp.MustCompile(`\{\s*([a-z][a-z0-9_]*)\s*\}`)

func compileTemplates(p *playbook.Playbook) *templates {
	t := &templates{words: make(map[string]bool), title: make(map[string]bool), texts: make(map[string]bool), says: make(map[string]bool)}
	sound := func(text string) {
		for _, w := range senses(wordList(text), nil) {
			t.texts[w] = true
		}
	}
	learn := func(text string) {
		for _, w := range wordList(text) {
			t.words[w], t.words[english.Stem(w, true)] = true, true
		}
		sound(text)
	}
	learn(p.Title)
	learn(p.Match.Command)
	for w := range t.words {
		t.title[w] = true
	}
	for _, x := range p.Match.Examples {
		learn(slot.ReplaceAllString(x, " "))
	}
	for w := range t.texts {
		t.says[w] = true
	}
	sound(p.Summary)
	if p.Flow == nil {
		return t
	}
	t.inputs = p.Flow.Inputs
	for _, in := range t.inputs {
		sound(strings.ReplaceAll(in.Name, "_", " ") + " " + strings.Join(in.Options, " "))
	}
	t.cues = make([][]cue, len(t.inputs))
	for _, in := range t.inputs {
		t.fields = append(t.fields, newField(in))
	}
	for _, e := range p.Match.Examples {
		for _, m := range slot.FindAllStringSubmatchIndex(e, -1) {
			name := e[m[2]:m[3]]
			i := slices.IndexFunc(t.inputs, func(in playbook.Input) bool { return in.Name == name })
			if i < 0 {
				continue
			}
			left, right := e[:m[0]], e[m[1]:]
			before := ""
			if all := slot.FindAllStringSubmatch(left, -1); len(all) > 0 {
				before = all[len(all)-1][1]
			}
			if j := strings.LastIndex(left, "}"); j >= 0 {
				left = left[j+1:]
			}
			if j := strings.Index(right, "{"); j >= 0 {
				right = right[:j]
			}
			t.cues[i] = append(t.cues[i], cue{left: withoutDeterminer(pieces(left)), right: pieces(right), before: before, atEnd: strings.TrimSpace(e[m[1]:]) == ""})
		}
	}
	return t
}

// withoutDeterminer is left without “the” and “a” at its end.
func withoutDeterminer(left []piece) []piece {
	for len(left) > 0 && determiner(left[len(left)-1].low) {
		left = left[:len(left)-1]
	}
	return left
}

// finding is the work on one message.
type finding struct {
	*templates
	text     string
	now      time.Time
	pieces   []piece
	inputs   map[string]any
	rejected []Rejected
	paired   int // inputs that the text gives by name
}

// find reads said, the pieces of text.
func (t *templates) find(text string, said []piece, now time.Time) *finding {
	f := &finding{templates: t, text: text, now: now, pieces: slices.Clone(said), inputs: make(map[string]any)}
	// From the plainest to the boldest: what an earlier rule took is gone.
	for _, rule := range []func(i int, in playbook.Input){f.pair, f.sentence, f.named, f.option, f.aDay, f.span, f.amount, f.day, f.mention, f.flag, f.shaped, f.cued, f.cued, f.quote, f.loose} {
		for i, in := range t.inputs {
			if _, done := f.inputs[in.Name]; !done && !f.wasRejected(in.Name) {
				rule(i, in)
			}
		}
	}
	return f
}

// wants tells whether a name that is needed was not found.
func (f *finding) wants() bool {
	return slices.ContainsFunc(f.templates.inputs, func(in playbook.Input) bool {
		_, done := f.inputs[in.Name]
		return !done && in.Type == playbook.String && in.Default == nil && !in.Optional
	})
}

// couldName tells whether text has a word that may be a name that was not
// found: neither an everyday word nor one of the playbook's own.
func (f *finding) couldName(text string) bool {
	return slices.ContainsFunc(wordList(text), func(w string) bool {
		return !stopWords[w] && !plainWords[w] && !f.texts[sense(w)] && !f.took(w)
	})
}

// took tells whether word belongs to a value.
func (f *finding) took(word string) bool {
	return slices.ContainsFunc(f.pieces, func(p piece) bool { return p.taken && strings.Contains(p.low, word) })
}

// rest is the message without the words that became values.
func (f *finding) rest() string {
	var b strings.Builder
	for _, p := range f.pieces {
		if !p.taken {
			b.WriteString(p.raw)
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func (f *finding) wasRejected(name string) bool {
	return slices.ContainsFunc(f.rejected, func(r Rejected) bool { return r.Input == name })
}

// take stores a value that fits, and marks its pieces; plain says that the
// text leaves no doubt which input is meant, so that a misfit is reported.
func (f *finding) take(in playbook.Input, value string, from, to int, plain bool) bool {
	v, err := f.parse(in, value)
	if err != nil && (in.Type == playbook.String || in.Type == playbook.Someone) {
		// Phones write the first letter large.
		if low, lowErr := f.parse(in, strings.ToLower(value)); lowErr == nil {
			v, err = low, nil
		}
	}
	if err != nil {
		if plain {
			f.rejected = append(f.rejected, Rejected{Input: in.Name, Value: value, Reason: err.Error()})
			f.mark(from, to)
		}
		return false
	}
	f.inputs[in.Name] = v
	f.mark(from, to)
	return true
}

func (f *finding) mark(from, to int) {
	for k := from; k < to; k++ {
		f.pieces[k].taken = true
	}
}

// labels are the ways to write an input's name.
func labels(name string) []string {
	return []string{name, strings.ReplaceAll(name, "_", "-"), strings.ReplaceAll(name, "_", " "), strings.ReplaceAll(name, "_", "")}
}

var pairAfter = regexp.MustCompile("^\\s*(?:=|:|\\bis\\b|\\bshould be\\b)\\s*(?:`([^`\n]+)`|\"([^\"\n]+)\"|“([^”\n]+)”|'([^'\n]+)'|([^\\s,;]+))")

// pair finds name=value, name: value, --name value and “name is value”.
func (f *finding) pair(_ int, in playbook.Input) {
	low := strings.ToLower(f.text)
	if len(low) != len(f.text) {
		low = f.text
	}
	names := labels(in.Name)
	if _, ok := unitOf(in.Name); ok {
		if j := strings.LastIndexByte(in.Name, '_'); j > 0 {
			names = append(names, labels(in.Name[:j])...)
		}
	}
	for _, name := range names {
		for at := 0; ; {
			j := strings.Index(low[at:], name)
			if j < 0 {
				break
			}
			from := at + j
			at = from + len(name)
			if from > 0 && (isWordByte(low[from-1]) && (low[from-1] != '-' || from < 2 || low[from-2] != '-')) {
				continue
			}
			value, start, end := f.pairValue(in, from, at)
			if start < 0 {
				continue
			}
			a, b := f.between(from, end)
			sentence := strings.Contains(f.text[at:start], "is") && in.Type != playbook.String // “the memory is enough”
			if f.take(in, value, a, b, !sentence) || f.wasRejected(in.Name) {
				f.paired++
				return
			}
		}
	}
}

// pairValue reads the value behind a name that ends at byte at, and the bytes
// that it lies in; start is -1 where there is none.
func (f *finding) pairValue(in playbook.Input, from, at int) (value string, start, end int) {
	if m := pairAfter.FindStringSubmatchIndex(f.text[at:]); m != nil {
		for g := 2; g < len(m); g += 2 {
			if m[g] < 0 {
				continue
			}
			start, end = at+m[g], at+m[g+1]
			if g == len(m)-2 { // unquoted
				if in.Type == playbook.Date {
					if longer := f.dateFrom(in, start); longer > end {
						end = longer
					}
				}
				if in.Type == playbook.String && in.Pattern == "" && freeText[in.Name] && strings.HasPrefix(strings.TrimLeft(f.text[at:], " "), ":") {
					if j := strings.IndexAny(f.text[start:], ",;\n"); j >= 0 {
						end = start + j
					} else {
						end = len(f.text)
					}
				}
				if in.Type == playbook.Text {
					if j := strings.IndexByte(f.text[start:], '\n'); j >= 0 {
						end = start + j
					} else {
						end = len(f.text)
					}
				}
				trimmed := strings.TrimRight(f.text[start:end], ".!?)")
				return trimmed, start, start + len(trimmed)
			}
			return f.text[start:end], start, end
		}
	}
	if from >= 2 && f.text[from-2:from] == "--" {
		rest := strings.TrimLeft(f.text[at:], " \t")
		word, _, _ := strings.Cut(rest, " ")
		if word != "" && !strings.HasPrefix(word, "--") {
			start = len(f.text) - len(rest)
			return word, start, start + len(word)
		}
	}
	return "", -1, -1
}

// dateFrom is where the longest date that begins at byte start ends, 0 for none.
func (f *finding) dateFrom(in playbook.Input, start int) int {
	from := slices.IndexFunc(f.pieces, func(p piece) bool { return p.end > start })
	if from < 0 {
		return 0
	}
	for to := min(from+5, len(f.pieces)); to > from; to-- {
		if _, err := f.parse(in, f.text[start:f.pieces[to-1].end]); err == nil {
			return f.pieces[to-1].end
		}
	}
	return 0
}

func isWordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-' || b >= 0x80
}

// between is the pieces that touch the bytes from start to end.
func (f *finding) between(start, end int) (a, b int) {
	a, b = len(f.pieces), 0
	for k, p := range f.pieces {
		if p.end > start && p.start < end {
			a, b = min(a, k), max(b, k+1)
		}
	}
	if a > b {
		return 0, 0
	}
	return a, b
}

// isName tells whether an input is what the thing will be called.
func isName(in playbook.Input) bool {
	return in.Type == playbook.String && (in.Name == "name" || strings.HasSuffix(in.Name, "_name") || strings.HasSuffix(in.Name, "title"))
}

// named takes the word after called, named and “name it”, for the input that
// is a name, or else the first line of text.
func (f *finding) named(i int, in playbook.Input) {
	if in.Type != playbook.String || !isName(in) && (slices.ContainsFunc(f.templates.inputs, isName) || i != f.firstString()) {
		return
	}
	for k, p := range f.pieces {
		named := p.low == "called" || p.low == "named" || p.low == "name" && k+1 < len(f.pieces) && (f.pieces[k+1].low == "it" || f.pieces[k+1].low == "is") || p.low == "call" && k+1 < len(f.pieces) && f.pieces[k+1].low == "it"
		if !named || p.quoted {
			continue
		}
		j := k + 1
		for j < len(f.pieces) && (f.pieces[j].low == "it" || f.pieces[j].low == "is" || f.pieces[j].low == "the" || f.pieces[j].low == "as") {
			j++
		}
		if j < len(f.pieces) && !f.pieces[j].taken && (!f.pieces[j].stop || f.pieces[j].quoted) {
			f.take(in, f.pieces[j].raw, j, j+1, true)
			return
		}
	}
}

func (f *finding) firstString() int {
	return slices.IndexFunc(f.templates.inputs, func(in playbook.Input) bool { return in.Type == playbook.String })
}

// matches tells whether two words are the same but for their ending or a slip.
func matches(a, b piece) bool {
	if a.low == b.low || a.stem == b.stem {
		return true
	}
	n := min(len(a.low), len(b.low))
	return n >= 5 && len(a.low) < 40 && a.low[0] == b.low[0] && problem.Distance(a.low, b.low) <= 1
}
