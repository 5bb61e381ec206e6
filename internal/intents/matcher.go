package intents

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"frontdoor/internal/playbook"
)

// Decisions of a Match.
const (
	Matched = "match"   // Playbook is what the message asks for
	Clarify = "clarify" // it is one of Candidates: ask which
	None    = "none"    // nothing in the catalogue is asked for
)

// Candidate is a playbook that a message may ask for.
type Candidate struct {
	Playbook string  `json:"playbook"`
	Score    float64 `json:"score"` // probability, 0 to 1 in hundredths
}

// Match is what a message asks for, and why.
type Match struct {
	Decision   string         // match, clarify or none
	Playbook   string         // id of the best playbook of a match or clarify, "" of none
	Denied     bool           // the person may not use Playbook
	Confidence float64        // probability that Playbook, or the best candidate of none, is right, 0 to 1
	Inputs     map[string]any // what the message already says, typed; never nil
	Rejected   []Rejected     // what it says and an input does not take
	Candidates []Candidate    // best first, ties by file order, at most maxCandidates
	Because    []string       // in plain words, the strongest first
}

// Matcher finds the playbook that a message asks for. It does not change and
// is safe for concurrent use.
type Matcher struct {
	entries []entry // in the order of the playbooks
	model   *Model
	owner   []int // entry of each of the model's intents
	column  []int // intent of each entry, -1 for none
	denies  []bool
	exact   map[string][]int // wording of an example without slots to its entries
	never   map[string][]int // wording of a near miss to its entries
	spell   *speller
	now     func() time.Time
}

// entry is one playbook, made ready.
type entry struct {
	playbook  *playbook.Playbook
	templates *templates
	patterns  []*regexp.Regexp
	command   []string
	asked     bool // some example is a question
}

// Settings of the decision, measured on the package's own catalogue and on
// small catalogues drawn from public sets of messages.
const (
	matchAt       = 0.45 // a confidence that is enough
	clarifyAt     = 0.25 // one that is worth a question
	closeAt       = 0.55 // a second candidate this near to the first, as a share of its score
	sharpness     = 4.0  // how fast a candidate's score falls with its margin
	denialPart    = 0.5  // how much another entry's near miss is a rival
	shown         = 0.05 // candidates below are noise
	maxCandidates = 5
	considered    = 4 // candidates that are looked at with their inputs taken out
	titleWeight   = 0.7
	summaryWeight = 0.2
)

// NewMatcher makes a matcher of playbooks; among equals the earlier wins. now
// is the clock for dates in messages; nil is time.Now. The error names the
// playbook and the pattern that is no RE2 expression.
func NewMatcher(playbooks []*playbook.Playbook, now func() time.Time) (*Matcher, error) {
	m, err := prepare(playbooks, now)
	if err != nil {
		return nil, err
	}
	m.learn(Train(m.examples()))
	return m, nil
}

// Reload is a matcher of playbooks that keeps the features and every
// classifier of m whose playbook did not change (by Hash, or by identity where
// that is empty), so that a changed file is in use at once. Words that m never
// saw stay unknown, and the other classifiers do not know the new examples,
// until a NewMatcher made meanwhile takes its place.
func (m *Matcher) Reload(playbooks []*playbook.Playbook) (*Matcher, error) {
	next, err := prepare(playbooks, m.now)
	if err != nil {
		return nil, err
	}
	before := make(map[string]*playbook.Playbook, len(m.entries))
	for _, e := range m.entries {
		before[e.playbook.ID] = e.playbook
	}
	changed := make(map[string]bool)
	for _, p := range playbooks {
		old := before[p.ID]
		if old == nil || old != p && (p.Hash == "" || old.Hash != p.Hash) {
			changed[p.ID], changed[denial+p.ID] = true, true
		}
	}
	next.learn(m.model.retrain(next.examples(), changed))
	return next, nil
}

