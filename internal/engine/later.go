package engine

import (
	"context"
	"fmt"
	"strings"

	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/conversation"
	"frontdoor/internal/demand"
	"frontdoor/internal/playbook"
)

// A person has one open question of ours at a time. What comes in between is
// taken up after it, in the order in which it was said; a workflow that was
// interrupted by another comes back when that one is started or dropped.

// several takes the needs of one message one after the other, each as a
// request of its own.
func (e *Engine) several(ctx context.Context, t *turn, w way) error {
	whole := t.text
	t.text = w.needs[0]
	if err := e.do(ctx, t, e.anew(t)); err != nil {
		return err
	}
	var kept []string
	full, before := false, t.talk.Later
	t.talk.Later = nil
	for _, need := range w.needs[1:] {
		match := e.match(t, need)
		p := t.catalogue.Set.ByID(match.Playbook)
		request := t.received(e, kindOf(need, p), p, need)
		if !t.talk.Postpone(conversation.Later{Request: request, Text: clip(e.redacted(need), maxKept)}, false) {
			full = true
			t.record(event{Name: demand.RequestIgnored, Request: request, Reason: "too_many"})
			continue
		}
		kept = append(kept, "“"+clip(e.redacted(need), 80)+"”")
	}
	for _, l := range before { // what was put aside comes after what was just said
		full = !t.talk.Postpone(l, false) || full
	}
	t.text = whole
	if t.talk.Pending != nil && len(kept) > 0 {
		t.add("After this I come to " + list(kept, "and") + ".")
	}
	if full {
		t.add("That is more than I can keep at once; please ask for the last ones again later.")
	}
	return nil
}

// takeUp goes on with what waited, while nothing else waits for an answer.
func (e *Engine) takeUp(ctx context.Context, t *turn) error {
	for t.talk.Pending == nil && t.before == nil && len(t.talk.Later) > 0 {
		next := t.talk.Later[0]
		t.talk.Later = t.talk.Later[1:]
		t.talk.Close()
		if next.Pending != nil {
			e.back(t, next.Pending)
			continue
		}
		t.reset(next.Request, next.Text)
		t.text = next.Text
		t.say(chat.Card{Text: fmt.Sprintf("On to “%s”.", clip(next.Text, 80))})
		w := e.anew(t)
		t.opened, w.follows = true, false
		if err := e.do(ctx, t, w); err != nil {
			return err
		}
		t.opened = false
	}
	return nil
}

// back asks again what was open when it was put aside.
func (e *Engine) back(t *turn, pending *conversation.Pending) {
	t.reset(pending.Request, "")
	if a := t.talk.Asked(pending.Request); a != nil {
		t.talk.Text, t.talk.Tried = a.Text, a.Tried
	}
	t.talk.Playbook, t.talk.Inputs = pending.Playbook, pending.Inputs
	pending.Expires, pending.Aside = t.now.Add(pendingFor), false
	p := t.catalogue.Set.ByID(pending.Playbook)
	if p == nil || p.Flow == nil {
		t.say(chat.Card{Text: fmt.Sprintf("I had put `%s` aside, and it is no longer offered, so I dropped it. Nothing was done.", pending.Playbook)})
		return
	}
	t.talk.Pending = pending
	t.say(e.waiting(t, p, pending, fmt.Sprintf("Back to “%s”", p.Title)))
}

// waiting is a card that says what is waited for, with what can be pressed.
func (e *Engine) waiting(t *turn, p *playbook.Playbook, pending *conversation.Pending, lead string) chat.Card {
	card := chat.Card{Request: pending.Request, Buttons: []chat.Button{{ID: commands.Command{Verb: commands.No, Token: pending.Token}.Button(), Label: "Never mind"}}}
	if in := e.input(t, pending); in != nil {
		card.Text = fmt.Sprintf("%s: %s", lead, question(*in))
		card.Asks = true
		card.Form = form(p, pending.Token, pending.Inputs, missingInputs(p, pending.Inputs), nil)
		return card
	}
	card.Text = fmt.Sprintf("%s: say `yes`, or `never mind`.%s", lead, inShort(p, pending.Inputs))
	card.Buttons = append([]chat.Button{{ID: commands.Command{Verb: commands.Yes, Token: pending.Token}.Button(), Label: "Do it", Style: "primary"}}, card.Buttons...)
	return card
}

