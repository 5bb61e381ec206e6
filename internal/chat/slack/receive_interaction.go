package slack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"frontdoor/internal/chat"
)

// The action_ids of our elements. A number may follow: they are unique within
// a block.
const (
	actionPress  = "press"  // its value is the id of a chat.Button
	actionForm   = "form"   // its value is the id of a chat.Form
	actionSearch = "search" // the search box of the Home tab
	actionLink   = "link"   // opens an address: nothing to do for us
)

// ours is which of our elements an action_id names, "" for none.
func ours(actionID string) string {
	name, _, _ := strings.Cut(actionID, ":")
	switch name {
	case actionPress, actionForm, actionSearch, actionLink:
		return name
	}
	return ""
}

// named is something with an id.
type named struct {
	ID         word `json:"id"`
	Name       word `json:"name"`
	Username   word `json:"username"`
	Team       word `json:"team_id"`
	Enterprise word `json:"enterprise_id"`
}

// interaction is a payload of /slack/interactions.
type interaction struct {
	Type        word            `json:"type"`
	Team        *named          `json:"team"`
	Enterprise  *named          `json:"enterprise"`
	OrgWide     flag            `json:"is_enterprise_install"`
	User        named           `json:"user"`
	Channel     named           `json:"channel"`
	Container   container       `json:"container"`
	Message     json.RawMessage `json:"message"`
	MessageTS   word            `json:"message_ts"`
	Trigger     word            `json:"trigger_id"`
	ResponseURL word            `json:"response_url"`
	Actions     []action        `json:"actions"`
	View        *wireView       `json:"view"`
	Callback    word            `json:"callback_id"`
	ActionTS    word            `json:"action_ts"`
	ActionID    word            `json:"action_id"`
	BlockID     word            `json:"block_id"`
	Value       word            `json:"value"`
}

type container struct {
	Type      word `json:"type"`
	TS        word `json:"message_ts"`
	Channel   word `json:"channel_id"`
	Thread    word `json:"thread_ts"`
	Ephemeral flag `json:"is_ephemeral"`
}

type action struct {
	Type  word `json:"type"`
	ID    word `json:"action_id"`
	Block word `json:"block_id"`
	Value word `json:"value"`
	URL   word `json:"url"`
	TS    word `json:"action_ts"`
	Text  struct {
		Text word `json:"text"`
	} `json:"text"`
}

// interaction decodes a click, a form, a shortcut or a question for options.
func (r *Receiver) interaction(raw []byte) Received {
	var p interaction
	if json.Unmarshal(raw, &p) != nil || p.Type == "" {
		return ignored("", whyMalformed)
	}
	got := p.decode(r.o.Name, r.o.Now().UTC())
	got.Type, got.User, got.Trigger, got.ResponseURL = string(p.Type), string(p.User.ID), string(p.Trigger), string(p.ResponseURL)
	got.Team, got.Enterprise, _ = p.where()
	return got
}

// where is the installation that a payload comes from.
func (p interaction) where() (team, enterprise, space string) {
	if p.Team != nil {
		team, enterprise = string(p.Team.ID), string(p.Team.Enterprise)
	}
	if team == "" {
		team = string(p.User.Team) // views of an organisation belong to no team
	}
	if p.Enterprise != nil && p.Enterprise.ID != "" {
		enterprise = string(p.Enterprise.ID)
	}
	return team, enterprise, workspace(enterprise, team, bool(p.OrgWide))
}

func (p interaction) decode(name func(workspace, user string) string, now time.Time) Received {
	team, _, space := p.where()
	if team == "" || p.User.ID == "" {
		return ignored("", whyMalformed)
	}
	known := ""
	if name != nil {
		known = name(space, string(p.User.ID))
	}
	if known == "" {
		known = either(string(p.User.Username), string(p.User.Name))
	}
	from := person(team, string(p.User.ID), known)
	switch p.Type {
	case "block_actions":
		return p.click(space, from)
	case "view_submission", "view_closed":
		return p.form(space, from, now)
	case "block_suggestion":
		v := p.View.decode(space)
		return Received{What: Suggesting, View: v, Action: string(p.ActionID), Query: string(p.Value), Message: chat.Message{At: viewPlace(v, space, p), From: from}}
	case "message_action":
		return p.shortcut(space, from)
	case "shortcut":
		return Received{What: Opening, Action: string(p.Callback), Message: chat.Message{
			ID: team + "/shortcut/" + string(p.Trigger), At: home(space, string(p.User.ID)), From: from, Time: stamp(string(p.ActionTS)), Addressed: true,
		}}
	case "interactive_message", "dialog_submission", "dialog_cancellation", "dialog_suggestion", "workflow_step_edit":
		return ignored("", whyLegacy)
	}
	return ignored("", whyUnknown)
}

// home is the direct conversation with a person by the person's id: Slack takes
// it for the channel.
func home(space, user string) chat.Address {
	return chat.Address{Platform: Platform, Workspace: space, Channel: user, Direct: true}
}

func viewPlace(v *View, space string, p interaction) chat.Address {
	if v != nil && v.At.Channel != "" {
		return v.At
	}
	return home(space, string(p.User.ID))
}

// place is the conversation of the message that was clicked.
func (p interaction) place(space string) chat.Address {
	at := p.around(space)
	if len(p.Actions) > 0 {
		if thread, ok := threadOf(string(p.Actions[0].Block)); ok {
			at.Thread = thread
		}
	}
	return at
}

// threadBlock is the block_id of the buttons of a card that was said in a
// thread: a conversation may go on in the channel itself, where a click would
// otherwise seem to open a thread.
func threadBlock(n int, thread string) string { return "at:" + strconv.Itoa(n) + ":" + thread }

