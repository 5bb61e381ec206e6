package main

import (
	"errors"
	"fmt"
	"time"

	"frontdoor/internal/app"
	"frontdoor/internal/workflow"
)

type runsCmd struct {
	List     runsListCmd     `cmd:"" help:"List the runs, the latest first."`
	Show     runsShowCmd     `cmd:"" help:"Show one run with its steps."`
	Cancel   runsCancelCmd   `cmd:"" help:"Stop a run, also one that a running bot works on."`
	Retry    runsRetryCmd    `cmd:"" help:"Go on with a failed, stopped or interrupted run where it stands."`
	Freeze   runsFreezeCmd   `cmd:"" help:"Hold runs back: no new step starts until unfreeze."`
	Unfreeze runsUnfreezeCmd `cmd:"" help:"Let go on what freeze held back."`
	Verify   runsVerifyCmd   `cmd:"" name:"verify-audit" help:"Check that the audit of runs is as it was written."`
	Export   runsExportCmd   `cmd:"" help:"Write the audit of runs, a record a line."`
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
		if err := printListed(s, p, c.JSON, r); err != nil {
			return err
		}
	}
	if err := p.flush(); err != nil || c.JSON {
		return err
	}
	freezes, err := runs.Freezes(s.ctx)
	for _, z := range freezes {
		fmt.Fprintf(s.err, "bot: %s is frozen by %s since %s%s\n", z.Scope, z.By, z.Since.Format(time.DateTime), after(": ", z.Reason))
	}
	return err
}

// after is s behind the words that lead to it, "" where there is no s.
func after(words, s string) string {
	if s == "" {
		return ""
	}
	return words + s
}

func printListed(s streams, p *printer, asJSON bool, r workflow.Run) error {
	l := listRun(r)
	if asJSON {
		return p.print(l)
	}
	state := l.State
	if r.Frozen != nil {
		state += " (frozen)"
	}
	_, err := fmt.Fprintf(s.text(), "%-12s %-18s %-16s %-12s %s\n", l.Run, l.Playbook, state, l.By, l.Started.Format(time.DateTime))
	return err
}

type runsShowCmd struct {
	jsonFlag
	ID string `arg:"" name:"run" help:"The run's id."`
}

type shownRun struct {
	listedRun
	Waits  *string        `json:"waits"`  // what a waiting run waits for
	Frozen *string        `json:"frozen"` // why the operator holds it back; "" where they gave no reason
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
	if err != nil {
		return refusedRun(s, c.ID, err)
	}
	out := shownRun{listedRun: listRun(r), Waits: null(string(r.Waits)), Inputs: r.Inputs, Error: null(r.Error), Result: null(r.Text), Steps: []shownStep{}}
	if r.Frozen != nil {
		out.Frozen = &r.Frozen.Reason
	}
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
	if r.Frozen != nil {
		if _, err := fmt.Fprintf(s.text(), "  frozen by the operator%s\n", after(": ", *r.Frozen)); err != nil {
			return err
		}
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

// refusedRun says what is wrong with a command about a run, and ends with 1
// where it is an answer rather than a fault.
func refusedRun(s streams, id string, err error) error {
	if errors.Is(err, workflow.ErrNotFound) {
		fmt.Fprintf(s.err, "bot: there is no run %s; `bot runs list` lists them\n", id)
		return errNo
	}
	if why, refused := workflow.AsRefusal(err); refused {
		fmt.Fprintf(s.err, "bot: %s\n", why)
		return errNo
	}
	return err
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
