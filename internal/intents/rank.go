package intents

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// guess is one entry's standing for a message.
type guess struct {
	entry    int
	score    float64
	inputs   map[string]any
	rejected []Rejected
	because  []string
	sure     sureness
}

// sureness tells what says so, beside the classifiers: the higher wins.
type sureness int

const (
	guessed   sureness = iota
	patterned          // a pattern
	commanded          // it begins with the command
	worded             // it is an example, word for word
)

// sureScore is the confidence by sureness; what is guessed beside a sure one
// stays below.
var sureScore = [...]float64{guessed: 0.95, patterned: 0.97, commanded: 0.98, worded: 0.99}

// rank is every entry that text may ask for, best first, and what was ruled out.
func (m *Matcher) rank(text, fixed string, words []string) (guesses []guess, ruledOut []string) {
	raw := m.stand(fixed)
	defer m.model.pool.Put(raw.scratch)
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
	said, now := pieces(text), m.now()
	told := telling(said)
	for n, i := range order {
		e := &m.entries[i]
		if !slices.Contains(certain, i) && (slices.Contains(never, i) || e.isNot(told)) {
			ruledOut = append(ruledOut, fmt.Sprintf("says “%s”, which %s rules out", shorten(line), e.playbook.ID))
			continue
		}
		g := guess{entry: i, inputs: map[string]any{}}
		pattern := matchPattern(e.patterns, line)
		isExact := slices.Contains(certain, i)
		isCommand := len(e.command) > 1 && len(words) >= len(e.command) && slices.Equal(words[:len(e.command)], e.command)
		if n >= considered && pattern == "" && !isExact && !isCommand {
			continue
		}
		score, ruled := m.weigh(raw, i), raw.ruledOut(i)
		f := e.templates.find(text, said, now)
		if len(f.inputs)+len(f.rejected) > 0 {
			g.inputs, g.rejected = f.inputs, f.rejected
			masked := m.stand(m.spell.only(f.rest()))
			if s := m.weigh(masked, i); s > score {
				score, ruled = s, masked.ruledOut(i)
			}
			m.model.pool.Put(masked.scratch)
		}
		g.score = shift(score, e.signs(fixed, f, about))
		switch {
		case isExact:
			g.sure = worded
			g.because = append(g.because, "it is word for word an example")
		case isCommand:
			g.sure = commanded
			g.because = append(g.because, "begins with the command “"+e.playbook.Match.Command+"”")
		case pattern != "":
			g.sure = patterned
			g.because = append(g.because, "matches the pattern "+pattern)
		case curt(words):
			g.score *= curtPart
			if stopWords[words[len(words)-1]] {
				g.score = min(g.score, curtAt/2)
			}
		case ruled:
			if g.score < clarifyAt || len(ruledOut) > 0 {
				continue // it was not in question
			}
			ruledOut = append(ruledOut, fmt.Sprintf("is like “%s”, which %s rules out", e.nearestNot(fixed), e.playbook.ID))
			continue
		}
		guesses = append(guesses, g)
	}
	settle(guesses)
	level(guesses)
	slices.SortStableFunc(guesses, func(a, b guess) int {
		if a.sure != b.sure {
			return int(b.sure - a.sure)
		}
		if c := compare(b.score, a.score); c != 0 {
			return c
		}
		return a.entry - b.entry
	})
	return guesses, ruledOut
}

// telling is words without the polite ones and the articles.
func telling(words []piece) []piece {
	return slices.DeleteFunc(slices.Clone(words), func(p piece) bool {
		return polite[p.low] || determiner(p.low) || greetings[p.low]
	})
}

var polite = setOf("please pls plz kindly thanks thx thank you cheers just team folks all everyone anybody")

// isNot tells whether the words are those of a near miss but for a slip.
func (e *entry) isNot(told []piece) bool {
	return slices.ContainsFunc(e.nots, func(not []piece) bool {
		return len(not) > 0 && slices.EqualFunc(not, told, matches)
	})
}

// curt tells whether words are a single one that names a thing at most and says
// nothing of what is wanted: “database”, “the cert”. Scripts without spaces
// say a sentence in one.
func curt(words []string) bool {
	for len(words) > 1 && (determiner(words[0]) || greetings[words[0]]) {
		words = words[1:]
	}
	return len(words) == 1 && strings.IndexFunc(words[0], func(r rune) bool { return r >= 0x0E00 }) < 0
}

var greetings = setOf("hi hey hello so and but ok okay um also")

// settle gives the sure ones their scores and keeps the others below them.
func settle(guesses []guess) {
	if !slices.ContainsFunc(guesses, func(g guess) bool { return g.sure > guessed }) {
		return
	}
	for i := range guesses {
		g := &guesses[i]
		if g.sure > guessed {
			g.score = sureScore[g.sure]
		} else {
			g.score = min(g.score, sureScore[guessed])
		}
	}
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
		if best-g.score < 0.01 && g.sure == guessed {
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
	have, all := 0.0, 0.0
	for _, w := range senses(wordList(fixed), f.took) {
		weight := 1.0
		if deedSenses[w] {
			weight = deedPart
		}
		all += weight
		if e.templates.texts[w] {
			have += weight
		}
	}
	if have < all && f.wants() && f.couldName(fixed) {
		have = min(all, have+0.5) // one of them may be the value that was not found
	}
	if all > 0 {
		sum += ownGain * (have/all - ownUsual)
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

	scratch *scratch
	known   mass
}

const noMargin = -5

// stand weighs text for every entry. The caller puts the scratch back.
func (m *Matcher) stand(text string) standing {
	n := len(m.entries)
	flat := make([]float64, 2*n)
	out := standing{scratch: m.model.scratch(), margin: flat[:n:n], denied: flat[n:]}
	for i := range n {
		out.margin[i], out.denied[i] = noMargin, noMargin
	}
	out.known = m.model.measure(out.scratch, text)
	for c, v := range out.scratch.scores {
		if m.denies[c] {
			out.denied[m.owner[c]] = float64(v)
		} else {
			out.margin[m.owner[c]] = float64(v)
		}
	}
	return out
}

// weigh is the probability that the text of st asks for entry i: that it is in
// scope with i as the answer, less for what stands nearer. Another entry's near
// misses are rivals too, but weaker ones: what one playbook is not, another
// often is.
func (m *Matcher) weigh(st standing, i int) float64 {
	c, s := m.column[i], st.scratch
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
	ev := m.model.vocab.gather(s.scores, c, second, st.known, s.vec, m.model.centre[c], len(s.words))
	ev[evGap] = max(0, ev[evGap])
	ev[evTalk] = m.model.talk.margin(s.vec)
	return m.model.scope.score(ev) * math.Exp(-sharpness*max(0, lead))
}

// ruledOut tells whether the near misses of entry i are nearer than itself.
func (s standing) ruledOut(i int) bool { return s.denied[i] > noMargin && s.denied[i] >= s.margin[i] }
