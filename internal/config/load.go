package config

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// FileName is the file that is looked for where none is named.
const FileName = "frontdoor.yaml"

// Find is the configuration file to read: the flag's, then that of the
// environment variable FRONTDOOR_CONFIG, then frontdoor.yaml here if there is
// one; "" is the embedded defaults.
func Find(flag string, env func(string) (string, bool)) string {
	if flag != "" {
		return flag
	}
	if named, ok := env("FRONTDOOR_CONFIG"); ok && named != "" {
		return named
	}
	if _, err := os.Lstat(FileName); err == nil {
		return FileName
	}
	return ""
}

// Load reads the file path, with env looking up the environment; "" gives the
// defaults. The list has everything that is wrong, each with its place and
// without any secret in it. Where it has errors the Config must not be used.
func Load(path string, env func(string) (string, bool)) (Config, problem.List) {
	cfg := Default()
	if path == "" {
		return cfg, nil
	}
	cfg.File = path
	src, err := readFile(path)
	if err != nil {
		return cfg, problem.List{{File: path, Severity: problem.Error, Message: err.Error(), Hint: "name another with --config or FRONTDOOR_CONFIG"}}
	}
	return parse(cfg, src, env)
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no such configuration file")
	case err != nil:
		return nil, errors.New("the configuration file can't be read")
	case info.IsDir():
		return nil, errors.New("this is a directory, not a configuration file")
	case info.Size() > document.MaxSize:
		return nil, errors.New("the file is too big for a configuration")
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.New("the configuration file can't be read")
	}
	return src, nil
}

// loader is one reading.
type loader struct {
	cfg     Config
	doc     *document.Document
	dir     string
	secrets []string
	found   problem.List
}

// parse fills cfg, which holds the defaults and the file's name, from src.
func parse(cfg Config, src []byte, env func(string) (string, bool)) (Config, problem.List) {
	doc, found := document.Parse(cfg.File, src)
	for i := range found {
		// Nothing is known yet of what the lines hold.
		found[i].Excerpt = ""
	}
	l := &loader{cfg: cfg, doc: doc, dir: filepath.Dir(cfg.File), found: found}
	if doc.Root != nil {
		l.literals(doc.Root)
		r := &resolver{dir: l.dir, env: env}
		r.resolve(doc.Root)
		l.secrets = append(l.secrets, r.secrets...)
		l.found = append(l.found, document.Decode(doc.Root, &l.cfg, func(n *document.Node) { l.secret(n) })...)
		l.absent(r.missing)
	}
	if doc.Root != nil || len(found) == 0 {
		l.rooms()
		l.paths()
	}
	return l.cfg, l.finish()
}

// secretKey is a key whose value nobody may read in a message. Two addresses count:
// they can hold a password.
var secretKey = regexp.MustCompile(`(^|[._])(token|secret|key|password)$|^(redis|database)\.url$|^workflows\.(secrets|config)\.`)

// literals remembers what somebody wrote into the file though it is secret.
func (l *loader) literals(root *document.Node) {
	root.Walk(func(n *document.Node) {
		if secretKey.MatchString(n.Path()) {
			l.secret(n)
		}
	})
}

// secret remembers every string at and below n.
func (l *loader) secret(n *document.Node) {
	n.Walk(func(below *document.Node) {
		if below.Kind != document.Object && below.Kind != document.List && below.Kind != document.Bool {
			if s, ok := below.Tree().(string); ok {
				l.secrets = append(l.secrets, s)
			}
		}
	})
}

// absent refuses the references that lead nowhere where their part is on.
func (l *loader) absent(refs []missing) {
	on := l.cfg.on()
	for _, m := range refs {
		path := m.node.Path()
		section, _, _ := strings.Cut(path, ".")
		if switched, has := on[section]; has && !switched {
			continue
		}
		p := m.node.Problem(m.hint, "%s: %s", path, m.message)
		for _, kind := range []string{"secrets", "config"} {
			name, ok := strings.CutPrefix(path, "workflows."+kind+".")
			if !ok {
				continue
			}
			// What needs it is refused when it is needed, with that reason.
			p.Severity = problem.Warning
			if kind == "secrets" {
				delete(l.cfg.Workflows.Secrets, name)
			} else {
				delete(l.cfg.Workflows.Config, name)
			}
		}
		l.found = append(l.found, p)
	}
}

