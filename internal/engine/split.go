package engine

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"frontdoor/internal/answers"
	"frontdoor/internal/commands"
	"frontdoor/internal/intents"
	"frontdoor/internal/playbook"
)

// A message may hold two needs: "create a db called orders in dev and also how
// do I roll back?". Cutting one need in two is worse than taking two for one,
// so it is cut only where each part stands on its own and asks for something
// else.

// The places where a message may be cut. After some words a new need nearly
// always begins; a new sentence hardly ever is one.
var (
	additions = `(?:and also|also,?|plus,?|oh,? and|and another (?:question|thing)[:,]?|another (?:question|thing)[:,]?|one more (?:question|thing)[:,]?|second(?:ly)?[,:]|separately[,:]?|unrelated[,:]|on another note,?|besides,|btw,?|by the way,?|and then|after that,?|afterwards,?)`
	strong    = regexp.MustCompile(`(?i)(?:[.!?,;]?\s+(?:` + additions + `)\s+)|\s*;\s+|(?:^|\s)\(?[1-9][.)]\s+|(?:^|\n)\s*[-*•]\s+`)
	weak      = regexp.MustCompile(`(?i)[.!?]+\s+|\s*\n\s*|,?\s+(?:and|then)\s+(?:please\s+|can you\s+|could you\s+)?(?:(how|what|where|who|when|why|which|can i|is|are|do|does|create|make|restart|i need|i want|tell me|show me|give me|open)\b)`)
	hanging   = regexp.MustCompile(`(?i)\b(it|its|it's|that|this|they|them|their|those|these|there|then|same|else|instead|one|otherwise|above)\b`)
	states    = regexp.MustCompile(`(?i)^(?:i(?:'m|'ve|m|ve| am| have| was| tried| just| keep| got| can't| cannot| thought| believe| think| see| will| don't| didn't| had| did)|we(?:'re|'ve| are| have| were| tried| can't| see)|my|our|your|the|there|seems?|looks|somebody|someone|nothing|no|not|why|because)\b`)
	wishes    = regexp.MustCompile(`(?i)^(?:can|could|would|will) (?:you|someone|somebody|anyone|we get|i get|i have)\b`)
	politely  = regexp.MustCompile(`(?i)^(?:(?:and|also|then|please|ok|okay|so|but|first|firstly|hi|hey|hello|thanks|can you|could you|would you|i also|we also)[,:]?\s+)+`)
)

// The bounds of what is looked at for a second need.
const (
	shortestSplit = 20   // bytes
	longestSplit  = 1500 // bytes
	mostParts     = 8
	surely        = 0.6 // the confidence of a part that stands on its own
	verySurely    = 0.8 // that of two questions which only a full stop divides
)

// part is a piece of a message between two borders.
type part struct {
	text   string
	strong bool // the border before it is a strong one
	asks   bool // it asks, and so does what stands before its "and"
	stands bool
	flow   *playbook.Playbook // what it asks to be done
	about  *playbook.Playbook // an answer playbook that has it
	sure   bool               // very surely so
	inputs map[string]any
	quotes []string // where the docs have it
}

// split finds the needs of a message that has more than one; nil where it has
// one, which is nearly always.
func (e *Engine) split(t *turn) []string {
	if len(t.text) < shortestSplit || len(t.text) > longestSplit {
		return nil
	}
	parts := cut(t.text)
	if len(parts) < 2 || len(parts) > mostParts {
		return nil
	}
	strongly, flows, sure := false, 0, 0
	for i := range parts {
		p := &parts[i]
		e.weigh(t, p)
		strongly = strongly || i > 0 && (p.strong || p.asks)
		if p.flow != nil {
			flows++
		}
		if p.sure {
			sure++
		}
	}
	if !strongly && flows == 0 && sure < 2 {
		return nil // sentences of one question
	}
	for i := range parts {
		e.lookUp(t, &parts[i])
	}
	return needs(parts)
}

// cut divides the text at all its borders.
func cut(text string) []part {
	type border struct {
		from, to int
		strong   bool
		joined   bool // by "and" and the word that begins a question
	}
	var borders []border
	for _, m := range strong.FindAllStringIndex(text, mostParts+1) {
		borders = append(borders, border{m[0], m[1], true, false})
	}
	for _, m := range weak.FindAllStringSubmatchIndex(text, 2*mostParts) {
		to := m[1]
		if m[2] >= 0 {
			to = m[2] // the word that begins the part belongs to it
		}
		if !slices.ContainsFunc(borders, func(b border) bool { return m[0] < b.to && b.from < to }) {
			borders = append(borders, border{m[0], to, false, m[2] >= 0})
		}
	}
	slices.SortFunc(borders, func(a, b border) int { return a.from - b.from })
	var out []part
	at, isStrong, joined := 0, false, false
	add := func(to int) {
		s := strings.TrimSpace(text[at:to])
		if s == "" {
			return
		}
		p := part{text: s, strong: isStrong}
		p.asks = joined && len(out) > 0 && asksAlone(out[len(out)-1].text) && asksAlone(s)
		out = append(out, p)
	}
	for _, b := range borders {
		if b.from < at {
			continue
		}
		end := b.from
		if end < len(text) && strings.ContainsRune("?!.", rune(text[end])) {
			end++ // "how do I roll back?" keeps its mark
		}
		add(end)
		at, isStrong, joined = b.to, b.strong, b.joined
	}
	add(len(text))
	return out
}

