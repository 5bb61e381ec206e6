package slacktest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Says posts what the person types in the channel and gives the message's ts.
// Mentions are written as Slack does, <@U…>; other angle brackets are text.
// Somebody who is no member joins silently.
func (u *User) Says(ch *Channel, text string) string { return u.says(ch, "", text, nil) }

// Mentions says something with a mention of the bot before it.
func (u *User) Mentions(ch *Channel, text string) string {
	return u.says(ch, "", ch.team.bot.Mention()+" "+text, nil)
}

// Replies says something in the thread of a message.
func (u *User) Replies(ch *Channel, thread, text string) string { return u.says(ch, thread, text, nil) }

// Broadcasts says something in a thread and to the channel too.
func (u *User) Broadcasts(ch *Channel, thread, text string) string {
	return u.says(ch, thread, text, func(m *Message) { m.Subtype = "thread_broadcast" })
}

// Tells says something to the bot in the direct conversation.
func (u *User) Tells(text string) string { return u.says(u.DM(), "", text, nil) }

// Uploads shares a file, with a word to it.
func (u *User) Uploads(ch *Channel, name, content, text string) string {
	return u.says(ch, "", text, func(m *Message) {
		m.Subtype = "file_share"
		m.Files = []File{{ID: u.s.newID("F"), Name: name, Title: name, Content: []byte(content), length: len(content)}}
	})
}

// SaysAs posts a message with a subtype, as integrations and clients do, such
// as me_message, channel_topic or bot_message. A bot_message has a name and no
// user, as classic integrations send it.
func (u *User) SaysAs(ch *Channel, subtype, text string) string {
	return u.says(ch, "", text, func(m *Message) {
		m.Subtype = subtype
		if subtype == "bot_message" {
			m.User, m.Name = "", u.Name
		}
	})
}

func (u *User) says(ch *Channel, thread, text string, also func(*Message)) string {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch.enter(u.ID)
	if root := ch.byTS[thread]; root != nil && root.Thread != "" {
		thread = root.Thread // of a reply the client takes the thread
	}
	m := &Message{User: u.ID, Team: u.team.ID, Text: typed(text), Thread: thread, Bot: u.bot, App: u.app}
	if u.bot == "" {
		id := random()
		m.clientID = id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
	}
	if also != nil {
		also(m)
	}
	ch.add(m)
	s.said(ch, m)
	return m.TS
}

// typedBlocks is the rich text that clients send beside the text.
func typedBlocks(text string) []any {
	var parts []any
	for text != "" {
		if text[0] == '<' {
			if end := strings.IndexByte(text, '>'); end > 0 {
				parts = append(parts, typedToken(text[1:end]))
				text = text[end+1:]
				continue
			}
		}
		end := strings.IndexByte(text[1:], '<') + 1
		if end == 0 {
			end = len(text)
		}
		parts = append(parts, object{"type": "text", "text": unescape(text[:end])})
		text = text[end:]
	}
	if parts == nil {
		return nil
	}
	return []any{object{"type": "rich_text", "block_id": "typed", "elements": []any{object{"type": "rich_text_section", "elements": parts}}}}
}

func typedToken(inside string) object {
	target, label, _ := strings.Cut(inside, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return object{"type": "user", "user_id": target[1:]}
	case strings.HasPrefix(target, "#"):
		return object{"type": "channel", "channel_id": target[1:]}
	case strings.HasPrefix(target, "!subteam^"):
		return object{"type": "usergroup", "usergroup_id": strings.TrimPrefix(target, "!subteam^")}
	case strings.HasPrefix(target, "!"):
		return object{"type": "broadcast", "range": target[1:]}
	case label != "":
		return object{"type": "link", "url": unescape(target), "text": label}
	default:
		return object{"type": "link", "url": unescape(target)}
	}
}

func unescape(text string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
}

// Edits changes a message of the person's own.
func (u *User) Edits(ch *Channel, ts, text string) error {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := ch.byTS[ts]
	if m == nil || m.User != u.ID {
		return fmt.Errorf("edit %s in %s: it is no message of %s", ts, ch, u)
	}
	before := *m
	m.Text = typed(text)
	m.Edited, m.editedAt = true, s.newTS()
	s.tell(Changed, m)
	s.changeEvent(ch, m, &before)
	return nil
}

// Deletes takes a message of the person's own away.
func (u *User) Deletes(ch *Channel, ts string) error {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := ch.byTS[ts]
	if m == nil || m.User != u.ID {
		return fmt.Errorf("delete %s in %s: it is no message of %s", ts, ch, u)
	}
	ch.remove(m)
	s.deleteEvent(ch, m)
	return nil
}

// Reacts puts an emoji under a message. The name has no colons.
func (u *User) Reacts(ch *Channel, ts, emoji string) error {
	return u.reacts(ch, ts, emoji, "reaction_added", (*Message).react)
}

// Unreacts takes the emoji away again.
func (u *User) Unreacts(ch *Channel, ts, emoji string) error {
	return u.reacts(ch, ts, emoji, "reaction_removed", (*Message).unreact)
}

