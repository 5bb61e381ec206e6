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
type Features [8]float64

// FeatureNames name the features, in their order.
var FeatureNames = [len(Features{})]string{
	"known",    // of the question's weight, that of the words that any page has
	"passage",  // that of the words in the best passage
	"page",     // that of the words in the best page
	"strength", // the best page's score, by the question's weight
	"margin",   // how far the fifth page, or the last, lies behind
	"sentence", // that of the words in the passage's best sentence
	"title",    // of the page's title and the passage's heading, the weight of the words that the question has
	"length",   // the logarithm of the number of words, by that of 256
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
	return measure(x, x.Terms(question), results), results, true
}

// measure computes the features.
func measure(x *docs.Index, terms []docs.Term, results []docs.Result) Features {
	best := x.Passage(results[0].Passage)
	about, passage, whole := wordSet{}, wordSet{}, wordSet{}
	about.add(best.Title)
	for _, h := range best.Heading {
		about.add(h)
	}
	for _, b := range best.Blocks {
		passage.add(b.Text)
	}
	if page, found := x.Page(best.Page); found {
		whole.add(page.Title)
		whole.add(page.Text)
	}
	var all, known, inPassage, inPage, n float64
	for _, t := range terms {
		if t.Part {
			continue
		}
		w := t.IDF
		if t.Filler {
			w *= 0.3
		}
		n++
		all += w
		if t.Known {
			known += w
		}
		if passage[t.Word] || about[t.Word] {
			inPassage += w
		}
		if whole[t.Word] {
			inPage += w
		}
	}
	if all == 0 {
		return Features{}
	}
	asked := wordSet{}
	for _, t := range terms {
		asked[t.Word] = true
	}
	weights := map[string]float64{}
	for _, t := range terms {
		if !t.Part {
			w := t.IDF
			if t.Filler {
				w *= 0.3
			}
			weights[t.Word] = w
		}
	}
	var sentence float64
	for _, b := range best.Blocks {
		for _, s := range b.Sentences {
			var sum float64
			seen := wordSet{}
			docs.EachTerm(b.Text[s.Start:s.End], func(w string) {
				if !seen[w] {
					seen[w] = true
					sum += weights[w]
				}
			})
			sentence = max(sentence, sum)
		}
	}
	title := 0.0
	for _, text := range append([]string{best.Title}, best.Heading...) {
		var has, all float64
		for _, t := range x.Terms(text) {
			if t.Part {
				continue
			}
			all += t.IDF
			if asked[t.Word] {
				has += t.IDF
			}
		}
		if all > 0 {
			title = max(title, has/all)
		}
	}
	fifth := results[min(4, len(results)-1)].Score
	return Features{
		known / all, inPassage / all, inPage / all,
		results[0].Score / all, 1 - fifth/results[0].Score, sentence / all, title, math.Log2(1+n) / 8,
	}
}

// wordSet are the words of some texts, as the index has them.
type wordSet map[string]bool

func (s wordSet) add(text string) {
	docs.EachTerm(text, func(w string) { s[w] = true })
}
