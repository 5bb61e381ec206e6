package chat

import (
	"fmt"
	"path"
	"strings"
	"time"

	"frontdoor/internal/problem"
)

// Answering says what the bot reacts to in a channel. A direct message is
// always spoken to the bot.
type Answering string

// From the most talkative to silence: any question, what mentions the bot,
// commands alone, nothing.
const (
	AnswerQuestions Answering = "questions"
	AnswerMentions  Answering = "mentions"
	AnswerCommands  Answering = "commands"
	AnswerNever     Answering = "never"
)

// Policy is how the bot behaves in the channels that Name fits.
type Policy struct {
	// Name is a channel by name or id, with * as in file names; "*" is every
	// channel.
	Name string `yaml:"name"`
	// Answer is what it reacts to; "" is AnswerMentions.
	Answer Answering `yaml:"answer"`
	// Escalate is who is called when it doesn't know: a person, a group or a
	// channel, as one writes it there. "" is the owner of what was asked for.
	Escalate string `yaml:"escalate"`
	// Docs are the pages to answer from, with wildcards; none is all.
	Docs []string `yaml:"docs"`
	// Playbooks are the ids to offer, with wildcards; none is all.
	Playbooks []string `yaml:"playbooks"`
	// FollowUps is for how long what the same person says next belongs to the
	// open request; 0 is DefaultFollowUps.
	FollowUps time.Duration `yaml:"follow_ups"`
}

// DefaultFollowUps is the time of follow-ups where a policy says none.
const DefaultFollowUps = 30 * time.Minute

// Policies are the section `channels` of the configuration.
type Policies []Policy

// DefaultPolicies is the section where nothing is written: mentions everywhere.
func DefaultPolicies() Policies { return Policies{{Name: "*", Answer: AnswerMentions}} }

// For is the first policy that fits the address, its defaults filled in; where
// none fits, the bot answers what mentions it.
func (ps Policies) For(at Address) Policy {
	found := Policy{Name: "*"}
	for _, p := range ps {
		if p.fits(at) {
			found = p
			break
		}
	}
	if found.Answer == "" {
		found.Answer = AnswerMentions
	}
	if found.FollowUps == 0 {
		found.FollowUps = DefaultFollowUps
	}
	return found
}

func (p Policy) fits(at Address) bool {
	rule := strings.TrimPrefix(p.Name, "#")
	if rule == "*" || rule != "" && (rule == at.Name || rule == at.Channel) {
		return true
	}
	ok, err := path.Match(rule, at.Name)
	return err == nil && ok && at.Name != ""
}

// Validate returns what is wrong with the section, each with its key.
func (ps Policies) Validate() problem.List {
	var found problem.List
	fail := func(i int, key, hint, format string, args ...any) {
		at := fmt.Sprintf("channels[%d].%s", i, key)
		found = append(found, problem.Problem{Key: at, Severity: problem.Error, Message: at + " " + fmt.Sprintf(format, args...), Hint: hint})
	}
	all, taken := -1, map[string]int{}
	for i, p := range ps {
		rule := strings.TrimPrefix(p.Name, "#")
		first, twice := taken[rule]
		switch _, err := path.Match(rule, ""); {
		case rule == "":
			fail(i, "name", "write the channel's name, or '*' for every channel", "is missing")
		case err != nil:
			fail(i, "name", "close the bracket", "is %q, which is no pattern", p.Name)
		case twice:
			fail(i, "name", "keep one of the two", "is %q, as channels[%d] is: the first that fits counts", p.Name, first)
		case all >= 0:
			fail(i, "name", "move '*' to the end", "is never reached: channels[%d] fits every channel", all)
		}
		taken[rule] = i
		if rule == "*" && all < 0 {
			all = i
		}
		switch p.Answer {
		case "", AnswerQuestions, AnswerMentions, AnswerCommands, AnswerNever:
		default:
			hint := "write questions, mentions, commands or never"
			if near := problem.Nearest(string(p.Answer), []string{"questions", "mentions", "commands", "never"}); near != "" {
				hint = "did you mean " + near + "?"
			}
			fail(i, "answer", hint, "is %q", p.Answer)
		}
		if p.FollowUps < 0 {
			fail(i, "follow_ups", "write a duration such as 30m", "is negative")
		}
	}
	return found
}
