package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"frontdoor/internal/app"
	"frontdoor/internal/playbook"
)

type playbooksCmd struct {
	Lint   playbooksLintCmd   `cmd:"" help:"Check every playbook: all mistakes at once, with file, line and what to write."`
	Test   playbooksTestCmd   `cmd:"" help:"Run the tests that the playbooks carry, offline."`
	Schema playbooksSchemaCmd `cmd:"" help:"Print the JSON Schema of a playbook, for editors."`
	List   playbooksListCmd   `cmd:"" help:"List the catalogue."`
	New    playbooksNewCmd    `cmd:"" help:"Write a new playbook: it asks, or takes flags or a JSON object."`
}

type playbooksLintCmd struct {
	catalogueFlag
	jsonFlag
}

// Run prints every mistake and warning; errors end it with exit code 1.
func (c *playbooksLintCmd) Run(s streams, root *cli) error {
	cfg, err := root.load(s, c.catalogueFlag, corpusFlag{})
	if err != nil {
		return err
	}
	catalogue, problems := app.LoadCatalogue(cfg)
	set := catalogue.Set
	if set != nil {
		known, err := app.Known(s.ctx, cfg, set)
		if err != nil {
			return err
		}
		problems = append(playbook.Lint(set, known), app.Overlaps(catalogue)...)
	}
	if c.JSON {
		p := newPrinter(s.out)
		for _, x := range problems {
			if err := p.print(x); err != nil {
				return err
			}
		}
		if err := p.flush(); err != nil {
			return err
		}
	} else {
		for _, x := range problems {
			if _, err := fmt.Fprintln(s.text(), x.String()); err != nil {
				return err
			}
			if x.Excerpt != "" {
				if _, err := fmt.Fprintln(s.text(), x.Excerpt); err != nil {
					return err
				}
			}
		}
	}
	if set != nil {
		fmt.Fprintf(s.err, "bot: %s, %s\n", plural(len(set.Playbooks), "playbook"), plural(len(problems), "warning"))
		return nil
	}
	fmt.Fprintf(s.err, "bot: %s, %s\n", plural(len(problems.Errors()), "error"), plural(len(problems.Warnings()), "warning"))
	return errNo
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

type playbooksTestCmd struct {
	catalogueFlag
	jsonFlag
}

// Run runs the playbooks' own tests; a failed one ends it with exit code 1.
func (c *playbooksTestCmd) Run(s streams, root *cli) error {
	cfg, err := root.load(s, c.catalogueFlag, corpusFlag{})
	if err != nil {
		return err
	}
	catalogue, problems := app.LoadCatalogue(cfg)
	if problems.Err() != nil {
		return app.Refused{What: "the playbooks", Found: problems.Errors()}
	}
	outcomes, err := playbook.RunTests(s.ctx, catalogue.Set, app.Rehearsal(cfg, catalogue))
	if err != nil {
		return err
	}
	failed := 0
	p := newPrinter(s.out)
	for _, o := range outcomes {
		if !o.OK {
			failed++
		}
		switch {
		case c.JSON:
			if err := p.print(o); err != nil {
				return err
			}
		case !o.OK:
			if _, err := fmt.Fprintf(s.text(), "%s:%d: %s test %d: %s\n", o.File, o.Line, o.Playbook, o.Test, o.Message+lookInto(o)); err != nil {
				return err
			}
		}
	}
	if err := p.flush(); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "bot: %s, %d failed\n", plural(len(outcomes), "test"), failed)
	if failed > 0 {
		return errNo
	}
	return nil
}

// lookInto is how an author sees why a message went elsewhere.
func lookInto(o playbook.Outcome) string {
	if !strings.HasPrefix(o.Message, "expected playbook") {
		return ""
	}
	return " (see why with bot match '" + strings.ReplaceAll(o.Say, "'", `'\''`) + "')"
}

type playbooksSchemaCmd struct{ jsonFlag }

// Run prints the schema.
func (c *playbooksSchemaCmd) Run(s streams) error {
	schema, err := playbook.Schema()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, strings.TrimSpace(string(schema)))
	return err
}

type playbooksListCmd struct {
	catalogueFlag
	jsonFlag
}

// listed is a playbook as `playbooks list` prints it.
type listed struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Summary string  `json:"summary"`
	Owner   string  `json:"owner"`
	Kind    string  `json:"kind"` // answer or workflow
	Command *string `json:"command"`
	Topic   *string `json:"topic"`
	Action  *string `json:"action"`
	File    string  `json:"file"`
}

// Run lists the catalogue by file.
func (c *playbooksListCmd) Run(s streams, root *cli) error {
	set, err := loadSet(s, root, c.catalogueFlag)
	if err != nil {
		return err
	}
	p := newPrinter(s.out)
	for _, x := range set.Playbooks {
		l := listed{
			ID: x.ID, Title: x.Title, Summary: x.Summary, Owner: x.Owner, Kind: "answer",
			Command: null(x.Match.Command), Topic: null(x.Tags["topic"]), Action: null(x.Tags["action"]), File: filepath.ToSlash(x.File),
		}
		if x.Flow != nil {
			l.Kind = "workflow"
		}
		if c.JSON {
			err = p.print(l)
		} else {
			_, err = fmt.Fprintf(s.text(), "%-20s %-9s %s\n", l.ID, l.Kind, l.Title)
		}
		if err != nil {
			return err
		}
	}
	return p.flush()
}

func loadSet(s streams, root *cli, flag catalogueFlag) (*playbook.Set, error) {
	cfg, err := root.load(s, flag, corpusFlag{})
	if err != nil {
		return nil, err
	}
	set, problems := app.LoadPlaybooks(cfg)
	if problems.Err() != nil {
		return nil, app.Refused{What: "the playbooks", Found: problems.Errors()}
	}
	return set, nil
}

func null(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
