package playbook

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// Sketch is what somebody says about a playbook that is to be written. Its
// yaml tags are the keys of `bot playbooks new`.
type Sketch struct {
	Kind     string            `yaml:"kind"` // answer or workflow
	ID       string            `yaml:"id"`
	Title    string            `yaml:"title"`
	Summary  string            `yaml:"summary"`
	Owner    string            `yaml:"owner"`
	Topic    string            `yaml:"topic"`
	Action   string            `yaml:"action"`
	Problem  string            `yaml:"problem"`
	Audience string            `yaml:"audience"`
	Command  string            `yaml:"command"`
	Examples []string          `yaml:"examples"`
	Text     string            `yaml:"text"`   // of an answer
	Docs     []string          `yaml:"docs"`   // of an answer
	Groups   []string          `yaml:"groups"` // who may use it
	Inputs   map[string]string `yaml:"inputs"` // of a workflow: the type, or the options of a choice separated by commas
	Order    []string          `yaml:"-"`      // of Inputs; the rest by name
}

// Complete fills in what follows from what is said and from the playbooks that
// there are: id, command, summary, tags, who may use it. The error says what is
// needed and nobody can guess.
func (s *Sketch) Complete(set *Set) error {
	for _, field := range []*string{&s.Title, &s.Summary, &s.Owner, &s.Problem, &s.Audience, &s.Command, &s.ID} {
		*field = line(*field)
	}
	s.Examples = slices.DeleteFunc(slices.Clone(s.Examples), func(x string) bool { return line(x) == "" })
	var missing []string
	for _, field := range []struct {
		name string
		has  bool
	}{
		{"kind", s.Kind != ""},
		{"title", s.Title != ""},
		{"owner", s.Owner != ""},
		{"examples", len(s.Examples) > 0},
		{"text or docs", s.Kind != "answer" || s.Text != "" || len(s.Docs) > 0},
	} {
		if !field.has {
			missing = append(missing, field.name)
		}
	}
	switch {
	case len(missing) > 0:
		return fmt.Errorf("say %s too", strings.Join(missing, ", "))
	case s.Kind != "answer" && s.Kind != "workflow":
		return fmt.Errorf("a playbook is an answer or a workflow, not %q", s.Kind)
	}
	for i, x := range s.Examples {
		s.Examples[i] = line(x)
	}
	s.ID = cmp.Or(s.ID, set.freeID(Kebab(s.Title)))
	if s.ID == "" {
		return errors.New("say an id, such as postgres-create: the title has no letters for one")
	}
	s.Command = folded(cmp.Or(s.Command, set.freeCommand(strings.ReplaceAll(s.ID, "-", " "))))
	s.Summary = cmp.Or(s.Summary, strings.TrimRight(s.Title, ".!?")+".")
	s.Problem = cmp.Or(s.Problem, "People have to ask somebody for it.")
	s.Audience = cmp.Or(s.Audience, "engineers")
	if len(s.Groups) == 0 {
		s.Groups = []string{"*"}
	}
	topic, action := set.Propose(*s)
	s.Topic, s.Action = cmp.Or(s.Topic, topic), cmp.Or(s.Action, action)
	s.inputs()
	return nil
}

// inputs puts the inputs in order; a slot of an example is one too.
func (s *Sketch) inputs() {
	if s.Kind != "workflow" {
		return
	}
	all := map[string]string{}
	maps.Copy(all, s.Inputs)
	for _, x := range s.Examples {
		for _, m := range slot.FindAllStringSubmatch(x, -1) {
			if _, ok := all[m[1]]; !ok {
				all[m[1]] = string(String)
			}
			if !slices.Contains(s.Order, m[1]) {
				s.Order = append(s.Order, m[1])
			}
		}
	}
	s.Inputs = all
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !slices.Contains(s.Order, name) {
			s.Order = append(s.Order, name)
		}
	}
}

// line is text in one line, without what can't stand in a file.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(text), " ")
}

// small are words that an id does without.
var small = []string{"a", "an", "the", "of", "for", "to", "in", "my", "our", "your", "and", "with", "is", "are", "do", "i", "how", "what", "where"}

// Kebab is an id made of text, at most four words of it.
func Kebab(text string) string {
	fields := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	kept := slices.DeleteFunc(slices.Clone(fields), func(w string) bool { return slices.Contains(small, w) })
	if len(kept) == 0 {
		kept = fields
	}
	return strings.Join(kept[:min(len(kept), 4)], "-")
}

// freeID is id, or with a number where it is taken.
func (s *Set) freeID(id string) string {
	free := id
	for n := 2; id != "" && s.ByID(free) != nil; n++ {
		free = fmt.Sprintf("%s-%d", id, n)
	}
	return free
}

func (s *Set) freeCommand(command string) string {
	if s.ByCommand(command) != nil {
		return ""
	}
	return command
}

