package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"frontdoor/internal/access"
	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/workflow"
)

// What is said to a run that stands already: status, cancel, retry, undo,
// approve, deny.

// status tells how one run is doing, or the person's latest ones.
func (e *Engine) status(ctx context.Context, t *turn, id string) error {
	if id != "" {
		run, err := e.Runs.Get(ctx, id)
		if errors.Is(err, workflow.ErrNotFound) || err == nil && !e.maySee(t, run) {
			t.refused("no_such_run")
			t.say(chat.Card{Text: fmt.Sprintf("I know no run `%s` of yours. `status` alone lists them.", id)})
			return nil
		}
		if err != nil {
			return e.cannot(t, "status", err)
		}
		t.answered(nil)
		t.say(e.runCard(t, run))
		return nil
	}
	runs, err := e.Runs.List(ctx, workflow.Filter{By: t.person.ID, Limit: 5})
	if err != nil {
		return e.cannot(t, "status", err)
	}
	waiting, err := e.candidates(ctx, t, commands.Approve)
	if err != nil {
		return e.cannot(t, "status", err)
	}
	waiting = slices.DeleteFunc(waiting, func(r workflow.Run) bool { return !e.decides(t, r) })
	t.answered(nil)
	var card chat.Card
	var parts []string
	if len(waiting) > 0 {
		text := "These wait for your approval:\n"
		for _, r := range waiting[:min(len(waiting), 5)] {
			text += fmt.Sprintf("\n- `%s` %s", r.ID, e.inALine(t, r))
			card.Buttons = append(card.Buttons,
				chat.Button{ID: commands.Command{Verb: commands.Approve, Run: r.ID}.Button(), Label: "Approve " + r.ID, Style: "primary"},
				chat.Button{ID: commands.Command{Verb: commands.Deny, Run: r.ID}.Button(), Label: "Deny " + r.ID, Style: "danger"})
		}
		if more := len(waiting) - 5; more > 0 {
			text += fmt.Sprintf("\n- and %d more", more)
		}
		parts = append(parts, text)
	}
	switch {
	case len(runs) > 0:
		text := "Your latest runs:\n"
		for _, r := range runs {
			text += fmt.Sprintf("\n- `%s` %s: %s", r.ID, r.Playbook, stateWords(r))
		}
		parts = append(parts, text)
	default:
		parts = append(parts, "You have started no runs. `help` shows what I can do.")
	}
	card.Text = strings.Join(parts, "\n\n")
	t.say(card)
	return nil
}

// maySee tells whether the run is the person's business: their own, one that
// they may decide about, or one of a playbook that they may use.
func (e *Engine) maySee(t *turn, run workflow.Run) bool {
	if run.By.ID == t.person.ID || e.decides(t, run) {
		return true
	}
	p := t.catalogue.Set.ByID(run.Playbook)
	return p != nil && t.may(p)
}

func (e *Engine) runCard(t *turn, run workflow.Run) chat.Card {
	card := chat.Card{Text: fmt.Sprintf("`%s` %s: %s.", run.ID, run.Playbook, stateWords(run)), Run: run.ID}
	if !run.Over() && run.By.ID == t.person.ID {
		card.Buttons = []chat.Button{{ID: commands.Command{Verb: commands.Cancel, Run: run.ID}.Button(), Label: "Stop it", Style: "danger"}}
	}
	return card
}

