package engine

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/conversation"
	"frontdoor/internal/intents"
	"frontdoor/internal/playbook"
)

// kind is where a message goes.
type kind string

const (
	toCommand  kind = "command"  // explicit words or a click
	toFill     kind = "fill"     // values for the inputs that we asked for
	toChange   kind = "change"   // other values for the preview that waits
	toPlaybook kind = "playbook" // matched
	toClarify  kind = "clarify"  // two or more are close
	toDocs     kind = "docs"     // a question that no playbook takes
	toTalk     kind = "talk"     // hello, thanks, ok
	toStale    kind = "stale"    // a click on something that is over
	toUnknown  kind = "unknown"  // a button that is none of ours
	toNothing  kind = "nothing"  // an empty message
	toWordless kind = "wordless" // a message without a letter or digit
	toAgain    kind = "again"    // what do you mean by your question?
	toInstead  kind = "instead"  // drop what waits, and something else
	toLate     kind = "late"     // an answer to a question that has expired
	toSeveral  kind = "several"  // more than one need
	toClosed   kind = "closed"   // the channel is not answered in
)

// way is the decision of route: one kind, and what goes with it.
type way struct {
	kind     kind
	command  commands.Command
	playbook *playbook.Playbook
	match    intents.Match
	talk     talk
	follows  bool     // it goes on with the request before it
	field    string   // of again: the input that is asked about
	needs    []string // of several: each in its own words
}

// route decides where the message goes. Explicit words come first, then what
// the bot waits for, then the matcher, then the docs: commands before guesses.
func (e *Engine) route(t *turn) way {
	m, pending := t.message, t.talk.Pending
	command, said := commands.Parse(t.text, t.catalogue.Set)
	if !said {
		command, said = commands.CorrectedWord(t.text)
	}
	switch {
	case !m.At.Direct && t.policy.Answer == chat.AnswerNever,
		!m.At.Direct && t.policy.Answer == chat.AnswerCommands && m.Press == "" && !m.Submitted && !said && pending == nil:
		return way{kind: toClosed}
	case m.Press != "":
		c, ok := commands.ParseButton(m.Press)
		if !ok {
			return way{kind: toUnknown}
		}
		return t.because(way{kind: toCommand, command: c}, "you pressed a button")
	case m.Submitted:
		if pending == nil || pending.Kind == conversation.Choosing {
			return way{kind: toStale}
		}
		return t.because(way{kind: toFill}, "you sent the form that I had asked for")
	case t.text == "":
		return way{kind: toNothing}
	case pending != nil && asksAgain(t.text):
		return t.because(way{kind: toAgain})
	case !said && !strings.ContainsFunc(t.text, wordly) && smallTalk(t.text) == "":
		return way{kind: toWordless}
	}

	if pending != nil && pending.Kind == conversation.Inputs && e.fits(t, pending) {
		return t.because(way{kind: toFill}, fmt.Sprintf("I had asked for `%s`, and your message fits", pending.Field))
	}
	if pending != nil && pending.Kind == conversation.Confirming && agrees(t.text) {
		command, said = commands.Command{Verb: commands.Yes}, true
	}
	if rest := insteadOf(t.text); pending != nil && rest != "" {
		return way{kind: toInstead, needs: []string{rest}}
	}
	if pending != nil && !said && declines(t.text) {
		command, said = commands.Command{Verb: commands.No}, true
	}
	if said && command.Verb == commands.Yes && pending != nil && pending.Aside && smallTalk(t.text) == okay {
		said = false // an "ok" to what was answered in between starts nothing
	}
	if t.expired != nil && e.tooLate(t, command, said) {
		return way{kind: toLate}
	}
	if said && command.Verb == commands.Use && m.Press == "" {
		if needs := e.split(t); needs != nil {
			return t.because(way{kind: toSeveral, needs: needs})
		}
	}
	if said && t.takes(command) {
		return t.because(way{kind: toCommand, command: command}, fmt.Sprintf("your message is the command `%s`", command.Verb))
	}
	if said && command.Verb == commands.Yes {
		return way{kind: toTalk, talk: okay} // what waits is asked for again
	}
	if pending != nil && pending.Kind == conversation.Choosing {
		if p := e.chosen(t, pending); p != nil {
			c := commands.Command{Verb: commands.Choose, Token: pending.Token, Playbook: p.ID}
			return t.because(way{kind: toCommand, command: c}, "you chose one of those I had offered")
		}
	}
	if pending != nil && pending.Kind == conversation.Choosing && e.narrows(t, pending) {
		c := commands.Command{Verb: commands.Choose, Token: pending.Token, Playbook: pending.Playbook}
		return t.because(way{kind: toCommand, command: c}, "what you added fits only one of those I had offered")
	}
	if field := e.asksOptions(t, pending); field != "" {
		return way{kind: toAgain, field: field}
	}
	if pending == nil && t.talk.Run != "" && howFar.MatchString(strings.ToLower(t.text)) && t.recent() {
		return way{kind: toCommand, command: commands.Command{Verb: commands.Status, Run: t.talk.Run}}
	}
	if w := smallTalk(t.text); w != "" {
		return t.because(way{kind: toTalk, talk: w}, "it reads as small talk, not as a request")
	}

	if pending == nil && bareNumber(t.text) {
		return way{kind: toWordless}
	}
	if c, meant, ok := commands.Corrected(t.text, t.catalogue.Set); ok {
		return t.because(way{kind: toCommand, command: c}, fmt.Sprintf("I took your message for the command `%s`", meant))
	}
	if pending != nil && !refines(t.text) {
		if needs := e.split(t); needs != nil {
			return t.because(way{kind: toSeveral, needs: needs})
		}
	}
	match := e.match(t, t.text)
	if pending != nil && pending.Kind != conversation.Choosing {
		if w, ok := e.belongs(t, pending, match); ok {
			return w
		}
	}
	if needs := e.split(t); needs != nil {
		return t.because(way{kind: toSeveral, needs: needs})
	}
	return e.fresh(t, match)
}

