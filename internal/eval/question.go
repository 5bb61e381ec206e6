package eval

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// Question is a question whose answer is known.
type Question struct {
	ID    string `json:"id"`
	Query string `json:"query"`
	// Relevant are the pages that answer it; none where no page does.
	Relevant []string `json:"relevant"`
	// Anchors are the headings that an answer may cite first, as page#anchor;
	// none where only the page is known.
	Anchors []string `json:"anchors"`
	// HeldOut keeps the question out of whatever is fitted or chosen by hand.
	HeldOut bool   `json:"held_out"`
	Kind    string `json:"kind"`
}

// Questions reads a file of questions, one JSON object a line. Fields that
// Question doesn't have are ignored.
func Questions(name string) ([]Question, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read questions: %w", err)
	}
	defer func() { _ = f.Close() }()
	var questions []Question
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for n := 1; lines.Scan(); n++ {
		var q Question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return nil, fmt.Errorf("read questions: %s:%d: %w", name, n, err)
		}
		questions = append(questions, q)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read questions: %s: %w", name, err)
	}
	return questions, nil
}

// Split separates the questions that some page answers from the others.
func Split(questions []Question) (answerable, unanswerable []Question) {
	for _, q := range questions {
		if len(q.Relevant) > 0 {
			answerable = append(answerable, q)
		} else {
			unanswerable = append(unanswerable, q)
		}
	}
	return answerable, unanswerable
}

// Halves separates the questions that the code may have been tuned on from
// those that were held out.
func Halves(questions []Question) (seen, heldOut []Question) {
	for _, q := range questions {
		if q.HeldOut {
			heldOut = append(heldOut, q)
		} else {
			seen = append(seen, q)
		}
	}
	return seen, heldOut
}
