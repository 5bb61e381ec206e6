package demand

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// livePack is how many events of the live stream may wait unpacked: a report
// reads them row by row, at about 3 µs each.
const livePack = 8192

// packSize is how many events one pack holds at most when packs are made anew.
const packSize = 50_000

// fact is what the figures need of one event.
type fact struct {
	kind    uint8
	flag    uint8 // feedback: 1 helpful, 2 unhelpful, 3 solved; resolved: 1 confirmed; refused: 1 no_playbook
	time    int64
	id      string
	request string // "" in a thread without request
	actor   string
	team    string
	channel string
	topic   string // received; matched: the playbook
	thread  string
}

const (
	flagHelpful   = 1
	flagUnhelpful = 2
	flagSolved    = 3
)

// fact leaves out events that no figure reads.
func (r *row) fact() (fact, bool) {
	f := fact{kind: r.kind.code, time: r.time, id: r.value[keyID], request: r.value[keyRequest]}
	switch r.kind.code {
	case received:
		f.actor, f.team, f.channel = r.value[keyActor], r.value[keyTeam], r.value[keyChannel]
		f.topic = tag(r.tags, "topic")
	case matched:
		f.topic = unquote(r.own[0])
	case resolved:
		if r.own[0] != "null" && unquote(r.own[0]) == Confirmed {
			f.flag = 1
		}
	case refused:
		if r.own[0] != "null" && unquote(r.own[0]) == NoPlaybook {
			f.flag = 1
		}
	case feedback:
		f.actor = r.value[keyActor]
		switch unquote(r.own[0]) {
		case Helpful:
			f.flag = flagHelpful
		case Unhelpful:
			f.flag = flagUnhelpful
		case Solved:
			f.flag = flagSolved
		}
	case humanAnswered:
		if f.request == "" {
			f.channel, f.thread = r.value[keyChannel], r.value[keyThread]
		}
	case runApproved, runDenied, runStepFinished, runFailed, runCancelled:
		return f, false
	}
	return f, true
}

// tag is the value of one tag, "" where it is none or no text.
func tag(tags, name string) string {
	found := ""
	if tags == "" {
		return ""
	}
	_ = members(tags, func(key, value string) error {
		if value[0] == '"' && unquote(key) == name {
			found = unquote(value)
		}
		return nil
	})
	return found
}

// The form of a pack. Numbers are varints, times zigzag differences from the
// time before, text is its length and its bytes, a word is its place in the
// words (from 1; 0 is "").
//
//	version, words, threads, requests
//	words    = count, text…
//	threads  = count, (channel word, thread text, time)…
//	requests = count, (id text, events)…
//	events   = count, (kind + flag × 32, time, rest)…
//	rest     = received: id text, actor, team, channel, topic words
//	           matched: id text, playbook word; feedback: id text, actor word
const packVersion = 1

// packer collects the facts of one pack.
type packer struct {
	words   map[string]uint64
	inOrder []string
	threads []fact
	facts   []fact
}

func (p *packer) add(f fact) {
	if f.request == "" {
		p.threads = append(p.threads, f)
	} else {
		p.facts = append(p.facts, f)
	}
}

func (p *packer) word(s string) uint64 {
	if s == "" {
		return 0
	}
	n, ok := p.words[s]
	if !ok {
		p.inOrder = append(p.inOrder, s)
		n = uint64(len(p.inOrder))
		p.words[s] = n
	}
	return n
}

