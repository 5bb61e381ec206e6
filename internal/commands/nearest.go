package commands

import (
	"sort"
	"strings"

	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
)

// Lines are the built-in commands for help, one Markdown line each.
func Lines() []string {
	var out []string
	for _, w := range words {
		if w.about == "" {
			continue
		}
		if strings.HasPrefix(w.about, "`") {
			out = append(out, w.about)
			continue
		}
		out = append(out, "`"+w.says[0]+"`: "+w.about)
	}
	return out
}

// Nearest returns up to limit commands, built-in ones and playbooks' own, that
// a typist may have meant, the closest first; ties keep the catalogue's order.
// A distance of more than a third of the letters is too far.
func Nearest(text string, set *playbook.Set, limit int) []string {
	type near struct {
		command  string
		distance int
	}
	var found []near
	try := func(command string) {
		typed := firstWords(clean(strings.ToLower(text)), strings.Count(command, " ")+1)
		d := problem.Distance(typed, command)
		if d > 0 && 3*d <= max(len(typed), len(command)) {
			found = append(found, near{command, d})
		}
	}
	if set != nil {
		for _, p := range set.Playbooks {
			if p.Match.Command != "" {
				try(p.Match.Command)
			}
		}
	}
	for _, w := range words {
		if w.about != "" {
			try(w.says[0])
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].distance < found[j].distance })
	var out []string
	for _, n := range found[:min(limit, len(found))] {
		out = append(out, n.command)
	}
	return out
}

// Corrected reads the text as a playbook's command with a slip in it, at most
// one wrong letter in five: `db craete orders`. The nearest wins, then the
// earlier in the catalogue.
func Corrected(text string, set *playbook.Set) (Command, string, bool) {
	text = clean(text)
	best, shortest, args := (*playbook.Playbook)(nil), 1<<30, ""
	for _, p := range set.Playbooks {
		command := p.Match.Command
		n := strings.Count(command, " ") + 1
		typed := firstWords(strings.ToLower(text), n)
		if command == "" || strings.Count(typed, " ")+1 != n {
			continue
		}
		d := problem.Distance(typed, command)
		if d > 0 && 5*d <= len(command) && d < shortest {
			best, shortest, args = p, d, strings.Join(strings.Fields(text)[n:], " ")
		}
	}
	if best == nil {
		return Command{}, "", false
	}
	return Command{Verb: Use, Playbook: best.ID, Args: args}, best.Match.Command, true
}

// CorrectedWord reads a message that is a built-in command with one wrong
// letter: `stauts`, `cancle r-7k3mq2ab`. Words of four letters and less are too
// near to others.
func CorrectedWord(text string) (Command, bool) {
	text = clean(text)
	first, rest, _ := strings.Cut(text, " ")
	typed := lowerASCII(first)
	if len(typed) < 4 || strings.ContainsFunc(typed, func(r rune) bool { return r < 'a' || r > 'z' }) || rest != "" && !IsRun(rest) {
		return Command{}, false
	}
	for _, w := range words {
		for _, s := range w.says {
			if len(s) < 4 || strings.Contains(s, " ") || problem.Distance(typed, s) != 1 {
				continue
			}
			if c, ok := w.take(strings.TrimSpace(rest), nil); ok {
				return c, true
			}
		}
	}
	return Command{}, false
}

func firstWords(text string, n int) string {
	f := strings.Fields(text)
	return strings.Join(f[:min(n, len(f))], " ")
}
