package demand

import (
	"encoding/json"
	"strconv"
	"time"
)

// Name is what an event says happened: object_verb.
type Name string

// The events.
const (
	RequestReceived  Name = "request_received"
	RequestMatched   Name = "request_matched"
	RequestAnswered  Name = "request_answered"
	RequestClarified Name = "request_clarified"
	RequestRefused   Name = "request_refused"
	RequestUnmatched Name = "request_unmatched"
	RequestIgnored   Name = "request_ignored"
	RequestEscalated Name = "request_escalated"
	RequestResolved  Name = "request_resolved"
	RequestReopened  Name = "request_reopened"
	RunStarted       Name = "run_started"
	RunApproved      Name = "run_approved"
	RunDenied        Name = "run_denied"
	RunStepFinished  Name = "run_step_finished"
	RunSucceeded     Name = "run_succeeded"
	RunFailed        Name = "run_failed"
	RunCancelled     Name = "run_cancelled"
	FeedbackGiven    Name = "feedback_given"
	HumanAnswered    Name = "human_answered"
)

// The values of feedback. Helpful and Solved are positive; Solved also
// confirms that the need is met.
const (
	Helpful   = "helpful"
	Unhelpful = "unhelpful"
	Solved    = "solved"
)

// Confirmed is the value of Event.How that confirms; others confirm nothing.
const Confirmed = "confirmed"

// NoPlaybook is the reason of a refusal for want of a playbook: such a request
// is unmet. Other reasons (access, say) are a refusal that was meant.
const NoPlaybook = "no_playbook"

// Event is one thing that happened to a request. The first group of fields
// may stand on any event, the others only on the events that they are named
// for; Line leaves out those that don't belong to Name. ID must be the same
// each time that the same thing is recorded: it derives from the message's.
type Event struct {
	ID      string
	Name    Name
	Request string
	Time    time.Time // kept to the millisecond, UTC

	Platform  string
	Workspace string
	Channel   string
	Thread    string // with Channel, in place of Request, of a HumanAnswered that the bot was never asked about
	Actor     string // see Warehouse.Pseudonym
	Team      string
	Text      string // redacted
	Tags      Tags

	Playbook   string   // RequestMatched, RunStarted
	Confidence float64  // RequestMatched, 0 to 1
	LatencyMS  int64    // RequestAnswered: message received to answer ready
	Citations  []string // RequestAnswered: page#anchor
	Candidates []string // RequestClarified: playbook ids
	Reason     string   // RequestRefused, RequestUnmatched, RequestIgnored
	To         string   // RequestEscalated
	How        string   // RequestResolved
	Run        string   // Run…
	Step       string   // RunStepFinished
	OK         bool     // RunStepFinished
	Value      string   // FeedbackGiven

	// More holds fields that this release doesn't know, in their order.
	More []Field
}

// Field is a member of an event that this release doesn't know.
type Field struct {
	Key   string
	Value json.RawMessage
}

// Tags are what is known of a request at once. Empty tags are left out.
type Tags struct {
	Topic       string
	Action      string
	Kind        string
	Environment string
	Service     string
	Language    string
	// More holds tags that this release doesn't know, in their order.
	More []Field
}

// Line is the event as one JSON object without line end: keys in the order of
// the format, unknown ones behind, no HTML escaping. Text that is not UTF-8
// has U+FFFD in the place of the broken bytes.
func (e Event) Line() []byte {
	k := kindOf(string(e.Name))
	if k == nil {
		k = &kind{name: string(e.Name), order: defaultOrder(nil)}
	}
	b := make([]byte, 0, 256+len(e.Text))
	b = append(b, '{')
	for _, c := range k.order {
		if c >= ownKey {
			b = e.appendOwn(appendKey(b, k.own[c-ownKey].name), k.own[c-ownKey].name)
			continue
		}
		var s string
		switch c {
		case keyID:
			s = e.ID
		case keyEvent:
			s = string(e.Name)
		case keyTime:
			b = append(appendKey(b, "time"), '"')
			b = append(appendTime(b, e.Time.UnixMilli()), '"')
			continue
		case keyTags:
			if t := e.Tags.append(nil); len(t) > 2 {
				b = append(appendKey(b, "tags"), t...)
			}
			continue
		case keyRequest:
			s = e.Request
		case keyPlatform:
			s = e.Platform
		case keyWorkspace:
			s = e.Workspace
		case keyChannel:
			s = e.Channel
		case keyThread:
			s = e.Thread
		case keyActor:
			s = e.Actor
		case keyTeam:
			s = e.Team
		case keyText:
			s = e.Text
		}
		if s != "" {
			b = appendString(appendKey(b, commonKeys[c]), s)
		}
	}
	for _, f := range e.More {
		b = append(appendKey(b, f.Key), f.Value...)
	}
	return append(b, '}')
}

// MarshalJSON implements json.Marshaler with Line. Note that json.Marshal
// escapes HTML in what it is given; Line doesn't.
func (e Event) MarshalJSON() ([]byte, error) { return e.Line(), nil }

func (e Event) appendOwn(b []byte, name string) []byte {
	switch name {
	case "playbook":
		return appendString(b, e.Playbook)
	case "confidence":
		return appendNumber(b, e.Confidence)
	case "latency_ms":
		return strconv.AppendInt(b, e.LatencyMS, 10)
	case "citations":
		return appendList(b, e.Citations)
	case "candidates":
		return appendList(b, e.Candidates)
	case "reason":
		return appendString(b, e.Reason)
	case "to":
		return appendString(b, e.To)
	case "how":
		return appendString(b, e.How)
	case "run":
		return appendString(b, e.Run)
	case "step":
		return appendString(b, e.Step)
	case "ok":
		return strconv.AppendBool(b, e.OK)
	case "actor":
		return appendString(b, e.Actor)
	}
	return appendString(b, e.Value)
}

func (t Tags) append(b []byte) []byte {
	b = append(b, '{')
	for _, m := range [...]struct{ key, value string }{
		{"topic", t.Topic},
		{"action", t.Action},
		{"kind", t.Kind},
		{"environment", t.Environment},
		{"service", t.Service},
		{"language", t.Language},
	} {
		if m.value != "" {
			b = appendString(appendKey(b, m.key), m.value)
		}
	}
	for _, f := range t.More {
		b = append(appendKey(b, f.Key), f.Value...)
	}
	return append(b, '}')
}
