package playbook

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// Set is a catalogue: every playbook below one directory, loaded whole.
type Set struct {
	Playbooks []*Playbook // by path
	Taxonomy  *Taxonomy   // nil where there is no taxonomy.yaml: then any tag goes
	Warnings  problem.List

	byID      map[string]*Playbook
	byCommand map[string]*Playbook
	files     map[string]loaded // by path, for Reload
}

// loaded is what a file was when it was read.
type loaded struct {
	size     int64
	modified time.Time
	sum      [sha256.Size]byte
	playbook *Playbook
	found    problem.List
}

// ByID is the playbook with the id, or nil.
func (s *Set) ByID(id string) *Playbook {
	if s == nil {
		return nil
	}
	return s.byID[id]
}

// ByCommand is the playbook with the command, its words in one space each and
// small letters, or nil.
func (s *Set) ByCommand(command string) *Playbook {
	if s == nil {
		return nil
	}
	return s.byCommand[command]
}

// The bounds of a set: files, and the bytes of all of them.
const (
	maxFiles = 20_000
	maxTotal = 256 << 20
)

// Load reads every *.yaml and *.yml below dir, in the order of their paths,
// and taxonomy.yaml in dir itself. Names that begin with a dot are left out.
// The set is nil where the list has errors: it is whole or not at all.
func Load(dir string) (*Set, problem.List) { return Reload(nil, dir) }

// Reload is Load that takes over from previous what hasn't changed.
func Reload(previous *Set, dir string) (*Set, problem.List) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, problem.List{{File: dir, Severity: problem.Error, Message: "there is no such directory of playbooks", Hint: "make it, or name another with --playbooks"}}
	case err != nil:
		return nil, problem.List{{File: dir, Severity: problem.Error, Message: "the playbooks can't be read: " + reason(err)}}
	case !info.IsDir():
		return nil, problem.List{{File: dir, Severity: problem.Error, Message: "this is no directory of playbooks", Hint: "name the directory that holds it"}}
	}
	return load(previous, os.DirFS(dir), func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) })
}

// LoadFS is Load from a file system, such as the catalogue inside the binary.
// Problems and Playbook.File name the paths below prefix.
func LoadFS(fsys fs.FS, prefix string) (*Set, problem.List) {
	return load(nil, fsys, func(name string) string { return path.Join(prefix, name) })
}

func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// entry is one file to load.
type entry struct {
	name, shown string
	info        fs.FileInfo
	loaded      loaded
	err         error
}

func load(previous *Set, fsys fs.FS, shown func(string) string) (*Set, problem.List) {
	entries, taxonomy, found := discover(fsys, shown)
	if len(found) > 0 {
		return nil, found
	}
	parallel(entries, func(e *entry) { e.read(previous, fsys) })
	s := &Set{byID: map[string]*Playbook{}, byCommand: map[string]*Playbook{}, files: map[string]loaded{}}
	for i := range entries {
		e := &entries[i]
		if e.err != nil {
			found = append(found, problem.Problem{File: e.shown, Severity: problem.Error, Message: "the file can't be read: " + reason(e.err)})
			continue
		}
		s.files[e.shown] = e.loaded
		found = append(found, e.loaded.found...)
		if e.loaded.playbook != nil {
			s.Playbooks = append(s.Playbooks, e.loaded.playbook)
		}
	}
	if taxonomy != nil {
		src, err := fs.ReadFile(fsys, taxonomy.name)
		if err != nil {
			return nil, append(found, problem.Problem{File: taxonomy.shown, Severity: problem.Error, Message: "the file can't be read: " + reason(err)})
		}
		var bad problem.List
		s.Taxonomy, bad = ParseTaxonomy(taxonomy.shown, src)
		found = append(found, bad...)
	}
	complete := len(found.Errors()) == 0
	found = inOrder(append(found, s.index(complete)...))
	if len(found.Errors()) > 0 {
		return nil, found
	}
	s.Warnings = found
	return s, found
}

// discover lists what is to be loaded.
func discover(fsys fs.FS, shown func(string) string) (entries []entry, taxonomy *entry, found problem.List) {
	fail := func(name, hint, message string) {
		found = append(found, problem.Problem{File: shown(name), Severity: problem.Error, Message: message, Hint: hint})
	}
	var total int64
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			fail(name, "", "can't be read: "+reason(err))
			return nil
		case name != "." && strings.HasPrefix(path.Base(name), "."):
			// A mounted ConfigMap keeps its files twice, in ..data too.
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || path.Ext(name) != ".yaml" && path.Ext(name) != ".yml":
			return nil
		}
		info, err := fs.Stat(fsys, name)
		if err != nil {
			fail(name, "", "can't be read: "+reason(err))
			return nil
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		e := entry{name: name, shown: shown(name), info: info}
		if stem := strings.TrimSuffix(path.Base(name), path.Ext(name)); stem == "taxonomy" {
			if path.Dir(name) == "." {
				taxonomy = &e
			}
			return nil
		}
		entries = append(entries, e)
		if total += info.Size(); total > maxTotal || len(entries) > maxFiles {
			fail(".", "split the catalogue", fmt.Sprintf("more than %d files or %d bytes of playbooks", maxFiles, maxTotal))
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		fail(".", "", "can't be read: "+reason(err))
	}
	return entries, taxonomy, found
}

