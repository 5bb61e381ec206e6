package docs

import (
	"path"
	"strings"
)

// Filter is a pattern of page names: a name, a glob as in path.Match whose
// stars stop at slashes, ** for any number of folders, a folder with a slash
// at its end, or * alone for everything. The source's name may be left out.
type Filter string

// Match says whether the pattern takes in the page called name, whose path in
// its source is p.
func (f Filter) Match(name, p string) bool {
	pattern := string(f)
	if pattern == "*" {
		return true
	}
	if strings.HasSuffix(pattern, "/") {
		pattern += "**"
	}
	return globs(pattern, name) || p != name && globs(pattern, p)
}

// globs matches segment by segment.
func globs(pattern, name string) bool {
	for {
		head, rest, more := strings.Cut(pattern, "/")
		if head == "**" {
			if !more {
				return true
			}
			for {
				if globs(rest, name) {
					return true
				}
				i := strings.IndexByte(name, '/')
				if i < 0 {
					return false
				}
				name = name[i+1:]
			}
		}
		segment, left, deeper := strings.Cut(name, "/")
		if ok, err := path.Match(head, segment); !ok || err != nil {
			return false
		}
		if !more || !deeper {
			return more == deeper
		}
		pattern, name = rest, left
	}
}

// allowed says whether one of the filters takes the page in; without filters
// all are.
func (x *Index) allowed(page int, in []Filter) bool {
	if len(in) == 0 {
		return true
	}
	name, p := x.im.text(tablePages, page, pageName), x.im.text(tablePages, page, pagePath)
	for _, f := range in {
		if f.Match(name, p) {
			return true
		}
	}
	return false
}

// Any says whether the index has a page that one of the filters takes in, or
// any page where there is no filter.
func (x *Index) Any(in ...Filter) bool {
	for i := range x.im.rows(tablePages) {
		if x.allowed(i, in) {
			return true
		}
	}
	return false
}

// Fits says whether the pattern takes in the page of that name; false where
// there is no such page.
func (x *Index) Fits(f Filter, name string) bool {
	i, ok := x.byName[name]
	return ok && x.allowed(i, []Filter{f})
}
