package slacktest

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

type scheduled struct {
	channel *Channel
	id      string
}

// channelArg is the channel that an argument names, as far as the app can
// know it. The workspace of an org-wide token is the channel's.
func (c *call) channelArg(name string) (*Channel, *refusal) {
	id := c.text(name)
	ch := c.s.channels[id]
	if ch == nil {
		return nil, refuse("channel_not_found")
	}
	if c.token.org != "" && ch.team.enterprise == c.token.org {
		c.team = ch.team
	}
	if !ch.seenBy(c.team) {
		return nil, refuse("channel_not_found")
	}
	return ch, nil
}

// postTo is the channel in which something shall be posted: a person's id
// stands for the direct conversation with them.
func (c *call) postTo() (*Channel, *refusal) {
	if u := c.s.users[c.text("channel")]; u != nil {
		if c.token.org != "" && u.team.enterprise == c.token.org {
			c.team = u.team
		}
		if u.team != c.team || u.deleted {
			return nil, refuse("channel_not_found")
		}
		return c.s.dm(c.team, u), nil
	}
	ch, refused := c.channelArg("channel")
	if refused != nil {
		return nil, refused
	}
	switch {
	case ch.archived:
		return nil, refuse("is_archived")
	case !ch.has(c.team) && (ch.kind != public || !slices.Contains(c.token.scopes, "chat:write.public")):
		return nil, refuse("not_in_channel")
	}
	return ch, nil
}

// threadArg checks that the thread is one.
func (c *call) threadArg(ch *Channel) *refusal {
	ts := c.text("thread_ts")
	if ts == "" {
		return nil
	}
	root := ch.byTS[ts]
	switch {
	case root == nil:
		return refuse("thread_not_found")
	case root.Thread != "" && root.Thread != root.TS, root.Subtype == "channel_join":
		return refuse("cannot_reply_to_message")
	}
	return nil
}

// compose is the message that the arguments describe.
func (c *call) compose() *Message {
	m := &Message{
		User: c.team.bot.ID, Bot: c.team.bot.bot, App: c.team.bot.app, Team: c.team.ID, Name: c.text("username"),
		Text: c.text("text"), Markdown: c.text("markdown_text"), Thread: c.text("thread_ts"), attachments: c.list("attachments"),
	}
	if m.Markdown != "" {
		m.Text = m.Markdown
	}
	if c.checked != nil {
		m.setBlocks(c.checked.blocks)
	}
	if metadata := c.metadata(); len(metadata) > 0 {
		m.Metadata = metadata
	}
	return m
}

func (c *call) saysNothing() bool {
	return strings.TrimSpace(c.text("text")) == "" && len(c.list("blocks")) == 0 && len(c.list("attachments")) == 0 && c.text("markdown_text") == ""
}

func chatPostMessage(c *call) (object, *refusal) {
	ch, refused := c.postTo()
	if refused != nil {
		return nil, refused
	}
	if c.saysNothing() {
		return nil, refuse("no_text")
	}
	if refused := c.threadArg(ch); refused != nil {
		return nil, refused
	}
	if wait := c.s.rates.post(c.teamID(), ch.ID); wait > 0 {
		return nil, limited(wait)
	}
	if c.text("text") == "" && c.text("markdown_text") == "" {
		c.warn("missing_text_in_message")
	}
	m := c.compose()
	if m.Thread != "" && c.flag("reply_broadcast") {
		m.Subtype = "thread_broadcast"
	}
	ch.add(m)
	c.s.echo(ch, m)
	return object{"channel": ch.ID, "ts": m.TS, "message": c.s.wire(m, true)}, nil
}

func chatPostEphemeral(c *call) (object, *refusal) {
	ch, refused := c.postTo()
	if refused != nil {
		return nil, refused
	}
	if c.saysNothing() {
		return nil, refuse("no_text")
	}
	u := c.s.users[c.text("user")]
	if u == nil || !ch.members[u.ID] || u.deleted {
		return nil, refuse("user_not_in_channel")
	}
	if refused := c.threadArg(ch); refused != nil {
		return nil, refused
	}
	if c.text("text") == "" && c.text("markdown_text") == "" {
		c.warn("missing_text_in_message")
	}
	m := c.compose()
	c.s.whisper(u, ch, m)
	return object{"message_ts": m.TS}, nil
}

