package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/conversation"
	"frontdoor/internal/demand"
	"frontdoor/internal/intents"
	"frontdoor/internal/playbook"
)

// obey does what an explicit command or a click says.
func (e *Engine) obey(ctx context.Context, t *turn, c commands.Command) error {
	pending := t.talk.Pending
	switch c.Verb {
	case commands.Yes:
		switch {
		case pending == nil && t.talk.Run != "" && !t.talk.Over:
			e.attach(t, "nothing_pending")
			t.whisper(chat.Card{Text: fmt.Sprintf("That is under way already, as `%s`.", t.talk.Run), Run: t.talk.Run})
		case pending == nil && t.expired != nil:
			e.attach(t, "expired")
			t.whisper(chat.Card{Text: fmt.Sprintf("That had waited for more than %d minutes, so I dropped it. Tell me again what you need.", int(pendingFor.Minutes()))})
		case pending == nil && c.Token == "":
			e.attach(t, "nothing_pending")
			t.whisper(chat.Card{Text: "Nothing waits for your yes. Tell me what you need."})
		case pending == nil || pending.Kind != conversation.Confirming || c.Token != "" && c.Token != pending.Token:
			return e.act(ctx, t, way{kind: toStale})
		default:
			return e.start(ctx, t)
		}
	case commands.No:
		e.drop(t, c)
	case commands.Choose:
		return e.choose(ctx, t, c)
	case commands.Use:
		return e.useCommand(ctx, t, c)
	case commands.Say:
		t.text = c.Args
		t.talk.Pending = nil
		return e.consult(ctx, t, way{kind: toDocs})
	case commands.Help:
		e.aside(t, "question")
		t.answered(nil)
		e.help(t, c.Args)
	case commands.Why:
		e.attach(t, "nothing_decided")
		e.why(t)
	case commands.Helpful, commands.Unhelpful, commands.Solved:
		e.feedback(t, c)
	case commands.Escalate:
		e.escalate(t, c)
	case commands.Status:
		e.aside(t, "question")
		return e.status(ctx, t, c.Run)
	case commands.Cancel, commands.Retry, commands.Undo, commands.Approve, commands.Deny:
		return e.manage(ctx, t, c)
	default:
		e.attach(t, "unknown_command")
		t.say(chat.Card{Text: "I know that word, but not what to do with it here. Type `help`."})
	}
	return nil
}

// drop lets go of what is pending.
func (e *Engine) drop(t *turn, c commands.Command) {
	pending := t.talk.Pending
	if pending == nil || c.Token != "" && c.Token != pending.Token {
		e.attach(t, "nothing_pending")
		text := "There is nothing to drop."
		if t.talk.Run != "" && !t.talk.Over {
			text = fmt.Sprintf("There is nothing to drop. `cancel %s` stops the run.", t.talk.Run)
		}
		t.whisper(chat.Card{Text: text})
		return
	}
	t.talk.Request, t.talk.Pending = pending.Request, nil
	if pending.Kind == conversation.Choosing {
		t.record(event{Name: demand.RequestUnmatched, Reason: "no_playbook"})
		t.say(chat.Card{Text: fmt.Sprintf("Then I don't have it. Say it in other words, or ask **%s**.", e.whom(t, way{})), Buttons: []chat.Button{humanButton(t.talk.Request)}})
		return
	}
	t.talk.Over = true
	t.say(chat.Card{Text: "Dropped, nothing was done."})
}

// choose goes on with the playbook picked from a clarification.
func (e *Engine) choose(ctx context.Context, t *turn, c commands.Command) error {
	pending := t.talk.Pending
	p := t.catalogue.Set.ByID(c.Playbook)
	if pending == nil || pending.Kind != conversation.Choosing || c.Token != pending.Token || p == nil {
		return e.act(ctx, t, way{kind: toStale})
	}
	t.talk.Request, t.talk.Pending = pending.Request, nil
	t.matched(p, 1)
	if !e.allowed(t, p) {
		return nil
	}
	t.text = pending.Text // the message that was unclear is what is answered
	if p.Answer != nil {
		return e.answerFrom(ctx, t, p)
	}
	return e.collect(ctx, t, p, map[string]any{}, pending.Text)
}

// useCommand is a playbook's own command, `run ID …`, or an offered button.
func (e *Engine) useCommand(ctx context.Context, t *turn, c commands.Command) error {
	p := t.catalogue.Set.ByID(c.Playbook)
	if p == nil {
		return e.act(ctx, t, way{kind: toStale})
	}
	said := c.Args
	if c.Request != "" && c.Request == t.talk.Request && !t.talk.Over {
		said = t.talk.Text // a button under an answer goes on with its question
	} else {
		kind := "question"
		if p.Flow != nil {
			kind = "request"
		}
		t.begin(e, kind, p)
	}
	t.talk.Pending = nil
	t.matched(p, 1)
	if !e.allowed(t, p) {
		return nil
	}
	if p.Answer != nil {
		if t.text = said; said == "" {
			t.text = p.Title
		}
		return e.answerFrom(ctx, t, p)
	}
	if inputs := positional(p, said, t.now); len(inputs) > 0 {
		return e.collect(ctx, t, p, inputs, "")
	}
	return e.collect(ctx, t, p, map[string]any{}, said)
}

// positional reads `db create orders staging`: each bare word goes to the first
// input that takes it and has no value yet, those with few possible values
// before those that take any word. What fits nowhere is left out and asked for.
func positional(p *playbook.Playbook, said string, now time.Time) map[string]any {
	words, out := strings.Fields(said), map[string]any{}
	if len(words) > len(p.Flow.Inputs) || strings.ContainsAny(said, "=:") {
		return out
	}
	for _, w := range words {
		for _, wantClosed := range []bool{true, false} {
			if takeWord(p, out, w, wantClosed, now) {
				break
			}
		}
	}
	return out
}

func takeWord(p *playbook.Playbook, out map[string]any, word string, wantClosed bool, now time.Time) bool {
	for _, in := range p.Flow.Inputs {
		if _, has := out[in.Name]; has || closed(in.Type) != wantClosed {
			continue
		}
		if v, err := intents.ParseValue(in, word, now); err == nil {
			out[in.Name] = v
			return true
		}
	}
	return false
}

// closed tells whether only few words are values of the type, so that a word
// which is one is hardly meant otherwise.
func closed(t playbook.InputType) bool {
	switch t {
	case playbook.Choice, playbook.Integer, playbook.Number, playbook.Boolean, playbook.Date:
		return true
	}
	return false
}

func orElse(list []string, otherwise string) []string {
	if len(list) == 0 {
		return []string{otherwise}
	}
	return list
}

func name(p chat.Person) string {
	if p.Name != "" {
		return p.Name
	}
	return p.ID
}
