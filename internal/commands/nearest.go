package commands

import (
	"slices"
	"sort"
	"strings"

	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
)

// Lines are the built-in commands for help, one Markdown line each.
func Lines() []string {
	var out []string
	for _, w := range words {
		if w.about != "" {
			out = append(out, w.line())
		}
	}
	return out
}

func (w word) line() string {
	if strings.HasPrefix(w.about, "`") {
		return w.about
	}
	return "`" + w.says[0] + "`: " + w.about
}

// Line returns the line of help on the built-in command that goes by this word,
// such as that of approve and deny for "reject"; "" where there is none.
func Line(typed string) string {
	typed = lowerASCII(clean(typed))
	for _, w := range words {
		if !slices.Contains(w.says, typed) {
			continue
		}
		if w.about != "" {
			return w.line()
		}
		for _, other := range words { // deny stands in the line of approve
			if other.about != "" && strings.Contains(other.about, "`"+w.says[0]) {
				return other.line()
			}
		}
	}
	return ""
}

// Near is a command that a typist may have meant.
type Near struct {
	Says    string // what to type
	Command Command
}

// Nearest returns up to limit commands, built-in ones and playbooks' own, that
// a typist may have meant, the closest first; ties keep the catalogue's order.
// A distance of more than a third of the letters is too far. Only playbooks
// that may allows are offered; nil allows all.
func Nearest(text string, set *playbook.Set, may func(*playbook.Playbook) bool, limit int) []Near {
	type near struct {
		Near
		distance int
	}
	typed := clean(strings.ToLower(clip(text, longestCommand)))
	var found []near
	try := func(says string, c Command) {
		first := firstWords(typed, strings.Count(says, " ")+1)
		d := problem.Distance(first, says)
		if d > 0 && 3*d <= max(len(first), len(says)) {
			found = append(found, near{Near{says, c}, d})
		}
	}
	if set != nil {
		for _, p := range set.Playbooks {
			if p.Match.Command != "" && (may == nil || may(p)) {
				try(p.Match.Command, Command{Verb: Use, Playbook: p.ID})
			}
		}
	}
	for _, w := range words {
		if w.about != "" {
			try(w.says[0], Command{Verb: w.verb})
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].distance < found[j].distance })
	var out []Near
	for _, n := range found[:min(limit, len(found))] {
		out = append(out, n.Near)
	}
	return out
}

// NearestPlaybooks returns up to limit playbooks that may allows and that a
// typist may have meant by typed: an id, a command or a title with slips in it,
// or a word of one. The nearest come first, ties in the catalogue's order.
func NearestPlaybooks(typed string, set *playbook.Set, may func(*playbook.Playbook) bool, limit int) []*playbook.Playbook {
	typed = nameKey(clip(typed, longestCommand))
	type near struct {
		playbook *playbook.Playbook
		distance int // in hundredths of the letters
	}
	var found []near
	for _, p := range set.Playbooks {
		if typed == "" || may != nil && !may(p) {
			continue
		}
		best := 101
		for _, name := range []string{p.ID, p.Match.Command, p.Title} {
			for _, part := range append([]string{name}, strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == ' ' })...) {
				part = nameKey(part)
				if len(part) < 2 {
					continue
				}
				d := 100 * problem.Distance(typed, part) / max(len(typed), len(part))
				if len(typed) >= 3 && (strings.HasPrefix(part, typed) || strings.HasPrefix(typed, part) && len(part) >= 4 && 2*len(part) >= len(typed)) {
					d = min(d, 25)
				}
				if part != nameKey(name) {
					d += 10 // a word of it is less than all of it
				}
				best = min(best, d)
			}
		}
		if best <= 43 {
			found = append(found, near{p, best})
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].distance < found[j].distance })
	var out []*playbook.Playbook
	for _, n := range found[:min(limit, len(found))] {
		out = append(out, n.playbook)
	}
	return out
}

// longestCommand is how many bytes of a message are compared with commands.
const longestCommand = 200

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}

// Corrected reads the text as a playbook's command with a slip in it, at most
// one wrong letter in five: `db craete orders`. The nearest wins, then the
// earlier in the catalogue.
func Corrected(text string, set *playbook.Set) (Command, string, bool) {
	text = clean(text)
	if len(text) > 4*longestCommand {
		return Command{}, "", false // a text, not a command
	}
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
			if c, ok := w.take(strings.TrimSpace(rest), nil); ok && w.verb != Use {
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
