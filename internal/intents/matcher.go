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
	Score    float64 `json:"score"` // probability, 0 to 1
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
	matchAt       = 0.5  // a confidence that is enough
	clarifyAt     = 0.3  // one that is worth a question
	closeAt       = 0.55 // a second candidate this near to the first, as a share of its score
	sharpness     = 4.0  // how fast a candidate's score falls with its margin
	shown         = 0.05 // candidates below are noise
	maxCandidates = 5
	considered    = 4 // candidates that are looked at with their inputs taken out
	titleWeight   = 0.5
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
	for _, name := range model.Intents() {
		id, denied := strings.CutPrefix(name, denial)
		m.owner, m.denies = append(m.owner, place[id]), append(m.denies, denied)
	}
	m.spell = newSpeller(m.entries)
}

// guess is one entry's standing for a message.
type guess struct {
	entry    int
	margin   float64
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
		g := guess{entry: i, margin: raw.margin[i], inputs: map[string]any{}}
		pattern := matchPattern(e.patterns, line)
		isExact := slices.Contains(certain, i)
		commanded := len(e.command) > 1 && len(words) >= len(e.command) && slices.Equal(words[:len(e.command)], e.command)
		if n >= considered && pattern == "" && !isExact && !commanded {
			continue
		}
		ev, margin := raw, raw.margin[i]
		if f := e.templates.find(text, m.now()); len(f.inputs)+len(f.rejected) > 0 {
			g.inputs, g.rejected = f.inputs, f.rejected
			masked := m.margins(m.spell.only(f.rest()))
			if masked.margin[i] > margin {
				ev, margin = masked, masked.margin[i]
			}
		}
		g.margin = margin
		g.score = ev.probability(i)
		if about && e.playbook.Flow != nil && !e.asked {
			g.score = shift(g.score, -questionCost)
		}
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

// questionCost is what a question (“how long does a deploy take?”) loses, in
// logits, for a workflow none of whose examples is a question.
const questionCost = 1.5

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

// standing is the classifiers' word on one text, by entry.
type standing struct {
	margin []float64
	denied []float64 // margin of an entry's near misses; -Inf where it has none
	best   float64   // margin of the best intent, near misses included
	score  float64   // of the best
}

func (m *Matcher) margins(text string) standing {
	s := m.model.scratch()
	defer m.model.pool.Put(s)
	ev, first, _ := m.model.evidence(s, text)
	out := standing{margin: make([]float64, len(m.entries)), denied: make([]float64, len(m.entries)), best: math.Inf(-1)}
	for i := range out.denied {
		out.denied[i], out.margin[i] = math.Inf(-1), -2
	}
	if first < 0 {
		return out
	}
	for c, v := range s.scores {
		// A near miss of one playbook is a rival of every other.
		out.best = max(out.best, float64(v))
		if m.denies[c] {
			out.denied[m.owner[c]] = float64(v)
		} else {
			out.margin[m.owner[c]] = float64(v)
		}
	}
	out.score = m.model.scope.score(ev)
	return out
}

func (s standing) probability(i int) float64 {
	return s.score * math.Exp(sharpness*min(0, s.margin[i]-s.best))
}

// ruledOut tells whether the near misses of entry i are nearer than anything.
func (s standing) ruledOut(i int) bool { return s.denied[i] >= s.margin[i] }
