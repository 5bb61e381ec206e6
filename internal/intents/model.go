package intents

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Example is one labelled message of a training set.
type Example struct {
	Text   string
	Intent string
	// Weight is what the example counts for beside others: 0 means 1, a title
	// that nobody would type may have 0.3.
	Weight float32
}

// Model ranks the intents of its training set for a text. It does not change
// and is safe for concurrent use.
type Model struct {
	intents  []string // in order of first occurrence in the training set
	vocab    *vocabulary
	examples []Example
	label    []int32 // intent of each example
	x        []vector
	square   []float32
	duals    [][]dual // by intent: the support vectors, for warm starts
	bias     []float32
	weights  []float32 // weights[feature*len(intents)+intent]
	centre   []vector  // by intent, ids ascending, length 1
	talk     talk
	scope    scope
	pool     sync.Pool   // of *scratch
	halt     func() bool // tells that nobody wants the training any more; nil is never
}

type dual struct {
	row   int32
	alpha float32
}

// Train makes a model of examples. Examples with an empty intent are ignored.
// The result depends on nothing but the examples and their order.
func Train(examples []Example) *Model {
	m := newModel(examples)
	m.train()
	return m
}

// train learns from the examples that m has.
func (m *Model) train() {
	columns := make([][]float32, len(m.intents))
	rows, costs := m.rows(), m.costs()
	each(len(m.intents), func() func(int) {
		s := m.solver()
		return func(c int) {
			s.reset()
			s.solve(rows, int32(c), m.label, costs)
			columns[c] = slices.Clone(s.w)
			m.bias[c], m.duals[c] = s.bias, s.support()
			m.centre[c] = m.centroid(int32(c), nil)
		}
	})
	m.weights = interleave(columns, len(m.vocab.idf))
	background := m.vocab.everyday()
	m.talk = m.learnTalk(background, nil)
	m.scope = m.fitScope(background)
}

func newModel(examples []Example) *Model {
	m := &Model{}
	number := make(map[string]int32)
	var texts []string
	for _, e := range examples {
		if e.Intent == "" {
			continue
		}
		if e.Weight <= 0 {
			e.Weight = 1
		}
		c, ok := number[e.Intent]
		if !ok {
			c = int32(len(m.intents))
			number[e.Intent] = c
			m.intents = append(m.intents, e.Intent)
		}
		m.examples, m.label, texts = append(m.examples, e), append(m.label, c), append(texts, e.Text)
	}
	m.vocab, m.x = newVocabulary(texts)
	m.square = make([]float32, len(m.x))
	for i := range m.x {
		m.square[i] = float32(m.x[i].norm2())
	}
	k := len(m.intents)
	m.duals, m.bias, m.centre = make([][]dual, k), make([]float32, k), make([]vector, k)
	return m
}

func (m *Model) solver() *svm {
	return &svm{halt: m.halt, x: m.x, square: m.square, alpha: make([]float32, len(m.x)), w: make([]float32, len(m.vocab.idf))}
}

