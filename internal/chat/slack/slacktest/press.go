package slacktest

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// found is an element in the blocks of a message or view.
type found struct {
	block   string
	element map[string]any
}

// find looks an element up by its action_id, block_id/action_id or label.
func find(blocks []map[string]any, name string) (found, bool) {
	same := []func(block string, e map[string]any) bool{
		func(_ string, e map[string]any) bool { return actionID(e) == name },
		func(block string, e map[string]any) bool { return block+"/"+actionID(e) == name },
		func(_ string, e map[string]any) bool { return textOf(e["text"]) == name },
	}
	for _, is := range same {
		for _, block := range blocks {
			for _, e := range elementsOf(block) {
				if id := asText(block["block_id"]); is(id, e) {
					return found{id, e}, true
				}
			}
		}
	}
	return found{}, false
}

// live is the message as it stands now, if the person sees it.
func (u *User) live(m Message) (*Channel, *Message) {
	ch := u.s.channels[m.Channel]
	if ch == nil {
		return nil, nil
	}
	if m.Ephemeral != "" {
		for _, own := range u.ephemerals {
			if own.TS == m.TS {
				return ch, own
			}
		}
		return nil, nil
	}
	if ch.kind != public && !ch.members[u.ID] {
		return nil, nil
	}
	if now := ch.byTS[m.TS]; now != nil {
		return ch, now
	}
	return nil, nil
}

// Presses clicks an element of a message: by action_id, block_id/action_id or
// label. A menu takes the values, or texts, of what is chosen. A confirmation
// is confirmed. It is the element as it stands now: if it is gone, nothing can
// be clicked, and that is the error.
func (u *User) Presses(m Message, name string, values ...string) (*Exchange, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, now := u.live(m)
	if now == nil {
		return nil, fmt.Errorf("press %s: %s sees no such message", name, u)
	}
	f, ok := find(objects(now.decoded()), name)
	if !ok {
		return nil, fmt.Errorf("press %s: the message has no such element", name)
	}
	return s.press(u, f, values, ch, now)
}

// PressesAs clicks an element that a message once had, as a client that has
// not heard of its change does.
func (u *User) PressesAs(old Message, name string, values ...string) (*Exchange, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := find(objects(old.Blocks), name)
	if !ok {
		return nil, fmt.Errorf("press %s: the message had no such element", name)
	}
	return s.press(u, f, values, s.channels[old.Channel], &old)
}

func (s *Server) press(u *User, f found, values []string, ch *Channel, m *Message) (*Exchange, error) {
	action, err := s.action(f, values)
	if err != nil {
		return nil, err
	}
	var original *Message
	if _, now := u.live(*m); now != nil {
		original = now
	}
	state := map[string]map[string]object{}
	for _, block := range objects(m.decoded()) {
		for _, e := range elementsOf(block) {
			if value := initial(e); value != nil {
				id := asText(block["block_id"])
				if state[id] == nil {
					state[id] = map[string]object{}
				}
				state[id][actionID(e)] = value
			}
		}
	}
	if value, err := fill(f.element, values); err == nil && initial(f.element) != nil {
		state[f.block][actionID(f.element)] = value
	}
	container := object{"type": "message", "message_ts": m.TS, "channel_id": ch.ID, "is_ephemeral": m.Ephemeral != ""}
	if m.Thread != "" {
		container["thread_ts"] = m.Thread
	}
	payload := object{
		"type": "block_actions", "user": u.short(), "container": container, "channel": object{"id": ch.ID, "name": ch.Name},
		"trigger_id": s.newTrigger(u, nil), "response_url": s.newHook(u, ch, original), "actions": []object{action}, "state": object{"values": state},
	}
	if m.Ephemeral == "" {
		payload["message"] = s.wire(m, true)
	}
	x := newExchange(u)
	s.interaction(u.team, "block_actions", payload, x, actionAck)
	return x, nil
}

// action is the entry of a click in block_actions.
func (s *Server) action(f found, values []string) (object, error) {
	e := f.element
	action := object{"type": e["type"], "action_id": e["action_id"], "block_id": f.block, "action_ts": s.newTS()}
	switch kind := asText(e["type"]); kind {
	case "button", "icon_button":
		action["text"] = e["text"]
		for _, name := range []string{"value", "style", "url"} {
			if e[name] != nil {
				action[name] = e[name]
			}
		}
	case "feedback_buttons":
		for _, name := range []string{"positive_button", "negative_button"} {
			one := asObject(e[name])
			if len(values) == 1 && (one["value"] == values[0] || textOf(one["text"]) == values[0]) {
				action["value"], action["text"] = one["value"], one["text"]
			}
		}
		if action["value"] == nil {
			return nil, fmt.Errorf("press %v: feedback needs the value of one of its two buttons", e["action_id"])
		}
	default:
		state, err := fill(e, values)
		if err != nil {
			return nil, fmt.Errorf("press %v: %w", e["action_id"], err)
		}
		maps.Copy(action, state)
	}
	return action, nil
}

