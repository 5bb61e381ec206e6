package engine

import (
	"context"
	"fmt"
	"strings"

	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/conversation"
	"frontdoor/internal/demand"
)

// A message that addressed the bot belongs to exactly one request. These
// decide to which: a new one, the one before it, or one of its own beside it.

// aside opens a request of its own for a command that is answered at once. The
// request before it, and what waits, stay as they are.
func (e *Engine) aside(t *turn, kind string) {
	before := *t.talk
	t.begin(e, kind, nil)
	if before.Request != "" {
		t.before = &before
	}
}

// attach makes the message part of the request before it, or of a new one that
// counts for nothing: small talk and late clicks are no need of anybody's.
func (e *Engine) attach(t *turn, reason string) {
	if t.talk.Request != "" && t.now.Sub(t.talk.Last) < t.policy.FollowUps {
		return
	}
	t.begin(e, demand.KindQuestion, nil)
	t.record(event{Name: demand.RequestIgnored, Reason: reason})
}

// asked finds what is known of a request in this conversation, and whether it
// is this person's own.
func (t *turn) asked(request string) (a *conversation.Asked, own bool) {
	if request == t.talk.Request && request != "" {
		t.talk.Close()
	}
	if a = t.talk.Asked(request); a != nil {
		return a, true
	}
	for _, other := range t.state.Talks {
		if other.Request == request && request != "" {
			other.Close()
		}
		if a = other.Asked(request); a != nil {
			return a, false
		}
	}
	return nil, false
}

// about is the request that a click or a word is about: the named one where it
// is known here, else the person's latest.
func (e *Engine) about(t *turn, c commands.Command) (a *conversation.Asked, own bool) {
	request := c.Request
	if request == "" {
		request = t.talk.Request
	}
	return t.asked(request)
}

// feedback notes what the person thinks of the answer; the last word counts.
// Only the asker can say that it is solved, or that it is not after all.
func (e *Engine) feedback(t *turn, c commands.Command) {
	a, own := e.about(t, c)
	if a == nil {
		e.attach(t, "no_request")
		t.whisper(chat.Card{Text: "Thank you, but I don't know which answer you mean. Ask me something first."})
		return
	}
	value := map[commands.Verb]string{commands.Helpful: demand.Helpful, commands.Unhelpful: demand.Unhelpful, commands.Solved: demand.Solved}[c.Verb]
	remark := clip(e.redacted(c.Args), maxRemark)
	t.record(event{Name: demand.FeedbackGiven, Request: a.Request, Actor: e.Pseudonym(t.person.ID), Text: remark, Value: value})
	t.noteOn(a, fmt.Sprintf("%s said: %s", name(t.person), strings.TrimSuffix(value+", "+remark, ", ")))
	card := chat.Card{Request: a.Request, Text: "Thank you, noted."}
	switch {
	case c.Verb == commands.Unhelpful:
		if own && a.Solved {
			a.Solved = false
			t.record(event{Name: demand.RequestReopened, Request: a.Request})
		}
		card.Text = fmt.Sprintf("Sorry about that. Say it in other words, or let **%s** help.", e.whomOf(t, a.Playbook))
		card.Buttons = []chat.Button{humanButton(a.Request)}
	case c.Verb == commands.Solved && own:
		a.Solved = true
		t.record(event{Name: demand.RequestResolved, Request: a.Request, How: demand.Confirmed})
		t.talk.Over = a.Request == t.talk.Request || t.talk.Over
		card.Text = "Good to hear. Thank you for telling me."
	}
	t.whisper(card)
	e.remind(t)
}

// maxRemark is how much of a remark on an answer is kept, in code points.
const maxRemark = 500

