package workflow

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// Verdict is what checking one chain of the audit found.
type Verdict struct {
	Run     string // "*" is decisions about no single run; "" is what stands over all of them
	Records int
	Problem string // "" is none
}

// chain checks one chain, record by record.
type chain struct {
	ledger  *ledger
	run     string
	end     end
	seen    int
	problem string
}

func (l *ledger) chain(run string) *chain {
	return &chain{ledger: l, run: run, end: end{link: unlinked}}
}

func (c *chain) fault(format string, args ...any) {
	if c.problem == "" { // what follows a first one follows from it
		c.problem = fmt.Sprintf(format, args...)
	}
}

// add checks the next record. record is its canonical form.
func (c *chain) add(number int, record []byte, reason *string, link []byte) {
	c.seen++
	if c.problem != "" {
		return
	}
	if number != c.end.count+1 {
		c.fault("record %d is missing", c.end.count+1)
		return
	}
	next := c.ledger.after(c.end, record)
	var r Record
	if err := json.Unmarshal(record, &r); err != nil {
		c.fault("record %d can't be read", number)
		return
	}
	switch {
	case r.Run != c.run || r.Number != number:
		c.fault("record %d stands in the place of another: it is number %d of %s", number, r.Number, r.Run)
	case !hmac.Equal(next.link, link):
		c.fault("record %d is not as it was written, or was put in", number)
	case reason != nil && (r.Said == nil || *c.ledger.digestOf([]byte(*reason)) != *r.Said):
		c.fault("the reason of record %d is not as it was written", number)
	}
	c.end = next
}

// close checks the chain's end against where it was sealed.
func (c *chain) close(head end, seal []byte) {
	whole := hmac.Equal(seal, c.ledger.sealOf(c.run, head))
	switch {
	case c.problem != "":
	case !whole:
		c.fault("its end is not as it was sealed: after record %d something was cut off or changed", min(c.end.count, head.count))
	case c.end.count < head.count:
		c.fault("record %d is missing: there are %d, and there were %d", c.end.count+1, c.end.count, head.count)
	case c.end.count > head.count:
		c.fault("record %d was put in behind the end", head.count+1)
	case !hmac.Equal(c.end.link, head.link):
		c.fault("record %d is not the one that was sealed", head.count)
	}
}

func (c *chain) verdict() Verdict { return Verdict{Run: c.run, Records: c.seen, Problem: c.problem} }

