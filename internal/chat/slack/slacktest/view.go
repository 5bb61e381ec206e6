package slacktest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// view is a modal or a Home tab that somebody sees.
type view struct {
	id       string
	hash     string
	user     *User
	given    map[string]any // as the bot sent it, with every block_id
	external string
	root     string
	previous string
	state    map[string]map[string]object // by block and action
	errors   map[string]string            // by block
}

// View is a copy of what a person sees of a view. Blocks must not be changed.
type View struct {
	ID              string
	Hash            string
	Type            string // modal or home
	Title           string
	Submit          string
	Close           string
	CallbackID      string
	ExternalID      string
	PrivateMetadata string
	Blocks          []any
	Errors          map[string]string // beside the inputs, by block_id
	User            string            // id of the person
}

const maxStack = 3

func (s *Server) newView(u *User, given map[string]any) *view {
	v := &view{id: s.newID("V"), user: u, root: ""}
	v.root = v.id
	v.set(s, given)
	s.views[v.id] = v
	return v
}

// set replaces what a view shows. What was typed into an input that is still
// there stays.
func (v *view) set(s *Server, given map[string]any) {
	v.given = given
	v.external, _ = given["external_id"].(string)
	v.hash = strconv.FormatInt(time.Now().Unix(), 10) + "." + strconv.FormatUint(s.next(), 36)
	v.errors = nil
	before := v.state
	v.state = map[string]map[string]object{}
	for _, block := range blocksOf(given) {
		id, _ := block["block_id"].(string)
		for _, e := range elementsOf(block) {
			action := actionID(e)
			value := initial(e)
			if old, ok := before[id][action]; ok && old["type"] == e["type"] {
				value = old
			}
			if value != nil {
				v.keep(id, action, value)
			}
		}
	}
	s.touchLocked()
}

func (v *view) keep(block, action string, value object) {
	state := maps.Clone(v.state[block])
	if state == nil {
		state = map[string]object{}
	}
	state[action] = value
	v.state[block] = state
}

// taken tells whether another view of the workspace has the external id.
func (c *call) taken(given map[string]any, but *view) bool {
	external, _ := given["external_id"].(string)
	if external == "" {
		return false
	}
	for _, v := range c.s.views {
		if v != but && v.external == external && v.user.team == c.team {
			return true
		}
	}
	return false
}

func (v *view) wire() object {
	text := func(name string) any { return v.given[name] }
	blocks, _ := v.given["blocks"].([]any)
	o := object{
		"id": v.id, "team_id": v.user.team.ID, "type": v.given["type"], "blocks": nonNil(blocks), "hash": v.hash,
		"callback_id": orEmpty(v.given["callback_id"]), "private_metadata": orEmpty(v.given["private_metadata"]), "external_id": v.external,
		"state": object{"values": maps.Clone(v.state)}, "title": text("title"), "submit": text("submit"), "close": text("close"),
		"clear_on_close": v.given["clear_on_close"] == true, "notify_on_close": v.given["notify_on_close"] == true,
		"root_view_id": v.root, "previous_view_id": nil, "app_id": v.user.s.opts.AppID, "bot_id": v.user.team.bot.bot,
		"app_installed_team_id": v.user.team.ID,
	}
	if v.previous != "" {
		o["previous_view_id"] = v.previous
	}
	return o
}

func orEmpty(value any) any {
	if value == nil {
		return ""
	}
	return value
}

func (v *view) snapshot() View {
	text := func(name string) string { s, _ := v.given[name].(string); return s }
	label := func(name string) string { return textOf(v.given[name]) }
	blocks, _ := v.given["blocks"].([]any)
	return View{
		ID: v.id, Hash: v.hash, Type: text("type"), Title: label("title"), Submit: label("submit"), Close: label("close"),
		CallbackID: text("callback_id"), ExternalID: v.external, PrivateMetadata: text("private_metadata"),
		Blocks: blocks, Errors: maps.Clone(v.errors), User: v.user.ID,
	}
}