// asksAlone tells whether the text is a whole question, understood without what
// stands around it.
func asksAlone(text string) bool {
	plain := politely.ReplaceAllString(text, "")
	return len(strings.Fields(plain)) >= 4 && isQuestion(plain) && !hanging.MatchString(plain)
}

// weigh finds what the part asks for among the playbooks.
func (e *Engine) weigh(t *turn, p *part) {
	if c, ok := commands.Parse(p.text, t.catalogue.Set); ok && c.Verb == commands.Use && c.Playbook != "" {
		b := t.catalogue.Set.ByID(c.Playbook)
		p.stands = true
		if p.flow = b; b.Flow == nil {
			p.flow, p.about = nil, b
			return
		}
		p.inputs, _ = given(b, c.Args, t.now)
		return
	}
	plain := politely.ReplaceAllString(p.text, "")
	if len(strings.Fields(plain)) < 2 || hanging.MatchString(plain) {
		return
	}
	match := e.match(t, plain)
	if match.Decision != intents.Matched || match.Confidence < surely {
		return
	}
	b := t.catalogue.Set.ByID(match.Playbook)
	switch {
	case b.Answer != nil:
		if p.strong || isQuestion(plain) || !states.MatchString(plain) {
			p.about, p.stands, p.sure = b, true, match.Confidence >= verySurely
		}
	case !states.MatchString(plain) && (!isQuestion(plain) || wishes.MatchString(plain)):
		p.flow, p.inputs, p.stands = b, match.Inputs, true
	}
}

// lookUp finds whether the docs have the part, where no playbook does.
func (e *Engine) lookUp(t *turn, p *part) {
	plain := politely.ReplaceAllString(p.text, "")
	if p.flow != nil || len(strings.Fields(plain)) < 3 || !isQuestion(plain) || hanging.MatchString(plain) {
		return
	}
	answer := e.answer(context.Background(), answers.Question{Text: plain, In: t.policy.Docs})
	if !answer.Answered {
		return
	}
	p.stands = true
	for _, c := range answer.Citations {
		p.quotes = append(p.quotes, c.Page+"#"+c.Anchor)
	}
}

// needs joins what does not stand on its own to what it belongs to, and tells
// the needs apart; nil where there is one.
func needs(parts []part) []string {
	var out []part
	var before string
	for _, p := range parts {
		n := len(out) - 1
		switch {
		case !p.stands && n < 0:
			before += p.text + " "
		case !p.stands, n >= 0 && !apart(out[n], p):
			out[n].text += " " + p.text
			out[n].quotes = append(out[n].quotes, p.quotes...)
		default:
			p.text = before + p.text
			before = ""
			out = append(out, p)
		}
	}
	if len(out) < 2 {
		return nil
	}
	texts := make([]string, len(out))
	for i, p := range out {
		texts[i] = strings.TrimRight(politely.ReplaceAllString(p.text, ""), " ,;")
	}
	return texts
}

// apart tells whether two parts ask for different things.
func apart(a, b part) bool {
	switch {
	case a.flow != nil && b.flow != nil:
		return a.flow.ID != b.flow.ID || contradicts(a.inputs, b.inputs)
	case a.flow != nil || b.flow != nil:
		return true
	case a.about != nil && b.about != nil:
		return a.about != b.about && (b.strong || b.asks || a.sure && b.sure)
	case b.asks:
		return !slices.ContainsFunc(b.quotes, func(q string) bool {
			return slices.ContainsFunc(a.quotes, func(other string) bool { return pageOf(q) == pageOf(other) })
		})
	case !b.strong:
		return false
	}
	return !slices.ContainsFunc(b.quotes, func(q string) bool { return slices.Contains(a.quotes, q) })
}

func pageOf(quote string) string {
	page, _, _ := strings.Cut(quote, "#")
	return page
}

// contradicts tells whether the two give one input different values.
func contradicts(a, b map[string]any) bool {
	for name, v := range a {
		if w, has := b[name]; has && v != w {
			return true
		}
	}
	return false
}
