package intents

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// OutOfScope is the label of messages that belong to no intent.
const OutOfScope = "oos"

// Judged is one test message and what the model said of it.
type Judged struct {
	ID       json.RawMessage `json:"id,omitempty"` // as it stood in the row
	Text     string          `json:"text"`
	Gold     string          `json:"gold"`
	Top      string          `json:"top"`      // the best in-scope intent, whatever the score
	Score    float64         `json:"score"`    // higher for more surely in scope, 0 to 1
	Decision string          `json:"decision"` // Top, or oos below the model's threshold
}

// Summary is the figures over a test set; ratios from 0 to 1, nil where the
// test set cannot tell (no out-of-scope row, say).
type Summary struct {
	// Accuracy is the share of all messages whose decision is the gold label,
	// oos being a label like others.
	Accuracy *float64 `json:"accuracy"`
	// AUROC is the probability that a random in-scope message has a higher
	// score than a random out-of-scope one; equal scores count half.
	AUROC *float64 `json:"auroc"`
	// InScopeAccuracy is the share of in-scope messages whose top is the gold
	// label, whatever the decision.
	InScopeAccuracy *float64 `json:"in_scope_accuracy"`
	// OOSRecall is the share of out-of-scope messages decided oos.
	OOSRecall *float64 `json:"oos_recall"`
	// OOSPrecision is the share of messages decided oos that are out of scope.
	OOSPrecision *float64 `json:"oos_precision"`
	// MacroF1 is the mean, over every label that is gold or decided somewhere
	// in the test set, of the harmonic mean of its precision and recall.
	MacroF1 *float64 `json:"macro_f1"`
	// ECE is the expected calibration error of score as the probability that
	// top is right (it never is where the gold label is oos): messages in 15
	// bins of equal width by score, the mean over messages of
	// |mean score - share right| of the bin. Guo and others, 2017.
	ECE *float64 `json:"ece"`
	// TrainCPUSeconds is the processor time of the whole process, user and
	// system, while the model was trained; nil where the system doesn't say.
	TrainCPUSeconds *float64 `json:"train_cpu_seconds"`
	// MicrosecondsPerMessage is the mean wall time of one prediction, one
	// after the other.
	MicrosecondsPerMessage *float64 `json:"us_per_message"`
}

// RowError is a row that cannot be used.
type RowError struct {
	Set  string // train or test
	Line int    // from 1
	Err  error
}

// Error implements error.
func (e *RowError) Error() string { return fmt.Sprintf("%s line %d: %v", e.Set, e.Line, e.Err) }

// Unwrap implements errors.
func (e *RowError) Unwrap() error { return e.Err }

// ErrNoExamples says that a training file has no row in scope.
var ErrNoExamples = errors.New("no example in scope to train on")

// Evaluate trains on train and judges test, both JSON lines of
// {"text","intent"}; each is called for every test row in order. Blank lines
// are skipped, rows labelled oos in train ignored. The error is a *RowError
// for a row that is no such object, ErrNoExamples, or what reading or each
// returned. Nothing of test is used before the model is finished.
func Evaluate(train, test io.Reader, each func(Judged) error) (Summary, error) {
	var examples []Example
	err := readRows(train, "train", func(r labelled) {
		if r.Intent != OutOfScope {
			examples = append(examples, Example{Text: r.Text, Intent: r.Intent})
		}
	})
	if err != nil {
		return Summary{}, err
	}
	if len(examples) == 0 {
		return Summary{}, ErrNoExamples
	}
	var rows []labelled
	if err := readRows(test, "test", func(r labelled) { rows = append(rows, r) }); err != nil {
		return Summary{}, err
	}
	var sum Summary
	before, known := cpuSeconds()
	m := Train(examples)
	if after, _ := cpuSeconds(); known {
		sum.TrainCPUSeconds = ratio(after-before, 1)
	}
	judged := make([]Judged, len(rows))
	start := time.Now()
	for i, r := range rows {
		p := m.Predict(r.Text)
		judged[i] = Judged{ID: r.ID, Text: r.Text, Gold: r.Intent, Top: p.Top, Score: p.Score, Decision: p.Top}
		if !p.InScope {
			judged[i].Decision = OutOfScope
		}
	}
	sum.MicrosecondsPerMessage = ratio(float64(time.Since(start).Nanoseconds())/1e3, float64(len(rows)))
	for _, j := range judged {
		if err := each(j); err != nil {
			return Summary{}, err
		}
	}
	sum.measure(judged)
	return sum, nil
}

