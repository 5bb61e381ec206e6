package slacktest

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// A response_url may be used five times within thirty minutes.
const (
	hookUses = 5
	hookLife = 30 * time.Minute
	// A trigger opens one view within three seconds.
	triggerLife = 3 * time.Second
)

// hook is a response_url.
type hook struct {
	user    *User
	channel *Channel
	message *Message // the one with the button; nil of a command
	until   time.Duration
	uses    int
}

// trigger is a trigger_id.
type trigger struct {
	user  *User
	view  *view // the view that the click was in, nil elsewhere
	until time.Duration
	used  bool
}

func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// newHook is a response_url for the person there. The caller holds the lock.
func (s *Server) newHook(u *User, ch *Channel, m *Message) string {
	s.sweep()
	id := random()
	s.hooks[id] = &hook{user: u, channel: ch, message: m, until: s.clock.now() + hookLife, uses: hookUses}
	return s.URL() + "/hooks/" + id
}

// newTrigger is a trigger_id for the person. The caller holds the lock.
func (s *Server) newTrigger(u *User, v *view) string {
	id := strconv.FormatUint(s.next(), 10) + "." + strconv.FormatInt(time.Now().UnixMilli(), 10) + "." + random()
	s.triggers[id] = &trigger{user: u, view: v, until: s.clock.real() + triggerLife}
	return id
}

// sweep forgets, now and then, what has expired long ago: a load test makes
// very many. The caller holds the lock.
func (s *Server) sweep() {
	if s.next()%1024 != 0 {
		return
	}
	maps.DeleteFunc(s.hooks, func(_ string, h *hook) bool { return h.until < s.clock.now()-hookLife })
	maps.DeleteFunc(s.triggers, func(_ string, t *trigger) bool { return t.until < s.clock.real()-time.Minute })
}

