package slack

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdoor/internal/chat"
)

// Why something is ignored. Each is a label of a metric, so none has an id in
// it.
const (
	whyMalformed  = "malformed"
	whyUnknown    = "unknown type"
	whyOwn        = "own message"
	whyBot        = "a bot"
	whySubtype    = "subtype"
	whyNobody     = "from nobody"
	whyEmpty      = "no words"
	whyExternal   = "shared with others"
	whyEmoji      = "emoji without a meaning"
	whyElsewhere  = "not on a message of ours"
	whyNotText    = "text is the same"
	whyMembership = "membership"
	whyLink       = "a link was opened"
	whyOtherApp   = "another app"
	whyLegacy     = "a feature that is not used"
)

// word is a string that forgives what is none: a field that Slack changes must
// not cost the message.
type word string

// UnmarshalJSON implements json.Unmarshaler.
func (w *word) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*w = word(s)
	}
	return nil
}

// flag is a bool that forgives likewise.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(data []byte) error {
	*f = string(data) == "true" || string(data) == `"true"`
	return nil
}

// outer is the envelope of the Events API.
type outer struct {
	Type           word            `json:"type"`
	Team           word            `json:"team_id"`
	Enterprise     word            `json:"enterprise_id"`
	Context        word            `json:"context_team_id"`
	App            word            `json:"api_app_id"`
	EventID        word            `json:"event_id"`
	Challenge      word            `json:"challenge"`
	External       flag            `json:"is_ext_shared_channel"`
	Event          json.RawMessage `json:"event"`
	Authorizations []authorization `json:"authorizations"`
}

type authorization struct {
	Enterprise word `json:"enterprise_id"`
	Team       word `json:"team_id"`
	User       word `json:"user_id"`
	Bot        flag `json:"is_bot"`
	OrgWide    flag `json:"is_enterprise_install"`
}

// said is a message as events carry it.
type said struct {
	Type    word            `json:"type"`
	Subtype word            `json:"subtype"`
	User    word            `json:"user"`
	Bot     word            `json:"bot_id"`
	App     word            `json:"app_id"`
	Profile json.RawMessage `json:"bot_profile"`
	Text    word            `json:"text"`
	TS      word            `json:"ts"`
	Thread  word            `json:"thread_ts"`
	Edited  json.RawMessage `json:"edited"`
}

// inner is an event; every type that is used has its fields here.
type inner struct {
	said
	Channel  json.RawMessage `json:"channel"`
	Kind     word            `json:"channel_type"`
	EventTS  word            `json:"event_ts"`
	Message  *said           `json:"message"`
	Previous *said           `json:"previous_message"`
	Deleted  word            `json:"deleted_ts"`
	Reaction word            `json:"reaction"`
	ItemUser word            `json:"item_user"`
	Item     struct {
		Type    word `json:"type"`
		Channel word `json:"channel"`
		TS      word `json:"ts"`
	} `json:"item"`
	Tab       word            `json:"tab"`
	Who       json.RawMessage `json:"user"`
	Subteam   json.RawMessage `json:"subteam"`
	Assistant struct {
		User    word `json:"user_id"`
		Channel word `json:"channel_id"`
		Thread  word `json:"thread_ts"`
	} `json:"assistant_thread"`
}

// id reads an id that is a string or an object with an id.
func id(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var o struct {
		ID word `json:"id"`
	}
	_ = json.Unmarshal(raw, &o)
	return string(o.ID)
}

func ignored(kind, why string) Received { return Received{What: Ignored, Type: kind, Reason: why} }

// event decodes a delivery of the Events API.
func (r *Receiver) event(raw []byte) Received {
	var o outer
	if json.Unmarshal(raw, &o) != nil {
		return ignored("", whyMalformed)
	}
	switch o.Type {
	case "event_callback":
	case "app_rate_limited":
		return Received{What: Limited, Type: string(o.Type), Team: string(o.Team)}
	default:
		return ignored(string(o.Type), whyUnknown)
	}
	var e inner
	if json.Unmarshal(o.Event, &e) != nil || e.Type == "" {
		return ignored("", whyMalformed)
	}
	e.User = word(id(e.Who))
	d := o.delivery(e, r.o.Name)
	if r.o.Self != nil {
		d.self = either(r.o.Self(d.workspace), d.self)
	}
	got := d.decode()
	got.Type, got.Team, got.Enterprise, got.EventID = string(e.Type), d.team, string(o.Enterprise), string(o.EventID)
	if got.What != Ignored && bool(o.External) && d.channel != "" && !r.o.Config.mayTalk(d.channel) {
		return ignored(got.Type, whyExternal)
	}
	return got
}