// whichFeedback asks whether the answer was any good, where "feedback" says
// neither.
func (e *Engine) whichFeedback(t *turn, c commands.Command) {
	a, _ := e.about(t, c)
	if a == nil {
		e.attach(t, "no_request")
		t.whisper(chat.Card{Text: "Thank you, but there is no answer of mine yet. Ask me something first."})
		return
	}
	text := "Was my last answer helpful? Press one, or say `feedback unhelpful` and what was wrong with it."
	if c.Args != "" {
		t.noteOn(a, fmt.Sprintf("%s said: %s", name(t.person), clip(e.redacted(c.Args), maxRemark)))
		text = "Thank you, I keep that with your question. Was the answer helpful?"
	}
	t.whisper(chat.Card{Text: text, Request: a.Request, Buttons: []chat.Button{
		{ID: commands.Command{Verb: commands.Helpful, Request: a.Request}.Button(), Label: "Helpful"},
		{ID: commands.Command{Verb: commands.Unhelpful, Request: a.Request}.Button(), Label: "Not helpful"},
		{ID: commands.Command{Verb: commands.Solved, Request: a.Request}.Button(), Label: "That solved it"},
	}})
}

// noteOn notes what happened to a request, open or not.
func (t *turn) noteOn(a *conversation.Asked, what string) {
	if a.Request == t.talk.Request {
		t.talk.Try(what)
	}
	a.Tried = append(append([]string{}, a.Tried...), what)
	a.Tried = a.Tried[max(0, len(a.Tried)-conversation.TriedKept):]
}

// escalate brings in a human, once a request, with what was asked and what was
// tried.
func (e *Engine) escalate(ctx context.Context, t *turn, c commands.Command) {
	if c.Request == "" && t.talk.Request == "" {
		t.begin(e, demand.KindQuestion, nil)
	}
	a, _ := e.about(t, c)
	if a == nil {
		e.attach(t, "stale_click")
		t.whisper(chat.Card{Text: "I no longer know what that was about. Tell me again, or just say `human`."})
		return
	}
	who := e.whomOf(t, a.Playbook)
	if a.Escalated {
		t.whisper(chat.Card{Text: fmt.Sprintf("**%s** has been asked already.", who), Request: a.Request})
		return
	}
	a.Escalated = true
	t.record(event{Name: demand.RequestEscalated, Request: a.Request, To: who})
	var b strings.Builder
	if t.message.At.Alone {
		fmt.Fprintf(&b, "Nobody can be called from here: take this to **%s**.", who)
	} else {
		fmt.Fprintf(&b, "%s: %s asks for your help here.", who, name(t.person))
	}
	if a.Text != "" {
		fmt.Fprintf(&b, "\n\n> %s", strings.ReplaceAll(a.Text, "\n", "\n> "))
	}
	tried := append([]string{}, a.Tried...)
	if a.Run != "" {
		tried = append(tried, e.outcome(ctx, a.Run)...)
	}
	if c.Args != "" {
		tried = append(tried, name(t.person)+" adds: "+clip(e.redacted(c.Args), maxRemark))
	}
	if len(tried) == 0 {
		b.WriteString("\n\nI tried nothing yet.")
	} else {
		b.WriteString("\n\nSo far:")
	}
	for _, what := range tried {
		fmt.Fprintf(&b, "\n- %s", what)
	}
	fmt.Fprintf(&b, "\n\n(request %s)", a.Request)
	t.say(chat.Card{Text: b.String(), Request: a.Request})
	e.remind(t)
}

// outcome is how a run ended, for whoever helps.
func (e *Engine) outcome(ctx context.Context, id string) []string {
	run, err := e.Runs.Get(ctx, id)
	if err != nil {
		return nil // what is known without it is said
	}
	how := stateWords(run)
	if !run.Over() {
		how = "is " + how
	}
	if run.Error != "" {
		how += ": " + clip(e.redacted(run.Error), maxRemark)
	}
	return []string{fmt.Sprintf("`%s` %s", id, how)}
}

// refused notes that the request was refused, and why.
func (t *turn) refused(reason string) {
	t.record(event{Name: demand.RequestRefused, Reason: reason})
}
