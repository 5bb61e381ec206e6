package docs

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Stats says what an index was made of and how long that took.
type Stats struct {
	Pages    int
	Passages int
	// Terms is the number of distinct words.
	Terms int
	// Bytes is the size of the index.
	Bytes int64
	// Skipped are the files that did not become pages, those that cannot be
	// pages before those whose text cannot.
	Skipped []Skipped
	// Took is the time from the call to the finished index.
	Took time.Duration
	// FromSnapshot says that nothing had to be built.
	FromSnapshot bool
}

// Build reads the sources and makes an index of them. progress, where not nil,
// is called from one goroutine at a time with the number of files that are
// done. A missing folder is an error unless its source is optional; a file
// that is no page is left out and listed in the Stats.
func Build(ctx context.Context, sources []Source, progress func(done, total int)) (*Index, Stats, error) {
	started := time.Now()
	files, skipped, err := list(sources)
	if err != nil {
		return nil, Stats{}, err
	}
	return buildIndex(ctx, started, sources, files, skipped, progress)
}

func buildIndex(ctx context.Context, started time.Time, sources []Source, files []file, skipped []Skipped, progress func(done, total int)) (*Index, Stats, error) {
	data, err := build(ctx, sources, files, skipped, progress)
	if err != nil {
		return nil, Stats{}, err
	}
	im, err := readImage(data)
	if err != nil {
		return nil, Stats{}, fmt.Errorf("build docs index: %w", err)
	}
	index := newIndex(im)
	stats := index.Stats()
	stats.Took = time.Since(started)
	return index, stats, nil
}

// build makes the image of files.
func build(ctx context.Context, sources []Source, files []file, skipped []Skipped, progress func(done, total int)) ([]byte, error) {
	roots := make([]*os.Root, len(sources))
	defer func() {
		for _, r := range roots {
			if r != nil {
				_ = r.Close()
			}
		}
	}()
	for _, f := range files {
		if roots[f.source] != nil {
			continue
		}
		var err error
		if roots[f.source], err = os.OpenRoot(sources[f.source].Dir); err != nil {
			return nil, fmt.Errorf("read docs source %q: %w", sources[f.source].Dir, err)
		}
	}

	// Pages are parsed side by side and indexed in order. The window keeps the
	// parsed ones that wait for their turn few.
	type parsed struct {
		page *page
		err  error
	}
	r := newReader()
	workers := runtime.GOMAXPROCS(0)
	results := make([]chan parsed, len(files))
	for i := range results {
		results[i] = make(chan parsed, 1)
	}
	window := make(chan struct{}, 8*workers)
	next := make(chan int)
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() {
		defer close(next)
		for i := range files {
			select {
			case window <- struct{}{}:
			case <-ctx.Done():
				return
			}
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	})
	for range workers {
		running.Go(func() {
			for i := range next {
				p, err := readPage(r, roots[files[i].source], sources[files[i].source], files[i])
				results[i] <- parsed{p, err}
			}
		})
	}

	b := newBuilder()
	skipped = slices.Clone(skipped)
	for i, f := range files {
		var p parsed
		select {
		case p = <-results[i]:
		case <-ctx.Done():
			return nil, fmt.Errorf("build docs index: %w", ctx.Err())
		}
		<-window
		if p.err != nil {
			skipped = append(skipped, Skipped{Page: f.name, Reason: reason(p.err)})
		} else {
			b.add(f.source, f.name, f.path, address(sources[f.source], f.path, p.page.meta), p.page)
		}
		if progress != nil {
			progress(i+1, len(files))
		}
	}
	data, err := b.finish(skipped, fingerprint(sources, files))
	if err != nil {
		return nil, fmt.Errorf("build docs index: %w", err)
	}
	return data, nil
}

// readPage reads and parses one file.
func readPage(r *reader, root *os.Root, s Source, f file) (*page, error) {
	src, err := readFile(root, f.path)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %s", reason(err))
	}
	return r.page(f.path, s.Layout, src, func(name string) string {
		for _, at := range []string{path.Join(path.Dir(f.path), name), path.Clean(name), path.Join("includes", name)} {
			if included, err := readFile(root, at); err == nil && isPage(at) {
				return string(included)
			}
		}
		return ""
	})
}

func readFile(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	src, err := io.ReadAll(io.LimitReader(f, maxPageBytes+1))
	if err == nil && len(src) > maxPageBytes {
		return nil, fmt.Errorf("more than %d bytes", maxPageBytes)
	}
	return src, err
}

