package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"frontdoor/internal/docs"
	"frontdoor/internal/eval"
)

const (
	madeLimit = 200 // questions that a corpus asks itself
	strangers = 25  // of each kind, those that it gets of another
	folds     = 4   // in which a corpus loses the pages that its questions are about
	penalty   = 0.01
	refused   = 0.9 // of the labelled questions that no page answers

	// What a group of examples weighs. That a page is gone often leaves another
	// that answers; the handbook's questions were written as people ask.
	weightGone, weightMade, weightHandbook = 0.5, 1, 4
)

// corpus is a folder of pages, and what is asked about it.
type corpus struct {
	name, dir string
	made      eval.Made
}

// fit fits the calibration to questions that corpora ask themselves and to the
// handbook's, and tells how it does on each corpus when fitted without it, and
// on the labelled questions of the data, which only the threshold is taken from.
func fit(ctx context.Context, o options) error {
	corpora, err := corpora(o)
	if err != nil {
		return err
	}
	var examples []eval.Example
	for _, c := range corpora {
		of, err := selfAsked(ctx, c, corpora)
		if err != nil {
			return err
		}
		examples = append(examples, of...)
	}
	handbook, err := eval.Questions(filepath.Join(o.repository, "internal", "eval", "testdata", "handbook-questions.jsonl"))
	if err != nil {
		return err
	}
	handbook, _ = eval.Halves(handbook)
	var labelled []eval.Question
	if data := dataSet(o.data); data.dir != "" {
		if labelled, err = data.load(); err != nil {
			return err
		}
	}
	own, err := index(ctx, corpora[0].dir)
	if err != nil {
		return err
	}
	asked := eval.Examples(own, corpora[0].name, "asked", weightHandbook, handbook)
	examples = append(examples, asked...)

	for _, c := range corpora {
		var seen, unseen []eval.Example
		for _, e := range examples {
			if e.Corpus == c.name {
				unseen = append(unseen, e)
			} else {
				seen = append(seen, e)
			}
		}
		fmt.Printf("%-14s %4d examples, left out:  %s\n", c.name, len(unseen), eval.Judge(eval.Fit(seen, penalty), unseen))
	}
	c := eval.Fit(examples, penalty)
	whole, each, err := labelledExamples(ctx, o, corpora, labelled)
	if err != nil {
		return err
	}
	c.Threshold = eval.Threshold(c, refused, asked, whole)
	fmt.Printf("with all of them, threshold %.2f: %s\n", c.Threshold, eval.Judge(c, asked))
	if len(whole) > 0 {
		fmt.Printf("%-14s %4d examples, not fitted: %s\n", "data", len(whole), eval.Judge(c, whole))
		fmt.Printf("%-14s %4d examples, not fitted: %s\n", "each of it", len(each), eval.Judge(c, each))
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	return os.WriteFile(filepath.Join(o.repository, o.write), append(text, '\n'), 0o600)
}

// corpora are the handbook and the folders of the data, each with the
// questions that it asks itself.
func corpora(o options) ([]corpus, error) {
	all := []corpus{{name: "handbook", dir: filepath.Join(o.repository, "docs", "handbook")}}
	if data := dataSet(o.data); data.dir != "" {
		entries, err := os.ReadDir(data.dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() {
				all = append(all, corpus{name: e.Name(), dir: filepath.Join(data.dir, e.Name())})
			}
		}
	}
	for i := range all {
		var err error
		if all[i].made, err = eval.Make(all[i].dir, madeLimit); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// selfAsked are the examples of one corpus: its questions with their pages
// there, with their pages gone, and those of the other corpora.
func selfAsked(ctx context.Context, c corpus, all []corpus) ([]eval.Example, error) {
	x, err := without(ctx, c.made, func(string) bool { return false })
	if err != nil {
		return nil, err
	}
	var out []eval.Example
	for _, questions := range c.made.Kinds() {
		covered := eval.Examples(x, c.name, "foreign "+kind(questions), weightMade, questions)
		out = append(out, covered...)
		for _, e := range covered {
			e.Group, e.Weight = "gone "+kind(questions), weightGone
			out = append(out, e)
		}
	}
	for _, other := range all {
		if other.name == c.name {
			continue
		}
		for _, questions := range other.made.Kinds() {
			out = append(out, eval.Examples(x, c.name, "foreign "+kind(questions), weightMade, eval.Below("none", questions[:min(strangers, len(questions))]))...)
		}
	}
	for fold := range folds {
		gone := map[string]bool{}
		for _, q := range c.made.Questions {
			if eval.Fold(q.Relevant[0], folds) != fold {
				continue
			}
			for _, page := range q.Relevant {
				gone[page] = true
			}
		}
		x, err := without(ctx, c.made, func(page string) bool { return gone[page] })
		if err != nil {
			return nil, err
		}
		for _, questions := range c.made.Kinds() {
			questions = slices.DeleteFunc(questions, func(q eval.Question) bool { return !gone[q.Relevant[0]] })
			out = append(out, eval.Examples(x, c.name, "gone "+kind(questions), weightGone, eval.Below("none", questions))...)
		}
	}
	return out, nil
}

// kind is that of the questions, which have one.
func kind(questions []eval.Question) string {
	if len(questions) == 0 {
		return ""
	}
	return questions[0].Kind
}

// without is the index of the pages that asked, but for some.
func without(ctx context.Context, m eval.Made, gone func(page string) bool) (*docs.Index, error) {
	dir, err := os.MkdirTemp("", "eval-pages-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := m.Write(dir, gone); err != nil {
		return nil, err
	}
	return index(ctx, dir)
}

func index(ctx context.Context, dir string) (*docs.Index, error) {
	x, _, err := docs.Build(ctx, []docs.Source{{Dir: dir}}, nil)
	return x, err
}

// labelledExamples are those of the labelled questions of the data: over all
// of it, and over each folder alone, where the questions about the others are
// near misses.
func labelledExamples(ctx context.Context, o options, corpora []corpus, labelled []eval.Question) (whole, each []eval.Example, err error) {
	if len(labelled) == 0 {
		return nil, nil, nil
	}
	x, err := index(ctx, dataSet(o.data).dir)
	if err != nil {
		return nil, nil, err
	}
	whole = eval.Examples(x, "data", "asked", 1, labelled)
	for _, c := range corpora[1:] {
		x, err := index(ctx, c.dir)
		if err != nil {
			return nil, nil, err
		}
		each = append(each, eval.Examples(x, c.name, "asked", 1, eval.Below(c.name, labelled))...)
	}
	return whole, each, nil
}
