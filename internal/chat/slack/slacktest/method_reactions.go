package slacktest

import (
	"regexp"
	"slices"
)

var emojiName = regexp.MustCompile(`^[a-z0-9_+'-]+(::skin-tone-[2-6])?$`)

// item is the message of reactions methods.
func (c *call) item() (*Channel, *Message, *refusal) {
	if c.text("channel") == "" || c.text("timestamp") == "" {
		return nil, nil, refuse("no_item_specified")
	}
	ch, refused := c.channelArg("channel")
	switch {
	case refused != nil:
		return nil, nil, refused
	case !timestamp.MatchString(c.text("timestamp")):
		return nil, nil, refuse("bad_timestamp")
	}
	m := ch.byTS[c.text("timestamp")]
	if m == nil {
		return nil, nil, refuse("message_not_found")
	}
	return ch, m, nil
}

func reactionsAdd(c *call) (object, *refusal) {
	ch, m, refused := c.item()
	switch {
	case refused != nil:
		return nil, refused
	case !emojiName.MatchString(c.text("name")):
		return nil, refuse("invalid_name")
	case ch.archived:
		return nil, refuse("is_archived")
	}
	if !ch.has(c.team) && ch.kind != public {
		return nil, refuse("channel_not_found")
	}
	if !m.react(c.text("name"), c.team.bot.ID) {
		return nil, refuse("already_reacted")
	}
	c.s.reacted(ch, m, c.team.bot, c.text("name"), "reaction_added")
	return object{}, nil
}

func reactionsRemove(c *call) (object, *refusal) {
	ch, m, refused := c.item()
	switch {
	case refused != nil:
		return nil, refused
	case !emojiName.MatchString(c.text("name")):
		return nil, refuse("invalid_name")
	}
	if !m.unreact(c.text("name"), c.team.bot.ID) {
		return nil, refuse("no_reaction")
	}
	c.s.reacted(ch, m, c.team.bot, c.text("name"), "reaction_removed")
	return object{}, nil
}

func reactionsGet(c *call) (object, *refusal) {
	ch, m, refused := c.item()
	if refused != nil {
		return nil, refused
	}
	return object{"type": "message", "channel": ch.ID, "message": c.s.wire(m, false)}, nil
}

func (m *Message) react(name, user string) bool {
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name })
	if i < 0 {
		m.Reactions = append(m.Reactions, Reaction{Name: name, Users: []string{user}})
		return true
	}
	if slices.Contains(m.Reactions[i].Users, user) {
		return false
	}
	m.Reactions[i].Users = append(m.Reactions[i].Users, user)
	return true
}

func (m *Message) unreact(name, user string) bool {
	for i := range m.Reactions {
		r := &m.Reactions[i]
		if r.Name != name || !slices.Contains(r.Users, user) {
			continue
		}
		r.Users = slices.DeleteFunc(slices.Clone(r.Users), func(u string) bool { return u == user })
		if len(r.Users) == 0 {
			m.Reactions = slices.Delete(slices.Clone(m.Reactions), i, i+1)
		}
		return true
	}
	return false
}
