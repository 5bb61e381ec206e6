package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"frontdoor/internal/access"
	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/workflow"
)

// candidatesShown is how many runs are offered where several can be meant.
const candidatesShown = 5

// which finds the run that "approve", "cancel" or "retry" alone can mean: the
// one there is, or a list to choose from.
func (e *Engine) which(ctx context.Context, t *turn, c commands.Command) error {
	runs, err := e.candidates(ctx, t, c.Verb)
	if err != nil {
		e.aside(t, "request")
		return e.cannot(t, "list runs", err)
	}
	if len(runs) == 1 {
		c.Run = runs[0].ID
		return e.manage(ctx, t, c)
	}
	e.aside(t, "question")
	t.answered(nil)
	if len(runs) == 0 {
		t.whisper(chat.Card{Text: map[commands.Verb]string{
			commands.Cancel:  "No run of yours is going on, so there is nothing to cancel. `status` lists the latest.",
			commands.Retry:   "No run of yours has failed, so there is nothing to try again. `status` lists the latest.",
			commands.Undo:    "You have no finished run that could be undone. `status` lists the latest.",
			commands.Approve: "Nothing waits for your approval.",
			commands.Deny:    "Nothing waits for your decision.",
		}[c.Verb]})
		e.remind(t)
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Which run do you want to %s?\n", c.Verb)
	var buttons []chat.Button
	for _, r := range runs[:min(candidatesShown, len(runs))] {
		fmt.Fprintf(&b, "\n- `%s` %s", r.ID, e.inALine(t, r))
		buttons = append(buttons, chat.Button{ID: commands.Command{Verb: c.Verb, Run: r.ID}.Button(), Label: fmt.Sprintf("%s %s", label(c.Verb), r.ID)})
	}
	if n := len(runs) - candidatesShown; n > 0 {
		fmt.Fprintf(&b, "\n- and %s", count(n, "older one", "older ones"))
	}
	fmt.Fprintf(&b, "\n\nPress one, or say `%s RUN`.", c.Verb)
	t.say(chat.Card{Text: b.String(), Buttons: buttons})
	return nil
}

func label(v commands.Verb) string { return strings.ToUpper(string(v[:1])) + string(v[1:]) }

// inALine is a run in few words: what it is, for whom, with what, and how it is doing.
func (e *Engine) inALine(t *turn, r workflow.Run) string {
	title := r.Playbook
	if p := t.catalogue.Set.ByID(r.Playbook); p != nil {
		title = p.Title
	}
	var given []string
	if p := t.catalogue.Set.ByID(r.Playbook); p != nil && p.Flow != nil {
		for _, in := range p.Flow.Inputs {
			if v := r.Inputs[in.Name]; v != nil && len(given) < 3 {
				given = append(given, clip(show(v), 40))
			}
		}
	}
	line := "“" + title + "”"
	if len(given) > 0 {
		line += " (" + strings.Join(given, ", ") + ")"
	}
	if r.By.ID != t.person.ID {
		line += " for " + name(r.By)
	}
	return line + ": " + stateWords(r)
}

// candidates are the runs that the verb alone can be about, those of this
// conversation before the others, the latest first.
func (e *Engine) candidates(ctx context.Context, t *turn, verb commands.Verb) ([]workflow.Run, error) {
	filter := workflow.Filter{By: t.person.ID, Limit: 50}
	fits := func(workflow.Run) bool { return true }
	switch verb {
	case commands.Cancel:
		filter.States = []workflow.State{workflow.Waiting, workflow.Running, workflow.Unknown}
		fits = func(r workflow.Run) bool { return !r.Stopping }
	case commands.Retry:
		filter.States = []workflow.State{workflow.Failed, workflow.Unknown}
	case commands.Undo:
		filter.States = []workflow.State{workflow.Succeeded}
		fits = func(r workflow.Run) bool { return r.Undoes == "" && e.undoable(t, r) }
	default:
		filter = workflow.Filter{States: []workflow.State{workflow.Waiting}, Limit: 200}
		fits = func(r workflow.Run) bool { return r.Waits == workflow.ForApproval && e.decides(t, r) }
	}
	all, err := e.Runs.List(ctx, filter)
	if err != nil {
		return nil, err
	}
	var here, elsewhere []workflow.Run
	for _, r := range all {
		switch {
		case !fits(r):
		case r.At.Key() == t.message.At.Key():
			here = append(here, r)
		default:
			elsewhere = append(elsewhere, r)
		}
	}
	if i := slices.IndexFunc(here, func(r workflow.Run) bool { return r.ID == t.talk.Run }); i >= 0 {
		return here[i : i+1], nil // the one that we have just spoken of
	}
	if len(here)+len(elsewhere) > 0 || verb != commands.Approve && verb != commands.Deny {
		return append(here, elsewhere...), nil
	}
	// Where nothing is theirs to decide, the rule that forbids it is said of the
	// run that they speak of.
	i := slices.IndexFunc(all, func(r workflow.Run) bool { return r.ID == t.talk.Run && r.Waits == workflow.ForApproval })
	if i < 0 {
		return nil, nil
	}
	return all[i : i+1], nil
}

// decides tells whether the person can approve or deny the run: in one of the
// groups, and not the one who asked for it.
func (e *Engine) decides(t *turn, r workflow.Run) bool {
	if r.By.ID == t.person.ID {
		return false
	}
	return slices.ContainsFunc(r.Needs, func(n workflow.Need) bool {
		return slices.ContainsFunc(n.Groups, func(g string) bool { return access.Member(t.person, g) })
	})
}

// undoable tells whether some step of the run's playbook can be taken back.
func (e *Engine) undoable(t *turn, r workflow.Run) bool {
	p := t.catalogue.Set.ByID(r.Playbook)
	if p == nil || p.Flow == nil {
		return false
	}
	for i := range p.Flow.Steps {
		if p.Flow.Steps[i].Undo != nil {
			return true
		}
	}
	return false
}
