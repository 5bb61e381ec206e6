package intents

import (
	"fmt"
	"regexp"
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
	playbook   *playbook.Playbook
	templates  *templates
	patterns   []*regexp.Regexp
	command    []string
	samples    []sample  // the examples
	titles     []sample  // the title, and the command in its name
	notSamples []sample  // the near misses
	nots       [][]piece // near misses, the words that say something
	asked      bool      // some example is a question
}

// sample is a text of a playbook and its words.
type sample struct {
	text  string
	words []piece
}

// Settings of the decision, measured on the package's own catalogue and on
// small catalogues drawn from public sets of messages.
const (
	matchAt       = 0.42 // a confidence that is enough
	clarifyAt     = 0.22 // one that is worth a question
	closeAt       = 0.55 // a second candidate this near to the first, as a share of its score
	sharpness     = 4.0  // how fast a candidate's score falls with its margin
	denialPart    = 0.5  // how much another entry's near miss is a rival
	shown         = 0.05 // candidates below are noise
	curtPart      = 0.41 // what is left of a score where one word is all that is said: a question back at most
	curtAt        = 0.08 // one of those that is worth that question
	maxCandidates = 5
	considered    = 4 // candidates that are looked at with their inputs taken out
	titleWeight   = 0.7
	summaryWeight = 0.2
)

// NewMatcher makes a matcher of playbooks; among equals the earlier wins. now
// is the clock for dates in messages; nil is time.Now. The error names the
// playbook and the pattern that is no RE2 expression.
func NewMatcher(playbooks []*playbook.Playbook, now func() time.Time) (*Matcher, error) {
	m, err := prepare(playbooks, now, nil)
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
	before := make(map[string]*entry, len(m.entries))
	for i := range m.entries {
		before[m.entries[i].playbook.ID] = &m.entries[i]
	}
	ready := make(map[string]*entry)
	changed := make(map[string]bool)
	for _, p := range playbooks {
		old := before[p.ID]
		if old == nil || old.playbook != p && (p.Hash == "" || old.playbook.Hash != p.Hash) {
			changed[p.ID], changed[denial+p.ID] = true, true
		} else {
			ready[p.ID] = old
		}
	}
	next, err := prepare(playbooks, m.now, ready)
	if err != nil {
		return nil, err
	}
	next.learn(m.model.retrain(next.examples(), changed))
	return next, nil
}

// prepare makes everything but the model; entries in ready are taken as they are.
func prepare(playbooks []*playbook.Playbook, now func() time.Time, ready map[string]*entry) (*Matcher, error) {
	if now == nil {
		now = time.Now
	}
	m := &Matcher{now: now, exact: make(map[string][]int), never: make(map[string][]int)}
	for i, p := range playbooks {
		e, err := newEntry(p, ready[p.ID])
		if err != nil {
			return nil, err
		}
		for _, x := range p.Match.Examples {
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

func newEntry(p *playbook.Playbook, ready *entry) (entry, error) {
	if ready != nil {
		e := *ready
		e.playbook = p
		return e, nil
	}
	e := entry{playbook: p, templates: compileTemplates(p), command: wordList(p.Match.Command)}
	for _, pattern := range p.Match.Patterns {
		re, err := regexp.Compile("(?i)" + pattern)
		if err != nil {
			return entry{}, fmt.Errorf("compile pattern of playbook %s: %w", p.ID, err)
		}
		e.patterns = append(e.patterns, re)
	}
	for _, x := range p.Match.Not {
		said := pieces(bare(x))
		e.notSamples = append(e.notSamples, sample{x, said})
		e.nots = append(e.nots, telling(said))
	}
	for _, x := range p.Match.Examples {
		e.samples = append(e.samples, sample{x, pieces(bare(x))})
	}
	e.titles = []sample{{p.Title, pieces(p.Title)}, {p.Title, pieces(p.Match.Command)}}
	for _, x := range p.Match.Examples {
		e.asked = e.asked || asksAbout(wordList(x))
	}
	return e, nil
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

const nothingLike = "no playbook has an example like it"

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
			out.Because = append(out.Because, nothingLike)
		}
		return out
	}
	best := guesses[0]
	out.Confidence = best.score
	rival := len(guesses) > 1 && guesses[1].score >= clarifyAt/2 && guesses[1].score >= closeAt*best.score
	switch {
	case best.score >= matchAt && (!rival || guesses[1].sure != best.sure):
		out.Decision = Matched
	case best.score >= clarifyAt, curt(words) && best.score >= curtAt, rival && best.score+guesses[1].score >= matchAt:
		out.Decision = Clarify
	default:
		out.Because = append(out.Because, ruledOut...)
		if best.score < shown {
			out.Because = append(out.Because, nothingLike)
			return out
		}
		out.Because = append(out.Because, fmt.Sprintf("nearest is %s with %.2f, which is too little", m.entries[best.entry].playbook.ID, best.score))
		return out
	}
	p := m.entries[best.entry].playbook
	out.Playbook, out.Inputs, out.Rejected = p.ID, best.inputs, best.rejected
	out.Denied = allowed != nil && !allowed(p)
	out.Because = m.explain(best, guesses, fixed, repairs)
	return out
}
