package docs

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
)

func TestSkipped(t *testing.T) {
	dir := write(t, map[string]string{"ok.md": "# Fine\n", "sub/latin.md": "caf\xe9", "huge.md": strings.Repeat("a ", maxPageBytes), ".git/x.md": "# Hidden\n", "image.png": "x"})
	outside := write(t, map[string]string{"secret.md": "# Secret\n"})
	for link, to := range map[string]string{"out.md": filepath.Join(outside, "secret.md"), "gone.md": "nowhere.md", "in.md": "ok.md"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.md"), 0o755); err != nil {
		t.Fatal(err)
	}
	var calls [][2]int
	x, stats, err := Build(t.Context(), []Source{{Name: "s", Dir: dir}}, func(done, total int) { calls = append(calls, [2]int{done, total}) })
	if err != nil {
		t.Fatal(err)
	}
	if got, want := x.Names(), []string{"s/in.md", "s/ok.md"}; !slices.Equal(got, want) {
		t.Errorf("pages %v, want %v", got, want)
	}
	reasons := map[string]string{}
	for _, s := range stats.Skipped {
		reasons[s.Page] = s.Reason
	}
	for page, want := range map[string]string{"s/sub/latin.md": "not UTF-8", "s/huge.md": "more than", "s/out.md": "a link to nothing inside", "s/gone.md": "a link to nothing inside"} {
		if !strings.Contains(reasons[page], want) {
			t.Errorf("%s was skipped for %q, want %q", page, reasons[page], want)
		}
	}
	if len(reasons) != 4 {
		t.Errorf("skipped %v", reasons)
	}
	if len(calls) != 3 || calls[2] != [2]int{3, 3} {
		t.Errorf("progress %v", calls)
	}
}

