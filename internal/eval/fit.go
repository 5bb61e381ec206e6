package eval

import (
	"cmp"
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
	// ID is the question's, the same in all groups.
	ID string
	// Group is the setting that the example is from; each group's two classes
	// weigh the same.
	Group string
}

// Examples measures questions over the pages of an index.
func Examples(x *docs.Index, group string, questions []Question) []Example {
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
		out = append(out, Example{Features: f, Covered: covered, ID: q.ID, Group: group})
	}
	return out
}

// Fit finds the logistic regression that explains the examples best, by
// gradient descent with an L2 penalty on the standardised features. Each of
// them is made so that more speaks for an answer; a coefficient that would say
// otherwise is chance and stays 0. With both classes weighing the same, the
// threshold is a half.
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
	var w [n]float64
	bias := 0.0
	for range 4000 {
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
			w[j] = max(0, w[j]+step[j]-penalty*w[j])
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

// weigh gives each class of each group the same weight, 1 in all.
func weigh(examples []Example) []float64 {
	type class struct {
		group   string
		covered bool
	}
	counts := map[class]float64{}
	for _, e := range examples {
		counts[class{e.Group, e.Covered}]++
	}
	weights := make([]float64, len(examples))
	for i, e := range examples {
		weights[i] = 1 / counts[class{e.Group, e.Covered}] / float64(len(counts))
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

// CrossValidate fits as often as there are folds, each time without a part of
// the questions, and returns the AUROC of the group's questions, each judged
// by the fit that hasn't seen it.
func CrossValidate(examples []Example, group string, folds int, penalty float64) float64 {
	fold := map[string]int{}
	for _, e := range examples {
		if _, known := fold[e.ID]; !known {
			fold[e.ID] = len(fold) % folds
		}
	}
	var sum, weight float64
	for f := range folds {
		var seen, unseen []Example
		for _, e := range examples {
			switch {
			case fold[e.ID] != f:
				seen = append(seen, e)
			case e.Group == group:
				unseen = append(unseen, e)
			}
		}
		if a := AUROC(Fit(seen, penalty), unseen); !math.IsNaN(a) {
			sum += a * float64(len(unseen))
			weight += float64(len(unseen))
		}
	}
	return sum / weight
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
