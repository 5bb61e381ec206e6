package workflow_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/workflow"
)

var (
	dora = chat.Person{ID: "dora", Name: "Dora", Groups: []string{"dba"}}
	emil = chat.Person{ID: "emil", Name: "Emil", Groups: []string{"dba", "security"}}
	finn = chat.Person{ID: "finn", Name: "Finn", Groups: []string{"security"}}
	gus  = chat.Person{ID: "gus", Name: "Gus", Groups: []string{"engineering"}}
	own  = chat.Person{ID: "owen", Name: "Owen", Groups: []string{"platform"}}
)

func refused(t *testing.T, err error, want string) {
	t.Helper()
	reason, ok := workflow.AsRefusal(err)
	if !ok || !strings.Contains(reason, want) {
		t.Errorf("got %v, want the refusal %q", err, want)
	}
}

const guarded = `
inputs:
  environment: {type: choice, options: [dev, prod], default: dev}
approval:
  - {when: inputs.environment == "prod", groups: [dba], count: 2, expires: 1h}
  - {when: inputs.environment == "prod", groups: [security]}
steps:
  - {id: tell, message: '${config.word}'}
`

func wordy() workflow.Config {
	return workflow.Config{Lease: time.Second, Config: map[string]string{"word": "done"}}
}

func prod() map[string]any { return map[string]any{"environment": "prod"} }

func TestApproval(t *testing.T) {
	w := begin(t, setting{config: wordy()})
	p := book(t, guarded)
	w.start(t, "r-dev", p, map[string]any{"environment": "dev"})
	if run := w.end(t, "r-dev"); run.State != workflow.Succeeded {
		t.Errorf("where no rule holds it is %s", run.State)
	}
	view, err := w.Preview(t.Context(), workflow.Request{ID: "r-x", Playbook: p, Inputs: prod(), By: ana})
	if err != nil || view.Approval != "2 people of `dba` and `security`" {
		t.Errorf("preview: %+v, %v", view, err)
	}
	run := w.start(t, "r-prod", p, prod())
	if run.Waits != workflow.ForApproval || len(run.Needs) != 2 || run.Due.Sub(run.Started) != time.Hour {
		t.Errorf("begins as %+v", run)
	}
	approver := dora
	approver.ID = ana.ID
	refused(t, w.Approve(t.Context(), "r-prod", approver), "you asked for `r-prod`, so somebody else of `dba` or `security` has to approve it")
	refused(t, w.Approve(t.Context(), "r-prod", gus), "only `dba` or `security` can approve `r-prod`")
	refused(t, w.Approve(t.Context(), "r-prod", chat.Person{Groups: []string{"dba"}}), "I don't know who you are")
	refused(t, w.Approve(t.Context(), "r-dev", dora), "too late to approve `r-dev`: it succeeded")
	if err := w.Approve(t.Context(), "r-none", dora); !errors.Is(err, workflow.ErrNotFound) {
		t.Errorf("a run that isn't there: %v", err)
	}
	for _, who := range []chat.Person{dora, emil} {
		if run := w.end(t, "r-prod"); run.State != workflow.Waiting {
			t.Fatalf("it is %s before %s approved", run.State, who.ID)
		}
		if err := w.Approve(t.Context(), "r-prod", who); err != nil {
			t.Fatal(err)
		}
		refused(t, w.Approve(t.Context(), "r-prod", dora), "")
	}
	if run := w.end(t, "r-prod"); run.State != workflow.Succeeded {
		t.Errorf("approved it is %s", run.State)
	}
	refused(t, w.Approve(t.Context(), "r-prod", finn), "too late")
	var lines []string
	for _, line := range w.heard() {
		if strings.HasPrefix(line, "r-prod") && !strings.Contains(line, "until") {
			lines = append(lines, line)
		}
	}
	want := "r-prod/2 approved: Dora approved it. 2 more have to.\nr-prod/3 approved: Emil approved it.\nr-prod/4 message: done\nr-prod/5 succeeded: “Make a thing” is done."
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("heard\n%s\nwant\n%s", got, want)
	}
}

