package slacktest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// event is an inner event of the Events API.
type event struct {
	kind         string // its type
	subscription string // the name that the app subscribes to
	ts           string // event_ts; "" is now
	fields       object
}

// emit sends an event to the app if it has subscribed to it. With a channel
// the bot has to be a member. The caller holds the lock.
func (s *Server) emit(t *Team, ch *Channel, e event) {
	s.touchLocked()
	if s.opts.Events != nil && !slices.Contains(s.opts.Events, e.subscription) {
		return
	}
	deliver, tell := s.rates.event(t.ID)
	if tell {
		payload, _ := json.Marshal(object{
			"token": "verification", "type": "app_rate_limited", "team_id": t.ID, "api_app_id": s.opts.AppID, "minute_rate_limited": time.Now().Unix() / 60 * 60,
		})
		s.send(&delivery{kind: kindEvent, name: "app_rate_limited", team: t, payload: payload, endpoint: eventsEndpoint})
	}
	if !deliver {
		return
	}
	if e.ts == "" {
		e.ts = s.newTS()
	}
	inner := e.fields
	inner["type"], inner["event_ts"] = e.kind, e.ts
	authorization := object{"enterprise_id": nil, "team_id": t.ID, "user_id": t.bot.ID, "is_bot": true, "is_enterprise_install": false}
	outer := object{
		"token": "verification", "team_id": t.ID, "context_team_id": t.ID, "context_enterprise_id": nil, "api_app_id": s.opts.AppID,
		"event": inner, "type": "event_callback", "event_id": s.newID("Ev"), "event_time": micros(e.ts) / 1_000_000,
		"authorizations": []object{authorization}, "is_ext_shared_channel": ch != nil && len(ch.shared) > 0,
		"event_context": "4-" + strconv.FormatUint(s.next(), 36),
	}
	if t.enterprise != "" {
		outer["enterprise_id"], outer["context_enterprise_id"], authorization["enterprise_id"] = t.enterprise, t.enterprise, t.enterprise
		if t.orgWide {
			authorization["is_enterprise_install"], authorization["team_id"] = true, nil
		}
	}
	payload, _ := json.Marshal(outer)
	d := &delivery{kind: kindEvent, name: e.kind, team: t, payload: payload, endpoint: eventsEndpoint}
	if ch != nil {
		d.channel = ch.ID
	}
	s.send(d)
}

// announce is emit for what is often done before the bot runs: nobody waits
// for its delivery then.
func (s *Server) announce(t *Team, ch *Channel, kind string, fields object) {
	if s.hub.open() || s.post.on() {
		s.emit(t, ch, event{kind: kind, subscription: kind, fields: fields})
	}
}

func eventsEndpoint(to Endpoints) string       { return to.Events }
func commandsEndpoint(to Endpoints) string     { return to.Commands }
func interactionsEndpoint(to Endpoints) string { return to.Interactions }

// SendEvent sends any inner event to the app in the workspace, also one that
// Slack does not know.
func (t *Team) SendEvent(inner map[string]any) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	kind, _ := inner["type"].(string)
	t.s.emit(t, nil, event{kind: kind, subscription: kind, fields: maps.Clone(inner)})
}

// SendPayload sends any JSON as an event delivery: an outer type that Slack
// does not know, a malformed one, the same event_id again.
func (t *Team) SendPayload(payload []byte) *Exchange {
	x := newExchange(nil)
	t.s.send(&delivery{kind: kindEvent, name: "payload", team: t, payload: payload, endpoint: eventsEndpoint, exchange: x})
	return x
}

func (ch *Channel) subscription() string {
	return map[channelKind]string{public: "message.channels", private: "message.groups", direct: "message.im", several: "message.mpim"}[ch.kind]
}

// messageEvent is the event of a new message, or of none when the bot is not
// in the channel.
func (s *Server) messageEvent(ch *Channel, m *Message) {
	if !ch.has(ch.team) {
		return
	}
	fields := s.wire(m, true)
	fields["channel"], fields["channel_type"] = ch.ID, string(ch.kind)
	if m.Subtype == "thread_broadcast" {
		if root := ch.byTS[m.Thread]; root != nil {
			fields["root"] = s.wire(root, false)
		}
	}
	if len(ch.shared) > 0 {
		fields["user_team"], fields["source_team"] = m.Team, m.Team
		if ch.has(ch.team) {
			fields["user_profile"] = object{"name": m.User}
		}
	}
	s.emit(ch.team, ch, event{kind: "message", subscription: ch.subscription(), ts: m.TS, fields: fields})
}

// mentionEvent is the app_mention beside the message.
func (s *Server) mentionEvent(ch *Channel, m *Message) {
	if ch.kind == direct || !ch.has(ch.team) {
		return
	}
	fields := s.wire(m, false)
	delete(fields, "subtype")
	fields["channel"] = ch.ID
	if len(ch.shared) > 0 {
		fields["user_team"], fields["source_team"] = m.Team, m.Team
	}
	s.emit(ch.team, ch, event{kind: "app_mention", subscription: "app_mention", ts: m.TS, fields: fields})
}

