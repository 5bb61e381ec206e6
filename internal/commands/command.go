// Package commands turns explicit words and clicks into commands. What is said
// freely is not its business: Parse answers false and intents takes over.
package commands

import (
	"strings"
	"unicode"

	"frontdoor/internal/playbook"
)

// Verb is what a command does.
type Verb string

// The verbs. Use, with a playbook, is also what a playbook's own command does.
const (
	Help      Verb = "help"      // of Args, or of everything
	Say       Verb = "ask"       // answer Args from the docs; none asks for the question
	Use       Verb = "run"       // go on with Playbook, inputs from Args; without one, Args was to be one
	Status    Verb = "status"    // of Run, or of the person's runs
	Yes       Verb = "yes"       // confirm what is pending
	No        Verb = "no"        // drop what is pending
	Cancel    Verb = "cancel"    // Run, or the one that it can mean
	Retry     Verb = "retry"     // likewise
	Undo      Verb = "undo"      // likewise
	Approve   Verb = "approve"   // likewise
	Deny      Verb = "deny"      // likewise, the reason in Args
	Helpful   Verb = "helpful"   // the last answer was, Args says more
	Unhelpful Verb = "unhelpful" // the last answer was not, Args says why
	Feedback  Verb = "feedback"  // Args is neither of the two; none asks which
	Solved    Verb = "solved"    // the request is over
	Escalate  Verb = "escalate"  // a human, please; Args says what for
	Why       Verb = "why"       // explain the last decision
	Choose    Verb = "choose"    // Playbook, of the ones offered
)

// Command is one explicit wish.
type Command struct {
	Verb     Verb
	Playbook string // id, of Use and Choose
	Run      string // id
	Request  string // id of the demand request that a click is about
	Token    string // of the pending question that a click answers
	Args     string // the words behind it
}

// Parse reads the text as a command: a built-in one, or a playbook's own.
func Parse(text string, set *playbook.Set) (Command, bool) {
	text = clean(text)
	lower := lowerASCII(text)
	if c, ok := ownCommand(text, lower, set); ok {
		return c, true
	}
	for _, w := range words {
		for _, s := range w.says {
			rest, ok := after(lower, s)
			if !ok {
				continue
			}
			args := strings.TrimSpace(text[len(text)-len(rest):])
			if c, ok := w.take(args, set); ok {
				return c, true
			}
		}
	}
	plain := spelled(strings.TrimRight(lower, "?!. "))
	if verb, ok := opinion(plain); ok {
		return Command{Verb: verb}, true
	}
	switch {
	case len(plain) > 60:
	case plain == "status" || plain == "my runs":
		return Command{Verb: Status}, true
	case asksForHelp.MatchString(plain):
		return Command{Verb: Help}, true
	case asksForReasons.MatchString(plain):
		return Command{Verb: Why}, true
	case asksForHuman.MatchString(plain):
		return Command{Verb: Escalate}, true
	}
	return Command{}, false
}

// opinion reads what somebody thinks of what they got, politely: with thanks in
// front or behind, a "no" or a "sorry", and apostrophes left out.
func opinion(plain string) (Verb, bool) {
	if len(plain) > 60 {
		return "", false
	}
	bare := unquote.Replace(politely.ReplaceAllString(plain, ""))
	bare = strings.Trim(thanksBehind.ReplaceAllString(bare, ""), ",.! ")
	for _, w := range words {
		if w.verb != Helpful && w.verb != Unhelpful && w.verb != Solved {
			continue
		}
		for _, s := range w.says {
			if bare == unquote.Replace(s) {
				return w.verb, true
			}
		}
	}
	return "", false
}

// spelled is text in lower case with the words written out that thumbs cut short.
func spelled(text string) string {
	out := strings.Fields(text)
	for i, w := range out {
		switch w {
		case "u", "ya":
			out[i] = "you"
		case "ur":
			out[i] = "your"
		case "r":
			out[i] = "are"
		case "y", "wy":
			if len(out) > 1 {
				out[i] = "why"
			}
		}
	}
	return strings.Join(out, " ")
}

