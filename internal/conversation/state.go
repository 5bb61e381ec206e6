package conversation

import (
	"cmp"
	"maps"
	"slices"
	"strings"
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
	Worked   *Worked        `json:"worked,omitempty"`   // the workflow that was spoken of last
	Recent   []Asked        `json:"recent,omitempty"`   // the requests before, the latest last, at most recentKept
}

// Worked is a workflow with what was said for it, for "and another one".
type Worked struct {
	Playbook string         `json:"playbook"`
	Inputs   map[string]any `json:"inputs,omitempty"`
}

// Asked is what stays known of a request: enough for a late click on its card.
type Asked struct {
	Request   string   `json:"request"`
	Playbook  string   `json:"playbook,omitempty"`
	Text      string   `json:"text,omitempty"` // its beginning, redacted
	Because   []string `json:"because,omitempty"`
	Escalated bool     `json:"escalated,omitempty"`
}

// The bounds of what is remembered of one conversation.
const (
	recentKept = 10
	talksKept  = 64
	asideText  = 500 // bytes of Asked.Text
)

// Close puts the open request among the recent ones.
func (t *Talk) Close() {
	if t.Request == "" {
		return
	}
	a := t.Asked(t.Request)
	if a == nil {
		t.Recent = append(t.Recent, Asked{Request: t.Request})
		a = &t.Recent[len(t.Recent)-1]
	}
	a.Playbook, a.Because = t.Playbook, t.Because
	a.Text = strings.ToValidUTF8(t.Text[:min(len(t.Text), asideText)], "")
	if len(t.Recent) > recentKept {
		t.Recent = slices.Clone(t.Recent[len(t.Recent)-recentKept:])
	}
}

// Asked is what is known of a request of this person; nil where nothing is.
func (t *Talk) Asked(request string) *Asked {
	for i := range t.Recent {
		if t.Recent[i].Request == request {
			return &t.Recent[i]
		}
	}
	return nil
}

// Prune forgets those who have been silent longest, so that a busy channel
// stays as quick as a quiet one.
func (s *State) Prune() {
	if len(s.Talks) <= talksKept {
		return
	}
	people := slices.SortedFunc(maps.Keys(s.Talks), func(a, b string) int {
		return cmp.Or(s.Talks[b].Last.Compare(s.Talks[a].Last), cmp.Compare(a, b))
	})
	for _, p := range people[talksKept:] {
		delete(s.Talks, p)
	}
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
	Aside    bool           `json:"aside,omitempty"` // something else was answered since
	Token    string         `json:"token"`           // stands in the buttons' ids: a late click on an old card is told from this one
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
