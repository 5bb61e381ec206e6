package slacktest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Team is a workspace in which the app is installed.
type Team struct {
	ID   string
	Name string

	s          *Server
	domain     string
	enterprise string // "" outside an Enterprise Grid
	orgWide    bool   // the app is installed for the whole organisation
	token      string
	bot        *User
	people     map[string]*User // by name
	users      []*User
	channels   []*Channel
	groups     []*Group
}

// User is a person or a bot. Its methods are what a person does.
type User struct {
	ID   string
	Name string

	team       *Team
	s          *Server
	realName   string
	email      string
	title      string
	zone       string
	bot        string // id of the bot, "" for people
	app        string // of a bot
	deleted    bool
	restricted bool
	single     bool // a guest of one channel
	admin      bool

	// What only this person sees.
	ephemerals []*Message
	stack      []*view // modals, the one in front last
	home       *view
	troubles   []string
}

// Channel is a place where people talk.
type Channel struct {
	ID   string
	Name string

	s        *Server
	team     *Team
	kind     channelKind
	archived bool
	shared   []*Team // other teams of an externally shared channel
	topic    string
	purpose  string
	members  map[string]bool
	joined   []string // in order
	log      []*Message
	byTS     map[string]*Message
	threads  map[string][]*Message
}

type channelKind string

const (
	public  channelKind = "channel"
	private channelKind = "group"
	direct  channelKind = "im"
	several channelKind = "mpim"
)

// Group is a user group.
type Group struct {
	ID     string
	Handle string

	team     *Team
	users    []string
	disabled bool
}

type token struct {
	value  string
	team   *Team  // nil of an app-level token
	org    string // enterprise of an org-wide token
	app    bool
	scopes []string
	broken string // the error that every call gets
}

// Team is the workspace with that id, such as T1. The first call founds it,
// with the app installed and a channel #general that the bot is not in.
func (s *Server) Team(id string) *Team {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.teams[id]; ok {
		return t
	}
	name := strings.ToLower(id)
	t := &Team{ID: id, Name: name, s: s, domain: name, token: botToken(id), people: map[string]*User{}}
	s.teams[id] = t
	s.order = append(s.order, t)
	s.tokens[t.token] = &token{value: t.token, team: t, scopes: slices.Clone(s.opts.Scopes)}
	t.bot = s.addUser(t, "frontdoor")
	t.bot.bot, t.bot.app = s.newID("B"), s.opts.AppID
	s.addChannel(t, "general", public)
	return t
}

// botToken is a token of the form that Slack's have, so that whatever looks for
// leaked ones finds it; the same for the same id.
func botToken(id string) string {
	sum := sha256.Sum256([]byte("bot token of " + id))
	return fmt.Sprintf("xoxb-%012d-%013d-%s", binary.BigEndian.Uint32(sum[:]), binary.BigEndian.Uint32(sum[4:]), hex.EncodeToString(sum[8:20]))
}

// appToken is likewise an app-level token.
func appToken(app string) string {
	sum := sha256.Sum256([]byte("app token of " + app))
	return fmt.Sprintf("xapp-1-%s-%013d-%s", app, binary.BigEndian.Uint32(sum[:]), hex.EncodeToString(sum[:]))
}

// Teams lists the workspaces in the order of their founding.
func (s *Server) Teams() []*Team {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.order)
}

// Token is the bot token of the app in this workspace.
func (t *Team) Token() string {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	return t.token
}

// Bot is the app's own user.
func (t *Team) Bot() *User { return t.bot }

// BotID is the id of the app's bot, as in the bot_id of its messages.
func (t *Team) BotID() string { return t.bot.bot }

// InEnterprise makes the workspace one of an Enterprise Grid. With orgWide
// the app is installed for the organisation: every workspace of it has the
// same token, events say is_enterprise_install, and lists need a team_id.
func (t *Team) InEnterprise(id string, orgWide bool) *Team {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.enterprise, t.orgWide = id, orgWide
	if orgWide {
		scopes := t.s.tokens[t.token].scopes
		delete(t.s.tokens, t.token)
		t.token = botToken(id)
		if t.s.tokens[t.token] == nil {
			t.s.tokens[t.token] = &token{value: t.token, team: t, org: id, scopes: scopes}
		}
	}
	t.s.touchLocked()
	return t
}

// Grant replaces the scopes of the workspace's bot token.
func (t *Team) Grant(scopes ...string) *Team {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.s.tokens[t.token].scopes = scopes
	return t
}

// Revoke breaks the workspace's bot token: every call gets that error, such as
// token_revoked, account_inactive or invalid_auth. "" mends it.
func (t *Team) Revoke(with string) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.s.tokens[t.token].broken = with
}

// RevokeApp breaks the app-level token likewise.
func (s *Server) RevokeApp(with string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[s.opts.AppToken].broken = with
}