// Verify checks the audit as it is stored and tells each chain's verdict, in
// the order of their ids; run chooses one, "" is all of them and what stands
// over them. ErrNotFound where the run isn't there.
func (r *Runner) Verify(ctx context.Context, run string, each func(Verdict) error) error {
	tx, err := r.db.Read.BeginTx(ctx, nil) // one moment of the database
	if err != nil {
		return fmt.Errorf("verify the audit: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	heads, err := r.heads(ctx, tx, run)
	if err != nil {
		return fmt.Errorf("verify the audit: %w", err)
	}
	query, args := "SELECT run, number, record, reason, link FROM run_trail", []any(nil)
	if run != "" {
		query, args = query+" WHERE run = ?", []any{run}
	}
	rows, err := tx.QueryContext(ctx, query+" ORDER BY run, number", args...)
	if err != nil {
		return fmt.Errorf("verify the audit: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var c *chain
	found := false
	finish := func() error {
		if c == nil {
			return nil
		}
		found = true
		if h, ok := heads[c.run]; ok {
			c.close(h.end, h.seal)
		} else {
			c.fault("the run itself is missing")
		}
		delete(heads, c.run)
		return each(c.verdict())
	}
	total := r.ledger.total(heads)
	for rows.Next() {
		var id, record string
		var reason *string
		var number int
		var link []byte
		if err := rows.Scan(&id, &number, &record, &reason, &link); err != nil {
			return fmt.Errorf("verify the audit: %w", err)
		}
		if c == nil || c.run != id {
			if err := finish(); err != nil {
				return err
			}
			c = r.ledger.chain(id)
		}
		c.add(number, []byte(record), reason, link)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("verify the audit: %w", err)
	}
	if err := finish(); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(heads)) {
		found = true
		c := r.ledger.chain(id)
		if n := heads[id].end.count; n > 0 {
			c.fault("record 1 is missing: there are none, and there were %d", n)
		}
		c.fault("it has no record")
		if err := each(c.verdict()); err != nil {
			return err
		}
	}
	if run != "" {
		if !found {
			return ErrNotFound
		}
		return nil
	}
	problem, err := r.ledger.checkAnchor(ctx, tx, total)
	if err != nil {
		return fmt.Errorf("verify the audit: %w", err)
	}
	if problem != "" {
		return each(Verdict{Problem: problem})
	}
	return nil
}

// head is where a chain was sealed.
type head struct {
	end  end
	seal []byte
}

// heads reads where the chains were sealed; run "" is all of them.
func (r *Runner) heads(ctx context.Context, q querier, run string) (map[string]head, error) {
	query, args := "SELECT id, trail, head, seal FROM runs", []any(nil)
	if run != "" {
		query, args = query+" WHERE id = ?", []any{run}
	}
	rows, err := q.QueryContext(ctx, query+" UNION ALL SELECT '*', trail, head, mark FROM run_anchor WHERE trail > 0 AND ? IN ('', '*')", append(args, run)...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	out := map[string]head{}
	for rows.Next() {
		var id string
		var h head
		if err := rows.Scan(&id, &h.end.count, &h.end.link, &h.seal); err != nil {
			return nil, err
		}
		if len(h.end.link) != len(unlinked) {
			h.end.link = unlinked
		}
		out[id] = h
	}
	return out, rows.Err()
}

// total is what the anchor should be over these heads.
func (l *ledger) total(heads map[string]head) anchor {
	var a anchor
	for id, h := range heads {
		if h.end.count > 0 {
			a.runs++
			a.sum = add(a.sum, l.weight(id, h.end))
		}
	}
	return a
}

func (l *ledger) checkAnchor(ctx context.Context, q querier, want anchor) (string, error) {
	a, err := readAnchor(ctx, q)
	switch {
	case errors.Is(err, sql.ErrNoRows) && want.runs == 0:
		return "", nil
	case errors.Is(err, sql.ErrNoRows):
		return "the anchor over all runs is missing", nil
	case err != nil:
		return "", err
	case !hmac.Equal(a.seal, l.anchorSeal(a)):
		return "the anchor over all runs is not as it was sealed", nil
	case a.runs > want.runs:
		return fmt.Sprintf("whole runs are missing: there are %d, and there were %d", want.runs, a.runs), nil
	case a.runs < want.runs:
		return fmt.Sprintf("whole runs were put in: there are %d, and there were %d", want.runs, a.runs), nil
	case a.sum != want.sum:
		return "a run is not where the anchor over all runs has it: it was put back to an earlier end, or another stands in its place", nil
	}
	return "", nil
}

// Exported is a record as it leaves the database, with what it takes to check
// it elsewhere.
type Exported struct {
	Record

	Reason   *string `json:"reason"`   // a person's words; null where there were none, or they were erased
	Previous string  `json:"previous"` // link before this one, in hex
	Link     string  `json:"link"`     // in hex
	Seal     *string `json:"seal"`     // of the last record of its run, in hex; null on the others
}

// Period chooses runs by when they were started: from Since, before Until;
// zero times choose all.
type Period struct{ Since, Until time.Time }

// Export tells the records of the chosen runs, run after run in the order of
// their start, after the decisions about no single run; run chooses one run
// alone, or "*". ErrNotFound where it isn't there.
func (r *Runner) Export(ctx context.Context, run string, period Period, each func(Exported) error) error {
	tx, err := r.db.Read.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("export the audit: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	heads, err := r.heads(ctx, tx, run)
	if err != nil {
		return fmt.Errorf("export the audit: %w", err)
	}
	if _, there := heads[run]; run != "" && !there {
		return ErrNotFound
	}
	until := int64(1<<63 - 1)
	if !period.Until.IsZero() {
		until = period.Until.UnixMilli()
	}
	since := int64(-1 << 62)
	if !period.Since.IsZero() {
		since = period.Since.UnixMilli()
	}
	rows, err := tx.QueryContext(ctx, `SELECT t.run, t.number, t.record, t.reason, t.link FROM run_trail AS t LEFT JOIN runs AS r ON r.id = t.run
		WHERE (?1 = '' OR t.run = ?1) AND (t.run = '*' OR r.started >= ?2 AND r.started < ?3) ORDER BY coalesce(r.seq, 0), t.run, t.number`, run, since, until)
	if err != nil {
		return fmt.Errorf("export the audit: %w", err)
	}
	defer func() { _ = rows.Close() }()
	previous := unlinked
	for rows.Next() {
		var x Exported
		var id, record string
		var number int
		var link []byte
		if err := rows.Scan(&id, &number, &record, &x.Reason, &link); err != nil {
			return fmt.Errorf("export the audit: %w", err)
		}
		if err := json.Unmarshal([]byte(record), &x.Record); err != nil {
			return fmt.Errorf("export the audit: record %d of %s can't be read: %w", number, id, err)
		}
		if number == 1 {
			previous = unlinked
		}
		x.Previous, x.Link = hex.EncodeToString(previous), hex.EncodeToString(link)
		if h := heads[id]; h.end.count == number {
			x.Seal = some(hex.EncodeToString(h.seal))
		}
		previous = link
		if err := each(x); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("export the audit: %w", err)
	}
	return nil
}

// ErrNoKey is returned where an export can't be checked without a key.
var ErrNoKey = errors.New("there is no key to check it with: set workflows.audit_key, or put " + KeyFile + " into data_dir")

// maxExported is the longest line of an export, in bytes.
const maxExported = 1 << 20

// fields are those of a line of an export, sorted.
var fields = sync.OnceValue(func() []string {
	text, _ := json.Marshal(Exported{}) //nolint:errchkjson // nothing in it can fail
	names, _ := keysOf(text)
	return names
})

// plainly tells whether the object has the fields of an export, each once and
// by its very name: whoever else reads it must find what is checked here.
func plainly(text []byte) bool {
	names, err := keysOf(text)
	return err == nil && slices.Equal(names, fields())
}

// keysOf are the keys of a JSON object, sorted, as often as they are there.
func keysOf(text []byte) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil { // its brace
		return nil, err
	}
	var out []string
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		out = append(out, name)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	return out, nil
}

// VerifyExport checks what Export wrote, with the key of cfg or of KeyFile in
// dir, and tells each chain's verdict in the order in which they begin. That
// a whole run is missing can't be seen in a file. An error with the line's
// number is returned for what is no export.
func VerifyExport(cfg Config, dir string, from io.Reader, each func(Verdict) error) error {
	keys, err := existingKeys(cfg.AuditKey, dir)
	if err != nil {
		return err
	}
	l := &ledger{keys: keys}
	type open struct {
		*chain

		seal []byte // of the latest record; nil where it has none
	}
	var order []string
	chains := map[string]*open{}
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 64<<10), maxExported)
	for n := 1; lines.Scan(); n++ {
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		var x Exported
		if err := json.Unmarshal(text, &x); err != nil || x.Run == "" {
			return fmt.Errorf("line %d is no record of an export", n)
		}
		if !plainly(text) {
			return fmt.Errorf("line %d has more, fewer or other fields than an export, and may be read in two ways", n)
		}
		c := chains[x.Run]
		if c == nil {
			c = &open{chain: l.chain(x.Run)}
			chains[x.Run], order = c, append(order, x.Run)
		}
		record, err := x.canonical()
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		before := hex.EncodeToString(c.end.link)
		link, err := hex.DecodeString(x.Link)
		if err != nil {
			c.fault("record %d has no link", x.Number)
		}
		c.add(x.Number, record, x.Reason, link)
		if x.Previous != before {
			c.fault("record %d names another one before it", x.Number)
		}
		c.seal = nil
		if x.Seal != nil {
			if c.seal, err = hex.DecodeString(*x.Seal); err != nil {
				c.fault("record %d has no seal", x.Number)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the export: %w", err)
	}
	for _, run := range order {
		c := chains[run]
		if c.seal == nil {
			c.fault("it ends at record %d, which is not its last one", c.end.count)
		} else {
			c.close(c.end, c.seal)
		}
		if err := each(c.verdict()); err != nil {
			return err
		}
	}
	return nil
}
