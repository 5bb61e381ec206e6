package workflow

import (
	"bytes"
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/database"
	"frontdoor/internal/workflow/step"
)

// everywhere is the chain of decisions about no single run.
const everywhere = "*"

// Record is one decision or one step's attempt in the audit, as it is stored
// and as `bot runs export` writes it. Link is the HMAC-SHA256 of the previous
// link (32 zero bytes before the first) and the record's canonical form: its
// fields up to Said as JSON in this order, without white space or HTML
// escaping.
type Record struct {
	Run      string   `json:"run"` // "*" for a decision about no single run
	Number   int      `json:"number"`
	Time     string   `json:"time"`     // UTC, to the millisecond
	Event    string   `json:"event"`    // object_verb
	Actor    *string  `json:"actor"`    // a pseudonym, or operator:NAME; null is the bot itself
	Groups   []string `json:"groups"`   // of the actor, as they counted for the decision; null where none were looked at
	Step     *string  `json:"step"`     // id
	Attempt  *int     `json:"attempt"`  // of the step, from 1
	Started  *string  `json:"started"`  // of the attempt that ended here
	OK       *bool    `json:"ok"`       // of the attempt; null where nobody can tell
	Key      *string  `json:"key"`      // the idempotency key
	Sent     *string  `json:"sent"`     // keyed digest of the request or command, without its secrets
	Returned *string  `json:"returned"` // keyed digest of the reply, or of the words of the failure
	Detail   *string  `json:"detail"`   // depends on the event
	Said     *string  `json:"said"`     // keyed digest of Reason
}