// take fills the command with what stands behind the word, or says that the
// word was only the beginning of a sentence.
func (w word) take(args string, set *playbook.Set) (Command, bool) {
	c := Command{Verb: w.verb}
	if w.run != no {
		first, rest, _ := strings.Cut(args, " ")
		if id := strings.TrimRight(first, ":,;"); IsRun(id) {
			c.Run, args = strings.ToLower(id), strings.TrimSpace(rest)
		} else if w.run == may && meansIt(args) {
			args = ""
		}
	}
	if w.verb == Help || w.verb == Say || w.verb == Use {
		args = strings.TrimLeft(args, ":, ")
	}
	switch w.verb {
	case Help:
		var ok bool
		if c.Args, ok = searched(args); !ok && names(set, args) {
			c.Args, ok = args, true
		}
		return c, ok
	case Use:
		return runs(args, set)
	case Deny, Cancel:
		if c.Run == "" && args != "" {
			var ok bool
			c.Args, ok = reason(args)
			return c, ok
		}
		c.Args = strings.TrimLeft(args, ":,- ")
		return c, true
	case Helpful, Unhelpful, Escalate:
		if args == "" {
			return c, true
		}
		if lower := lowerASCII(args); w.verb == Escalate && (strings.HasPrefix(lower, "to ") || strings.HasPrefix(lower, "about ")) {
			c.Args = args
			return c, true
		}
		var ok bool
		c.Args, ok = reason(args)
		return c, ok
	case Feedback:
		return judged(args)
	}
	if w.args == no && args != "" || w.args == must && args == "" {
		return c, false
	}
	c.Args = args
	return c, true
}

// meansIt tells whether the words stand for the one thing at hand: "cancel it".
func meansIt(args string) bool {
	switch lowerASCII(args) {
	case "it", "that", "this", "them", "please", "it please", "the run", "that run", "this run", "my run", "the last one", "the last run", "my last run", "the request", "that request", "now", "again", "it again":
		return true
	}
	return false
}

// reason reads why, behind a word that can also begin a sentence: "because it
// is too big", ": too big". Other words are no reason: "deny access to bob".
func reason(args string) (string, bool) {
	lower := lowerASCII(args)
	for _, s := range []string{":", ",", "-", "–", "because", "since", "as it", "it was", "it is", "it's", "that was", "this was", "was "} {
		if rest, ok := strings.CutPrefix(lower, s); ok {
			if s == "as it" || strings.HasPrefix(s, "it") || strings.HasPrefix(s, "th") || s == "was " {
				return args, true
			}
			return strings.TrimLeft(args[len(args)-len(rest):], ":,- "), true
		}
	}
	return "", meansIt(args)
}

// names tells whether the words are a playbook's id, command or title.
func names(set *playbook.Set, args string) bool {
	if set == nil {
		return false
	}
	for _, p := range set.Playbooks {
		for _, name := range []string{p.ID, p.Match.Command, p.Title} {
			if name != "" && strings.EqualFold(args, name) {
				return true
			}
		}
	}
	return false
}

// judged reads what stands behind "feedback".
func judged(args string) (Command, bool) {
	args = strings.TrimLeft(args, ":, ")
	lower := lowerASCII(args)
	for _, w := range words {
		if w.verb != Helpful && w.verb != Unhelpful && w.verb != Solved {
			continue
		}
		for _, s := range w.says {
			if rest, ok := after(strings.Replace(strings.Replace(lower, ",", " ", 1), ":", " ", 1), s); ok {
				return Command{Verb: w.verb, Args: strings.TrimLeft(args[len(args)-len(rest):], ":,- ")}, true
			}
		}
	}
	switch first, rest, _ := strings.Cut(args, " "); strings.Trim(lowerASCII(first), ":,") {
	case "yes", "good", "great", "positive", "useful", "+1", "up", "👍":
		return Command{Verb: Helpful, Args: rest}, true
	case "no", "bad", "negative", "useless", "wrong", "outdated", "-1", "down", "👎":
		return Command{Verb: Unhelpful, Args: rest}, true
	}
	return Command{Verb: Feedback, Args: args}, true
}

