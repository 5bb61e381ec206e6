// Command eval measures search, answers and refusals on labelled questions:
// those in the folder that -data names, where it is there, and the project's
// own about its handbook. With -fit it fits the numbers by which package
// answers decides to answer, and writes them where the package finds them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"

	"frontdoor/internal/docs"
	"frontdoor/internal/eval"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "eval:", err)
		os.Exit(1)
	}
}

// options are the command's flags.
type options struct {
	data, repository, write string
	fit, matching           bool
	seed                    uint64
}

func run(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("eval", flag.ContinueOnError)
	flags.StringVar(&o.data, "data", "", "folder with docs/queries-dev.jsonl and the pages it is about")
	flags.StringVar(&o.repository, "repository", ".", "the project's folder")
	flags.Uint64Var(&o.seed, "seed", 1, "draws the small catalogues for the matcher")
	flags.BoolVar(&o.matching, "matching", false, "measure the matcher on small catalogues and nothing else")
	flags.BoolVar(&o.fit, "fit", false, "fit the calibration of package answers")
	flags.StringVar(&o.write, "o", "internal/answers/calibration.json", "where -fit writes to, below the project's folder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.fit {
		return fit(ctx, o)
	}
	if o.matching {
		return measureMatching(o.data, o.seed)
	}
	return measure(ctx, o)
}

// measure prints the figures of all subjects.
func measure(ctx context.Context, o options) error {
	own := set{
		name: "handbook", dir: filepath.Join(o.repository, "docs", "handbook"),
		questions: []string{filepath.Join(o.repository, "internal", "eval", "testdata", "handbook-questions.jsonl")},
	}
	for _, s := range []set{own, dataSet(o.data)} {
		if s.dir == "" {
			fmt.Printf("## docs: %s\n\nno data: name its folder with -data (make eval DATA=…)\n\n", s.name)
			continue
		}
		if err := measureDocs(ctx, s); errors.Is(err, fs.ErrNotExist) {
			fmt.Printf("## docs: %s\n\nno data: %v\n\n", s.name, err)
		} else if err != nil {
			return err
		}
	}
	return measureMatching(o.data, o.seed)
}

// set is a corpus with questions about it.
type set struct {
	name, dir string
	questions []string
}

func dataSet(data string) set {
	if data == "" {
		return set{name: "data"}
	}
	dir := filepath.Join(data, "docs")
	return set{name: "data", dir: dir, questions: []string{filepath.Join(dir, "queries-dev.jsonl"), filepath.Join(dir, "unanswerable-dev.jsonl")}}
}

func (s set) load() ([]eval.Question, error) {
	var all []eval.Question
	for _, name := range s.questions {
		q, err := eval.Questions(name)
		if err != nil {
			return nil, err
		}
		all = append(all, q...)
	}
	return all, nil
}

func measureDocs(ctx context.Context, s set) error {
	questions, err := s.load()
	if err != nil {
		return err
	}
	report, err := eval.Docs(ctx, []docs.Source{{Dir: s.dir}}, questions)
	if err != nil {
		return err
	}
	fmt.Printf("## docs: %s\n\n%s\n", s.name, report)
	return nil
}