// whisper shows a message to one person only.
func (s *Server) whisper(u *User, ch *Channel, m *Message) {
	m.Channel, m.TS, m.Ephemeral = ch.ID, s.newTS(), u.ID
	m.Metadata = nil // Slack keeps none
	u.ephemerals = append(u.ephemerals, m)
	s.tell(Whispered, m)
}

// ownMessage is a message of the app's that the arguments name.
func (c *call) ownMessage(denied string) (*Channel, *Message, *refusal) {
	ch, refused := c.channelArg("channel")
	if refused != nil {
		return nil, nil, refused
	}
	m := ch.byTS[c.text("ts")]
	switch {
	case m == nil:
		return nil, nil, refuse("message_not_found")
	case m.App != c.s.opts.AppID:
		return nil, nil, refuse(denied)
	}
	return ch, m, nil
}

func chatUpdate(c *call) (object, *refusal) {
	ch, m, refused := c.ownMessage("cant_update_message")
	switch {
	case refused != nil:
		return nil, refused
	case ch.archived:
		return nil, refuse("is_inactive")
	case m.Streaming:
		return nil, refuse("streaming_state_conflict")
	case len([]rune(c.text("text"))) > maxUpdate:
		return nil, refuse("msg_too_long")
	case c.saysNothing():
		return nil, refuse("no_text")
	}
	before := *m
	switch {
	case c.checked != nil:
		m.setBlocks(c.checked.blocks)
		m.Text = c.text("text")
		if m.Text == "" {
			c.warn("missing_text_in_message")
		}
	case c.has("text") || c.has("markdown_text"):
		m.setBlocks(nil) // text without blocks removes them
		m.Text, m.Markdown = c.text("text"), c.text("markdown_text")
		if m.Markdown != "" {
			m.Text = m.Markdown
		}
		m.Edited, m.editedAt = true, c.s.newTS()
	}
	if c.has("attachments") {
		m.attachments = c.list("attachments")
	}
	if c.has("metadata") {
		m.Metadata = nil
		if metadata := c.metadata(); len(metadata) > 0 {
			m.Metadata = metadata
		}
	}
	c.s.echoChange(ch, m, &before)
	return object{"channel": ch.ID, "ts": m.TS, "text": m.Text, "message": c.s.wire(m, true)}, nil
}

func chatDelete(c *call) (object, *refusal) {
	ch, m, refused := c.ownMessage("cant_delete_message")
	if refused != nil {
		return nil, refused
	}
	ch.remove(m)
	c.s.echoDelete(ch, m)
	return object{"channel": ch.ID, "ts": m.TS}, nil
}

func chatGetPermalink(c *call) (object, *refusal) {
	ch, refused := c.channelArg("channel")
	if refused != nil {
		return nil, refused
	}
	m := ch.byTS[c.text("message_ts")]
	if m == nil {
		return nil, refuse("message_not_found")
	}
	link := "https://" + ch.team.domain + ".slack.com/archives/" + ch.ID + "/p" + strings.Replace(m.TS, ".", "", 1)
	if m.Thread != "" && m.Thread != m.TS {
		link += "?thread_ts=" + m.Thread + "&cid=" + ch.ID
	}
	return object{"channel": ch.ID, "permalink": link}, nil
}

func chatScheduleMessage(c *call) (object, *refusal) {
	ch, refused := c.postTo()
	if refused != nil {
		return nil, refused
	}
	if c.saysNothing() {
		return nil, refuse("no_text")
	}
	if refused := c.threadArg(ch); refused != nil {
		return nil, refused
	}
	wait := time.Until(time.Unix(int64(c.number("post_at")), 0))
	switch {
	case wait < 0:
		return nil, refuse("time_in_past")
	case wait > 120*24*time.Hour:
		return nil, refuse("time_too_far")
	}
	m, id, s := c.compose(), c.s.newID("Q"), c.s
	s.scheduled[id] = &scheduled{channel: ch, id: id}
	s.clock.after(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.scheduled[id] != nil {
			delete(s.scheduled, id)
			ch.add(m)
			s.echo(ch, m)
		}
	})
	return object{"channel": ch.ID, "scheduled_message_id": id, "post_at": strconv.Itoa(c.number("post_at")), "message": object{"text": m.Text, "type": "delayed_message"}}, nil
}