// drop closes views that nobody sees any more.
func (s *Server) drop(views ...*view) {
	for _, v := range views {
		delete(s.views, v.id)
	}
	s.touchLocked()
}

func (c *call) wantType(kind string) *refusal {
	if c.viewGiven()["type"] != kind {
		return refuse("invalid_arguments").with(fmt.Sprintf("[ERROR] must be of the type %s [json-pointer:/view/type]", kind))
	}
	return nil
}

func viewsOpen(c *call) (object, *refusal) {
	if refused := c.wantType("modal"); refused != nil {
		return nil, refused
	}
	t, refused := c.exchange()
	if refused != nil {
		return nil, refused
	}
	if c.taken(c.viewGiven(), nil) {
		return nil, refuse("duplicate_external_id")
	}
	c.s.drop(t.user.stack...)
	v := c.s.newView(t.user, c.viewGiven())
	t.user.stack = []*view{v}
	return object{"view": v.wire()}, nil
}

func viewsPush(c *call) (object, *refusal) {
	if refused := c.wantType("modal"); refused != nil {
		return nil, refused
	}
	t, refused := c.exchange()
	switch {
	case refused != nil:
		return nil, refused
	case t.view == nil || !slices.Contains(t.user.stack, t.view):
		return nil, refuse("not_found")
	case len(t.user.stack) >= maxStack:
		return nil, refuse("push_limit_reached")
	case c.taken(c.viewGiven(), nil):
		return nil, refuse("duplicate_external_id")
	}
	return object{"view": c.s.push(t.user, c.viewGiven()).wire()}, nil
}

func (s *Server) push(u *User, given map[string]any) *view {
	v := s.newView(u, given)
	below := u.stack[len(u.stack)-1]
	v.root, v.previous = below.root, below.id
	u.stack = append(slices.Clone(u.stack), v)
	return v
}

func viewsUpdate(c *call) (object, *refusal) {
	var v *view
	switch id, external := c.text("view_id"), c.text("external_id"); {
	case id == "" && external == "":
		return nil, refuse("invalid_arguments").with("[ERROR] missing required field: view_id or external_id")
	case id != "":
		v = c.s.views[id]
	default:
		for _, other := range c.s.views {
			if other.external == external && other.user.team == c.team {
				v = other
			}
		}
	}
	switch {
	case v == nil || v.user.team != c.team && (c.token.org == "" || v.user.team.enterprise != c.token.org):
		return nil, refuse("not_found")
	case c.viewGiven()["type"] != v.given["type"]:
		return nil, refuse("invalid_arguments").with("[ERROR] the type of a view cannot change [json-pointer:/view/type]")
	case c.text("hash") != "" && c.text("hash") != v.hash:
		return nil, refuse("hash_conflict")
	case c.taken(c.viewGiven(), v):
		return nil, refuse("duplicate_external_id")
	}
	v.set(c.s, c.viewGiven())
	return object{"view": v.wire()}, nil
}

func viewsPublish(c *call) (object, *refusal) {
	if refused := c.wantType("home"); refused != nil {
		return nil, refused
	}
	u := c.s.users[c.text("user_id")]
	if u != nil && c.token.org != "" && u.team.enterprise == c.token.org {
		c.team = u.team
	}
	switch {
	case c.s.opts.NoHome:
		return nil, refuse("not_enabled")
	case u == nil || u.team != c.team:
		return nil, refuse("user_not_found")
	case c.text("hash") != "" && (u.home == nil || c.text("hash") != u.home.hash):
		return nil, refuse("hash_conflict")
	case c.taken(c.viewGiven(), u.home):
		return nil, refuse("duplicate_external_id")
	}
	if u.home == nil {
		u.home = c.s.newView(u, c.viewGiven())
	} else {
		u.home.set(c.s, c.viewGiven())
	}
	return object{"view": u.home.wire()}, nil
}
