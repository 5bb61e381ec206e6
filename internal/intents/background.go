package intents

import (
	_ "embed"
	"slices"
	"strings"
)

// everyday is talk and questions that ask a platform for nothing, a message a
// line, so that a catalogue of a few playbooks learns that “who”, “is my” and
// “can I get a” are everywhere and tell nothing. What they are about does not
// matter: words that no example has are not read.
//
//go:embed background.txt
var everyday string

// Settings of the background, measured on small catalogues drawn from public
// sets of messages.
const (
	backgroundCost = 0.3  // what a background message counts for beside an example
	talkExamples   = 2000 // examples that are set against the background
)

// heard is a background message as a vocabulary reads it.
type heard struct {
	vector
	known mass
	words int
}

// everyday are the background messages, without those of which v knows no word.
func (v *vocabulary) everyday() []heard {
	var s scratch
	var out []heard
	for text := range strings.Lines(everyday) {
		if m := v.read(&s, text); len(s.vec.ids) > 0 {
			out = append(out, heard{vector{ids: slices.Clone(s.vec.ids), vals: slices.Clone(s.vec.vals)}, m, len(s.words)})
		}
	}
	return out
}

// talk tells what is said to the catalogue from everyday talk: one more
// classifier of the examples against the background. It has no part in which
// intent is best.
type talk struct {
	weights []float32 // by feature
	bias    float32
}

// margin is above 0 for a text that sounds like the examples; x is its vector.
func (t *talk) margin(x vector) float64 {
	sum := t.bias*biasScale + offset
	for i, id := range x.ids {
		sum += t.weights[id] * x.vals[i]
	}
	return float64(sum)
}

// learnTalk trains it without the examples and background messages that
// hidden wants left out, by row, the background behind the examples; nil leaves
// none out. Of a large set some examples tell enough.
func (m *Model) learnTalk(background []heard, hidden func(row int32) bool) talk {
	n := len(m.x)
	s := &svm{w: make([]float32, len(m.vocab.idf))}
	var label []int32
	var costs []float32
	add := func(row int, x vector, y int32, c float32) {
		if hidden == nil || !hidden(int32(row)) {
			s.x, s.square = append(s.x, x), append(s.square, float32(x.norm2()))
			label, costs = append(label, y), append(costs, cost*c)
		}
	}
	for i := 0; i < n; i += 1 + n/talkExamples {
		add(i, m.x[i], 1, m.examples[i].Weight)
	}
	for i, b := range background {
		add(n+i, b.vector, 0, backgroundCost)
	}
	s.alpha = make([]float32, len(s.x))
	rows := make([]int32, len(s.x))
	for i := range rows {
		rows[i] = int32(i)
	}
	s.reset()
	s.descend(rows, 1, label, costs, true)
	return talk{weights: s.w, bias: s.bias}
}
