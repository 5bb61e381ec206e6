package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// library writes a corpus of n pages for the benchmarks, each with words of
// its own.
func library(b *testing.B, n int) []Source {
	b.Helper()
	dir := b.TempDir()
	for i := range n {
		var page strings.Builder
		fmt.Fprintf(&page, "# Topic %d\n\n", i)
		for s := range 8 {
			fmt.Fprintf(&page, "## Section %d of topic%d\n\nThe service%d deploys to region%d when its owner%d asks. See [the next](p%d.md).\n\n- Restart worker%d with care.\n\n",
				s, i, i*s%997, s, i%89, (i+1)%n, i%503)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("p%d.md", i)), []byte(page.String()), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return []Source{{Dir: dir}}
}

func BenchmarkBuild(b *testing.B) {
	sources := library(b, 500)
	for b.Loop() {
		if _, _, err := Build(b.Context(), sources, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	sources, dir := library(b, 500), b.TempDir()
	if _, _, err := Open(b.Context(), sources, dir, nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, stats, err := Open(b.Context(), sources, dir, nil); err != nil || !stats.FromSnapshot {
			b.Fatal(err)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	x, _, err := Build(b.Context(), library(b, 2000), nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		x.Search("which owner restarts worker7 in the section on region3 when service12 deploys", 10)
	}
}
