package slacktest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// page cuts a list by limit and cursor. most is the largest limit.
func page[T any](c *call, all []T, usual, most int) ([]T, object, *refusal) {
	limit := usual
	if c.has("limit") {
		limit = c.number("limit")
	}
	if limit < 1 || limit > most {
		return nil, nil, refuse("invalid_limit")
	}
	start := 0
	if cursor := c.text("cursor"); cursor != "" {
		raw, err := base64.StdEncoding.DecodeString(cursor)
		number, ours := strings.CutPrefix(string(raw), "from:")
		start, _ = strconv.Atoi(number)
		if err != nil || !ours || start < 0 || start > len(all) {
			return nil, nil, refuse("invalid_cursor")
		}
	}
	end := min(start+limit, len(all))
	next := ""
	if end < len(all) {
		next = base64.StdEncoding.EncodeToString([]byte("from:" + strconv.Itoa(end)))
	}
	return all[start:end], object{"next_cursor": next}, nil
}

// listTeam is the workspace that a list is of. With an org-wide token it has
// to be named.
func (c *call) listTeam() (*Team, *refusal) {
	if c.token.org == "" {
		return c.team, nil
	}
	id := c.text("team_id")
	if id == "" {
		return nil, refuse("missing_argument")
	}
	t := c.s.teams[id]
	if t == nil || t.enterprise != c.token.org {
		return nil, refuse("team_access_not_granted")
	}
	c.team = t
	return t, nil
}

func conversationsList(c *call) (object, *refusal) {
	return c.listChannels(func(*Channel) bool { return true })
}

