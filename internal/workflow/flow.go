package workflow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"frontdoor/internal/expression"
	"frontdoor/internal/playbook"
	"frontdoor/internal/workflow/step"
)

// How long one attempt may take, and one wait with until, where the playbook
// doesn't say.
const (
	httpTimeout    = 30 * time.Second
	commandTimeout = 10 * time.Minute
	pollTimeout    = 10 * time.Minute
)

// maxInterrupted is how many workers may die in one step before a person is
// asked: the step may be what kills them.
const maxInterrupted = 5

// flow is one run in memory: what is known of it, and what has changed since
// it was read. It decides everything and has no effects.
type flow struct {
	Run

	book     *playbook.Playbook
	steps    []playbook.Step
	config   map[string]string
	dir      string // the run's directory
	now      time.Time
	position int
	forgiven int
	epoch    int64
	round    int
	said     int
	digest   string
	cancel   string                    // who asked it to stop, as a wish
	given    map[string]map[string]any // replies that it began with
	due      time.Time                 // zero is never
	lease    time.Time                 // when that of a running one is over
	frozen   time.Time                 // since when it stands because of a freeze; zero where it doesn't
	enqueue  bool                      // it wants its lock before it goes on
	renewed  bool                      // it begins again: an old wish to stop it is void
	taken    bool                      // a worker takes it: the epoch grows
	next     int64                     // the epoch after save

	forgotten bool // who asked, and with them what they asked for

	reports []Report

	// The audit: nil in a rehearsal, which leaves none.
	ledger *ledger
	trail  []entry
	tail   end // of its chain, as it is stored
	grown  end // of its chain after save
	askers []string
}

// newFlow puts a run and its playbook together.
func newFlow(r Run, book *playbook.Playbook, given map[string]map[string]any, config map[string]string, dir string) *flow {
	f := &flow{Run: r, book: book, steps: book.Flow.Steps, given: given, config: config, dir: dir, tail: end{link: unlinked}}
	if r.Undoes != "" {
		f.steps = backwards(book.Flow.Steps, given)
	}
	return f
}

// backwards are the undo steps of what was done, last first.
func backwards(steps []playbook.Step, done map[string]map[string]any) []playbook.Step {
	var out []playbook.Step
	for _, s := range slices.Backward(steps) {
		if _, ok := done[s.ID]; !ok || s.Undo == nil {
			continue
		}
		out = append(out, playbook.Step{ID: s.ID, Title: "undo " + title(s), Action: *s.Undo, Timeout: s.Timeout, Retry: s.Retry, OnUnknown: s.OnUnknown})
	}
	return out
}

func title(s playbook.Step) string {
	if s.Title != "" {
		return s.Title
	}
	return s.ID
}

// env is what the expressions of the run see.
func (f *flow) env() map[string]any {
	steps := map[string]any{}
	for id, reply := range f.given {
		steps[id] = reply
	}
	for _, a := range f.Steps {
		if a.State == StepSucceeded && f.Undoes == "" {
			steps[a.Step] = a.Reply
		}
	}
	config := map[string]any{}
	for k, v := range f.config {
		config[k] = v
	}
	inputs := map[string]any{}
	for _, in := range f.book.Flow.Inputs {
		inputs[in.Name] = nil
	}
	maps.Copy(inputs, f.Inputs)
	groups := make([]any, len(f.By.Groups))
	for i, g := range f.By.Groups {
		groups[i] = g
	}
	channel := f.At.Name
	if channel == "" {
		channel = f.At.Channel
	}
	return map[string]any{
		"inputs": inputs, "steps": steps, "config": config,
		"run": map[string]any{"id": f.ID, "dir": f.dir},
		"by":  map[string]any{"id": f.By.ID, "name": f.By.Name, "team": f.By.Team, "groups": groups},
		"at":  map[string]any{"channel": channel},
	}
}

// last is the latest attempt of the step in hand, or nil.
func (f *flow) last() *Attempt {
	if n := len(f.Steps); n > 0 && f.Steps[n-1].position == f.position {
		return &f.Steps[n-1]
	}
	return nil
}

// begin goes on from where the run stands until a step has to be done, which
// it returns, or the run waits or is over. now has to be set.
func (f *flow) begin() *playbook.Step {
	for f.State == Running {
		if f.position >= len(f.steps) {
			f.succeed()
			return nil
		}
		s := &f.steps[f.position]
		f.Step = s.ID
		last := f.last()
		switch {
		case last == nil, last.State == StepFailed, last.State == StepInterrupted, last.State == StepCancelled:
			if f.applies(s) && f.attempt(s) {
				return s
			}
		case last.State == StepRunning:
			f.interrupted(s, last)
		case last.State == StepWaiting && s.Action.Sleep != nil:
			if f.now.Before(last.deadline) {
				f.wait(ForTime, last.deadline)
				return nil
			}
			f.done(last, map[string]any{})
		case last.State == StepWaiting:
			last.State, last.changed = StepRunning, true
			return s
		default:
			f.advance()
		}
	}
	return nil
}