// posting is what the builder knows of a term.
type posting struct {
	data     []byte
	last     int // the last passage it was in
	passages uint32
	pages    uint32
	lastPage int
	named    map[int]uint32 // by page, how many pages link to it with the term
}

// namedPostings encodes named.
func (p *posting) namedPostings() []byte {
	var data []byte
	last := -1
	for _, page := range slices.Sorted(maps.Keys(p.named)) {
		data = binary.AppendUvarint(data, uint64(page-last-1))
		data = binary.AppendUvarint(data, uint64(p.named[page]))
		last = page
	}
	return data
}

// builder collects pages into an image.
type builder struct {
	w        writer
	terms    map[string]*posting
	pages    []pageRow
	passages int
	links    []link
	counts   map[string]*[fields]uint32 // of the passage at hand
}

type pageRow struct {
	columns [pageColumns]uint32
	source  int
	path    string
}

type link struct {
	from int
	pageLink
}

func newBuilder() *builder {
	return &builder{terms: map[string]*posting{}, counts: map[string]*[fields]uint32{}}
}

// count adds the terms of a text to those of the passage at hand and returns
// how many words it has.
func (b *builder) count(field int, text string, weight uint32) uint32 {
	var n uint32
	words(text, func(word string, part bool) {
		if stopWords[word] {
			return
		}
		if !part {
			n++
		}
		word = stem(word)
		tf := b.counts[word]
		if tf == nil {
			tf = new([fields]uint32)
			b.counts[word] = tf
		}
		tf[field] += weight
	})
	return n
}

// add indexes a page.
func (b *builder) add(source int, name, p, url string, parsed *page) {
	number := len(b.pages)
	row := pageRow{source: source, path: p}
	c := &row.columns
	c[pageName], c[pageName+1] = b.w.text(name)
	c[pageTitle], c[pageTitle+1] = b.w.text(parsed.title)
	c[pageURL], c[pageURL+1] = b.w.text(url)
	c[pagePath], c[pagePath+1] = c[pageName]+uint32(len(name)-len(p)), uint32(len(p))
	c[pageSource] = uint32(source)
	c[pageFirst] = uint32(b.passages)
	c[pageCount] = uint32(len(parsed.sections))
	if parsed.generated {
		c[pageFlags] |= pageGenerated
	}
	if datedPage.MatchString(strings.TrimSuffix(p, path.Ext(p))) {
		c[pageFlags] |= pageDated
	}
	location := strings.TrimSuffix(p, path.Ext(p))
	for i := range parsed.sections {
		s := &parsed.sections[i]
		clear(b.counts)
		var body uint32
		first := uint32(len(b.w.table[tableBlocks]) / (4 * blockColumns))
		if i == 0 && parsed.meta.Description != "" {
			body += b.count(inBody, parsed.meta.Description, 1)
		}
		for _, bl := range s.blocks {
			offset, length := b.w.text(bl.text)
			b.w.row(tableBlocks, uint32(bl.kind), offset, length,
				uint32(len(b.w.table[tableSentences])/(4*sentenceColumns)), uint32(len(bl.sentences)))
			for _, sp := range bl.sentences {
				b.w.row(tableSentences, uint32(sp.Start), uint32(sp.End))
			}
			body += b.count(inBody, bl.text, 1)
		}
		heading := strings.Join(s.titles, " ")
		headingLen := b.count(inHeading, heading, 1)
		c[pageBodyLen] += body
		c[pageTitleLen] = b.count(inTitle, parsed.title, 1)
		c[pagePathLen] = b.count(inPath, location, 1)
		b.post(number)
		titles, titlesLen := b.w.text(strings.Join(s.titles, headingSeparator))
		anchor, anchorLen := b.w.text(s.anchor)
		b.w.row(tablePassages, uint32(number), titles, titlesLen, anchor, anchorLen,
			first, uint32(len(s.blocks)), body, headingLen, uint32(s.level))
		b.passages++
	}
	for _, l := range parsed.links {
		b.links = append(b.links, link{number, l})
	}
	b.pages = append(b.pages, row)
}

// post moves the counts of the passage at hand to the terms.
func (b *builder) post(page int) {
	for word, tf := range b.counts {
		p := b.terms[word]
		if p == nil {
			p = &posting{last: -1, lastPage: -1}
			b.terms[strings.Clone(word)] = p
		}
		p.data = binary.AppendUvarint(p.data, uint64(b.passages-p.last-1))
		p.last = b.passages
		var mask byte
		for f, n := range tf {
			if n > 0 {
				mask |= 1 << f
			}
		}
		p.data = append(p.data, mask)
		for _, n := range tf {
			if n > 0 {
				p.data = binary.AppendUvarint(p.data, uint64(n))
			}
		}
		p.passages++
		if p.lastPage != page {
			p.pages++
			p.lastPage = page
		}
	}
}

