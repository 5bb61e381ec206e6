package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"frontdoor/internal/demand"
	"frontdoor/internal/workflow"
)

type runsVerifyCmd struct {
	jsonFlag
	File string `help:"Check an export instead of the database; - is standard input." placeholder:"FILE"`
	ID   string `arg:"" optional:"" name:"run" help:"One run; without it, all of them and what stands over them."`
}

// verified is a verdict as it is printed.
type verified struct {
	Run     *string `json:"run"` // null is what stands over all runs
	OK      bool    `json:"ok"`
	Records *int    `json:"records"`
	Problem *string `json:"problem"`
}

// Run checks the audit; exit code 1 where something is not as it was written.
func (c *runsVerifyCmd) Run(s streams, root *cli) error {
	out := newPrinter(s.out)
	chains, records, bad, firsts := 0, 0, 0, 0
	each := func(v workflow.Verdict) error {
		if c.ID != "" && v.Run != c.ID {
			return nil
		}
		line := verified{Run: null(v.Run), OK: v.Problem == "", Problem: null(v.Problem)}
		if v.Run != "" {
			line.Records = &v.Records
			chains, records = chains+1, records+v.Records
		}
		if !line.OK {
			bad++
		}
		if v.Problem == "record 1 is not as it was written, or was put in" {
			firsts++
		}
		if c.JSON {
			return out.print(line)
		}
		if line.OK {
			return nil
		}
		who := v.Run
		if who == "" {
			who = "all runs"
		}
		_, err := fmt.Fprintf(s.text(), "%s: %s\n", who, v.Problem)
		return err
	}
	if err := c.check(s, root, each); err != nil {
		return err
	}
	if err := out.flush(); err != nil {
		return err
	}
	if c.ID != "" && chains == 0 {
		return refusedRun(s, c.ID, workflow.ErrNotFound)
	}
	if firsts > 1 && firsts == chains {
		fmt.Fprintln(s.err, "bot: nothing fits: is this the key that it was written with?")
	}
	fmt.Fprintf(s.err, "bot: %s with %s, %s\n", plural(chains, "chain"), plural(records, "record"), plural(bad, "problem"))
	if bad > 0 {
		return errNo
	}
	return nil
}

func (c *runsVerifyCmd) check(s streams, root *cli, each func(workflow.Verdict) error) error {
	if c.File != "" {
		return c.checkFile(s, root, each)
	}
	runs, closeDB, err := openRuns(s, root)
	if err != nil {
		return err
	}
	defer closeDB()
	if err := runs.Verify(s.ctx, c.ID, each); err != nil {
		return refusedRun(s, c.ID, err)
	}
	return nil
}

func (c *runsVerifyCmd) checkFile(s streams, root *cli, each func(workflow.Verdict) error) error {
	cfg, err := root.load(s, catalogueFlag{}, corpusFlag{})
	if err != nil {
		return err
	}
	from := s.in
	if c.File != "-" {
		f, err := os.Open(filepath.Clean(c.File))
		if err != nil {
			return usagef("--file: %w", err)
		}
		defer func() { _ = f.Close() }()
		from = f
	}
	err = workflow.VerifyExport(cfg.Workflows, cfg.DataDir, from, each)
	if errors.Is(err, workflow.ErrNoKey) {
		return usageError{err}
	}
	return err
}

type runsExportCmd struct {
	Since string `help:"Runs that started from this date, time or span back from now, such as 2026-11-01 or 30d." placeholder:"D"`
	Until string `help:"Runs that started before it." placeholder:"D"`
	ID    string `name:"run" help:"One run, or '*' for the decisions about no single run." placeholder:"RUN"`
	JSON  bool   `name:"json" help:"JSON lines, as without it."`
}

// Run writes the audit to standard output; exit code 1 where the run isn't there.
func (c *runsExportCmd) Run(s streams, root *cli) error {
	var period workflow.Period
	now := time.Now()
	for _, limit := range []struct {
		flag, text string
		into       *time.Time
	}{{"--since", c.Since, &period.Since}, {"--until", c.Until, &period.Until}} {
		if limit.text == "" {
			continue
		}
		at, err := demand.ParseTime(limit.text, now)
		if err != nil {
			return usagef("%s: %w", limit.flag, err)
		}
		*limit.into = at
	}
	runs, closeDB, err := openRuns(s, root)
	if err != nil {
		return err
	}
	defer closeDB()
	out := newPrinter(s.out)
	if err := runs.Export(s.ctx, c.ID, period, func(x workflow.Exported) error { return out.print(x) }); err != nil {
		return refusedRun(s, c.ID, err)
	}
	return out.flush()
}
