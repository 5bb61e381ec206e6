package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"frontdoor/internal/app"
	"frontdoor/internal/intents"
)

type matchCmd struct {
	catalogueFlag
	jsonFlag
	As     string   `help:"For this person, with their groups of the configuration." placeholder:"NAME"`
	Groups groups   `help:"For somebody in these groups, separated by commas; an empty value is none." placeholder:"a,b"`
	Text   []string `arg:"" optional:"" help:"The message. Without one, JSON lines are read from standard input."`
}

// matchAnswer is the answer of cli.md.
type matchAnswer struct {
	Text       string              `json:"text"`
	Decision   string              `json:"decision"`
	Playbook   *string             `json:"playbook"`
	Denied     bool                `json:"denied"`
	Confidence float64             `json:"confidence"`
	Inputs     map[string]any      `json:"inputs"`
	Candidates []intents.Candidate `json:"candidates"`
	Because    []string            `json:"because"`
}

// Run matches one message, or a batch.
func (c *matchCmd) Run(s streams, root *cli) error {
	if len(c.Text) == 0 && s.terminal {
		return usagef("match what? Write `bot match \"i need a certificate\"`")
	}
	cfg, err := root.load(s, c.catalogueFlag, corpusFlag{})
	if err != nil {
		return err
	}
	catalogue, problems := app.LoadCatalogue(cfg)
	if problems.Err() != nil {
		return app.Refused{What: "the playbooks", Found: problems.Errors()}
	}
	match, err := app.Matching(cfg, catalogue, c.As, c.Groups)
	if err != nil {
		return err
	}
	if len(c.Text) == 0 {
		return batch(s, "text", func(text string) (any, error) { return matched(text, match(text)), nil })
	}
	text := strings.Join(c.Text, " ")
	m := match(text)
	if c.JSON {
		p := newPrinter(s.out)
		if err := p.print(matched(text, m)); err != nil {
			return err
		}
		if err := p.flush(); err != nil {
			return err
		}
	} else if err := c.print(s, m); err != nil {
		return err
	}
	if m.Decision == intents.None {
		return errNo
	}
	return nil
}

func (c *matchCmd) print(s streams, m intents.Match) error {
	var b strings.Builder
	switch {
	case m.Decision == intents.None:
		b.WriteString("no playbook\n")
	case m.Denied:
		fmt.Fprintf(&b, "%s, which this person may not use (%.2f)\n", m.Playbook, m.Confidence)
	case m.Decision == intents.Clarify:
		fmt.Fprintf(&b, "unclear, perhaps %s (%.2f)\n", m.Playbook, m.Confidence)
	default:
		fmt.Fprintf(&b, "%s (%.2f)\n", m.Playbook, m.Confidence)
	}
	for _, k := range slices.Sorted(maps.Keys(m.Inputs)) {
		fmt.Fprintf(&b, "  %s = %v\n", k, m.Inputs[k])
	}
	for _, why := range m.Because {
		fmt.Fprintf(&b, "  %s\n", why)
	}
	_, err := fmt.Fprint(s.text(), b.String())
	return err
}

func matched(text string, m intents.Match) matchAnswer {
	out := matchAnswer{
		Text: text, Decision: m.Decision, Denied: m.Denied, Confidence: m.Confidence,
		Inputs: m.Inputs, Candidates: m.Candidates, Because: m.Because,
	}
	if m.Playbook != "" && m.Decision != intents.None {
		out.Playbook = &m.Playbook
	}
	if out.Inputs == nil {
		out.Inputs = map[string]any{}
	}
	if out.Candidates == nil {
		out.Candidates = []intents.Candidate{}
	}
	if out.Because == nil {
		out.Because = []string{}
	}
	return out
}
