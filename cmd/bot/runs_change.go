package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"frontdoor/internal/app"
	"frontdoor/internal/chat"
	"frontdoor/internal/redact"
	"frontdoor/internal/workflow"
)

// What the operator changes from the command line, also beside a running bot
// on the same files.

// operator is who works at this machine, as the audit names them.
func operator() chat.Person {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return workflow.Operator(u.Username)
	}
	if name := os.Getenv("USER"); name != "" {
		return workflow.Operator(name)
	}
	return workflow.Operator("unknown")
}

// reasonFlag is --reason: said in chat and kept in the audit.
type reasonFlag struct {
	Reason string `help:"Why; it is said to those who wait, and kept in the audit." placeholder:"TEXT"`
}

// read is the reason without secrets and personal data.
func (r reasonFlag) read() (string, error) {
	if r.Reason == "" {
		return "", nil
	}
	redactor, err := redact.New()
	if err != nil {
		return "", fmt.Errorf("prepare redaction: %w", err)
	}
	clean, _ := redactor.Redact(r.Reason)
	return clean, nil
}

type runsCancelCmd struct {
	jsonFlag
	reasonFlag
	ID string `arg:"" name:"run" help:"The run's id."`
}

// stopping is how long a worker gets to stop a step before its run is shown as
// it is.
const stopping = 3 * time.Second

// Run stops a run; exit code 1 where it is over or isn't there.
func (c *runsCancelCmd) Run(s streams, root *cli) error {
	reason, err := c.read()
	if err != nil {
		return err
	}
	runs, closeDB, err := openRuns(s, root)
	if err != nil {
		return err
	}
	defer closeDB()
	if err := runs.CancelFor(s.ctx, c.ID, operator(), reason); err != nil {
		return refusedRun(s, c.ID, err)
	}
	wait, cancel := context.WithTimeout(s.ctx, stopping)
	defer cancel()
	if err := runs.Wait(wait, c.ID); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return showChanged(s, runs, c.ID, c.JSON)
}

type runsRetryCmd struct {
	jsonFlag
	ID string `arg:"" name:"run" help:"The run's id."`
}

// Run goes on with a run; exit code 1 where there is nothing to go on with.
func (c *runsRetryCmd) Run(s streams, root *cli) error {
	runs, closeDB, err := openRuns(s, root)
	if err != nil {
		return err
	}
	defer closeDB()
	if err := runs.Retry(s.ctx, c.ID, operator()); err != nil {
		return refusedRun(s, c.ID, err)
	}
	return showChanged(s, runs, c.ID, c.JSON)
}

// showChanged prints the run as `runs list` does.
func showChanged(s streams, runs *workflow.Runner, id string, asJSON bool) error {
	r, err := runs.Get(s.ctx, id)
	if err != nil {
		return err
	}
	if r.Stopping {
		fmt.Fprintf(s.err, "bot: %s is asked to stop; whoever works on it stops its step\n", id)
	}
	p := newPrinter(s.out)
	if err := printListed(s, p, asJSON, r); err != nil {
		return err
	}
	return p.flush()
}

// scopeFlags choose what is frozen: at most one of them; none is everything.
type scopeFlags struct {
	Playbook string `help:"Every run of this playbook." placeholder:"ID"`
	All      bool   `help:"Every run there is and will be, as without any of these."`
	ID       string `arg:"" optional:"" name:"run" help:"One run."`
}

func (f scopeFlags) scope(verb string) (workflow.Scope, error) {
	chosen := 0
	for _, given := range []bool{f.Playbook != "", f.All, f.ID != ""} {
		if given {
			chosen++
		}
	}
	switch {
	case chosen > 1:
		return "", usagef("runs %s: name one run, or write --playbook ID, or --all; not several of them", verb)
	case f.ID != "":
		return workflow.ScopeRun(f.ID), nil
	case f.Playbook != "":
		return workflow.ScopePlaybook(f.Playbook), nil
	}
	return workflow.Everything, nil
}

// freezing is what freeze and unfreeze take.
type freezing struct {
	jsonFlag
	reasonFlag
	scopeFlags
}

// open reads what is wished and opens the runs; the caller closes them.
func (c *freezing) open(s streams, root *cli, verb string) (runs *workflow.Runner, closeDB func(), scope workflow.Scope, reason string, err error) {
	if scope, err = c.scope(verb); err != nil {
		return nil, nil, "", "", err
	}
	if reason, err = c.read(); err != nil {
		return nil, nil, "", "", err
	}
	runs, closeDB, err = openRuns(s, root)
	return runs, closeDB, scope, reason, err
}

type runsFreezeCmd struct{ freezing }

// frozen is a freeze as it is printed.
type frozen struct {
	Scope  string    `json:"scope"` // "*", "playbook:ID" or "run:ID"
	Reason *string   `json:"reason"`
	By     string    `json:"by"`
	Since  time.Time `json:"since"`
}

// Run freezes; exit code 1 where the run is over or isn't there.
func (c *runsFreezeCmd) Run(s streams, root *cli) error {
	runs, closeDB, scope, reason, err := c.open(s, root, "freeze")
	if err != nil {
		return err
	}
	defer closeDB()
	if c.Playbook != "" {
		if err := knownPlaybook(s, root, runs, c.Playbook); err != nil {
			return err
		}
	}
	if err := runs.Freeze(s.ctx, scope, operator(), reason); err != nil {
		return refusedRun(s, c.ID, err)
	}
	return printFreezes(s, runs, c.JSON)
}

// knownPlaybook refuses a name that no playbook and no run has: a freeze that
// holds nothing back would pass for one that does.
func knownPlaybook(s streams, root *cli, runs *workflow.Runner, id string) error {
	cfg, err := root.load(s, catalogueFlag{}, corpusFlag{})
	if err != nil {
		return err
	}
	set, found := app.LoadPlaybooks(cfg)
	if len(found.Errors()) > 0 || set.ByID(id) != nil {
		return nil // with a broken set nothing can be told
	}
	list, err := runs.List(s.ctx, workflow.Filter{Playbook: id, Limit: 1})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return usagef("--playbook %s: there is no such playbook; `bot playbooks list` lists them", id)
	}
	return nil
}

type runsUnfreezeCmd struct{ freezing }

// Run lets go on; exit code 1 where nothing was frozen there.
func (c *runsUnfreezeCmd) Run(s streams, root *cli) error {
	runs, closeDB, scope, reason, err := c.open(s, root, "unfreeze")
	if err != nil {
		return err
	}
	defer closeDB()
	if err := runs.Unfreeze(s.ctx, scope, operator(), reason); err != nil {
		return refusedRun(s, c.ID, err)
	}
	fmt.Fprintf(s.err, "bot: the freeze of %s is lifted\n", scope)
	return printFreezes(s, runs, c.JSON)
}

// printFreezes prints what is frozen now.
func printFreezes(s streams, runs *workflow.Runner, asJSON bool) error {
	list, err := runs.Freezes(s.ctx)
	if err != nil {
		return err
	}
	p := newPrinter(s.out)
	for _, z := range list {
		if asJSON {
			err = p.print(frozen{Scope: string(z.Scope), Reason: null(z.Reason), By: z.By, Since: z.Since})
		} else {
			_, err = fmt.Fprintf(s.text(), "%s is frozen by %s since %s%s\n", z.Scope, z.By, z.Since.Format(time.DateTime), after(": ", z.Reason))
		}
		if err != nil {
			return err
		}
	}
	if len(list) == 0 && !asJSON {
		if _, err := fmt.Fprintln(s.text(), "nothing is frozen"); err != nil {
			return err
		}
	}
	return p.flush()
}
