// Package engine takes one message from start to end: load, route, act,
// commit, say. It knows no platform and stores nothing itself.
package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"frontdoor/internal/access"
	"frontdoor/internal/answers"
	"frontdoor/internal/chat"
	"frontdoor/internal/conversation"
	"frontdoor/internal/docs"
	"frontdoor/internal/intents"
	"frontdoor/internal/playbook"
	"frontdoor/internal/redact"
	"frontdoor/internal/workflow"
)

// Catalogue is one loaded set of playbooks with the matcher trained on it:
// they change together or not at all.
type Catalogue struct {
	Set     *playbook.Set
	Matcher *intents.Matcher
}

// Rooms are what the engine calls.
type Rooms struct {
	Conversations *conversation.Store
	Catalogue     func() Catalogue
	Corpus        *docs.Corpus
	Answerer      *answers.Answerer
	Runs          *workflow.Runner
	People        *access.Directory
	Policies      chat.Policies
	Redactor      *redact.Redactor
	Pseudonym     func(person string) string // the actor of demand records
	Now           func() time.Time
	ReadOnly      bool // runs are shown, never started or changed
	Log           *zap.Logger
}

// Engine handles messages. It holds nothing of its own between two of them.
type Engine struct {
	Rooms

	timing   *Timing
	starting starting
}

// New returns an engine on the given rooms.
func New(rooms Rooms) *Engine {
	return &Engine{Rooms: rooms, timing: newTiming()}
}

// Handle takes one accepted message the whole way. After an error nothing is
// committed and the message comes again.
func (e *Engine) Handle(ctx context.Context, claim conversation.Claim) error {
	watch := e.timing.start()
	turn, err := e.load(ctx, claim)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	watch.lap("load")
	way := e.route(turn)
	watch.lap("route")
	defer e.starting.release(turn)
	if err := e.act(ctx, turn, way); err != nil {
		return fmt.Errorf("act on %s: %w", way.kind, err)
	}
	watch.lap("act")
	// Saying is the outbox's work: what is committed is delivered by whoever
	// drains it, this process or another.
	if err := e.commit(ctx, turn); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	watch.lap("commit")
	return nil
}

// turn is one message on its way, with all that is known about it.
type turn struct {
	claim     conversation.Claim
	message   chat.Message
	person    chat.Person // resolved: groups and team are ours, not the platform's
	state     conversation.State
	talk      *conversation.Talk
	catalogue Catalogue
	policy    chat.Policy
	now       time.Time
	text      string // the message's text, white space trimmed and made valid UTF-8

	replies []chat.Reply
	events  []event
	held    []string              // ids of the runs whose reports wait for this message's commit
	expired *conversation.Pending // what had waited, and was too old by now
	before  *conversation.Talk    // what the talk goes back to after an aside
	dropped []conversation.Later  // what had waited for its turn, and did too long
	opened  bool                  // the request of what comes next is open already
	note    string                // what the next question says first
}

func (e *Engine) load(ctx context.Context, claim conversation.Claim) (*turn, error) {
	state, err := e.Conversations.Load(ctx, claim)
	if err != nil {
		return nil, err
	}
	t := &turn{
		claim:     claim,
		message:   claim.Message,
		person:    e.People.Resolve(claim.Message.From),
		state:     state,
		catalogue: e.Catalogue(),
		policy:    e.Policies.For(claim.Message.At),
		now:       e.Now(),
		text:      tidy(claim.Message.Text),
	}
	t.talk = t.state.Talk(t.person.ID)
	if p := t.talk.Pending; p != nil && t.now.After(p.Expires) {
		t.talk.Pending, t.expired = nil, p
	}
	if t.talk.Pending == nil && t.now.Sub(t.talk.Last) > pendingFor {
		t.talk.Later, t.dropped = nil, t.talk.Later
	}
	if !t.asksPerson() {
		t.text = unaddressed(t.text)
	}
	if t.talk.Run != "" && t.talk.Pending == nil {
		run, err := e.Runs.Get(ctx, t.talk.Run)
		switch {
		case errors.Is(err, workflow.ErrNotFound):
		case err != nil:
			e.Log.Warn("look up the talk's run", zap.String("run", t.talk.Run), zap.Error(err))
		case run.Over():
			t.talk.Over = true
		}
	}
	return t, nil
}

func (e *Engine) commit(ctx context.Context, t *turn) error {
	if len(t.replies) == 0 && t.message.Addressed {
		// Never silence when addressed, whatever a branch forgot.
		t.say(chat.Card{Text: "I have nothing to say to that. Type `help` for what I can do.", Request: t.talk.Request})
	}
	if len(t.dropped) > 0 && len(t.replies) > 0 {
		t.recall()
	}
	if t.message.Clipped {
		t.say(chat.Card{Text: t.clipped()})
	}
	if t.before != nil {
		*t.talk = *t.before
	}
	t.talk.Last = t.now
	for i, reason := range t.talk.Because {
		t.talk.Because[i] = e.redacted(reason)
	}
	t.state.Prune()
	return e.Conversations.Commit(ctx, t.claim, conversation.Commit{State: t.state, Replies: t.replies, Events: t.lines()})
}

// clipped says how much of the message was read.
func (t *turn) clipped() string {
	if t.message.Submitted {
		return fmt.Sprintf("That form was long: I read only %d of its fields.", len(t.message.Form))
	}
	return fmt.Sprintf("That was long: I read only the first %d characters.", chat.MaxText)
}

// say adds a reply in the conversation of the message.
func (t *turn) say(card chat.Card) {
	if t.note != "" && len(card.Citations) == 0 {
		card.Text, t.note = t.note+"\n\n"+card.Text, ""
	}
	if card.Request == "" {
		card.Request = t.talk.Request
	}
	t.replies = append(t.replies, chat.Reply{
		ID:        derive(t.message, fmt.Sprintf("reply/%d", len(t.replies))),
		To:        t.message.At,
		Person:    t.person.ID,
		InReplyTo: t.message.ID,
		Card:      card,
	})
}

// whisper is say for the person's eyes only.
func (t *turn) whisper(card chat.Card) {
	t.say(card)
	t.replies[len(t.replies)-1].Private = !t.message.At.Direct
}