// rooms asks each room what is wrong with its section, and gives each
// complaint its place in the file.
func (l *loader) rooms() {
	c := l.cfg
	written := func(key string) bool {
		n := l.doc.Find(key)
		return n != nil && n.Path() == key && n.Kind != document.Null
	}
	judged := map[string]bool{} // what has the wrong type is not judged by its default
	for _, p := range l.found {
		judged[p.Key] = true
	}
	for _, found := range []problem.List{
		c.validate(), c.validateUnbuilt(), c.unbuilt(written), c.Redis.Validate(), c.Channels.Validate(), c.People.Validate(),
		c.Workflows.Validate(), c.Demand.Validate(), keyed(c.Docs.Validate()),
	} {
		for _, p := range found {
			if !judged[p.Key] {
				l.found = append(l.found, l.placed(p))
			}
		}
	}
}

// keyed takes apart the joined errors of a room that begin with their key.
func keyed(err error) problem.List {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		var found problem.List
		for _, one := range joined.Unwrap() {
			found = append(found, keyed(one)...)
		}
		return found
	}
	key, rest, _ := strings.Cut(err.Error(), ": ")
	message, hint, _ := strings.Cut(rest, "; ")
	return problem.List{{Key: key, Severity: problem.Error, Message: key + " " + message, Hint: hint}}
}

// placed gives p the position of its key, or of what holds it.
func (l *loader) placed(p problem.Problem) problem.Problem {
	p.File = l.cfg.File
	if n := l.doc.Find(p.Key); n != nil {
		at := n.Problem(p.Hint, "%s", p.Message)
		if n.Path() != "" && n.Kind != document.String {
			at = n.KeyProblem(p.Hint, "%s", p.Message)
		}
		p.Line, p.Column = at.Line, at.Column
	}
	return p
}

// paths makes paths relative to the file, and refuses written ones that lead
// nowhere.
func (l *loader) paths() {
	c := &l.cfg
	below := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(l.dir, path)
	}
	written := func(key string) bool {
		n := l.doc.Find(key)
		return n != nil && n.Path() == key && n.Text() != ""
	}
	c.DataDir = below(c.DataDir)
	c.Playbooks.Dir = below(c.Playbooks.Dir)
	if written("playbooks.dir") {
		c.Playbooks.Optional = false
		l.exists("playbooks.dir", c.Playbooks.Dir, true)
	}
	for i := range c.Docs.Sources {
		s := &c.Docs.Sources[i]
		s.Dir = below(s.Dir)
		if key := "docs.sources[" + strconv.Itoa(i) + "].dir"; written(key) {
			l.exists(key, s.Dir, true)
		}
	}
	if c.People.File != "" {
		c.People.File = below(c.People.File)
		l.exists("people.file", c.People.File, false)
	}
	for name, g := range c.People.Groups {
		if g.File != "" {
			g.File = below(g.File)
			c.People.Groups[name] = g
			l.exists("people.groups."+name+".file", g.File, false)
		}
	}
	if file, ok := strings.CutPrefix(c.Database.URL, "sqlite:"); ok && file != "" {
		c.Database.URL = "sqlite:" + below(file)
	}
}

// exists refuses a path that isn't there, or is something else.
func (l *loader) exists(key, path string, dir bool) {
	what := "file"
	if dir {
		what = "directory"
	}
	info, err := os.Stat(path)
	p := problem.Problem{Key: key, Severity: problem.Error}
	switch {
	case err != nil:
		p.Message, p.Hint = key+": there is no "+what+" "+path, "make it, or write another"
	case info.IsDir() != dir:
		p.Message, p.Hint = key+": "+path+" is no "+what, "write another"
	default:
		return
	}
	l.found = append(l.found, l.placed(p))
}

// finish sorts the problems, shows the lines around them and takes every
// secret out.
func (l *loader) finish() problem.List {
	hide := l.hiding()
	l.doc.Hide = hide
	for i := range l.found {
		p := &l.found[i]
		p.Message, p.Hint = hide(p.Message), hide(p.Hint)
		if l.doc.Root != nil {
			p.Excerpt = l.doc.Excerpt(p.Line, p.Column)
		}
	}
	slices.SortStableFunc(l.found, func(a, b problem.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return l.found
}

// shortest is the least secret that is looked for: a shorter one would take
// half of every message with it.
const shortest = 4

// hiding returns what replaces every secret by an ellipsis, the longest first.
func (l *loader) hiding() func(string) string {
	var pairs []string
	all := slices.Clone(l.secrets)
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, s := range slices.Compact(all) {
		// In a message a secret can stand quoted, and in the file over lines.
		for part := range strings.SplitSeq(s, "\n") {
			if part = strings.TrimSpace(part); len(part) >= shortest {
				pairs = append(pairs, part, "…")
			}
		}
	}
	return strings.NewReplacer(pairs...).Replace
}