func chatDeleteScheduledMessage(c *call) (object, *refusal) {
	ch, refused := c.channelArg("channel")
	if refused != nil {
		return nil, refused
	}
	known := c.s.scheduled[c.text("scheduled_message_id")]
	if known == nil || known.channel != ch {
		return nil, refuse("invalid_scheduled_message_id")
	}
	delete(c.s.scheduled, known.id)
	return object{}, nil
}

func chatStartStream(c *call) (object, *refusal) {
	ch, refused := c.postTo()
	if refused != nil {
		return nil, refused
	}
	if refused := c.threadArg(ch); refused != nil {
		return nil, refused
	}
	if ch.kind != direct {
		switch u := c.s.users[c.text("recipient_user_id")]; {
		case c.text("recipient_user_id") == "":
			return nil, refuse("missing_recipient_user_id")
		case c.text("recipient_team_id") == "":
			return nil, refuse("missing_recipient_team_id")
		case u == nil:
			return nil, refuse("user_not_found")
		case c.s.teams[c.text("recipient_team_id")] != u.team:
			return nil, refuse("team_not_found")
		}
	}
	if wait := c.s.rates.post(c.teamID(), ch.ID); wait > 0 {
		return nil, limited(wait)
	}
	m := c.compose()
	m.Streaming = true
	m.stream(c)
	ch.add(m)
	c.s.echo(ch, m)
	return object{"channel": ch.ID, "ts": m.TS}, nil
}

// stream appends what a call brings to the stream's text. The text is built
// anew: what was given out stays as it was.
func (m *Message) stream(c *call) {
	for _, one := range c.list("chunks") {
		chunk, _ := one.(map[string]any)
		switch chunk["type"] {
		case "markdown_text":
			text, _ := chunk["text"].(string)
			m.Markdown += text
		case "task_update":
			card := maps.Clone(chunk)
			card["type"], card["task_id"] = "task_card", chunk["id"]
			delete(card, "id")
			same := func(b any) bool { o, _ := b.(map[string]any); return o["task_id"] == card["task_id"] }
			blocks := m.decoded()
			if i := slices.IndexFunc(blocks, same); i >= 0 {
				blocks[i] = card
			} else {
				blocks = append(blocks, card)
			}
			m.setBlocks(blocks)
		case "blocks":
			blocks, _ := chunk["blocks"].([]any)
			m.setBlocks(append(m.decoded(), blocks...))
		}
	}
	m.Text = m.Markdown
}

// streamArg is the stream that a call goes on with.
func (c *call) streamArg() (*Channel, *Message, *refusal) {
	ch, m, refused := c.ownMessage("message_not_owned_by_app")
	switch {
	case refused != nil:
		return nil, nil, refused
	case m.Stopped && c.name == "chat.appendStream":
		return nil, nil, refuse("stopped_by_user")
	case !m.Streaming:
		return nil, nil, refuse("message_not_in_streaming_state")
	case len([]rune(m.Markdown))+len([]rune(c.text("markdown_text"))) > maxMarkdown:
		return nil, nil, refuse("msg_too_long")
	}
	return ch, m, nil
}

func chatAppendStream(c *call) (object, *refusal) {
	ch, m, refused := c.streamArg()
	if refused != nil {
		return nil, refused
	}
	if c.text("markdown_text") == "" && len(c.list("chunks")) == 0 {
		return nil, refuse("no_text")
	}
	m.Markdown += c.text("markdown_text")
	m.stream(c)
	c.s.tell(Changed, m)
	return object{"channel": ch.ID, "ts": m.TS}, nil
}

func chatStopStream(c *call) (object, *refusal) {
	ch, m, refused := c.streamArg()
	if refused != nil {
		return nil, refused
	}
	before := *m
	m.Markdown += c.text("markdown_text")
	m.stream(c)
	if c.checked != nil {
		m.setBlocks(append(m.decoded(), c.checked.blocks...))
	}
	if metadata := c.metadata(); len(metadata) > 0 {
		m.Metadata = metadata
	}
	m.Streaming = false
	c.s.echoChange(ch, m, &before)
	return object{"channel": ch.ID, "ts": m.TS, "message": c.s.wire(m, true)}, nil
}
