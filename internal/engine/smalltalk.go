package engine

import (
	"fmt"
	"strings"

	"frontdoor/internal/chat"
	"frontdoor/internal/playbook"
)

// closed says why nothing is answered in this channel.
func (e *Engine) closed(t *turn) {
	text := "I don't answer in this channel. Send me a direct message."
	if t.policy.Answer == chat.AnswerCommands {
		text = "In this channel I only take commands; `help` lists them. For anything else, send me a direct message."
	}
	t.whisper(chat.Card{Text: text})
}

// welcome says who the bot is with three things to try.
func (e *Engine) welcome(t *turn) {
	t.say(chat.Card{Text: "I answer questions about the platform and do the usual jobs on it. " + e.toTry(t)})
}

// wordless answers what has no letter in it: a picture, or a number that
// nothing had asked for.
func (e *Engine) wordless(t *turn) {
	if bareNumber(t.text) {
		t.say(chat.Card{Text: fmt.Sprintf("I had asked for no number, so “%s” tells me nothing. ", clip(t.text, 20)) + e.toTry(t)})
		return
	}
	if t.talk.Pending != nil {
		t.say(chat.Card{Text: "I only read words, and there are none in that."})
		return
	}
	t.say(chat.Card{Text: "I only read words, and there are none in that. " + e.toTry(t)})
}

// toTry are the first examples that the person may use, a line each, and the
// way to help.
func (e *Engine) toTry(t *turn) string {
	var b strings.Builder
	b.WriteString("Try one of these, or type `help`.\n")
	shown := 0
	for _, p := range t.catalogue.Set.Playbooks {
		if shown == 3 || !t.offered(p) || len(p.Match.Examples) == 0 {
			continue
		}
		if example := plainExample(p); example != "" {
			fmt.Fprintf(&b, "\n- %s", example)
			shown++
		}
	}
	if shown == 0 {
		return "Type `help` for what there is."
	}
	return b.String()
}

// plainExample is the first example without slots to fill.
func plainExample(p *playbook.Playbook) string {
	for _, x := range p.Match.Examples {
		if !strings.Contains(x, "{") {
			return x
		}
	}
	return ""
}

// chat answers small talk. It belongs to the request before it, if there is one.
func (e *Engine) chat(t *turn, w talk) {
	e.attach(t, "small_talk")
	switch w {
	case greeting:
		e.welcome(t)
	case waiting:
		text := "I'm here."
		if t.talk.Pending == nil && t.talk.Run != "" && !t.talk.Over {
			text = fmt.Sprintf("`%s` is under way; `cancel` stops it.", t.talk.Run)
		}
		t.say(chat.Card{Text: text})
	case thanks:
		t.say(chat.Card{Text: "You're welcome. `solved` tells the platform team that it worked."})
	default:
		t.say(chat.Card{Text: "👍"})
	}
	e.remind(t)
}

// remind repeats the question that still waits, after something else was
// answered in between.
func (e *Engine) remind(t *turn) {
	pending := t.talk.Pending
	if pending == nil || len(t.replies) == 0 {
		return
	}
	p := t.catalogue.Set.ByID(pending.Playbook)
	if p == nil || p.Flow == nil {
		return
	}
	pending.Aside = true
	// A card of its own, behind the answer: what can be pressed goes with it.
	t.say(e.waiting(t, p, pending, fmt.Sprintf("“%s” still waits", p.Title)))
}
