package playbook

import (
	"fmt"
	"strings"
)

// Source is the file of a complete sketch: a playbook that can be used, with
// comments that say what to write next. schema is the address of a JSON Schema
// beside it for editors, "" for none.
func (s *Sketch) Source(schema string) []byte {
	w := &writer{}
	if schema != "" {
		w.linef("# yaml-language-server: $schema=%s", schema)
	}
	w.linef("id: %s", scalar(s.ID))
	w.linef("title: %s", scalar(s.Title))
	w.linef("summary: %s", scalar(s.Summary))
	w.linef("owner: %s # the team that answers for it", scalar(s.Owner))
	w.tags(s)
	w.linef("")
	w.linef("product: # what problem, for whom, and how we will know")
	w.linef("  problem: %s", scalar(s.Problem))
	w.linef("  audience: %s", scalar(s.Audience))
	w.linef("  # targets: {people_per_quarter: 20, satisfaction: 0.9, time_to_value: 15m}")
	w.linef("")
	w.linef("match:")
	if s.Command != "" {
		w.linef("  command: %s", scalar(s.Command))
	}
	w.linef("  examples: # what people really write; five or more find it well")
	for _, x := range s.Examples {
		w.linef("    - %s", scalar(x))
	}
	w.linef("  # not: [a near miss that must not come here]")
	w.linef("")
	w.linef("access: {groups: %s} # '*' is everybody", scalars(s.Groups))
	w.linef("")
	if s.Kind == "answer" {
		w.answer(s)
	} else {
		w.workflow(s)
	}
	w.tests(s)
	return []byte(w.b.String())
}

// writer puts lines together.
type writer struct{ b strings.Builder }

func (w *writer) linef(format string, args ...any) {
	fmt.Fprintf(&w.b, format, args...)
	w.b.WriteByte('\n')
}

func (w *writer) tags(s *Sketch) {
	switch {
	case s.Topic != "" && s.Action != "":
		w.linef("tags: {topic: %s, action: %s}", scalar(s.Topic), scalar(s.Action))
	case s.Topic != "":
		w.linef("tags: {topic: %s}", scalar(s.Topic))
	}
}

func (w *writer) answer(s *Sketch) {
	w.linef("answer:")
	if s.Text != "" {
		w.linef("  text: |")
		for row := range strings.Lines(strings.TrimSpace(s.Text)) {
			if row = line(row); row == "" {
				w.linef("")
				continue
			}
			w.linef("    %s", row)
		}
	}
	if len(s.Docs) > 0 {
		w.linef("  docs: %s # the pages to answer from", scalars(s.Docs))
	}
	w.linef("  # offer: [the-id-of-a-workflow]")
}

func (w *writer) workflow(s *Sketch) {
	w.linef("workflow:")
	if len(s.Order) > 0 {
		w.linef("  inputs: # what isn't in the message is asked for")
	}
	for _, name := range s.Order {
		kind, options := s.input(name)
		if len(options) > 0 {
			w.linef("    %s: {type: choice, options: %s}", name, scalars(options))
		} else {
			w.linef("    %s: {type: %s}", name, kind)
		}
	}
	w.linef("  # approval: [{when: inputs.NAME == \"VALUE\", groups: [approvers]}]")
	w.linef("  steps: # of the kinds http, command, message and sleep")
	w.linef("    # - id: call")
	w.linef("    #   http: {method: POST, url: '${config.api}/things', json: {}, auth: {bearer: api_token}}")
	w.linef("    #   undo: {http: {method: DELETE, url: '${config.api}/things'}}")
	w.linef("    - id: tell")
	w.linef("      message: %s", scalar(s.told("${inputs.%s}")))
	w.linef("  result:")
	w.linef("    text: %s", scalar(s.result("${inputs.%s}")))
}

// result is what a run says at the end; value is how an input stands in it.
func (s *Sketch) result(value string) string { return "Done: " + s.told(value) }

// told is the title with the inputs behind it.
func (s *Sketch) told(value string) string {
	title := strings.TrimRight(s.Title, ".!?")
	if len(s.Order) == 0 {
		return title + "."
	}
	inputs := make([]string, len(s.Order))
	for i, name := range s.Order {
		inputs[i] = name + " " + fmt.Sprintf(value, name)
	}
	return title + " (" + strings.Join(inputs, ", ") + ")."
}

// Said is the example as somebody says it, with values in its slots.
func (s *Sketch) Said(example string) string {
	return slot.ReplaceAllStringFunc(example, func(m string) string {
		return sample(s.input(slot.FindStringSubmatch(m)[1]))
	})
}

func (w *writer) tests(s *Sketch) {
	w.linef("")
	w.linef("tests: # bot playbooks test")
	for _, x := range s.Examples[:min(len(s.Examples), 3)] {
		w.linef("  - say: %s", scalar(s.Said(x)))
		w.linef("    expect: {playbook: %s}", scalar(s.ID))
	}
	if s.Kind == "answer" {
		return
	}
	var given []string
	for _, name := range s.Order {
		kind, options := s.input(name)
		value := sample(kind, options)
		if k := InputType(kind); k == String || k == Text || k == Choice || k == Date || k == Someone {
			value = scalar(value)
		}
		given = append(given, name+": "+value)
	}
	result := s.result("\x00%s\x00")
	for _, name := range s.Order {
		result = strings.ReplaceAll(result, "\x00"+name+"\x00", sample(s.input(name)))
	}
	w.linef("  - run: {%s}", strings.Join(given, ", "))
	if s.Groups[0] != "*" {
		w.linef("    as: {groups: %s}", scalars(s.Groups))
	}
	w.linef("    expect: {result: %s}", scalar(result))
}
