package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/mapping"

	"frontdoor/internal/docs"
)

// passage is what bleve indexes of one.
type passage struct {
	Title   string `json:"title"`
	Heading string `json:"heading"`
	Body    string `json:"body"`
}

// bleveEngine indexes the passages of x with bleve, its English analyzer and
// its default scoring, tf-idf. A page counts as its best passage.
func bleveEngine(x *docs.Index) (engine, func(), error) {
	started := time.Now()
	dir, err := os.MkdirTemp("", "bleve-")
	if err != nil {
		return engine{}, nil, err
	}
	index, err := bleve.New(dir+"/index", fields())
	if err != nil {
		return engine{}, nil, fmt.Errorf("make bleve index: %w", err)
	}
	done := func() {
		_ = index.Close()
		_ = os.RemoveAll(dir)
	}
	batch := index.NewBatch()
	flush := func() error {
		err := index.Batch(batch)
		batch.Reset()
		return err
	}
	for _, name := range x.Names() {
		page, _ := x.Page(name)
		for _, id := range page.Passages {
			p := x.Passage(id)
			var body strings.Builder
			for _, b := range p.Blocks {
				body.WriteString(b.Text + "\n")
			}
			doc := passage{Title: p.Title, Heading: strings.Join(p.Heading, " "), Body: body.String()}
			if err := batch.Index(fmt.Sprintf("%d\x1f%s", id, name), doc); err != nil {
				done()
				return engine{}, nil, err
			}
		}
		if batch.Size() > 500 {
			if err := flush(); err != nil {
				done()
				return engine{}, nil, err
			}
		}
	}
	if err := flush(); err != nil {
		done()
		return engine{}, nil, err
	}
	search := func(query string, limit int) []string {
		var pages []string
		q := bleve.NewDisjunctionQuery()
		for field, boost := range map[string]float64{"title": 0.5, "heading": 1, "body": 2} {
			m := bleve.NewMatchQuery(query)
			m.SetField(field)
			m.SetBoost(boost)
			q.AddQuery(m)
		}
		request := bleve.NewSearchRequestOptions(q, 10*limit, 0, false)
		found, err := index.Search(request)
		if err != nil {
			return nil
		}
		seen := map[string]bool{}
		for _, h := range found.Hits {
			_, page, _ := strings.Cut(h.ID, "\x1f")
			if !seen[page] && len(pages) < limit {
				seen[page] = true
				pages = append(pages, page)
			}
		}
		return pages
	}
	return engine{name: "bleve tf-idf", build: time.Since(started), search: search}, done, nil
}

// fields is the mapping: three text fields, English.
func fields() *mapping.IndexMappingImpl {
	text := bleve.NewTextFieldMapping()
	text.Store = false
	text.Analyzer = "en"
	doc := bleve.NewDocumentMapping()
	for _, name := range []string{"title", "heading", "body"} {
		doc.AddFieldMappingsAt(name, text)
	}
	m := bleve.NewIndexMapping()
	m.DefaultMapping = doc
	m.DefaultAnalyzer = "en"
	return m
}