func (m *Model) rows() []int32 {
	rows := make([]int32, len(m.x))
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

func (m *Model) costs() []float32 {
	costs := make([]float32, len(m.examples))
	for i, e := range m.examples {
		costs[i] = cost * e.Weight
	}
	return costs
}

// centroid is the mean of the examples of intent c that keep wants (nil: all),
// with length 1.
func (m *Model) centroid(c int32, keep func(row int32) bool) vector {
	sum := make(map[int32]float32)
	var ids []int32
	for i, l := range m.label {
		if l != c || keep != nil && !keep(int32(i)) {
			continue
		}
		for j, id := range m.x[i].ids {
			if _, ok := sum[id]; !ok {
				ids = append(ids, id)
			}
			sum[id] += m.x[i].vals[j] * m.examples[i].Weight
		}
	}
	slices.Sort(ids)
	v := vector{ids: ids, vals: make([]float32, len(ids))}
	for i, id := range ids {
		v.vals[i] = sum[id]
	}
	if n := v.norm2(); n > 0 {
		n = 1 / math.Sqrt(n)
		for i := range v.vals {
			v.vals[i] *= float32(n)
		}
	}
	return v
}

// each calls the functions that worker gives, one a processor, with 0 to n-1.
func each(n int, worker func() func(int)) {
	var next atomic.Int64
	var done sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		done.Go(func() {
			do := worker()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	done.Wait()
}

// interleave turns columns, one an intent, into rows, one a feature.
func interleave(columns [][]float32, features int) []float32 {
	k := len(columns)
	out := make([]float32, features*k)
	for from := 0; from < features; from += 256 {
		to := min(features, from+256)
		for c, col := range columns {
			for f := from; f < to; f++ {
				out[f*k+c] = col[f]
			}
		}
	}
	return out
}

// Intents are the names of the intents, in order of first occurrence in the
// training set. The caller must not change them.
func (m *Model) Intents() []string { return m.intents }

// Prediction is what a model says of one text.
type Prediction struct {
	Top      string  // the best intent, whatever the score; "" where the model has none
	Score    float64 // probability that the text belongs to the set and Top is right, 0 to 1
	InScope  bool    // Score reaches the threshold
	Margin   float64 // of Top's classifier: above 0 is its side
	Second   string  // the next best intent; "" where there is none
	SecondBy float64 // margin of Second
}

// Predict ranks the intents for text.
func (m *Model) Predict(text string) Prediction {
	s := m.scratch()
	defer m.pool.Put(s)
	ev, first, second := m.evidence(s, text)
	if first < 0 {
		return Prediction{}
	}
	p := Prediction{Top: m.intents[first], Score: m.scope.score(ev), Margin: float64(s.scores[first])}
	p.InScope = p.Score >= m.scope.threshold
	if second >= 0 {
		p.Second, p.SecondBy = m.intents[second], float64(s.scores[second])
	}
	return p
}

func (m *Model) scratch() *scratch {
	if s, ok := m.pool.Get().(*scratch); ok {
		return s
	}
	return &scratch{}
}

// measure leaves the vector of text and the scores of all intents in s.
func (m *Model) measure(s *scratch, text string) mass {
	known := m.vocab.read(s, text)
	k := len(m.intents)
	s.scores = append(s.scores[:0], m.bias...)
	scores := s.scores
	for i := range scores {
		scores[i] = scores[i]*biasScale + offset
	}
	for i, id := range s.vec.ids {
		v := s.vec.vals[i]
		row := m.weights[int(id)*k : int(id)*k+k]
		for c, w := range row {
			scores[c] += w * v
		}
	}
	return known
}

// evidence measures text and names the best two intents; -1 is none.
func (m *Model) evidence(s *scratch, text string) (ev evidence, first, second int) {
	known := m.measure(s, text)
	first, second = top2(s.scores)
	if first < 0 {
		return evidence{}, -1, -1
	}
	ev = m.vocab.gather(s.scores, first, second, known, s.vec, m.centre[first], len(s.words))
	ev[evTalk] = m.talk.margin(s.vec)
	return ev, first, second
}

// top2 is the places of the two highest scores; ties go to the earlier.
func top2(scores []float32) (first, second int) {
	first, second = -1, -1
	for c, v := range scores {
		switch {
		case first < 0 || v > scores[first]:
			first, second = c, first
		case second < 0 || v > scores[second]:
			second = c
		}
	}
	return first, second
}

// likeness is the cosine of x to a centre of length 1 whose ids ascend, the
// share of the text's content mass that the centre has, and how many of its
// content words, a common one counting for less than one.
func (v *vocabulary) likeness(x, centre vector, m mass) (cosine, own, hits float64) {
	var dot, sq, have float64
	for i, id := range x.ids {
		val := float64(x.vals[i])
		sq += val * val
		j, ok := slices.BinarySearch(centre.ids, id)
		if !ok {
			continue
		}
		dot += val * float64(centre.vals[j])
		if b := v.block[id]; (b == blockWord || b == blockStem) && !v.stop[id] {
			have += float64(v.idf[id])
			if b == blockStem {
				h := float64(v.idf[id] / v.maxIDF)
				if v.deed[id] {
					h *= deedPart
				}
				hits += h
			}
		}
	}
	if sq == 0 {
		return 0, 0, 0
	}
	if m.contentAll > 0 {
		own = min(1, have/m.contentAll)
	} else if m.all > 0 {
		own = m.have / m.all
	}
	return dot / math.Sqrt(sq), own, hits
}
