package access

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"frontdoor/internal/chat"
	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// Directory knows who is who and who is in which group, by the configuration.
// It does not change and is safe for concurrent use.
type Directory struct {
	people  map[string]chat.Person // by canonical id, and by platform:workspace/id
	members map[string][]string    // group to ids
	groups  []string               // sorted
}

// NewDirectory reads the people's file and the groups' files. The error is a
// problem.List for what is wrong inside one of them.
func NewDirectory(cfg Config) (*Directory, error) {
	d := &Directory{people: map[string]chat.Person{}, members: map[string][]string{}, groups: slices.Sorted(maps.Keys(cfg.Groups))}
	if cfg.File != "" {
		if err := d.readPeople(cfg.File); err != nil {
			return nil, err
		}
	}
	for _, name := range d.groups {
		g := cfg.Groups[name]
		d.members[name] = slices.Clone(g.People)
		if g.File == "" {
			continue
		}
		more, err := readGroup(g.File, name)
		if err != nil {
			return nil, err
		}
		d.members[name] = append(d.members[name], more...)
	}
	return d, nil
}

// Groups are the groups of the configuration, sorted.
func (d *Directory) Groups() []string { return slices.Clone(d.groups) }

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

// peopleShape is what people.file may say.
func peopleShape() *document.Shape {
	text := func(doc string) *document.Shape {
		return &document.Shape{Doc: doc, Is: []document.Kind{document.String}, Filled: true}
	}
	// Ids of Discord are numbers, and people write them without quotes.
	number := func(doc string) *document.Shape {
		return &document.Shape{Doc: doc, Is: []document.Kind{document.String, document.Int}}
	}
	return &document.Shape{Doc: "The people.", Is: []document.Kind{document.List}, Items: &document.Shape{
		Doc: "Somebody.", Is: []document.Kind{document.Object},
		Fields: []document.Field{
			{Name: "id", Required: true, Shape: text("The canonical id, such as ana.")},
			{Name: "slack", Shape: text("TEAM/USER, such as T1/U123.")},
			{Name: "discord", Shape: number("The user's id.")},
			{Name: "email", Shape: text("The address.")},
			{Name: "team", Shape: text("The team, for demand records.")},
			{Name: "time_zone", Shape: text("Such as Europe/Berlin.")},
			{Name: "hours", Shape: text("Business hours, such as 09:00-17:00.")},
		},
	}}
}

func (d *Directory) readPeople(file string) error {
	root, err := read(file)
	if err != nil {
		return fmt.Errorf("read the people: %w", err)
	}
	if root == nil {
		return nil
	}
	if err := peopleShape().Check(root).Err(); err != nil {
		return err
	}
	for _, n := range root.Items {
		p := chat.Person{ID: n.Get("id").Text(), Team: n.Get("team").Text(), TimeZone: n.Get("time_zone").Text()}
		if _, twice := d.people[p.ID]; twice {
			return problem.List{n.Get("id").Problem("give each person one entry", "%q is there twice", p.ID)}
		}
		d.people[p.ID] = p
		if id := n.Get("slack").Text(); id != "" {
			d.people["slack:"+id] = p
		}
		if id := n.Get("discord"); id != nil {
			d.people[fmt.Sprint("discord:", id.Scalar)] = p
		}
	}
	return nil
}

func readGroup(file, name string) ([]string, error) {
	root, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("read the group %s: %w", name, err)
	}
	if root == nil {
		return nil, fmt.Errorf("read the group %s: %s is empty; write `%s: [ana]`", name, file, name)
	}
	list := root.Get(name)
	if list == nil {
		return nil, problem.List{root.Problem("write `"+name+": [ana, slack:T1/U123]`", "the group %q isn't in this file", name)}
	}
	return list.Texts(), nil
}

func read(file string) (*document.Node, error) {
	src, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return nil, err
	}
	doc, found := document.Parse(file, src)
	if err := found.Err(); err != nil {
		return nil, err
	}
	return doc.Root, nil
}
