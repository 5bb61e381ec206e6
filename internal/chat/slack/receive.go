package slack

import (
	"context"
	"fmt"
	"strings"
	"time"

	"frontdoor/internal/chat"
)

// What is the kind of something that Slack sent.
type What string

// Of these, Said, Commanded, Pressed, Reacted and Submitted are messages and
// are accepted; Opening and Suggesting are answered while Slack holds the line,
// and so may Commanded, Pressed and Submitted be; the others are news; Ignored
// is dropped.
const (
	Ignored    What = "ignored"    // on purpose: Reason says why
	Said       What = "said"       // a message in a channel or to the bot
	Commanded  What = "commanded"  // the slash command
	Pressed    What = "pressed"    // a button of ours in a message or on the Home tab
	Reacted    What = "reacted"    // an emoji that means a word
	Opening    What = "opening"    // a click that asks for a form or a search: Trigger opens one view
	Submitted  What = "submitted"  // a form
	Suggesting What = "suggesting" // Query was typed into a menu
	Edited     What = "edited"     // a message was changed: Message is how it stands now
	Deleted    What = "deleted"    // a message was taken away: Message.ID names it
	Closed     What = "closed"     // a form was closed without sending it
	Home       What = "home"       // somebody looks at the Home tab
	Session    What = "session"    // somebody opened a conversation with the assistant
	Stopped    What = "stopped"    // somebody pressed the stop button of the assistant
	Changed    What = "changed"    // what may be cached of a person, group or channel is old: Subject is its id
	Revoked    What = "revoked"    // our token or installation is gone
	Limited    What = "limited"    // Slack leaves events out for a minute: there are too many
)

// Received is one thing that Slack sent, decoded.
type Received struct {
	What   What
	Type   string // Slack's name of it
	Reason string // why it is ignored

	Team, Enterprise string // ids as sent
	EventID          string // of an event
	Message          chat.Message
	User             string // Slack's id of who did it
	Subject          string // id of what it is about: a person, a group, a channel, the message that was pressed on or reacted to

	Trigger     string // opens one view within three seconds
	ResponseURL string // takes five messages within thirty minutes
	Label       string // of the pressed button
	Original    []byte // the message with the pressed button as JSON; nil where Slack left it out
	Ephemeral   bool   // that message is for one person only
	View        *View  // of Submitted, Suggesting, Closed, and of clicks in a view
	Action      string // action_id of the pressed or typed-in element
	Value       string // of it
	Query       string // what was typed so far
}

// Place is what is known of a channel.
type Place struct {
	Name     string // as people read it, without '#'
	External bool   // other organisations read it
}

// Options are what a Receiver hands things to. Accept is needed, the rest may
// be nil.
type Options struct {
	Config Config
	// Accept stores a message; only then is it acknowledged.
	Accept func(context.Context, chat.Message) (fresh bool, err error)
	// Wanted tells whether a message that nobody addressed to the bot is worth
	// storing: in most channels nothing is. nil wants all. The channel's name is
	// known by then; At.Thread is the message's own where it opens one.
	Wanted func(m chat.Message, reply bool) bool
	// Answer is asked what cannot wait, before anything is stored: whether a
	// form opens (Opening, Pressed, Commanded), which fields are wrong
	// (Submitted), what completes a word (Suggesting). It has a second.
	Answer func(context.Context, Received) (Answered, error)
	// Notice hears news. It must return at once.
	Notice func(context.Context, Received)
	// Place looks a channel up, from a cache.
	Place func(ctx context.Context, workspace, channel string) (Place, error)
	// Thread is the thread of the message that was reacted to.
	Thread func(ctx context.Context, workspace, channel, ts string) (string, error)
	// Name is what a person is called, "" where that isn't known.
	Name func(workspace, user string) string
	// Self is the bot's own user there, "" where that isn't known; without it, it
	// is the one that the delivery was authorized for.
	Self func(workspace string) string
	// Count counts what came, for metrics: a kind and, if it was not taken, why.
	Count func(what What, reason string)
	// Now is the clock; nil is this machine's.
	Now func() time.Time
}

// Answered is what was said at once to a click, a command or a form.
type Answered struct {
	Body []byte // the acknowledgement as JSON; nil is an empty one
	Done bool   // that was all: nothing is stored
}

// Receiver takes what Slack sends, whichever way. Its methods may be used by
// several goroutines.
type Receiver struct {
	o    Options
	seen *replays
}

