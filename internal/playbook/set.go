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
	"regexp"
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
	info  fs.FileInfo
	sum   [sha256.Size]byte
	draft *Playbook // nil where nothing could be read
	found problem.List
	id    string // what the file calls itself, read or not
}

// good tells whether the file can be used.
func (l *loaded) good() bool { return l.draft != nil && len(l.found.Errors()) == 0 }

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

// hintFor says what an operator does about a file that can't be read.
func hintFor(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "let the bot's user read it"
	}
	return ""
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
	fresh       bool // it was read now
	err         error
}

// alike tells whether two looks found the same file: what is moved or linked
// into a file's place can have its size and time.
func alike(a, b fs.FileInfo) bool {
	onDisk := os.SameFile(a, a) // not of a file system inside the binary
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && (!onDisk || os.SameFile(a, b))
}

// maxReads is how often a directory is read that changes while it is read.
const maxReads = 4

// load reads until nothing has changed meanwhile, so that a set is never half
// of one revision and half of the next.
func load(previous *Set, fsys fs.FS, shown func(string) string) (*Set, problem.List) {
	var entries []entry
	var taxonomy *entry
	var found problem.List
	for range maxReads {
		entries, taxonomy, found = discover(fsys, shown)
		parallel(entries, func(e *entry) { e.read(previous, fsys) })
		if settled(fsys, shown, entries, taxonomy, len(found) > 0) {
			break
		}
	}
	words, bad := readTaxonomy(fsys, taxonomy)
	return assemble(entries, words, append(found, bad...))
}

// readTaxonomy reads the taxonomy, where there is one.
func readTaxonomy(fsys fs.FS, e *entry) (*Taxonomy, problem.List) {
	if e == nil {
		return nil, nil
	}
	src, err := readAll(fsys, e.name)
	if err != nil {
		return nil, problem.List{{File: e.shown, Severity: problem.Error, Message: "the file can't be read: " + reason(err), Hint: hintFor(err)}}
	}
	return ParseTaxonomy(e.shown, src)
}

// settled tells whether the files are still those that were read. Where none
// was read anew there is nothing to ask.
func settled(fsys fs.FS, shown func(string) string, entries []entry, taxonomy *entry, broken bool) bool {
	if !broken && !slices.ContainsFunc(entries, func(e entry) bool { return e.fresh }) {
		return true
	}
	again, other, found := discover(fsys, shown)
	same := slices.EqualFunc(entries, again, func(a, b entry) bool { return a.name == b.name && alike(a.info, b.info) })
	return same && (taxonomy == nil) == (other == nil) && broken == (len(found) > 0)
}

// assemble makes a set of the files that were read; found is what is wrong with
// the others.
func assemble(entries []entry, taxonomy *Taxonomy, found problem.List) (*Set, problem.List) {
	s := &Set{Taxonomy: taxonomy, byID: map[string]*Playbook{}, byCommand: map[string]*Playbook{}, files: map[string]loaded{}}
	x := index{set: s, examples: map[string]*document.Node{}, drafts: make([]*Playbook, 0, len(entries)), unsure: slices.ContainsFunc(found, func(p problem.Problem) bool { return p.Line == 0 })}
	for i := range entries {
		e := &entries[i]
		if e.err != nil {
			found = append(found, problem.Problem{File: e.shown, Severity: problem.Error, Message: "the file can't be read: " + reason(e.err), Hint: hintFor(e.err)})
			x.unsure = true
			continue
		}
		s.files[e.shown] = e.loaded
		found = append(found, e.loaded.found...)
		if e.loaded.good() {
			s.Playbooks = append(s.Playbooks, e.loaded.draft)
		}
		x.add(&e.loaded)
	}
	found = inOrder(append(found, x.check()...))
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
		if errors.Is(err, fs.ErrNotExist) && d.Type()&fs.ModeSymlink == 0 {
			return nil // removed since it was listed
		}
		if err != nil {
			fail(name, orElse(hintFor(err), "remove the link, or mend what it leads to"), "can't be read: "+reason(err))
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
	if known && alike(before.info, e.info) && time.Since(e.info.ModTime()) > recent {
		e.loaded = before
		return
	}
	e.fresh = true
	src, err := readAll(fsys, e.name)
	if err != nil {
		e.err = err
		return
	}
	if known && before.sum == sha256.Sum256(src) {
		e.loaded = before
	} else {
		e.loaded = read(e.shown, src)
	}
	e.loaded.info = e.info
}

// read parses what a file says.
func read(file string, src []byte) loaded {
	l := loaded{sum: sha256.Sum256(src)}
	if l.draft, l.found = draft(file, src); l.draft != nil {
		l.id = l.draft.ID
	}
	if l.id == "" {
		if m := named.FindSubmatch(src); m != nil {
			l.id = string(m[1])
		}
	}
	return l
}

// named finds what a file calls itself where it can't be read: another one
// that names it is not at fault.
var named = regexp.MustCompile(`(?m)^id:[ \t]*['"]?([A-Za-z0-9_-]+)`)

// readAll reads no more than what shows that a file is too big.
func readAll(fsys fs.FS, name string) (src []byte, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, document.MaxSize+1))
}
