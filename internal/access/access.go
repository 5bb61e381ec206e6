// Package access decides who may do what. It fails closed: what no rule
// allows is refused, and every refusal says which rule and who can help.
package access

import (
	"path"
	"slices"
	"strings"

	"frontdoor/internal/chat"
	"frontdoor/internal/playbook"
)

// Everybody is the group that each person is in.
const Everybody = "*"

// Decision is the outcome of one question to the rules.
type Decision struct {
	Allowed bool
	Rule    string // the rule that decided, as a sentence for the person; "" when allowed
	Help    string // who can change that; "" when allowed
}

// May tells whether the person may use the playbook at this address.
func May(who chat.Person, p *playbook.Playbook, at chat.Address) Decision {
	if p.Access == nil {
		if p.Answer != nil {
			return Decision{Allowed: true}
		}
		return refuse(p, "no access rule is written for it, and a workflow without one is for nobody")
	}
	// An answer may leave the groups out and only name channels.
	if len(p.Access.Groups) > 0 || p.Flow != nil {
		if !slices.ContainsFunc(p.Access.Groups, func(g string) bool { return Member(who, g) }) {
			if len(p.Access.Groups) == 0 {
				return refuse(p, "its access rule names no group")
			}
			return refuse(p, "it is for "+groups(p.Access.Groups)+", and you are not in "+plural(p.Access.Groups))
		}
	}
	if len(p.Access.Channels) > 0 && !slices.ContainsFunc(p.Access.Channels, func(c string) bool { return Fits(c, at.Name, at.Channel) }) {
		return refuse(p, "it can only be used in "+strings.Join(hashed(p.Access.Channels), ", "))
	}
	return Decision{Allowed: true}
}

// Member tells whether the person is in the group. Groups come resolved with
// the person; there is no second source that could disagree.
func Member(who chat.Person, group string) bool {
	return group == Everybody || slices.Contains(who.Groups, group)
}

// Fits tells whether a channel rule, a name, an id or a pattern such as
// "team-*", covers the channel. A leading '#' is decoration.
func Fits(rule, name, id string) bool {
	rule = strings.TrimPrefix(rule, "#")
	if rule == "*" || rule == id && id != "" || rule == name && name != "" {
		return true
	}
	ok, err := path.Match(rule, name)
	return err == nil && ok && name != ""
}

func refuse(p *playbook.Playbook, rule string) Decision {
	return Decision{Rule: rule, Help: p.Owner}
}

func groups(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = "`" + n + "`"
	}
	if len(quoted) == 1 {
		return "the group " + quoted[0]
	}
	return "the groups " + strings.Join(quoted[:len(quoted)-1], ", ") + " and " + quoted[len(quoted)-1]
}

func plural(names []string) string {
	if len(names) == 1 {
		return "it"
	}
	return "any of them"
}

func hashed(channels []string) []string {
	out := make([]string, len(channels))
	for i, c := range channels {
		out[i] = "#" + strings.TrimPrefix(c, "#")
	}
	return out
}
