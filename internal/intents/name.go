package intents

import (
	"strings"
	"unicode"

	"frontdoor/internal/playbook"
)

// cued takes the word in the place of a slot of the examples.
func (f *finding) cued(i int, in playbook.Input) {
	if in.Type != playbook.String && in.Type != playbook.Someone && in.Type != playbook.Text {
		return
	}
	best, bestScore := -1, 0.0
	for k, p := range f.pieces {
		if !f.couldBeName(k) && !f.couldBeCode(i, k) {
			continue
		}
		score := f.around(i, k, k+1)
		if score > 0 && (p.quoted || in.Pattern != "" && identifier(p.raw)) {
			score++
		}
		if f.known(k) {
			score -= 1.5
		} else if nameHas(in.Name, p.low) {
			score -= 2
		}
		if score > bestScore {
			best, bestScore = k, score
		}
	}
	// A slot that is labelled by its own name: “service orders”, “orders service”.
	for k, p := range f.pieces {
		if p.taken || p.quoted || !nameHas(in.Name, p.low) {
			continue
		}
		if k > 0 && f.couldBeName(k-1) && !f.known(k-1) && bestScore < 2 && !plainWords[f.pieces[k-1].low] {
			best, bestScore = k-1, 2
		}
		if !p.ends && k+1 < len(f.pieces) && (f.couldBeName(k+1) || f.couldBeCode(i, k+1)) && !f.known(k+1) && bestScore < 2 {
			best, bestScore = k+1, 2
		}
	}
	if best < 0 || bestScore < 1.5 || in.Type == playbook.Someone && bestScore < 2 {
		return
	}
	p := f.pieces[best]
	if bestScore < 2 && (f.known(best) || plainWords[p.low]) {
		return
	}
	f.take(in, p.raw, best, best+1, bestScore >= 2)
}

// couldBeName tells whether piece k may be a value that nothing else explains.
func (f *finding) couldBeName(k int) bool {
	p := f.pieces[k]
	if k+1 < len(f.pieces) && (f.pieces[k+1].low == "team" || f.pieces[k+1].low == "folks" || f.pieces[k+1].low == "guys") && !p.quoted {
		return false // “for the invoices team”: who asks, not what for
	}
	if !p.quoted && (particle(p.low) || k > 0 && units[p.low].kind != "" && !f.pieces[k-1].ends && strings.ContainsAny(f.pieces[k-1].low, "0123456789")) {
		return false // “scale down”, “1 TB”
	}
	return !p.taken && (p.quoted || !p.stop && !units[p.low].isSet() && strings.IndexFunc(p.raw, unicode.IsLetter) >= 0 || identifier(p.raw) && !p.stop)
}

// couldBeCode tells whether piece k is figures with points, slashes or colons
// between, for an input that no ordinary word fits: 1.2, 10.0.0.
func (f *finding) couldBeCode(i, k int) bool {
	p := f.pieces[k]
	return !p.taken && f.fields[i].shaped && strings.ContainsAny(p.raw, ".:/") && strings.ContainsAny(p.raw, "0123456789")
}

func (u unit) isSet() bool { return u.kind != "" && u.kind != "bytes" && u.kind != "money" }

// known tells whether the playbook's own texts use piece k.
func (f *finding) known(k int) bool {
	p := f.pieces[k]
	if f.words[p.low] || f.words[p.stem] || f.texts[p.stem] {
		return true
	}
	parts := wordList(p.low)
	for _, w := range parts {
		if !f.words[w] && !stopWords[w] {
			return false
		}
	}
	return len(parts) > 1
}

// identifier tells whether a word looks like a name that a machine knows:
// orders-api, v1.2.3, team_a.
func identifier(raw string) bool {
	inner := strings.Trim(raw, "-_./:")
	return strings.ContainsAny(inner, "-_./:0123456789") && strings.IndexFunc(inner, unicode.IsLetter) >= 0
}

// freeText are names of inputs that take the rest of a sentence.
var freeText = setOf("reason description message note notes title summary subject question details purpose comment text justification why")

// sentence takes what follows “because”, “reason”, or the words before a slot
// at the end of an example, for inputs that hold a sentence.
func (f *finding) sentence(i int, in playbook.Input) {
	if in.Type != playbook.Text && (in.Type != playbook.String || in.Pattern != "" || !freeText[in.Name]) {
		return
	}
	start := -1
	for k, p := range f.pieces {
		if p.taken {
			continue
		}
		after := p.low == "because" || p.low == "cos" || p.low == "cause" || nameHas(in.Name, p.low) && !f.words[p.low]
		for _, c := range f.cues[i] {
			if n := len(c.left); c.atEnd && n > 0 && matches(c.left[n-1], p) && (!p.stop || n > 1 && k > 0 && matches(c.left[n-2], f.pieces[k-1])) {
				after = true
			}
		}
		if after && k+1 < len(f.pieces) {
			start = k + 1
			break
		}
	}
	if start < 0 {
		return
	}
	if f.pieces[start].quoted {
		f.take(in, f.pieces[start].raw, start, start+1, false)
		return
	}
	end := len(f.pieces)
	f.take(in, strings.TrimRight(f.text[f.pieces[start].start:f.pieces[end-1].end], " ."), start, end, false)
}

// quote gives a quotation that nothing took to the first input that can hold it.
func (f *finding) quote(_ int, in playbook.Input) {
	if in.Type != playbook.String && in.Type != playbook.Text {
		return
	}
	for k, p := range f.pieces {
		if p.quoted && !p.taken && f.take(in, p.raw, k, k+1, false) {
			return
		}
	}
}

// loose takes the only word left that looks like a name, for the only input
// left with a pattern: “orders-api is broken, put it back”.
func (f *finding) loose(_ int, in playbook.Input) {
	if in.Type != playbook.String || in.Pattern == "" || in.Default != nil {
		return
	}
	for _, other := range f.templates.inputs {
		_, done := f.inputs[other.Name]
		if other.Name != in.Name && !done && other.Type == playbook.String && other.Pattern != "" && other.Default == nil && !other.Optional {
			return
		}
	}
	found := -1
	for k, p := range f.pieces {
		if !f.couldBeName(k) || f.known(k) {
			continue
		}
		_, err := f.parse(in, p.low)
		afterPlace := k > 0 && !plainWords[p.low] && f.leadsIn(k-1)
		if err != nil || !identifier(p.raw) && !afterPlace {
			continue
		}
		if found >= 0 && f.pieces[found].low != p.low {
			return
		}
		found = k
	}
	if found >= 0 {
		f.take(in, f.pieces[found].raw, found, found+1, false)
	}
}

// leadsIn tells whether a name may follow piece k: a preposition, or a word
// that the playbook uses for what it does.
func (f *finding) leadsIn(k int) bool {
	p := f.pieces[k]
	if p.taken {
		return false
	}
	switch p.low {
	case "for", "of", "on":
		return k == 0 || !f.pieces[k-1].taken || p.low != "of" // “8 gigs of ram”
	}
	if k > 0 && !p.ends && phraseStart[f.pieces[k-1].low] {
		if m, ok := meanings[f.pieces[k-1].low+" "+p.low]; ok {
			return f.says[sense(m)]
		}
	}
	return !p.ends && !p.stop && f.says[p.stem]
}
