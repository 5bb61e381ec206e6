package intents

import (
	"regexp"
	"strconv"
	"strings"

	"frontdoor/internal/playbook"
)

var (
	glued  = regexp.MustCompile(`^[+-]?[€$£]?\d[\d,._]*(?:[a-z%€]{0,10})$`)
	dashed = regexp.MustCompile(`^(\d+(?:\.\d+)?)-([a-z]+)$`) // 10-gig
	clock  = regexp.MustCompile(`^(?:\d+[dhms]){2,4}$`)       // 1h30m
)

// number is a number of the message and the unit behind it.
type number struct {
	from, to int     // pieces, with the unit
	value    float64 // before the unit
	digits   string  // value as ParseValue reads it
	unit     string  // "" for none
	bare     bool    // the word one: “another one” counts nothing
}

// tens and below add up: “twenty five”.
const tens = 20

// numberAt reads a number that begins at piece k: 20gb, 1,200, ten, a dozen,
// twenty five, half an hour, 1h30m.
func (f *finding) numberAt(k int) (number, bool) {
	at := func(i int) string {
		if i < len(f.pieces) && !f.pieces[i].taken && !f.pieces[i].quoted && (i == k || !f.pieces[i-1].ends) {
			return f.pieces[i].low
		}
		return ""
	}
	n := number{from: k, to: k + 1}
	low := at(k)
	word, isWord := numberWords[low]
	switch {
	case low == "":
		return n, false
	case clock.MatchString(low):
		n.digits, n.value = low, 1
		return n, true
	case dashed.MatchString(low):
		m := dashed.FindStringSubmatch(low)
		v, err := strconv.ParseFloat(m[1], 64)
		if err != nil || units[m[2]].kind == "" {
			return n, false
		}
		n.value, n.digits, n.unit = v, m[1], m[2]
	case glued.MatchString(low):
		digits := strings.TrimRight(low, "abcdefghijklmnopqrstuvwxyz%€")
		n.unit, n.digits = low[len(digits):], digits
		v, err := strconv.ParseFloat(strings.NewReplacer(",", "", "_", "", "€", "", "$", "", "£", "").Replace(digits), 64)
		if err != nil {
			return n, false
		}
		n.value = v
	case low == "half" && (at(k+1) == "a" || at(k+1) == "an"):
		n.value, n.to = 0.5, k+2
	case (low == "a" || low == "an") && numberWords[at(k+1)] > 2:
		n.value, n.to = numberWords[at(k+1)], k+2
	case low == "a" && at(k+1) == "couple":
		n.value, n.to = 2, k+2
	case (low == "a" || low == "an") && units[at(k+1)].size > 1 && len(at(k+1)) > 2:
		n.value = 1
	case !isWord || low == "a" || low == "an" || low == "none":
		return n, false
	default:
		n.value, n.bare = word, low == "one"
		next := numberWords[at(k+1)]
		switch {
		case word >= tens && word < 100 && next >= 1 && next < 10 && at(k+1) != "a" && at(k+1) != "an":
			n.value, n.to = word+next, k+2
		case next == 100 || next == 1000:
			n.value, n.to = word*next, k+2
		}
	}
	if at(n.to) == "of" && numberWords[at(k+1)] > 0 && units[at(n.to+1)].size > 0 {
		n.to++ // “a couple of hours”
	}
	if n.unit == "" {
		if u := at(n.to); len(u) > 1 && units[u].kind != "" && !f.pieces[n.to].stop || u == "%" {
			n.unit, n.bare = u, false
			n.to++
		}
	}
	if n.unit != "" && at(n.to) == "and" && at(n.to+1) == "a" && at(n.to+2) == "half" {
		n.value, n.to, n.digits = n.value+0.5, n.to+3, ""
	}
	if n.digits == "" {
		n.digits = strconv.FormatFloat(n.value, 'f', -1, 64)
	}
	return n, true
}

// text is the number as ParseValue reads it.
func (n number) text() string {
	if n.unit == "" {
		return n.digits
	}
	return n.digits + " " + n.unit
}