func TestDenialAndExpiry(t *testing.T) {
	var mu sync.Mutex
	ahead := time.Duration(0)
	w := begin(t, setting{config: wordy(), options: workflow.Options{Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.Now().Add(ahead)
	}}})
	p := book(t, guarded)
	w.start(t, "r-one", p, prod())
	refused(t, w.Deny(t.Context(), "r-one", gus, "no"), "only ")
	refused(t, w.Deny(t.Context(), "r-one", ana, "no"), "you asked for")
	if err := w.Deny(t.Context(), "r-one", dora, "not\n today"); err != nil {
		t.Fatal(err)
	}
	if run := w.end(t, "r-one"); run.State != workflow.Denied || run.Error != "Dora denied it: not today" {
		t.Errorf("denied it is %s: %s", run.State, run.Error)
	}
	refused(t, w.Approve(t.Context(), "r-one", dora), "too late to approve `r-one`: it was denied")
	refused(t, w.Retry(t.Context(), "r-one", ana), "was denied")
	w.start(t, "r-two", p, prod())
	mu.Lock()
	ahead = time.Hour
	mu.Unlock()
	refused(t, w.Approve(t.Context(), "r-two", dora), "too late to approve `r-two`")
	for !w.get(t, "r-two").Over() {
		time.Sleep(5 * time.Millisecond)
	}
	if run := w.get(t, "r-two"); run.State != workflow.Denied || run.Error != "nobody approved it in time" {
		t.Errorf("expired it is %s: %s", run.State, run.Error)
	}
}

func TestAChangedConfigurationVoidsAnApproval(t *testing.T) {
	path := t.TempDir() + "/frontdoor.db"
	config := func(word, other string) workflow.Config {
		return workflow.Config{Lease: time.Second, Config: map[string]string{"word": word, "unrelated_value": other}}
	}
	p := book(t, guarded)
	first := begin(t, setting{path: path, config: config("a", "1"), idle: true})
	first.start(t, "r-one", p, prod())
	second := begin(t, setting{path: path, config: config("a", "2"), idle: true})
	if err := second.Approve(t.Context(), "r-one", dora); err != nil {
		t.Errorf("a value that it doesn't use changed: %v", err)
	}
	third := begin(t, setting{path: path, config: config("b", "2"), idle: true})
	refused(t, third.Approve(t.Context(), "r-one", emil), "has changed since approval was asked for")
	// The round is new: Dora's approval was for something else.
	if err := third.Approve(t.Context(), "r-one", emil); err != nil {
		t.Fatal(err)
	}
	if run := third.get(t, "r-one"); run.Waits != workflow.ForApproval {
		t.Errorf("it is %s %s", run.State, run.Waits)
	}
	if err := third.Approve(t.Context(), "r-one", dora); err != nil {
		t.Fatal(err)
	}
	if run := third.get(t, "r-one"); run.Waits != workflow.ForWorker {
		t.Errorf("it is %s %s", run.State, run.Waits)
	}
	// And a worker with another configuration doesn't begin it.
	fourth := begin(t, setting{path: path, config: config("c", "2")})
	for fourth.get(t, "r-one").Waits != workflow.ForApproval {
		time.Sleep(5 * time.Millisecond)
	}
}

// The rules may look at what has changed.
func TestAChangeMayCallForOtherPeople(t *testing.T) {
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	first := begin(t, setting{path: path, config: wordy(), idle: true})
	p := book(t, `
approval:
  - {when: config.word == "done", groups: [dba]}
  - {when: config.word == "more", groups: [security]}
steps: [{id: tell, message: hi}]
`)
	for _, id := range []string{"r-more", "r-less"} {
		first.start(t, id, p, nil)
	}
	for id, c := range map[string]struct{ word, asks string }{"r-more": {"more", "security"}, "r-less": {"less", "dba"}} {
		cfg := wordy()
		cfg.Config = map[string]string{"word": c.word}
		w := begin(t, setting{path: path, config: cfg, idle: true})
		refused(t, w.Approve(t.Context(), id, dora), "has changed since")
		if run := w.get(t, id); len(run.Needs) != 1 || run.Needs[0].Groups[0] != c.asks {
			t.Errorf("%s now needs %+v", id, run.Needs)
		}
	}
}