// finish returns the image.
func (b *builder) finish(skipped []Skipped, fingerprint [32]byte) ([]byte, error) {
	for _, s := range skipped {
		page, pageLen := b.w.text(s.Page)
		reason, reasonLen := b.w.text(s.Reason)
		b.w.row(tableSkipped, page, pageLen, reason, reasonLen)
	}
	b.resolveLinks()
	for _, p := range b.pages {
		b.w.row(tablePages, p.columns[:]...)
	}
	for _, word := range slices.Sorted(maps.Keys(b.terms)) {
		p := b.terms[word]
		offset, length := b.w.text(word)
		named := p.namedPostings()
		at := uint32(len(b.w.table[tablePostings]))
		b.w.row(tableTerms, offset, length, p.passages, p.pages, at, uint32(len(p.data)), at+uint32(len(p.data)), uint32(len(named)))
		b.w.table[tablePostings] = append(append(b.w.table[tablePostings], p.data...), named...)
	}
	b.terms = nil
	return b.w.image(fingerprint)
}

// resolveLinks finds the pages that links lead to, and counts for each page
// how many others link to it and with which words.
func (b *builder) resolveLinks() {
	// A link names a page by its path, with or without the extension, or by
	// the address that a generator gives it, of which only the end is known.
	byPath := map[string]int{}
	byTail := map[string][]int{}
	for i, p := range b.pages {
		key := linkKey(p.path)
		byPath[fmt.Sprint(p.source, "/", key)] = i
		tail := key[strings.LastIndexByte(key, '/')+1:]
		byTail[tail] = append(byTail[tail], i)
	}
	resolve := func(l link) int {
		from := b.pages[l.from]
		to := l.to
		if i := strings.IndexAny(to, "#?"); i >= 0 {
			to = to[:i]
		}
		found := -1
		switch {
		case to == "" || strings.Contains(to, ":"):
		case strings.HasPrefix(to, "/"):
			key := linkKey(strings.Trim(to, "/"))
			best := -1
			for _, i := range byTail[key[strings.LastIndexByte(key, '/')+1:]] {
				at := linkKey(b.pages[i].path)
				// Of several pages that end alike the one nearest to the link is meant.
				near := common(b.pages[i].path, from.path)
				if (at == key || strings.HasSuffix(at, "/"+key)) && key != "" && b.pages[i].source == from.source && near > best {
					found, best = i, near
				}
			}
		default:
			// Generators that give each page a folder add one level.
			for _, base := range []string{path.Dir(from.path), linkKey(from.path)} {
				if i, ok := byPath[fmt.Sprint(from.source, "/", linkKey(path.Join(base, to)))]; ok {
					return i
				}
			}
		}
		return found
	}
	type edge struct{ from, to int }
	type label struct {
		edge
		word string
	}
	edges := map[edge]bool{}
	labels := map[label]bool{}
	for _, l := range b.links {
		e := edge{l.from, resolve(l)}
		if e.to < 0 || e.to == e.from {
			continue
		}
		target := &b.pages[e.to].columns
		if !edges[e] {
			edges[e] = true
			target[pageLinks]++
			from := &b.pages[e.from].columns
			if from[pageLinksTo+1] == 0 {
				from[pageLinksTo] = uint32(len(b.w.table[tableLinks]) / (4 * linkColumns))
			}
			from[pageLinksTo+1]++
			b.w.row(tableLinks, uint32(e.to))
		}
		words(l.text, func(word string, _ bool) {
			word = stem(word)
			p := b.terms[word]
			if stopWords[word] || p == nil || labels[label{e, word}] {
				return
			}
			labels[label{e, word}] = true
			if p.named == nil {
				p.named = map[int]uint32{}
			}
			p.named[e.to]++
			target[pageNamedLen]++
		})
	}
}

// common is how many bytes two paths begin with alike.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// linkKey is a page's path as links may spell it.
func linkKey(p string) string {
	if isPage(p) {
		p = strings.TrimSuffix(p, path.Ext(p))
	}
	switch strings.ToLower(path.Base(p)) {
	case "_index", "index", "readme":
		p = path.Dir(p)
	}
	return strings.Trim(strings.ToLower(cmp.Or(p, ".")), "/")
}
