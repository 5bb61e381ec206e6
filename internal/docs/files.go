package docs

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxPageBytes bounds one page. The longest pages people write are generated
// references of some 500 kB; beyond this a file is data, not a page.
const maxPageBytes = 2 << 20

// Skipped is a file that did not become a page.
type Skipped struct {
	// Page is what the page would be called.
	Page string
	// Reason is a phrase for people, such as "not UTF-8".
	Reason string
}

// file is one Markdown file of a source as found in its folder.
type file struct {
	source int
	path   string // below the source's folder, with slashes
	name   string // of the page
	size   int64
	mtime  int64
}

// page is what the page at p below s is called.
func (s Source) page(p string) string {
	if s.Name != "" {
		return s.Name + "/" + p
	}
	return p
}

// isPage says whether a file of that name is Markdown.
func isPage(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".md", ".markdown", ".mdx":
		return true
	}
	return false
}

// list finds the Markdown files of all sources, in order of source and path,
// and those that are none of ours for a reason worth telling. It follows
// symbolic links to files as long as they stay in the folder.
func list(sources []Source) ([]file, []Skipped, error) {
	var files []file
	var skipped []Skipped
	taken := map[string]bool{}
	for i, s := range sources {
		found, left, err := listSource(i, s)
		if err != nil {
			if s.Optional && errors.Is(err, fs.ErrNotExist) {
				continue
			}
			return nil, nil, fmt.Errorf("read docs source %q: %w", s.Dir, err)
		}
		skipped = append(skipped, left...)
		for _, f := range found {
			f.name = sources[f.source].page(f.path)
			if taken[f.name] && s.Name == "" {
				// Of several folders without a name, the later one's says which is meant.
				f.name = path.Join(filepath.Base(s.Dir), f.path)
			}
			if taken[f.name] {
				skipped = append(skipped, Skipped{Page: f.name, Reason: "another source has a page of this name"})
				continue
			}
			taken[f.name] = true
			files = append(files, f)
		}
	}
	return files, skipped, nil
}

func listSource(number int, s Source) ([]file, []Skipped, error) {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = root.Close() }()
	var files []file
	var skipped []Skipped
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		f := file{source: number, path: p}
		skip := func(reason string) {
			skipped = append(skipped, Skipped{Page: s.page(f.path), Reason: reason})
		}
		switch {
		case err != nil && p == ".":
			return err
		case err != nil:
			skip("cannot be read: " + reason(err))
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			if p != "." && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		case !isPage(p) || strings.HasPrefix(d.Name(), "."):
			return nil
		case !utf8.ValidString(p):
			f.path = strings.ToValidUTF8(p, "\uFFFD")
			skip("its name is not UTF-8")
			return nil
		}
		info, err := root.Stat(p)
		switch {
		case err != nil && d.Type()&fs.ModeSymlink != 0:
			skip("a link to nothing inside the folder")
		case err != nil:
			skip("cannot be read: " + reason(err))
		case !info.Mode().IsRegular():
			skip("not a regular file")
		case info.Size() > maxPageBytes:
			skip(fmt.Sprintf("%d bytes are more than the %d that a page may have", info.Size(), maxPageBytes))
		default:
			f.size, f.mtime = info.Size(), info.ModTime().UnixNano()
			files = append(files, f)
		}
		return nil
	})
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return files, skipped, err
}

// reason is the innermost cause of err, without the paths around it.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// fingerprint identifies the state of the sources: their settings and each
// file's path, size and time of change. Equal fingerprints mean an index that
// need not be built again.
func fingerprint(sources []Source, files []file) [sha256.Size]byte {
	h := sha256.New()
	var n [8]byte
	number := func(v int64) {
		binary.LittleEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	text := func(s string) {
		number(int64(len(s)))
		h.Write([]byte(s))
	}
	number(imageVersion)
	for _, s := range sources {
		text(s.Name)
		text(s.Dir)
		text(s.URL)
		text(s.Layout)
	}
	for _, f := range files {
		number(int64(f.source))
		text(f.path)
		number(f.size)
		number(f.mtime)
	}
	return [sha256.Size]byte(h.Sum(nil))
}