func (u *User) short() object {
	return object{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.team.ID}
}

// shown is the view as it stands now, if it is the one that the person sees.
func (u *User) shown(v View) *view {
	now := u.s.views[v.ID]
	if now == nil || now != u.home && (len(u.stack) == 0 || u.stack[len(u.stack)-1] != now) {
		return nil
	}
	return now
}

// PressesIn clicks an element of a modal or of the Home tab, as Presses does.
func (u *User) PressesIn(v View, name string, values ...string) (*Exchange, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	now := u.shown(v)
	if now == nil {
		return nil, fmt.Errorf("press %s: %s does not see that view", name, u)
	}
	f, ok := find(blocksOf(now.given), name)
	if !ok {
		return nil, fmt.Errorf("press %s: the view has no such element", name)
	}
	action, err := s.action(f, values)
	if err != nil {
		return nil, err
	}
	if value, err := fill(f.element, values); err == nil && initial(f.element) != nil {
		now.keep(f.block, actionID(f.element), value)
	}
	x := newExchange(u)
	s.interaction(u.team, "block_actions", object{
		"type": "block_actions", "user": u.short(), "container": object{"type": "view", "view_id": now.id}, "view": now.wire(),
		"trigger_id": s.newTrigger(u, modal(now)), "actions": []object{action},
	}, x, actionAck)
	return x, nil
}

// modal is the view if something can be pushed onto it.
func modal(v *view) *view {
	if v.given["type"] == "modal" {
		return v
	}
	return nil
}

// Shortcut runs a global shortcut.
func (u *User) Shortcut(callbackID string) *Exchange {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	x := newExchange(u)
	s.interaction(u.team, "shortcut", object{
		"type": "shortcut", "user": u.short(), "callback_id": callbackID, "action_ts": s.newTS(), "trigger_id": s.newTrigger(u, nil),
	}, x, actionAck)
	return x
}

// MessageShortcut runs a shortcut on a message.
func (u *User) MessageShortcut(m Message, callbackID string) (*Exchange, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, now := u.live(m)
	if now == nil {
		return nil, fmt.Errorf("run %s: %s sees no such message", callbackID, u)
	}
	x := newExchange(u)
	s.interaction(u.team, "message_action", object{
		"type": "message_action", "user": u.short(), "callback_id": callbackID, "action_ts": s.newTS(), "trigger_id": s.newTrigger(u, nil),
		"channel": object{"id": ch.ID, "name": ch.Name}, "message_ts": now.TS, "message": s.wire(now, true), "response_url": s.newHook(u, ch, nil),
	}, x, actionAck)
	return x, nil
}

// Searches types into an external select of a view and gives the texts of the
// options that come.
func (u *User) Searches(ctx context.Context, v View, name, typed string) ([]string, error) {
	s := u.s
	s.mu.Lock()
	now := u.shown(v)
	if now == nil {
		s.mu.Unlock()
		return nil, fmt.Errorf("search %s: %s does not see that view", name, u)
	}
	f, ok := find(blocksOf(now.given), name)
	if !ok {
		s.mu.Unlock()
		return nil, fmt.Errorf("search %s: the view has no such element", name)
	}
	var texts []string
	x := newExchange(u)
	s.interaction(u.team, "block_suggestion", object{
		"type": "block_suggestion", "user": u.short(), "container": object{"type": "view", "view_id": now.id}, "view": now.wire(),
		"action_id": f.element["action_id"], "block_id": f.block, "value": typed,
	}, x, func(body []byte) string {
		var code string
		texts, code = suggested(body)
		return code
	})
	s.mu.Unlock()
	o, err := x.Wait(ctx)
	if err == nil && o.Error != "" {
		err = fmt.Errorf("search %s: %s", name, o.Error)
	}
	return texts, err
}

// suggested checks the answer to a block_suggestion.
func suggested(body []byte) ([]string, string) {
	value, err := decode(body)
	o := asObject(value)
	if err != nil || o == nil {
		return nil, "invalid_response"
	}
	check := &checker{}
	fields := map[string]field{"options": may(listOf(0, 100, menuOption)), "option_groups": may(listOf(0, 100, group))}
	check.match("", o, shape{fields: fields})
	if len(check.faults) > 0 || (o["options"] == nil) == (o["option_groups"] == nil) {
		return nil, "invalid_response"
	}
	var texts []string
	for _, one := range choices(o) {
		texts = append(texts, textOf(one["text"]))
	}
	return texts, ""
}

