package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"frontdoor/internal/app"
	"frontdoor/internal/demand"
	"frontdoor/internal/docs"
	"frontdoor/internal/workflow"
)

// enough is the space that a start needs, in bytes: an index, a database and
// what a day writes.
const enough = 256 << 20

// dataDir checks the one place that is written.
func (x *exam) dataDir(context.Context) {
	const check = "data_dir"
	since := len(x.found)
	dir := x.cfg.DataDir
	there := dir
	info, err := os.Stat(dir)
	for errors.Is(err, fs.ErrNotExist) {
		up := filepath.Dir(there)
		if up == there {
			break
		}
		there = up
		info, err = os.Stat(there)
	}
	switch {
	case err != nil:
		x.bad(check, "name a directory that can be made and written in data_dir of "+x.file(), "%s can't be used: %s", dir, cause(err))
		return
	case !info.IsDir():
		x.bad(check, "move the file "+there+" away, or name a directory in data_dir of "+x.file(), "%s can't be used: %s is a file", dir, there)
		return
	}
	if err := writable(there); err != nil {
		what := "is not writable"
		if there != dir {
			what = "can't be made below " + there
		}
		x.bad(check, "let the bot's user write in "+there+" (`chown`, `chmod u+rwx`, a writable mount), or name another directory in data_dir of "+x.file(), "%s %s: %s", dir, what, err)
	}
	if free, ok := space(there); ok && free < enough {
		x.bad(check, "free some space, or name a directory on another disk in data_dir of "+x.file(), "%s has %d MiB of space left, less than %d", dir, free>>20, enough>>20)
	}
	if there != dir {
		if !x.wrong(since) {
			x.good(check, "%s isn't there yet; the first start makes it", dir)
		}
		return
	}
	x.private(check, dir, info, 0o002)
	for _, name := range []string{"docs", "sessions", "work"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && !info.IsDir() {
			x.bad(check, "move it away; the next start makes what it needs", "%s is a file, and should be a directory", filepath.Join(dir, name))
		}
	}
	for _, name := range []string{app.DatabaseFile, demand.KeyFile, workflow.KeyFile} {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil {
			if info.IsDir() {
				x.bad(check, "move it away", "%s is a directory, and should be a file", file)
				continue
			}
			x.private(check, file, info, 0o007)
		}
	}
	if !x.wrong(since) {
		held := "nobody's terminal is open on it"
		if n := app.Terminals(dir); n > 0 {
			held = count(n, "terminal") + " open on it"
		}
		x.good(check, "%s: writable, %s", dir, held)
	}
}

// private complains of what everybody on the machine can get at. A group may
// be meant: volumes of Kubernetes belong to one.
func (x *exam) private(check, name string, info fs.FileInfo, bits fs.FileMode) {
	if info.Mode().Perm()&bits != 0 {
		x.bad(check, "chmod o-rwx "+name, "%s is %s: everybody on this machine can get at it", name, info.Mode().Perm())
	}
}

// docs checks the sources and the snapshot of their index.
func (x *exam) docs(ctx context.Context) {
	since := len(x.found)
	var sources []docs.Source
	for _, s := range x.cfg.Docs.Sources {
		info, err := os.Stat(s.Dir)
		switch {
		case errors.Is(err, fs.ErrNotExist) && s.Optional:
		case errors.Is(err, fs.ErrNotExist):
			x.bad("docs", "make it, or name another in docs.sources of "+x.file(), "there is no directory %s", s.Dir)
			continue
		case err != nil:
			x.bad("docs", "let the bot's user read it", "%s can't be read: %s", s.Dir, cause(err))
			continue
		case !info.IsDir():
			x.bad("docs", "name the directory that holds it in docs.sources of "+x.file(), "%s is a file, not a directory of pages", s.Dir)
			continue
		}
		sources = append(sources, s)
	}
	if len(sources) < len(x.cfg.Docs.Sources) {
		return
	}
	stats, state, err := docs.Inspect(ctx, sources, filepath.Join(x.cfg.DataDir, "docs"))
	if err != nil {
		x.bad("docs", "let the bot's user read every directory of docs.sources", "the pages can't be read: %s", err)
		return
	}
	for _, s := range stats.Skipped {
		x.bad("docs", "mend the page, or move it out of the directory", "%s is left out: %s", s.Page, s.Reason)
	}
	switch {
	case stats.Pages == 0 && len(sources) > 0 && !sources[0].Optional:
		x.bad("docs", "put Markdown pages into it, or name another directory in docs.sources of "+x.file(), "%s has no pages: no question can be answered from the docs", sources[0].Dir)
	case stats.Pages == 0:
		x.good("docs", "no pages: nothing is answered from the docs")
	case !x.wrong(since):
		x.good("docs", "%s, %s", count(stats.Pages, "page"), count(stats.Passages, "passage"))
	}
	switch state {
	case docs.SnapshotFresh:
		x.good("index", "the snapshot is of the pages as they are")
	case docs.SnapshotMissing:
		x.good("index", "no snapshot yet; the first start makes it")
	case docs.SnapshotStale:
		x.good("index", "pages have changed since the snapshot; the next look takes them")
	default:
		x.bad("index", "nothing has to be saved: `bot docs index` builds it anew", "the snapshot can't be read, or another version wrote it")
	}
}

// cause is err without the path, which is said already.
func cause(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