// A people's file that came later says that two ids are one person.
func TestOnePersonUnderTwoNames(t *testing.T) {
	w := begin(t, setting{config: wordy(), options: workflow.Options{Identity: func(id string) string {
		return map[string]string{"slack:T1/A": "ana", "slack:T1/D": "dora"}[id] + map[string]string{"ana": "ana", "dora": "dora", "emil": "emil"}[id]
	}}})
	w.start(t, "r-one", book(t, "approval: [{groups: [dba], count: 2}]\nsteps: [{id: tell, message: hi}]"), nil)
	again := func(p chat.Person, id string) chat.Person {
		p.ID, p.Groups = id, []string{"dba"}
		return p
	}
	refused(t, w.Approve(t.Context(), "r-one", again(ana, "slack:T1/A")), "you asked for `r-one`")
	if err := w.Approve(t.Context(), "r-one", again(dora, "slack:T1/D")); err != nil {
		t.Fatal(err)
	}
	refused(t, w.Approve(t.Context(), "r-one", dora), "you have approved `r-one` already")
	if run := w.end(t, "r-one"); run.Waits != workflow.ForApproval {
		t.Fatalf("it is %s", run.State)
	}
	if err := w.Approve(t.Context(), "r-one", emil); err != nil {
		t.Fatal(err)
	}
	if run := w.end(t, "r-one"); run.State != workflow.Succeeded {
		t.Errorf("it is %s", run.State)
	}
}

func TestNobodyToAskMeansNo(t *testing.T) {
	w := begin(t, setting{config: wordy(), options: workflow.Options{Member: func(chat.Person, string) bool { return false }}})
	w.start(t, "r-one", book(t, guarded), prod())
	for _, who := range []chat.Person{dora, emil, finn, own} {
		refused(t, w.Approve(t.Context(), "r-one", who), "only ")
	}
}

func TestWhoMayChangeARun(t *testing.T) {
	w := begin(t, setting{config: wordy(), idle: true})
	p := book(t, guarded)
	for i, c := range []struct {
		who chat.Person
		may bool
	}{{ana, true}, {gus, false}, {dora, false}, {own, true}, {workflow.Operator("root"), true}, {chat.Person{}, false}} {
		id := fmt.Sprintf("r-%d", i)
		w.start(t, id, p, dev())
		err := w.Cancel(t.Context(), id, c.who)
		if c.may && err != nil || !c.may && err == nil {
			t.Errorf("%q cancels: %v", c.who.ID, err)
		}
	}
}

func dev() map[string]any { return map[string]any{"environment": "dev"} }

func TestRetryIsApprovedAnew(t *testing.T) {
	a := newAPI()
	url, host := server(t, a.ServeHTTP)
	cfg := allowing(host, url)
	w := begin(t, setting{config: cfg})
	p := book(t, `
approval: [{groups: [dba]}]
steps:
  - {id: create, http: {method: POST, url: '${config.api}/things'}}
  - {id: tell, message: '${steps.create.json.gone.away}'}
`)
	w.start(t, "r-one", p, nil)
	if err := w.Approve(t.Context(), "r-one", dora); err != nil {
		t.Fatal(err)
	}
	run := w.end(t, "r-one")
	if run.State != workflow.Failed || !strings.HasPrefix(run.Error, "`tell` failed: the message can't be put together") {
		t.Fatalf("it is %s: %s", run.State, run.Error)
	}
	refused(t, w.Retry(t.Context(), "r-one", gus), "only Ana")
	retrier := own
	retrier.Groups = append([]string{"dba"}, own.Groups...)
	if err := w.Retry(t.Context(), "r-one", retrier); err != nil {
		t.Fatal(err)
	}
	if run := w.end(t, "r-one"); run.Waits != workflow.ForApproval {
		t.Errorf("retried it is %s %s", run.State, run.Waits)
	}
	refused(t, w.Approve(t.Context(), "r-one", retrier), "you asked for `r-one` again")
	if err := w.Approve(t.Context(), "r-one", emil); err != nil {
		t.Fatal(err)
	}
	run = w.end(t, "r-one")
	if run.State != workflow.Failed || len(run.Steps) != 3 || a.calls["r-one/create"] != 1 {
		t.Errorf("it is %s after %d attempts, calls %v", run.State, len(run.Steps), a.calls)
	}
}