// anew routes what stands for itself: a command, or a message that answers
// nothing.
func (e *Engine) anew(t *turn) way {
	if c, ok := commands.Parse(t.text, t.catalogue.Set); ok && c.Verb == commands.Use && c.Playbook != "" {
		return t.because(way{kind: toCommand, command: c}, fmt.Sprintf("your message is the command `%s`", c.Verb))
	}
	return e.fresh(t, e.match(t, t.text))
}

// tooLate tells whether the message answers a question that has expired.
func (e *Engine) tooLate(t *turn, command commands.Command, said bool) bool {
	switch {
	case t.talk.Pending != nil:
		return false
	case said:
		return command.Verb == commands.Yes && command.Token == ""
	case t.expired.Kind == conversation.Inputs:
		return e.fits(t, t.expired)
	case t.expired.Kind == conversation.Choosing:
		return e.chosen(t, t.expired) != nil
	}
	return agrees(t.text)
}

// bareNumber tells whether the text is a digit or two without a word, such as
// the number of a button that isn't there any more: any page has one of those.
func bareNumber(text string) bool {
	digits := 0
	for _, r := range text {
		switch {
		case unicode.IsLetter(r):
			return false
		case unicode.IsNumber(r):
			digits++
		}
	}
	return digits == 1 || digits == 2
}

func wordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// fresh routes a message that answers nothing.
func (e *Engine) fresh(t *turn, match intents.Match) way {
	w := way{match: match}
	worked := ""
	if t.talk.Worked != nil {
		worked = t.talk.Worked.Playbook
	}
	follows := t.recent() && refersBack(t.text)
	switch match.Decision {
	case intents.Matched:
		w.playbook = t.catalogue.Set.ByID(match.Playbook)
		w.follows = follows && (match.Playbook == t.talk.Playbook || match.Playbook == worked)
		w.kind = toPlaybook
	case intents.Clarify:
		w.kind = toClarify
		if follows && t.talk.Answered {
			w.kind = toDocs // "and in staging?" is about what was answered
		}
	default:
		w.kind = toDocs
	}
	match.Because = t.reasons(match, match.Playbook)
	w.match = match
	if follows && another(t.text) && worked != "" && match.Playbook != worked {
		if p := t.catalogue.Set.ByID(worked); p != nil && p.Flow != nil {
			return e.onceMore(t, w, p)
		}
	}
	if w.playbook != nil {
		t.talk.Decided = fmt.Sprintf("I took your message for “%s”, %s sure", w.playbook.Title, percent(match.Confidence))
	}
	if follows && w.kind != toPlaybook && (worked == t.talk.Playbook || t.talk.Playbook == "" && !t.talk.Answered) {
		if p := t.catalogue.Set.ByID(worked); p != nil && p.Flow != nil {
			if values, _ := intents.Extract(p, t.text, t.now); len(values) > 0 {
				return e.onceMore(t, w, p)
			}
		}
	}
	w.follows = w.follows || follows && t.talk.Request != ""
	return t.because(w, match.Because...)
}

// recent tells whether the last message is not long ago.
func (t *turn) recent() bool {
	return !t.talk.Last.IsZero() && t.now.Sub(t.talk.Last) < t.policy.FollowUps
}

// narrows tells whether the message is no choice but says more of the wish, so
// that only one workflow of those offered is left; it goes into pending.
func (e *Engine) narrows(t *turn, pending *conversation.Pending) bool {
	if isQuestion(t.text) || len(strings.Fields(t.text)) > 12 {
		return false
	}
	only := ""
	for _, id := range pending.Choices {
		p := t.catalogue.Set.ByID(id)
		if p == nil || p.Flow == nil {
			continue
		}
		if values, _ := intents.Extract(p, t.text, t.now); len(values) > 0 {
			if only != "" {
				return false
			}
			only = id
		}
	}
	if match := e.match(t, t.text); only == "" || match.Decision == intents.Matched && match.Playbook != only {
		return false
	}
	pending.Playbook, pending.Text = only, clip(pending.Text+"\n"+e.redacted(t.text), maxKept)
	return true
}