// stamp is a time as records have it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// canonical is what the link is made of.
func (r Record) canonical() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("encode an audit record: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// entry is what a flow notes; the ledger makes a record of it.
type entry struct {
	event    string
	actor    string // id; "" is the bot
	groups   []string
	step     string
	attempt  int
	started  time.Time
	ok       *bool
	key      string
	sent     []byte
	returned []byte
	detail   string
	reason   string // a person's words
}

// decision is one of a person.
func decision(event string, who chat.Person, reason, detail string) entry {
	groups := slices.Clone(who.Groups)
	slices.Sort(groups)
	return entry{event: event, actor: who.ID, groups: groups, reason: reason, detail: detail}
}

func (f *flow) note(e entry) { f.trail = append(f.trail, e) }

// noteStep notes how an attempt begins or ends.
func (f *flow) noteStep(event string, a *Attempt, e entry) {
	if f.ledger == nil {
		return // a rehearsal
	}
	e.event, e.step, e.attempt, e.key = event, a.Step, a.Number, step.Call{Run: f.ID, Step: a.Step}.Key()
	if event != "step_started" {
		e.started = a.Started
	}
	f.note(e)
}

// noteEnd notes that an attempt has ended, with what it replied or how it
// failed; ok is nil where nobody can tell.
func (f *flow) noteEnd(event string, a *Attempt, ok *bool, detail string) {
	e := entry{ok: ok, detail: detail}
	switch {
	case f.ledger == nil:
	case a.Error != "":
		e.returned = []byte(a.Error)
	case a.Reply != nil:
		e.returned, _ = json.Marshal(a.Reply) // what has come as JSON goes as JSON
	}
	f.noteStep(event, a, e)
}

// ledger chains what is noted.
type ledger struct {
	*keys

	pseudonym func(id string) string
	last      anchor // as this process has stored it last; used within Update alone
}

// end is where a chain ends.
type end struct {
	count int
	link  []byte // of the last record; 32 zero bytes where there is none
}

var unlinked = make([]byte, 32)

// after is the end that follows with one more record.
func (l *ledger) after(e end, record []byte) end {
	return end{e.count + 1, sign(l.link, e.link, record)}
}

func (l *ledger) sealOf(run string, e end) []byte {
	return sign(l.seal, e.link, binary.BigEndian.AppendUint64(nil, uint64(e.count)), []byte(run)) //nolint:gosec // a count
}

// linked is a record ready to be stored.
type linked struct {
	record []byte
	reason any // nil or the person's words
	end    end
}

// follow chains the entries behind e.
func (l *ledger) follow(run string, e end, now time.Time, trail []entry) ([]linked, error) {
	out := make([]linked, 0, len(trail))
	for _, x := range trail {
		record, err := l.record(run, e.count+1, now, x).canonical()
		if err != nil {
			return nil, err
		}
		e = l.after(e, record)
		row := linked{record: record, end: e}
		if x.reason != "" {
			row.reason = x.reason
		}
		out = append(out, row)
	}
	return out, nil
}

func (l *ledger) record(run string, number int, now time.Time, e entry) Record {
	r := Record{Run: run, Number: number, Time: stamp(now), Event: e.event, Groups: e.groups, Step: some(e.step), OK: e.ok, Key: some(e.key), Detail: some(e.detail)}
	if e.actor != "" {
		r.Actor = some(l.person(e.actor))
	}
	if e.attempt > 0 {
		r.Attempt = &e.attempt
	}
	if !e.started.IsZero() {
		r.Started = some(stamp(e.started))
	}
	r.Sent, r.Returned = l.digestOf(e.sent), l.digestOf(e.returned)
	if e.reason != "" {
		r.Said = l.digestOf([]byte(e.reason))
	}
	return r
}

// person is how the audit calls somebody. Who works on the machine itself has
// no pseudonym: they answer for it by name.
func (l *ledger) person(id string) string {
	if strings.HasPrefix(id, operatorPrefix) {
		return id
	}
	return l.pseudonym(id)
}

// alias is a pseudonym where nobody else gives one.
func (l *ledger) alias(id string) string {
	return "p" + hex.EncodeToString(sign(l.digest, []byte("person"), []byte(id))[:10])
}

// digestOf stands for content that the audit must not hold. It is keyed, so
// that a short value can't be guessed from it.
func (l *ledger) digestOf(content []byte) *string {
	if content == nil {
		return nil
	}
	return some(hex.EncodeToString(sign(l.digest, content)))
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// storeAtOnce is how many records one statement writes.
const storeAtOnce = 4

// store writes linked records; the chain's end is the caller's to store.
func store(ctx context.Context, tx *database.Tx, run string, rows []linked) error {
	for part := range slices.Chunk(rows, storeAtOnce) {
		args := make([]any, 0, 5*storeAtOnce)
		for _, row := range part {
			args = append(args, run, row.end.count, string(row.record), row.reason, row.end.link)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO run_trail (run, number, record, reason, link) VALUES (?, ?, ?, ?, ?)"+strings.Repeat(", (?, ?, ?, ?, ?)", len(part)-1), args...); err != nil {
			return fmt.Errorf("write the audit: %w", err)
		}
	}
	return nil
}

// append adds to the chain of a run outside of save.
func (l *ledger) append(ctx context.Context, tx *database.Tx, run string, before end, now time.Time, trail ...entry) error {
	rows, err := l.follow(run, before, now, trail)
	if err != nil || len(rows) == 0 {
		return err
	}
	after := rows[len(rows)-1].end
	if _, err := tx.ExecContext(ctx, "UPDATE runs SET trail = ?, head = ?, seal = ? WHERE id = ?", after.count, after.link, l.sealOf(run, after), run); err != nil {
		return fmt.Errorf("write the audit: %w", err)
	}
	if err := store(ctx, tx, run, rows); err != nil {
		return err
	}
	return l.moved(ctx, tx, run, before, after)
}

// anchor is over all chains.
type anchor struct {
	runs int64
	sum  [4]uint64 // modulo 2^256, most significant first
	seal []byte
	end  end // of the chain everywhere
}

// weight is what a chain's end adds to the anchor's sum. Nobody without the
// key can compute it, so nobody can take a run out of the sum.
func (l *ledger) weight(run string, e end) [4]uint64 {
	var out [4]uint64
	if e.count == 0 {
		return out
	}
	sum := sign(l.anchor, []byte{1}, e.link, binary.BigEndian.AppendUint64(nil, uint64(e.count)), []byte(run)) //nolint:gosec // a count
	for i := range out {
		out[i] = binary.BigEndian.Uint64(sum[8*i:])
	}
	return out
}

func add(a, b [4]uint64) [4]uint64 {
	var carry uint64
	for i := 3; i >= 0; i-- {
		a[i], carry = bits.Add64(a[i], b[i], carry)
	}
	return a
}

func subtract(a, b [4]uint64) [4]uint64 {
	var borrow uint64
	for i := 3; i >= 0; i-- {
		a[i], borrow = bits.Sub64(a[i], b[i], borrow)
	}
	return a
}

func (a anchor) bytes() []byte {
	out := make([]byte, 0, 32)
	for _, part := range a.sum {
		out = binary.BigEndian.AppendUint64(out, part)
	}
	return out
}

func (l *ledger) anchorSeal(a anchor) []byte {
	return sign(l.anchor, []byte{0}, a.bytes(), binary.BigEndian.AppendUint64(nil, uint64(a.runs))) //nolint:gosec // a count
}

// moved brings the anchor up to date with a chain that has grown. One whose
// seal is broken stays broken: growing must not mend it.
func (l *ledger) moved(ctx context.Context, tx *database.Tx, run string, before, after end) error {
	// What this process stored last is mostly what is there: then one statement does.
	if l.last.seal != nil {
		done, err := l.move(ctx, tx, l.last, run, before, after)
		if done || err != nil {
			return err
		}
	}
	now, err := readAnchor(ctx, tx)
	if errors.Is(err, sql.ErrNoRows) {
		now.seal = l.anchorSeal(now)
		_, err = tx.ExecContext(ctx, "INSERT INTO run_anchor (id, key, runs, sum, seal) VALUES (1, ?, 0, ?, ?)", l.id, now.bytes(), now.seal)
	}
	if err != nil {
		return fmt.Errorf("write the audit's anchor: %w", err)
	}
	done, err := l.move(ctx, tx, now, run, before, after)
	if err == nil && !done {
		err = errors.New("write the audit's anchor: it is not as it was read")
	}
	return err
}

func (l *ledger) move(ctx context.Context, tx *database.Tx, a anchor, run string, before, after end) (bool, error) {
	old, whole := a.seal, hmac.Equal(a.seal, l.anchorSeal(a))
	a.sum = add(subtract(a.sum, l.weight(run, before)), l.weight(run, after))
	if before.count == 0 {
		a.runs++
	}
	if whole {
		a.seal = l.anchorSeal(a)
	}
	done, err := tx.ExecContext(ctx, "UPDATE run_anchor SET runs = ?, sum = ?, seal = ? WHERE id = 1 AND seal = ?", a.runs, a.bytes(), a.seal, old)
	if err != nil {
		return false, fmt.Errorf("write the audit's anchor: %w", err)
	}
	n, err := done.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	l.last = anchor{runs: a.runs, sum: a.sum, seal: a.seal}
	if !whole {
		l.last = anchor{}
	}
	return true, nil
}

func readAnchor(ctx context.Context, q querier) (anchor, error) {
	a := anchor{end: end{link: unlinked}}
	var sum, head []byte
	err := q.QueryRowContext(ctx, "SELECT runs, sum, seal, trail, head FROM run_anchor WHERE id = 1").Scan(&a.runs, &sum, &a.seal, &a.end.count, &head)
	if err != nil {
		return a, err
	}
	if len(head) == 32 {
		a.end.link = head
	}
	for i := range a.sum {
		if len(sum) == 32 {
			a.sum[i] = binary.BigEndian.Uint64(sum[8*i:])
		}
	}
	return a, nil
}

// general adds a decision about no single run.
func (l *ledger) general(ctx context.Context, tx *database.Tx, now time.Time, e entry) error {
	a, err := readAnchor(ctx, tx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read the audit's anchor: %w", err)
	}
	rows, err := l.follow(everywhere, a.end, now, []entry{e})
	if err != nil {
		return err
	}
	after := rows[0].end
	if err := store(ctx, tx, everywhere, rows); err != nil {
		return err
	}
	if err := l.moved(ctx, tx, everywhere, a.end, after); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE run_anchor SET trail = ?, head = ?, mark = ? WHERE id = 1", after.count, after.link, l.sealOf(everywhere, after)); err != nil {
		return fmt.Errorf("write the audit's anchor: %w", err)
	}
	return nil
}

// audited is the migration that the audit came with.
const audited = 2

// adopt begins the chains of runs that are older than the audit, so that
// having none is a fault from now on.
func (r *Runner) adopt(ctx context.Context) error {
	err := r.db.Update(ctx, func(tx *database.Tx) error {
		now, err := r.clock(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := readRows(ctx, tx, "SELECT "+columns+" FROM runs WHERE trail = 0 ORDER BY seq")
		if err != nil {
			return err
		}
		for _, w := range rows {
			if err := r.ledger.append(ctx, tx, w.ID, w.tail, now, entry{event: "run_adopted", detail: string(w.State)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("begin the audit of earlier runs: %w", err)
	}
	return nil
}

// sameKey refuses a key that the audit was not begun with: what it chained
// would look like tampering for ever.
func (l *ledger) sameKey(ctx context.Context, q querier) error {
	var id string
	err := q.QueryRowContext(ctx, "SELECT key FROM run_anchor WHERE id = 1").Scan(&id)
	if errors.Is(err, sql.ErrNoRows) || err == nil && id == l.id {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the audit's anchor: %w", err)
	}
	return errOtherKey
}

var errOtherKey = errors.New("the audit of runs was begun with another key: put back data_dir/" + KeyFile + " or workflows.audit_key as it was, or begin anew with another database")