// User is the person of that name. The first call lets them join the
// workspace, with an address at example.com and the time zone Europe/Berlin.
func (t *Team) User(name string) *User {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	if u, ok := t.people[name]; ok {
		return u
	}
	return t.s.addUser(t, name)
}

// OtherBot is the bot of another app.
func (t *Team) OtherBot(name string) *User {
	u := t.User(name)
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	if u.bot == "" {
		u.bot, u.app, u.email = t.s.newID("B"), t.s.newID("A"), ""
	}
	return u
}

func (s *Server) addUser(t *Team, name string) *User {
	full := name
	if name != "" {
		full = strings.ToUpper(name[:1]) + name[1:]
	}
	u := &User{ID: s.newID("U"), Name: name, team: t, s: s, realName: full, email: name + "@example.com", zone: "Europe/Berlin"}
	t.people[name] = u
	t.users = append(t.users, u)
	s.users[u.ID] = u
	s.touchLocked()
	return u
}

// Profile is what an administrator may set of a person; "" leaves a field.
type Profile struct {
	RealName, Email, TimeZone, Title string

	Admin bool
	// Guest is a guest of several channels, SingleChannel of one.
	Guest, SingleChannel bool
}

// Is sets the person's profile; user_change is sent to a bot that listens.
func (u *User) Is(p Profile) *User {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	for from, to := range map[string]*string{p.RealName: &u.realName, p.Email: &u.email, p.TimeZone: &u.zone, p.Title: &u.title} {
		if from != "" {
			*to = from
		}
	}
	u.admin = p.Admin
	u.restricted, u.single = p.Guest || p.SingleChannel, p.SingleChannel
	u.s.touchLocked()
	u.s.announce(u.team, nil, "user_change", object{"user": u.wire(u.team, true)})
	return u
}

// Deactivate ends the person's account: calls that name them say so, and
// user_change is sent to a bot that listens.
func (u *User) Deactivate() {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	u.deleted = true
	u.s.announce(u.team, nil, "user_change", object{"user": u.wire(u.team, true)})
}

// Team is the person's workspace.
func (u *User) Team() *Team { return u.team }

// Mention is the text that mentions the person.
func (u *User) Mention() string { return "<@" + u.ID + ">" }

// wire is the person as Slack describes them to the app in t.
func (u *User) wire(t *Team, withEmail bool) object {
	offset, label := 0, u.zone
	if zone, err := time.LoadLocation(u.zone); err == nil {
		label, offset = time.Now().In(zone).Zone()
	}
	profile := object{
		"real_name": u.realName, "real_name_normalized": u.realName, "display_name": u.Name, "display_name_normalized": u.Name,
		"title": u.title, "team": u.team.ID, "avatar_hash": "g0000000000", "status_text": "", "status_emoji": "",
	}
	o := object{
		"id": u.ID, "team_id": u.team.ID, "name": u.Name, "real_name": u.realName, "deleted": u.deleted, "profile": profile,
		"is_bot": u.bot != "", "is_app_user": false, "updated": 1600000000,
	}
	if !u.deleted {
		o["tz"], o["tz_label"], o["tz_offset"], o["color"] = u.zone, label, offset, "9f69e7"
		o["is_admin"], o["is_owner"], o["is_primary_owner"] = u.admin, false, false
		o["is_restricted"], o["is_ultra_restricted"], o["is_email_confirmed"] = u.restricted, u.single, true
	}
	if u.bot != "" {
		profile["bot_id"], profile["api_app_id"] = u.bot, u.app
	}
	if u.team != t && (t.enterprise == "" || u.team.enterprise != t.enterprise) {
		o["is_stranger"] = true
	} else if withEmail && u.email != "" {
		profile["email"] = u.email
	}
	if u.team.enterprise != "" {
		o["enterprise_user"] = object{
			"id": u.ID, "enterprise_id": u.team.enterprise, "enterprise_name": strings.ToLower(u.team.enterprise),
			"is_admin": u.admin, "is_owner": false, "is_primary_owner": false, "teams": []string{u.team.ID},
		}
	}
	return o
}

// String is the person as others read it.
func (u *User) String() string { return "@" + u.Name }

// Direct tells whether it is a conversation of one person with the bot.
func (c *Channel) Direct() bool { return c.kind == direct }

// Private tells whether only members see it.
func (c *Channel) Private() bool { return c.kind != public }

// IsBot tells whether it is no person.
func (u *User) IsBot() bool {
	u.s.mu.Lock()
	defer u.s.mu.Unlock()
	return u.bot != ""
}

// String is the channel as people read it.
func (c *Channel) String() string {
	if c.kind == direct {
		return fmt.Sprintf("DM %s", c.ID)
	}
	return "#" + c.Name
}