type labelled struct {
	ID     json.RawMessage
	Text   string
	Intent string
}

func readRows(r io.Reader, set string, take func(labelled)) error {
	in := bufio.NewReader(r)
	for line := 1; ; line++ {
		b, err := in.ReadBytes('\n')
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return fmt.Errorf("read %s: %w", set, err)
		}
		if line == 1 {
			b = bytes.TrimPrefix(b, []byte("\ufeff"))
		}
		if b = bytes.TrimSpace(b); len(b) > 0 {
			row, bad := parseRow(b)
			if bad != nil {
				return &RowError{Set: set, Line: line, Err: bad}
			}
			take(row)
		}
		if last {
			break
		}
	}
	return nil
}

func parseRow(b []byte) (labelled, error) {
	var r struct {
		ID     json.RawMessage `json:"id"`
		Text   *string         `json:"text"`
		Intent *string         `json:"intent"`
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return labelled{}, fmt.Errorf(`not an object of {"text","intent"}: %w`, err)
	}
	switch {
	case r.Text == nil:
		return labelled{}, errors.New(`"text" is missing`)
	case r.Intent == nil || *r.Intent == "":
		return labelled{}, errors.New(`"intent" is missing`)
	}
	return labelled{ID: r.ID, Text: *r.Text, Intent: *r.Intent}, nil
}

// measure fills in what follows from the judged rows.
func (s *Summary) measure(rows []Judged) {
	var right, in, inRight, out, outFound, outSaid float64
	var scoresIn, scoresOut []float64
	for _, r := range rows {
		if r.Decision == r.Gold {
			right++
		}
		if r.Decision == OutOfScope {
			outSaid++
		}
		if r.Gold == OutOfScope {
			out++
			if r.Decision == OutOfScope {
				outFound++
			}
			scoresOut = append(scoresOut, r.Score)
			continue
		}
		in++
		if r.Top == r.Gold {
			inRight++
		}
		scoresIn = append(scoresIn, r.Score)
	}
	s.Accuracy = ratio(right, float64(len(rows)))
	s.InScopeAccuracy = ratio(inRight, in)
	s.OOSRecall = ratio(outFound, out)
	s.OOSPrecision = ratio(outFound, outSaid)
	if out == 0 {
		s.OOSPrecision = nil // 0 of them could be right: that says nothing
	}
	s.AUROC = auroc(scoresIn, scoresOut)
	s.MacroF1 = macroF1(rows)
	s.ECE = calibrationError(rows)
}

// ratio is a/b, nil where b is 0.
func ratio(a, b float64) *float64 {
	if b == 0 {
		return nil
	}
	q := a / b
	return &q
}

// auroc is the Mann-Whitney statistic of in over out, divided by its maximum.
func auroc(in, out []float64) *float64 {
	slices.Sort(in)
	slices.Sort(out)
	below, upTo := 0, 0
	sum := 0.0
	for _, s := range in {
		for below < len(out) && out[below] < s {
			below++
		}
		for upTo < len(out) && out[upTo] <= s {
			upTo++
		}
		sum += float64(below+upTo) / 2
	}
	return ratio(sum, float64(len(in))*float64(len(out)))
}

func macroF1(rows []Judged) *float64 {
	type tally struct{ hit, gold, said float64 }
	number := make(map[string]int)
	var tallies []tally
	of := func(label string) *tally {
		i, ok := number[label]
		if !ok {
			i = len(tallies)
			number[label] = i
			tallies = append(tallies, tally{})
		}
		return &tallies[i]
	}
	for _, r := range rows {
		of(r.Gold).gold++
		of(r.Decision).said++
		if r.Gold == r.Decision {
			of(r.Gold).hit++
		}
	}
	sum := 0.0
	for _, t := range tallies {
		sum += 2 * t.hit / (t.gold + t.said)
	}
	return ratio(sum, float64(len(tallies)))
}

// eceBins is the number of bins of the calibration error, the usual one.
const eceBins = 15

func calibrationError(rows []Judged) *float64 {
	var score, right [eceBins]float64
	for _, r := range rows {
		b := min(eceBins-1, int(r.Score*eceBins))
		score[b] += r.Score
		if r.Top == r.Gold {
			right[b]++
		}
	}
	sum := 0.0
	for b := range score {
		sum += math.Abs(score[b] - right[b])
	}
	return ratio(sum, float64(len(rows)))
}
