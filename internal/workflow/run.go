package workflow

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/playbook"
)

// State is how a run is doing.
type State string

// The states of cli.md. A run in Unknown was interrupted in the middle of a
// step that must not be repeated unasked; retry goes on with it.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Cancelled State = "cancelled"
	Denied    State = "denied"
	Unknown   State = "unknown"
)

// Wait is what a waiting run waits for.
type Wait string

// The reasons to wait.
const (
	ForWorker   Wait = "queued"   // due now
	ForLock     Wait = "lock"     // another run has it
	ForRetry    Wait = "retry"    // the backoff of a failed attempt
	ForPoll     Wait = "poll"     // until doesn't hold yet
	ForTime     Wait = "sleep"    // a sleep step
	ForApproval Wait = "approval" // somebody has to agree
	ForOperator Wait = "frozen"   // the operator holds it back
)

// Run is one execution of a playbook's workflow.
type Run struct {
	ID       string         `json:"id"`
	Playbook string         `json:"playbook"`
	State    State          `json:"state"`
	Waits    Wait           `json:"waits,omitempty"` // of a waiting run
	Step     string         `json:"step,omitempty"`  // id of the step in hand; "" before the first and after the last
	By       chat.Person    `json:"by"`
	At       chat.Address   `json:"at"`
	Message  string         `json:"message,omitempty"`
	Line     int            `json:"line,omitempty"`
	Request  string         `json:"request,omitempty"`
	Inputs   map[string]any `json:"inputs"`
	Undoes   string         `json:"undoes,omitempty"` // the run that it takes back
	Lock     string         `json:"lock,omitempty"`
	Ahead    int            `json:"ahead,omitempty"` // runs before it in the lock's queue, the holder among them; Get alone counts them
	Needs    []Need         `json:"needs,omitempty"`
	Started  time.Time      `json:"started"`
	Ended    time.Time      `json:"ended,omitzero"` // zero while it isn't over
	Due      time.Time      `json:"due,omitzero"`   // when it goes on by itself, or an approval expires
	Error    string         `json:"error,omitempty"`
	Text     string         `json:"text,omitempty"` // of the result
	Links    []Link         `json:"links,omitempty"`
	Steps    []Attempt      `json:"steps,omitempty"`    // in order; Get alone reads them
	Stopping bool           `json:"stopping,omitempty"` // somebody cancelled it, and the step in hand is being stopped
	Frozen   *Freeze        `json:"frozen,omitempty"`   // the operator holds it back; nil where not, and of a run that is over
}

// Over tells whether the run has come to its end. An unknown one has not: it
// waits for a person.
func (r Run) Over() bool {
	switch r.State {
	case Succeeded, Failed, Cancelled, Denied:
		return true
	}
	return false
}

// Link is a labelled address of a result.
type Link struct {
	Label string `json:"label"`
	URL   string `json:"url"`
}

// Attempt is one try of one step.
type Attempt struct {
	Step    string         `json:"step"`
	Number  int            `json:"attempt"` // from 1
	State   StepState      `json:"state"`
	Started time.Time      `json:"started"`
	Ended   time.Time      `json:"ended,omitzero"`
	Error   string         `json:"error,omitempty"`
	Reply   map[string]any `json:"reply,omitempty"`

	position int
	deadline time.Time // of a wait
	looks    int       // of a wait with until, so far
	changed  bool
}

// StepState is how an attempt is doing.
type StepState string

// The states of an attempt.
const (
	StepRunning     StepState = "running"
	StepWaiting     StepState = "waiting" // it polls or sleeps
	StepSucceeded   StepState = "succeeded"
	StepFailed      StepState = "failed"
	StepSkipped     StepState = "skipped"     // its `if` did not hold
	StepInterrupted StepState = "interrupted" // by a crash: nobody knows whether it was done
	StepCancelled   StepState = "cancelled"
)

