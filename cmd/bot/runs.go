package main

import (
	"errors"
	"fmt"
	"time"

	"frontdoor/internal/app"
	"frontdoor/internal/workflow"
)

type runsCmd struct {
	List runsListCmd `cmd:"" help:"List the runs, the latest first."`
	Show runsShowCmd `cmd:"" help:"Show one run with its steps."`
}

type runsListCmd struct {
	jsonFlag
	Limit int `help:"At most so many." default:"100"`
}

// listedRun is a run as `runs list` prints it.
type listedRun struct {
	Run      string     `json:"run"`
	Playbook string     `json:"playbook"`
	State    string     `json:"state"`
	Step     *string    `json:"step"`
	By       string     `json:"by"`
	Started  time.Time  `json:"started"`
	Ended    *time.Time `json:"ended"`
}

func listRun(r workflow.Run) listedRun {
	out := listedRun{Run: r.ID, Playbook: r.Playbook, State: string(r.State), Step: null(r.Step), By: r.By.ID, Started: r.Started.UTC()}
	if !r.Ended.IsZero() {
		ended := r.Ended.UTC()
		out.Ended = &ended
	}
	return out
}

// Run lists the runs of the configured database.
func (c *runsListCmd) Run(s streams, root *cli) error {
	if c.Limit < 1 {
		return usagef("--limit %d: write 1 or more", c.Limit)
	}
	runs, closeDB, err := openRuns(s, root)
	if err != nil {
		return err
	}
	defer closeDB()
	list, err := runs.List(s.ctx, workflow.Filter{Limit: c.Limit})
	if err != nil {
		return err
	}
	p := newPrinter(s.out)
	for _, r := range list {
		l := listRun(r)
		if c.JSON {
			err = p.print(l)
		} else {
			_, err = fmt.Fprintf(s.text(), "%-12s %-18s %-10s %-12s %s\n", l.Run, l.Playbook, l.State, l.By, l.Started.Format(time.DateTime))
		}
		if err != nil {
			return err
		}
	}
	return p.flush()
}

type runsShowCmd struct {
	jsonFlag
	ID string `arg:"" name:"run" help:"The run's id."`
}

type shownRun struct {
	listedRun
	Inputs map[string]any `json:"inputs"`
	Error  *string        `json:"error"`
	Result *string        `json:"result"`
	Steps  []shownStep    `json:"steps"`
}

type shownStep struct {
	Step    string         `json:"step"`
	Attempt int            `json:"attempt"`
	State   string         `json:"state"`
	Started time.Time      `json:"started"`
	Ended   *time.Time     `json:"ended"`
	Error   *string        `json:"error"`
	Reply   map[string]any `json:"reply"`
}

// Run shows one run; exit code 1 where there is none.
func (c *runsShowCmd) Run(s streams, root *cli) error {
	runs, closeDB, err := openRuns(s, root)
	if err != nil {
		return err
	}
	defer closeDB()
	r, err := runs.Get(s.ctx, c.ID)
	if errors.Is(err, workflow.ErrNotFound) {
		fmt.Fprintf(s.err, "bot: there is no run %s; `bot runs list` lists them\n", c.ID)
		return errNo
	}
	if err != nil {
		return err
	}
	out := shownRun{listedRun: listRun(r), Inputs: r.Inputs, Error: null(r.Error), Result: null(r.Text), Steps: []shownStep{}}
	for _, a := range r.Steps {
		step := shownStep{Step: a.Step, Attempt: a.Number, State: string(a.State), Started: a.Started.UTC(), Error: null(a.Error), Reply: a.Reply}
		if !a.Ended.IsZero() {
			ended := a.Ended.UTC()
			step.Ended = &ended
		}
		out.Steps = append(out.Steps, step)
	}
	if c.JSON {
		p := newPrinter(s.out)
		if err := p.print(out); err != nil {
			return err
		}
		return p.flush()
	}
	return printRun(s, out)
}

func printRun(s streams, r shownRun) error {
	if _, err := fmt.Fprintf(s.text(), "%s  %s  %s  by %s  %s\n", r.Run, r.Playbook, r.State, r.By, r.Started.Format(time.DateTime)); err != nil {
		return err
	}
	for _, step := range r.Steps {
		took := "so far"
		if step.Ended != nil {
			took = step.Ended.Sub(step.Started).Round(time.Millisecond).String()
		}
		line := fmt.Sprintf("  %-16s attempt %d  %-10s %s", step.Step, step.Attempt, step.State, took)
		if step.Error != nil {
			line += "  " + *step.Error
		}
		if _, err := fmt.Fprintln(s.text(), line); err != nil {
			return err
		}
	}
	if r.Result != nil {
		if _, err := fmt.Fprintln(s.text(), *r.Result); err != nil {
			return err
		}
	}
	return nil
}

// openRuns opens the runs to look at them; a running bot may have them open too.
func openRuns(s streams, root *cli) (*workflow.Runner, func(), error) {
	cfg, err := root.load(s, catalogueFlag{}, corpusFlag{})
	if err != nil {
		return nil, nil, err
	}
	db, err := app.OpenDatabase(s.ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	runs, err := app.OpenRuns(s.ctx, cfg, db)
	if err != nil {
		_ = db.Close()
		return nil, nil, err
	}
	return runs, func() { _ = db.Close() }, nil
}
