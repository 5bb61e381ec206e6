// Command peers asks the same questions of frontdoor's search and of its peers,
// over the same passages in the same run, and prints the figures side by side.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"frontdoor/internal/docs"
	"frontdoor/internal/eval"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// engine is a search engine that is compared.
type engine struct {
	name   string
	build  time.Duration
	search func(query string, limit int) []string
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	data := flags.String("data", "", "folder with docs/queries-dev.jsonl and the pages it is about")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *data == "" {
		return fmt.Errorf("no data: name the folder with -data")
	}
	dir := filepath.Join(*data, "docs")
	questions, err := eval.Questions(filepath.Join(dir, "queries-dev.jsonl"))
	if err != nil {
		return err
	}
	questions, _ = eval.Split(questions)
	x, stats, err := docs.Build(ctx, []docs.Source{{Dir: dir}}, nil)
	if err != nil {
		return err
	}
	engines := []engine{{name: "frontdoor", build: stats.Took, search: func(q string, limit int) []string {
		var pages []string
		for _, r := range x.Search(q, limit) {
			pages = append(pages, r.Page)
		}
		return pages
	}}}
	peer, done, err := bleveEngine(x)
	if err != nil {
		return err
	}
	defer done()
	engines = append(engines, peer)
	fmt.Printf("%d pages, %d passages, %d questions\n\n", stats.Pages, stats.Passages, len(questions))
	fmt.Printf("%-14s %8s %7s %10s %7s %9s %9s\n", "", "nDCG@10", "MRR", "recall@10", "first", "p50 ms", "index s")
	for _, e := range engines {
		r := eval.Rank(questions, e.search)
		fmt.Printf("%-14s %8.3f %7.3f %10.3f %7.3f %9.2f %9.2f\n", e.name, r.NDCG, r.MRR, r.Recall, r.First, median(questions, e.search), e.build.Seconds())
	}
	return nil
}

// median is the median time of a search, in milliseconds.
func median(questions []eval.Question, search func(query string, limit int) []string) float64 {
	var took []time.Duration
	for range 3 {
		for _, q := range questions {
			started := time.Now()
			search(q.Query, 10)
			took = append(took, time.Since(started))
		}
	}
	slices.Sort(took)
	return float64(took[len(took)/2].Microseconds()) / 1000
}