func (u *User) reacts(ch *Channel, ts, emoji, kind string, do func(m *Message, name, user string) bool) error {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := ch.byTS[ts]
	if m == nil || !do(m, emoji, u.ID) {
		return fmt.Errorf("%s :%s: of %s at %s in %s: there is no such message, or it is so already", kind, emoji, u, ts, ch)
	}
	s.reacted(ch, m, u, emoji, kind)
	return nil
}

// Joins makes the person a member and says so.
func (u *User) Joins(ch *Channel) {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	if ch.enter(u.ID) {
		u.s.joined(ch, u)
	}
}

// Leaves ends the person's membership and says so. Of the bot it is what
// /remove does.
func (u *User) Leaves(ch *Channel) {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	if !ch.members[u.ID] {
		return
	}
	u.s.memberEvent("member_left_channel", ch, u)
	delete(ch.members, u.ID)
	ch.joined = slices.DeleteFunc(ch.joined, func(id string) bool { return id == u.ID })
}

// OpensHome opens the app's Home tab, or with "messages" its conversation.
func (u *User) OpensHome(tab string) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	fields := object{"user": u.ID, "channel": s.dm(u.team, u).ID, "tab": tab}
	if tab == "home" && u.home != nil {
		fields["view"] = u.home.wire()
	}
	s.emit(u.team, nil, event{kind: "app_home_opened", subscription: "app_home_opened", fields: fields})
}

// Stops ends a stream of the bot's with the stop button.
func (u *User) Stops(ch *Channel, ts string) error {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	m := ch.byTS[ts]
	if m == nil || !m.Streaming {
		return fmt.Errorf("stop %s in %s: it is no stream", ts, ch)
	}
	m.Streaming, m.Stopped = false, true
	s.emit(u.team, ch, event{kind: "agent_session_stopped", subscription: "agent_session_stopped", fields: object{
		"channel": ch.ID, "thread_ts": m.Thread, "user": u.ID, "streaming_message_ts": []string{ts},
	}})
	return nil
}

// Commands runs a slash command, such as "/platform help", in the channel,
// also one that the bot is not in. What the acknowledgement brings is shown.
func (u *User) Commands(ch *Channel, line string) (*Exchange, error) {
	command, text, _ := strings.Cut(line, " ")
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opts.Commands != nil && !slices.Contains(s.opts.Commands, command) || !strings.HasPrefix(command, "/") {
		return nil, fmt.Errorf("%s: %s is not a valid command", u, command)
	}
	name := map[channelKind]string{public: ch.Name, private: "privategroup", direct: "directmessage", several: ch.Name}[ch.kind]
	hookURL := s.newHook(u, ch, nil)
	fields := map[string]string{
		"token": "verification", "team_id": u.team.ID, "team_domain": u.team.domain, "channel_id": ch.ID, "channel_name": name,
		"user_id": u.ID, "user_name": u.Name, "command": command, "text": text, "api_app_id": s.opts.AppID,
		"is_enterprise_install": strconv.FormatBool(u.team.orgWide), "response_url": hookURL, "trigger_id": s.newTrigger(u, nil),
	}
	if u.team.enterprise != "" {
		fields["enterprise_id"], fields["enterprise_name"] = u.team.enterprise, strings.ToLower(u.team.enterprise)
	}
	form, asJSON := url.Values{}, object{}
	for name, value := range fields {
		form.Set(name, value)
		asJSON[name] = value
	}
	asJSON["is_enterprise_install"] = u.team.orgWide
	payload, _ := json.Marshal(asJSON)
	x := newExchange(u)
	s.send(&delivery{
		kind: kindCommand, name: command, team: u.team, payload: payload, form: form.Encode(), endpoint: commandsEndpoint, exchange: x,
		handle: func(body []byte) string { return s.commandAck(u, ch, body) },
	})
	return x, nil
}

// commandAck shows what the acknowledgement of a command brings: nothing, text
// or a message.
func (s *Server) commandAck(u *User, ch *Channel, body []byte) string {
	if isEmpty(body) {
		return ""
	}
	value, err := decode(body)
	var o map[string]any
	switch v := value.(type) {
	case map[string]any:
		o = v
	case string:
		o = object{"text": v}
	default:
		o = object{"text": string(body)}
	}
	if err != nil {
		o = object{"text": string(body)}
	}
	blocks, refused := s.payload(o)
	if refused != nil {
		return refused.code
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, code := s.answer(&hook{user: u, channel: ch}, o, blocks)
	return code
}

// Troubles are the errors that the person was shown, such as
// operation_timeout, the oldest first.
func (u *User) Troubles() []string {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	return slices.Clone(u.troubles)
}

// Uninstall takes the app out of the workspace: its token is revoked and
// app_uninstalled sent.
func (t *Team) Uninstall() {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.s.tokens[t.token].broken = "account_inactive"
	t.s.emit(t, nil, event{kind: "tokens_revoked", subscription: "tokens_revoked", fields: object{"tokens": object{"oauth": []string{}, "bot": []string{t.bot.ID}}}})
	t.s.emit(t, nil, event{kind: "app_uninstalled", subscription: "app_uninstalled", fields: object{}})
}

// Age is how long ago a ts was.
func Age(ts string) time.Duration { return time.Since(time.UnixMicro(micros(ts))) }
