package intents

import (
	"math"

	"github.com/kljensen/snowball/english"
)

// A block is one kind of feature. Each block of a message has length one
// before its weight, so that a long message does not drown its words in
// character grams.
type block uint8

const (
	blockWord block = iota
	blockPair
	blockGram
	blockStem
	blocks
)

// Settings of the features, measured on five sets of messages and flat around
// these values. The idf is tempered and counts are taken by their root: in
// messages of ten words a rare word is as often an accident as a hint.
const (
	gramMin  = 2
	gramMax  = 5
	idfPower = 0.7
	hashMul  = 0x9E3779B97F4A7C15

	background     = 200
	backgroundStop = 0.3
)

// blockWeight is what each block counts for.
var blockWeight = [blocks]float64{blockWord: 0.7, blockPair: 0.7, blockGram: 1, blockStem: 1}

// blockSeed starts the hash of each block's features; arbitrary odd numbers.
var blockSeed = [blocks]uint64{0xA24BAED4963EE407, 0x9FB21C651E98DF25, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F}

func mix(h uint64, r rune) uint64 {
	h = (h ^ uint64(r)) * hashMul
	return h ^ h>>29
}

func hashRunes(h uint64, word []rune) uint64 {
	for _, r := range word {
		h = mix(h, r)
	}
	return h
}

// edge stands before the first and after the last word in pairs, and around a
// word in grams.
const edge = ' '

// extractor turns texts into feature hashes; it is not safe for concurrent use.
type extractor struct {
	words [][]rune
	runes []rune
	pad   []rune
	stop  bool                 // the word in hand is a stop word
	deed  bool                 // the word in hand is a deed that can be done to anything
	facts map[uint64]wordFacts // by hash of the word, because stemming costs more than all the rest
}

// wordFacts is what a word's spelling tells.
type wordFacts struct {
	stem  uint64
	stop  bool
	deed  bool // can be done to anything
	first bool // may begin a phrase with a meaning of its own
}

// maxFacts bounds the cache of one extractor.
const maxFacts = 1 << 15

// each calls emit for every feature of text, with repetitions.
func (e *extractor) each(text string, emit func(b block, hash uint64)) {
	e.words, e.runes = tokens(text, e.words, e.runes)
	before := mix(blockSeed[blockPair], edge)
	var phrased bool // the word in hand ends a phrase that was emitted
	for n, w := range e.words {
		h := hashRunes(blockSeed[blockWord], w)
		facts := e.look(h, w)
		e.stop, e.deed = facts.stop, facts.deed
		emit(blockWord, h)
		emit(blockPair, hashRunes(before, w))
		before = mix(hashRunes(blockSeed[blockPair], w), edge)
		e.grams(w, emit)
		if phrased {
			phrased = false
			continue
		}
		if facts.first && n+1 < len(e.words) {
			if stem, ok := e.phrase(w, e.words[n+1]); ok {
				e.stop = false
				emit(blockStem, stem)
				phrased = true
				continue
			}
		}
		emit(blockStem, facts.stem)
	}
	if len(e.words) > 0 {
		emit(blockPair, mix(before, edge))
	}
}

func (e *extractor) grams(w []rune, emit func(b block, hash uint64)) {
	p := append(append(append(e.pad[:0], edge), w...), edge)
	e.pad = p
	for i := range p {
		h := blockSeed[blockGram]
		end := min(len(p), i+gramMax)
		for j := i; j < end; j++ {
			h = mix(h, p[j])
			if j-i+1 >= gramMin {
				emit(blockGram, h)
			}
		}
	}
}

func (e *extractor) look(hash uint64, w []rune) wordFacts {
	if f, ok := e.facts[hash]; ok {
		return f
	}
	word := string(w)
	f := wordFacts{stem: hashRunes(blockSeed[blockStem], []rune(sense(word))), stop: stopWords[word], deed: deeds[word], first: phraseStart[word]}
	if e.facts == nil || len(e.facts) >= maxFacts {
		e.facts = make(map[uint64]wordFacts)
	}
	e.facts[hash] = f
	return f
}

// phrase is the feature of two words that mean something together.
func (e *extractor) phrase(a, b []rune) (uint64, bool) {
	meaning, ok := meanings[string(a)+" "+string(b)]
	if !ok {
		return 0, false
	}
	return hashRunes(blockSeed[blockStem], []rune(english.Stem(meaning, true))), true
}

// vector is a sparse message: feature ids in order of first occurrence and
// their weights. Each block has length blockWeight, or is empty.
type vector struct {
	ids  []int32
	vals []float32
}

func (v vector) norm2() float64 {
	s := 0.0
	for _, x := range v.vals {
		s += float64(x) * float64(x)
	}
	return s
}

// vocabulary numbers the features of the training set. It does not change
// after training; readers share it.
type vocabulary struct {
	table  hashTable
	idf    []float32
	block  []block
	stop   []bool  // of a word or stem
	deed   []bool  // of a word or stem: can be done to anything
	maxIDF float32 // of a feature that no example has
	docs   int
}

// hashTable maps feature hashes to numbers by linear probing; number -1 is
// an empty place.
type hashTable struct {
	keys []uint64
	nums []int32
	n    int
}

func newHashTable(size int) hashTable {
	n := 64
	for n < size*2 {
		n *= 2
	}
	t := hashTable{keys: make([]uint64, n), nums: make([]int32, n)}
	for i := range t.nums {
		t.nums[i] = -1
	}
	return t
}

