package docs

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Layouts name the ways in which a page's path becomes its address.
const (
	LayoutPlain      = "plain"      // a/b.md is at a/b, a/README.md at a/.
	LayoutMkDocs     = "mkdocs"     // a/b.md is at a/b/, anchors as Python-Markdown makes them.
	LayoutHugo       = "hugo"       // a/b.md is at a/b/, slug and url of the front matter count.
	LayoutDocusaurus = "docusaurus" // a/02-b.md is at a/b, slug and id of the front matter count.
)

// A Source is one folder of Markdown pages.
type Source struct {
	// Name is the first part of the names of its pages. Without one a page is
	// called as its path below Dir.
	Name string `yaml:"name"`
	// Dir is the folder.
	Dir string `yaml:"dir"`
	// URL is the address that the pages are published below, or "".
	URL string `yaml:"url"`
	// Layout is how a path becomes an address; "" is LayoutPlain.
	Layout string `yaml:"layout"`
	// Optional says that a missing folder counts as an empty one.
	Optional bool `yaml:"-"`
}

// Config is the part of the configuration that says what the corpus is.
type Config struct {
	Sources []Source `yaml:"sources"`
	// Refresh is the time between two looks for changed pages; 0 never looks.
	Refresh time.Duration `yaml:"refresh"`
}

// Default returns the configuration that holds where nothing is written: the
// folder docs, if there is one, looked at every five minutes.
func Default() Config {
	return Config{
		Sources: []Source{{Name: "docs", Dir: "docs", Layout: LayoutPlain, Optional: true}},
		Refresh: 5 * time.Minute,
	}
}

// Validate returns what is wrong with c, all of it joined, each beginning with
// the key at fault (docs.sources[1].layout). It doesn't look at the folders.
func (c Config) Validate() error {
	var faults []error
	fault := func(key, format string, args ...any) {
		faults = append(faults, fmt.Errorf("docs.%s: %w", key, fmt.Errorf(format, args...)))
	}
	if c.Refresh < 0 {
		fault("refresh", "%v is negative; write a duration such as 5m, or 0 to never look", c.Refresh)
	}
	names := map[string]int{}
	for i, s := range c.Sources {
		key := fmt.Sprintf("sources[%d]", i)
		if s.Dir == "" {
			fault(key+".dir", "missing; write the folder that holds the Markdown pages")
		}
		switch {
		case s.Name == "" && len(c.Sources) > 1:
			fault(key+".name", "missing; with several sources each needs a name")
		case strings.ContainsAny(s.Name, "/\\*?[]"):
			fault(key+".name", "%q has a slash or a wildcard; write a plain word such as docs", s.Name)
		}
		if first, taken := names[s.Name]; taken && s.Name != "" {
			fault(key+".name", "%q is the name of sources[%d] too; give each its own", s.Name, first)
		}
		names[s.Name] = i
		if u, err := url.Parse(s.URL); s.URL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
			fault(key+".url", "%q is no web address; write one such as https://docs.example.com/", s.URL)
		}
		switch s.Layout {
		case "", LayoutPlain, LayoutMkDocs, LayoutHugo, LayoutDocusaurus:
		default:
			fault(key+".layout", "%q is unknown; write plain, mkdocs, hugo or docusaurus", s.Layout)
		}
	}
	return errors.Join(faults...)
}
