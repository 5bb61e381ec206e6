package playbook

import (
	"slices"
	"strings"

	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// index fills a set's lookups and checks what one file can't know. It looks at
// files with mistakes too, so that the mistakes of all files are told at once.
type index struct {
	set      *Set
	drafts   []*Playbook // in the order of their files
	ids      []string    // what the files call themselves, read or not
	unsure   bool        // some file could not even be asked for its id
	examples map[string]*document.Node
}

// add takes one file.
func (x *index) add(l *loaded) {
	if l.id == "" {
		x.unsure = true
	} else {
		x.ids = append(x.ids, l.id)
	}
	if l.draft != nil {
		x.drafts = append(x.drafts, l.draft)
	}
}

// check looks for what the files have to do with each other.
func (x *index) check() problem.List {
	var found problem.List
	for _, p := range x.drafts {
		if first := x.copied(p); first != nil {
			found = append(found, p.root.Problem("remove one of the two", "the file says the same as %s", first.File))
			continue
		}
		if first := x.set.byID[p.ID]; first != nil {
			found = append(found, p.root.Get("id").Problem("give each its own id", "the id %s is taken by %s", p.ID, first.File))
		} else if p.ID != "" {
			x.set.byID[p.ID] = p
		}
		found = append(found, x.command(p)...)
		found = append(found, x.examplesOf(p)...)
		found = append(found, x.set.tags(p)...)
	}
	var flows []string
	for _, p := range x.drafts {
		if p.Flow != nil && p.ID != "" {
			flows = append(flows, p.ID)
		}
	}
	for _, p := range x.drafts {
		found = append(found, x.references(p, flows)...)
	}
	return found
}

// copied is the playbook that p is a copy of, or nil: a copy repeats an id, a
// command and examples, and is one mistake.
func (x *index) copied(p *Playbook) *Playbook {
	if first := x.set.byID[p.ID]; first != nil && first.Hash == p.Hash {
		return first
	}
	return nil
}

func (x *index) command(p *Playbook) problem.List {
	if p.Match.Command == "" {
		return nil
	}
	if first := x.set.byCommand[p.Match.Command]; first != nil {
		return problem.List{p.root.Get("match").Get("command").Problem("choose another", "the command %q is taken by %s", p.Match.Command, first.File)}
	}
	x.set.byCommand[p.Match.Command] = p
	return nil
}

// examplesOf refuses examples that another playbook has; one that the same
// playbook has twice does no harm.
func (x *index) examplesOf(p *Playbook) problem.List {
	var found problem.List
	for _, n := range items(p.root.Get("match").Get("examples")) {
		key := normal(n.Text())
		if key == "" {
			continue
		}
		first := x.examples[key]
		switch {
		case first == nil:
			x.examples[key] = n
		case first.Document() == n.Document():
			w := n.Problem("remove one of the two", "the example %q stands in line %d already", n.Text(), first.Line)
			w.Severity = problem.Warning
			found = append(found, w)
		default:
			found = append(found, n.Problem("keep it in one place", "the example %q stands in %s, line %d, too", n.Text(), first.Document().File, first.Line))
		}
	}
	return found
}

// normal is a message without what doesn't tell two examples apart.
func normal(example string) string {
	return folded(strings.TrimRight(strings.TrimSpace(example), ".!?"))
}

// tags compares the playbook's tags with the taxonomy.
func (s *Set) tags(p *Playbook) problem.List {
	if s.Taxonomy == nil {
		return nil
	}
	var found problem.List
	for _, pair := range pairs(p.root.Get("tags")) {
		if pair.Key != "topic" && pair.Key != "action" {
			found = append(found, pair.Value.KeyProblem(didYouMean(pair.Key, []string{"topic", "action"}), "there is no tag %s", pair.Key))
			continue
		}
		if pair.Value.Text() == "" {
			continue
		}
		known := s.Taxonomy.tags(pair.Key)
		tag, ok := find(known, pair.Value.Text())
		switch {
		case !ok:
			found = append(found, pair.Value.Problem(orElse(didYouMean(pair.Value.Text(), ids(known)), "add it to taxonomy.yaml"), "taxonomy.yaml has no %s %s", pair.Key, pair.Value.Text()))
		case tag.Retired:
			w := pair.Value.Problem("choose another", "the %s %s is retired", pair.Key, tag.ID)
			w.Severity = problem.Warning
			found = append(found, w)
		}
	}
	return found
}

// references checks the ids of other playbooks that p names; flows are the
// workflows that there are.
func (x *index) references(p *Playbook, flows []string) problem.List {
	var found problem.List
	for _, n := range items(p.root.Get("answer").Get("offer")) {
		id := n.Text()
		switch other := x.set.byID[id]; {
		case id == "":
		case other == nil && !x.unsure && !slices.Contains(x.ids, id):
			found = append(found, n.Problem(didYouMean(id, flows), "there is no playbook %s to offer", id))
		case other != nil && other.Flow == nil && other.Answer != nil:
			found = append(found, n.Problem("offer a workflow, or link to it in the text", "%s is an answer, and only workflows can be offered", id))
		}
	}
	for _, t := range items(p.root.Get("tests")) {
		n := t.Get("expect").Get("playbook")
		id := n.Text()
		if id == "" || id == "none" {
			continue
		}
		other := x.set.byID[id]
		switch {
		case other == nil && !x.unsure && !slices.Contains(x.ids, id):
			found = append(found, n.Problem(didYouMean(id, x.ids), "there is no playbook %s", id))
		case other != nil && other != p:
			found = append(found, foreignInputs(t.Get("expect").Get("inputs"), other)...)
		}
	}
	return found
}

// foreignInputs checks the inputs that a test expects of another playbook.
func foreignInputs(n *document.Node, other *Playbook) problem.List {
	c := &checker{playbook: other, root: other.root}
	if c.vague("workflow", "inputs") {
		return nil
	}
	names := c.inputNames()
	for _, pair := range pairs(n) {
		if !slices.Contains(names, pair.Key) {
			c.failKey(pair.Value, didYouMean(pair.Key, names), "%s has no input %s", other.ID, pair.Key)
		}
	}
	return c.found
}
