// Package playbook is the file format of the catalogue: one YAML file is one
// thing that the platform offers. It loads a directory of them whole or not at
// all, checks them with positions and hints, prints their JSON Schema and runs
// the tests that they carry.
package playbook

import (
	"time"

	"frontdoor/internal/document"
)

// Playbook is one file of the catalogue, checked and ready to use.
type Playbook struct {
	ID      string            // kebab-case, unique, never reused: the tag in the demand records
	Title   string            // a few words, as a person reads them
	Summary string            // one sentence
	Owner   string            // the team that answers for it, and that an escalation reaches
	Tags    map[string]string // topic and action, from the taxonomy
	Product *Product          // nil where the author did not say
	Match   Match
	Access  *Access   // nil: nobody for a workflow, everybody for an answer
	Answer  *Answer   // exactly one of Answer and
	Flow    *Workflow // Flow is set
	Tests   []Test

	File   string // path as it was loaded
	Source []byte // the file's bytes: a run keeps the playbook that it was started with
	Hash   string // hex SHA-256 of Source

	root *document.Node // where everything stands
}

// Product says what problem the playbook solves, for whom, and how we will know.
type Product struct {
	Problem  string
	Audience string
	Targets  Targets
	Shipped  time.Time // midnight UTC; zero where unsaid
}

// Targets are what the owner promised to reach; zero is unsaid.
type Targets struct {
	PeoplePerQuarter int
	Satisfaction     float64 // 0 to 1
	TimeToValue      time.Duration
}

// Match is how people ask for it.
type Match struct {
	Command  string   // words after the platform's command, such as "db create"; "" where there is none
	Examples []string // what people write; {input} marks a slot
	Not      []string // near misses that must not match
	Patterns []string // RE2
}

// Access is who may use it, and where. "*" is everybody or everywhere; no
// groups is nobody, no channels is everywhere.
type Access struct {
	Groups   []string
	Channels []string
}

// Answer is a fixed text, or the part of the corpus to answer from.
type Answer struct {
	Text  string   // Markdown; "" where Docs answers
	Docs  []string // page globs
	Offer []string // ids of workflows shown as buttons under the answer
}

// Workflow is a straight list of steps with typed inputs.
type Workflow struct {
	Inputs   []Input // in file order: the order of the questions
	Approval []Approval
	Lock     Template // "" is no lock
	Steps    []Step
	Result   Result
}

// InputType is the type of an input.
type InputType string

// The input types. Values are string, string, int64, float64, bool, string
// (one of Options), string (2006-01-02) and string (a person's id).
const (
	String  InputType = "string"
	Text    InputType = "text" // several lines
	Integer InputType = "integer"
	Number  InputType = "number"
	Boolean InputType = "boolean"
	Choice  InputType = "choice"
	Date    InputType = "date"
	Someone InputType = "person"
)

// Input is one typed question.
type Input struct {
	Name     string // snake_case
	Type     InputType
	Ask      string   // the question; "" asks by the name
	Help     string   // a second line under the question
	Pattern  string   // RE2 that the whole string must match
	Options  []string // of a choice
	Default  any      // nil where there is none: then it is asked for
	Min, Max *float64 // of numbers; length in code points of strings
	Optional bool     // may stay null
}

// Approval is a rule: where When holds, Count people of Groups must agree.
type Approval struct {
	When    Expression // "" is always
	Groups  []string
	Count   int           // at least 1
	Expires time.Duration // 24h by default; expired means denied
}

// OnUnknown is what to do with a step that a crash interrupted.
type OnUnknown string

// The choices of playbook.md. The default is Retry: the idempotency key is the same.
const (
	Retry OnUnknown = "retry"
	Ask   OnUnknown = "ask"
	Fail  OnUnknown = "fail"
)

// Step is one thing done. Exactly one of the kinds is set.
type Step struct {
	ID        string // snake_case, unique in the workflow
	Title     string // what the progress line says; "" is the id
	Action    Action
	Timeout   time.Duration // of one attempt, or of the whole wait with Until; 0 is the default of the kind
	Retry     RetryPolicy
	If        Expression
	Until     Expression // repeat until it holds
	Every     time.Duration
	OnUnknown OnUnknown
	Undo      *Action
	Schema    map[string]any // JSON Schema of the reply; nil is any
}

// Action is what a step does; exactly one field is set.
type Action struct {
	HTTP    *HTTP
	Command *Command
	Message *Message
	Sleep   *Sleep
}

// Kind is the key in the file: http, command, message or sleep.
func (a Action) Kind() string {
	switch {
	case a.HTTP != nil:
		return "http"
	case a.Command != nil:
		return "command"
	case a.Message != nil:
		return "message"
	case a.Sleep != nil:
		return "sleep"
	}
	return ""
}

// HTTP is one request. URL's expressions are escaped as path or query parts.
type HTTP struct {
	Method  string // GET by default; POST where there is a body
	URL     Template
	Query   map[string]Template
	Headers map[string]Template
	JSON    any      // a tree whose strings are templates; nil is no body
	Body    Template // raw body, in place of JSON
	Bearer  string   // name of a secret
	Expect  []int    // statuses that succeed; empty is 2xx
}

// Command is an argv, never a shell. Argv[0] is an executable that the
// operator allows; `bot` is the running binary itself.
type Command struct {
	Argv    []Template
	Dir     Template // below the work directory; "" is the run's own directory
	Env     map[string]Template
	Stdin   Template
	Secrets map[string]string // environment variable to the name of a secret
}

// Message is a line said in the conversation of the run.
type Message struct {
	Text Template
}

// Sleep is a durable pause.
type Sleep struct {
	For time.Duration
}

// RetryPolicy is how often, and how long before the second attempt; the wait
// doubles with each further one.
type RetryPolicy struct {
	Attempts int // at least 1
	Backoff  time.Duration
}

// Result is what a succeeded run says.
type Result struct {
	Text  Template
	Links []Link
}

// Link is a labelled address of the result, in file order.
type Link struct {
	Label string
	URL   Template
}

// Template is a string with `${…}` expressions in it.
type Template string

// Expression is a bare expression, as in when, if and until.
type Expression string

// Test is one test that the playbook carries: either Say or Run.
type Test struct {
	Say     string
	Run     map[string]any
	As      TestPerson
	Replies map[string]TestReply // by step id; of several successive ones the first
	Expect  TestExpect
}

// TestPerson is who asks in a test.
type TestPerson struct {
	Name   string
	Groups []string
}

// TestReply is what a step gets in a test.
type TestReply struct {
	Status int    // of http
	JSON   any    // of http and command
	Text   string // the body, or standard output
	Exit   int    // of command
	Error  string // the step fails with this

	Timeout bool        // it doesn't answer in time
	Then    []TestReply // what further attempts and looks get, the last one for good
}

// Call is the reply to the call number n of the step, counted from 0.
func (r TestReply) Call(n int) TestReply {
	if n > 0 && len(r.Then) > 0 {
		return r.Then[min(n, len(r.Then))-1]
	}
	return r
}

// TestExpect is what must come of it; zero values are not checked, but for the
// two that a test must not pass without: Denied and Failed.
type TestExpect struct {
	Playbook *string // "" is none; nil is the playbook that carries the test
	Inputs   map[string]any
	Approval []string // nil is unsaid, empty is nobody's
	Denied   bool     // the person may not
	Refused  bool     // the inputs are not taken
	Result   string
	Links    map[string]string // by label
	State    string            // succeeded or failed
	Failed   string            // id of the step that fails
}
