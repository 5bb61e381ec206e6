package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"frontdoor/internal/app"
	"frontdoor/internal/config"
	"frontdoor/internal/demand"
)

type demandCmd struct {
	Report demandReportCmd `cmd:"" help:"Print the figures."`
	Export demandExportCmd `cmd:"" help:"Print the events, one JSON object a line."`
	Import demandImportCmd `cmd:"" help:"Read events from standard input."`
	Forget demandForgetCmd `cmd:"" help:"Delete what is recorded of somebody, leaving no byte."`
}

// windowFlags are the bounds in time that the demand commands share.
type windowFlags struct {
	Since string `help:"From this date, time or span back from now, such as 2026-11-01 or 30d." placeholder:"D"`
	Until string `help:"Up to this date or time, not included." placeholder:"D"`
	Now   string `help:"Look from this time: later events do not exist." placeholder:"T"`
}

func (w windowFlags) read() (since, until, now time.Time, err error) {
	now = time.Now()
	if w.Now != "" {
		if now, err = demand.ParseTime(w.Now, now); err != nil {
			return since, until, now, usagef("--now: %w", err)
		}
	}
	if w.Since != "" {
		if since, err = demand.ParseTime(w.Since, now); err != nil {
			return since, until, now, usagef("--since: %w", err)
		}
	}
	if w.Until != "" {
		if until, err = demand.ParseTime(w.Until, now); err != nil {
			return since, until, now, usagef("--until: %w", err)
		}
	}
	return since, until, now, nil
}

type demandReportCmd struct {
	jsonFlag
	windowFlags
	By string `help:"One line a topic, playbook, team, channel or week." enum:",topic,playbook,team,channel,week" default:""`
}

// Run prints every figure of demand.md.
func (c *demandReportCmd) Run(s streams, root *cli) error {
	since, until, now, err := c.read()
	if err != nil {
		return err
	}
	cfg, warehouse, closeDB, err := openDemand(s, root)
	if err != nil {
		return err
	}
	defer closeDB()
	figures, err := warehouse.Report(s.ctx, demand.Query{Since: since, Until: until, Now: now, By: demand.By(c.By), SmallGroup: cfg.Demand.SmallGroup})
	if err != nil {
		return err
	}
	p := newPrinter(s.out)
	for _, f := range figures {
		if c.JSON {
			err = p.print(f)
		} else {
			_, err = fmt.Fprintln(s.text(), figureLine(f))
		}
		if err != nil {
			return err
		}
	}
	return p.flush()
}

// figureLine is a figure for people: its name, its group, its value in the unit
// that one thinks in, and what stands behind it.
func figureLine(f demand.Figure) string {
	name, value, behind := f.Figure, "unknown", plural(f.N, "request")
	ms := strings.HasSuffix(name, "_ms")
	name = strings.TrimSuffix(name, "_ms")
	switch {
	case f.Numerator != nil && f.Denominator != nil:
		behind = fmt.Sprintf("%d of %d", *f.Numerator, *f.Denominator)
		if f.Value != nil {
			value = fmt.Sprintf("%.1f %%", 100**f.Value)
		}
		if f.Low != nil && f.High != nil {
			behind += fmt.Sprintf(", likely %.0f to %.0f %%", 100**f.Low, 100**f.High)
		}
	case f.Value != nil && ms:
		value, behind = time.Duration(*f.Value*float64(time.Millisecond)).Round(time.Millisecond).String(), fmt.Sprintf("%d observed", f.N)
	case ms:
		behind = "none observed"
	case f.Value != nil:
		value, behind = fmt.Sprintf("%g", *f.Value), "among "+behind
	}
	if f.Group != "" {
		name += "  " + f.Group
	}
	return fmt.Sprintf("%-40s %12s   %s", name, value, behind)
}

type demandForgetCmd struct {
	Actor string `arg:"" help:"The pseudonym, as it stands in the records."`
}

// Run deletes what is recorded of somebody; exit code 1 where there is nothing.
func (c *demandForgetCmd) Run(s streams, root *cli) error {
	touched, err := c.forgetRuns(s, root)
	if err != nil {
		return refusedRun(s, "", err)
	}
	_, warehouse, closeDB, err := openDemand(s, root)
	if err != nil {
		return err
	}
	defer closeDB()
	n, err := warehouse.Forget(s.ctx, c.Actor)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "bot: %s of %s deleted\n", plural(n, "event"), c.Actor)
	if touched > 0 {
		fmt.Fprintf(s.err, "bot: %s cleared of them; the audit keeps the pseudonym\n", plural(touched, "run"))
	}
	if n+touched == 0 {
		return errNo
	}
	return nil
}

// forgetRuns comes first: deleting the events rewrites the file, and with it
// the space that the runs leave behind.
func (c *demandForgetCmd) forgetRuns(s streams, root *cli) (int, error) {
	runs, closeDB, err := openRuns(s, root)
	if err != nil {
		return 0, err
	}
	defer closeDB()
	return runs.Forget(s.ctx, c.Actor)
}

type demandExportCmd struct {
	jsonFlag
	windowFlags
}

// Run prints the events in the order of their times.
func (c *demandExportCmd) Run(s streams, root *cli) error {
	since, until, _, err := c.read()
	if err != nil {
		return err
	}
	_, warehouse, closeDB, err := openDemand(s, root)
	if err != nil {
		return err
	}
	defer closeDB()
	return warehouse.Export(s.ctx, s.out, since, until)
}

type demandImportCmd struct {
	jsonFlag
	File []string `arg:"" optional:"" help:"Files to read, in place of standard input." type:"existingfile"`
}

// Run imports the lines that are events; the others are said and end it with
// exit code 1.
func (c *demandImportCmd) Run(s streams, root *cli) error {
	_, warehouse, closeDB, err := openDemand(s, root)
	if err != nil {
		return err
	}
	defer closeDB()
	inputs := []io.Reader{s.in}
	if len(c.File) > 0 {
		inputs = nil
		for _, name := range c.File {
			f, err := os.Open(name)
			if err != nil {
				return usageError{err}
			}
			defer func() { _ = f.Close() }()
			inputs = append(inputs, f)
		}
	}
	out := newPrinter(s.out)
	imported, refused := 0, 0
	for _, in := range inputs {
		n, err := warehouse.Import(s.ctx, in, func(line int, why error) {
			refused++
			_ = out.print(struct {
				Line  int    `json:"line"`
				Error string `json:"error"`
			}{line, why.Error()})
		})
		if err != nil {
			return err
		}
		imported += n
	}
	if err := out.flush(); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "bot: %s imported, %d refused\n", plural(imported, "event"), refused)
	if refused > 0 {
		return errNo
	}
	return nil
}

func openDemand(s streams, root *cli) (config.Config, *demand.Warehouse, func(), error) {
	cfg, err := root.load(s, catalogueFlag{}, corpusFlag{})
	if err != nil {
		return cfg, nil, nil, err
	}
	db, err := app.OpenDatabase(s.ctx, cfg)
	if err != nil {
		return cfg, nil, nil, err
	}
	warehouse, err := app.OpenDemand(s.ctx, cfg, db)
	if err != nil {
		_ = db.Close()
		return cfg, nil, nil, err
	}
	return cfg, warehouse, func() { _ = db.Close() }, nil
}
