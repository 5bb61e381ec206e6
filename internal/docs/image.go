package docs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"
)

// An index is one block of bytes, the image, whether it was just built or is
// mapped from a snapshot: a header, then tables of fixed-size rows of uint32
// columns, all little endian, then the terms' postings and all text.
//
//	magic [8] · checksum of the rest, xxhash64 · fingerprint [32] · per table: offset uint64, bytes uint64
//
// imageVersion counts changes of the format and of what goes into it: a
// snapshot of another version is built again.
const (
	imageMagic   = "frontdix"
	imageVersion = 6
	headerBytes  = 8 + 8 + 32 + tables*16
)

// The tables of an image.
const (
	tablePages = iota
	tablePassages
	tableBlocks
	tableSentences
	tableTerms
	tableSkipped
	tableLinks
	tablePostings // bytes
	tableText     // bytes
	tables
)

// The columns of each table. A text is two columns, its offset and length.
const (
	pageName     = 0
	pageTitle    = 2
	pageURL      = 4
	pagePath     = 6 // the name without the source's
	pageFirst    = 8 // its first passage
	pageCount    = 9
	pageFlags    = 10
	pageLinks    = 11 // how many other pages link to it
	pageTitleLen = 12 // in words
	pagePathLen  = 13
	pageBodyLen  = 14
	pageNamedLen = 15 // words of the links to it
	pageLinksTo  = 16 // first row and count of its links
	pageSource   = 18 // the number of its source
	pageColumns  = 19

	passagePage       = 0
	passageTitles     = 1 // headings, separated by headingSeparator
	passageAnchor     = 3
	passageFirst      = 5 // its first block
	passageCount      = 6
	passageBodyLen    = 7 // in words
	passageHeadingLen = 8
	passageLevel      = 9
	passageColumns    = 10

	blockKind    = 0
	blockText    = 1
	blockFirst   = 3 // its first sentence
	blockCount   = 4
	blockColumns = 5

	sentenceStart   = 0
	sentenceEnd     = 1
	sentenceColumns = 2

	termText     = 0
	termPassages = 2 // in how many passages it is
	termPages    = 3 // in how many pages it is
	termPostings = 4 // offset and length
	termNamed    = 6 // offset and length of the postings of links' texts
	termColumns  = 8

	skippedPage    = 0
	skippedReason  = 2
	skippedColumns = 4

	linkTo      = 0 // a page
	linkColumns = 1
)

const headingSeparator = "\x1f"

// The flags of a page.
const (
	pageGenerated = 1 << iota // a program wrote it
	pageDated                 // it tells of one version or time
)

// The fields of a passage that a term can be in; a posting has a bit for each.
const (
	inBody = iota
	inHeading
	inTitle
	inPath
	fields
)

var columns = [tables]int{pageColumns, passageColumns, blockColumns, sentenceColumns, termColumns, skippedColumns, linkColumns, 0, 0}

// errImage says that bytes are no image of this version.
var errImage = errors.New("no index of this version")

// image reads one. The zero value is an index of nothing.
type image struct {
	data  []byte
	table [tables][]byte
}

// readImage checks data so thoroughly that no reader of the image needs to.
func readImage(data []byte) (image, error) {
	im := image{data: data}
	if len(data) < headerBytes || string(data[:8]) != imageMagic {
		return image{}, errImage
	}
	if xxhash.Sum64(data[16:]) != binary.LittleEndian.Uint64(data[8:]) {
		return image{}, fmt.Errorf("%w: the checksum differs", errImage)
	}
	for t := range tables {
		at := 48 + 16*t
		offset, size := binary.LittleEndian.Uint64(data[at:]), binary.LittleEndian.Uint64(data[at+8:])
		if offset > uint64(len(data)) || size > uint64(len(data))-offset || size > math.MaxUint32 {
			return image{}, fmt.Errorf("%w: table %d lies outside", errImage, t)
		}
		im.table[t] = data[offset : offset+size]
		if columns[t] > 0 && size%uint64(4*columns[t]) != 0 {
			return image{}, fmt.Errorf("%w: table %d is cut", errImage, t)
		}
	}
	if err := im.check(); err != nil {
		return image{}, fmt.Errorf("%w: %w", errImage, err)
	}
	return im, nil
}