// exchange uses a trigger up.
func (c *call) exchange() (*trigger, *refusal) {
	id := c.text("trigger_id")
	if id == "" {
		id = c.text("interactivity_pointer")
	}
	t := c.s.triggers[id]
	switch {
	case id == "":
		return nil, refuse("invalid_arguments").with("[ERROR] missing required field: trigger_id")
	case t == nil || t.user.team != c.team && (c.token.org == "" || t.user.team.enterprise != c.token.org):
		return nil, refuse("invalid_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	case t.until < c.s.clock.real():
		return nil, refuse("expired_trigger_id")
	}
	t.used = true
	return t, nil
}

func (s *Server) serveHook(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	entry := Call{Kind: KindHook, Method: "response_url"}
	fault := s.faults.take("response_url")
	if fault.instead() {
		entry.Error = "fault: " + string(fault.Kind)
		s.record.add(entry, began)
		fault.before(s.ctx, w, r)
		return
	}
	fault.before(s.ctx, w, r)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	status, code := http.StatusBadRequest, "invalid_payload"
	if err == nil && r.Method == http.MethodPost {
		value, err := decode(body)
		if o, ok := value.(map[string]any); err == nil && ok {
			entry.Args = o
			status, code = s.respond(r.PathValue("id"), o, &entry)
		}
	}
	entry.Status, entry.Error = status, code
	s.record.add(entry, began)
	s.touch()
	if !fault.after(w) {
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	if code == "" {
		_, _ = io.WriteString(w, `{"ok":true}`)
		return
	}
	_ = json.NewEncoder(w).Encode(object{"ok": false, "error": code})
}

// respond does what a payload to a response_url asks for.
func (s *Server) respond(id string, o map[string]any, entry *Call) (status int, code string) {
	s.mu.Lock()
	h := s.hooks[id]
	if h == nil {
		s.mu.Unlock()
		return http.StatusNotFound, "expired_url"
	}
	entry.Team = h.channel.team.ID
	switch {
	case h.until < s.clock.now():
		s.mu.Unlock()
		return http.StatusNotFound, "expired_url"
	case h.uses == 0:
		s.mu.Unlock()
		return http.StatusNotFound, "used_url"
	}
	h.uses--
	s.mu.Unlock()
	if wait := s.rates.hook(id); wait > 0 {
		return http.StatusTooManyRequests, "rate_limited"
	}
	blocks, refused := s.payload(o)
	if refused != nil {
		return http.StatusBadRequest, refused.code
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answer(h, o, blocks)
}

// payload checks a message that comes by a response_url or with an
// acknowledgement.
func (s *Server) payload(o map[string]any) ([]any, *refusal) {
	known := map[string]string{
		"text": "", "response_type": "", "thread_ts": "", "username": "", "icon_emoji": "", "icon_url": "", "parse": "", "type": "",
		"blocks": "blocks", "attachments": "attachments", "metadata": "metadata",
		"replace_original": "bool", "delete_original": "bool", "mrkdwn": "bool", "unfurl_links": "bool", "unfurl_media": "bool", "link_names": "bool",
	}
	for name, value := range o {
		kind, ok := known[name]
		if !ok {
			return nil, refuse("invalid_payload")
		}
		if _, refused := (argument{name: name, kind: kind}).read(value); refused != nil {
			return nil, refuse("invalid_payload")
		}
	}
	text, _ := o["text"].(string)
	blocks, _ := o["blocks"].([]any)
	attachments, _ := o["attachments"].([]any)
	switch kind := o["response_type"]; {
	case kind != nil && kind != "" && kind != "ephemeral" && kind != "in_channel":
		return nil, refuse("invalid_payload")
	case len([]rune(text)) > maxText:
		return nil, refuse("msg_too_long")
	case text == "" && len(blocks) == 0 && len(attachments) == 0 && o["delete_original"] != true:
		return nil, refuse("no_text")
	}
	if len(blocks) > 0 {
		if refused := s.inspectBlocks(blocks); refused != nil {
			return nil, refused
		}
	}
	return blocks, nil
}

// answer shows a checked payload: in place of the message that was clicked, to
// the person alone, or to the channel. The caller holds the lock.
func (s *Server) answer(h *hook, o map[string]any, blocks []any) (status int, code string) {
	text, _ := o["text"].(string)
	original := h.message
	if original != nil && original.Ephemeral == "" && h.channel.byTS[original.TS] != original {
		original = nil // deleted since
	}
	switch {
	case o["delete_original"] == true && original != nil:
		if original.Ephemeral != "" {
			h.user.forget(original)
		} else {
			h.channel.remove(original)
			s.echoDelete(h.channel, original)
		}
		return http.StatusOK, ""
	case o["replace_original"] == true && original != nil:
		before := *original
		original.Text = text
		original.setBlocks(blocks)
		if original.Ephemeral == "" {
			s.echoChange(h.channel, original, &before)
		} else {
			s.tell(Changed, original)
		}
		return http.StatusOK, ""
	case o["delete_original"] == true || o["replace_original"] == true && h.message != nil:
		return http.StatusNotFound, "message_not_found"
	}
	bot := h.user.team.bot
	m := &Message{User: bot.ID, Bot: bot.bot, App: bot.app, Team: h.user.team.ID, Text: text}
	m.Thread, _ = o["thread_ts"].(string)
	m.setBlocks(blocks)
	if o["response_type"] == "in_channel" {
		if h.channel.archived {
			return http.StatusForbidden, "is_archived"
		}
		if metadata, ok := o["metadata"].(map[string]any); ok && checkMetadata(metadata) == nil {
			m.Metadata = metadata
		}
		h.channel.add(m)
		s.echo(h.channel, m)
		return http.StatusOK, ""
	}
	s.whisper(h.user, h.channel, m)
	return http.StatusOK, ""
}

// forget takes an ephemeral message away.
func (u *User) forget(m *Message) {
	var kept []*Message
	for _, other := range u.ephemerals {
		if other != m {
			kept = append(kept, other)
		}
	}
	u.ephemerals = kept
	u.s.tell(Deleted, m)
}
