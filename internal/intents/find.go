package intents

import (
	"net/url"
	"slices"
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
		if f.fitsBetter(i, from, to, o) {
			return
		}
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
	if f.either(in) {
		return
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
		if p.taken || p.stop || len(p.low) < 2 || plainWords[p.low] || f.fitsBetter(i, k, k+1, "") {
			continue
		}
		if o, ok := partOption(in.Options, p.low); ok {
			f.take(in, o, k, k+1, false)
			return
		}
		if len(p.low) < 4 {
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
		if p.stop || p.taken || f.words[p.low] || k == 0 {
			continue
		}
		if nameHas(in.Name, f.pieces[k-1].low) || f.around(i, k, k+1) >= 2 && !plainWords[p.low] && f.pieces[k-1].stop && !determiner(f.pieces[k-1].low) {
			f.take(in, p.raw, k, k+1, true)
			return
		}
	}
}

// either tells whether the message leaves open which: “staging or prod”.
func (f *finding) either(in playbook.Input) bool {
	for k := 1; k+1 < len(f.pieces); k++ {
		if f.pieces[k].low != "or" {
			continue
		}
		a, ok := exactOption(in.Options, f.pieces[k-1].low)
		if b, also := exactOption(in.Options, f.pieces[k+1].low); ok && also && a != b {
			return true
		}
	}
	return false
}

// fitsBetter tells whether another choice that has the option, and no value
// yet, has its slot rather there: “into dev” is the target.
func (f *finding) fitsBetter(i, from, to int, option string) bool {
	own := f.around(i, from, to)
	for j, other := range f.templates.inputs {
		if _, done := f.inputs[other.Name]; done || j == i || other.Type != playbook.Choice {
			continue
		}
		if _, has := exactOption(other.Options, option); (has || option == "") && f.around(j, from, to) > own {
			return true
		}
	}
	return false
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
		for at >= 0 && (f.pieces[at].stop && determiner(f.pieces[at].low) || particle(f.pieces[at].low) && at > 0 && !f.pieces[at-1].stop && len(c.left) > 0 && !matches(c.left[len(c.left)-1], f.pieces[at])) {
			at--
		}
		whole := len(c.left) > 0 && len(c.left) <= 2 && c.before != ""
		for n := 1; n <= 2 && n <= len(c.left) && at >= 0; n++ {
			if !matches(c.left[len(c.left)-n], f.pieces[at]) {
				whole = false
				break
			}
			score += cueWeight(c.left[len(c.left)-n], n)
			at--
		}
		if whole && at >= 0 && f.pieces[at].taken && f.given(c.before) {
			score++ // the slot before it is filled, and all between them is said
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

// given tells whether the message has a value for the input, fit or not.
func (f *finding) given(name string) bool {
	_, done := f.inputs[name]
	return done || f.wasRejected(name)
}

// particle tells whether a word belongs to the verb before it.
func particle(w string) bool {
	switch w {
	case "up", "down", "out", "off", "back", "over":
		return true
	}
	return false
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

// aDay finds a day that can't be a length of time.
func (f *finding) aDay(i int, in playbook.Input) { f.findDay(i, in, false) }

// day finds a day, also one that is so many days away.
func (f *finding) day(i int, in playbook.Input) {
	f.findDay(i, in, true)
	if _, done := f.inputs[in.Name]; done || in.Type != playbook.Date {
		return
	}
	for k, p := range f.pieces { // one that isn't in the calendar
		if !p.taken && isoDate.MatchString(p.low) {
			f.take(in, p.raw, k, k+1, true)
			return
		}
	}
}

// findDay takes the run of words that is a date: the longest, in the place of
// the input's slot where there are several.
func (f *finding) findDay(i int, in playbook.Input, spans bool) {
	if in.Type != playbook.Date {
		return
	}
	bestFrom, bestTo, bestScore := 0, 0, -1.0
	for k := 0; k < len(f.pieces); k++ {
		for to := min(k+5, len(f.pieces)); to > k; to-- {
			if f.pieces[k].taken || f.pieces[to-1].taken {
				continue
			}
			text := f.text[f.pieces[k].start:f.pieces[to-1].end]
			low := strings.ToLower(text)
			if low == "now" || low == "sun" || low == "mar" || low == "may" || low == "sat" {
				continue // as often another word
			}
			if !spans && inDays.MatchString(low) && !strings.HasPrefix(low, "in ") && !strings.HasSuffix(low, " from now") {
				continue
			}
			if _, err := f.parse(in, text); err != nil {
				continue
			}
			if score := f.around(i, k, to); score > bestScore {
				bestFrom, bestTo, bestScore = k, to, score
			}
			k = to - 1
			break
		}
	}
	if bestScore >= 0 {
		f.take(in, f.text[f.pieces[bestFrom].start:f.pieces[bestTo-1].end], bestFrom, bestTo, false)
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
		if p.taken || p.quoted {
			continue
		}
		if option, ok := strings.CutPrefix(p.low, "--"); ok {
			bare, no := strings.CutPrefix(option, "no-")
			if isLabel(in.Name, bare) || isLabel(in.Name, option) {
				f.take(in, yesNo(!no || isLabel(in.Name, option)), k, k+1, false)
				return
			}
			continue
		}
		negated := false
		if bare, un := strings.CutPrefix(strings.ReplaceAll(p.low, "-", ""), "un"); un && nameHas(in.Name, bare) {
			negated = true
		} else if bare, non := strings.CutPrefix(p.low, "non-"); non && nameHas(in.Name, bare) {
			negated = true
		} else if p.stop || !nameHas(in.Name, p.low) || f.title[p.low] {
			continue
		}
		from := k
		for back := k - 1; back >= 0 && back >= k-3 && !f.pieces[back].ends; back-- {
			if negates(f.pieces[back].low) {
				negated, from = true, back
				break
			}
			if !f.pieces[back].stop {
				break
			}
		}
		if k+1 < len(f.pieces) && (f.pieces[k+1].low == "off" || f.pieces[k+1].low == "disabled" || f.pieces[k+1].low == "no" && !p.ends || f.pieces[k+1].low == "false") {
			negated = true
		}
		f.take(in, yesNo(!negated), from, k+1, false)
		return
	}
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func negates(word string) bool {
	switch word {
	case "no", "without", "not", "non", "disable", "dont", "don't", "skip", "disabled", "never", "isn't", "isnt":
		return true
	}
	return false
}

// isLabel tells whether word is a way to write an input's name.
func isLabel(name, word string) bool {
	return slices.Contains(labels(name), word)
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
		if _, ok := f.fits(i, in, p.raw); !ok {
			continue
		}
		if score := f.around(i, k, k+1); score > bestScore {
			best, bestScore = k, score
		}
	}
	if best >= 0 {
		value, _ := f.fits(i, in, f.pieces[best].raw)
		f.take(in, value, best, best+1, false)
	}
}

// fits is the part of a word that the input takes: all of it, or the host of an
// address.
func (f *finding) fits(i int, in playbook.Input, word string) (string, bool) {
	for _, v := range []string{word, strings.ToLower(word), hostOf(word)} {
		if _, ok := readValue(in, f.fields[i].pattern, v, f.now); ok {
			return v, true
		}
	}
	return "", false
}

// hostOf is the host of a web address, "" for anything else.
func hostOf(word string) string {
	u, err := url.Parse(word)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Hostname()
}