// check verifies every reference from one table into another.
func (im image) check() error {
	text := func(table, row, column int) bool {
		return uint64(im.at(table, row, column))+uint64(im.at(table, row, column+1)) <= uint64(len(im.table[tableText]))
	}
	run := func(table, row, column, into int) bool {
		return uint64(im.at(table, row, column))+uint64(im.at(table, row, column+1)) <= uint64(im.rows(into))
	}
	for i := range im.rows(tablePages) {
		if !text(tablePages, i, pageName) || !text(tablePages, i, pageTitle) || !text(tablePages, i, pageURL) ||
			!text(tablePages, i, pagePath) || !run(tablePages, i, pageFirst, tablePassages) || !run(tablePages, i, pageLinksTo, tableLinks) {
			return fmt.Errorf("page %d points nowhere", i)
		}
	}
	for i := range im.rows(tablePassages) {
		if !text(tablePassages, i, passageTitles) || !text(tablePassages, i, passageAnchor) ||
			!run(tablePassages, i, passageFirst, tableBlocks) || int(im.at(tablePassages, i, passagePage)) >= im.rows(tablePages) {
			return fmt.Errorf("passage %d points nowhere", i)
		}
	}
	for i := range im.rows(tableBlocks) {
		if !text(tableBlocks, i, blockText) || !run(tableBlocks, i, blockFirst, tableSentences) {
			return fmt.Errorf("block %d points nowhere", i)
		}
		size := im.at(tableBlocks, i, blockText+1)
		first := int(im.at(tableBlocks, i, blockFirst))
		for s := first; s < first+int(im.at(tableBlocks, i, blockCount)); s++ {
			if end := im.at(tableSentences, s, sentenceEnd); end > size || im.at(tableSentences, s, sentenceStart) > end {
				return fmt.Errorf("sentence %d is cut", s)
			}
		}
	}
	for i := range im.rows(tableLinks) {
		if int(im.at(tableLinks, i, linkTo)) >= im.rows(tablePages) {
			return fmt.Errorf("link %d points nowhere", i)
		}
	}
	for i := range im.rows(tableSkipped) {
		if !text(tableSkipped, i, skippedPage) || !text(tableSkipped, i, skippedReason) {
			return fmt.Errorf("skipped file %d points nowhere", i)
		}
	}
	for i := range im.rows(tableTerms) {
		if !text(tableTerms, i, termText) ||
			uint64(im.at(tableTerms, i, termPostings))+uint64(im.at(tableTerms, i, termPostings+1)) > uint64(len(im.table[tablePostings])) ||
			uint64(im.at(tableTerms, i, termNamed))+uint64(im.at(tableTerms, i, termNamed+1)) > uint64(len(im.table[tablePostings])) {
			return fmt.Errorf("term %d points nowhere", i)
		}
	}
	return nil
}

func (im image) rows(table int) int { return len(im.table[table]) / (4 * columns[table]) }

func (im image) at(table, row, column int) uint32 {
	return binary.LittleEndian.Uint32(im.table[table][4*(row*columns[table]+column):])
}

// bytes is the text that two columns of a row stand for, in the image's own
// memory: it must not be kept.
func (im image) bytes(table, row, column int) []byte {
	start := im.at(table, row, column)
	return im.table[tableText][start : start+im.at(table, row, column+1)]
}

// text is a copy of the text that two columns of a row stand for.
func (im image) text(table, row, column int) string {
	return string(im.bytes(table, row, column))
}

// fingerprint is that of the sources that the image was made from.
func (im image) fingerprint() [32]byte { return [32]byte(im.data[16:48]) }

// postings calls yield for each passage that a term is in, in order, with how
// often it is in each field. Bytes that are no postings end it early.
func (im image) postings(term int, yield func(passage int, tf *[fields]uint32)) {
	start := im.at(tableTerms, term, termPostings)
	data := im.table[tablePostings][start : start+im.at(tableTerms, term, termPostings+1)]
	passages := im.rows(tablePassages)
	passage := -1
	for len(data) > 0 {
		delta, n := binary.Uvarint(data)
		if n <= 0 || n >= len(data) || delta > uint64(passages) {
			return
		}
		mask := data[n]
		data = data[n+1:]
		var tf [fields]uint32
		for f := range fields {
			if mask&(1<<f) == 0 {
				continue
			}
			if len(data) > 0 && data[0] < 0x80 {
				tf[f], data = uint32(data[0]), data[1:]
				continue
			}
			v, n := binary.Uvarint(data)
			if n <= 0 || v > math.MaxUint32 {
				return
			}
			tf[f], data = uint32(v), data[n:]
		}
		passage += int(delta) + 1
		if passage >= passages {
			return
		}
		yield(passage, &tf)
	}
}

// named calls yield for each page that is linked to with a term, in order,
// with how many pages do so. Bytes that are no postings end it early.
func (im image) named(term int, yield func(page int, n uint32)) {
	start := im.at(tableTerms, term, termNamed)
	data := im.table[tablePostings][start : start+im.at(tableTerms, term, termNamed+1)]
	pages := im.rows(tablePages)
	page := -1
	for len(data) > 0 {
		delta, n := binary.Uvarint(data)
		if n <= 0 || delta > uint64(pages) {
			return
		}
		count, m := binary.Uvarint(data[n:])
		if m <= 0 || count > math.MaxUint32 {
			return
		}
		data = data[n+m:]
		page += int(delta) + 1
		if page >= pages {
			return
		}
		yield(page, uint32(count))
	}
}

// writer puts an image together.
type writer struct {
	table [tables][]byte
}

func (w *writer) row(table int, values ...uint32) {
	for _, v := range values {
		w.table[table] = binary.LittleEndian.AppendUint32(w.table[table], v)
	}
}

// text stores s and returns its two columns.
func (w *writer) text(s string) (offset, length uint32) {
	offset = uint32(len(w.table[tableText]))
	w.table[tableText] = append(w.table[tableText], s...)
	return offset, uint32(len(s))
}

// image returns the finished bytes. It fails when the corpus is larger than
// 32-bit offsets reach.
func (w *writer) image(fingerprint [32]byte) ([]byte, error) {
	size := headerBytes
	for t := range tables {
		if len(w.table[t]) > math.MaxUint32 {
			return nil, errors.New("more than 4 GiB of text in the docs sources")
		}
		size += len(w.table[t])
	}
	data := make([]byte, headerBytes, size)
	copy(data, imageMagic)
	copy(data[16:], fingerprint[:])
	for t := range tables {
		binary.LittleEndian.PutUint64(data[48+16*t:], uint64(len(data)))
		binary.LittleEndian.PutUint64(data[56+16*t:], uint64(len(w.table[t])))
		data = append(data, w.table[t]...)
		w.table[t] = nil
	}
	binary.LittleEndian.PutUint64(data[8:], xxhash.Sum64(data[16:]))
	return data, nil
}
