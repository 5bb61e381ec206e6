package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"frontdoor/internal/access"
	"frontdoor/internal/answers"
	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/conversation"
	"frontdoor/internal/demand"
	"frontdoor/internal/playbook"
)

// act does what the way says, then what had waited for its turn. It answers in
// cards; an error means that the message must come again.
func (e *Engine) act(ctx context.Context, t *turn, w way) error {
	if err := e.do(ctx, t, w); err != nil {
		return err
	}
	return e.takeUp(ctx, t)
}

// do does what the way says and no more.
func (e *Engine) do(ctx context.Context, t *turn, w way) error {
	switch w.kind {
	case toCommand:
		return e.obey(ctx, t, w.command)
	case toFill:
		return e.fill(ctx, t)
	case toChange:
		return e.change(ctx, t, w.playbook)
	case toPlaybook:
		return e.use(ctx, t, w)
	case toClarify:
		return e.clarify(ctx, t, w)
	case toDocs:
		return e.consult(ctx, t, w)
	case toInstead:
		e.drop(t, commands.Command{Verb: commands.No})
		t.text = w.needs[0]
		return e.do(ctx, t, e.route(t))
	case toSeveral:
		return e.several(ctx, t, w)
	case toAgain:
		return e.again(ctx, t, w.field)
	case toLate:
		e.late(t)
	case toTalk:
		e.chat(t, w.talk)
	case toStale:
		e.attach(t, "stale_click")
		t.whisper(chat.Card{Text: "That card is out of date, so I did nothing. Tell me again what you need."})
	case toUnknown:
		e.attach(t, "unknown_button")
		t.whisper(chat.Card{Text: "I know no such button. A button is named by its whole id, as it came with the card."})
		e.remind(t)
	case toClosed:
		e.attach(t, "closed_channel")
		e.closed(t)
	case toWordless:
		e.attach(t, "no_words")
		e.wordless(t)
		e.remind(t)
	default:
		e.attach(t, "empty")
		e.welcome(t)
	}
	return nil
}

// open begins a request, or goes on with the one that the message follows.
func (e *Engine) open(t *turn, w way, kind string, p *playbook.Playbook) {
	if w.follows && t.talk.Request != "" && !t.talk.Over {
		t.talk.Text = clip(t.talk.Text+"\n"+e.redacted(t.text), maxKept)
		return
	}
	t.begin(e, kind, p)
}

// allowed tells whether the person may use the playbook here, and says so
// where not: which rule, and who can help.
func (e *Engine) allowed(t *turn, p *playbook.Playbook) bool {
	if !t.listed(p) {
		t.refused("not_in_this_channel")
		t.say(chat.Card{Text: fmt.Sprintf("“%s” isn't offered in this channel. Ask me in a direct message.", p.Title)})
		return false
	}
	d := access.May(t.person, p, t.message.At)
	if d.Allowed {
		return true
	}
	t.decide(fmt.Sprintf("a rule keeps “%s” from you: %s", p.Title, d.Rule))
	t.talk.Try(fmt.Sprintf("refused “%s”, because %s", p.Title, d.Rule))
	t.refused("no_access")
	t.say(chat.Card{
		Text:    fmt.Sprintf("You can't use “%s”: %s. **%s** owns it and can help.", p.Title, d.Rule, d.Help),
		Buttons: []chat.Button{humanButton(t.talk.Request)},
	})
	return false
}

// listed tells whether this channel offers the playbook at all.
func (t *turn) listed(p *playbook.Playbook) bool {
	return len(t.policy.Playbooks) == 0 || slices.ContainsFunc(t.policy.Playbooks, func(rule string) bool { return access.Fits(rule, p.ID, p.ID) })
}

// offered tells whether the person may use the playbook here.
func (t *turn) offered(p *playbook.Playbook) bool { return t.listed(p) && t.may(p) }

