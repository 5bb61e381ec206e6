package console

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"frontdoor/internal/chat"
)

// resolve makes what is pressed the id of a button: an id is one, and so is the
// label of a button on the last card of that conversation, or the word that its
// id begins with, where only one button has it. Otherwise it says what can be
// pressed.
func (c *Console) resolve(m *chat.Message) (refusal string) {
	if m.Press == "" {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	buttons := c.cards[cardKey(m.At, m.From.ID)]
	if len(buttons) == 0 {
		buttons = c.cards[cardKey(m.At, "")]
	} else if others := c.cards[cardKey(m.At, "")]; !same(others, buttons) {
		buttons = append(append([]chat.Button{}, buttons...), others...) // a card for somebody else may be theirs to press
	}
	said := strings.ToLower(strings.TrimSpace(m.Press))
	if n, err := strconv.Atoi(said); err == nil && n >= 1 && n <= len(buttons) {
		m.Press = buttons[n-1].ID
		return ""
	}
	var verbs []chat.Button
	for _, b := range buttons {
		verb, _, _ := strings.Cut(b.ID, ":")
		switch {
		case b.ID == m.Press || b.ID == strings.TrimSpace(m.Press):
			m.Press = b.ID
			return ""
		case strings.ToLower(b.Label) == said:
			m.Press = b.ID
			return ""
		case verb == said:
			verbs = append(verbs, b)
		}
	}
	if len(verbs) == 1 {
		m.Press = verbs[0].ID
		return ""
	}
	if strings.Contains(m.Press, ":") {
		return "" // the id of another card: who made it knows whether it still counts
	}
	if len(buttons) == 0 {
		return fmt.Sprintf("There is no button “%s”, and nothing to press here now.", clean(m.Press))
	}
	if len(verbs) > 0 {
		buttons = verbs
		return fmt.Sprintf("“%s” can mean several buttons. Press one of %s.", clean(m.Press), ids(buttons))
	}
	return fmt.Sprintf("There is no button “%s”. What can be pressed now: %s.", clean(m.Press), ids(buttons))
}

// cardKey is where the buttons of a person's last card are kept; nobody's are
// those of the last card for anybody there.
func cardKey(at chat.Address, person string) string { return at.Key() + "/" + person }

// keep remembers the buttons of a card; c.mu is held.
func (c *Console) keep(r chat.Reply) {
	c.buttons, c.asking = r.Card.Buttons, r.Card.Asks
	if len(r.Card.Buttons) == 0 {
		return
	}
	c.cards[cardKey(r.To, "")] = r.Card.Buttons
	if r.Person != "" {
		c.cards[cardKey(r.To, r.Person)] = r.Card.Buttons
	}
}

func same(a, b []chat.Button) bool {
	return slices.EqualFunc(a, b, func(x, y chat.Button) bool { return x.ID == y.ID })
}

func ids(buttons []chat.Button) string {
	out := make([]string, len(buttons))
	for i, b := range buttons {
		out[i] = fmt.Sprintf("`%s` (%s)", b.ID, b.Label)
	}
	return strings.Join(out, ", ")
}