func prepare(playbooks []*playbook.Playbook, now func() time.Time) (*Matcher, error) {
	if now == nil {
		now = time.Now
	}
	m := &Matcher{now: now, exact: make(map[string][]int), never: make(map[string][]int)}
	for i, p := range playbooks {
		e := entry{playbook: p, templates: compileTemplates(p), command: wordList(p.Match.Command)}
		for _, pattern := range p.Match.Patterns {
			re, err := regexp.Compile("(?i)" + pattern)
			if err != nil {
				return nil, fmt.Errorf("compile pattern of playbook %s: %w", p.ID, err)
			}
			e.patterns = append(e.patterns, re)
		}
		for _, x := range p.Match.Examples {
			e.asked = e.asked || asksAbout(wordList(x))
			if !slot.MatchString(x) {
				k := wording(x)
				m.exact[k] = append(m.exact[k], i)
			}
		}
		if p.Match.Command != "" {
			k := wording(p.Match.Command)
			m.exact[k] = append(m.exact[k], i)
		}
		for _, x := range p.Match.Not {
			k := wording(x)
			m.never[k] = append(m.never[k], i)
		}
		m.entries = append(m.entries, e)
	}
	return m, nil
}

// wording is what is left of a text when case, punctuation and space don't count.
func wording(text string) string { return strings.Join(wordList(text), " ") }

// denial begins the intent of a playbook's near misses; no playbook's id does.
const denial = "!"

// examples is the training set: what people write, the near misses, and, for
// less, the texts that the author wrote about the playbook.
func (m *Matcher) examples() []Example {
	var out []Example
	for i := range m.entries {
		p := m.entries[i].playbook
		for _, x := range p.Match.Examples {
			out = append(out, Example{Text: bare(x), Intent: p.ID})
		}
		if p.Match.Command != "" {
			out = append(out, Example{Text: p.Match.Command, Intent: p.ID, Weight: titleWeight})
		}
		out = append(out, Example{Text: p.Title, Intent: p.ID, Weight: titleWeight})
		if p.Summary != "" {
			out = append(out, Example{Text: p.Summary, Intent: p.ID, Weight: summaryWeight})
		}
	}
	for i := range m.entries {
		p := m.entries[i].playbook
		for _, x := range p.Match.Not {
			if len(m.exact[wording(x)]) == 0 { // another playbook's example says more
				out = append(out, Example{Text: bare(x), Intent: denial + p.ID})
			}
		}
	}
	return out
}

// bare is an example without its slots.
func bare(example string) string { return slot.ReplaceAllString(example, " ") }

func (m *Matcher) learn(model *Model) {
	m.model = model
	place := make(map[string]int, len(m.entries))
	for i := range m.entries {
		place[m.entries[i].playbook.ID] = i
	}
	m.column = make([]int, len(m.entries))
	for i := range m.column {
		m.column[i] = -1
	}
	for c, name := range model.Intents() {
		id, denied := strings.CutPrefix(name, denial)
		m.owner, m.denies = append(m.owner, place[id]), append(m.denies, denied)
		if !denied {
			m.column[place[id]] = c
		}
	}
	m.spell = newSpeller(m.entries)
}

// guess is one entry's standing for a message.
type guess struct {
	entry    int
	score    float64
	inputs   map[string]any
	rejected []Rejected
	because  []string
	sure     bool // an example, a command or a pattern says so
}