func (p *packer) bytes() []byte {
	p.words = map[string]uint64{}
	appendText := func(b []byte, s string) []byte {
		return append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	last := int64(0)
	appendDelta := func(b []byte, t int64) []byte {
		b = binary.AppendVarint(b, t-last)
		last = t
		return b
	}
	body := make([]byte, 0, 24*len(p.facts)+64)
	body = binary.AppendUvarint(body, uint64(len(p.threads)))
	for _, f := range p.threads {
		body = binary.AppendUvarint(body, p.word(f.channel))
		body = appendDelta(appendText(body, f.thread), f.time)
	}
	// Requests in the order of their first event, each one's events together.
	place := make(map[string]int32, len(p.facts)/3)
	order := make([]int32, len(p.facts)) // fact → its request's place
	counts := make([]int32, 0, len(p.facts)/3)
	for i, f := range p.facts {
		n, ok := place[f.request]
		if !ok {
			n = int32(len(counts))
			place[f.request] = n
			counts = append(counts, 0)
		}
		order[i] = n
		counts[n]++
	}
	sorted := make([]int32, len(p.facts))
	for i := range sorted {
		sorted[i] = int32(i)
	}
	slices.SortStableFunc(sorted, func(a, b int32) int { return cmp.Compare(order[a], order[b]) })
	body = binary.AppendUvarint(body, uint64(len(counts)))
	current := int32(-1)
	for _, i := range sorted {
		f := &p.facts[i]
		if n := order[i]; n != current {
			current = n
			body = binary.AppendUvarint(appendText(body, f.request), uint64(counts[n]))
		}
		body = appendDelta(append(body, f.kind|f.flag<<5), f.time)
		switch f.kind {
		case received:
			body = appendText(body, f.id)
			for _, s := range [...]string{f.actor, f.team, f.channel, f.topic} {
				body = binary.AppendUvarint(body, p.word(s))
			}
		case matched:
			body = binary.AppendUvarint(appendText(body, f.id), p.word(f.topic))
		case feedback:
			body = binary.AppendUvarint(appendText(body, f.id), p.word(f.actor))
		}
	}
	b := make([]byte, 0, len(body)+16*len(p.inOrder)+8)
	b = binary.AppendUvarint(append(b, packVersion), uint64(len(p.inOrder)))
	for _, s := range p.inOrder {
		b = appendText(b, s)
	}
	return append(b, body...)
}

var errPack = errors.New("a pack of the demand log is damaged; delete the rows of demand_packs, they are made anew")

// unpacker reads a pack; s is the pack, whose parts the history goes on using.
type unpacker struct {
	s    string
	i    int
	last int64
	bad  bool
}

func (u *unpacker) number() uint64 {
	var n uint64
	for shift := 0; u.i < len(u.s) && shift < 64; shift += 7 {
		c := u.s[u.i]
		u.i++
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	u.bad = true
	return 0
}

// count is a number of things that each take at least a byte.
func (u *unpacker) count() int {
	n := u.number()
	if n > uint64(len(u.s)-u.i) {
		u.bad = true
		return 0
	}
	return int(n)
}

func (u *unpacker) text() string {
	n := u.count()
	s := u.s[u.i : u.i+n]
	u.i += n
	return s
}

func (u *unpacker) delta() int64 {
	n := u.number()
	u.last += int64(n>>1) ^ -int64(n&1)
	return u.last
}

// pack moves the events behind the last pack into a new one: fresh, where they
// are all that there is, else what the table holds.
func (l *log) pack(ctx context.Context, fresh []sequenced) error {
	if !l.tail && fresh != nil {
		if len(fresh) == 0 {
			return nil
		}
		var p packer
		p.facts = make([]fact, 0, len(fresh))
		for _, s := range fresh {
			if f, ok := s.row.fact(); ok {
				p.add(f)
			}
		}
		return l.save(ctx, fresh[0].seq, fresh[len(fresh)-1].seq, &p)
	}
	for {
		n, err := l.packRows(ctx, l.packed+1, maxSeq)
		if err != nil || n < packSize {
			return err
		}
	}
}

const (
	maxSeq  = int64(1)<<62 - 1
	maxRows = math.MaxInt
)

// packRows packs at most packSize stored events of [from, to] and returns how
// many.
func (l *log) packRows(ctx context.Context, from, to int64) (int, error) {
	var p packer
	var first, last int64
	n, err := eachRow(ctx, l.tx, from, to, packSize, func(seq int64, r *row) {
		if first == 0 {
			first = seq
		}
		last = seq
		if f, ok := r.fact(); ok {
			p.add(f)
		}
	})
	if err != nil || n == 0 {
		return 0, err
	}
	return n, l.save(ctx, first, last, &p)
}

func (l *log) save(ctx context.Context, first, last int64, p *packer) error {
	l.packed = max(l.packed, last)
	_, err := l.tx.ExecContext(ctx, "INSERT INTO demand_packs (first, last, data) VALUES (?, ?, ?)", first, last, p.bytes())
	return err
}

// eachRow calls f with the first limit events of [from, to] by seq and returns
// how many there were.
func eachRow(ctx context.Context, q querier, from, to int64, limit int, f func(seq int64, r *row)) (int, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+columns+" FROM demand_events WHERE seq >= ? AND seq <= ? ORDER BY seq LIMIT ?", from, to, limit)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	n := 0
	for rows.Next() {
		r, seq, err := scanRow(rows)
		if err != nil {
			return n, err
		}
		n++
		f(seq, &r)
	}
	return n, rows.Err()
}

// repack makes one pack of what is left of [first, last]. The span stays what
// it was: seqs must not come back, nor those behind it be packed twice.
func (l *log) repack(ctx context.Context, first, last int64) error {
	var p packer
	_, err := eachRow(ctx, l.tx, first, last, maxRows, func(_ int64, r *row) {
		if f, ok := r.fact(); ok {
			p.add(f)
		}
	})
	if err != nil {
		return err
	}
	return l.save(ctx, first, last, &p)
}
