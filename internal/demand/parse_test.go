package demand

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzParse reads any line, and what it takes it writes the same from then on.
func FuzzParse(f *testing.F) {
	for _, l := range []string{
		`{"id":"e1","event":"request_received","request":"r1","time":"2026-11-02T09:15:04.120Z","actor":"p17","text":"a \"b\" \ud83d\ude00 \ud800","tags":{"topic":"deploys","x":[1,{"y":"}"}]}}`,
		`{"id":"e2","event":"run_approved","request":"r1","time":"2026-11-02T09:15:04Z","actor":"p2","run":"x","z":null}`,
		`{"id":"g4","event":"human_answered","time":"2026-11-02T09:16:00+02:00","actor":"p9","channel":"deploys","thread":"17.3","":0}`,
		` { "id" : "e3", "event":"request_answered","request":"r1","time":"2026-11-02T09:15:04.300Z","latency_ms":-1.5e3,"citations":[ "a", [] ] , "q" : { } } `,
		`[]`, `{}`, `{"event":1}`, "\xff",
	} {
		f.Add([]byte(l))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRow(line)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("no reason")
			}
			return
		}
		once := r.appendLine(nil)
		if !json.Valid(once) {
			t.Fatalf("%q", once)
		}
		again, err := parseRow(once)
		if err != nil {
			t.Fatalf("%q: %v", once, err)
		}
		if twice := again.appendLine(nil); !bytes.Equal(once, twice) {
			t.Fatalf("%q, then %q", once, twice)
		}
		if a, ok := r.fact(); ok {
			if b, _ := again.fact(); a != b {
				t.Fatalf("%+v, then %+v", a, b)
			}
			var p packer
			p.add(a)
			h := &history{now: maxSeq, word: map[string]int32{"": 0}, words: []string{""}, places: map[string]int32{}, threads: map[thread]int64{}}
			if err := h.add(string(p.bytes())); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzPack reads packs of any bytes.
func FuzzPack(f *testing.F) {
	var p packer
	p.add(fact{kind: received, time: 5, id: "e", request: "r", actor: "p", team: "t", channel: "c", topic: "x"})
	p.add(fact{kind: feedback, flag: flagSolved, time: 4, id: "f", request: "r", actor: "p"})
	p.add(fact{kind: humanAnswered, time: 4, id: "f", channel: "c", thread: "1"})
	f.Add(p.bytes())
	f.Add([]byte{packVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(_ *testing.T, data []byte) {
		h := &history{now: maxSeq, word: map[string]int32{"": 0}, words: []string{""}, places: map[string]int32{}, threads: map[thread]int64{}}
		if h.add(string(data)) == nil {
			h.report(Query{By: ByTopic})
		}
	})
}
