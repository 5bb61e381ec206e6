package docs

import (
	"bytes"
	"math"
	"runtime"
	"sort"
	"strings"
	"sync"
)

// PassageID names a passage within one Index.
type PassageID int

// Index is a corpus that can be searched. It never changes.
type Index struct {
	im                 image
	byName             map[string]int
	average            [fields]float64 // length of each field, in words
	pageBody, pageHead float64         // average lengths of a page, in words
	scratch            sync.Pool       // of *accumulator
}

// Page is a page as its readers see it.
type Page struct {
	// Name is the source's name and the path, or the path alone.
	Name  string
	Title string
	// URL is its address, or "" where its source has none.
	URL string
	// Text is all of its text, a line a block, and of short code as many as it has.
	Text string
	// Headings are the page's headings in order.
	Headings []Heading
	// Passages are its sections in order.
	Passages []PassageID
}

// Heading is a heading of a page.
type Heading struct {
	Level  int // 1 to 6
	Title  string
	Anchor string
}

// Passage is a section of a page: a heading, or the page's beginning, and what
// stands under it up to the next heading.
type Passage struct {
	ID    PassageID
	Page  string
	Title string // of the page
	// Heading are the titles of the headings around the passage, outermost
	// first; none before the first heading of a page.
	Heading []string
	Anchor  string
	URL     string // of the page and anchor, or ""
	// First says that the page begins with this passage.
	First  bool
	Blocks []Block
}

// Block is a paragraph, list item or another stretch of a passage.
type Block struct {
	Kind BlockKind
	Text string
	// Sentences are those stretches of Text that may be quoted; of code it is
	// all of it or nothing.
	Sentences []Span
}

func newIndex(im image) *Index {
	x := &Index{im: im, byName: make(map[string]int, im.rows(tablePages))}
	seen := map[string]int{}
	for i := range im.rows(tablePages) {
		p := im.text(tablePages, i, pagePath)
		seen[p]++
		x.byName[p] = i
	}
	// A path that two sources have names no page.
	for p, n := range seen {
		if n > 1 {
			delete(x.byName, p)
		}
	}
	for i := range im.rows(tablePages) {
		x.byName[im.text(tablePages, i, pageName)] = i
	}
	passages := im.rows(tablePassages)
	for i := range passages {
		page := int(im.at(tablePassages, i, passagePage))
		for f, n := range [fields]uint32{
			inBody:    im.at(tablePassages, i, passageBodyLen),
			inHeading: im.at(tablePassages, i, passageHeadingLen),
			inTitle:   im.at(tablePages, page, pageTitleLen),
			inPath:    im.at(tablePages, page, pagePathLen),
		} {
			x.average[f] += float64(n)
		}
	}
	pages := math.Max(float64(x.im.rows(tablePages)), 1)
	for i := range x.im.rows(tablePages) {
		x.pageBody += float64(im.at(tablePages, i, pageBodyLen)) / pages
	}
	x.pageBody = math.Max(x.pageBody, 1)
	for f := range x.average {
		x.average[f] = math.Max(x.average[f]/math.Max(float64(passages), 1), 1)
	}
	return x
}

// Stats says what is in the index.
func (x *Index) Stats() Stats {
	s := Stats{
		Pages:    x.im.rows(tablePages),
		Passages: x.im.rows(tablePassages),
		Terms:    x.im.rows(tableTerms),
		Bytes:    int64(len(x.im.data)),
	}
	for i := range x.im.rows(tableSkipped) {
		s.Skipped = append(s.Skipped, Skipped{
			Page:   x.im.text(tableSkipped, i, skippedPage),
			Reason: x.im.text(tableSkipped, i, skippedReason),
		})
	}
	runtime.KeepAlive(x)
	return s
}

// Names returns the names of all pages, in order of source and path.
func (x *Index) Names() []string {
	names := make([]string, x.im.rows(tablePages))
	for i := range names {
		names[i] = x.im.text(tablePages, i, pageName)
	}
	runtime.KeepAlive(x)
	return names
}

// Extent says how much a page has.
type Extent struct {
	Page string
	// Source is the number of the page's source among those that the index was
	// made from, counted from 0.
	Source   int
	Passages int
	// Words is how many words its text has, common ones left out.
	Words int
}

