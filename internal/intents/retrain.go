package intents

import (
	"context"
	"fmt"
	"slices"

	"frontdoor/internal/playbook"
)

// Renew is the matcher that NewMatcher makes of m's playbooks: one that knows
// every word and example, for the place of one that Reload made in a hurry. It
// is trained in the background of a bot that works, so ctx ends it, within the
// time of one classifier; the error is then that of ctx.
func (m *Matcher) Renew(ctx context.Context) (*Matcher, error) {
	playbooks, ready := make([]*playbook.Playbook, len(m.entries)), make(map[string]*entry, len(m.entries))
	for i := range m.entries {
		playbooks[i] = m.entries[i].playbook
		ready[playbooks[i].ID] = &m.entries[i]
	}
	next, err := prepare(playbooks, m.now, ready)
	if err != nil {
		return nil, err
	}
	model := newModel(next.examples())
	model.halt = func() bool { return ctx.Err() != nil }
	model.train()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("train the matcher: %w", err)
	}
	model.halt = nil
	next.learn(model)
	return next, nil
}

// retrain is a model of examples that keeps the features, the calibration and
// the classifiers of m, but for the intents in changed and those that m lacks,
// which are trained anew against all of examples.
func (m *Model) retrain(examples []Example, changed map[string]bool) *Model {
	if len(m.intents) == 0 {
		return Train(examples)
	}
	n := &Model{vocab: m.vocab, talk: m.talk, scope: m.scope}
	old := make(map[string]int, len(m.intents))
	for c, name := range m.intents {
		old[name] = c
	}
	vectors := make(map[string]vector, len(m.examples))
	for i, e := range m.examples {
		vectors[e.Text] = m.x[i]
	}
	number := make(map[string]int32)
	var s scratch
	for _, e := range examples {
		if e.Intent == "" {
			continue
		}
		if e.Weight <= 0 {
			e.Weight = 1
		}
		c, ok := number[e.Intent]
		if !ok {
			c = int32(len(n.intents))
			number[e.Intent] = c
			n.intents = append(n.intents, e.Intent)
		}
		x, ok := vectors[e.Text]
		if !ok {
			n.vocab.read(&s, e.Text)
			x = vector{ids: slices.Clone(s.vec.ids), vals: slices.Clone(s.vec.vals)}
		}
		n.examples, n.label, n.x = append(n.examples, e), append(n.label, c), append(n.x, x)
		n.square = append(n.square, float32(x.norm2()))
	}
	k := len(n.intents)
	n.duals, n.bias, n.centre = make([][]dual, k), make([]float32, k), make([]vector, k)
	from := make([]int, k) // column of m, -1 for a new one
	var fresh []int
	for c, name := range n.intents {
		at, ok := old[name]
		if !ok || changed[name] {
			from[c] = -1
			fresh = append(fresh, c)
			continue
		}
		from[c], n.bias[c], n.centre[c] = at, m.bias[at], m.centre[at]
	}
	columns := make([][]float32, len(fresh))
	rows, costs := n.rows(), n.costs()
	each(len(fresh), func() func(int) {
		v := n.solver()
		return func(j int) {
			c := fresh[j]
			v.reset()
			v.solve(rows, int32(c), n.label, costs)
			columns[j], n.bias[c] = slices.Clone(v.w), v.bias
			n.centre[c] = n.centroid(int32(c), nil)
		}
	})
	n.weights = m.relay(from)
	for j, c := range fresh {
		for f, w := range columns[j] {
			n.weights[f*k+c] = w
		}
	}
	return n
}

// relay is the weights of m with column from[c] at c; -1 is left empty.
func (m *Model) relay(from []int) []float32 {
	k, was := len(from), len(m.intents)
	inPlace := k == was
	for c, at := range from {
		inPlace = inPlace && (at < 0 || at == c)
	}
	if inPlace {
		return slices.Clone(m.weights)
	}
	out := make([]float32, len(m.vocab.idf)*k)
	for f := range m.vocab.idf {
		row, old := out[f*k:f*k+k], m.weights[f*was:f*was+was]
		for c, at := range from {
			if at >= 0 {
				row[c] = old[at]
			}
		}
	}
	return out
}