// searched is what help is wanted about. "help my deploy is stuck" is a
// request, "help with deploys" a search.
func searched(args string) (string, bool) {
	lower := lowerASCII(strings.TrimRight(args, "?!. "))
	switch lower {
	case "", "me", "us", "please", "me please", "pls", "plz":
		return "", true
	}
	found := strings.Fields(strings.TrimRight(args, "?!. "))
	if len(found) > 1 {
		switch lowerASCII(found[0]) {
		case "with", "about", "on", "for", "topic", "search":
			found = found[1:]
		}
	}
	if len(found) > 4 {
		return "", false
	}
	for _, f := range found {
		if sentences[lowerASCII(f)] {
			return "", false
		}
	}
	return strings.Join(found, " "), true
}

// runs reads what stands behind "run": a playbook by id, command or title. What
// has the shape of one and is none comes back without a playbook: nothing that
// begins so is a question. "run the tests again" is talk.
func runs(args string, set *playbook.Set) (Command, bool) {
	first, rest, _ := strings.Cut(args, " ")
	if IsRun(first) || set == nil {
		return Command{}, false
	}
	lower := lowerASCII(args)
	best, length := Command{}, 0
	for _, p := range set.Playbooks {
		for _, name := range []string{p.ID, p.Match.Command, p.Title} {
			name = lowerASCII(name)
			if tail, ok := after(lower, name); ok && len(name) > length {
				best, length = Command{Verb: Use, Playbook: p.ID, Args: strings.TrimSpace(args[len(args)-len(tail):])}, len(name)
			}
		}
	}
	if length > 0 {
		return best, true
	}
	if rest == "" || strings.ContainsAny(first, "-_") || strings.ContainsAny(rest, "=") || strings.Contains(rest, "--") {
		return Command{Verb: Use, Args: args}, true
	}
	return Command{}, false
}

// ownCommand finds the playbook whose command the text begins with; the
// longest wins.
func ownCommand(text, lower string, set *playbook.Set) (Command, bool) {
	if set == nil {
		return Command{}, false
	}
	best, length, args := "", 0, ""
	for _, p := range set.Playbooks {
		if len(p.Match.Command) <= length {
			continue
		}
		rest, ok := after(lower, lowerASCII(p.Match.Command))
		if !ok {
			continue
		}
		best, length, args = p.ID, len(p.Match.Command), strings.TrimLeft(text[len(text)-len(rest):], ":, ")
	}
	return Command{Verb: Use, Playbook: best, Args: args}, best != ""
}

// lowerASCII keeps every byte's place, which strings.ToLower does not: what
// follows a phrase is cut out of the original text by its length.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// after cuts the phrase off the front of the text, at a word's end.
func after(text, phrase string) (string, bool) {
	rest, ok := strings.CutPrefix(text, phrase)
	if !ok || phrase == "" || rest != "" && rest[0] != ' ' && rest[0] != ':' && rest[0] != ',' {
		return "", false
	}
	return rest, true
}

// clean drops the decoration that people put around a command: a slash, white
// space, and the full stop or exclamation mark of "yes!".
func clean(text string) string {
	text = strings.Join(strings.FieldsFunc(text, unicode.IsSpace), " ")
	text = strings.TrimPrefix(text, "/platform ")
	text = strings.TrimPrefix(text, "/")
	if len(text) < 40 {
		text = strings.TrimRight(text, ".!")
	}
	return strings.TrimSpace(text)
}

// IsRun tells whether the word has the shape of a run's id, such as r-7k3mq2.
func IsRun(s string) bool {
	rest, ok := strings.CutPrefix(strings.ToLower(s), "r-")
	if !ok || len(rest) < 4 || len(rest) > 24 {
		return false
	}
	return !strings.ContainsFunc(rest, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' })
}