// Need is an approval rule that holds for a run.
type Need struct {
	Groups  []string      `json:"groups"`
	Count   int           `json:"count"`
	Expires time.Duration `json:"expires"`
}

// Request asks for a run.
type Request struct {
	ID       string // derived from the message: starting twice starts once
	Playbook *playbook.Playbook
	Inputs   map[string]any // resolved: defaults in place, checked against the playbook
	By       chat.Person
	At       chat.Address
	Message  string // id of the message that confirmed it
	Line     int    // its console line
	Request  string // id of the demand request
}

// Preview is what a run would do.
type Preview struct {
	Steps    []string // a line each, in words
	Lock     string   // "" is none
	Approval string   // whose approval it needs, in words; "" is nobody's
	Missing  []string // why it can't be done here, a clause each; not empty means that Start refuses
}

// ReportKind is what a report tells.
type ReportKind string

// The kinds of report.
const (
	ReportStarted   ReportKind = "started"
	ReportStep      ReportKind = "step"     // a step is finished, well (OK) or not
	ReportSkipped   ReportKind = "skipped"  // a step's condition does not hold
	ReportProgress  ReportKind = "progress" // of the step in hand: what it waits for, or that it is tried again
	ReportMessage   ReportKind = "message"  // a message step says its text, which also ends it
	ReportPaused    ReportKind = "paused"   // the operator holds it back
	ReportResumed   ReportKind = "resumed"  // and no longer does
	ReportWaiting   ReportKind = "waiting"  // for a lock or an approval
	ReportApproved  ReportKind = "approved"
	ReportDenied    ReportKind = "denied"
	ReportSucceeded ReportKind = "succeeded"
	ReportFailed    ReportKind = "failed"
	ReportCancelled ReportKind = "cancelled"
	ReportUnknown   ReportKind = "unknown"
)

// Report is something to say about a run. It is stored in the transaction of
// what it tells, and said at least once; its ID is the same each time.
type Report struct {
	ID    string     `json:"id"` // RUN/NUMBER
	Kind  ReportKind `json:"kind"`
	Run   Run        `json:"run"` // as it was then, without its steps
	Time  time.Time  `json:"time"`
	Step  string     `json:"step,omitempty"`
	OK    bool       `json:"ok,omitempty"`
	Text  string     `json:"text"` // a plain sentence, or the result's text
	Links []Link     `json:"links,omitempty"`
	// Undoable says that a run that is over did something that can be taken back.
	Undoable bool   `json:"undoable,omitempty"`
	Actor    string `json:"actor,omitempty"` // who approved, denied or cancelled, by canonical id

	// Where it came from, as in the Run.
	At      chat.Address `json:"at"`
	Message string       `json:"message,omitempty"`
	Line    int          `json:"line,omitempty"`
	Request string       `json:"request,omitempty"`
	By      chat.Person  `json:"by"`
}

// Filter chooses runs; zero fields choose all.
type Filter struct {
	By       string // person's id
	Playbook string
	States   []State
	Limit    int // 0 is 1,000
}

// ErrNotFound is returned for a run that isn't there.
var ErrNotFound = errors.New("there is no such run")

// Refusal is an answer rather than a fault: a rule says no.
type Refusal struct{ Reason string }

// Error implements error.
func (r *Refusal) Error() string { return r.Reason }

// Refuse returns a refusal with a reason for people, a clause without period.
func Refuse(reason string) error { return &Refusal{Reason: reason} }

func refusef(format string, args ...any) error { return Refuse(fmt.Sprintf(format, args...)) }

// AsRefusal returns the reason where err is a refusal.
func AsRefusal(err error) (string, bool) {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Reason, true
	}
	return "", false
}

// RunID derives a short id that can be typed, such as r-7k3mq2xa, from the
// message that starts the run; n tells several runs of one message apart.
func RunID(message string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "run\x00%s\x00%d", message, n))
	return "r-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:8]
}
