// Package chat is the vocabulary of a conversation: who said what where, and
// what is said back. It knows no platform: adapters translate it.
package chat

import (
	"strings"
	"time"
)

// Address is a place where people talk. Two messages with the same Address
// belong to one conversation and are handled in order.
type Address struct {
	Platform  string `json:"platform"`            // console, slack, discord
	Workspace string `json:"workspace,omitempty"` // the platform's id of it; "" where there is one only
	Channel   string `json:"channel"`             // the platform's id
	Name      string `json:"name,omitempty"`      // the channel's name as people read it, without '#'
	Thread    string `json:"thread,omitempty"`    // the platform's id; "" is the channel itself
	Direct    bool   `json:"direct,omitempty"`    // a direct message with the bot
	Alone     bool   `json:"alone,omitempty"`     // nobody else can be called there, as in a terminal
}

// Key identifies the conversation: stable, and no part can forge another's.
func (a Address) Key() string {
	esc := func(part string) string { return strings.ReplaceAll(strings.ReplaceAll(part, "%", "%25"), "/", "%2F") }
	return esc(a.Platform) + "/" + esc(a.Workspace) + "/" + esc(a.Channel) + "/" + esc(a.Thread)
}

// Person is who speaks. ID is the canonical one: from people.file, or
// platform:workspace/id.
type Person struct {
	ID       string   `json:"id"`
	Name     string   `json:"name,omitempty"` // as shown
	Groups   []string `json:"groups"`         // null: not looked up; empty: in none
	Team     string   `json:"team,omitempty"`
	TimeZone string   `json:"time_zone,omitempty"`
	// Operator says that it is somebody at the bot's own command line. It is
	// never part of a message: nobody in a chat can claim it.
	Operator bool `json:"-"`
}

// MaxText is how much of a message is read, in code points: what Slack itself
// takes in one message.
const MaxText = 40000

// Message is one thing that somebody said or did. At most one of Press and
// Form is set; both leave Text empty.
type Message struct {
	ID        string            `json:"id"` // unique on the platform: the key of deduplication, and what every id of ours derives from
	At        Address           `json:"at"`
	From      Person            `json:"from"`
	Time      time.Time         `json:"time"` // when it was sent
	Text      string            `json:"text,omitempty"`
	Press     string            `json:"press,omitempty"` // id of the button
	Form      map[string]string `json:"form,omitempty"`  // values by field, as typed
	Submitted bool              `json:"submitted,omitempty"`
	Addressed bool              `json:"addressed"`         // it was said to the bot: mention, direct message, command, click
	Command   bool              `json:"command,omitempty"` // it came through the platform's command, such as /platform
	Clipped   bool              `json:"clipped,omitempty"` // Text or Form is only a part of what was sent: it was too long
}

// Reply is one thing to say, or to say in place of an earlier one.
type Reply struct {
	ID        string  `json:"id"` // derived from the message's or run's id: saying it twice says it once
	To        Address `json:"to"`
	Person    string  `json:"person,omitempty"`      // who is answered, by canonical id
	Private   bool    `json:"private,omitempty"`     // for Person's eyes only
	InReplyTo string  `json:"in_reply_to,omitempty"` // id of the message
	Updates   string  `json:"updates,omitempty"`     // id of the earlier reply that this one replaces, as live progress does
	Card      Card    `json:"card"`
}

// Card is what a reply shows. Text is Markdown and alone says everything:
// screen readers and plain terminals show only that.
type Card struct {
	Text      string     `json:"text"`
	Buttons   []Button   `json:"buttons,omitempty"`
	Form      *Form      `json:"form,omitempty"`
	Asks      bool       `json:"asks,omitempty"` // the text asks for a value: what is typed next is one
	Citations []Citation `json:"citations,omitempty"`
	Run       string     `json:"run,omitempty"`
	Request   string     `json:"request,omitempty"`
}

// Button says a specific verb; its ID comes back as Message.Press.
type Button struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Style string `json:"style,omitempty"` // "", primary or danger
}

// Form asks for several values at once. Submitting it sends a Message with Form.
type Form struct {
	ID     string      `json:"id"`
	Title  string      `json:"title"`
	Fields []FormField `json:"fields"`
}

// FormField is one question of a form. Type is an input type of the playbook
// format: string, text, integer, number, boolean, choice, date or person.
type FormField struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Label    string   `json:"label"`
	Help     string   `json:"help,omitempty"`
	Options  []string `json:"options"` // of a choice; null otherwise
	Value    string   `json:"value,omitempty"`
	Optional bool     `json:"optional,omitempty"`
	Error    string   `json:"error,omitempty"` // what was wrong with the value last time
}

// Link is a labelled address.
type Link struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// Citation is the span of the text that a page supports. Start and End count
// code points of Card.Text; Quote is a substring of the page's rendered text
// with white space collapsed.
type Citation struct {
	Page    string   `json:"page"`
	Heading []string `json:"heading"` // titles, outermost first
	Anchor  string   `json:"anchor"`
	URL     *string  `json:"url"` // nil where no address is configured
	Quote   string   `json:"quote"`
	Start   int      `json:"start"`
	End     int      `json:"end"`
}
