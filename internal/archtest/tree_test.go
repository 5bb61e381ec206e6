package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "frontdoor"

// A folder is one package as it stands on disk.
type folder struct {
	doc     string              // package comment of its own files, all of them joined
	imports map[string][]string // package of ours -> files that import it
	tests   map[string][]string // likewise, of the _test.go files
	lines   map[string]int      // file -> lines
}

// tree reads every package of the module. It parses in this process, so that
// `go test` sees which files the result depends on; asking `go list` would
// leave a stale result in the cache.
func tree(t *testing.T) map[string]*folder {
	t.Helper()
	folders := map[string]*folder{}
	for _, file := range files(t) {
		if !strings.HasSuffix(file, ".go") || strings.Contains(file, "testdata/") || inOtherModule(t, file) {
			continue
		}
		dir := path.Dir(file)
		f := folders[dir]
		if f == nil {
			f = &folder{imports: map[string][]string{}, tests: map[string][]string{}, lines: map[string]int{}}
			folders[dir] = f
		}
		source := read(t, file)
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatalf("parse %s: %v", file, err)
		}
		f.add(file, parsed, strings.Count(source, "\n"))
	}
	if len(folders) < 5 {
		t.Fatalf("found only %d packages: is this the root of the project?", len(folders))
	}
	return folders
}

func (f *folder) add(file string, parsed *ast.File, lines int) {
	f.lines[file] = lines
	into := f.imports
	if strings.HasSuffix(file, "_test.go") {
		into = f.tests
	} else {
		f.doc += parsed.Doc.Text()
	}
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has refused such a file already
		}
		if ours, found := strings.CutPrefix(name, module+"/"); found {
			into[ours] = append(into[ours], file)
		}
	}
}

// files lists the project's files by their path below its root, with slashes.
// What the build and the bot write is left out.
func files(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			switch relative {
			case ".git", "bin", ".frontdoor":
				return filepath.SkipDir
			}
			return nil
		}
		if entry.Type().IsRegular() && relative != ".git" { // a file in a worktree
			found = append(found, filepath.ToSlash(relative))
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walk the project: %v", err)
	}
	return found
}

// root is the module's root as seen from this package.
const root = "../.."

func read(t *testing.T, file string) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	return string(source)
}

// inOtherModule tells whether a go.mod stands between the root and the file.
func inOtherModule(t *testing.T, file string) bool {
	t.Helper()
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(dir), "go.mod")); err == nil {
			return true
		}
	}
	return false
}