// delivery is an event with where it belongs.
type delivery struct {
	inner
	team      string // the workspace that the app is installed in
	workspace string // of addresses
	channel   string
	self      string // the bot's user, "" where the envelope doesn't say
	app       string
	name      func(workspace, user string) string
}

func (o outer) delivery(e inner, name func(string, string) string) delivery {
	d := delivery{inner: e, team: string(o.Team), channel: id(e.Channel), app: string(o.App), name: name}
	orgWide, enterprise := false, string(o.Enterprise)
	if len(o.Authorizations) > 0 {
		a := o.Authorizations[0]
		orgWide = bool(a.OrgWide)
		if a.Bot {
			d.self = string(a.User)
		}
		if a.Enterprise != "" {
			enterprise = string(a.Enterprise)
		}
		switch {
		case a.Team != "":
			d.team = string(a.Team)
		case o.Context != "":
			d.team = string(o.Context)
		}
	}
	d.workspace = workspace(enterprise, d.team, orgWide)
	return d
}

func (d delivery) decode() Received {
	switch d.Type {
	case "message":
		return d.message()
	case "app_mention":
		return d.spoken(d.said, true)
	case "reaction_added":
		return d.reaction()
	case "app_home_opened":
		got := d.news(Home)
		if d.Tab == "messages" {
			got.What = Session
		}
		return got
	case "assistant_thread_started", "assistant_thread_context_changed":
		d.User, d.channel, d.Thread = d.Assistant.User, string(d.Assistant.Channel), d.Assistant.Thread
		return d.news(Session)
	case "agent_session_stopped", "assistant_thread_stopped":
		if d.Assistant.Channel != "" {
			d.User, d.channel, d.Thread = d.Assistant.User, string(d.Assistant.Channel), d.Assistant.Thread
		}
		return d.news(Stopped)
	case "member_joined_channel", "member_left_channel":
		return ignored("", whyMembership)
	case "user_change", "team_join", "user_profile_changed":
		return d.changed(string(d.User))
	case "subteam_created", "subteam_updated", "subteam_members_changed":
		return d.changed(id(d.Subteam))
	case "channel_rename", "group_rename", "channel_archive", "channel_unarchive", "channel_shared", "channel_unshared", "channel_id_changed":
		return d.changed(d.channel)
	case "tokens_revoked", "app_uninstalled", "team_access_revoked":
		return Received{What: Revoked}
	case "reaction_removed", "app_home_closed", "team_access_granted":
		return ignored("", whyLegacy)
	case "function_executed", "workflow_step_execute":
		return ignored("", whyLegacy)
	}
	return ignored("", whyUnknown)
}

func (d delivery) changed(subject string) Received {
	got := d.news(Changed)
	got.Subject = subject
	return got
}

// news is something that is not stored.
func (d delivery) news(what What) Received {
	return Received{What: what, User: string(d.User), Message: chat.Message{
		At: d.at(string(d.Thread)), From: d.from(string(d.User)), Time: stamp(string(d.EventTS)),
	}}
}

func (d delivery) at(thread string) chat.Address {
	at := chat.Address{Platform: Platform, Workspace: d.workspace, Channel: d.channel, Thread: thread}
	at.Direct = d.Kind == "im" || d.Kind == "" && strings.HasPrefix(d.channel, "D")
	return at
}

func (d delivery) from(user string) chat.Person {
	name := ""
	if d.name != nil {
		name = d.name(d.workspace, user)
	}
	return person(d.team, user, name)
}

// message tells new messages from changes of old ones.
func (d delivery) message() Received {
	switch d.Subtype {
	case "", "file_share", "thread_broadcast":
		return d.spoken(d.said, false)
	case "message_changed":
		return d.edit()
	case "message_deleted":
		if d.Deleted == "" || d.channel == "" {
			return ignored("", whyMalformed)
		}
		if p := d.Previous; p != nil && d.botSaid(*p) != "" {
			return ignored("", d.botSaid(*p))
		}
		got := d.news(Deleted)
		got.Message.ID = d.messageID(string(d.Deleted))
		if p := d.Previous; p != nil {
			got.User, got.Message.From = string(p.User), d.from(string(p.User))
			got.Message.At = d.at(d.thread(*p))
		}
		return got
	case "bot_message":
		return ignored("", whyBot)
	}
	return ignored("", whySubtype)
}

