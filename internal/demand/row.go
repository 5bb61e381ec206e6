package demand

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf8"

	"frontdoor/internal/problem"
)

// row is one event as the warehouse keeps it: the fields that people query in
// columns of their own, the others as they came, so that what was imported is
// exported byte for byte.
type row struct {
	kind  *kind
	time  int64            // ms since 1970
	value [keyTags]string  // decoded, by code; the time's is empty
	tags  string           // compact JSON object
	own   [3]string        // compact JSON by place in kind.own
	more  []string         // members that this release doesn't know: "key":value, compact
	has   uint16           // codes that are there, null ones too
	null  uint16           // codes that are there and null
	order [ownKey + 3]byte // codes as they came
	keys  int              // length of order
}

// ParseError says why a line is no event, in words for whoever wrote it.
type ParseError struct{ Reason string }

// Error implements error.
func (e *ParseError) Error() string { return e.Reason }

func refuse(format string, args ...any) error {
	return &ParseError{Reason: fmt.Sprintf(format, args...)}
}

// parseRow reads one line strictly. Every error is a *ParseError.
func parseRow(line []byte) (row, error) {
	var r row
	if !json.Valid(line) {
		var v any
		return r, refuse("no JSON: %v", json.Unmarshal(line, &v))
	}
	s := strings.TrimSpace(string(line))
	if s[0] != '{' {
		return r, refuse("%s, not an object", typeOf(s))
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	name, err := eventName(s)
	if err != nil {
		return r, err
	}
	if r.kind = kindOf(name); r.kind == nil {
		names := make([]string, 0, len(kinds))
		for n := range kinds {
			names = append(names, n)
		}
		if near := problem.Nearest(name, names); near != "" {
			return r, refuse("unknown event %q; did you mean %s?", name, near)
		}
		return r, refuse("unknown event %q", name)
	}
	if err := members(s, r.take); err != nil {
		return r, err
	}
	return r, r.check()
}

// eventName finds the event's name before its kind is known.
func eventName(object string) (string, error) {
	name, found := "", false
	err := members(object, func(key, value string) error {
		if found || unquote(key) != "event" {
			return nil
		}
		found = true
		if value[0] != '"' {
			return refuse("event is %s; it must be text", typeOf(value))
		}
		name = unquote(value)
		return nil
	})
	if err == nil && !found {
		err = refuse("event is missing")
	}
	return name, err
}

// take stores one member.
func (r *row) take(rawKey, raw string) error {
	key := unquote(rawKey)
	c := r.kind.codeOf(key)
	if c < 0 {
		r.more = append(r.more, rawKey+":"+compact(raw))
		return nil
	}
	bit := uint16(1) << c
	if r.has&bit != 0 {
		return refuse("%s stands twice", key)
	}
	r.has |= bit
	r.order[r.keys] = byte(c)
	r.keys++
	if raw == "null" {
		r.null |= bit
	}
	switch {
	case c >= ownKey:
		o := r.kind.own[c-ownKey]
		if err := o.check(raw); err != nil {
			return err
		}
		r.own[c-ownKey] = canonical(raw)
	case raw == "null":
	case c == keyTags:
		if raw[0] != '{' {
			return refuse("tags is %s; it must be an object", typeOf(raw))
		}
		r.tags = compact(raw)
	case raw[0] != '"':
		return refuse("%s is %s; it must be text", key, typeOf(raw))
	case c == keyTime:
		s := unquote(raw)
		ms, ok := parseTime(s)
		if !ok {
			return refuse("time is %q; write it as 2026-11-02T09:15:04.120Z", s)
		}
		r.time = ms
	default:
		r.value[c] = unquote(raw)
	}
	return nil
}

func (o ownField) check(raw string) error {
	want := ""
	switch {
	case raw == "null" && o.shape != identity && o.shape != boolean:
	case raw == "null":
		return refuse("%s is null; this event must have it", o.name)
	case o.shape == text || o.shape == identity:
		if raw[0] != '"' {
			want = "text"
		} else if o.shape == identity && raw == `""` {
			return refuse("%s is empty", o.name)
		}
	case o.shape == number:
		if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
			want = "a number"
		}
	case o.shape == boolean:
		if raw != "true" && raw != "false" {
			want = "true or false"
		}
	case o.shape == list:
		if raw[0] != '[' {
			want = "a list"
		}
	}
	if want != "" {
		return refuse("%s is %s; it must be %s", o.name, typeOf(raw), want)
	}
	return nil
}

// check looks for what is missing once everything has been read.
func (r *row) check() error {
	if missing := r.kind.need &^ r.has; missing != 0 {
		return refuse("%s is missing", r.kind.keyName(uint8(bits.TrailingZeros16(missing))))
	}
	for c := range uint8(keyTags) {
		if r.kind.need&(1<<c) != 0 && c != keyTime && r.value[c] == "" {
			return refuse("%s is empty", commonKeys[c])
		}
	}
	if r.null&(1<<keyTime) != 0 {
		return refuse("time is null; write it as 2026-11-02T09:15:04.120Z")
	}
	switch r.kind.code {
	case humanAnswered:
		if r.value[keyRequest] == "" && (r.value[keyChannel] == "" || r.value[keyThread] == "") {
			return refuse("request is missing; where the bot was never asked, channel and thread stand in its place")
		}
	case feedback:
		if v := unquote(r.own[0]); v != Helpful && v != Unhelpful && v != Solved {
			return refuse("value is %q; it must be helpful, unhelpful or solved", v)
		}
	}
	return nil
}

func (k *kind) keyName(c uint8) string {
	if c >= ownKey {
		return k.own[c-ownKey].name
	}
	return commonKeys[c]
}

// appendLine writes the row as the one line that it is exported as.
func (r *row) appendLine(b []byte) []byte {
	b = append(b, '{')
	for _, c := range r.layout() {
		bit := uint16(1) << c
		if r.has&bit == 0 {
			continue
		}
		b = appendKey(b, r.kind.keyName(c))
		switch {
		case r.null&bit != 0:
			b = append(b, "null"...)
		case c >= ownKey:
			b = append(b, r.own[c-ownKey]...)
		case c == keyTags:
			b = append(b, r.tags...)
		case c == keyTime:
			b = append(appendTime(append(b, '"'), r.time), '"')
		default:
			b = appendString(b, r.value[c])
		}
	}
	for _, m := range r.more {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(b, m...)
	}
	return append(b, '}')
}

// layout is the order in which the keys are written: the format's, except
// that keys whose place it leaves open stay where they came if all the others
// came in the format's order.
func (r *row) layout() []uint8 {
	if r.kind.loose == 0 || r.keys == 0 {
		return r.kind.order
	}
	came, at := r.order[:r.keys], -1
	for _, c := range came {
		if r.kind.loose&(1<<c) != 0 {
			continue
		}
		place := strings.IndexByte(string(r.kind.order), c)
		if place < at {
			return r.kind.order
		}
		at = place
	}
	return came
}

// canonical writes a raw own value as Line would: strings without needless
// escapes, everything without white space.
func canonical(raw string) string {
	if raw[0] == '"' && strings.IndexByte(raw, '\\') >= 0 {
		return string(appendString(nil, unquote(raw)))
	}
	return compact(raw)
}

func typeOf(raw string) string {
	switch raw[0] {
	case '"':
		return "text"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}
