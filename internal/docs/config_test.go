package docs

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Refresh: -1}, "docs.refresh:"},
		{Config{Sources: []Source{{Name: "a"}}}, "docs.sources[0].dir: missing"},
		{Config{Sources: []Source{{Name: "a", Dir: "x"}, {Dir: "y"}}}, "docs.sources[1].name: missing"},
		{Config{Sources: []Source{{Name: "a", Dir: "x"}, {Name: "a", Dir: "y"}}}, "docs.sources[1].name: \"a\""},
		{Config{Sources: []Source{{Name: "a/b", Dir: "x"}}}, "docs.sources[0].name: \"a/b\""},
		{Config{Sources: []Source{{Name: "a", Dir: "x", URL: "docs.example.com"}}}, "docs.sources[0].url:"},
		{Config{Sources: []Source{{Name: "a", Dir: "x", Layout: "sphinx"}}}, "docs.sources[0].layout: \"sphinx\""},
	} {
		if err := c.config.Validate(); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %s", c.config, err, c.want)
		}
	}
}

func TestAddress(t *testing.T) {
	const base = "https://docs.example.com/x"
	for _, c := range []struct {
		layout, path, want string
		meta               frontMatter
	}{
		{LayoutPlain, "a/b.md", "/a/b", frontMatter{}},
		{LayoutPlain, "a/README.md", "/a/", frontMatter{}},
		{LayoutPlain, "index.md", "/", frontMatter{}},
		{LayoutPlain, "a b/ü.md", "/a%20b/%C3%BC", frontMatter{}},
		{LayoutMkDocs, "a/b.md", "/a/b/", frontMatter{}},
		{LayoutMkDocs, "a/index.md", "/a/", frontMatter{}},
		{LayoutHugo, "A/B c.md", "/a/b-c/", frontMatter{}},
		{LayoutHugo, "a/_index.md", "/a/", frontMatter{}},
		{LayoutHugo, "a/b.md", "/a/c/", frontMatter{Slug: "c"}},
		{LayoutDocusaurus, "01-a/02-b.md", "/a/b", frontMatter{}},
		{LayoutDocusaurus, "a/b.mdx", "/z", frontMatter{Slug: "/z"}},
		{LayoutDocusaurus, "a/b.md", "/a/c", frontMatter{ID: "c"}},
		{LayoutDocusaurus, "a/a.md", "/a", frontMatter{}},
	} {
		if got := address(Source{URL: base, Layout: c.layout}, c.path, c.meta); got != base+c.want {
			t.Errorf("%s %s: got %s, want %s", c.layout, c.path, got, base+c.want)
		}
	}
	if got := address(Source{URL: base, Layout: LayoutHugo}, "a.md", frontMatter{URL: "/q/"}); got != "https://docs.example.com/q/" {
		t.Errorf("url in front matter: got %s", got)
	}
	if got := fragment(address(Source{}, "a.md", frontMatter{}), "b"); got != "" {
		t.Errorf("without an address: got %q", got)
	}
}

func TestAnchors(t *testing.T) {
	for _, c := range []struct {
		layout         string
		headings, want []string
	}{
		{LayoutPlain, []string{"Roll back!", "Roll back", "Roll back", "C++ & Go_1", "Ünïcode 日本"}, []string{"roll-back", "roll-back-1", "roll-back-2", "c--go_1", "ünïcode-日本"}},
		{LayoutMkDocs, []string{"Roll  back!", "Roll back", "C++ & Go", "Ünïcode"}, []string{"roll-back", "roll-back_1", "c-go", "ncode"}},
		{LayoutHugo, []string{"Size {#pool-size}", "Size {#pool-size class=x}", "Size"}, []string{"pool-size", "pool-size", "size"}},
	} {
		a := anchors{layout: c.layout, taken: map[string]int{}}
		for i, h := range c.headings {
			if _, got := a.heading(h); got != c.want[i] {
				t.Errorf("%s %q: got %q, want %q", c.layout, h, got, c.want[i])
			}
		}
	}
}

func TestFilter(t *testing.T) {
	for _, c := range []struct {
		pattern, name, path string
		want                bool
	}{
		{"*", "docs/a/b.md", "a/b.md", true},
		{"a/b.md", "docs/a/b.md", "a/b.md", true},
		{"docs/a/b.md", "docs/a/b.md", "a/b.md", true},
		{"a/deploy-*.md", "docs/a/deploy-x.md", "a/deploy-x.md", true},
		{"a/*.md", "docs/a/b/c.md", "a/b/c.md", false},
		{"a/**", "docs/a/b/c.md", "a/b/c.md", true},
		{"a/", "docs/a/b/c.md", "a/b/c.md", true},
		{"**/c.md", "docs/a/b/c.md", "a/b/c.md", true},
		{"b.md", "docs/a/b.md", "a/b.md", false},
		{"[", "[", "[", false},
		{"", "a.md", "a.md", false},
	} {
		if got := Filter(c.pattern).Match(c.name, c.path); got != c.want {
			t.Errorf("%q on %q: got %v", c.pattern, c.name, got)
		}
	}
}