// said sends the events of a message by somebody: one, or two with different
// ids when the bot is mentioned, in either order.
func (s *Server) said(ch *Channel, m *Message) {
	mentioned := strings.Contains(m.Text, ch.team.bot.Mention()) || strings.Contains(m.Text, "<@"+ch.team.bot.ID+"|")
	first := s.next()%2 == 0
	if mentioned && first {
		s.mentionEvent(ch, m)
	}
	s.messageEvent(ch, m)
	if mentioned && !first {
		s.mentionEvent(ch, m)
	}
}

// echo is the event of the app's own message.
func (s *Server) echo(ch *Channel, m *Message) {
	if !s.opts.NoEcho {
		s.messageEvent(ch, m)
	}
}

func (s *Server) echoChange(ch *Channel, m, before *Message) {
	s.tell(Changed, m)
	if !s.opts.NoEcho {
		s.changeEvent(ch, m, before)
	}
}

func (s *Server) changeEvent(ch *Channel, m, before *Message) {
	if !ch.has(ch.team) {
		return
	}
	ts := s.newTS()
	s.emit(ch.team, ch, event{kind: "message", subscription: ch.subscription(), ts: ts, fields: object{
		"subtype": "message_changed", "hidden": true, "channel": ch.ID, "channel_type": string(ch.kind), "ts": ts,
		"message": s.wire(m, true), "previous_message": s.wire(before, true),
	}})
}

func (s *Server) echoDelete(ch *Channel, m *Message) {
	if !s.opts.NoEcho {
		s.deleteEvent(ch, m)
	}
}

func (s *Server) deleteEvent(ch *Channel, m *Message) {
	if !ch.has(ch.team) {
		return
	}
	ts := s.newTS()
	s.emit(ch.team, ch, event{kind: "message", subscription: ch.subscription(), ts: ts, fields: object{
		"subtype": "message_deleted", "hidden": true, "channel": ch.ID, "channel_type": string(ch.kind), "ts": ts,
		"deleted_ts": m.TS, "previous_message": s.wire(m, true),
	}})
}

// joined tells that somebody has become a member: as an event and as a
// message with a subtype.
func (s *Server) joined(ch *Channel, u *User) {
	m := &Message{Subtype: ch.string("join"), User: u.ID, Team: u.team.ID, Text: u.Mention() + " has joined the " + string(ch.kind)}
	ch.add(m)
	s.memberEvent("member_joined_channel", ch, u)
	s.messageEvent(ch, m)
}

func (ch *Channel) string(what string) string {
	if ch.kind == private {
		return "group_" + what
	}
	return "channel_" + what
}

func (s *Server) memberEvent(kind string, ch *Channel, u *User) {
	letter := "C"
	if ch.kind == private {
		letter = "G"
	}
	if ch.has(ch.team) || u == ch.team.bot {
		s.emit(ch.team, ch, event{kind: kind, subscription: kind, fields: object{"user": u.ID, "channel": ch.ID, "channel_type": letter, "team": u.team.ID}})
	}
}

func (s *Server) reacted(ch *Channel, m *Message, u *User, name, kind string) {
	s.touchLocked()
	if ch.has(ch.team) {
		s.emit(ch.team, ch, event{kind: kind, subscription: kind, fields: object{
			"user": u.ID, "reaction": name, "item_user": m.User, "item": object{"type": "message", "channel": ch.ID, "ts": m.TS},
		}})
	}
}

// interaction sends an interactive payload; over HTTP it is a form's field.
func (s *Server) interaction(t *Team, name string, payload object, x *Exchange, handle func([]byte) string) {
	payload["token"], payload["api_app_id"] = "verification", s.opts.AppID
	payload["team"] = object{"id": t.ID, "domain": t.domain}
	payload["enterprise"], payload["is_enterprise_install"] = nil, t.orgWide
	if t.enterprise != "" {
		payload["enterprise"] = object{"id": t.enterprise, "name": strings.ToLower(t.enterprise)}
		payload["team"] = object{"id": t.ID, "domain": t.domain, "enterprise_id": t.enterprise, "enterprise_name": strings.ToLower(t.enterprise)}
	}
	encoded, _ := json.Marshal(payload)
	s.send(&delivery{
		kind: kindInteractive, name: name, team: t, payload: encoded, form: url.Values{"payload": {string(encoded)}}.Encode(),
		endpoint: interactionsEndpoint, exchange: x, handle: handle,
	})
}

// isEmpty tells whether an acknowledgement brings nothing.
func isEmpty(body []byte) bool { return strings.TrimSpace(string(body)) == "" || string(body) == "{}" }

// actionAck checks the acknowledgement of a click: it says nothing.
func actionAck(body []byte) string {
	if isEmpty(body) || strings.EqualFold(http.StatusText(http.StatusOK), strings.TrimSpace(string(body))) {
		return ""
	}
	return "invalid_response"
}
