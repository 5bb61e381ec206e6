package slacktest

import "slices"

// Channel is the public channel of that name, without the '#'. The first call
// creates it and lets the bot join; Remove takes it out again.
func (t *Team) Channel(name string) *Channel { return t.channel(name, public) }

// PrivateChannel is likewise a private one.
func (t *Team) PrivateChannel(name string) *Channel { return t.channel(name, private) }

func (t *Team) channel(name string, kind channelKind) *Channel {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	for _, c := range t.channels {
		if c.Name == name && (c.kind == public || c.kind == private) {
			return c
		}
	}
	c := t.s.addChannel(t, name, kind)
	c.enter(t.bot.ID)
	return c
}

func (s *Server) addChannel(t *Team, name string, kind channelKind) *Channel {
	prefix := map[channelKind]string{public: "C", private: "C", direct: "D", several: "G"}[kind]
	c := &Channel{
		ID: s.newID(prefix), Name: name, s: s, team: t, kind: kind,
		members: map[string]bool{}, byTS: map[string]*Message{}, threads: map[string][]*Message{},
	}
	t.channels = append(t.channels, c)
	s.channels[c.ID] = c
	s.touchLocked()
	return c
}

// enter makes somebody a member without an event. The caller holds the lock.
func (c *Channel) enter(user string) bool {
	if c.members[user] {
		return false
	}
	c.members[user] = true
	c.joined = append(c.joined, user)
	return true
}

// Add makes people members without an event, as before the story began.
func (c *Channel) Add(people ...*User) *Channel {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	for _, u := range people {
		c.enter(u.ID)
	}
	return c
}

// Remove ends somebody's membership without an event.
func (c *Channel) Remove(u *User) *Channel {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	delete(c.members, u.ID)
	c.joined = slices.DeleteFunc(c.joined, func(id string) bool { return id == u.ID })
	return c
}

// Archive archives the channel, or takes it out of the archive, and tells a bot
// that listens.
func (c *Channel) Archive(archived bool) *Channel {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.archived = archived
	kind := "channel_archive"
	if !archived {
		kind = "channel_unarchive"
	}
	c.s.announce(c.team, c, kind, object{"channel": c.ID, "user": c.team.bot.ID})
	return c
}

// ShareWith shares the channel with another organisation's workspace.
func (c *Channel) ShareWith(other *Team) *Channel {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.shared = append(c.shared, other)
	return c
}

// DM is the direct conversation of the person with the bot.
func (u *User) DM() *Channel {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	return u.s.dm(u.team, u)
}

// dm finds or opens the conversation. The caller holds the lock.
func (s *Server) dm(t *Team, u *User) *Channel {
	for _, c := range t.channels {
		if c.kind == direct && c.members[u.ID] {
			return c
		}
	}
	c := s.addChannel(t, "", direct)
	c.enter(u.ID)
	c.enter(t.bot.ID)
	return c
}

// Group is the user group of that handle with exactly these members. Of a
// change a bot that listens hears as subteam_members_changed.
func (t *Team) Group(handle string, members ...*User) *Group {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	var g *Group
	for _, known := range t.groups {
		if known.Handle == handle {
			g = known
		}
	}
	if g == nil {
		g = &Group{ID: t.s.newID("S"), Handle: handle, team: t}
		t.groups = append(t.groups, g)
		t.s.groups[g.ID] = g
	}
	before := g.users
	g.users = nil
	added := []string{}
	for _, u := range members {
		g.users = append(g.users, u.ID)
		if !slices.Contains(before, u.ID) {
			added = append(added, u.ID)
		}
	}
	removed := slices.DeleteFunc(slices.Clone(nonNil(before)), func(id string) bool { return slices.Contains(g.users, id) })
	t.s.touchLocked()
	if before != nil && len(added)+len(removed) > 0 {
		t.s.announce(t, nil, "subteam_members_changed", object{
			"subteam_id": g.ID, "team_id": t.ID, "added_users": added, "added_users_count": len(added), "removed_users": removed,
			"removed_users_count": len(removed), "date_update": 1446746800, "date_previous_update": 1446746793,
		})
	}
	return g
}

// seenBy tells whether the workspace's app can know the channel at all.
func (c *Channel) seenBy(t *Team) bool {
	if c.team != t && !slices.Contains(c.shared, t) && (t.enterprise == "" || c.team.enterprise != t.enterprise || !t.orgWide) {
		return false
	}
	return c.kind == public || c.members[t.bot.ID] || c.members[c.team.bot.ID] && c.team.enterprise != "" && c.team.orgWide
}

func (c *Channel) has(t *Team) bool { return c.members[t.bot.ID] || c.members[c.team.bot.ID] }

func (c *Channel) wire(t *Team, withMembers bool) object {
	var teams []string
	for _, other := range append([]*Team{c.team}, c.shared...) {
		teams = append(teams, other.ID)
	}
	o := object{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "created": 1421924831, "creator": "U000CREATOR",
		"is_channel": c.kind == public, "is_group": c.kind == private, "is_im": c.kind == direct, "is_mpim": c.kind == several,
		"is_private": c.kind != public, "is_archived": c.archived, "is_general": c.Name == "general",
		"is_member": c.has(t), "is_shared": len(c.shared) > 0, "is_ext_shared": len(c.shared) > 0, "is_org_shared": false,
		"is_pending_ext_shared": false, "context_team_id": t.ID, "shared_team_ids": teams,
		"topic":   object{"value": c.topic, "creator": "", "last_set": 0},
		"purpose": object{"value": c.purpose, "creator": "", "last_set": 0},
	}
	if c.kind == direct {
		delete(o, "name")
		delete(o, "name_normalized")
		for _, id := range c.joined {
			if u := c.s.users[id]; u != nil && u.bot == "" {
				o["user"], o["is_user_deleted"] = u.ID, u.deleted
			}
		}
	}
	if withMembers {
		o["num_members"] = len(c.joined)
	}
	return o
}
