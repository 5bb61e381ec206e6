package eval

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	"frontdoor/internal/answers"
	"frontdoor/internal/docs"
)

// Example is a question's features and whether the pages answer it.
type Example struct {
	Features answers.Features
	Covered  bool
	// Corpus and Group are the setting that the example is from; the two classes
	// of each setting weigh the same.
	Corpus, Group string
	// Weight is the setting's, beside the others.
	Weight float64
}

// Examples measures questions over the pages of an index.
func Examples(x *docs.Index, corpus, group string, weight float64, questions []Question) []Example {
	var out []Example
	for _, q := range questions {
		covered := false
		for _, page := range q.Relevant {
			_, found := x.Page(page)
			covered = covered || found
		}
		f, _, ok := answers.Measure(x, q.Query)
		if !ok {
			continue
		}
		out = append(out, Example{Features: f, Covered: covered, Corpus: corpus, Group: group, Weight: weight})
	}
	return out
}

// descents is how many steps lead down far enough.
const descents = 1500

// Fit finds the logistic regression that explains the examples best, by
// gradient descent with an L2 penalty on the standardised features. Each of
// them is made so that more speaks for an answer; a coefficient that would say
// otherwise is chance and stays 0. The threshold is a half, where both classes
// weigh the same.
func Fit(examples []Example, penalty float64) answers.Calibration {
	const n = len(answers.Features{})
	var mean, deviation answers.Features
	weights := weigh(examples)
	for i, e := range examples {
		for j, v := range e.Features {
			mean[j] += weights[i] * v
		}
	}
	for i, e := range examples {
		for j, v := range e.Features {
			deviation[j] += weights[i] * (v - mean[j]) * (v - mean[j])
		}
	}
	for j := range deviation {
		deviation[j] = math.Sqrt(deviation[j]) + 1e-9
	}
	// What is the same for all questions of a corpus was seen as often as there
	// are corpora, not questions.
	var shrink [n]float64
	for j, name := range answers.FeatureNames {
		if shrink[j] = 1; name == "few" {
			shrink[j] = 10
		}
	}
	var w [n]float64
	bias := 0.0
	for range descents {
		var step [n]float64
		var stepBias float64
		for i, e := range examples {
			z := bias
			for j, v := range e.Features {
				z += w[j] * (v - mean[j]) / deviation[j]
			}
			miss := -weights[i] / (1 + math.Exp(-z))
			if e.Covered {
				miss += weights[i]
			}
			stepBias += miss
			for j, v := range e.Features {
				step[j] += miss * (v - mean[j]) / deviation[j]
			}
		}
		bias += stepBias
		for j := range w {
			w[j] = max(0, w[j]+step[j]-penalty*shrink[j]*w[j])
		}
	}
	c := answers.Calibration{Intercept: bias, Coefficients: map[string]float64{}}
	for j, name := range answers.FeatureNames {
		c.Coefficients[name] = math.Round(1e4*w[j]/deviation[j]) / 1e4
		c.Intercept -= w[j] / deviation[j] * mean[j]
	}
	c.Intercept = math.Round(1e4*c.Intercept) / 1e4
	c.Threshold = 0.5
	return c
}

// weigh gives the two classes of each setting the same weight, 1 in all.
func weigh(examples []Example) []float64 {
	type class struct {
		corpus, group string
		covered       bool
	}
	of := func(e Example) class { return class{e.Corpus, e.Group, e.Covered} }
	counts := map[class]float64{}
	all := 0.0
	for _, e := range examples {
		if counts[of(e)] == 0 {
			all += e.Weight
		}
		counts[of(e)]++
	}
	weights := make([]float64, len(examples))
	for i, e := range examples {
		weights[i] = e.Weight / counts[of(e)] / all
	}
	return weights
}

// AUROC is the probability that a covered example gets a higher probability
// than one that is not, a half for equal ones.
func AUROC(c answers.Calibration, examples []Example) float64 {
	type scored struct {
		p       float64
		covered bool
	}
	all := make([]scored, len(examples))
	for i, e := range examples {
		all[i] = scored{c.Probability(e.Features), e.Covered}
	}
	slices.SortFunc(all, func(a, b scored) int { return cmp.Compare(a.p, b.p) })
	var below, wins, pairs float64
	var covered float64
	for i := 0; i < len(all); {
		j := i
		var yes, no float64
		for ; j < len(all) && all[j].p == all[i].p; j++ {
			if all[j].covered {
				yes++
			} else {
				no++
			}
		}
		wins += yes*below + yes*no/2
		below += no
		covered += yes
		i = j
	}
	pairs = covered * below
	if pairs == 0 {
		return math.NaN()
	}
	return wins / pairs
}

// Threshold is the lowest probability, in steps of 0.02, at which the share of
// the examples not covered that are refused is reached in each group.
func Threshold(c answers.Calibration, refused float64, groups ...[]Example) float64 {
	const step = 0.02
	enough := func(t float64, examples []Example) bool {
		var no, others float64
		for _, e := range examples {
			if !e.Covered {
				others++
				if c.Probability(e.Features) < t {
					no++
				}
			}
		}
		return no >= refused*others
	}
	for n := 1.0; n*step < 1; n++ {
		if !slices.ContainsFunc(groups, func(g []Example) bool { return !enough(n*step, g) }) {
			return math.Round(n*step*100) / 100
		}
	}
	return 1
}

// Judge is how c tells the covered examples from the others: the AUROC, and
// what its threshold answers and refuses, by group.
func Judge(c answers.Calibration, examples []Example) string {
	groups := map[string][]Example{}
	for _, e := range examples {
		groups[e.Group] = append(groups[e.Group], e)
	}
	var out []string
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		var answered, covered, refused, others int
		for _, e := range groups[g] {
			yes := c.Probability(e.Features) >= c.Threshold
			if e.Covered {
				covered++
				answered += count(yes)
			} else {
				others++
				refused += count(!yes)
			}
		}
		out = append(out, fmt.Sprintf("%s AUROC %.3f (answered %d of %d, refused %d of %d)", g, AUROC(c, groups[g]), answered, covered, refused, others))
	}
	return strings.Join(out, "; ")
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Below returns the questions with their pages named as in an index of the
// folder alone, those whose pages are elsewhere as unanswerable.
func Below(folder string, questions []Question) []Question {
	out := slices.Clone(questions)
	for i := range out {
		var relevant []string
		for _, page := range out[i].Relevant {
			if rest, ok := strings.CutPrefix(page, path.Clean(folder)+"/"); ok {
				relevant = append(relevant, rest)
			}
		}
		out[i].Relevant = relevant
	}
	return out
}
