package intents

import (
	"math"
	"slices"
)

// evidence is what speaks for a text belonging to the catalogue.
type evidence [evidences]float64

const (
	evTop     = iota // score of the best classifier
	evGap            // by how much it beats the second
	evKnown          // share of the text's idf mass that the vocabulary knows
	evContent        // the same without stop words
	evOwn            // share of the content that the best intent's own examples have
	evCosine         // cosine to the centroid of the best intent
	evShort          // 1/(1+words)
	evHits           // how many of the content words the best intent's own examples have
	evTalk           // how little the text sounds like everyday talk
	evidences
)

func (v *vocabulary) gather(scores []float32, first, second int, m mass, x, centre vector, words int) evidence {
	ev := evidence{evTop: float64(scores[first]), evGap: 1, evShort: 1 / float64(1+words)}
	ev[evCosine], ev[evOwn], ev[evHits] = v.likeness(x, centre, m)
	ev[evHits] = min(ev[evHits], mostHits)
	ev[evKnown], ev[evContent] = m.shares()
	if second >= 0 {
		ev[evGap] = float64(scores[first] - scores[second])
	}
	return ev
}

// scope turns evidence into a probability.
type scope struct {
	weight    evidence
	constant  float64
	threshold float64
}

func (s *scope) score(ev evidence) float64 {
	z := s.constant
	for i, w := range s.weight {
		z += w * ev[i]
	}
	return 1 / (1 + math.Exp(-z))
}

// Settings of the fit.
const (
	folds       = 4
	manyIntents = 400  // from so many on one fold shows enough
	perFold     = 8    // messages an intent and fold that are scored, if that is
	mostTests   = 1500 // not more than this in a fold
	talkPart    = 0.4  // share of that that is everyday talk
	outsidePart = 0.25 // share of out-of-scope messages that is assumed
	keep        = 0.9  // share of the rightly named messages that the threshold keeps
	deedPart    = 0.4  // what a deed counts for as a content word
	mostHits    = 4    // content words; more say no more
	priorConst  = -3.3
	priorPower  = 60.0 // precision of the prior: keeps small sets near what larger ones taught
)

// priorWeight is what the fits on small catalogues drawn from public sets and
// on the whole sets agreed on.
var priorWeight = evidence{evTop: 1.3, evGap: 1.7, evKnown: 1.3, evContent: 0.3, evOwn: 0.5, evCosine: 2, evHits: 0.5, evTalk: 0.5}

// observation is one hidden message: its evidence and whether it belongs and
// was named right.
type observation struct {
	ev      evidence
	in      bool
	correct bool
	talk    bool // it is of the background
}

// rounds is how many of the folds are looked at.
func (m *Model) rounds() int {
	if len(m.intents) >= manyIntents {
		return 1
	}
	return folds
}

// observe hides a quarter of the intents, and a quarter of the examples of the
// others, four times, and scores what it hid; once where there are many intents.
func (m *Model) observe(background []heard) []observation {
	k := len(m.intents)
	place := make([]int, len(m.label)) // of an example among those of its intent
	count := make([]int, k)
	for i, c := range m.label {
		place[i] = count[c]
		count[c]++
	}
	group := make([]int, k)
	order := make([]int, k)
	for i := range order {
		order[i] = i
	}
	r := svm{random: 0x2545F4914F6CDD1D}
	for i := range order {
		j := i + r.next(k-i)
		order[i], order[j] = order[j], order[i]
		group[order[i]] = i % folds
	}
	var out []observation
	costs := m.costs()
	for fold := range m.rounds() {
		if m.halt != nil && m.halt() {
			break
		}
		hidden := func(c int32) bool { return k > 1 && group[c] == fold }
		held := func(row int32) bool {
			c := m.label[row]
			return hidden(c) || count[c] > 1 && (place[row]+int(c))%max(2, min(folds, count[c])) == fold
		}
		df := make([]int32, len(m.vocab.idf))
		for i := range m.x {
			if !held(int32(i)) {
				for _, id := range m.x[i].ids {
					df[id]++
				}
			}
		}
		var kept []int32
		for c := range int32(k) {
			if !hidden(c) {
				kept = append(kept, c)
			}
		}
		columns := make([][]float32, len(kept))
		bias := make([]float32, len(kept))
		centre := make([]vector, len(kept))
		each(len(kept), func() func(int) {
			s := m.solver()
			return func(j int) {
				c := kept[j]
				s.reset()
				rows := s.warm(m.duals[c], m.label, c, held)
				s.solve(rows, c, m.label, costs)
				columns[j], bias[j] = slices.Clone(s.w), s.bias
				centre[j] = m.centroid(c, func(row int32) bool { return !held(row) })
			}
		})
		n := int32(len(m.x))
		talk := m.learnTalk(background, func(row int32) bool {
			if row < n {
				return held(row)
			}
			return int(row)%folds == fold
		})
		var tests []int32
		used := make([]int, k)
		for i := range m.x {
			if c := m.label[i]; held(int32(i)) && used[c] < max(1, min(perFold, mostTests/k)) {
				used[c]++
				tests = append(tests, int32(i))
			}
		}
		var chatter []heard
		for i, b := range background {
			if (i+len(m.x))%folds == fold {
				chatter = append(chatter, b)
			}
		}
		seen := make([]observation, len(tests)+len(chatter))
		each(len(seen), func() func(int) {
			scores := make([]float32, len(kept))
			return func(t int) {
				var h heard
				if t < len(tests) {
					h.vector = m.x[tests[t]]
					for _, id := range h.ids {
						if m.vocab.block[id] == blockWord {
							h.words++
						}
					}
				} else {
					h = chatter[t-len(tests)]
				}
				x, known := m.vocab.without(h.vector, df)
				known.all += h.known.all - h.known.have
				known.contentAll += h.known.contentAll - h.known.contentHave
				for j := range kept {
					g := bias[j]*biasScale + offset
					for n, id := range x.ids {
						g += columns[j][id] * x.vals[n]
					}
					scores[j] = g
				}
				first, second := top2(scores)
				if first < 0 {
					return
				}
				o := observation{ev: m.vocab.gather(scores, first, second, known, x, centre[first], h.words)}
				o.ev[evTalk] = talk.margin(x)
				if t < len(tests) {
					label := m.label[tests[t]]
					o.in, o.correct = !hidden(label), kept[first] == label
				} else {
					o.talk = true
				}
				seen[t] = o
			}
		})
		out = append(out, seen...)
	}
	return out
}