func (c *call) listChannels(keep func(*Channel) bool) (object, *refusal) {
	t, refused := c.listTeam()
	if refused != nil {
		return nil, refused
	}
	names := map[string]channelKind{"public_channel": public, "private_channel": private, "im": direct, "mpim": several}
	types := strings.FieldsFunc(c.text("types"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(types) == 0 {
		types = []string{"public_channel"}
	}
	var kinds []channelKind
	for _, name := range types {
		kind, ok := names[name]
		if !ok {
			return nil, refuse("invalid_types")
		}
		kinds = append(kinds, kind)
	}
	var all []object
	for _, ch := range t.channels {
		if slices.Contains(kinds, ch.kind) && ch.seenBy(t) && (!ch.archived || !c.flag("exclude_archived")) && keep(ch) {
			all = append(all, ch.wire(t, true))
		}
	}
	cut, meta, refused := page(c, all, 100, 1000)
	if refused != nil {
		return nil, refused
	}
	return object{"channels": nonNil(cut), "response_metadata": meta}, nil
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func conversationsInfo(c *call) (object, *refusal) {
	ch, refused := c.channelArg("channel")
	if refused != nil {
		return nil, refused
	}
	return object{"channel": ch.wire(c.team, c.flag("include_num_members"))}, nil
}

func conversationsMembers(c *call) (object, *refusal) {
	ch, refused := c.channelArg("channel")
	if refused != nil {
		return nil, refused
	}
	cut, meta, refused := page(c, ch.joined, 100, 1000)
	if refused != nil {
		return nil, refused
	}
	return object{"members": slices.Clone(nonNil(cut)), "response_metadata": meta}, nil
}

func usersConversations(c *call) (object, *refusal) {
	user := c.text("user")
	if user == "" {
		user = c.team.bot.ID
	}
	if c.s.users[user] == nil {
		return nil, refuse("user_not_found")
	}
	return c.listChannels(func(ch *Channel) bool { return ch.members[user] })
}

func conversationsOpen(c *call) (object, *refusal) {
	if c.has("channel") {
		ch, refused := c.channelArg("channel")
		if refused != nil {
			return nil, refused
		}
		if ch.kind != direct && ch.kind != several {
			return nil, refuse("method_not_supported_for_channel_type")
		}
		return c.opened(ch, true), nil
	}
	people, refused := c.peopleArg()
	if refused != nil {
		return nil, refused
	}
	known := map[*Channel]bool{}
	for _, ch := range c.team.channels {
		known[ch] = true
	}
	ch := c.s.several(c.team, people, !c.flag("prevent_creation"))
	if ch == nil {
		return nil, refuse("channel_not_found")
	}
	return c.opened(ch, known[ch]), nil
}

func (c *call) opened(ch *Channel, known bool) object {
	answer := object{"channel": object{"id": ch.ID}}
	if c.flag("return_im") {
		answer["channel"] = ch.wire(c.team, false)
	}
	if known {
		answer["no_op"], answer["already_open"] = true, true
	}
	return answer
}

// peopleArg is with whom a conversation shall be opened.
func (c *call) peopleArg() ([]*User, *refusal) {
	ids := c.ids("users")
	switch {
	case len(ids) == 0:
		return nil, refuse("users_list_not_supplied")
	case len(ids) > 8:
		return nil, refuse("too_many_users")
	}
	needed := "im:write"
	if len(ids) > 1 {
		needed = "mpim:write"
	}
	if !granted(c.token.scopes, needed) {
		return nil, missingScope(needed, c.token)
	}
	var people []*User
	for _, id := range ids {
		u := c.s.users[id]
		if u != nil && c.token.org != "" && u.team.enterprise == c.token.org {
			c.team = u.team
		}
		switch {
		case u == nil:
			return nil, refuse("user_not_found")
		case u.deleted:
			return nil, refuse("user_disabled")
		case u.team != c.team && !c.meets(u):
			return nil, refuse("user_not_visible")
		case u.single && !c.meets(u):
			return nil, refuse("user_is_restricted")
		}
		people = append(people, u)
	}
	return people, nil
}

// meets tells whether the person is in a channel of the bot's.
func (c *call) meets(u *User) bool {
	return slices.ContainsFunc(c.team.channels, func(ch *Channel) bool {
		return ch.kind != direct && ch.members[u.ID] && ch.has(c.team)
	})
}

// several finds or opens the conversation of the bot with these people.
func (s *Server) several(t *Team, people []*User, create bool) *Channel {
	if len(people) == 1 && create {
		return s.dm(t, people[0])
	}
	for _, ch := range t.channels {
		if ch.kind != public && ch.kind != private && len(ch.joined) == len(people)+1 && !slices.ContainsFunc(people, func(u *User) bool { return !ch.members[u.ID] }) {
			return ch
		}
	}
	if !create {
		return nil
	}
	ch := s.addChannel(t, "mpdm", several)
	for _, u := range people {
		ch.enter(u.ID)
	}
	ch.enter(t.bot.ID)
	return ch
}

func conversationsJoin(c *call) (object, *refusal) {
	ch, refused := c.channelArg("channel")
	switch {
	case refused != nil:
		return nil, refused
	case ch.kind != public:
		return nil, refuse("method_not_supported_for_channel_type")
	case ch.archived:
		return nil, refuse("is_archived")
	}
	if !ch.enter(c.team.bot.ID) {
		c.warn("already_in_channel")
	} else {
		c.s.joined(ch, c.team.bot)
	}
	return object{"channel": ch.wire(c.team, true)}, nil
}

func conversationsHistory(c *call) (object, *refusal) {
	ch, refused := c.readable()
	if refused != nil {
		return nil, refused
	}
	var found []*Message
	for _, m := range slices.Backward(ch.log) { // the latest first
		if m.Thread == "" || m.Thread == m.TS || m.Subtype == "thread_broadcast" {
			found = append(found, m)
		}
	}
	return c.messages(found, 100, false)
}

func conversationsReplies(c *call) (object, *refusal) {
	ch, refused := c.readable()
	if refused != nil {
		return nil, refused
	}
	root := ch.byTS[c.text("ts")]
	if root != nil && root.Thread != "" && root.Thread != root.TS {
		root = ch.byTS[root.Thread] // of a reply its thread is given
	}
	if root == nil {
		return nil, refuse("thread_not_found")
	}
	return c.messages(append([]*Message{root}, ch.threads[root.TS]...), 1000, true)
}

func (c *call) readable() (*Channel, *refusal) {
	ch, refused := c.channelArg("channel")
	switch {
	case refused != nil:
		return nil, refused
	case !ch.has(c.team):
		return nil, refuse("not_in_channel")
	}
	for name, code := range map[string]string{"oldest": "invalid_ts_oldest", "latest": "invalid_ts_latest"} {
		if text := c.text(name); text != "" && text != "now" {
			if _, err := strconv.ParseFloat(text, 64); err != nil {
				return nil, refuse(code)
			}
		}
	}
	return ch, nil
}

// messages cuts what was found by time, limit and cursor.
func (c *call) messages(found []*Message, usual int, keepRoot bool) (object, *refusal) {
	oldest, latest := micros(c.text("oldest")), micros(c.text("latest"))
	if c.text("latest") == "" || c.text("latest") == "now" {
		latest = 1 << 62
	}
	var within []*Message
	for i, m := range found {
		ts := micros(m.TS)
		if keepRoot && i == 0 || ts > oldest && ts < latest || c.flag("inclusive") && (ts == oldest || ts == latest) {
			within = append(within, m)
		}
	}
	cut, meta, refused := page(c, within, usual, 1000)
	if refused != nil {
		return nil, refused
	}
	list := []object{}
	for _, m := range cut {
		list = append(list, c.s.wire(m, c.flag("include_all_metadata")))
	}
	answer := object{"messages": list, "has_more": meta["next_cursor"] != "", "pin_count": 0}
	if meta["next_cursor"] != "" {
		answer["response_metadata"] = meta
	}
	return answer, nil
}

func micros(ts string) int64 {
	seconds, rest, _ := strings.Cut(ts, ".")
	whole, _ := strconv.ParseInt(seconds, 10, 64)
	part, _ := strconv.ParseInt((rest + "000000")[:6], 10, 64)
	return whole*1_000_000 + part
}
