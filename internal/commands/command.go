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
	Help      Verb = "help"
	Say       Verb = "ask"       // answer Args from the docs
	Use       Verb = "run"       // go on with Playbook, inputs from Args
	Status    Verb = "status"    // of Run, or of the person's runs
	Yes       Verb = "yes"       // confirm what is pending
	No        Verb = "no"        // drop what is pending
	Cancel    Verb = "cancel"    // Run
	Retry     Verb = "retry"     // Run
	Undo      Verb = "undo"      // Run
	Approve   Verb = "approve"   // Run
	Deny      Verb = "deny"      // Run, the reason in Args
	Helpful   Verb = "helpful"   // the last answer was
	Unhelpful Verb = "unhelpful" // the last answer was not
	Solved    Verb = "solved"    // the request is over
	Escalate  Verb = "escalate"  // a human, please
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

// word is one built-in command: what people may type, and what it takes.
type word struct {
	verb  Verb
	says  []string // lower case; the first is the one that help shows
	run   needs
	args  needs
	about string // a line for help; "" is not listed
}

type needs int

const (
	no needs = iota
	may
	must
)

// words in the order that help shows them. A phrase only counts as the whole
// message, or before what it takes: "cancel" is a command, "cancel my order"
// is talk.
var words = []word{
	{Help, []string{"help", "commands", "menu", "what can you do", "what can you do?", "?"}, no, may, "what I can do for you; `help WORD` searches"},
	{Say, []string{"ask"}, no, must, "`ask QUESTION`: an answer from the docs"},
	{Use, []string{"run"}, no, must, "`run PLAYBOOK input=value …`: start a workflow"},
	{Status, []string{"status", "runs", "my runs", "list runs"}, may, no, "`status` or `status RUN`: how runs are doing"},
	{Cancel, []string{"cancel"}, must, no, "`cancel RUN`: stop a run"},
	{Retry, []string{"retry"}, must, no, "`retry RUN`: try a failed run again"},
	{Undo, []string{"undo"}, must, no, "`undo RUN`: take back what a run did"},
	{Approve, []string{"approve"}, must, no, ""},
	{Deny, []string{"deny", "reject"}, must, may, ""},
	{Yes, []string{"yes", "y", "yep", "yeah", "yes please", "ok do it", "do it", "go ahead", "confirm", "go", "ok", "okay", "sure", "lgtm", "ship it"}, no, no, ""},
	{No, []string{"no", "n", "nope", "never mind", "nevermind", "nvm", "cancel", "cancel that", "stop", "forget it", "abort", "no thanks"}, no, no, "`never mind`: drop what we were doing"},
	{Helpful, []string{"helpful", "that helped", "👍"}, no, no, ""},
	{Unhelpful, []string{"not helpful", "unhelpful", "that didn't help", "that did not help", "wrong answer", "👎"}, no, no, ""},
	{Solved, []string{"solved", "that solved it", "problem solved", "fixed it", "✅"}, no, no, "`solved`: tell me that it worked"},
	{Escalate, []string{"escalate", "human", "human please", "human pls", "a human please", "i need a human", "talk to a human", "get me a human", "i need help from a human", "i want to talk to a human", "can i talk to a human", "🆘"}, no, no, "`human`: bring in the people behind the platform"},
	{Why, []string{"why", "why?", "explain", "why did you say that", "why did you say that?"}, no, no, "`why`: how I came to my last reply"},
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
	return Command{}, false
}

// take fills the command with what stands behind the word, or says that the
// word was only the beginning of a sentence.
func (w word) take(args string, set *playbook.Set) (Command, bool) {
	c := Command{Verb: w.verb}
	first, rest, _ := strings.Cut(args, " ")
	if w.run != no {
		if IsRun(first) {
			c.Run, args = strings.ToLower(first), strings.TrimSpace(rest)
		} else if w.run == must {
			return c, false
		}
	}
	switch {
	case w.args == no && args != "", w.args == must && args == "":
		return c, false
	case w.verb == Help && (strings.Count(args, " ") > 1 || args == "me" || args == "us" || args == "please"):
		if args == "me" || args == "us" || args == "please" {
			return c, true // nothing in particular
		}
		return c, false // "help my deploy is stuck" is a question, "help deploys" a search
	case w.verb == Use:
		first, rest, _ = strings.Cut(args, " ")
		if IsRun(first) {
			return c, false
		}
		if set == nil || set.ByID(first) == nil {
			return c, false
		}
		c.Playbook, args = first, strings.TrimSpace(rest)
	}
	c.Args = args
	return c, true
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
		best, length, args = p.ID, len(p.Match.Command), strings.TrimSpace(text[len(text)-len(rest):])
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
	if !ok || rest != "" && rest[0] != ' ' {
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
