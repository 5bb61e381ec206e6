package answers

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"

	"frontdoor/internal/docs"
)

// Features are what the decision to answer is made from: each is a share of
// something, so that they mean the same whatever the size of the corpus.
type Features [10]float64

// FeatureNames name the features, in their order.
var FeatureNames = [len(Features{})]string{
	"known",    // of the question's weight, that of the words that any page has
	"window",   // that of the words in the section that would be quoted, or its headings
	"lead",     // that of the words in its heading and first sentences
	"page",     // that of the words in the best page
	"sentence", // that of the words in the sentence that would be quoted first
	"named",    // how well the section's heading says what is asked
	"subject",  // of the weight of the three words that the question is most about, that of those in the section
	"suits",    // whether the sentence is of the kind that is asked for
	"strength", // the best page's score, by the question's weight
	"margin",   // how far the fifth page, or the last, lies behind
}

// Calibration turns features into a probability: a logistic regression whose
// numbers the evaluation command fits (make eval).
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
	best, found := choose(x, a, results)
	if !found {
		return f, nil, false
	}
	return measure(x, a, results, best), results, true
}

// measure computes the features.
func measure(x *docs.Index, a *asked, results []docs.Result, best candidate) Features {
	if a.total == 0 {
		return Features{}
	}
	whole := a.cover()
	if page, found := x.Page(results[0].Page); found {
		a.read(whole, page.Title, 1)
		a.read(whole, page.Text, 1)
	}
	known := 0.0
	for i, w := range a.weight {
		known += a.known[i] * w
	}
	fifth := results[min(4, len(results)-1)].Score
	return Features{
		known / a.total, best.window, best.lead, a.share(whole), best.sentence, best.named,
		a.subject(best.cover), best.suits,
		results[0].Score / a.total, 1 - fifth/results[0].Score,
	}
}