// Propose is the topic and the action of the taxonomy whose words, and whose
// playbooks, are most like the sketch; "" where nothing is. Without a taxonomy
// the topic is the first word of the id.
func (s *Set) Propose(sketch Sketch) (topic, action string) {
	if s == nil || s.Taxonomy == nil {
		first, _, _ := strings.Cut(cmp.Or(sketch.ID, Kebab(sketch.Title)), "-")
		return first, ""
	}
	said := telling(strings.Join(append([]string{sketch.Title, sketch.Summary, sketch.Command, sketch.ID}, sketch.Examples...), " "))
	best := func(kind string) string {
		name, most := "", 0.0
		for _, tag := range s.Taxonomy.given(kind) {
			score := 3 * shared(said, telling(tag.ID+" "+tag.Title))
			for _, p := range s.Playbooks {
				if p.Tags[kind] != tag.ID || kind == "action" && (p.Flow != nil) != (sketch.Kind == "workflow") {
					continue
				}
				like := shared(said, telling(strings.Join(append([]string{p.Title, p.Match.Command}, p.Match.Examples...), " ")))
				score = max(score, like)
				if kind == "action" {
					score = max(score, 0.01)
				}
			}
			if score > most {
				name, most = tag.ID, score
			}
		}
		return name
	}
	topic, action = best("topic"), best("action")
	if _, ok := s.Taxonomy.Topic("other"); topic == "" && ok {
		topic = "other"
	}
	return topic, action
}

// Topics are the topics that may be given, none without a taxonomy.
func (s *Set) Topics() []Tag { return s.Taxonomy.given("topic") }

// Actions are the actions that may be given, none without a taxonomy.
func (s *Set) Actions() []Tag { return s.Taxonomy.given("action") }

func (t *Taxonomy) given(kind string) []Tag {
	return slices.DeleteFunc(slices.Clone(t.tags(kind)), func(tag Tag) bool { return tag.Retired })
}

// telling are the words of text that say something, without their endings.
func telling(text string) []string {
	var out []string
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if w = strings.TrimSuffix(w, "s"); len(w) > 2 && !slices.Contains(small, w) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// shared is how many of the words are among others, as a share of those.
func shared(words, others []string) float64 {
	n := 0
	for _, w := range words {
		if slices.Contains(others, w) {
			n++
		}
	}
	return float64(n) / float64(max(1, min(len(words), len(others))))
}

// With is the set with one more file, and what is wrong with it: the problems
// of that file alone. The set is nil where the list has errors.
func (s *Set) With(file string, src []byte) (*Set, problem.List) {
	var entries []entry
	if s != nil {
		for shown, l := range s.files {
			if shown != file {
				entries = append(entries, entry{name: shown, shown: shown, loaded: l})
			}
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.shown, b.shown) })
	// Last, so that what two files have in common is told of this one.
	entries = append(entries, entry{name: file, shown: file, loaded: read(file, src)})
	var taxonomy *Taxonomy
	if s != nil {
		taxonomy = s.Taxonomy
	}
	with, found := assemble(entries, taxonomy, nil)
	if with != nil {
		slices.SortStableFunc(with.Playbooks, func(a, b *Playbook) int { return cmp.Compare(a.File, b.File) })
	}
	return with, slices.DeleteFunc(found, func(p problem.Problem) bool { return p.File != file })
}

// choice is the options of a choice as a Sketch has them.
var choice = regexp.MustCompile(`\s*,\s*`)

// input is the type of an input of a sketch, and its options.
func (s *Sketch) input(name string) (kind string, options []string) {
	kind = line(s.Inputs[name])
	if strings.Contains(kind, ",") {
		return string(Choice), choice.Split(kind, -1)
	}
	return cmp.Or(kind, string(String)), nil
}

// sample is a value of the type that a test can give.
func sample(kind string, options []string) string {
	switch InputType(kind) {
	case Integer:
		return "3"
	case Number:
		return "1.5"
	case Boolean:
		return "true"
	case Choice:
		if len(options) > 0 {
			return options[0]
		}
	case Date:
		return "2026-11-02"
	case Someone:
		return "ana"
	case Text:
		return "a few words"
	}
	return "orders"
}

// plainScalar is a string that YAML reads as it stands.
var plainScalar = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./() -]*[A-Za-z0-9_./)]$`)

// scalar is text as a string of YAML.
func scalar(text string) string {
	d, found := document.Parse("", []byte("a: "+text))
	if plainScalar.MatchString(text) && len(found) == 0 && d.Root.Get("a").Text() == text && !slices.Contains([]string{"yes", "no", "on", "off", "y", "n"}, strings.ToLower(text)) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

func scalars(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = scalar(line(t))
	}
	return "[" + strings.Join(out, ", ") + "]"
}
