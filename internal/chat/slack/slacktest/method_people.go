package slacktest

import (
	"slices"
	"strings"
)

func apiTest(c *call) (object, *refusal) {
	if e := c.text("error"); e != "" {
		return nil, refuse(e)
	}
	return object{"args": object{}}, nil
}

func authTest(c *call) (object, *refusal) {
	if c.token.app {
		return object{"app_name": "frontdoor", "app_id": c.s.opts.AppID}, nil
	}
	t := c.team
	answer := object{
		"url": "https://" + t.domain + ".slack.com/", "team": t.Name, "user": t.bot.Name, "team_id": t.ID, "user_id": t.bot.ID,
		"bot_id": t.bot.bot, "is_enterprise_install": c.token.org != "",
	}
	if t.enterprise != "" {
		answer["enterprise_id"] = t.enterprise
	}
	if c.token.org != "" {
		answer["team_id"], answer["team"] = t.enterprise, strings.ToLower(t.enterprise)
	}
	return answer, nil
}

// appsConnectionsOpen gives a ticket. The name of the error when Socket Mode is
// off is ours.
func appsConnectionsOpen(c *call) (object, *refusal) {
	url := c.s.hub.ticket()
	if url == "" {
		return nil, refuse("link_disabled")
	}
	return object{"url": url}, nil
}

func teamInfo(c *call) (object, *refusal) {
	t := c.team
	if id := c.text("team"); id != "" {
		t = c.s.teams[id]
		if t == nil || t != c.team && (c.token.org == "" || t.enterprise != c.token.org) {
			return nil, refuse("team_not_found")
		}
	}
	info := object{"id": t.ID, "name": t.Name, "domain": t.domain, "url": "https://" + t.domain + ".slack.com/", "email_domain": "example.com", "icon": object{"image_default": true}}
	if t.enterprise != "" {
		info["enterprise_id"], info["enterprise_name"], info["enterprise_domain"] = t.enterprise, strings.ToLower(t.enterprise), strings.ToLower(t.enterprise)
	}
	return object{"team": info}, nil
}

func botsInfo(c *call) (object, *refusal) {
	id := c.text("bot")
	for _, u := range c.s.users {
		if u.bot == id && id != "" {
			return object{"bot": object{"id": u.bot, "deleted": u.deleted, "name": u.Name, "updated": 1600000000, "app_id": u.app, "user_id": u.ID, "icons": object{}}}, nil
		}
	}
	return nil, refuse("bot_not_found")
}

// visible tells whether the app in the workspace may know the person: a
// colleague, or somebody in a channel that both are in.
func (c *call) visible(u *User) bool {
	if u.team == c.team || c.team.enterprise != "" && u.team.enterprise == c.team.enterprise {
		return true
	}
	for _, ch := range c.s.channels {
		if ch.members[u.ID] && ch.has(c.team) {
			return true
		}
	}
	return false
}

func usersInfo(c *call) (object, *refusal) {
	u := c.s.users[c.text("user")]
	switch {
	case u == nil:
		return nil, refuse("user_not_found")
	case !c.visible(u):
		return nil, refuse("user_not_visible")
	}
	o := u.wire(c.team, granted(c.token.scopes, "users:read.email"))
	if c.flag("include_locale") {
		o["locale"] = "en-US"
	}
	return object{"user": o}, nil
}

func usersList(c *call) (object, *refusal) {
	t, refused := c.listTeam()
	if refused != nil {
		return nil, refused
	}
	var all []object
	for _, u := range t.users {
		all = append(all, u.wire(t, granted(c.token.scopes, "users:read.email")))
	}
	most := len(all) + 1
	cut, meta, refused := page(c, all, most, max(most, 1000))
	if refused != nil {
		return nil, refused
	}
	return object{"members": nonNil(cut), "cache_ts": 1600000000, "response_metadata": meta}, nil
}

func usersLookupByEmail(c *call) (object, *refusal) {
	for _, u := range c.s.users {
		if strings.EqualFold(u.email, c.text("email")) && !u.deleted && u.bot == "" && c.visible(u) && u.team == c.team {
			return object{"user": u.wire(c.team, true)}, nil
		}
	}
	return nil, refuse("users_not_found")
}

func (g *Group) wire(withUsers, withCount bool) object {
	o := object{
		"id": g.ID, "team_id": g.team.ID, "is_usergroup": true, "name": g.Handle, "handle": g.Handle, "description": "",
		"is_external": false, "date_create": 1446746793, "date_update": 1446746793, "date_delete": 0, "auto_type": nil,
		"created_by": "U000CREATOR", "updated_by": "U000CREATOR", "deleted_by": nil, "prefs": object{"channels": []string{}, "groups": []string{}},
	}
	if g.disabled {
		o["date_delete"] = 1446748865
	}
	if withUsers {
		o["users"] = slices.Clone(nonNil(g.users))
	}
	if withCount {
		o["user_count"] = len(g.users)
	}
	return o
}

func usergroupsList(c *call) (object, *refusal) {
	t, refused := c.listTeam()
	if refused != nil {
		return nil, refused
	}
	list := []object{}
	for _, g := range t.groups {
		if !g.disabled || c.flag("include_disabled") {
			list = append(list, g.wire(c.flag("include_users"), c.flag("include_count")))
		}
	}
	return object{"usergroups": list}, nil
}

func usergroupsUsersList(c *call) (object, *refusal) {
	t, refused := c.listTeam()
	if refused != nil {
		return nil, refused
	}
	g := c.s.groups[c.text("usergroup")]
	if g == nil || g.team != t || g.disabled && !c.flag("include_disabled") {
		return nil, refuse("no_such_subteam")
	}
	return object{"users": slices.Clone(nonNil(g.users))}, nil
}

// Disable switches a user group off.
func (g *Group) Disable() {
	g.team.s.mu.Lock()
	defer g.team.s.mu.Unlock()
	g.disabled = true
}