// Match says what text asks for. allowed tells what the person may use; nil is
// everything. What the person may not use is found all the same, with Denied.
func (m *Matcher) Match(text string, allowed func(*playbook.Playbook) bool) Match {
	text = strings.ToValidUTF8(text, " ")
	out := Match{Decision: None, Inputs: map[string]any{}, Candidates: []Candidate{}, Because: []string{}}
	if len(m.entries) == 0 {
		out.Because = append(out.Because, "the catalogue is empty")
		return out
	}
	words := wordList(text)
	if len(words) == 0 {
		out.Because = append(out.Because, "no words to go by")
		return out
	}
	fixed, repairs := m.spell.repair(text)
	guesses, ruledOut := m.rank(text, fixed, words)
	for _, g := range guesses {
		if g.score >= shown && len(out.Candidates) < maxCandidates {
			out.Candidates = append(out.Candidates, Candidate{Playbook: m.entries[g.entry].playbook.ID, Score: g.score})
		}
	}
	if len(guesses) == 0 {
		out.Because = append(out.Because, ruledOut...)
		if len(ruledOut) == 0 {
			out.Because = append(out.Because, "no playbook has an example like it")
		}
		return out
	}
	best := guesses[0]
	out.Confidence = best.score
	rival := len(guesses) > 1 && guesses[1].score >= clarifyAt/2 && guesses[1].score >= closeAt*best.score
	switch {
	case best.score >= matchAt && !(rival && guesses[1].sure == best.sure):
		out.Decision = Matched
	case best.score >= clarifyAt, rival && best.score+guesses[1].score >= matchAt:
		out.Decision = Clarify
	default:
		out.Because = append(out.Because, ruledOut...)
		out.Because = append(out.Because, fmt.Sprintf("nearest is %s with %.2f, which is too little", m.entries[best.entry].playbook.ID, best.score))
		return out
	}
	p := m.entries[best.entry].playbook
	out.Playbook, out.Inputs, out.Rejected = p.ID, best.inputs, best.rejected
	out.Denied = allowed != nil && !allowed(p)
	out.Because = m.explain(best, guesses, fixed, repairs)
	return out
}

// rank is every entry that text may ask for, best first, and what was ruled out.
func (m *Matcher) rank(text, fixed string, words []string) (guesses []guess, ruledOut []string) {
	raw := m.margins(fixed)
	order := make([]int, len(m.entries))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return -compare(raw.margin[a], raw.margin[b]) })
	plain := strings.Join(words, " ")
	never := m.never[plain]
	certain := m.exact[plain]
	about := asksAbout(words)
	line := foldSpace(text)
	for n, i := range order {
		e := &m.entries[i]
		if slices.Contains(never, i) && !slices.Contains(certain, i) {
			ruledOut = append(ruledOut, fmt.Sprintf("says “%s”, which %s rules out", shorten(line), e.playbook.ID))
			continue
		}
		g := guess{entry: i, inputs: map[string]any{}}
		pattern := matchPattern(e.patterns, line)
		isExact := slices.Contains(certain, i)
		commanded := len(e.command) > 1 && len(words) >= len(e.command) && slices.Equal(words[:len(e.command)], e.command)
		if n >= considered && pattern == "" && !isExact && !commanded {
			continue
		}
		ev := m.stand(fixed, []int{i})
		f := e.templates.find(text, m.now())
		if len(f.inputs)+len(f.rejected) > 0 {
			g.inputs, g.rejected = f.inputs, f.rejected
			if masked := m.stand(m.spell.only(f.rest()), []int{i}); masked.score[i] > ev.score[i] {
				ev = masked
			}
		}
		g.score = shift(ev.score[i], e.signs(fixed, f, about))
		switch {
		case isExact:
			g.score, g.sure = 0.99, true
			g.because = append(g.because, "is word for word an example")
		case commanded:
			g.score, g.sure = max(g.score, 0.97), true
			g.because = append(g.because, "begins with the command “"+e.playbook.Match.Command+"”")
		case pattern != "":
			g.score, g.sure = max(g.score, 0.96), true
			g.because = append(g.because, "matches the pattern "+pattern)
		case ev.ruledOut(i):
			ruledOut = append(ruledOut, fmt.Sprintf("is like “%s”, which %s rules out", m.nearestNot(e.playbook, fixed), e.playbook.ID))
			continue
		}
		guesses = append(guesses, g)
	}
	level(guesses)
	slices.SortStableFunc(guesses, func(a, b guess) int {
		if a.sure != b.sure {
			if a.sure {
				return -1
			}
			return 1
		}
		if c := compare(b.score, a.score); c != 0 {
			return c
		}
		return a.entry - b.entry
	})
	return guesses, ruledOut
}

// level rounds the scores to hundredths, after giving those within one of the
// best the best's: that much is the order of training and no reason to rank
// one playbook before another.
func level(guesses []guess) {
	best := 0.0
	for _, g := range guesses {
		best = max(best, g.score)
	}
	for i, g := range guesses {
		if best-g.score < 0.01 {
			g.score = best
		}
		guesses[i].score = math.Round(g.score*100) / 100
	}
}

