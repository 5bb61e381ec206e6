package playbook

import (
	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// Taxonomy is the words that tags are taken from. It is read from the file
// taxonomy.yaml beside the playbooks:
//
//	topics:
//	  databases: {title: Databases}
//	  mainframe: {title: The mainframe, retired: true}
//	actions:
//	  provision: {title: Make something new}
//
// where `databases: Databases` and a plain list of ids are short for the same.
// A retired tag stays readable in old records, and lint warns of its use.
type Taxonomy struct {
	Topics  []Tag
	Actions []Tag
}

// Tag is one word of the taxonomy.
type Tag struct {
	ID      string // kebab-case
	Title   string // the id where the file gives none
	Retired bool
}

// Topic is the topic id, and whether there is one.
func (t *Taxonomy) Topic(id string) (Tag, bool) { return find(t.tags("topic"), id) }

// Action is the action id, and whether there is one.
func (t *Taxonomy) Action(id string) (Tag, bool) { return find(t.tags("action"), id) }

func (t *Taxonomy) tags(kind string) []Tag {
	switch {
	case t == nil:
		return nil
	case kind == "topic":
		return t.Topics
	}
	return t.Actions
}

func find(tags []Tag, id string) (Tag, bool) {
	for _, t := range tags {
		if t.ID == id {
			return t, true
		}
	}
	return Tag{}, false
}

func ids(tags []Tag) []string {
	out := make([]string, len(tags))
	for i, t := range tags {
		out[i] = t.ID
	}
	return out
}

func taxonomyShape() *document.Shape {
	tag := object("A word.", may("title", filled("As people read it.")), may("retired", flag("It is no longer given, and stays readable.")))
	tags := func(doc string) *document.Shape {
		return either(mapOf(doc, either(tag, filled("Its title."))), list(doc, formatted("A word.", kebab)))
	}
	return object("The words that tags are taken from.",
		may("topics", tags("What requests are about.")),
		may("actions", tags("What is wanted of it.")))
}

// ParseTaxonomy reads taxonomy.yaml; nil where the list has errors.
func ParseTaxonomy(file string, src []byte) (*Taxonomy, problem.List) {
	d, found := document.Parse(file, src)
	if d.Root == nil {
		if len(found) == 0 {
			return &Taxonomy{}, nil
		}
		return nil, found
	}
	found = append(found, taxonomyShape().Check(d.Root)...)
	t := &Taxonomy{Topics: decodeTags(d.Root.Get("topics"), &found), Actions: decodeTags(d.Root.Get("actions"), &found)}
	if len(found) > 0 {
		return nil, inOrder(found)
	}
	return t, nil
}

func decodeTags(n *document.Node, found *problem.List) []Tag {
	var out []Tag
	for _, item := range items(n) {
		if _, twice := find(out, item.Text()); twice {
			*found = append(*found, item.Problem("keep one of the two", "%s stands twice", item.Text()))
			continue
		}
		out = append(out, Tag{ID: item.Text(), Title: item.Text()})
	}
	for _, p := range pairs(n) {
		if !kebab.Check(p.Key) {
			*found = append(*found, p.Value.KeyProblem(kebab.Hint, "%q is not kebab-case", p.Key))
		}
		t := Tag{ID: p.Key, Title: p.Value.Text() + p.Value.Get("title").Text(), Retired: p.Value.Get("retired").True()}
		if t.Title == "" {
			t.Title = p.Key
		}
		out = append(out, t)
	}
	return out
}
