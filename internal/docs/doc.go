// Package docs is the corpus that questions are answered from: folders of
// Markdown pages, split at their headings into passages, in an inverted index
// that is searched in a few milliseconds.
//
// Build reads the sources and makes an Index; Open does the same by way of a
// snapshot on disk, which is mapped into memory and rebuilt when a page
// changed; Corpus keeps one of them current while others search it. An Index
// never changes once it is made and may be used by any number of goroutines.
//
// What is searched and quoted is the rendered text, that is what a reader of
// the page sees: no front matter, no markup, no shortcodes. Sentences that a
// reader might see differently, because a site generator fills something in,
// are found by a search and left out of quotations.
package docs