func (t *hashTable) get(h uint64) int32 {
	mask := uint64(len(t.keys) - 1)
	for i := h & mask; ; i = (i + 1) & mask {
		if t.nums[i] < 0 || t.keys[i] == h {
			return t.nums[i]
		}
	}
}

// add returns the number of h, a new one where it has none.
func (t *hashTable) add(h uint64) (num int32, isNew bool) {
	if t.n*2 >= len(t.keys) {
		bigger := newHashTable(t.n * 2)
		for i, k := range t.keys {
			if t.nums[i] >= 0 {
				bigger.put(k, t.nums[i])
			}
		}
		bigger.n = t.n
		*t = bigger
	}
	if num := t.get(h); num >= 0 {
		return num, false
	}
	num = int32(t.n)
	t.put(h, num)
	t.n++
	return num, true
}

func (t *hashTable) put(h uint64, num int32) {
	mask := uint64(len(t.keys) - 1)
	i := h & mask
	for t.nums[i] >= 0 {
		i = (i + 1) & mask
	}
	t.keys[i], t.nums[i] = h, num
}

// newVocabulary reads every text once: the features, their document
// frequencies and, as by-product, each text's counts.
func newVocabulary(texts []string) (*vocabulary, []vector) {
	v := &vocabulary{table: newHashTable(len(texts) * 16), docs: len(texts)}
	var e extractor
	var df []int32
	var counts []float32 // by feature, of the text in hand
	raw := make([]vector, len(texts))
	var ids []int32
	for d, text := range texts {
		ids = ids[:0]
		e.each(text, func(b block, h uint64) {
			id, isNew := v.table.add(h)
			if isNew {
				v.block, df, counts = append(v.block, b), append(df, 0), append(counts, 0)
				v.stop = append(v.stop, e.stop && (b == blockWord || b == blockStem))
				v.deed = append(v.deed, e.deed)
			}
			if counts[id] == 0 {
				ids = append(ids, id)
			}
			counts[id]++
		})
		r := vector{ids: append([]int32(nil), ids...), vals: make([]float32, len(ids))}
		for i, id := range ids {
			r.vals[i], counts[id] = counts[id], 0
			df[id]++
		}
		raw[d] = r
	}
	v.idf = make([]float32, len(df))
	for i, n := range df {
		v.idf[i] = smoothIDF(len(texts), int(n), v.stop[i])
	}
	v.maxIDF = smoothIDF(len(texts), 0, false)
	for i := range raw {
		v.weigh(raw[i])
	}
	return v, raw
}

// smoothIDF is ln((1+docs)/(1+df))+1, tempered. A hundred examples don't show
// yet which words are common: to them come background messages, of which
// backgroundStop have any given stop word and none any other.
func smoothIDF(docs, df int, stop bool) float32 {
	n, d := float64(1+docs+background), float64(1+df)
	if stop {
		d += background * backgroundStop
	}
	return float32(math.Pow(math.Log(n/d)+1, idfPower))
}

// weigh turns counts into weights in place.
func (v *vocabulary) weigh(r vector) {
	var sum [blocks]float64
	for i, id := range r.ids {
		w := float32(math.Sqrt(float64(r.vals[i]))) * v.idf[id]
		r.vals[i] = w
		sum[v.block[id]] += float64(w) * float64(w)
	}
	var scale [blocks]float32
	for b := range sum {
		if sum[b] > 0 {
			scale[b] = float32(blockWeight[b] / math.Sqrt(sum[b]))
		}
	}
	for i, id := range r.ids {
		r.vals[i] *= scale[v.block[id]]
	}
}

// scratch is what one prediction needs; a Model keeps a pool of them.
type scratch struct {
	extractor
	counts []float32
	vec    vector
	scores []float32
}

// mass is how much of a text's idf mass, over words and stems, a vocabulary
// knows; content counts without stop words.
type mass struct{ have, all, contentHave, contentAll float64 }

func (m *mass) add(idf float32, known, stop bool) {
	w := float64(idf)
	m.all += w
	if known {
		m.have += w
	}
	if stop {
		return
	}
	m.contentAll += w
	if known {
		m.contentHave += w
	}
}

// shares are 0 to 1, 0 for no words.
func (m *mass) shares() (known, content float64) {
	if m.all > 0 {
		known = m.have / m.all
	}
	if m.contentAll == 0 {
		return known, known
	}
	return known, m.contentHave / m.contentAll
}

// read makes s.vec the vector of text and returns how much of the text's mass
// is known.
func (v *vocabulary) read(s *scratch, text string) mass {
	if len(s.counts) < len(v.idf) {
		s.counts = make([]float32, len(v.idf))
	}
	ids := s.vec.ids[:0]
	var m mass
	s.each(text, func(b block, h uint64) {
		id := v.table.get(h)
		if b == blockWord || b == blockStem {
			if id >= 0 {
				m.add(v.idf[id], true, s.stop)
			} else {
				m.add(v.maxIDF, false, s.stop)
			}
		}
		if id < 0 {
			return
		}
		if s.counts[id] == 0 {
			ids = append(ids, id)
		}
		s.counts[id]++
	})
	vals := s.vec.vals[:0]
	for _, id := range ids {
		vals = append(vals, s.counts[id])
		s.counts[id] = 0
	}
	s.vec = vector{ids: ids, vals: vals}
	v.weigh(s.vec)
	return m
}