// manage changes a run: cancel, retry, undo, approve, deny. The rules are the
// runner's; here they become words.
func (e *Engine) manage(ctx context.Context, t *turn, c commands.Command) error {
	own := t.talk.Run == c.Run && t.talk.Request != ""
	if !own {
		e.aside(t, "request")
	}
	if e.ReadOnly {
		t.refused("read_only")
		t.whisper(chat.Card{Text: "This is a read-only session: no run is changed from here.", Run: c.Run})
		return nil
	}
	e.starting.hold(t, c.Run) // "You approved it" comes before what comes of it
	var done string
	var err error
	switch c.Verb {
	case commands.Cancel:
		err, done = e.Runs.CancelFor(ctx, c.Run, t.person, e.redacted(c.Args)), fmt.Sprintf("Stopping `%s`.", c.Run)
	case commands.Retry:
		err, done = e.retry(ctx, t, c.Run), fmt.Sprintf("Trying `%s` again.", c.Run)
	case commands.Approve:
		err, done = e.Runs.Approve(ctx, c.Run, t.person), fmt.Sprintf("You approved `%s`.", c.Run)
	case commands.Deny:
		err, done = e.Runs.Deny(ctx, c.Run, t.person, e.redacted(c.Args)), fmt.Sprintf("You denied `%s`.", c.Run)
	default:
		var undo workflow.Run
		undo, err = e.undo(ctx, t, c.Run)
		done = fmt.Sprintf("Undoing `%s` as `%s`.", c.Run, undo.ID)
	}
	if errors.Is(err, workflow.ErrNotFound) {
		t.refused("no_such_run")
		t.whisper(chat.Card{Text: fmt.Sprintf("I know no run `%s`. `status` lists yours.", c.Run)})
		return nil
	}
	if _, no := workflow.AsRefusal(err); no && !own {
		t.refused("not_allowed")
	}
	if err != nil {
		return e.cannot(t, string(c.Verb)+" "+c.Run, err)
	}
	if !own {
		t.answered(nil)
	}
	t.say(chat.Card{Text: done, Run: c.Run})
	return nil
}

// undo starts a run that takes back what another did: authorised anew, and
// approved as the run itself.
func (e *Engine) undo(ctx context.Context, t *turn, id string) (workflow.Run, error) {
	run, err := e.Runs.Get(ctx, id)
	if err != nil {
		return workflow.Run{}, err
	}
	if err := t.mayAgain(run, "undo"); err != nil {
		return workflow.Run{}, err
	}
	e.starting.hold(t, e.runID(t))
	return e.Runs.Undo(ctx, id, workflow.Request{ID: e.runID(t), By: t.person, At: t.message.At, Message: t.message.ID, Request: t.talk.Request})
}

func (e *Engine) retry(ctx context.Context, t *turn, id string) error {
	run, err := e.Runs.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := t.mayAgain(run, "retry"); err != nil {
		return err
	}
	return e.Runs.Retry(ctx, id, t.person)
}

// mayAgain refuses what the playbook's rule refuses now, whatever it was when
// the run began.
func (t *turn) mayAgain(run workflow.Run, verb string) error {
	p := t.catalogue.Set.ByID(run.Playbook)
	if p == nil {
		return workflow.Refuse(fmt.Sprintf("“%s” is no longer offered, so I can't tell who may %s `%s`; the operator can help", run.Playbook, verb, run.ID))
	}
	if d := access.May(t.person, p, t.message.At); !d.Allowed {
		return workflow.Refuse(fmt.Sprintf("you can't %s `%s`: for “%s”, %s; **%s** owns it and can help", verb, run.ID, p.Title, d.Rule, d.Help))
	}
	return nil
}

// waitingWords says what a waiting run waits for.
func waitingWords(r workflow.Run) string {
	switch r.Waits {
	case workflow.ForApproval:
		return "waiting for approval, until " + r.Due.UTC().Format("2006-01-02 15:04 MST")
	case workflow.ForLock:
		switch r.Ahead {
		case 0:
			return "waiting for a lock"
		case 1:
			return fmt.Sprintf("waiting for the lock `%s`, next in line", r.Lock)
		}
		return fmt.Sprintf("waiting for the lock `%s`, with %d runs before it", r.Lock, r.Ahead)
	case workflow.ForRetry:
		return "waiting to try " + orStart(r.Step) + " again"
	}
	return "waiting at " + orStart(r.Step)
}
