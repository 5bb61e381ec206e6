package workflow

import (
	"context"
	"fmt"
	"maps"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/playbook"
	"frontdoor/internal/workflow/step"
)

// Outcome is what came of a rehearsal.
type Outcome struct {
	Run      Run      // its end, with its steps
	Approval []string // groups whose approval it needs, each once; it is taken as given
	Said     []string // what its message steps said
	Failed   string   // id of the step that failed; "" where none did
}

// rehearsal is when every rehearsal begins, so that it says the same each time.
var rehearsal = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

// maxRehearsed bounds the attempts of a rehearsal: a wait whose reply never
// changes would otherwise be as long as its timeout.
const maxRehearsed = 10_000

// Rehearse runs a playbook in memory, at once, with declared replies in place
// of effects and a clock that jumps to whatever is waited for. It decides as a
// real run does. A step without a declared reply succeeds with an empty one;
// a configuration value that is missing stands in as its own name, so that
// tests pass wherever they are run. The error is a *Refusal where the run
// would not be started.
func Rehearse(ctx context.Context, p *playbook.Playbook, inputs map[string]any, by chat.Person, replies map[string]playbook.TestReply, cfg Config) (Outcome, error) {
	if p == nil || p.Flow == nil {
		return Outcome{}, Refuse("that playbook does nothing: it is an answer")
	}
	config := map[string]string{}
	for _, name := range p.Needs().Config {
		config[name] = "https://" + name + ".invalid"
	}
	maps.Copy(config, cfg.Config)
	given := map[string]any{}
	for _, in := range p.Flow.Inputs {
		given[in.Name] = in.Default
		if v, ok := inputs[in.Name]; ok {
			given[in.Name] = v
		}
	}
	maps.Copy(given, inputs) // an unknown one is refused below
	r := &Runner{cfg: Config{Config: config}, opts: Options{WorkDir: "/run"}}
	f, err := r.draft(Request{ID: "r-rehearsed", Playbook: p, Inputs: given, By: by}, rehearsal)
	if err != nil {
		return Outcome{}, err
	}
	_, kinds := kinds(Config{}, "bot")
	out := Outcome{Approval: f.groups()}
	calls := map[string]int{} // by step: successive replies may be declared
	f.resume()
	for range maxRehearsed {
		if err := ctx.Err(); err != nil {
			return Outcome{}, err
		}
		if f.Over() {
			break
		}
		if f.due.After(f.now) {
			f.now = f.due
		}
		f.State, f.Waits = Running, ""
		for s := f.begin(); s != nil; s = f.begin() {
			reply, err := rehearse(kinds[s.Action.Kind()], f, s, replies[s.ID].Call(calls[s.ID]))
			calls[s.ID]++
			if err == nil {
				err = f.fits(s, reply)
			}
			f.finish(s, reply, err)
		}
	}
	if !f.Over() {
		return Outcome{}, refusef("%s is still waited for after %d attempts", code(f.Step), maxRehearsed)
	}
	for _, report := range f.reports {
		if report.Kind == ReportMessage {
			out.Said = append(out.Said, report.Text)
		}
	}
	out.Run = f.Run
	if f.State == Failed {
		out.Failed = f.Step
	}
	return out, nil
}

// rehearse is the declared reply as the step's kind would have given it.
func rehearse(kind step.Kind, f *flow, s *playbook.Step, declared playbook.TestReply) (map[string]any, error) {
	if kind == nil {
		return nil, &step.Failure{Sentence: "it does nothing that I know"}
	}
	call := f.call(s)
	if err := step.Ready(call); err != nil {
		return nil, err
	}
	switch {
	case declared.Timeout:
		return nil, context.DeadlineExceeded
	case declared.Error != "":
		return nil, &step.Failure{Sentence: declared.Error}
	}
	value := step.Normal(clone(declared.JSON))
	if h := s.Action.HTTP; h != nil {
		status := declared.Status
		if status == 0 {
			status = 200
			if len(h.Expect) > 0 {
				status = h.Expect[0]
			}
		}
		if !step.Expected(h, status) {
			return nil, &step.Failure{Sentence: fmt.Sprintf("it answered %d", status), Transient: status >= 500 || status == 429}
		}
		return step.HTTPReply(status, declared.Text, value), nil
	}
	if declared.Exit != 0 {
		return nil, step.CommandFailure(s.ID, declared.Exit, declared.Text)
	}
	reply := step.CommandReply(0, declared.Text, value)
	reply["dir"] = call.Dir
	return reply, nil
}

// clone copies a tree: what a run does to its reply must not reach the
// playbook.
func clone(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, item := range x {
			out[k] = clone(item)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = clone(item)
		}
		return out
	}
	return v
}
