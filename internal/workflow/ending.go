package workflow

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/expression"
	"frontdoor/internal/playbook"
)

// fail ends the run with the step in hand.
func (f *flow) fail(s *playbook.Step, why string) {
	a := f.last()
	if a == nil {
		a = f.add(s, StepRunning)
	}
	if a.State == StepRunning || a.State == StepWaiting {
		a.State, a.Ended, a.Error, a.changed = StepFailed, f.now, why, true
		f.noteEnd("step_failed", a, new(false), "")
	}
	f.report(Report{Kind: ReportStep, Step: s.ID, Text: fmt.Sprintf("Step %d of %d failed: %s.", f.position+1, len(f.steps), title(*s))})
	f.end(Failed, fmt.Sprintf("%s failed: %s", code(s.ID), why), entry{step: s.ID})
}

func code(id string) string { return "`" + id + "`" }

// wish is somebody's word to stop a run, as it is stored until its worker
// finds it.
type wish struct {
	ID       string   `json:"id"`
	Name     string   `json:"name,omitempty"`
	Operator bool     `json:"operator,omitempty"`
	Groups   []string `json:"groups,omitempty"`
	Reason   string   `json:"reason,omitempty"`
}

func (w wish) person() chat.Person {
	return chat.Person{ID: w.ID, Name: w.Name, Operator: w.Operator, Groups: w.Groups}
}

func wishOf(who chat.Person, reason string) (string, error) {
	return encode(wish{ID: who.ID, Name: who.Name, Operator: who.Operator, Groups: who.Groups, Reason: reason})
}

// wished reads a stored wish.
func wished(text string) wish {
	var w wish
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return wish{ID: text} // an earlier version stored the id alone
	}
	return w
}

// stop ends the run because somebody said so.
func (f *flow) stop(w wish) {
	text := "Stopped"
	if w.ID != f.By.ID {
		text += " by " + name(w.person())
	}
	if w.Reason != "" {
		text += ": " + strings.TrimRight(w.Reason, ". ")
	}
	if f.Step != "" && w.Reason == "" && w.ID == f.By.ID {
		text += " at " + code(f.Step)
	}
	text += "."
	done := f.doneSteps()
	middle := false
	if a := f.last(); a != nil && (a.State == StepRunning || a.State == StepWaiting) {
		middle = a.State == StepRunning && !reads(f.steps[f.position].Action)
		a.State, a.Ended, a.changed = StepCancelled, f.now, true
		f.noteEnd("step_cancelled", a, nil, "")
	}
	if middle {
		text += fmt.Sprintf(" I broke %s off in the middle and can't tell how far it came.", code(f.Step))
	}
	switch {
	case done != "":
		text += " Done before that, and still there: " + done + "."
	case !middle:
		text += f.unfinished()
	}
	f.end(Cancelled, "", decision("", w.person(), w.Reason, ""))
	f.report(Report{Kind: ReportCancelled, Step: f.Step, Text: text, Actor: w.ID, Undoable: f.undoable()})
}

// end is the one way out; word is who ended it and why, for the audit.
func (f *flow) end(state State, why string, word entry) {
	f.State, f.Waits, f.Ended, f.due, f.Error, f.Stopping = state, "", f.now, time.Time{}, why, false
	word.event = "run_" + string(state)
	f.note(word)
	switch state {
	case Failed:
		text := "It failed: " + strings.TrimSuffix(why, ".") + "."
		if done := f.doneSteps(); done != "" {
			text += " Done before that, and still there: " + done + "."
		}
		f.report(Report{Kind: ReportFailed, Step: f.Step, Text: text, Undoable: f.undoable()})
	case Denied:
		text := "It was not approved: " + strings.TrimSuffix(why, ".") + "."
		if done := f.doneSteps(); done != "" { // before somebody said retry
			text += " Done before that, and still there: " + done + "."
		} else {
			text += f.unfinished()
		}
		f.report(Report{Kind: ReportDenied, Text: text, Actor: word.actor, Undoable: f.undoable()})
	}
}

// leaves tells whether the action can leave something behind.
func leaves(a playbook.Action) bool { return a.Message == nil && a.Sleep == nil && !reads(a) }

// unfinished is what is said where no step is done: one that failed, in time or
// not, may have left something behind.
func (f *flow) unfinished() string {
	var ids []string
	for _, a := range f.Steps {
		if (a.State == StepFailed || a.State == StepInterrupted) && a.position < len(f.steps) && leaves(f.steps[a.position].Action) && !slices.Contains(ids, code(a.Step)) {
			ids = append(ids, code(a.Step))
		}
	}
	if len(ids) == 0 {
		return " Nothing was done."
	}
	return " No step was finished; what " + strings.Join(ids, " and ") + " did before may still be there."
}

func (f *flow) doneSteps() string {
	var ids []string
	for _, a := range f.Steps {
		if a.State == StepSucceeded && a.position < len(f.steps) && f.steps[a.position].Action.Message == nil && f.steps[a.position].Action.Sleep == nil {
			ids = append(ids, code(a.Step))
		}
	}
	return strings.Join(ids, ", ")
}

// undoable tells whether something was done that the playbook can take back.
func (f *flow) undoable() bool {
	return f.Undoes == "" && slices.ContainsFunc(f.Steps, func(a Attempt) bool {
		return a.State == StepSucceeded && a.position < len(f.steps) && f.steps[a.position].Undo != nil
	})
}

// succeed ends the run with its result. What was done stays done where the
// result can't be put together.
func (f *flow) succeed() {
	f.Step = ""
	text, links, err := f.result()
	if err != nil {
		f.end(Failed, "every step was done, but the result can't be told: "+err.Error(), entry{})
		return
	}
	f.Text, f.Links = text, links
	f.end(Succeeded, "", entry{})
	f.report(Report{Kind: ReportSucceeded, OK: true, Text: text, Links: links, Undoable: f.undoable()})
}

func (f *flow) result() (string, []Link, error) {
	if f.Undoes != "" {
		return fmt.Sprintf("What %s did is undone.", code(f.Undoes)), nil, nil
	}
	env := f.env()
	text, err := expression.ExpandString(string(f.book.Flow.Result.Text), env, nil)
	if err != nil {
		return "", nil, err
	}
	if text == "" {
		text = fmt.Sprintf("“%s” is done.", f.book.Title)
	}
	var links []Link
	for _, l := range f.book.Flow.Result.Links {
		address, err := expression.ExpandURL(string(l.URL), env)
		if err != nil {
			return "", nil, fmt.Errorf("link %s: %w", l.Label, err)
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
			return "", nil, fmt.Errorf("link %s: it is no web address", l.Label)
		}
		links = append(links, Link{Label: l.Label, URL: address})
	}
	return text, links, nil
}