// applies tells whether the step's `if` holds; where not it is skipped.
func (f *flow) applies(s *playbook.Step) bool {
	ok, err := expression.Holds(string(s.If), f.env())
	if err != nil {
		f.fail(s, "its condition can't be decided: "+err.Error())
		return false
	}
	if !ok {
		a := f.add(s, StepSkipped)
		a.Ended = f.now
		f.noteStep("step_skipped", a, entry{})
		f.report(Report{Kind: ReportSkipped, Step: s.ID, OK: true, Text: fmt.Sprintf("Step %d of %d skipped, since its condition does not hold: %s.", f.position+1, len(f.steps), title(*s))})
		f.advance()
	}
	return ok
}

func (f *flow) add(s *playbook.Step, state StepState) *Attempt {
	number := 1
	if last := f.last(); last != nil {
		number = last.Number + 1
	}
	f.Steps = append(f.Steps, Attempt{Step: s.ID, Number: number, State: state, Started: f.now, position: f.position, changed: true})
	return f.last()
}

// attempt notes a new attempt and tells whether there is something to do for
// it; a message or a sleep is only noted.
func (f *flow) attempt(s *playbook.Step) bool {
	switch a := s.Action; {
	case a.Message != nil:
		text, err := expression.ExpandString(string(a.Message.Text), f.env(), nil)
		if err != nil {
			f.add(s, StepRunning)
			f.fail(s, "the message can't be put together: "+err.Error())
			return false
		}
		f.report(Report{Kind: ReportMessage, Step: s.ID, OK: true, Text: text})
		f.done(f.add(s, StepRunning), map[string]any{"text": text})
		return false
	case a.Sleep != nil:
		last := f.add(s, StepWaiting)
		last.deadline = f.now.Add(a.Sleep.For)
		f.noteStep("step_started", last, entry{})
		f.wait(ForTime, last.deadline)
		return false
	}
	last := f.add(s, StepRunning)
	if s.Until != "" {
		last.deadline = f.now.Add(orDefault(s.Timeout, pollTimeout))
	}
	if f.ledger != nil {
		f.noteStep("step_started", last, entry{sent: step.Content(f.call(s))})
	}
	return true
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// limit is how long the attempt in hand may take.
func (f *flow) limit(s *playbook.Step) time.Duration {
	otherwise := httpTimeout
	if s.Action.Command != nil {
		otherwise = commandTimeout
	}
	if s.Until == "" {
		return orDefault(s.Timeout, otherwise)
	}
	return max(time.Millisecond, min(otherwise, f.last().deadline.Sub(f.now)))
}

// call is the step in hand as its kind gets it.
func (f *flow) call(s *playbook.Step) step.Call {
	return step.Call{Run: f.ID, Step: s.ID, Action: s.Action, Env: f.env(), Dir: f.dir}
}

// interrupted decides about a step in whose middle a worker died.
func (f *flow) interrupted(s *playbook.Step, last *Attempt) {
	last.State, last.Ended, last.changed = StepInterrupted, f.now, true
	last.Error = "interrupted: nobody knows whether it was done"
	f.noteEnd("step_interrupted", last, nil, "")
	deaths := 0
	for _, a := range f.Steps {
		if a.position == f.position && a.State == StepInterrupted && a.Number > f.forgiven {
			deaths++
		}
	}
	choice := s.OnUnknown
	if reads(s.Action) {
		choice = playbook.Retry // asking again changes nothing
	}
	switch {
	case choice == playbook.Fail:
		f.fail(s, "it was interrupted, and nobody knows whether it was done")
	case choice == playbook.Ask, deaths >= maxInterrupted:
		f.State, f.Waits, f.due = Unknown, "", time.Time{}
		f.Error = fmt.Sprintf("%s was interrupted, and I can't tell whether it was done", code(s.ID))
		f.note(entry{event: "run_unknown", step: s.ID})
		f.report(Report{Kind: ReportUnknown, Step: s.ID, Text: fmt.Sprintf("I was interrupted in the middle of %s and can't tell whether it was done. Look, and say `retry %s` to do it again with the same key, or `cancel %s`.", code(s.ID), f.ID, f.ID)})
	case s.Until != "":
		last.State, last.Ended, last.Error = StepWaiting, time.Time{}, ""
	}
}

func reads(a playbook.Action) bool {
	if a.HTTP == nil {
		return false
	}
	m := strings.ToUpper(a.HTTP.Method)
	return m == http.MethodGet || m == http.MethodHead || m == "" && a.HTTP.JSON == nil && a.HTTP.Body == ""
}

// finish takes what came of the step in hand. now has to be set.
func (f *flow) finish(s *playbook.Step, reply map[string]any, err error) {
	last := f.last()
	var failure *step.Failure
	switch {
	case err == nil && s.Until == "":
		f.done(last, reply)
	case err == nil:
		env := f.env()
		env["steps"].(map[string]any)[s.ID] = reply
		ok, e := expression.Holds(string(s.Until), env)
		if ok {
			f.done(last, reply)
			return
		}
		last.Reply = reply
		why := ""
		if e != nil {
			why = e.Error() // the reply may not have it yet
		}
		f.poll(s, last, why, seen(string(s.Until), env), 0)
	case errors.As(err, &failure) && failure.Transient && s.Until != "":
		f.poll(s, last, failure.Sentence, failure.Sentence, failure.After)
	case errors.As(err, &failure):
		f.setback(s, last, failure)
	case errors.Is(err, context.DeadlineExceeded):
		f.setback(s, last, &step.Failure{Sentence: fmt.Sprintf("it took longer than %v", f.limit(s)), Transient: true})
	default:
		f.fail(s, "something in me is broken; an operator finds it in the log")
	}
}

// done ends an attempt well.
func (f *flow) done(a *Attempt, reply map[string]any) {
	a.State, a.Ended, a.Reply, a.Error, a.changed = StepSucceeded, f.now, reply, "", true
	if s := f.steps[f.position]; s.Action.Message == nil { // its words tell that it is done
		f.report(Report{Kind: ReportStep, Step: s.ID, OK: true, Text: fmt.Sprintf("Step %d of %d done: %s.", f.position+1, len(f.steps), title(s))})
	}
	f.noteEnd("step_succeeded", a, new(true), "")
	f.advance()
}

func (f *flow) advance() { f.position, f.forgiven, f.Step = f.position+1, 0, "" }

// poll waits for the next look, or gives up. what is what the last one saw.
func (f *flow) poll(s *playbook.Step, a *Attempt, why, what string, after time.Duration) {
	a.changed, a.Error = true, why
	a.looks++
	next := f.now.Add(max(s.Every, after))
	if !next.Before(a.deadline) {
		sentence := fmt.Sprintf("it did not come to what it waits for within %s", span(orDefault(s.Timeout, pollTimeout)))
		if why != "" {
			sentence += "; lastly: " + why
		}
		f.fail(s, sentence)
		return
	}
	a.State = StepWaiting
	f.wait(ForPoll, next)
	if paced(a.looks) {
		if what != "" {
			what = ", " + what
		}
		f.report(Report{Kind: ReportProgress, Step: s.ID, Text: fmt.Sprintf("Step %d of %d, %s: still waiting%s (%s try).", f.position+1, len(f.steps), title(*s), what, ordinal(a.looks))})
	}
}

// setback is a failed attempt: another one follows where the playbook and the
// failure allow it.
func (f *flow) setback(s *playbook.Step, a *Attempt, failure *step.Failure) {
	tried := 0
	for _, x := range f.Steps {
		if x.position == f.position && x.Number > f.forgiven && (x.State == StepFailed || x.Number == a.Number) {
			tried++
		}
	}
	if !failure.Transient || tried >= s.Retry.Attempts {
		f.fail(s, failure.Sentence)
		return
	}
	a.State, a.Ended, a.Error, a.changed = StepFailed, f.now, failure.Sentence, true
	f.noteEnd("step_failed", a, new(false), "")
	pause := s.Retry.Backoff
	for range tried - 1 {
		pause = min(2*pause, time.Hour)
	}
	pause = max(pause, failure.After)
	f.wait(ForRetry, f.now.Add(pause))
	f.report(Report{Kind: ReportProgress, Step: s.ID, Text: fmt.Sprintf("%s: %s. I try again in %v (attempt %d of %d).", title(*s), failure.Sentence, pause, tried+1, s.Retry.Attempts)})
}

// leave takes back the attempt that was noted and not begun.
func (f *flow) leave() {
	if a := f.last(); a != nil && a.State == StepRunning {
		a.State, a.Ended, a.Error, a.changed = StepCancelled, f.now, "not begun: the worker had to stop", true
		f.noteEnd("step_cancelled", a, nil, "not begun")
	}
	f.wait(ForWorker, f.now)
}

func (f *flow) wait(why Wait, until time.Time) {
	f.State, f.Waits, f.due = Waiting, why, until
}

// resume is waiting for a worker, behind its lock where it has one.
func (f *flow) resume() {
	f.wait(ForWorker, f.now)
	f.Ended, f.Error, f.cancel, f.Stopping, f.frozen = time.Time{}, "", "", false, time.Time{}
	f.enqueue, f.renewed = f.Lock != "", true
}

// report adds something to say, with the next number of the run.
func (f *flow) report(r Report) {
	f.said++
	r.ID = fmt.Sprintf("%s/%d", f.ID, f.said)
	r.Run, r.Time = f.Run, f.now
	r.Run.Steps = nil
	r.At, r.Message, r.Line, r.Request, r.By = f.At, f.Message, f.Line, f.Request, f.By
	f.reports = append(f.reports, r)
}