func threadOf(block string) (string, bool) {
	rest, ok := strings.CutPrefix(block, "at:")
	if !ok {
		return "", false
	}
	_, thread, ok := strings.Cut(rest, ":")
	return thread, ok
}

// around is the place of a click by the message that it was in.
func (p interaction) around(space string) chat.Address {
	channel := either(string(p.Channel.ID), string(p.Container.Channel))
	at := chat.Address{Platform: Platform, Workspace: space, Channel: channel, Name: channelName(string(p.Channel.Name)), Direct: strings.HasPrefix(channel, "D")}
	var m said
	_ = json.Unmarshal(p.Message, &m)
	at.Thread = either(string(m.Thread), string(p.Container.Thread))
	if at.Thread == "" && !at.Direct && !bool(p.Container.Ephemeral) {
		at.Thread = either(string(m.TS), string(p.Container.TS), string(p.MessageTS))
	}
	return at
}

// channelName leaves out what Slack writes where a channel has no name.
func channelName(name string) string {
	if name == "directmessage" || name == "privategroup" || strings.HasPrefix(name, "mpdm-") {
		return ""
	}
	return name
}

func (p interaction) click(space string, from chat.Person) Received {
	if len(p.Actions) == 0 {
		return ignored("", whyMalformed)
	}
	a := p.Actions[0]
	kind := ours(string(a.ID))
	switch {
	case a.URL != "" || kind == actionLink:
		return ignored("", whyLink)
	case kind == "":
		return ignored("", whyOtherApp)
	}
	got := Received{What: Pressed, Action: string(a.ID), Value: string(a.Value), Label: string(a.Text.Text), View: p.View.decode(space)}
	if got.View != nil {
		got.Message.At = viewPlace(got.View, space, p)
	} else {
		got.Message.At = p.place(space)
		got.Subject = either(string(p.Container.TS), string(p.MessageTS))
		got.Ephemeral = bool(p.Container.Ephemeral)
		if len(p.Message) > 0 && string(p.Message) != "null" {
			got.Original = p.Message
		}
	}
	if got.Message.At.Channel == "" || kind != actionSearch && a.Value == "" {
		return ignored("", whyMalformed)
	}
	team, _, _ := p.where()
	got.Message.ID = strings.Join([]string{team, got.Message.At.Channel, "press", got.Subject, string(a.TS), string(p.User.ID), digest(string(a.Value))}, "/")
	got.Message.From, got.Message.Time, got.Message.Addressed = from, stamp(string(a.TS)), true
	if kind != actionPress {
		got.What = Opening
		return got
	}
	got.Message.Press = string(a.Value)
	return got
}

func (p interaction) form(space string, from chat.Person, now time.Time) Received {
	v := p.View.decode(space)
	if v == nil || v.ID == "" {
		return ignored("", whyMalformed)
	}
	if v.Form == "" {
		return ignored("", whyOtherApp)
	}
	got := Received{What: Closed, View: v, Message: chat.Message{At: viewPlace(v, space, p), From: from, Time: now, Addressed: true}}
	if p.Type == "view_closed" {
		return got
	}
	team, _, _ := p.where()
	got.What = Submitted
	got.Message.Form, got.Message.Submitted = v.Values, true
	// The trigger is new with every try: what was refused may be sent again.
	got.Message.ID = team + "/form/" + v.ID + "/" + either(string(p.Trigger), v.Hash)
	return got
}

// shortcut asks the bot what a message of somebody asks.
func (p interaction) shortcut(space string, from chat.Person) Received {
	var m said
	if json.Unmarshal(p.Message, &m) != nil || p.Channel.ID == "" || m.TS == "" {
		return ignored("", whyMalformed)
	}
	text, _ := plain(string(m.Text), "", nil)
	if text == "" {
		return ignored("", whyEmpty)
	}
	text, clipped := clip(text)
	team, _, _ := p.where()
	return Received{What: Said, Subject: string(m.TS), Action: string(p.Callback), Message: chat.Message{
		ID: team + "/" + string(p.Channel.ID) + "/ask/" + string(m.TS) + "/" + string(p.ActionTS) + "/" + string(p.User.ID),
		At: p.place(space), From: from, Time: stamp(string(p.ActionTS)), Text: text, Clipped: clipped, Addressed: true,
	}}
}

// command decodes the form of a slash command.
func (r *Receiver) command(form url.Values) Received {
	team, user, channel := form.Get("team_id"), form.Get("user_id"), form.Get("channel_id")
	if team == "" || user == "" || channel == "" || form.Get("command") == "" {
		return ignored("command", whyMalformed)
	}
	space := workspace(form.Get("enterprise_id"), team, form.Get("is_enterprise_install") == "true")
	known := ""
	if r.o.Name != nil {
		known = r.o.Name(space, user)
	}
	name := form.Get("channel_name")
	text, _ := plain(form.Get("text"), "", nil)
	text, clipped := clip(text)
	return Received{
		What: Commanded, Type: form.Get("command"), Team: team, Enterprise: form.Get("enterprise_id"), User: user,
		Trigger: form.Get("trigger_id"), ResponseURL: form.Get("response_url"),
		Message: chat.Message{
			ID: team + "/" + channel + "/command/" + either(form.Get("trigger_id"), digest(form.Encode())),
			At: chat.Address{
				Platform: Platform, Workspace: space, Channel: channel, Name: channelName(name),
				Direct: name == "directmessage" || strings.HasPrefix(channel, "D"),
			},
			From: person(team, user, either(known, form.Get("user_name"))), Time: r.o.Now().UTC(),
			Text: text, Clipped: clipped, Addressed: true, Command: true,
		},
	}
}

// digest makes a short, stable part of an id of anything.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}

func either(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
