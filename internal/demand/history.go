package demand

import (
	"context"
	"database/sql"
	"fmt"
)

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// history is everything that the figures need of all events up to now, event
// by event, in whatever order they arrived.
type history struct {
	now      int64 // ms; later events do not exist
	word     map[string]int32
	words    []string // 0 is ""
	places   map[string]int32
	requests []chain
	moments  []moment
	receipts []receipt
	matches  []match
	opinions []opinion
	threads  map[thread]int64 // → first human answer
}

// chain is one request's events, a list in moments.
type chain struct {
	id   string
	head int32 // -1 ends
}

type moment struct {
	time int64
	next int32
	more int32 // index into receipts, matches or opinions
	kind uint8
	flag uint8
}

type receipt struct {
	id                          string
	actor, team, channel, topic int32
}

type match struct {
	id       string
	playbook int32
}

type opinion struct {
	id    string
	actor int32
}

type thread struct {
	channel int32
	thread  string
}

// load reads the packs and the events behind them, as of one moment.
func (w *Warehouse) load(ctx context.Context, now int64) (*history, error) {
	tx, err := w.db.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("read demand: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	h := &history{now: now, word: map[string]int32{"": 0}, words: []string{""}, threads: map[thread]int64{}}
	var packed, bytes int64
	if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(last), 0), coalesce(sum(length(data)), 0) FROM demand_packs").Scan(&packed, &bytes); err != nil {
		return nil, fmt.Errorf("read demand: %w", err)
	}
	// A request takes some 55 bytes of a pack, an event 15 (BenchmarkReport):
	// room for all saves a third of the time, and is given back at the end.
	h.places = make(map[string]int32, bytes/50)
	h.requests = make([]chain, 0, bytes/50)
	h.receipts = make([]receipt, 0, bytes/50)
	h.moments = make([]moment, 0, bytes/14)
	if err := h.readPacks(ctx, tx); err != nil {
		return nil, fmt.Errorf("read demand: %w", err)
	}
	var p packer
	n, err := eachRow(ctx, tx, packed+1, maxSeq, maxRows, func(_ int64, r *row) {
		if f, ok := r.fact(); ok {
			p.add(f)
		}
	})
	if err == nil && n > 0 {
		err = h.add(string(p.bytes()))
	}
	if err != nil {
		return nil, fmt.Errorf("read demand: %w", err)
	}
	return h, nil
}

func (h *history) readPacks(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, "SELECT data FROM demand_packs ORDER BY first")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var data sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&data); err != nil {
			return err
		}
		if err := h.add(string(data)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// add takes the events of one pack.
func (h *history) add(pack string) error {
	u := &unpacker{s: pack}
	if u.number() != packVersion {
		return errPack
	}
	global := make([]int32, 1, 64) // the pack's words → ours
	for range u.count() {
		global = append(global, h.intern(u.text()))
	}
	word := func() int32 {
		n := u.number()
		if n >= uint64(len(global)) {
			u.bad = true
			return 0
		}
		return global[n]
	}
	for range u.count() {
		t := thread{channel: word(), thread: u.text()}
		at := u.delta()
		if first, ok := h.threads[t]; at <= h.now && (!ok || at < first) {
			h.threads[t] = at
		}
	}
	for range u.count() {
		id := u.text()
		place, ok := h.places[id]
		if !ok {
			place = int32(len(h.requests))
			h.places[id] = place
			h.requests = append(h.requests, chain{id: id, head: -1})
		}
		c := &h.requests[place]
		for range u.count() {
			if u.bad || u.i >= len(u.s) {
				return errPack
			}
			b := u.s[u.i]
			u.i++
			m := moment{kind: b & 31, flag: b >> 5, time: u.delta(), next: c.head}
			exists := m.time <= h.now
			switch m.kind {
			case received:
				r := receipt{u.text(), word(), word(), word(), word()}
				if exists {
					m.more = int32(len(h.receipts))
					h.receipts = append(h.receipts, r)
				}
			case matched:
				r := match{u.text(), word()}
				if exists {
					m.more = int32(len(h.matches))
					h.matches = append(h.matches, r)
				}
			case feedback:
				r := opinion{u.text(), word()}
				if exists {
					m.more = int32(len(h.opinions))
					h.opinions = append(h.opinions, r)
				}
			}
			if exists {
				c.head = int32(len(h.moments))
				h.moments = append(h.moments, m)
			}
		}
	}
	if u.bad || u.i != len(u.s) {
		return errPack
	}
	return nil
}

func (h *history) intern(s string) int32 {
	n, ok := h.word[s]
	if !ok {
		n = int32(len(h.words))
		h.word[s] = n
		h.words = append(h.words, s)
	}
	return n
}
