package answers

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"

	"frontdoor/internal/docs"
)

// Features are what the decision to answer is made from. They mean the same
// whatever the size of the corpus, and more of each speaks for an answer. They
// are few because the questions that they were chosen on are not those that
// will be asked.
type Features [6]float64

// FeatureNames name the features, in their order.
var FeatureNames = [len(Features{})]string{
	"strength", // the best page's score, by the question's weight to a power below 1
	"words",    // of the question's words, those in the best page, however rare they are
	"title",    // of the weight of a title among the best three pages, that of the words in the question
	"together", // of the question's neighbouring words, those that are near each other in the section that would be quoted
	"named",    // how well that section's heading says what is asked
	"few",      // how few pages there are: among many, one has a stranger's words by chance
}

// Calibration turns features into a probability: a logistic regression whose
// numbers the evaluation command fits (internal/eval/cmd/eval -fit -data DIR).
type Calibration struct {
	Intercept    float64            `json:"intercept"`
	Coefficients map[string]float64 `json:"coefficients"`
	// Threshold is the probability from which on a question is answered.
	Threshold float64 `json:"threshold"`
}

//go:embed calibration.json
var fitted []byte

// fittedCalibration is the one that was last fitted.
func fittedCalibration() Calibration {
	var c Calibration
	if err := json.Unmarshal(fitted, &c); err != nil {
		panic(fmt.Sprintf("answers: calibration.json: %v", err))
	}
	return c
}

// Probability is the estimate that the pages answer a question of such
// features.
func (c Calibration) Probability(f Features) float64 {
	z := c.Intercept
	for i, name := range FeatureNames {
		z += c.Coefficients[name] * f[i]
	}
	return 1 / (1 + math.Exp(-z))
}

// Measure returns the features of a question and the pages that fit it best,
// best first. ok is false where there is none.
func Measure(x *docs.Index, question string, in ...docs.Filter) (f Features, results []docs.Result, ok bool) {
	results = x.Search(question, candidates, in...)
	if len(results) == 0 {
		return f, nil, false
	}
	a := ask(x, question)
	best, first, found := choose(x, a, results)
	if !found {
		return f, nil, false
	}
	return measure(x, a, results, best, first), results, true
}

// titled is how many of the best pages' titles are looked at.
const titled = 3

// lengthPower is the power of a question's weight that its pages' scores grow
// with: of a long question a page has a smaller part.
const lengthPower = 0.7

// fewest is the number of pages below which there are no fewer: the smallest
// corpus that the calibration was fitted on has about so many.
const fewest = 50

// measure computes the features.
func measure(x *docs.Index, a *asked, results []docs.Result, best candidate, first cover) Features {
	if a.total == 0 {
		return Features{}
	}
	words := 0.0
	for _, s := range first {
		if s > 0 {
			words++
		}
	}
	title := 0.0
	for _, r := range results[:min(titled, len(results))] {
		title = max(title, a.within(x, r.Title))
	}
	unit := x.RarestIDF()
	return Features{
		results[0].Score / unit / math.Pow(a.total/unit, lengthPower),
		words / float64(len(first)),
		title,
		a.together(best.passage),
		best.named,
		1 / (1 + math.Log10(float64(max(x.Pages(), fewest)))),
	}
}