// NewReceiver returns a Receiver.
func NewReceiver(o Options) *Receiver {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Receiver{o: o, seen: newReplays(maxReplays)}
}

func (r *Receiver) count(what What, reason string) {
	if r.o.Count != nil {
		r.o.Count(what, reason)
	}
}

// handle does with a decoded delivery what has to happen before it is
// acknowledged, and returns the body of the acknowledgement, nil for none. After
// an error it must not be acknowledged.
func (r *Receiver) handle(ctx context.Context, got Received) ([]byte, error) {
	switch got.What {
	case Ignored:
		r.count(Ignored, got.Reason)
		return nil, nil
	case Said, Reacted:
		return nil, r.accept(ctx, got)
	case Commanded, Pressed, Submitted, Opening, Suggesting:
		return r.answer(ctx, got)
	}
	r.count(got.What, "")
	if r.o.Notice != nil {
		r.o.Notice(ctx, got)
	}
	return nil, nil
}

func (r *Receiver) answer(ctx context.Context, got Received) ([]byte, error) {
	stored := got.What == Commanded || got.What == Pressed || got.What == Submitted
	if r.o.Answer != nil {
		answered, err := r.o.Answer(ctx, got)
		switch {
		case err != nil && (got.What == Submitted || !stored):
			r.count(got.What, "not answered")
			return nil, fmt.Errorf("answer %s: %w", got.Type, err)
		case err != nil:
			r.count(got.What, "no form") // the long way is open: it asks in the thread
		case answered.Done || !stored:
			r.count(got.What, "")
			return answered.Body, nil
		default:
			return answered.Body, r.accept(ctx, got)
		}
	} else if !stored {
		r.count(got.What, "nobody answers")
		return nil, nil
	}
	return nil, r.accept(ctx, got)
}

// accept completes the address and has the message stored.
func (r *Receiver) accept(ctx context.Context, got Received) error {
	m := got.Message
	if r.o.Place != nil && !m.At.Direct {
		// Without the name the channel's own rule is not found: better to let
		// Slack try again than to speak where nobody wanted it.
		place, err := r.o.Place(ctx, m.At.Workspace, m.At.Channel)
		if err != nil && m.At.Name == "" && !m.Addressed {
			r.count(got.What, "channel unknown")
			return fmt.Errorf("look up channel %s: %w", m.At.Channel, err)
		}
		if place.External && !r.o.Config.mayTalk(m.At.Channel) {
			r.count(Ignored, whyExternal)
			return nil
		}
		if place.Name != "" {
			m.At.Name = place.Name
		}
	}
	if got.What == Reacted && r.o.Thread != nil {
		thread, err := r.o.Thread(ctx, m.At.Workspace, m.At.Channel, got.Subject)
		if err != nil {
			r.count(got.What, "thread unknown")
			return fmt.Errorf("look up the thread of %s: %w", got.Subject, err)
		}
		if thread != "" {
			m.At.Thread = thread
		}
	}
	if r.o.Wanted != nil && !m.Addressed && !r.o.Wanted(m, m.At.Thread != got.Subject) {
		r.count(Ignored, "not wanted")
		return nil
	}
	fresh, err := r.o.Accept(ctx, m)
	switch {
	case err != nil:
		r.count(got.What, "not stored")
		return fmt.Errorf("store %s: %w", m.ID, err)
	case !fresh:
		r.count(got.What, "seen before")
	default:
		r.count(got.What, "")
	}
	return nil
}

// workspace is the id of an installation: T1, or E1/T1 where the app is
// installed for the whole organisation, whose token is not the team's own.
func workspace(enterprise, team string, orgWide bool) string {
	if orgWide && enterprise != "" {
		return enterprise + "/" + team
	}
	return team
}

// person is who a Slack user is to the rest of the bot, until people.file says
// otherwise.
func person(team, user, name string) chat.Person {
	return chat.Person{ID: Platform + ":" + team + "/" + user, Name: name}
}

// UserOf is the Slack user of a canonical id slack:T1/U1; "" of any other.
func UserOf(person string) (team, user string) {
	rest, ok := strings.CutPrefix(person, Platform+":")
	if !ok {
		return "", ""
	}
	team, user, _ = strings.Cut(rest, "/")
	return team, user
}

// clip cuts a text to what is read of a message.
func clip(text string) (string, bool) {
	if len(text) <= chat.MaxText {
		return text, false
	}
	if r := []rune(text); len(r) > chat.MaxText {
		return string(r[:chat.MaxText]), true
	}
	return text, false
}
