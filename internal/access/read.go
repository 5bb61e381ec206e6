package access

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	_ "time/tzdata" // people have time zones where the machine has no database of them

	"frontdoor/internal/chat"
	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// Read reads the people's file and the groups' files. The list has everything
// that is wrong: what is wrong inside a file with its place there, what is
// wrong with the configuration with its key. Where it has errors the Directory
// must not be used.
func Read(cfg Config) (*Directory, problem.List) {
	r := reader{dir: &Directory{people: map[string]chat.Person{}, members: map[string][]string{}, groups: slices.Sorted(maps.Keys(cfg.Groups))}}
	if cfg.File != "" {
		r.people(cfg.File)
	}
	for _, name := range r.dir.groups {
		g := cfg.Groups[name]
		r.dir.members[name] = slices.Clone(g.People)
		for i, id := range g.People {
			r.member(problem.Problem{Key: fmt.Sprintf("people.groups.%s.people[%d]", name, i)}, name, id)
		}
		if g.File != "" {
			r.group(g.File, name)
		}
	}
	return r.dir, r.found
}

// reader is one reading.
type reader struct {
	dir   *Directory
	ids   []string // of the people's file, in its order
	known bool     // the people's file could be read, so that somebody else is unknown
	found problem.List
}

// platforms are what an id may name before its colon.
func platforms() []string { return []string{"slack", "discord", "console"} }

// An id of Slack is the workspace's and the user's; an enterprise's user has
// the enterprise's in the first place.
var slackID = regexp.MustCompile(`^[A-Za-z0-9]+/[A-Za-z0-9]+$`)

// member warns of an id in a group that is nobody's; at says where it stands.
func (r *reader) member(at problem.Problem, group, id string) {
	at.Severity = problem.Warning
	platform, rest, named := strings.Cut(id, ":")
	switch {
	case strings.TrimSpace(id) == "":
		return // Validate refuses it
	case named && !slices.Contains(platforms(), platform):
		at.Message = fmt.Sprintf("%q in the group %s names no chat platform", id, group)
		at.Hint = "write slack:T1/U123 or discord:42"
		if near := problem.Nearest(platform, platforms()); near != "" {
			at.Hint = "did you mean " + near + ":" + rest + "?"
		}
	case platform == "slack" && named && !slackID.MatchString(rest):
		at.Message = fmt.Sprintf("%q in the group %s is no Slack user", id, group)
		at.Hint = "write the workspace and the user, such as slack:T1/U123"
	case named || !r.known || slices.Contains(r.ids, id):
		return
	case slices.Contains(r.dir.groups, id):
		at.Message = fmt.Sprintf("%q in the group %s is a group, and a group can't be in another", id, group)
		at.Hint = "write its people"
	default:
		at.Message = fmt.Sprintf("nobody in people.file is called %q, so the group %s has one less", id, group)
		at.Hint = "add them to people.file, or write an id such as slack:T1/U123"
		if near := problem.Nearest(id, r.ids); near != "" {
			at.Hint = "did you mean " + near + "?"
		}
	}
	r.found = append(r.found, at)
}

// format is a string's that check takes.
func format(name, hint string, check func(string) bool) *document.Format {
	return &document.Format{Name: name, Hint: hint, Check: check}
}

// peopleShape is what people.file may say.
func peopleShape() *document.Shape {
	text := func(doc string, f *document.Format) *document.Shape {
		return &document.Shape{Doc: doc, Is: []document.Kind{document.String}, Filled: true, Format: f}
	}
	return &document.Shape{Doc: "The people.", Is: []document.Kind{document.List}, Items: &document.Shape{
		Doc: "Somebody.", Is: []document.Kind{document.Object},
		Fields: []document.Field{
			{Name: "id", Required: true, Shape: text("the canonical id, such as ana", format("an id", "write a plain name such as ana, without a colon", func(s string) bool {
				return !strings.Contains(s, ":") && s != Everybody
			}))},
			{Name: "slack", Shape: text("TEAM/USER, such as T1/U123", format("a Slack user", "write the workspace and the user, such as T1/U123", slackID.MatchString))},
			// Ids of Discord are numbers, and people write them without quotes.
			{Name: "discord", Shape: &document.Shape{
				Doc: "the user's id", Is: []document.Kind{document.String, document.Int},
				Format: document.Matches("a Discord user", "write the user's number in quotes, such as '42'", `^[0-9]+$`),
			}},
			{Name: "email", Shape: text("the address", format("an e-mail address", "write one such as ana@example.com", func(s string) bool {
				name, host, ok := strings.Cut(s, "@")
				return ok && name != "" && host != "" && !strings.ContainsAny(s, " \t")
			}))},
			{Name: "team", Shape: text("the team, for demand records", nil)},
			{Name: "time_zone", Shape: text("such as Europe/Berlin", format("a time zone that we know", "write a name such as Europe/Berlin or UTC", func(s string) bool {
				_, err := time.LoadLocation(s)
				return err == nil && s != "Local"
			}))},
			{Name: "hours", Shape: text("business hours, such as 09:00-17:00", format("a span of hours", "write one such as '09:00-17:00'", isHours))},
		},
	}}
}