// parallel calls do for each entry on all processors.
func parallel(entries []entry, do func(*entry)) {
	var wg sync.WaitGroup
	next := make(chan *entry)
	for range min(runtime.GOMAXPROCS(0), max(1, len(entries))) {
		wg.Go(func() {
			for e := range next {
				do(e)
			}
		})
	}
	for i := range entries {
		next <- &entries[i]
	}
	close(next)
	wg.Wait()
}

// recent is how old a file must be before its time is believed: one that is
// written twice within a tick of the clock keeps its time.
const recent = 2 * time.Second

// read parses the file, unless previous has it as it is.
func (e *entry) read(previous *Set, fsys fs.FS) {
	var before loaded
	var known bool
	if previous != nil {
		before, known = previous.files[e.shown]
	}
	if known && before.size == e.info.Size() && before.modified.Equal(e.info.ModTime()) && time.Since(before.modified) > recent {
		e.loaded = before
		return
	}
	src, err := readAll(fsys, e.name)
	if err != nil {
		e.err = err
		return
	}
	e.loaded = loaded{size: e.info.Size(), modified: e.info.ModTime(), sum: sha256.Sum256(src)}
	if known && before.sum == e.loaded.sum {
		e.loaded.playbook, e.loaded.found = before.playbook, before.found
		return
	}
	e.loaded.playbook, e.loaded.found = Parse(e.shown, src)
}

// readAll reads no more than what shows that a file is too big.
func readAll(fsys fs.FS, name string) (src []byte, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, document.MaxSize+1))
}

// index fills the set's lookups and checks what one file can't know. complete
// says that every file could be read, so that what isn't there is a mistake.
func (s *Set) index(complete bool) problem.List {
	var found problem.List
	examples := map[string]*document.Node{}
	for _, p := range s.Playbooks {
		if first := s.byID[p.ID]; first != nil {
			found = append(found, p.root.Get("id").Problem("give each its own id", "the id %s is taken by %s", p.ID, first.File))
		} else {
			s.byID[p.ID] = p
		}
		found = append(found, s.indexCommand(p)...)
		for _, n := range items(p.root.Get("match").Get("examples")) {
			key := normal(n.Text())
			if first := examples[key]; first != nil {
				found = append(found, n.Problem("keep it in one place", "the example %q stands in %s, line %d, too", n.Text(), first.Document().File, first.Line))
				continue
			}
			examples[key] = n
		}
		found = append(found, s.tags(p)...)
	}
	if !complete {
		return found
	}
	var all, flows []string
	for _, p := range s.Playbooks {
		all = append(all, p.ID)
		if p.Flow != nil {
			flows = append(flows, p.ID)
		}
	}
	for _, p := range s.Playbooks {
		found = append(found, s.references(p, all, flows)...)
	}
	return found
}

func (s *Set) indexCommand(p *Playbook) problem.List {
	if p.Match.Command == "" {
		return nil
	}
	if first := s.byCommand[p.Match.Command]; first != nil {
		return problem.List{p.root.Get("match").Get("command").Problem("choose another", "the command %q is taken by %s", p.Match.Command, first.File)}
	}
	s.byCommand[p.Match.Command] = p
	return nil
}

// normal is a message without what doesn't tell two examples apart.
func normal(example string) string {
	return strings.Join(strings.Fields(strings.ToLower(strings.TrimRight(strings.TrimSpace(example), ".!?"))), " ")
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
		known := s.Taxonomy.tags(pair.Key)
		tag, ok := find(known, pair.Value.Text())
		switch {
		case !ok:
			found = append(found, pair.Value.Problem(orAdd(didYouMean(pair.Value.Text(), ids(known))), "taxonomy.yaml has no %s %s", pair.Key, pair.Value.Text()))
		case tag.Retired:
			w := pair.Value.Problem("choose another", "the %s %s is retired", pair.Key, tag.ID)
			w.Severity = problem.Warning
			found = append(found, w)
		}
	}
	return found
}

func orAdd(hint string) string {
	if hint == "" {
		return "add it to taxonomy.yaml"
	}
	return hint
}

// references checks the ids of other playbooks that p names; all and flows are
// those that there are.
func (s *Set) references(p *Playbook, all, flows []string) problem.List {
	var found problem.List
	for _, n := range items(p.root.Get("answer").Get("offer")) {
		switch other := s.byID[n.Text()]; {
		case other == nil:
			found = append(found, n.Problem(didYouMean(n.Text(), flows), "there is no playbook %s to offer", n.Text()))
		case other.Flow == nil:
			found = append(found, n.Problem("offer a workflow", "%s is an answer, and only workflows can be offered", n.Text()))
		}
	}
	for _, t := range items(p.root.Get("tests")) {
		n := t.Get("expect").Get("playbook")
		id := n.Text()
		if id == "" || id == "none" {
			continue
		}
		other := s.byID[id]
		if other == nil {
			found = append(found, n.Problem(didYouMean(id, all), "there is no playbook %s", id))
			continue
		}
		if other != p {
			found = append(found, foreignInputs(t.Get("expect").Get("inputs"), other)...)
		}
	}
	return found
}

// foreignInputs checks the inputs that a test expects of another playbook.
func foreignInputs(n *document.Node, other *Playbook) problem.List {
	c := &checker{playbook: other}
	names := c.inputNames()
	for _, pair := range pairs(n) {
		if !slices.Contains(names, pair.Key) {
			c.failKey(pair.Value, didYouMean(pair.Key, names), "%s has no input %s", other.ID, pair.Key)
		}
	}
	return c.found
}
