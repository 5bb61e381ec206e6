package intents

import (
	"regexp"
	"strings"

	"frontdoor/internal/playbook"
)

// option finds a choice anywhere in the message: first the option itself or an
// alias, behind the slot's own words where several stand there, then a typo.
func (f *finding) option(i int, in playbook.Input) {
	if in.Type != playbook.Choice {
		return
	}
	type hit struct {
		from, to int
		option   string
		score    float64
	}
	var best hit
	var options []string
	try := func(from, to int, text string) {
		for k := from; k < to; k++ {
			if f.pieces[k].taken {
				return
			}
		}
		o, ok := exactOption(in.Options, text)
		if !ok || to-from == 1 && f.pieces[from].stop && !strings.EqualFold(o, text) {
			return
		}
		if len(text) == 1 && !strings.EqualFold(o, text) {
			return
		}
		h := hit{from, to, o, 1 + f.around(i, from, to)}
		if f.pieces[from].stop {
			h.score -= 2 // “go”, “it”: only with other signs
			if f.labelled(in, from) {
				h.score += 2
			}
		}
		if h.score <= 0 {
			return
		}
		// “from staging to prod”: the preposition that the examples use wins;
		// without one, what is said first.
		if h.score > best.score {
			best = h
		}
		options = append(options, o)
	}
	for from := range f.pieces {
		for to := min(from+3, len(f.pieces)); to > from; to-- {
			text := f.text[f.pieces[from].start:f.pieces[to-1].end]
			try(from, to, text)
		}
		if host, _, ok := strings.Cut(f.pieces[from].low, "/"); ok { // “dev/orders”
			try(from, from+1, host)
		}
	}
	if best.score > 0 {
		// Two different ones of which the examples favour neither are asked for.
		for _, o := range options {
			if o != best.option && best.score <= 1 {
				return
			}
		}
		f.take(in, best.option, best.from, best.to, false)
		return
	}
	for k, p := range f.pieces {
		if p.taken || p.stop || len(p.low) < 4 {
			continue
		}
		if o, ok := nearOption(in.Options, p.low); ok && !plainWords[p.low] {
			f.take(in, o, k, k+1, false)
			return
		}
		if o, ok := chooseOption(in.Options, p.low); ok && len(p.low) >= 4 && !plainWords[p.low] {
			f.take(in, o, k, k+1, false)
			return
		}
	}
	// A word in the very place of the option that is none of them.
	for k, p := range f.pieces {
		if f.labelled(in, k) && !p.stop && !p.taken && !f.words[p.low] && k > 0 && nameHas(in.Name, f.pieces[k-1].low) {
			f.take(in, p.raw, k, k+1, true)
			return
		}
	}
}

// labelled tells whether the word before or after piece k is the input's name.
func (f *finding) labelled(in playbook.Input, k int) bool {
	return k > 0 && nameHas(in.Name, f.pieces[k-1].low) || k+1 < len(f.pieces) && nameHas(in.Name, f.pieces[k+1].low)
}

// around is how well the words around pieces from to to fit those around the
// input's slot in the best of its examples.
func (f *finding) around(i, from, to int) float64 {
	best := 0.0
	for _, c := range f.cues[i] {
		score := 0.0
		at := from - 1
		for at >= 0 && f.pieces[at].stop && determiner(f.pieces[at].low) {
			at--
		}
		for n := 1; n <= 2 && n <= len(c.left) && at >= 0; n++ {
			if !matches(c.left[len(c.left)-n], f.pieces[at]) {
				break
			}
			score += cueWeight(c.left[len(c.left)-n], n)
			at--
		}
		for n := 1; n <= 2 && n <= len(c.right) && to+n-1 < len(f.pieces); n++ {
			if !matches(c.right[n-1], f.pieces[to+n-1]) {
				break
			}
			score += cueWeight(c.right[n-1], n)
		}
		best = max(best, score)
	}
	return best
}

// cueWeight is what a word at distance n of a slot tells.
func cueWeight(p piece, n int) float64 {
	w := 2.0
	if p.stop {
		w = 1
	}
	return w / float64(n)
}

func determiner(w string) bool {
	switch w {
	case "the", "a", "an", "my", "our", "your", "this", "that", "new", "some":
		return true
	}
	return false
}

var glued = regexp.MustCompile(`^[+-]?\d[\d,._]*(?:[a-z%€]{0,10})$`)

