package engine

import (
	"fmt"

	"frontdoor/internal/chat"
	"frontdoor/internal/demand"
)

// Dead is what is said and recorded of a message that could not be handled,
// however often it was tried: its author is told once, with a reference.
func (e *Engine) Dead(m chat.Message) (chat.Reply, [][]byte) {
	t := &turn{message: m, person: e.People.Resolve(m.From), now: e.Now(), text: tidy(m.Text)}
	t.talk = t.state.Talk(t.person.ID)
	t.begin(e, kindOf(t.text, nil), nil)
	t.record(event{Name: demand.RequestUnmatched, Reason: "failed"})
	t.say(chat.Card{Text: fmt.Sprintf("Something went wrong with your message, and trying again didn't help. Tell the platform team: reference %s.", t.talk.Request)})
	return t.replies[0], t.lines()
}