// inShort are the values that were given, in a line.
func inShort(p *playbook.Playbook, inputs map[string]any) string {
	var out []string
	for _, in := range p.Flow.Inputs {
		if v, has := inputs[in.Name]; has && len(out) < 6 {
			out = append(out, fmt.Sprintf("%s: %s", in.Name, clip(show(v), 60)))
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}

// putAside makes room for a question about p (nil: about none in particular).
// A workflow that waits comes back afterwards; the same one is replaced, and
// which playbook was meant is asked no more.
func (t *turn) putAside(p *playbook.Playbook) {
	pending := t.talk.Pending
	t.talk.Pending = nil
	if pending == nil || pending.Kind == conversation.Choosing {
		return
	}
	old := t.catalogue.Set.ByID(pending.Playbook)
	if old == nil || pending.Request == t.talk.Request {
		return
	}
	if p != nil && p.ID == old.ID {
		t.note = fmt.Sprintf("I dropped the “%s” that I had asked you about before%s.", old.Title, inShort(old, pending.Inputs))
		return
	}
	t.note = fmt.Sprintf("I put “%s” aside; we come back to it after this.", old.Title)
	if !t.talk.Postpone(conversation.Later{Request: pending.Request, Pending: pending}, true) {
		t.note += " I can't keep that much at once, so please ask for the last one again later."
	}
}

// summon makes the workflow with this token the one that waits, where it was
// put aside not too long ago: somebody pressed a button of its card.
func (t *turn) summon(token string) {
	if token == "" || t.talk.Pending != nil && t.talk.Pending.Token == token {
		return
	}
	for i, l := range t.talk.Later {
		if l.Pending == nil || l.Pending.Token != token || t.now.After(l.Pending.Expires) {
			continue
		}
		later := append([]conversation.Later{}, t.talk.Later[:i]...)
		t.talk.Later = append(later, t.talk.Later[i+1:]...)
		if now := t.talk.Pending; now != nil && now.Kind != conversation.Choosing {
			t.talk.Postpone(conversation.Later{Request: now.Request, Pending: now}, true)
		}
		t.talk.Pending = l.Pending
		return
	}
}

// again repeats the question that waits and says what it is about; field is the
// input that was asked about, "" where it was the question itself.
func (e *Engine) again(ctx context.Context, t *turn, field string) error {
	pending := t.talk.Pending
	t.talk.Request = pending.Request
	pending.Expires = t.now.Add(pendingFor)
	if pending.Kind == conversation.Choosing {
		t.say(e.choices(t, pending, "I'd like to know which of these you mean."))
		return nil
	}
	p := t.catalogue.Set.ByID(pending.Playbook)
	if p == nil || p.Flow == nil {
		return e.do(ctx, t, way{kind: toStale})
	}
	if asked, ok := p.Flow.Input(field); ok {
		card := e.waiting(t, p, pending, fmt.Sprintf("“%s” still waits", p.Title))
		card.Text = fmt.Sprintf("`%s`: %s\n\n%s", asked.Name, takes(asked), card.Text)
		t.say(card)
		return nil
	}
	var b strings.Builder
	in := e.input(t, pending)
	if in == nil {
		fmt.Fprintf(&b, "I showed you what “%s” will do, and wait for your word. `yes` does it, `never mind` drops it. To change something, say it, such as %s.", p.Title, changeExample(p, pending.Inputs))
		card := e.waiting(t, p, pending, "")
		card.Text = b.String() + inShort(p, pending.Inputs)
		t.say(card)
		return nil
	}
	fmt.Fprintf(&b, "“%s” needs this: %s", p.Title, takes(*in))
	if short := inShort(p, pending.Inputs); short != "" {
		fmt.Fprintf(&b, "\n\nSo far I have%s.", strings.NewReplacer("(", "", ")", "").Replace(short))
	}
	b.WriteString("\n\nType the value, or `never mind` to drop it all.")
	card := e.waiting(t, p, pending, "")
	card.Text = b.String()
	t.say(card)
	return nil
}

// choices is a card with those of a clarification.
func (e *Engine) choices(t *turn, pending *conversation.Pending, lead string) chat.Card {
	var lines []string
	var buttons []chat.Button
	for i, id := range pending.Choices {
		p := t.catalogue.Set.ByID(id)
		if p == nil {
			continue
		}
		lines = append(lines, fmt.Sprintf("%d. **%s** (`%s`): %s", i+1, p.Title, p.ID, p.Summary))
		buttons = append(buttons, chat.Button{ID: commands.Command{Verb: commands.Choose, Token: pending.Token, Playbook: id}.Button(), Label: p.Title})
	}
	buttons = append(buttons, chat.Button{ID: commands.Command{Verb: commands.No, Token: pending.Token}.Button(), Label: "Something else"})
	return chat.Card{Request: pending.Request, Text: lead + " Say its number or its name, or `never mind`.\n\n" + strings.Join(lines, "\n"), Buttons: buttons}
}

// changeExample is how to change a value, with one of the playbook's inputs.
func changeExample(p *playbook.Playbook, inputs map[string]any) string {
	for _, in := range p.Flow.Inputs {
		for _, option := range in.Options {
			if show(inputs[in.Name]) != option {
				return fmt.Sprintf("`%s=%s`", in.Name, option)
			}
		}
	}
	for _, in := range p.Flow.Inputs {
		return fmt.Sprintf("`%s=…`", in.Name)
	}
	return "`help " + p.ID + "`"
}

// late answers what came too late for the question that it answers.
func (e *Engine) late(t *turn) {
	e.attach(t, "expired")
	card := chat.Card{Text: fmt.Sprintf("That had waited for more than %d minutes, so I dropped it. Tell me again what you need.", int(pendingFor.Minutes()))}
	if p := t.catalogue.Set.ByID(t.expired.Playbook); p != nil {
		card.Text = fmt.Sprintf("“%s” had waited for more than %d minutes, so I dropped it. Nothing was done. Shall we begin again?", p.Title, int(pendingFor.Minutes()))
		card.Buttons = []chat.Button{{ID: commands.Command{Verb: commands.Use, Request: t.expired.Request, Playbook: p.ID}.Button(), Label: p.Title, Style: "primary"}}
	}
	t.whisper(card)
}

// add puts a line under what was said last.
func (t *turn) add(line string) {
	if n := len(t.replies); n > 0 {
		t.replies[n-1].Card.Text += "\n\n" + line
		return
	}
	t.say(chat.Card{Text: line})
}

// asksPerson tells whether the open question is for a person: a mention is
// then the answer.
func (t *turn) asksPerson() bool {
	pending := t.talk.Pending
	if pending == nil || pending.Kind != conversation.Inputs {
		return false
	}
	p := t.catalogue.Set.ByID(pending.Playbook)
	if p == nil || p.Flow == nil {
		return false
	}
	in, ok := p.Flow.Input(pending.Field)
	return ok && in.Type == playbook.Someone
}

// recall says what had waited too long for its turn, and is dropped.
func (t *turn) recall() {
	var texts []string
	for _, l := range t.dropped {
		text := l.Text
		if l.Pending == nil {
			t.record(event{Name: demand.RequestIgnored, Request: l.Request, Reason: "expired"})
		} else if p := t.catalogue.Set.ByID(l.Pending.Playbook); p != nil {
			text = p.Title
		}
		texts = append(texts, "“"+clip(text, 80)+"”")
	}
	t.add(fmt.Sprintf("I had kept %s for later, but that is too long ago. Say it again if you still need it.", list(texts, "and")))
}