// amount finds numbers: with the unit of the input's name, beside a word of
// the name, in the place of its slot, or the only number for the only such input.
func (f *finding) amount(i int, in playbook.Input) {
	if in.Type != playbook.Integer && in.Type != playbook.Number {
		return
	}
	own, hasUnit := unitOf(in.Name)
	best, bestFrom, bestTo, bestScore := "", 0, 0, 0.0
	var plain []int
	for k, p := range f.pieces {
		if p.taken || p.quoted {
			continue
		}
		_, isWord := numberWords[p.low]
		if !glued.MatchString(p.low) && (!isWord || p.low == "a" || p.low == "an" || p.low == "none") {
			continue
		}
		score := f.around(i, k, k+1)
		text, to := p.low, k+1
		digits := strings.TrimRight(p.low, "abcdefghijklmnopqrstuvwxyz%€")
		unitWord := p.low[len(digits):]
		if isWord {
			digits, unitWord = p.low, ""
		}
		if unitWord == "" && k+1 < len(f.pieces) && !f.pieces[k+1].taken {
			next := f.pieces[k+1].low
			if u, ok := units[next]; ok && !f.pieces[k+1].stop && (hasUnit && u.kind == own.kind || !hasUnit && nameHas(in.Name, next)) || nameHas(in.Name, next) {
				unitWord, text, to = next, digits+" "+next, k+2
			}
		}
		switch u, ok := units[unitWord]; {
		case unitWord == "" && p.low == "one":
			continue // "another one" counts nothing
		case unitWord == "":
			plain = append(plain, k)
		case hasUnit && ok && u.kind == own.kind, nameHas(in.Name, unitWord):
			score += 3
		default:
			continue // another unit: 90 days is no size
		}
		if k > 0 && nameHas(in.Name, f.pieces[k-1].low) || k > 1 && f.pieces[k-1].stop && nameHas(in.Name, f.pieces[k-2].low) {
			score += 2
		}
		if score > bestScore {
			best, bestFrom, bestTo, bestScore = text, k, to, score
		}
	}
	if bestScore >= 2 || bestScore >= 1 && len(f.cues[i]) > 0 {
		f.take(in, best, bestFrom, bestTo, true)
		return
	}
	if len(plain) == 1 && f.onlyNumber(in) {
		f.take(in, f.pieces[plain[0]].low, plain[0], plain[0]+1, false)
	}
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

// day finds the longest run of words that is a date.
func (f *finding) day(_ int, in playbook.Input) {
	if in.Type != playbook.Date {
		return
	}
	for k := range f.pieces {
		for to := min(k+5, len(f.pieces)); to > k; to-- {
			if f.pieces[k].taken || f.pieces[to-1].taken {
				continue
			}
			text := f.text[f.pieces[k].start:f.pieces[to-1].end]
			if low := strings.ToLower(text); low == "now" || low == "sun" || low == "mar" || low == "may" || low == "sat" {
				continue // as often another word
			}
			if f.take(in, text, k, to, false) {
				return
			}
		}
	}
}

// mention finds @name for a person.
func (f *finding) mention(i int, in playbook.Input) {
	if in.Type != playbook.Someone {
		return
	}
	best, score := -1, -1.0
	for k, p := range f.pieces {
		if !p.taken && (strings.HasPrefix(p.raw, "@") || strings.HasPrefix(p.raw, "<@") || strings.Contains(p.raw, "@") && strings.Contains(p.raw, ".")) {
			if s := f.around(i, k, k+1); s > score {
				best, score = k, s
			}
		}
	}
	if best >= 0 {
		f.take(in, f.pieces[best].raw, best, best+1, false)
	}
}

// flag finds a boolean by a word of its name: “with backups”, “no backups”,
// “public”.
func (f *finding) flag(_ int, in playbook.Input) {
	if in.Type != playbook.Boolean {
		return
	}
	if f.switched(in) {
		return
	}
	for k, p := range f.pieces {
		if p.taken || p.quoted || p.stop || !nameHas(in.Name, p.low) || f.title[p.low] {
			continue
		}
		value, from := "yes", k
		for back := k - 1; back >= 0 && back >= k-3; back-- {
			switch f.pieces[back].low {
			case "no", "without", "not", "non", "disable", "dont", "don't", "skip", "disabled":
				value, from = "no", back
			}
		}
		if k+1 < len(f.pieces) && (f.pieces[k+1].low == "off" || f.pieces[k+1].low == "disabled" || f.pieces[k+1].low == "no" || f.pieces[k+1].low == "false") {
			value = "no"
		}
		f.take(in, value, from, k+1, false)
		return
	}
}

// switched finds a boolean that says whether something is on: “turn it off”,
// “disable”.
func (f *finding) switched(in playbook.Input) bool {
	switch in.Name {
	case "enabled", "enable", "active", "activated", "on":
	default:
		return false
	}
	turned := false
	for k, p := range f.pieces {
		if p.taken || p.quoted {
			continue
		}
		turned = turned || p.low == "turn" || p.low == "switch" || p.low == "flip" || p.low == "set"
		switch {
		case p.stem == sense("disable"), turned && p.low == "off":
			return f.take(in, "no", k, k+1, false)
		case p.stem == sense("enable"), turned && p.low == "on" && k > 0 && f.pieces[k-1].stop == (f.pieces[k-1].low == "it"):
			return f.take(in, "yes", k, k+1, false)
		}
	}
	return false
}

// shaped takes the only word that has the shape of an input whose pattern no
// ordinary word has, such as a version or a host name.
func (f *finding) shaped(i int, in playbook.Input) {
	if !f.fields[i].shaped {
		return
	}
	best, bestScore := -1, -1.0
	for k, p := range f.pieces {
		if p.taken {
			continue
		}
		if _, ok := readValue(in, f.fields[i].pattern, p.raw, f.now); !ok {
			continue
		}
		if score := f.around(i, k, k+1); score > bestScore {
			best, bestScore = k, score
		}
	}
	if best >= 0 {
		f.take(in, f.pieces[best].raw, best, best+1, false)
	}
}
