package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"frontdoor/internal/problem"
)

// Config is the section `people` of the configuration: who is who, and who is
// in which group.
type Config struct {
	// File lists people; "" is none. What it doesn't say comes from the
	// platform.
	File string `yaml:"file"`
	// Groups are the groups that playbooks name.
	Groups map[string]Group `yaml:"groups"`
	// TrustSlackUsergroups says that a Slack user group may approve, though its
	// members may be able to edit it.
	TrustSlackUsergroups bool `yaml:"trust_slack_usergroups"`
}

// Group says where the members of a group are written. Several places add up.
type Group struct {
	// People are ids of people.file, or platform:workspace/id.
	People []string `yaml:"people"`
	// SlackUsergroup is the id of a Slack user group, such as S123.
	SlackUsergroup string `yaml:"slack_usergroup"`
	// File is a YAML file of lists of people by group.
	File string `yaml:"file"`
}

// Validate returns what is wrong with the section, each with its key. It
// doesn't look at the files.
func (c Config) Validate() problem.List {
	var found problem.List
	for _, name := range slices.Sorted(maps.Keys(c.Groups)) {
		fail := func(key, hint, format string, args ...any) {
			at := "people.groups." + name + key
			found = append(found, problem.Problem{Key: at, Severity: problem.Error, Message: at + " " + fmt.Sprintf(format, args...), Hint: hint})
		}
		g := c.Groups[name]
		if name == Everybody {
			fail("", "choose another name", "means everybody already")
			continue
		}
		if len(g.People) == 0 && g.SlackUsergroup == "" && g.File == "" {
			fail("", "write people: [...], slack_usergroup: or file:", "has nobody in it")
		}
		for i, id := range g.People {
			if strings.TrimSpace(id) == "" {
				fail(fmt.Sprintf(".people[%d]", i), "write an id of people.file, or slack:T1/U123", "is empty")
			}
		}
	}
	return found
}