func (d delivery) edit() Received {
	m := d.Message
	switch {
	case m == nil:
		return ignored("", whyMalformed)
	case d.botSaid(*m) != "":
		return ignored("", d.botSaid(*m))
	case m.Subtype == "tombstone" || d.Previous != nil && d.Previous.Text == m.Text:
		return ignored("", whyNotText) // a preview was added, a thread has grown
	}
	if m.TS == "" && d.Previous != nil {
		m.TS = d.Previous.TS
	}
	got := d.spoken(*m, false)
	if got.What == Said {
		got.What = Edited
	}
	return got
}

// botSaid is why a message counts as no person's, "" for a person's.
func (d delivery) botSaid(m said) string {
	switch {
	case d.self != "" && string(m.User) == d.self, d.app != "" && string(m.App) == d.app:
		return whyOwn
	case m.Bot != "" || len(m.Profile) > 0 && string(m.Profile) != "null" || m.Subtype == "bot_message" || m.User == "USLACKBOT":
		return whyBot
	}
	return ""
}

// thread is the thread that an answer to a message belongs in: in a channel
// every question opens one.
func (d delivery) thread(m said) string {
	if m.Thread == "" && !d.at("").Direct {
		return string(m.TS)
	}
	return string(m.Thread)
}

// messageID is the same for the two deliveries of one mention.
func (d delivery) messageID(ts string) string { return d.team + "/" + d.channel + "/" + ts }

// spoken is what a person has said.
func (d delivery) spoken(m said, mention bool) Received {
	if why := d.botSaid(m); why != "" {
		return ignored("", why)
	}
	switch {
	case m.TS == "" || d.channel == "" || d.team == "":
		return ignored("", whyMalformed)
	case m.User == "":
		return ignored("", whyNobody)
	}
	at := d.at(d.thread(m))
	text, mentioned := plain(string(m.Text), d.self, func(user string) string {
		if d.name == nil {
			return ""
		}
		return d.name(d.workspace, user)
	})
	addressed := mention || mentioned || at.Direct
	if text == "" && !addressed {
		return ignored("", whyEmpty)
	}
	text, clipped := clip(text)
	return Received{What: Said, User: string(m.User), Subject: string(m.TS), Message: chat.Message{
		ID: d.messageID(string(m.TS)), At: at, From: d.from(string(m.User)), Time: stamp(string(m.TS)),
		Text: text, Clipped: clipped, Addressed: addressed,
	}}
}

// meanings are the words that emoji stand for. Thumbs judge an answer, so they
// count under the bot's own messages only.
func meaning(emoji string) (says string, own bool) {
	emoji, _, _ = strings.Cut(emoji, "::") // without the skin tone
	switch {
	case slices.Contains([]string{"white_check_mark", "heavy_check_mark", "ballot_box_with_check"}, emoji):
		return "solved", false
	case emoji == "sos":
		return "human", false
	case emoji == "+1" || emoji == "thumbsup":
		return "helpful", true
	case emoji == "-1" || emoji == "thumbsdown":
		return "not helpful", true
	}
	return "", false
}

func (d delivery) reaction() Received {
	d.channel = string(d.Item.Channel)
	says, own := meaning(string(d.Reaction))
	switch {
	case d.self != "" && string(d.User) == d.self:
		return ignored("", whyOwn)
	case says == "":
		return ignored("", whyEmoji)
	case d.Item.Type != "message" || d.Item.TS == "" || d.channel == "" || d.User == "":
		return ignored("", whyElsewhere)
	case own && (d.self == "" || string(d.ItemUser) != d.self):
		return ignored("", whyElsewhere)
	case !own && string(d.ItemUser) != d.self && d.ItemUser != d.User:
		// Under somebody else's message a tick is their talk, not ours.
		return ignored("", whyElsewhere)
	}
	at := d.at(string(d.Item.TS))
	if at.Direct {
		at.Thread = ""
	}
	return Received{What: Reacted, User: string(d.User), Subject: string(d.Item.TS), Message: chat.Message{
		ID: d.messageID(string(d.Item.TS)) + "/" + string(d.Reaction) + "/" + string(d.User) + "/" + string(d.EventTS),
		At: at, From: d.from(string(d.User)), Time: stamp(string(d.EventTS)), Text: says, Addressed: true,
	}}
}

// stamp is the time of a ts such as 1595926230.009600; the zero time of
// anything else.
func stamp(ts string) time.Time {
	seconds, micros, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || s < 0 || s > 1<<40 {
		return time.Time{}
	}
	m, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || len(micros) != 6 || m < 0 {
		m = 0
	}
	return time.Unix(s, m*1000).UTC()
}
