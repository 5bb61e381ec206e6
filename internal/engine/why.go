package engine

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"frontdoor/internal/chat"
	"frontdoor/internal/intents"
)

// decide keeps what was decided and why, for `why`: clauses in plain words.
func (t *turn) decide(what string, reasons ...string) {
	t.talk.Decided = what
	if len(reasons) > 0 {
		t.talk.Because = append([]string{}, reasons...)
	}
}

// why explains the last decision in plain words.
func (e *Engine) why(t *turn) {
	if t.talk.Decided == "" && len(t.talk.Because) == 0 {
		t.say(chat.Card{Text: "I haven't decided anything here yet."})
		return
	}
	var b strings.Builder
	if t.talk.Decided != "" {
		b.WriteString(sentence(t.talk.Decided))
	}
	switch {
	case len(t.talk.Because) == 1:
		b.WriteString(" " + sentence("because "+t.talk.Because[0]))
	case len(t.talk.Because) > 1:
		b.WriteString(" Because:\n")
		for _, reason := range t.talk.Because {
			b.WriteString("\n- " + sentence(reason))
		}
	}
	t.say(chat.Card{Text: strings.TrimSpace(b.String())})
	e.remind(t)
}

// measures are the matcher's own words for how near the next one was.
var measures = regexp.MustCompile(`^[01]\.\d+ against [01]\.\d+ for `)

// reasons are the matcher's, and what else was close.
func (t *turn) reasons(match intents.Match, chosen string) []string {
	var out []string
	hidden := func(reason string) bool { // it names what the person may not use
		return slices.ContainsFunc(match.Candidates, func(c intents.Candidate) bool {
			p := t.catalogue.Set.ByID(c.Playbook)
			return c.Playbook != chosen && p != nil && !t.offered(p) && strings.Contains(reason, p.ID)
		})
	}
	for _, r := range match.Because {
		if !measures.MatchString(r) && !hidden(r) {
			out = append(out, r)
		}
	}
	for _, c := range match.Candidates {
		p := t.catalogue.Set.ByID(c.Playbook)
		if c.Playbook == chosen || p == nil || c.Score < 0.05 || !t.offered(p) {
			continue
		}
		out = append(out, fmt.Sprintf("“%s” was next, at %s", p.Title, percent(c.Score)))
		break
	}
	return out
}

// percent is a probability as people say it; nothing is ever quite sure.
func percent(p float64) string {
	return fmt.Sprintf("%d %%", int(math.Round(100*min(max(p, 0.01), 0.99))))
}