// may is the access rule as the matcher asks it.
func (t *turn) may(p *playbook.Playbook) bool {
	return access.May(t.person, p, t.message.At).Allowed
}

// clarify asks which of several playbooks was meant.
func (e *Engine) clarify(ctx context.Context, t *turn, w way) error {
	var choices, lines, titles []string
	var buttons []chat.Button
	token := derive(t.message, "choose")[:8]
	for _, c := range w.match.Candidates[:min(3, len(w.match.Candidates))] {
		p := t.catalogue.Set.ByID(c.Playbook)
		if p == nil || !t.offered(p) {
			continue
		}
		choices = append(choices, p.ID)
		titles = append(titles, fmt.Sprintf("“%s” (%s)", p.Title, percent(c.Score)))
		lines = append(lines, fmt.Sprintf("- **%s**: %s", p.Title, p.Summary))
		buttons = append(buttons, chat.Button{ID: commands.Command{Verb: commands.Choose, Token: token, Playbook: p.ID}.Button(), Label: p.Title})
	}
	if len(choices) == 0 || (asksHow(t.text) || isQuestion(t.text) && t.onlyAnswers(choices)) && e.answer(ctx, answers.Question{Text: t.text, In: t.policy.Docs}).Answered {
		// Nothing of it is for this person or for this channel, or the docs know
		// without asking back: "who approves a firewall rule" wants no rule.
		return e.consult(ctx, t, w)
	}
	e.open(t, w, kindOf(t.text, nil), nil)
	t.decide("I wasn't sure what you meant: it could be "+list(titles, "or"), w.match.Because...)
	t.talk.Try("asked which was meant: " + list(titles, "or"))
	t.putAside(nil)
	t.record(event{Name: demand.RequestClarified, Candidates: choices})
	t.talk.Pending = &conversation.Pending{
		Kind: conversation.Choosing, Request: t.talk.Request, Choices: choices, Text: clip(e.redacted(t.text), maxKept),
		Asked: t.now, Expires: t.now.Add(pendingFor), Token: token,
	}
	buttons = append(buttons, chat.Button{ID: commands.Command{Verb: commands.No, Token: token}.Button(), Label: "Something else"})
	ask := "Which of these do you mean?"
	if len(choices) == 1 {
		ask = "Do you mean this?"
	}
	t.say(chat.Card{Text: ask + "\n\n" + strings.Join(lines, "\n"), Buttons: buttons})
	return nil
}

// onlyAnswers tells whether none of the playbooks does anything.
func (t *turn) onlyAnswers(ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return t.catalogue.Set.ByID(id).Flow != nil })
}

// chosen reads a typed answer to clarify: an id, a title, a number, or words
// that only one of the titles has.
func (e *Engine) chosen(t *turn, pending *conversation.Pending) *playbook.Playbook {
	said := strings.ToLower(strings.Trim(t.text, " .!"))
	var only *playbook.Playbook
	hits := 0
	for i, id := range pending.Choices {
		p := t.catalogue.Set.ByID(id)
		if p == nil {
			continue
		}
		title := strings.ToLower(p.Title)
		if said == id || said == title || said == itoa(i+1) || said == ordinals[min(i, len(ordinals)-1)] {
			return p
		}
		if len(said) >= 3 && len(said) <= 40 && (strings.Contains(title, said) || strings.Contains(said, title)) {
			only, hits = p, hits+1
		}
	}
	if hits == 1 {
		return only
	}
	return nil
}

var ordinals = []string{"the first one", "the second one", "the third one"}

func (e *Engine) redacted(text string) string {
	clean, _ := e.Redactor.Redact(text)
	return clean
}

// kindOf is the request's kind of demand.md, read from its words and from what
// it was matched to.
func kindOf(text string, p *playbook.Playbook) string {
	if p != nil && p.Tags["topic"] == "access" {
		return demand.KindAccess
	}
	return demand.Kind(text, p != nil && p.Flow != nil && !asksHow(text))
}
