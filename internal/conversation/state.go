package conversation

import (
	"time"
)

// State is what the bot remembers of one conversation between two messages.
// It is stored as JSON; an unknown field of a newer release is dropped.
type State struct {
	Talks map[string]*Talk `json:"talks,omitempty"` // by the person's canonical id: two people in one thread don't mix
}

// Talk is one person's side of the conversation.
type Talk struct {
	Request  string         `json:"request,omitempty"` // id of the open request; "" when none is
	Opened   time.Time      `json:"opened,omitzero"`   // first message of it
	Last     time.Time      `json:"last,omitzero"`     // last message of it
	Text     string         `json:"text,omitempty"`    // the request's words so far, redacted
	Playbook string         `json:"playbook,omitempty"`
	Topic    string         `json:"topic,omitempty"`
	Inputs   map[string]any `json:"inputs,omitempty"`   // taken so far
	Run      string         `json:"run,omitempty"`      // the last run started here
	Answered bool           `json:"answered,omitempty"` // the request has had an answer
	Over     bool           `json:"over,omitempty"`     // its run has ended, or it is solved: the next message opens another
	Pending  *Pending       `json:"pending,omitempty"`  // what the bot waits for
	Because  []string       `json:"because,omitempty"`  // why the last decision was taken, in plain words
}

// PendingKind is what kind of answer is waited for.
type PendingKind string

// The kinds: which of several playbooks was meant, the inputs of one, and the
// word to start it.
const (
	Choosing   PendingKind = "choose"
	Inputs     PendingKind = "inputs"
	Confirming PendingKind = "confirm"
)

// Pending is a question of the bot's that waits for its answer.
type Pending struct {
	Kind     PendingKind    `json:"kind"`
	Request  string         `json:"request"` // the request that it belongs to
	Playbook string         `json:"playbook,omitempty"`
	Inputs   map[string]any `json:"inputs,omitempty"`
	Field    string         `json:"field,omitempty"`   // of inputs: the one asked for
	Choices  []string       `json:"choices,omitempty"` // of choose: playbook ids
	Text     string         `json:"text,omitempty"`    // of choose: the message to go on with
	Asked    time.Time      `json:"asked"`
	Expires  time.Time      `json:"expires"`
	Token    string         `json:"token"` // stands in the buttons' ids: a late click on an old card is told from this one
}

// Talk returns the person's side, made when missing.
func (s *State) Talk(person string) *Talk {
	if s.Talks == nil {
		s.Talks = map[string]*Talk{}
	}
	t := s.Talks[person]
	if t == nil {
		t = &Talk{}
		s.Talks[person] = t
	}
	return t
}