// amount finds numbers: with the unit of the input's name, beside a word of
// the name, in the place of its slot, or the only number for the only such input.
func (f *finding) amount(i int, in playbook.Input) {
	if in.Type != playbook.Integer && in.Type != playbook.Number {
		return
	}
	own, hasUnit := unitOf(in.Name)
	var best number
	bestScore := 0.0
	var plain []number
	for k := 0; k < len(f.pieces); k++ {
		n, ok := f.numberAt(k)
		if !ok {
			continue
		}
		k = n.to - 1
		score := f.around(i, n.from, n.to)
		if len(f.cues[i]) > 0 && n.unit != "" {
			score = max(score, f.around(i, n.from, n.to-1)) // the unit stands in the example too
		}
		next := n.to
		if next < len(f.pieces) && f.pieces[next].low == "of" {
			next++
		}
		unit := units[n.unit]
		noun := next < len(f.pieces) && !f.pieces[n.to-1].ends && !f.pieces[next].taken
		switch {
		case n.bare && (!noun || !nameHas(in.Name, f.pieces[next].low)):
			continue
		case clock.MatchString(n.digits):
			if own.kind != "time" {
				continue
			}
			score += 3
		case n.unit == "k" && own.kind != "bytes":
			plain = append(plain, n)
		case n.unit == "":
			if !noun || !f.elsewhere(in, f.pieces[next].low) {
				plain = append(plain, n)
			}
		case hasUnit && (unit.kind == own.kind || n.unit == "m" && own.kind == "time"), nameHas(in.Name, n.unit):
			score += 3
		default:
			continue // another unit: 90 days is no size
		}
		switch {
		case noun && nameHas(in.Name, f.pieces[next].low):
			score += 3
			if n.unit == "" && next == n.to {
				n.to++
			}
		case noun && f.elsewhere(in, f.pieces[next].low):
			score -= 6
		case f.before(n.from, func(w string) bool { return nameHas(in.Name, w) }):
			score += 2
		case f.before(n.from, func(w string) bool { return f.elsewhere(in, w) }):
			score -= 3
		}
		if score > bestScore {
			best, bestScore = n, score
		}
	}
	if bestScore >= 2 || bestScore >= 1 && len(f.cues[i]) > 0 {
		f.take(in, best.text(), best.from, best.to, true)
		return
	}
	if len(plain) == 1 && f.onlyNumber(in) {
		f.take(in, plain[0].text(), plain[0].from, plain[0].to, false)
	}
}

// elsewhere tells whether word is of the name of another number, such as disk
// where memory is asked for.
func (f *finding) elsewhere(in playbook.Input, word string) bool {
	if units[word].kind != "" || stopWords[word] || nameHas(in.Name, word) {
		return false
	}
	for _, other := range f.templates.inputs {
		if other.Name != in.Name && (other.Type == playbook.Integer || other.Type == playbook.Number) && nameHas(other.Name, word) {
			return true
		}
	}
	return false
}

// before tells whether the word before piece k, or the one before a “to” or
// “of” there, is what is looked for.
func (f *finding) before(k int, is func(word string) bool) bool {
	if k == 0 || f.pieces[k-1].ends {
		return false
	}
	return is(f.pieces[k-1].low) || k > 1 && f.pieces[k-1].stop && is(f.pieces[k-2].low)
}

// onlyNumber tells whether no other input without a value is a number.
func (f *finding) onlyNumber(in playbook.Input) bool {
	for _, other := range f.templates.inputs {
		_, done := f.inputs[other.Name]
		if other.Name != in.Name && !done && (other.Type == playbook.Integer || other.Type == playbook.Number) {
			return false
		}
	}
	return true
}

// spell is a length of time in the short form of strings such as 30m and 2h,
// for an input whose pattern wants that.
func (f *finding) span(i int, in playbook.Input) {
	if !f.fields[i].spans {
		return
	}
	for k := range f.pieces {
		n, ok := f.numberAt(k)
		if !ok || units[n.unit].kind != "time" && n.unit != "m" {
			continue
		}
		seconds := n.value * units[n.unit].size
		if n.unit == "m" {
			seconds = n.value * 60
		}
		for _, u := range []struct {
			name string
			size float64
		}{{"w", 604800}, {"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}} {
			count := seconds / u.size
			if count < 1 || count != float64(int64(count)) {
				continue
			}
			if f.take(in, strconv.FormatInt(int64(count), 10)+u.name, n.from, n.to, false) {
				return
			}
		}
	}
}
