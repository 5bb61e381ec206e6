package commands

import "strings"

// A button's id is the verb and what it is about, joined by colons: the click
// comes back as words, needs no store, and is authorised like typed ones.

// Button is the id of a button that does c.
func (c Command) Button() string {
	switch c.Verb {
	case Yes, No:
		return string(c.Verb) + ":" + c.Token
	case Choose:
		return string(c.Verb) + ":" + c.Token + ":" + c.Playbook
	case Use:
		return string(c.Verb) + ":" + c.Request + ":" + c.Playbook
	case Status, Cancel, Retry, Undo, Approve, Deny:
		return string(c.Verb) + ":" + c.Run
	case Help:
		return string(c.Verb) + ":" + c.Request + ":" + c.Playbook // what the playbook takes
	default:
		return string(c.Verb) + ":" + c.Request
	}
}

// ParseButton reads a button's id back; false where it is none of ours.
func ParseButton(id string) (Command, bool) {
	parts := strings.SplitN(id, ":", 3)
	if len(parts) < 2 {
		return Command{}, false
	}
	c := Command{Verb: Verb(parts[0])}
	switch c.Verb {
	case Yes, No:
		c.Token = parts[1]
	case Choose:
		if len(parts) != 3 {
			return Command{}, false
		}
		c.Token, c.Playbook = parts[1], parts[2]
	case Use:
		if len(parts) != 3 {
			return Command{}, false
		}
		c.Request, c.Playbook = parts[1], parts[2]
	case Status, Cancel, Retry, Undo, Approve, Deny:
		if c.Run = parts[1]; !IsRun(c.Run) && (c.Run != "" || c.Verb != Status) {
			return Command{}, false
		}
	case Helpful, Unhelpful, Solved, Escalate, Why, Say:
		c.Request = parts[1]
	case Help:
		c.Request = parts[1]
		if len(parts) == 3 {
			c.Playbook = parts[2]
		}
	default:
		return Command{}, false
	}
	return c, true
}
