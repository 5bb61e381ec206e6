package bench

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"frontdoor/internal/playbook"
)

// Material is what the people of a bench say: each entry one exchange, message
// by message.
type Material map[Kind][][]string

// Gather takes the material from a catalogue and the names of its pages.
//
//   - commands: help, status, and the catalogue's answers by their commands;
//   - questions: what the answers give as examples, and one about each page;
//   - workflows: those whose tests say which inputs are good. Each is shown and
//     dropped, or, with confirm, started; those that need an approval are left
//     out, since nobody here decides;
//   - chatter: talk that asks for nothing.
//
// A kind that the catalogue has nothing for falls back on chatter.
func Gather(set *playbook.Set, pages []string, confirm bool) Material {
	m := Material{
		Commands: {{"help"}, {"status"}, {"what can you do"}, {"why"}},
		Chatter: {
			{"thanks!"},
			{"+1"},
			{"lol"},
			{"good morning"},
			{"ok cool"},
			{"sounds good"},
			{"👍"},
			{"hi"},
			{"brb lunch"},
			{"the meeting moved to three"},
			{"did you see the game last night"},
			{"who has the slides"},
		},
	}
	for _, p := range set.Playbooks {
		if p.Answer != nil {
			if p.Match.Command != "" {
				m[Commands] = append(m[Commands], []string{p.Match.Command}, []string{"help " + strings.Fields(p.Match.Command)[0]})
			}
			for _, x := range p.Match.Examples {
				if !strings.Contains(x, "{") {
					m[Questions] = append(m[Questions], []string{x})
				}
			}
			continue
		}
		if len(p.Flow.Approval) > 0 {
			continue
		}
		for _, t := range p.Tests {
			if t.Run == nil {
				continue
			}
			last := "never mind"
			if confirm {
				last = "yes"
			}
			m[Workflows] = append(m[Workflows], []string{"run " + p.ID + given(t.Run), last})
		}
	}
	for _, page := range pages {
		name := strings.TrimSuffix(path.Base(page), path.Ext(page))
		m[Questions] = append(m[Questions], []string{"how do I use " + strings.NewReplacer("-", " ", "_", " ").Replace(name) + "?"})
	}
	return m
}

// given writes inputs as somebody types them, in the order of their names.
func given(inputs map[string]any) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		fmt.Fprintf(&b, " %s=%v", name, inputs[name])
	}
	return b.String()
}

// of is the exchanges of a kind, or of chatter where there are none.
func (m Material) of(k Kind) (Kind, [][]string) {
	if len(m[k]) > 0 {
		return k, m[k]
	}
	return Chatter, m[Chatter]
}
