package docs

import (
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// anchors hands out the anchors of one page's headings.
type anchors struct {
	layout string
	taken  map[string]int
}

var explicitAnchor = regexp.MustCompile(`\s*\{:?\s*#([^\s}]+)[^}]*\}\s*$`)

// heading splits what is written as a heading into its title and its anchor.
// An anchor that the author wrote ("## Title {#anchor}") is kept, since every
// generator that knows the notation keeps it.
func (a *anchors) heading(text string) (title, anchor string) {
	if m := explicitAnchor.FindStringSubmatchIndex(text); m != nil {
		anchor = text[m[2]:m[3]]
		a.taken[anchor]++
		return strings.TrimSpace(text[:m[0]]), anchor
	}
	if a.layout == LayoutMkDocs {
		return text, a.unique(slugPython(text), "_")
	}
	return text, a.unique(slugGitHub(text), "-")
}

// unique numbers an anchor that the page already has, counting from 1.
func (a *anchors) unique(slug, sep string) string {
	anchor := slug
	for {
		if _, taken := a.taken[anchor]; !taken {
			break
		}
		a.taken[slug]++
		anchor = slug + sep + strconv.Itoa(a.taken[slug])
	}
	a.taken[anchor] = 0
	return anchor
}

// slugGitHub is the anchor that GitHub, Hugo and Docusaurus make of a heading:
// lower case, letters, digits, marks, hyphens and underscores kept, each space
// a hyphen, the rest dropped.
func slugGitHub(text string) string {
	var b strings.Builder
	for _, r := range strings.TrimSpace(text) {
		switch {
		case r == ' ' || r == '-':
			b.WriteByte('-')
		case r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// slugPython is the anchor that Python-Markdown's toc extension, and so
// MkDocs, makes of a heading: ASCII only, runs of spaces and hyphens one
// hyphen.
func slugPython(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(text) {
		switch {
		case r > unicode.MaxASCII:
		case r == ' ' || r == '-':
			gap = true
		case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		}
	}
	return b.String()
}

var numberPrefix = regexp.MustCompile(`^\d+\s*[-_.]\s*(.+)$`)

// address is where the page at p below s is published, or "" where s has no
// address.
func address(s Source, p string, meta frontMatter) string {
	if s.URL == "" {
		return ""
	}
	base := strings.TrimSuffix(s.URL, "/") + "/"
	segments := strings.Split(strings.TrimSuffix(p, path.Ext(p)), "/")
	last := segments[len(segments)-1]
	folder := strings.EqualFold(last, "index") || strings.EqualFold(last, "readme") || s.Layout == LayoutHugo && last == "_index"
	if folder {
		segments = segments[:len(segments)-1]
	}
	slash := true
	switch s.Layout {
	case LayoutHugo:
		if strings.HasPrefix(meta.URL, "/") {
			return origin(base) + meta.URL
		}
		if meta.Slug != "" && !folder {
			segments[len(segments)-1] = meta.Slug
		}
		for i := range segments {
			segments[i] = strings.ReplaceAll(strings.ToLower(segments[i]), " ", "-")
		}
	case LayoutDocusaurus:
		slash = false
		for i := range segments {
			if m := numberPrefix.FindStringSubmatch(segments[i]); m != nil {
				segments[i] = m[1]
			}
		}
		n := len(segments)
		switch {
		case strings.HasPrefix(meta.Slug, "/"):
			return base + strings.TrimPrefix(meta.Slug, "/")
		case n > 0 && !folder && meta.Slug != "":
			segments[n-1] = meta.Slug
		case n > 0 && !folder && meta.ID != "":
			segments[n-1] = meta.ID
		case n > 1 && segments[n-1] == segments[n-2]:
			segments = segments[:n-1]
		}
	case LayoutMkDocs:
	default:
		slash = folder
	}
	if len(segments) == 0 {
		return base
	}
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	u := base + strings.Join(segments, "/")
	if slash {
		u += "/"
	}
	return u
}

// origin is the scheme and host of an address.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return strings.TrimSuffix(address, "/")
	}
	return u.Scheme + "://" + u.Host
}

// fragment is the address of an anchor on the page at address.
func fragment(address, anchor string) string {
	if address == "" || anchor == "" {
		return address
	}
	return address + "#" + (&url.URL{Fragment: anchor}).EscapedFragment()
}