// signs is what speaks for entry e, or against it, beside the classifiers, in
// logits: a question is rather for an answer, a message whose words the
// playbook never uses is hardly for it, one that fills its inputs is.
func (e *entry) signs(fixed string, f *finding, about bool) float64 {
	sum := 0.0
	switch {
	case !about:
	case e.asked:
		sum += questionGain
	case e.playbook.Flow != nil:
		sum -= questionCost
	}
	have := 0.0
	said := senses(wordList(fixed), f.took)
	for _, w := range said {
		if e.templates.texts[w] {
			have++
		}
	}
	if have < float64(len(said)) && f.wants() {
		have += 0.5 // one of them may be the value that was not found
	}
	if len(said) > 0 {
		sum += ownGain * (have/float64(len(said)) - ownUsual)
	}
	return sum + min(inputGain*float64(len(f.inputs)+f.paired), inputMost)
}

// The weights of the signs.
const (
	questionCost = 2.0
	questionGain = 0.1
	ownGain      = 2.0
	ownUsual     = 0.6
	inputGain    = 0.25
	inputMost    = 1.5
)

func shift(p, by float64) float64 {
	p = min(max(p, 1e-9), 1-1e-9)
	return 1 / (1 + math.Exp(-(math.Log(p/(1-p)) + by)))
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func matchPattern(patterns []*regexp.Regexp, line string) string {
	for _, re := range patterns {
		if re.MatchString(line) {
			return strings.TrimPrefix(re.String(), "(?i)")
		}
	}
	return ""
}

// standing is the classifiers' word on one text.
type standing struct {
	margin []float64 // by entry; noMargin where the model lacks it
	denied []float64 // margin of an entry's near misses; noMargin where it has none
	score  []float64 // by entry: probability, of the entries that were asked for
}

const noMargin = -5

// margins is the standing of text without its scores.
func (m *Matcher) margins(text string) standing {
	return m.stand(text, nil)
}

// stand weighs text for every entry, and the evidence for those of entries.
func (m *Matcher) stand(text string, entries []int) standing {
	s := m.model.scratch()
	defer m.model.pool.Put(s)
	n := len(m.entries)
	flat := make([]float64, 3*n)
	out := standing{margin: flat[:n:n], denied: flat[n : 2*n : 2*n], score: flat[2*n:]}
	for i := range n {
		out.margin[i], out.denied[i] = noMargin, noMargin
	}
	known := m.model.measure(s, text)
	for c, v := range s.scores {
		if m.denies[c] {
			out.denied[m.owner[c]] = float64(v)
		} else {
			out.margin[m.owner[c]] = float64(v)
		}
	}
	for _, i := range entries {
		out.score[i] = m.weigh(s, known, out, i)
	}
	return out
}

// weigh is the probability that the text in s asks for entry i: that it is in
// scope with i as the answer, less for what stands nearer. Another entry's near
// misses are rivals too, but weaker ones: what one playbook is not, another
// often is.
func (m *Matcher) weigh(s *scratch, known mass, st standing, i int) float64 {
	c := m.column[i]
	if c < 0 || len(s.vec.ids) == 0 {
		return 0
	}
	rival := -1
	for j, v := range st.margin {
		if j != i && (rival < 0 || v > st.margin[rival]) {
			rival = j
		}
	}
	second, lead := -1, 0.0
	if rival >= 0 {
		second, lead = m.column[rival], st.margin[rival]-st.margin[i]
	}
	for j, v := range st.denied {
		if j != i {
			lead = max(lead, (v-st.margin[i])*denialPart)
		}
	}
	ev := m.model.vocab.gather(s.scores, c, second, known, s.vec, m.model.centre[c], len(s.words))
	ev[evGap] = max(0, ev[evGap])
	return m.model.scope.score(ev) * math.Exp(-sharpness*max(0, lead))
}

// ruledOut tells whether the near misses of entry i are nearer than itself.
func (s standing) ruledOut(i int) bool { return s.denied[i] > noMargin && s.denied[i] >= s.margin[i] }
