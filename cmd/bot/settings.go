package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"frontdoor/internal/config"
	"frontdoor/internal/docs"
	"frontdoor/internal/problem"
)

// catalogueFlag is --playbooks, which means the same wherever it applies.
type catalogueFlag struct {
	Playbooks string `name:"playbooks" help:"Directory of the playbooks, in place of the configured one." placeholder:"DIR" type:"path"`
}

// corpusFlag is --docs, which means the same wherever it applies.
type corpusFlag struct {
	Docs []string `name:"docs" help:"Directory of Markdown pages, in place of the configured sources; repeatable." placeholder:"DIR" type:"path" sep:"none"`
}

// jsonFlag is --json, which every command that prints data has.
type jsonFlag struct {
	JSON bool `name:"json" help:"Print one JSON object a line."`
}

// load reads the configuration and puts the flags on top of it.
func (c *cli) load(s streams, playbooks catalogueFlag, corpus corpusFlag) (config.Config, error) {
	cfg, problems := config.Load(config.Find(c.Config, os.LookupEnv), os.LookupEnv)
	printProblems(s, problems.Warnings())
	if err := problems.Err(); err != nil {
		printProblems(s, problems.Errors())
		return cfg, usagef("the configuration can't be used")
	}
	if playbooks.Playbooks != "" {
		if err := isDir("--playbooks", playbooks.Playbooks); err != nil {
			return cfg, err
		}
		cfg.Playbooks.Dir, cfg.Playbooks.Optional = playbooks.Playbooks, false
	}
	if len(corpus.Docs) > 0 {
		cfg.Docs.Sources = nil
		for _, dir := range corpus.Docs {
			if err := isDir("--docs", dir); err != nil {
				return cfg, err
			}
			cfg.Docs.Sources = append(cfg.Docs.Sources, docs.Source{Dir: dir, Layout: docs.LayoutPlain})
		}
	}
	return cfg, nil
}

func isDir(flag, dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return usagef("%s %s: there is no such directory", flag, dir)
	case err != nil:
		return usagef("%s: %w", flag, err)
	case !info.IsDir():
		return usagef("%s %s: that is a file; name the directory that holds it, %s", flag, dir, filepath.Dir(dir))
	}
	return nil
}

// printProblems prints mistakes for people: where, what, what to write, and
// the lines around it.
func printProblems(s streams, list problem.List) {
	for _, p := range list {
		fmt.Fprintln(s.err, p.String())
		if p.Excerpt != "" {
			fmt.Fprintln(s.err, p.Excerpt)
		}
	}
}
