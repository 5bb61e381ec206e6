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
	"frontdoor/internal/docs"
	"frontdoor/internal/playbook"
)

// consult answers from the docs where no playbook takes the message.
func (e *Engine) consult(ctx context.Context, t *turn, w way) error {
	question := t.text
	if w.follows && t.talk.Text != "" {
		question = t.talk.Text + "\n" + t.text
	}
	answer := e.answer(ctx, answers.Question{Text: question, In: t.policy.Docs})
	if !answer.Answered && !w.follows && !t.opened && e.continues(t) {
		// What says nothing by itself is said about the request before it.
		w.follows = true
		if t.talk.Text != "" {
			answer = e.answer(ctx, answers.Question{Text: t.talk.Text + "\n" + t.text, In: t.policy.Docs})
		}
	}
	spent := false
	if answer.Answered && w.follows {
		answer, spent = e.beyond(ctx, t, answer, t.policy.Docs)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !answer.Answered {
		e.open(t, w, kindOf(t.text, nil), nil)
		e.unanswered(t, w, answer)
		return nil
	}
	e.open(t, w, kindOf(t.text, nil), e.playbookOf(t, answer))
	if spent {
		e.noMore(t, answer)
		return nil
	}
	t.decide("no playbook fits your message well enough, and the docs have it", "I was "+percent(answer.Score)+" sure that they answer it")
	e.sayAnswer(t, answer.Text, Cited(answer), nil)
	return nil
}

// explain answers a how-question that was matched to a workflow, and offers to
// do it. It answers false where the docs don't have it.
func (e *Engine) explain(ctx context.Context, t *turn, w way) (bool, error) {
	answer := e.answer(ctx, answers.Question{Text: t.text, In: t.policy.Docs})
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if !answer.Answered {
		return false, nil
	}
	e.open(t, w, "question", w.playbook)
	t.matched(w.playbook, w.match.Confidence)
	t.decide(fmt.Sprintf("your message is about “%s”, and you asked how, so I answered first", w.playbook.Title), w.match.Because...)
	e.sayAnswer(t, answer.Text, Cited(answer), []string{w.playbook.ID})
	return true, nil
}

// answerFrom answers by an answer playbook: its fixed text, or its part of the
// docs, or else all of them.
func (e *Engine) answerFrom(ctx context.Context, t *turn, p *playbook.Playbook, follows bool) error {
	if p.Answer.Text != "" {
		said := mark("", p.ID+p.Hash)
		if follows && slices.Contains(t.talk.Quoted, said) {
			t.say(chat.Card{Text: fmt.Sprintf("What I said above is all that I have on that. **%s** can tell you more.", e.whomOf(t, p.ID)), Buttons: e.judge(t)})
			return nil
		}
		t.talk.Quote(said)
		t.talk.Because = append(t.talk.Because, fmt.Sprintf("**%s** wrote the answer for such questions", p.Owner))
		e.sayAnswer(t, strings.TrimSpace(p.Answer.Text), nil, p.Answer.Offer)
		return nil
	}
	in := e.pages(t, p.Answer.Docs)
	answer := e.answer(ctx, answers.Question{Text: t.text, In: in, Vouched: true})
	if !answer.Answered {
		in = t.policy.Docs
		answer = e.answer(ctx, answers.Question{Text: t.text, In: in})
	}
	spent := false
	if answer.Answered && follows {
		answer, spent = e.beyond(ctx, t, answer, in)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	switch {
	case !answer.Answered:
		e.unanswered(t, way{}, answer)
	case spent:
		e.noMore(t, answer)
	default:
		e.sayAnswer(t, answer.Text, Cited(answer), p.Answer.Offer)
	}
	return nil
}

// pages are those of the playbook's part of the docs that this channel may be
// answered from.
func (e *Engine) pages(t *turn, of []string) []string {
	if len(t.policy.Docs) == 0 || slices.Contains(t.policy.Docs, "*") {
		return of
	}
	index := e.Corpus.Index()
	fits := func(rules []string, page string) bool {
		return slices.ContainsFunc(rules, func(r string) bool { return index.Fits(docs.Filter(r), page) })
	}
	out := []string{""} // no page at all is not every page
	for _, page := range index.Names() {
		if fits(of, page) && fits(t.policy.Docs, page) {
			out = append(out, page)
		}
	}
	return out
}

// continues tells whether a message that nothing answers goes on with the
// request before it: said soon after, and no question of its own.
func (e *Engine) continues(t *turn) bool {
	return t.talk.Request != "" && !t.talk.Over && t.talk.Answered && !isQuestion(t.text) && refersTo(t.text) && t.now.Sub(t.talk.Last) < t.policy.FollowUps
}

// sayAnswer posts an answer with its sources, what is offered with it, and how
// to say whether it helped.
func (e *Engine) sayAnswer(t *turn, text string, citations []chat.Citation, offers []string) {
	t.answered(citations)
	var buttons []chat.Button
	for _, id := range offers {
		p := t.catalogue.Set.ByID(id)
		if p == nil || p.Flow == nil || !t.listed(p) || !access.May(t.person, p, t.message.At).Allowed {
			continue
		}
		buttons = append(buttons, chat.Button{ID: commands.Command{Verb: commands.Use, Request: t.talk.Request, Playbook: id}.Button(), Label: p.Title, Style: "primary"})
	}
	tried := "answered it"
	for i, c := range citations {
		t.talk.Quote(mark(c.Page, c.Quote))
		if i == 0 {
			tried = "answered from " + source(c)
			t.talk.Because = append(t.talk.Because, fmt.Sprintf("%s says it: “%s”", source(c), strings.TrimRight(clip(c.Quote, 120), ".")))
		}
	}
	t.talk.Try(tried)
	t.say(chat.Card{Text: text, Citations: citations, Buttons: append(buttons, e.judge(t)...)})
	e.remind(t)
}

// judge are the buttons that say whether an answer helped.
func (e *Engine) judge(t *turn) []chat.Button {
	return []chat.Button{
		{ID: commands.Command{Verb: commands.Helpful, Request: t.talk.Request}.Button(), Label: "Helpful"},
		{ID: commands.Command{Verb: commands.Unhelpful, Request: t.talk.Request}.Button(), Label: "Not helpful"},
		humanButton(t.talk.Request),
	}
}

// unanswered says that nothing was found, and who can help.
func (e *Engine) unanswered(t *turn, w way, answer answers.Answer) {
	reason := answer.Reason
	if reason == "" {
		reason = "not_covered"
	}
	t.decide("no playbook fits your message well enough, and nothing in the docs answers it surely enough", nearest(answer)...)
	t.talk.Try("looked into the playbooks and the docs, and found nothing that answers it")
	t.record(event{Name: demand.RequestUnmatched, Reason: reason})
	who := e.whom(t, w)
	text := fmt.Sprintf("The docs don't cover that, and I won't guess. Ask **%s**.", who)
	if reason == "no_docs" {
		text = fmt.Sprintf("I have no docs to answer from here, and I won't guess. Ask **%s**.", who)
	}
	var buttons []chat.Button
	if near := commands.Nearest(t.text, t.catalogue.Set, t.offered, 3); len(near) > 0 && len(strings.Fields(t.text)) <= 4 && !isQuestion(t.text) {
		var says []string
		for _, n := range near {
			says = append(says, n.Says)
			n.Command.Request = t.talk.Request
			if n.Command.Verb != commands.Use {
				n.Command.Request = ""
			}
			if _, ok := commands.ParseButton(n.Command.Button()); ok {
				buttons = append(buttons, chat.Button{ID: n.Command.Button(), Label: n.Says})
			}
		}
		text += " Did you mean " + quoteAll(says) + "?"
	}
	for _, c := range w.match.Candidates[:min(2, len(w.match.Candidates))] {
		p := t.catalogue.Set.ByID(c.Playbook)
		if p == nil || c.Score < nearEnough || !t.offered(p) {
			continue
		}
		id := commands.Command{Verb: commands.Use, Request: t.talk.Request, Playbook: p.ID}.Button()
		if !slices.ContainsFunc(buttons, func(b chat.Button) bool { return b.ID == id }) {
			buttons = append(buttons, chat.Button{ID: id, Label: p.Title})
		}
	}
	t.say(chat.Card{Text: text, Buttons: append(buttons, humanButton(t.talk.Request))})
	if pending := t.talk.Pending; pending != nil && pending.Kind == conversation.Choosing {
		t.say(e.choices(t, pending, "I still don't know which of these you meant before.")) // it may have been the answer
	}
	e.remind(t)
}

// nearest says which page came closest to an answer.
func nearest(answer answers.Answer) []string {
	if len(answer.Nearest) == 0 {
		return []string{"no page has words of it"}
	}
	n := answer.Nearest[0]
	return []string{fmt.Sprintf("the nearest page was `%s`, and I was only %s sure that it answers that", n.Page, percent(answer.Score))}
}

// nearEnough is the score from which a playbook that did not match is worth a
// button under a refusal.
const nearEnough = 0.3

// whom is who to ask: the channel's escalation, else the owner of the playbook
// at hand, else of the nearest one.
func (e *Engine) whom(t *turn, w way) string {
	if t.policy.Escalate == "" && t.talk.Playbook == "" {
		for _, c := range w.match.Candidates {
			if c.Score >= nearEnough {
				return e.whomOf(t, c.Playbook)
			}
		}
	}
	return e.whomOf(t, t.talk.Playbook)
}

// whomOf is who to ask about a playbook; "" is no particular one.
func (e *Engine) whomOf(t *turn, playbook string) string {
	if t.policy.Escalate != "" {
		return t.policy.Escalate
	}
	if p := t.catalogue.Set.ByID(playbook); p != nil {
		return p.Owner
	}
	return "the platform team"
}

// playbookOf finds the playbook whose part of the docs the first citation lies
// in: its tags say what the question was about.
func (e *Engine) playbookOf(t *turn, answer answers.Answer) *playbook.Playbook {
	if len(answer.Citations) == 0 {
		return nil
	}
	index, page := e.Corpus.Index(), answer.Citations[0].Page
	for _, p := range t.catalogue.Set.Playbooks {
		if p.Answer == nil {
			continue
		}
		if slices.ContainsFunc(p.Answer.Docs, func(rule string) bool { return index.Fits(docs.Filter(rule), page) }) {
			return p
		}
	}
	return nil
}

// Cited are the answer's citations in the words of chat.
func Cited(answer answers.Answer) []chat.Citation {
	out := make([]chat.Citation, len(answer.Citations))
	for i, c := range answer.Citations {
		out[i] = chat.Citation{Page: c.Page, Heading: c.Heading, Anchor: c.Anchor, Quote: c.Quote, Start: c.Start, End: c.End}
		if c.URL != "" {
			out[i].URL = &c.URL
		}
	}
	return out
}

func humanButton(request string) chat.Button {
	return chat.Button{ID: commands.Command{Verb: commands.Escalate, Request: request}.Button(), Label: "I need a human"}
}