// Extents returns those of all pages, in order of source and path.
func (x *Index) Extents() []Extent {
	extents := make([]Extent, x.im.rows(tablePages))
	for i := range extents {
		extents[i] = Extent{
			Page: x.im.text(tablePages, i, pageName), Source: int(x.im.at(tablePages, i, pageSource)),
			Passages: int(x.im.at(tablePages, i, pageCount)), Words: int(x.im.at(tablePages, i, pageBodyLen)),
		}
	}
	runtime.KeepAlive(x)
	return extents
}

// Page returns the page of that name. The source's name may be left out where
// only one source has the path.
func (x *Index) Page(name string) (Page, bool) {
	defer runtime.KeepAlive(x)
	i, ok := x.byName[name]
	if !ok {
		return Page{}, false
	}
	p := Page{
		Name:  x.im.text(tablePages, i, pageName),
		Title: x.im.text(tablePages, i, pageTitle),
		URL:   x.im.text(tablePages, i, pageURL),
	}
	var text strings.Builder
	first := int(x.im.at(tablePages, i, pageFirst))
	for id := first; id < first+int(x.im.at(tablePages, i, pageCount)); id++ {
		p.Passages = append(p.Passages, PassageID(id))
		if level := int(x.im.at(tablePassages, id, passageLevel)); level > 0 {
			titles := x.titles(id)
			h := Heading{Level: level, Title: titles[len(titles)-1], Anchor: x.im.text(tablePassages, id, passageAnchor)}
			p.Headings = append(p.Headings, h)
			text.WriteString(h.Title + "\n")
		}
		for _, b := range x.blocks(id) {
			text.WriteString(b.Text + "\n")
		}
	}
	p.Text = text.String()
	return p, true
}

// Passages returns the passages of a page, in order; none where there is no
// page of that name.
func (x *Index) Passages(name string) []PassageID {
	defer runtime.KeepAlive(x)
	i, ok := x.byName[name]
	if !ok {
		return nil
	}
	ids := make([]PassageID, x.im.at(tablePages, i, pageCount))
	for n := range ids {
		ids[n] = PassageID(int(x.im.at(tablePages, i, pageFirst)) + n)
	}
	return ids
}

// Passage returns a passage. It panics when there is none of that number.
func (x *Index) Passage(id PassageID) Passage {
	defer runtime.KeepAlive(x)
	i := int(id)
	page := int(x.im.at(tablePassages, i, passagePage))
	anchor := x.im.text(tablePassages, i, passageAnchor)
	return Passage{
		ID:      id,
		Page:    x.im.text(tablePages, page, pageName),
		Title:   x.im.text(tablePages, page, pageTitle),
		Heading: x.titles(i),
		Anchor:  anchor,
		URL:     fragment(x.im.text(tablePages, page, pageURL), anchor),
		First:   i == int(x.im.at(tablePages, page, pageFirst)),
		Blocks:  x.blocks(i),
	}
}

func (x *Index) titles(passage int) []string {
	if x.im.at(tablePassages, passage, passageLevel) == 0 {
		return []string{}
	}
	return strings.Split(x.im.text(tablePassages, passage, passageTitles), headingSeparator)
}

func (x *Index) blocks(passage int) []Block {
	first, count := int(x.im.at(tablePassages, passage, passageFirst)), int(x.im.at(tablePassages, passage, passageCount))
	blocks := make([]Block, count)
	for i := range blocks {
		row := first + i
		blocks[i] = Block{Kind: BlockKind(x.im.at(tableBlocks, row, blockKind)), Text: x.im.text(tableBlocks, row, blockText)}
		at := int(x.im.at(tableBlocks, row, blockFirst))
		for s := at; s < at+int(x.im.at(tableBlocks, row, blockCount)); s++ {
			blocks[i].Sentences = append(blocks[i].Sentences, Span{
				Start: int(x.im.at(tableSentences, s, sentenceStart)),
				End:   int(x.im.at(tableSentences, s, sentenceEnd)),
			})
		}
	}
	return blocks
}

// term finds a word among the terms.
func (x *Index) term(word string) (int, bool) {
	n := x.im.rows(tableTerms)
	w := []byte(word)
	i := sort.Search(n, func(i int) bool { return bytes.Compare(x.im.bytes(tableTerms, i, termText), w) >= 0 })
	return i, i < n && bytes.Equal(x.im.bytes(tableTerms, i, termText), w)
}