// Submits fills in the modal in front and submits it. Values are by action_id
// or block_id: a string, or several as []string; what is left out stays as it
// is. What the client does not let through, such as an empty input, is the
// error; what the bot says to it stands in View.Errors.
func (u *User) Submits(v View, values map[string]any) (*Exchange, error) {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	now := u.shown(v)
	if now == nil || now == u.home {
		return nil, fmt.Errorf("submit: %s does not see that modal", u)
	}
	if now.given["submit"] == nil {
		return nil, fmt.Errorf("submit: the modal has no such button")
	}
	if err := now.fillIn(values); err != nil {
		return nil, err
	}
	now.errors = nil
	s.touchLocked()
	x := newExchange(u)
	s.interaction(u.team, "view_submission", object{
		"type": "view_submission", "user": u.short(), "trigger_id": s.newTrigger(u, now), "view": now.wire(), "hash": now.hash, "response_urls": []any{},
	}, x, func(body []byte) string { return s.submissionAck(u, now, body) })
	return x, nil
}

func (v *view) fillIn(values map[string]any) error {
	left := maps.Clone(values)
	for _, block := range blocksOf(v.given) {
		id := asText(block["block_id"])
		for _, e := range elementsOf(block) {
			for _, name := range []string{actionID(e), id} {
				given, ok := left[name]
				if !ok || name == "" {
					continue
				}
				delete(left, name)
				state, err := fill(e, texts(given))
				if err != nil {
					return fmt.Errorf("fill in %s: %w", name, err)
				}
				v.keep(id, actionID(e), state)
				break
			}
			if block["type"] == "input" && block["optional"] != true && empty(v.state[id][actionID(e)]) {
				return fmt.Errorf("submit: %q is required", textOf(block["label"]))
			}
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("submit: the modal has no input %q", slices.Sorted(maps.Keys(left)))
	}
	return nil
}

func texts(given any) []string {
	switch v := given.(type) {
	case []string:
		return v
	case string:
		return []string{v}
	}
	return []string{fmt.Sprint(given)}
}

// submissionAck does what the acknowledgement of a submission asks for. What
// it gets wrong the person sees as trouble with the connection.
func (s *Server) submissionAck(u *User, v *view, body []byte) string {
	const trouble = "invalid_response"
	var o map[string]any
	if !isEmpty(body) {
		value, err := decode(body)
		if o = asObject(value); err != nil || o == nil {
			return trouble
		}
	}
	given := asObject(o["view"])
	action := o["response_action"]
	if action == "update" || action == "push" {
		if given == nil || given["type"] != "modal" || s.checkView(given, "/view") != nil {
			return trouble
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(u.stack, v)
	if at < 0 {
		return "" // closed meanwhile
	}
	defer s.touchLocked()
	switch action {
	case nil:
		if len(o) > 0 {
			return trouble
		}
		s.drop(u.stack[at:]...)
		u.stack = slices.Clone(u.stack[:at])
	case "clear":
		s.drop(u.stack...)
		u.stack = nil
	case "update":
		v.set(s, given)
	case "push":
		if len(u.stack) >= maxStack {
			return "push_limit_reached"
		}
		s.push(u, given)
	case "errors":
		return v.complain(asObject(o["errors"]))
	default:
		return trouble
	}
	return ""
}

// complain shows errors beside the inputs: each has to be of one.
func (v *view) complain(errors map[string]any) string {
	shown := map[string]string{}
	for id, text := range errors {
		known := slices.ContainsFunc(blocksOf(v.given), func(b map[string]any) bool { return b["block_id"] == id && b["type"] == "input" })
		if !known || asText(text) == "" {
			return "invalid_response"
		}
		shown[id] = asText(text)
	}
	if len(shown) == 0 {
		return "invalid_response"
	}
	v.errors = shown
	return ""
}

// Closes closes the modal in front, or with all the whole stack. The bot hears
// of it where the view asks for that.
func (u *User) Closes(v View, all bool) error {
	s := u.s
	s.mu.Lock()
	defer s.mu.Unlock()
	now := u.shown(v)
	if now == nil || now == u.home {
		return fmt.Errorf("close: %s does not see that modal", u)
	}
	closed := []*view{now}
	if all || now.given["clear_on_close"] == true {
		closed = u.stack
	}
	u.stack = slices.DeleteFunc(slices.Clone(u.stack), func(o *view) bool { return slices.Contains(closed, o) })
	for _, one := range slices.Backward(closed) {
		if one.given["notify_on_close"] == true {
			s.interaction(u.team, "view_closed", object{
				"type": "view_closed", "user": u.short(), "view": one.wire(), "is_cleared": all,
			}, newExchange(u), actionAck)
		}
	}
	s.drop(closed...)
	return nil
}
