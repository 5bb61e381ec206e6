package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"frontdoor/internal/access"
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
	case info.Mode()&(fs.ModeDevice|fs.ModeSocket) != 0 && path != os.DevNull: // a pipe is what a shell makes of <(…)
		return nil, errors.New("this is a device, not a configuration file")
	}
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, errors.New("the configuration file can't be read: " + cause(err))
	}
	defer func() { _ = f.Close() }()
	src, err := io.ReadAll(io.LimitReader(f, document.MaxSize+1))
	switch {
	case err != nil:
		return nil, errors.New("the configuration file can't be read: " + cause(err))
	case len(src) > document.MaxSize:
		return nil, fmt.Errorf("the file is too big for a configuration: it has more than %d KiB", document.MaxSize>>10)
	}
	return src, nil
}

// cause is err without the path, which is said already.
func cause(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// loader is one reading.
type loader struct {
	cfg     Config
	doc     *document.Document
	dir     string
	lines   []string // of the file
	secrets []string
	odd     []string // what stands under a key that nobody knows, which can be a misspelt token's
	found   problem.List
}

// parse fills cfg, which holds the defaults and the file's name, from src.
func parse(cfg Config, src []byte, env func(string) (string, bool)) (Config, problem.List) {
	doc, found := document.Parse(cfg.File, src)
	l := &loader{cfg: cfg, doc: doc, dir: filepath.Dir(cfg.File), lines: splitLines(src), found: found}
	if doc.Root == nil && len(found) > 0 {
		// Nothing is known of what the lines hold: only our own words are shown.
		doc.Hide = veil
		for i := range l.found {
			l.found[i].Excerpt = doc.Excerpt(l.found[i].Line, l.found[i].Column)
		}
		return l.cfg, l.found
	}
	if doc.Root != nil {
		l.literals(doc.Root)
		r := &resolver{dir: l.dir, env: env}
		r.resolve(doc.Root)
		l.secrets = append(l.secrets, r.secrets...)
		l.found = append(l.found, l.decode()...)
		l.found = append(l.found, r.found...)
		l.absent(r.missing)
	}
	l.rooms()
	l.paths()
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

// secret remembers every value at and below n.
func (l *loader) secret(n *document.Node) {
	n.Walk(func(below *document.Node) {
		switch below.Kind {
		case document.Object, document.List, document.Bool, document.Null:
		case document.String:
			l.secrets = append(l.secrets, below.Text())
		default:
			l.secrets = append(l.secrets, l.written(below))
		}
	})
}

// scalar is a number as somebody wrote it.
var scalar = regexp.MustCompile(`^[^\s,\]}#]+`)

// written is the number n as the file has it, with the digits that a number
// loses.
func (l *loader) written(n *document.Node) string {
	if n.Line < 1 || n.Line > len(l.lines) {
		return ""
	}
	line := []rune(l.lines[n.Line-1])
	if n.Column < 1 || n.Column > len(line) {
		return ""
	}
	return scalar.FindString(string(line[n.Column-1:]))
}

func splitLines(src []byte) []string {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(src), "\ufeff"))
	return strings.Split(text, "\n")
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
	var judged []string // what has the wrong type is not judged by its default, nor what holds it
	for _, p := range l.found {
		if p.Key != "" && p.Severity == problem.Error {
			judged = append(judged, p.Key)
		}
	}
	for _, found := range []problem.List{
		c.validate(), c.validateUnbuilt(), c.unbuilt(written), c.Redis.Validate(), c.Database.Validate(), c.Channels.Validate(), c.People.Validate(),
		c.Workflows.Validate(), c.Demand.Validate(), layouts(c.Docs, keyed(c.Docs.Validate())),
	} {
		for _, p := range found {
			if !slices.ContainsFunc(judged, func(key string) bool { return key == p.Key || below(key, p.Key) || below(p.Key, key) }) {
				l.found = append(l.found, l.placed(p))
			}
		}
	}
}

// below tells whether key lies inside of what of stands for.
func below(key, of string) bool {
	rest, ok := strings.CutPrefix(key, of)
	return ok && rest != "" && (rest[0] == '.' || rest[0] == '[')
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
	relative := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(l.dir, path)
	}
	written := func(key string) bool {
		n := l.doc.Find(key)
		return n != nil && n.Path() == key && n.Text() != ""
	}
	c.DataDir = relative(c.DataDir)
	c.Playbooks.Dir = relative(c.Playbooks.Dir)
	if written("playbooks.dir") {
		c.Playbooks.Optional = false
		l.exists("playbooks.dir", c.Playbooks.Dir, true)
	}
	for i := range c.Docs.Sources {
		s := &c.Docs.Sources[i]
		s.Dir = relative(s.Dir)
		if key := "docs.sources[" + strconv.Itoa(i) + "].dir"; written(key) {
			l.exists(key, s.Dir, true)
		}
	}
	c.People.File = relative(c.People.File)
	for name, g := range c.People.Groups {
		g.File = relative(g.File)
		c.People.Groups[name] = g
	}
	_, found := access.Read(c.People)
	for _, p := range found {
		if p.File == "" {
			p = l.placed(p)
		}
		l.found = append(l.found, p)
	}
	if file, ok := strings.CutPrefix(c.Database.URL, "sqlite:"); ok && file != "" {
		c.Database.URL = "sqlite:" + relative(file)
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
	case errors.Is(err, fs.ErrNotExist):
		p.Message, p.Hint = key+": there is no "+what+" "+path, "make it, or write another; a relative path is relative to the configuration file"
	case err != nil:
		p.Message, p.Hint = key+": "+path+" can't be read: "+cause(err), "check what it is and who may read it"
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
		if p.File == l.cfg.File {
			p.Excerpt = l.doc.Excerpt(p.Line, p.Column)
		}
	}
	other := func(p problem.Problem) int { // the configuration's own mistakes first
		if p.File == l.cfg.File {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(l.found, func(a, b problem.Problem) int {
		return cmp.Or(cmp.Compare(other(a), other(b)), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return l.found
}

// shortest is the least secret that is looked for: a shorter one would take
// half of every message with it.
const shortest = 4

// hiding returns what replaces every secret by an ellipsis, the longest first.
func (l *loader) hiding() func(string) string {
	var pairs []string
	ours := vocabulary()
	all := slices.Clone(l.secrets)
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, s := range slices.Compact(all) {
		// In a message a secret can stand quoted, and in the file over lines.
		for part := range strings.SplitSeq(s, "\n") {
			if part = strings.TrimSpace(part); len(part) >= shortest && !ours[part] {
				pairs = append(pairs, part, "…")
			}
		}
	}
	replace := strings.NewReplacer(pairs...).Replace
	var words []string
	for _, s := range l.odd {
		for part := range strings.SplitSeq(s, "\n") {
			if part = strings.TrimSpace(part); len(part) >= shortest && !ours[part] {
				words = append(words, regexp.QuoteMeta(part))
			}
		}
	}
	if len(words) == 0 {
		return replace
	}
	// These are words as they stand: a misspelt key must not take its letters out
	// of every other word.
	slices.SortFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	odd := regexp.MustCompile(`(^|[^A-Za-z0-9_])(?:` + strings.Join(words, "|") + `)($|[^A-Za-z0-9_])`)
	return func(s string) string {
		s = odd.ReplaceAllString(replace(s), "${1}…${2}")
		return odd.ReplaceAllString(s, "${1}…${2}") // two in a row share what is between them
	}
}
