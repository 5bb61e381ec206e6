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
	Decided  string         `json:"decided,omitempty"`  // the last decision, a clause in plain words
	Because  []string       `json:"because,omitempty"`  // why it was taken, in plain words
	Tried    []string       `json:"tried,omitempty"`    // what was done for the open request, a clause each, at most TriedKept
	Quoted   []string       `json:"quoted,omitempty"`   // marks of what was quoted for it, at most quotedKept
	Later    []Later        `json:"later,omitempty"`    // what comes after what is pending, the next first, at most laterKept
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
	Tried     []string `json:"tried,omitempty"`
	Run       string   `json:"run,omitempty"` // the last that was started for it
	Solved    bool     `json:"solved,omitempty"`
	Escalated bool     `json:"escalated,omitempty"`
}

// Later is something that waits for its turn: a request that came together
// with another, or one that was put aside for another.
type Later struct {
	Request string   `json:"request"`
	Text    string   `json:"text,omitempty"`    // its words, redacted
	Pending *Pending `json:"pending,omitempty"` // the question that was open when it was put aside; nil: not begun
}

// TriedKept is how much is remembered of what was done for one request.
const TriedKept = 12

// The bounds of what is remembered of one conversation.
const (
	recentKept = 10
	quotedKept = 64
	laterKept  = 8
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
	a.Playbook, a.Tried, a.Run = t.Playbook, t.Tried, t.Run
	a.Text = strings.ToValidUTF8(t.Text[:min(len(t.Text), asideText)], "")
	if len(t.Recent) > recentKept {
		t.Recent = slices.Clone(t.Recent[len(t.Recent)-recentKept:])
	}
}

// Try notes what was done for the open request, once.
func (t *Talk) Try(what string) {
	if n := len(t.Tried); n > 0 && t.Tried[n-1] == what {
		return
	}
	t.Tried = last(append(slices.Clone(t.Tried), what), TriedKept)
}

// Quote notes what was quoted for the open request.
func (t *Talk) Quote(marks ...string) {
	t.Quoted = last(append(slices.Clone(t.Quoted), marks...), quotedKept)
}

// Postpone puts what waits for its turn in a row; next is before the others.
// Beyond laterKept the last is lost, which the answer says.
func (t *Talk) Postpone(l Later, next bool) (kept bool) {
	if next {
		t.Later = append([]Later{l}, t.Later...)
	} else {
		t.Later = append(slices.Clone(t.Later), l)
	}
	kept = len(t.Later) <= laterKept
	t.Later = t.Later[:min(len(t.Later), laterKept)]
	return kept
}

func last(list []string, most int) []string { return list[max(0, len(list)-most):] }

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
	Hash     string         `json:"hash,omitempty"` // of confirm: of the playbook as it was shown
	Inputs   map[string]any `json:"inputs,omitempty"`
	Field    string         `json:"field,omitempty"`   // of inputs: the one asked for
	Choices  []string       `json:"choices,omitempty"` // of choose: playbook ids
	Text     string         `json:"text,omitempty"`    // of choose: the message to go on with
	Args     bool           `json:"args,omitempty"`    // Text is what stood behind a command
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
