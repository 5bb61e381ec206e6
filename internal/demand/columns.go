package demand

import (
	"bytes"
	"database/sql"
	"fmt"
)

const columns = "seq, id, event, request, time, platform, workspace, channel, thread, actor, team, text, tags, fields, layout"

// columnCodes are the keys that columns 5 to 11 hold.
var columnCodes = [...]uint8{keyPlatform, keyWorkspace, keyChannel, keyThread, keyActor, keyTeam, keyText}

// args are the values of columns behind seq.
func (r *row) args(dst []any) []any {
	column := func(c uint8) any {
		if r.has&(1<<c) == 0 || r.null&(1<<c) != 0 {
			return nil
		}
		return r.value[c]
	}
	dst = append(dst, r.value[keyID], r.kind.name, column(keyRequest), r.time)
	for _, c := range columnCodes {
		dst = append(dst, column(c))
	}
	return append(dst, nullable(r.tags), nullable(r.fields()), nullable(r.layoutLetters()))
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// fields is the JSON object of own and unknown members, "" where there are none.
func (r *row) fields() string {
	if len(r.kind.own) == 0 && len(r.more) == 0 {
		return ""
	}
	b := append(make([]byte, 0, 64), '{')
	for i, o := range r.kind.own {
		b = append(appendKey(b, o.name), r.own[i]...)
	}
	for _, m := range r.more {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, m...)
	}
	return string(append(b, '}'))
}

// layoutLetters is "" where order and presence of the keys follow from the
// columns: else a letter a key from 'a', a capital where it is null.
func (r *row) layoutLetters() string {
	order := r.layout()
	common := r.null & (1<<ownKey - 1)
	if common == 0 && (len(order) == 0 || &order[0] == &r.kind.order[0] || r.follows(order)) {
		return ""
	}
	letters := make([]byte, 0, len(order))
	for _, c := range order {
		switch bit := uint16(1) << c; {
		case r.has&bit == 0:
		case r.null&bit != 0:
			letters = append(letters, 'A'+c)
		default:
			letters = append(letters, 'a'+c)
		}
	}
	return string(letters)
}

// follows tells whether order is the format's.
func (r *row) follows(order []uint8) bool {
	at := -1
	for _, c := range order {
		place := bytes.IndexByte(r.kind.order, c)
		if place < at {
			return false
		}
		at = place
	}
	return true
}

// scanRow reads the row of columns that rows stands on.
func scanRow(rows *sql.Rows) (r row, seq int64, err error) {
	var name string
	var cells [10]sql.NullString // request, the seven of columnCodes, tags, fields
	var layout sql.NullString
	dst := []any{&seq, &r.value[keyID], &name, &cells[0], &r.time}
	for i := 1; i < len(cells); i++ {
		dst = append(dst, &cells[i])
	}
	if err := rows.Scan(append(dst, &layout)...); err != nil {
		return r, 0, err
	}
	if r.kind = kindOf(name); r.kind == nil {
		return r, 0, fmt.Errorf("event %s is of kind %q, which this release doesn't know", r.value[keyID], name)
	}
	r.value[keyEvent] = name
	r.has = 1<<keyID | 1<<keyEvent | 1<<keyTime
	set := func(c uint8, cell sql.NullString) {
		if cell.Valid {
			r.has |= 1 << c
			r.value[c] = cell.String
		}
	}
	set(keyRequest, cells[0])
	for i, c := range columnCodes {
		set(c, cells[i+1])
	}
	if cells[8].Valid {
		r.tags = cells[8].String
		r.has |= 1 << keyTags
	}
	if cells[9].Valid {
		err = members(cells[9].String, func(key, value string) error {
			if c := r.kind.codeOf(unquote(key)); c >= ownKey && r.has&(1<<c) == 0 {
				r.has |= 1 << c
				r.own[c-ownKey] = value
				return nil
			}
			r.more = append(r.more, key+":"+value)
			return nil
		})
	}
	for _, letter := range []byte(layout.String) {
		c := letter - 'a'
		if letter < 'a' {
			c = letter - 'A'
			r.null |= 1 << c
			r.has |= 1 << c
		}
		if r.keys < len(r.order) {
			r.order[r.keys] = c
			r.keys++
		}
	}
	return r, seq, err
}