// asksOptions is the input of the workflow at hand that the message asks the
// choices of: "which languages are there?"; "" is none.
func (e *Engine) asksOptions(t *turn, pending *conversation.Pending) string {
	if pending == nil || len(t.text) > 80 || !menus.MatchString(strings.ToLower(t.text)) {
		return ""
	}
	p := t.catalogue.Set.ByID(pending.Playbook)
	if p == nil || p.Flow == nil {
		return ""
	}
	for _, in := range p.Flow.Inputs {
		for _, word := range wordsOf(t.text) {
			for part := range strings.SplitSeq(in.Name, "_") {
				if len(word) >= 3 && alike(part, word) {
					return in.Name
				}
			}
		}
	}
	return ""
}

// onceMore goes on with the workflow that was spoken of last.
func (e *Engine) onceMore(t *turn, w way, p *playbook.Playbook) way {
	w.kind, w.playbook, w.follows = toPlaybook, p, true
	w = t.because(w, fmt.Sprintf("it goes on from what we just did with “%s”", p.Title))
	t.talk.Decided = fmt.Sprintf("I took your message for “%s” once more", p.Title)
	return w
}

// belongs tells whether a message that arrives while the preview or a question
// for an input waits is about that.
func (e *Engine) belongs(t *turn, pending *conversation.Pending, match intents.Match) (way, bool) {
	p := t.catalogue.Set.ByID(pending.Playbook)
	if p == nil || p.Flow == nil {
		return way{}, false
	}
	if match.Decision == intents.Matched && match.Playbook != pending.Playbook && !refines(t.text) && !t.onlyValues(p) {
		return way{}, false
	}
	if isQuestion(t.text) && match.Playbook != pending.Playbook {
		return way{}, false
	}
	values, rejected := intents.Extract(p, plainly(t.text), t.now)
	if pending.Kind == conversation.Confirming {
		// A sentence that happens to hold a value is no wish to change one.
		meant := refines(t.text) || plainly(t.text) != t.text || strings.ContainsAny(t.text, "=:") || len(strings.Fields(t.text)) <= 3 || match.Playbook == pending.Playbook
		if !meant || len(values) == 0 && len(rejected) == 0 {
			return way{}, false
		}
	}
	w := way{kind: toChange, playbook: p, match: match}
	if pending.Kind == conversation.Inputs {
		w.kind = toFill
	}
	return t.because(w, fmt.Sprintf("“%s” waits for your word, and this changes its inputs", p.Title)), true
}

// onlyValues tells whether the text is nothing but values of few-valued inputs
// of the playbook: "in prod please".
func (t *turn) onlyValues(p *playbook.Playbook) bool {
	found := false
	for w := range strings.FieldsSeq(t.text) {
		w = strings.Trim(w, ",.!")
		value := slices.ContainsFunc(p.Flow.Inputs, func(in playbook.Input) bool {
			_, err := intents.ParseValue(in, w, t.now)
			return closed(in.Type) && err == nil
		})
		if !value && !fillers[strings.ToLower(w)] {
			return false
		}
		found = found || value
	}
	return found
}

// fits tells whether the text is a value of the input that was asked for. For
// an input that takes any words, only what can't be meant otherwise counts.
func (e *Engine) fits(t *turn, pending *conversation.Pending) bool {
	in := e.input(t, pending)
	if in == nil {
		return false
	}
	if _, err := intents.ParseValue(*in, t.text, t.now); err != nil {
		return false
	}
	if closed(in.Type) {
		return true
	}
	if isQuestion(t.text) || smallTalk(t.text) == "thanks" {
		return false
	}
	if _, ok := commands.Parse(t.text, t.catalogue.Set); ok {
		return false
	}
	if pending == t.expired && in.Pattern == "" {
		return false
	}
	if in.Pattern != "" {
		return true
	}
	match := e.match(t, t.text)
	return match.Decision != intents.Matched || match.Playbook == pending.Playbook
}

// takes tells whether a command makes sense now: a bare "ok" with nothing to
// agree to is talk.
func (t *turn) takes(c commands.Command) bool {
	if c.Verb != commands.Yes {
		return true
	}
	if t.talk.Pending != nil {
		return t.talk.Pending.Kind == conversation.Confirming
	}
	return smallTalk(t.text) == ""
}

// because keeps the reasons for `why`, and passes the way on.
func (t *turn) because(w way, reasons ...string) way {
	if w.kind == toCommand && !slices.Contains([]commands.Verb{commands.Use, commands.Choose, commands.Say}, w.command.Verb) {
		return w // "why", "yes" and the like are about the decision before them
	}
	if len(w.needs) > 0 || w.kind == toTalk || w.kind == toAgain {
		return w // each need is decided on its own, and talk decides nothing
	}
	t.talk.Because = reasons
	if w.kind != toPlaybook {
		t.talk.Decided = ""
	}
	return w
}