// without is x as it would be read if only features with a count in df were
// known.
func (v *vocabulary) without(x vector, df []int32) (vector, mass) {
	var r vector
	var m mass
	var sum [blocks]float64
	for i, id := range x.ids {
		b, known := v.block[id], df[id] > 0
		if b == blockWord || b == blockStem {
			idf := v.idf[id]
			if !known {
				idf = v.maxIDF
			}
			m.add(idf, known, v.stop[id])
		}
		if known {
			r.ids, r.vals = append(r.ids, id), append(r.vals, x.vals[i])
			sum[b] += float64(x.vals[i]) * float64(x.vals[i])
		}
	}
	for i, id := range r.ids {
		b := v.block[id]
		r.vals[i] *= float32(blockWeight[b] / math.Sqrt(sum[b]))
	}
	return r, m
}

// fitScope fits the logistic regression by Newton's method and chooses the
// threshold.
func (m *Model) fitScope(background []heard) scope {
	seen := m.observe(background)
	s := scope{weight: priorWeight, constant: priorConst}
	var in, out, chat float64
	for _, o := range seen {
		switch {
		case o.in:
			in++
		case o.talk:
			chat++
		default:
			out++
		}
	}
	if in > 0 && out+chat > 0 {
		n := in + out
		part := talkPart
		if out == 0 {
			part = 1
		}
		n *= folds / float64(m.rounds()) // against the prior, one fold stands for those not looked at
		s.fit(seen, (1-outsidePart)*n/in, outsidePart*(1-part)*n/max(1, out), outsidePart*part*n/max(1, chat))
	}
	var right []float64
	for _, o := range seen {
		if o.in && o.correct {
			right = append(right, s.score(o.ev))
		}
	}
	s.threshold = 0.5
	if len(right) > 0 {
		slices.Sort(right)
		s.threshold = right[int(float64(len(right))*(1-keep))]
	}
	return s
}

func (s *scope) fit(seen []observation, inWeight, outWeight, talkWeight float64) {
	const n = evidences + 1
	prior := *s
	loss := func(s *scope) float64 {
		d := s.constant - prior.constant
		l := priorPower / 2 * d * d
		for i, w := range s.weight {
			l += priorPower / 2 * (w - prior.weight[i]) * (w - prior.weight[i])
		}
		for _, o := range seen {
			w, y := o.target(inWeight, outWeight, talkWeight)
			p := min(max(s.score(o.ev), 1e-12), 1-1e-12)
			l -= w * (y*math.Log(p) + (1-y)*math.Log(1-p))
		}
		return l
	}
	now := loss(s)
	for range 50 {
		var hess [n][n]float64
		var grad [n]float64
		for i := range n {
			hess[i][i] = priorPower
			grad[i] = priorPower * (s.constant - prior.constant)
			if i < evidences {
				grad[i] = priorPower * (s.weight[i] - prior.weight[i])
			}
		}
		for _, o := range seen {
			w, y := o.target(inWeight, outWeight, talkWeight)
			var f [n]float64
			copy(f[:], o.ev[:])
			f[n-1] = 1
			p := s.score(o.ev)
			for i := range n {
				grad[i] += w * (p - y) * f[i]
				for j := range n {
					hess[i][j] += w * p * (1 - p) * f[i] * f[j]
				}
			}
		}
		step := solveLinear(hess, grad)
		// Newton's step may overshoot: halve it until the loss falls.
		better := false
		for scale := 1.0; scale > 1e-4 && !better; scale /= 2 {
			try := *s
			for i := range evidences {
				try.weight[i] -= scale * step[i]
			}
			try.constant -= scale * step[n-1]
			if l := loss(&try); l < now-1e-9*math.Abs(now) {
				*s, now, better = try, l, true
			}
		}
		if !better {
			return
		}
	}
}

func (o *observation) target(inWeight, outWeight, talkWeight float64) (weight, y float64) {
	switch {
	case o.talk:
		return talkWeight, 0
	case !o.in:
		return outWeight, 0
	case o.correct:
		return inWeight, 1
	}
	return inWeight, 0
}

// solveLinear solves a·x = b for a positive definite a by Gaussian elimination.
func solveLinear(a [evidences + 1][evidences + 1]float64, b [evidences + 1]float64) [evidences + 1]float64 {
	n := len(b)
	for i := range n {
		for r := i + 1; r < n; r++ {
			f := a[r][i] / a[i][i]
			for c := i; c < n; c++ {
				a[r][c] -= f * a[i][c]
			}
			b[r] -= f * b[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for c := i + 1; c < n; c++ {
			b[i] -= a[i][c] * b[c]
		}
		b[i] /= a[i][i]
	}
	return b
}