func TestSources(t *testing.T) {
	a := write(t, map[string]string{"x.md": "# X of a\n", "shared.md": "# Shared\n"})
	b := write(t, map[string]string{"y.md": "# Y of b\n", "shared.md": "# Shared\n"})
	x, _, err := Build(t.Context(), []Source{{Name: "a", Dir: a, URL: "https://a.example"}, {Name: "b", Dir: b}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"x.md": "a/x.md", "b/y.md": "b/y.md", "b/shared.md": "b/shared.md", "shared.md": "", "z.md": ""} {
		p, ok := x.Page(name)
		if ok != (want != "") || p.Name != want {
			t.Errorf("page %s: got %q, %v", name, p.Name, ok)
		}
	}
	if r := x.Search("x", 1); len(r) != 1 || r[0].URL != "https://a.example/x#x-of-a" {
		t.Errorf("got %+v", r)
	}
	missing := filepath.Join(a, "missing")
	if _, _, err := Build(t.Context(), []Source{{Dir: missing}}, nil); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("a missing folder: %v", err)
	}
	empty, stats, err := Build(t.Context(), []Source{{Dir: missing, Optional: true}}, nil)
	if err != nil || stats.Pages != 0 || len(empty.Search("anything", 5)) != 0 || empty.Any() {
		t.Errorf("an optional folder: %v %+v", err, stats)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Build(ctx, []Source{{Dir: a}}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestOpen(t *testing.T) {
	dir, snapshots := write(t, handbook), filepath.Join(t.TempDir(), "new")
	sources := []Source{{Dir: dir}}
	open := func(want bool) *Index {
		t.Helper()
		x, stats, err := Open(t.Context(), sources, snapshots, nil)
		if err != nil {
			t.Fatal(err)
		}
		if stats.FromSnapshot != want {
			t.Fatalf("from the snapshot: %v, want %v", stats.FromSnapshot, want)
		}
		return x
	}
	built := open(false)
	again := open(true)
	for _, q := range []string{"roll back", "postgres", "canery"} {
		a, b := built.Search(q, 5), again.Search(q, 5)
		if len(a) == 0 || len(a) != len(b) || a[0].Score != b[0].Score || a[0].Snippet != b[0].Snippet {
			t.Errorf("%s: built %+v, opened %+v", q, a, b)
		}
	}

	// A changed page, other settings and damage all mean building again.
	if err := os.WriteFile(filepath.Join(dir, "costs.md"), []byte("# Costs\n\nNow about zebras.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := open(false).Search("zebras", 1); len(r) != 1 {
		t.Errorf("the change is not found: %v", r)
	}
	open(true)
	sources[0].URL = "https://docs.example.com"
	open(false)
	name := filepath.Join(snapshots, snapshotName)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string][]byte{
		"empty": {}, "foreign": []byte(strings.Repeat("something else entirely ", 100)), "cut": good[:len(good)/2],
		"flipped": func() []byte { b := slices.Clone(good); b[len(b)/2] ^= 1; return b }(),
	} {
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := open(false).Search("zebras", 1); len(r) != 1 {
			t.Errorf("%s: got %v", what, r)
		}
		open(true)
	}

	// Where nothing can be written the index is there all the same.
	file := filepath.Join(dir, "costs.md")
	x, _, err := Open(t.Context(), sources, filepath.Join(file, "below"), nil)
	if _, ok := errors.AsType[*SnapshotError](err); !ok || x == nil || len(x.Search("zebras", 1)) != 1 {
		t.Errorf("without a place for the snapshot: %v, %v", x != nil, err)
	}
}

func TestCorpus(t *testing.T) {
	dir := write(t, handbook)
	c, stats, err := OpenCorpus(t.Context(), []Source{{Dir: dir}}, t.TempDir(), nil)
	if err != nil || stats.Pages != 4 {
		t.Fatal(stats, err)
	}
	if changed, err := c.Refresh(t.Context()); changed || err != nil {
		t.Fatal("nothing changed, got", changed, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	told := make(chan error, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Keep(ctx, time.Millisecond, func(_ bool, err error) { told <- err })
	}()
	before := c.Index()
	if err := os.WriteFile(filepath.Join(dir, "zebra.md"), []byte("# Zebras\n\nAll about zebras.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// The file may be seen between its making and its filling.
	for len(c.Index().Search("zebras", 1)) == 0 {
		if err := <-told; err != nil {
			t.Fatal(err)
		}
	}
	if len(before.Search("zebras", 1)) != 0 || len(before.Search("canary", 1)) != 1 {
		t.Error("an index that somebody holds has changed")
	}
	stop()
	<-done
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Refresh(t.Context()); err == nil || len(c.Index().Search("zebras", 1)) != 1 {
		t.Error("with the folder gone the last index is not kept", err)
	}
}

// sealed gives bytes the checksum that lets them through to the other checks.
func sealed(data []byte) []byte {
	data = slices.Clone(data)
	if len(data) >= 16 {
		binary.LittleEndian.PutUint64(data[8:], xxhash.Sum64(data[16:]))
	}
	return data
}

func FuzzSnapshot(f *testing.F) {
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.md"), []byte(handbook["deploying.md"]+"[costs](b.md)\n"), 0o600); err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "b.md"), []byte(handbook["costs.md"]), 0o600); err != nil {
		f.Fatal(err)
	}
	x, _, err := Build(f.Context(), []Source{{Dir: dir}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(x.im.data)
	for i := 16; i < len(x.im.data); i += 37 {
		data := slices.Clone(x.im.data)
		data[i] ^= 0xff
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		im, err := readImage(sealed(data))
		if err != nil {
			return
		}
		x := newIndex(im)
		x.Stats()
		for _, r := range x.Search("roll back costs deploying canery team", 5, "*.md") {
			if _, ok := x.Page(r.Page); !ok {
				t.Fatalf("no page %q", r.Page)
			}
		}
		for _, name := range x.Names() {
			x.Page(name)
		}
		x.Terms("costs")
	})
}

func FuzzSearch(f *testing.F) {
	dir := f.TempDir()
	for _, name := range []string{"deploying.md", "costs.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(handbook[name]), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	x, _, err := Build(f.Context(), []Source{{Dir: dir, URL: "https://docs.example.com"}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("how do I roll back?", 5, "*")
	f.Add("\xff\x00 canery ConfigMap's", -1, "[")
	f.Fuzz(func(t *testing.T, question string, limit int, in string) {
		seen := map[string]bool{}
		results := x.Search(question, limit, Filter(in))
		for i, r := range results {
			if seen[r.Page] || !(r.Score > 0) || i > 0 && r.Score > results[i-1].Score {
				t.Fatalf("got %+v", results)
			}
			seen[r.Page] = true
		}
		if len(results) > max(limit, 0) {
			t.Fatalf("%d results, asked for %d", len(results), limit)
		}
	})
}
