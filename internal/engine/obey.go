package engine

import (
	"context"
	"fmt"

	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/conversation"
	"frontdoor/internal/demand"
	"frontdoor/internal/playbook"
)

// obey does what an explicit command or a click says.
func (e *Engine) obey(ctx context.Context, t *turn, c commands.Command) error {
	t.summon(c.Token)
	pending := t.talk.Pending
	switch c.Verb {
	case commands.Yes:
		switch {
		case pending == nil && t.talk.Run != "" && !t.talk.Over:
			e.attach(t, "nothing_pending")
			t.whisper(chat.Card{Text: fmt.Sprintf("That is under way already, as `%s`.", t.talk.Run), Run: t.talk.Run})
		case pending == nil && t.expired != nil:
			e.late(t)
		case pending == nil && c.Token == "":
			e.attach(t, "nothing_pending")
			t.whisper(chat.Card{Text: "Nothing waits for your yes. Tell me what you need."})
		case pending == nil || pending.Kind != conversation.Confirming || c.Token != "" && c.Token != pending.Token:
			return e.do(ctx, t, way{kind: toStale})
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
		if c.Args == "" {
			e.aside(t, "question")
			t.answered(nil)
			t.say(chat.Card{Text: "What do you want to know? Say `ask QUESTION`, or just the question."})
			e.remind(t)
			return nil
		}
		t.text = c.Args
		return e.consult(ctx, t, way{kind: toDocs})
	case commands.Help:
		e.aside(t, "question")
		t.answered(nil)
		if p := t.catalogue.Set.ByID(c.Playbook); p != nil {
			e.describe(t, p)
			return nil
		}
		e.help(t, c.Args)
	case commands.Why:
		e.attach(t, "nothing_decided")
		e.why(t)
	case commands.Helpful, commands.Unhelpful, commands.Solved:
		e.feedback(t, c)
	case commands.Feedback:
		e.whichFeedback(t, c)
	case commands.Escalate:
		e.escalate(ctx, t, c)
	case commands.Status:
		e.aside(t, "question")
		return e.status(ctx, t, c.Run)
	case commands.Cancel, commands.Retry, commands.Undo, commands.Approve, commands.Deny:
		switch {
		case c.Run != "":
			return e.manage(ctx, t, c)
		case c.Verb == commands.Cancel && pending != nil:
			e.drop(t, c)
		default:
			return e.which(ctx, t, c)
		}
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

// closed tells whether only few words are values of the type, so that a word
// which is one is hardly meant otherwise.
func closed(t playbook.InputType) bool {
	switch t {
	case playbook.Choice, playbook.Integer, playbook.Number, playbook.Boolean, playbook.Date:
		return true
	}
	return false
}

func name(p chat.Person) string {
	if p.Name != "" {
		return p.Name
	}
	return p.ID
}
