package playbook

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"frontdoor/internal/expression"
)

// Runner does for a test what the bot does for a person: with the real matcher
// and the real workflow, whose steps get declared replies and reach nothing.
type Runner interface {
	// Match says where a message goes.
	Match(ctx context.Context, say string, as TestPerson) (Matched, error)
	// Run runs the workflow of p, approvals granted, with the replies by step.
	// A reply that is missing is an empty one that succeeds.
	Run(ctx context.Context, p *Playbook, inputs map[string]any, as TestPerson, replies map[string]TestReply) (Ran, error)
}

// Matched is where a message went.
type Matched struct {
	Playbook string // "" is none; of a clarification the likeliest
	Denied   bool   // the person may not use it
	Inputs   map[string]any
}

// Ran is what came of a run.
type Ran struct {
	Approval []string          // groups that had to approve, in file order
	Denied   bool              // the person may not run it
	State    string            // how the run ended: succeeded or failed
	Result   string            // what was said at the end, with its links left out
	Links    map[string]string // of the result, by label
	Failed   string            // id of the step that failed; "" where none did
	Reason   string            // why it failed or was denied
}

// Outcome is the record of one test.
type Outcome struct {
	Playbook string `json:"playbook"`
	Test     int    `json:"test"` // counts from 1 in its file
	File     string `json:"file"`
	Line     int    `json:"line"`
	OK       bool   `json:"ok"`
	Message  string `json:"message"` // what was expected and what came instead; "" where ok
	Say      string `json:"-"`       // the message of a test that says one
}

// RunTests runs every test that the playbooks of s carry, in file order, and
// gives one outcome each. The error is of the context only.
func RunTests(ctx context.Context, s *Set, runner Runner) ([]Outcome, error) {
	var out []Outcome
	for _, p := range s.Playbooks {
		for i, t := range p.Tests {
			if err := ctx.Err(); err != nil {
				return out, fmt.Errorf("run the tests of %s: %w", p.ID, err)
			}
			o := Outcome{Playbook: p.ID, Test: i + 1, File: p.File, Line: items(p.root.Get("tests"))[i].Line, Say: t.Say}
			wrong := p.try(ctx, t, runner)
			o.OK, o.Message = len(wrong) == 0, strings.Join(wrong, "; ")
			out = append(out, o)
		}
	}
	return out, nil
}

// try runs one test and says what was wrong.
func (p *Playbook) try(ctx context.Context, t Test, runner Runner) []string {
	if t.Say != "" {
		got, err := runner.Match(ctx, t.Say, t.As)
		if err != nil {
			return []string{"the message couldn't be matched: " + err.Error()}
		}
		if t.Expect.Playbook == nil {
			t.Expect.Playbook = &p.ID
		}
		return t.Expect.compareMatch(got)
	}
	inputs, err := p.complete(t.Run)
	switch {
	case err != nil && t.Expect.Refused:
		return nil
	case err != nil:
		return []string{err.Error()}
	case t.Expect.Refused:
		return []string{"expected the inputs to be refused, and they are taken"}
	}
	if wrong := t.Expect.compareInputs(inputs); len(wrong) > 0 {
		return wrong
	}
	got, err := runner.Run(ctx, p, inputs, t.As, t.Replies)
	if err != nil {
		return []string{"the workflow couldn't be run: " + err.Error()}
	}
	return t.Expect.compareRun(got)
}

// complete adds the defaults to the inputs of a test.
func (p *Playbook) complete(given map[string]any) (map[string]any, error) {
	out := maps.Clone(given)
	for _, in := range p.Flow.Inputs {
		v, ok := given[in.Name]
		if !ok {
			v = in.Default
		}
		value, err := in.Accept(v)
		if err != nil {
			return nil, fmt.Errorf("the input %s %w", in.Name, err)
		}
		out[in.Name] = value
	}
	return out, nil
}

func (e TestExpect) compareMatch(got Matched) []string {
	var wrong []string
	if e.Playbook != nil && *e.Playbook != got.Playbook {
		wrong = append(wrong, fmt.Sprintf("expected playbook %s, got %s", orNone(*e.Playbook), orNone(got.Playbook)))
	}
	wrong = append(wrong, e.compareInputs(got.Inputs)...)
	return append(wrong, e.compareDenied(got.Denied, "")...)
}

func (e TestExpect) compareInputs(got map[string]any) []string {
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(e.Inputs)) {
		want, have := e.Inputs[name], got[name]
		if expression.Text(want) != expression.Text(have) {
			wrong = append(wrong, fmt.Sprintf("expected input %s = %s, got %s", name, shown(want), shown(have)))
		}
	}
	return wrong
}

func (e TestExpect) compareRun(got Ran) []string {
	wrong := e.compareDenied(got.Denied, got.Reason)
	if e.Failed != got.Failed && (e.State != "failed" || e.Failed != "") {
		wrong = append(wrong, fmt.Sprintf("expected %s, got %s", failing(e.Failed, ""), failing(got.Failed, got.Reason)))
	}
	if e.State != "" && e.State != got.State && e.Failed == "" {
		wrong = append(wrong, fmt.Sprintf("expected the run to be %s, got %s", e.State, orNone(got.State)))
	}
	if e.Approval != nil && !sameWords(e.Approval, got.Approval) {
		wrong = append(wrong, fmt.Sprintf("expected approval by %s, got %s", orNone(strings.Join(e.Approval, ", ")), orNone(strings.Join(got.Approval, ", "))))
	}
	if e.Result != "" && strings.TrimSpace(e.Result) != strings.TrimSpace(got.Result) {
		wrong = append(wrong, fmt.Sprintf("expected result %q, got %q", e.Result, got.Result))
	}
	for _, label := range slices.Sorted(maps.Keys(e.Links)) {
		if want, have := e.Links[label], got.Links[label]; want != have {
			wrong = append(wrong, fmt.Sprintf("expected link %s = %s, got %s", label, want, orNone(have)))
		}
	}
	return wrong
}

// compareDenied counts an unexpected denial as wrong, said or not: otherwise a
// test would pass because its person may do nothing.
func (e TestExpect) compareDenied(denied bool, reason string) []string {
	switch {
	case e.Denied && !denied:
		return []string{"expected a refusal, got none"}
	case denied && !e.Denied:
		if reason != "" {
			reason = ": " + reason
		}
		return []string{"expected access, got a refusal" + reason}
	}
	return nil
}

func failing(step, reason string) string {
	switch {
	case step == "":
		return "success"
	case reason == "":
		return "step " + step + " to fail"
	}
	return "step " + step + " failed: " + reason
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func shown(v any) string {
	if v == nil {
		return "nothing"
	}
	return expression.Text(v)
}

// sameWords compares two lists without their order.
func sameWords(a, b []string) bool {
	x, y := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(slices.Compact(x), slices.Compact(y))
}
