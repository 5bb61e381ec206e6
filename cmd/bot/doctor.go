package main

import (
	"errors"
	"fmt"
	"os"

	"frontdoor/internal/config"
	"frontdoor/internal/docs"
	"frontdoor/internal/doctor"
)

type doctorCmd struct {
	catalogueFlag
	corpusFlag
	jsonFlag
}

// Run looks the set-up over and says what to do. Something that is wrong ends
// it with exit code 1; a configuration that can't be used with 2.
func (c *doctorCmd) Run(s streams, root *cli) error {
	file := config.Find(root.Config, os.LookupEnv)
	cfg, problems := config.Load(file, os.LookupEnv)
	findings := doctor.Configuration(file, problems)
	if problems.Err() == nil {
		if c.Playbooks != "" {
			if err := isDir("--playbooks", c.Playbooks); err != nil {
				return err
			}
			cfg.Playbooks.Dir, cfg.Playbooks.Optional = c.Playbooks, false
		}
		if len(c.Docs) > 0 {
			cfg.Docs.Sources = nil
			for _, dir := range c.Docs {
				if err := isDir("--docs", dir); err != nil {
					return err
				}
				cfg.Docs.Sources = append(cfg.Docs.Sources, docs.Source{Dir: dir, Layout: docs.LayoutPlain})
			}
		}
		findings = append(findings, doctor.Examine(s.ctx, cfg, doctor.Options{})...)
	}
	wrong, err := c.print(s, findings)
	switch {
	case err != nil:
		return err
	case problems.Err() != nil:
		return errUnusable
	case s.ctx.Err() != nil:
		return errors.New("interrupted: not everything is checked")
	case wrong > 0:
		return errNo
	}
	return nil
}

// errUnusable ends a command with exit code 2; every mistake is printed.
var errUnusable = usageError{errors.New("the configuration can't be used; nothing else is checked before it can")}

func (c *doctorCmd) print(s streams, findings []doctor.Finding) (wrong int, err error) {
	p := newPrinter(s.out)
	for _, f := range findings {
		mark := "ok "
		if !f.OK {
			mark = "BAD"
			wrong++
		}
		switch {
		case c.JSON:
			err = p.print(f)
		case f.Fix == nil:
			_, err = fmt.Fprintf(s.text(), "%s  %-13s %s\n", mark, f.Check, f.Detail)
		default:
			_, err = fmt.Fprintf(s.text(), "%s  %-13s %s\n     %-13s → %s\n", mark, f.Check, f.Detail, "", *f.Fix)
		}
		if err != nil {
			return wrong, err
		}
	}
	if err := p.flush(); err != nil {
		return wrong, err
	}
	if wrong == 0 {
		fmt.Fprintf(s.err, "bot: %s, all well\n", plural(len(findings), "check"))
	} else {
		fmt.Fprintf(s.err, "bot: %s wrong\n", plural(wrong, "thing"))
	}
	return wrong, nil
}