// isHours tells whether s is two times of day; the second may be past midnight.
func isHours(s string) bool {
	from, to, ok := strings.Cut(s, "-")
	a, err := time.Parse("15:04", strings.TrimSpace(from))
	b, e := time.Parse("15:04", strings.TrimSpace(to))
	return ok && err == nil && (e == nil && !a.Equal(b) || strings.TrimSpace(to) == "24:00")
}

func (r *reader) people(file string) {
	root, ok := r.read(file, "people.file")
	if !ok {
		return
	}
	r.known = true
	if root == nil {
		return
	}
	wrong := peopleShape().Check(root)
	r.found = append(r.found, wrong...)
	taken := map[string]*document.Node{} // by id and by platform's id
	take := func(n *document.Node, id string, p chat.Person) {
		if first := taken[id]; first != nil {
			r.found = append(r.found, n.Problem("give each person one entry", "%q is there twice, first on line %d", id, first.Line))
			return
		}
		taken[id], r.dir.people[id] = n, p
	}
	for _, n := range root.Items {
		p := chat.Person{ID: n.Get("id").Text(), Team: n.Get("team").Text(), TimeZone: n.Get("time_zone").Text()}
		if p.ID == "" {
			continue
		}
		r.ids = append(r.ids, p.ID)
		take(n.Get("id"), p.ID, p)
		if id := n.Get("slack"); id.Text() != "" {
			take(id, "slack:"+id.Text(), p)
		}
		if id := n.Get("discord"); id != nil && id.Scalar != nil {
			take(id, fmt.Sprint("discord:", id.Scalar), p)
		}
	}
}

func (r *reader) group(file, name string) {
	root, ok := r.read(file, "people.groups."+name+".file")
	if !ok {
		return
	}
	example := "write `" + name + ": [ana, slack:T1/U123]`"
	switch {
	case root == nil:
		r.found = append(r.found, problem.Problem{File: file, Severity: problem.Error, Message: "the file is empty, and the group " + name + " should be in it", Hint: example})
		return
	case root.Kind != document.Object:
		r.found = append(r.found, root.Problem(example, "the file must be an object of groups, not %s", root.Kind))
		return
	}
	list := root.Get(name)
	if list == nil {
		var there []string
		for _, p := range root.Pairs {
			there = append(there, p.Key)
		}
		if near := problem.Nearest(name, there); near != "" {
			example = "did you mean " + near + "?"
			p := root.Get(near).KeyProblem(example, "the group %s isn't in this file", name)
			r.found = append(r.found, p)
			return
		}
		r.found = append(r.found, root.Problem(example, "the group %s isn't in this file", name))
		return
	}
	shape := &document.Shape{Is: []document.Kind{document.List}, Items: &document.Shape{Is: []document.Kind{document.String}, Filled: true}}
	r.found = append(r.found, shape.Check(list)...)
	for _, n := range list.Items {
		r.member(n.Problem("", ""), name, n.Text())
	}
	r.dir.members[name] = append(r.dir.members[name], list.Texts()...)
}

// read is the file's value, nil where it is empty, and whether it could be
// read; key is what names the file in the configuration.
func (r *reader) read(file, key string) (*document.Node, bool) {
	src, err := bounded(file)
	if err != nil {
		p := problem.Problem{Key: key, Severity: problem.Error, Message: key + ": " + file + " " + err.Error(), Hint: "check what it is and who may read it"}
		if errors.Is(err, fs.ErrNotExist) {
			p.Message, p.Hint = key+": there is no file "+file, "make it, or write another; a relative path is relative to the configuration file"
		}
		r.found = append(r.found, p)
		return nil, false
	}
	doc, found := document.Parse(file, src)
	r.found = append(r.found, found...)
	return doc.Root, found.Err() == nil
}

// bounded reads a regular file that is no longer than a document may be.
func bounded(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err != nil:
		return nil, errors.New("can't be read")
	case info.IsDir():
		return nil, errors.New("is a directory, not a file")
	case !info.Mode().IsRegular(): // to open a pipe would wait for its other end
		return nil, errors.New("is no regular file")
	}
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, errors.New("can't be read")
	}
	defer func() { _ = f.Close() }()
	src, err := io.ReadAll(io.LimitReader(f, document.MaxSize+1))
	if err != nil {
		return nil, errors.New("can't be read")
	}
	return src, nil
}
