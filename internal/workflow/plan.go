package workflow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"frontdoor/internal/expression"
	"frontdoor/internal/playbook"
)

// plan is the preview of a run.
func (r *Runner) plan(f *flow) Preview {
	p := Preview{Lock: f.Lock, Approval: words(f.Needs)}
	missing := func(why string) {
		if !slices.Contains(p.Missing, why) {
			p.Missing = append(p.Missing, why)
		}
	}
	absent := func(names []string) {
		for _, name := range names {
			if f.config[name] == "" {
				missing(fmt.Sprintf("the configuration has no workflows.config.%s", name))
			}
		}
	}
	if f.Undoes == "" {
		absent(f.resultConfig())
	}
	env := f.env()
	for i := range f.steps {
		s := &f.steps[i]
		// Nothing in place of a value would decide otherwise than the value.
		absent(expression.NamesOf(string(s.If)).Config)
		perhaps := ""
		if s.If != "" {
			ok, err := expression.Holds(string(s.If), env)
			if err == nil && !ok {
				continue
			}
			if err != nil {
				perhaps = "perhaps " // it depends on what an earlier step replies
			}
		}
		absent(configOf(s))
		line := r.line(f, s, missing)
		if s.Title != "" {
			line = s.Title + ": " + line
		}
		p.Steps = append(p.Steps, perhaps+line)
	}
	return p
}

func (r *Runner) line(f *flow, s *playbook.Step, missing func(string)) string {
	switch a := s.Action; {
	case a.Message != nil:
		text, err := expression.ExpandString(string(a.Message.Text), f.env(), nil)
		if err != nil {
			return "say here how it goes on" // the words depend on an earlier step's reply
		}
		return "say here: “" + text + "”"
	case a.Sleep != nil:
		return "wait for " + span(a.Sleep.For)
	}
	kind := r.kinds[s.Action.Kind()]
	if kind == nil {
		missing(fmt.Sprintf("the step %s does nothing that I know", s.ID))
		return s.ID
	}
	plan := kind.Plan(f.call(s))
	for _, m := range plan.Missing {
		missing(m)
	}
	if s.Until != "" {
		plan.Line += fmt.Sprintf(", every %s until it is as wanted", span(s.Every))
	}
	return plan.Line
}

// resultConfig names the configuration values that the result uses: what can't
// be told at the end is better not begun.
func (f *flow) resultConfig() []string {
	names := expression.NamesOfTemplate(string(f.book.Flow.Result.Text))
	for _, l := range f.book.Flow.Result.Links {
		names.Add(expression.NamesOfTemplate(string(l.URL)))
	}
	return names.Config
}

// configOf names the configuration values that a step's action and its wait use.
func configOf(s *playbook.Step) []string {
	var names expression.Names
	add := func(tpl playbook.Template) { names.Add(expression.NamesOfTemplate(string(tpl))) }
	if h := s.Action.HTTP; h != nil {
		add(h.URL)
		add(h.Body)
		for _, t := range h.Query {
			add(t)
		}
		for _, t := range h.Headers {
			add(t)
		}
		tree(h.JSON, add)
	}
	if c := s.Action.Command; c != nil {
		add(c.Dir)
		add(c.Stdin)
		for _, t := range c.Argv {
			add(t)
		}
		for _, t := range c.Env {
			add(t)
		}
	}
	if m := s.Action.Message; m != nil {
		add(m.Text)
	}
	names.Add(expression.NamesOf(string(s.Until)))
	slices.Sort(names.Config)
	return names.Config
}

func tree(v any, add func(playbook.Template)) {
	switch x := v.(type) {
	case string:
		add(playbook.Template(x))
	case map[string]any:
		for _, item := range x {
			tree(item, add)
		}
	case []any:
		for _, item := range x {
			tree(item, add)
		}
	}
}

// span is a duration as a person writes it: 5m, not 5m0s.
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
