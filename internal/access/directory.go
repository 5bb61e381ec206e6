package access

import (
	"slices"

	"frontdoor/internal/chat"
)

// Directory knows who is who and who is in which group, by the configuration.
// It does not change and is safe for concurrent use.
type Directory struct {
	people  map[string]chat.Person // by canonical id, and by platform:workspace/id
	members map[string][]string    // group to ids
	groups  []string               // sorted
}

// NewDirectory reads the people's file and the groups' files. The error is a
// problem.List.
func NewDirectory(cfg Config) (*Directory, error) {
	d, found := Read(cfg)
	if err := found.Err(); err != nil {
		return nil, err
	}
	return d, nil
}

// Groups are the groups of the configuration, sorted.
func (d *Directory) Groups() []string { return slices.Clone(d.groups) }

// Known tells whether a file or a group names somebody by this id.
func (d *Directory) Known(id string) bool {
	if _, ok := d.people[id]; ok {
		return true
	}
	for _, ids := range d.members {
		if slices.Contains(ids, id) {
			return true
		}
	}
	return false
}

// Members are the people of a group by canonical id where there is one, each
// once, in file order.
func (d *Directory) Members(group string) []string {
	var out []string
	for _, id := range d.members[group] {
		if known, ok := d.people[id]; ok {
			id = known.ID
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// GroupsOf are the groups that somebody is in, by any of their ids.
func (d *Directory) GroupsOf(id string) []string {
	known := d.people[id]
	out := []string{}
	for _, g := range d.groups {
		if slices.ContainsFunc(d.members[g], func(m string) bool {
			return m == id || known.ID != "" && (m == known.ID || d.people[m].ID == known.ID)
		}) {
			out = append(out, g)
		}
	}
	return out
}

// Resolve completes a person as a platform names them: the canonical id, team
// and time zone, and the groups where the adapter has not settled them. What
// an adapter says of groups stands: it has looked them up.
func (d *Directory) Resolve(p chat.Person) chat.Person {
	if known, ok := d.people[p.ID]; ok {
		p.ID = known.ID
		p.Team = either(known.Team, p.Team)
		p.TimeZone = either(known.TimeZone, p.TimeZone)
	}
	if p.Groups == nil {
		p.Groups = d.GroupsOf(p.ID)
	}
	return p
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
