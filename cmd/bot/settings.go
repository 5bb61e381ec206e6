package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"frontdoor/internal/app"
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

// groups is the value of --groups: names separated by commas. Without the flag
// it is nil; of nothing but commas it is empty, which is in no group.
type groups []string

// Decode implements kong.MapperValue.
func (g *groups) Decode(ctx *kong.DecodeContext) error {
	var list string
	if err := ctx.Scan.PopValueInto("a,b", &list); err != nil {
		return err
	}
	if *g == nil {
		*g = groups{}
	}
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			*g = append(*g, name)
		}
	}
	return nil
}

// jsonFlag is --json, which every command that prints data has.
type jsonFlag struct {
	JSON bool `name:"json" help:"Print one JSON object a line."`
}

// load reads the configuration and puts the flags on top of it.
func (c *cli) load(s streams, playbooks catalogueFlag, corpus corpusFlag) (config.Config, error) {
	cfg, problems := config.Load(config.Find(c.Config, os.LookupEnv), os.LookupEnv)
	printProblems(s, problems.Warnings())
	if problems.Err() != nil {
		return cfg, app.Refused{What: "the configuration", Found: problems.Errors()}
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
