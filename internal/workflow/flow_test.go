package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"frontdoor/internal/playbook"
	"frontdoor/internal/workflow"
)

func TestHowStepsFail(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(n int) int // status of the nth call
		step   string
		state  workflow.State
		error  string
		calls  int
	}{
		{"at once", func(int) int { return 409 }, `retry: {attempts: 3, backoff: 1ms}`, workflow.Failed, "answered 409 Conflict", 1},
		{"then well", func(n int) int { return map[bool]int{true: 503, false: 200}[n < 3] }, `retry: {attempts: 3, backoff: 1ms}`, workflow.Succeeded, "", 3},
		{"too often", func(int) int { return 503 }, `retry: {attempts: 2, backoff: 1ms}`, workflow.Failed, "answered 503", 2},
		{"without retry", func(int) int { return 503 }, `timeout: 5s`, workflow.Failed, "answered 503", 1},
		{"while it polls", func(n int) int { return map[bool]int{true: 503, false: 200}[n < 4] }, "until: steps.one.status == 200\n    every: 1ms", workflow.Succeeded, "", 4},
		{"never ready", func(int) int { return 200 }, "until: steps.one.json.ready ?? false\n    every: 10ms\n    timeout: 60ms", workflow.Failed, "it did not come to what it waits for within 60ms", 0},
		{"no such field yet", func(int) int { return 200 }, "until: steps.one.json.n.deep == 3\n    every: 700ms\n    timeout: 2s", workflow.Failed, "lastly: expression", 0},
		{"another form than declared", func(int) int { return 200 }, `schema: {type: object, required: [id]}`, workflow.Failed, "another form than the playbook's schema says", 1},
		{"a condition that can't be decided", func(int) int { return 200 }, `if: 'int(config.api) == 1'`, workflow.Failed, "its condition can't be decided", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			url, host := server(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.answer(int(n.Add(1))))
				_, _ = w.Write([]byte(`{"ok": true}`))
			})
			w := begin(t, setting{config: allowing(host, url)})
			w.start(t, "r-one", book(t, "steps:\n  - id: one\n    http: {method: POST, url: '${config.api}/x'}\n    "+c.step), nil)
			run := w.end(t, "r-one")
			if run.State != c.state || !strings.Contains(run.Error, c.error) || c.calls > 0 && int(n.Load()) != c.calls {
				t.Errorf("ended as %s after %d calls: %s", run.State, n.Load(), run.Error)
			}
		})
	}
}

func TestRefusedBeforeItStarts(t *testing.T) {
	w := begin(t, setting{idle: true, config: workflow.Config{Lease: time.Second, HTTP: workflow.HTTPConfig{AllowHosts: []string{"a.internal"}}}})
	for _, c := range []struct {
		flow   string
		inputs map[string]any
		why    string
	}{
		{"steps: [{id: a, http: {url: 'https://b.internal/'}}]", nil, "the host b.internal is not in workflows.http.allow_hosts"},
		{"steps: [{id: a, http: {url: 'https://a.internal/', auth: {bearer: tok}}}]", nil, "the secret tok is not set in workflows.secrets"},
		{"steps: [{id: a, http: {url: '${config.api}/'}}]", nil, "the configuration has no workflows.config.api"},
		{"approval: [{when: config.stage == \"prod\", groups: [dba]}]\nsteps: [{id: a, message: x}]", nil, "the configuration has no workflows.config.stage, which decides who has to approve"},
		{"steps: [{id: a, if: config.stage == \"prod\", message: x}]", nil, "the configuration has no workflows.config.stage"},
		{"steps: [{id: a, message: x}]\nresult: {text: done, links: {There: '${config.console}/x'}}", nil, "the configuration has no workflows.config.console"},
		{"steps: [{id: a, command: {argv: [git, init]}}]", nil, "the executable git is not in workflows.command.allow"},
		{"inputs: {n: {type: integer, max: 5}}\nsteps: [{id: a, message: x}]", map[string]any{"n": int64(6)}, "n must be"},
		{"inputs: {n: {type: integer}}\nsteps: [{id: a, message: x}]", nil, "n is needed"},
		{"steps: [{id: a, message: x}]", map[string]any{"n": int64(6)}, "has no input n"},
	} {
		p := book(t, c.flow)
		_, err := w.Start(t.Context(), workflow.Request{ID: "r-one", Playbook: p, Inputs: c.inputs, By: ana})
		refused(t, err, c.why)
		view, err := w.Preview(t.Context(), workflow.Request{ID: "r-one", Playbook: p, Inputs: c.inputs, By: ana})
		if err == nil && !strings.Contains(strings.Join(view.Missing, "; "), c.why) {
			t.Errorf("the preview misses %v, want %q", view.Missing, c.why)
		}
	}
	if list, err := w.List(t.Context(), workflow.Filter{}); err != nil || len(list) != 0 {
		t.Errorf("%d runs are there, %v", len(list), err)
	}
}

func TestPreviewSaysEveryStep(t *testing.T) {
	w := begin(t, setting{idle: true, config: workflow.Config{Lease: time.Second, Config: map[string]string{"api": "https://a.internal"}, HTTP: workflow.HTTPConfig{AllowHosts: []string{"a.internal"}}, Command: workflow.CommandConfig{Allow: []string{"sh"}}}})
	p := book(t, `
inputs: {name: {type: string}, big: {type: boolean, default: false}}
lock: db/${inputs.name}
steps:
  - {id: a, title: Create it, http: {method: POST, url: '${config.api}/${inputs.name}'}}
  - {id: b, http: {url: '${config.api}/${steps.a.json.id}'}, until: steps.b.json.ok, every: 5s}
  - {id: c, if: inputs.big, message: big}
  - {id: d, if: steps.a.json.id > 3, command: {argv: [sh, -c, 'x ${inputs.name}']}}
  - {id: e, sleep: 2m}
  - {id: f, message: there}
`)
	view, err := w.Preview(t.Context(), workflow.Request{ID: "r-one", Playbook: p, Inputs: map[string]any{"name": "orders", "big": false}, By: ana})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(append(view.Steps, "lock "+view.Lock, "missing "+strings.Join(view.Missing, "; ")), "\n")
	want := `Create it: POST https://a.internal/orders
GET https://a.internal/…, every 5s until it is as wanted
perhaps run sh -c 'x orders'
wait for 2m
say here: “there”
lock db/orders
missing `
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCancelWhereItStands(t *testing.T) {
	w := begin(t, setting{})
	w.start(t, "r-one", book(t, "steps: [{id: a, message: x}, {id: rest, sleep: 1h}]"), nil)
	for w.get(t, "r-one").Waits != workflow.ForTime {
		time.Sleep(5 * time.Millisecond)
	}
	refused(t, w.Retry(t.Context(), "r-one", ana), "still under way")
	if err := w.Cancel(t.Context(), "r-one", ana); err != nil {
		t.Fatal(err)
	}
	if run := w.end(t, "r-one"); run.State != workflow.Cancelled || run.Ended.IsZero() {
		t.Errorf("it is %s", run.State)
	}
	refused(t, w.Cancel(t.Context(), "r-one", ana), "it was cancelled")
	w.expect(t, "r-one/1 message: x", "r-one/2 cancelled: Stopped at `rest`. Nothing was done.")
}

// What a failed step did may still be there: nobody can say that nothing was
// done.
func TestCancelAfterFailure(t *testing.T) {
	url, host := server(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) })
	w := begin(t, setting{config: allowing(host, url)})
	w.start(t, "r-half", book(t, "steps: [{id: make, http: {method: POST, url: '${config.api}'}, retry: {attempts: 2, backoff: 1h}}]"), nil)
	for run := w.get(t, "r-half"); run.Waits != workflow.ForRetry; run = w.get(t, "r-half") {
		time.Sleep(5 * time.Millisecond)
	}
	if err := w.Cancel(t.Context(), "r-half", ana); err != nil {
		t.Fatal(err)
	}
	w.end(t, "r-half")
	said := w.heard()
	if last := said[len(said)-1]; !strings.HasSuffix(last, "No step was finished; what `make` did before may still be there.") {
		t.Errorf("it said %q", said)
	}
}

func TestUndo(t *testing.T) {
	var mu sync.Mutex
	var did []string
	url, host := server(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		did = append(did, r.Method+" "+r.URL.Path+" "+r.Header.Get("Idempotency-Key"))
		if r.URL.Path == "/c" {
			w.WriteHeader(http.StatusConflict)
		}
		_, _ = w.Write([]byte(`{"id": 7}`))
	})
	w := begin(t, setting{config: allowing(host, url)})
	w.start(t, "r-one", book(t, `
steps:
  - {id: a, http: {method: POST, url: '${config.api}/a'}, undo: {http: {method: DELETE, url: '${config.api}/a/${steps.a.json.id}'}}}
  - {id: b, http: {method: POST, url: '${config.api}/b'}, undo: {http: {method: DELETE, url: '${config.api}/b/${steps.b.json.id}'}}}
  - {id: c, http: {method: POST, url: '${config.api}/c'}, undo: {http: {method: DELETE, url: '${config.api}/c'}}}
`), nil)
	run := w.end(t, "r-one")
	if run.State != workflow.Failed {
		t.Fatalf("it is %s", run.State)
	}
	if last := w.heard()[len(w.heard())-1]; !strings.Contains(last, "Done before that, and still there: `a`, `b`.") {
		t.Errorf("heard %s", last)
	}
	if _, err := w.Undo(t.Context(), "r-one", workflow.Request{ID: "r-two", By: gus}); err == nil {
		t.Error("anybody may undo")
	}
	if _, err := w.Undo(t.Context(), "r-one", workflow.Request{ID: "r-two", By: ana}); err != nil {
		t.Fatal(err)
	}
	if run := w.end(t, "r-two"); run.State != workflow.Succeeded || run.Text != "What `r-one` did is undone." || run.Undoes != "r-one" {
		t.Errorf("the undo is %s: %s %s", run.State, run.Error, run.Text)
	}
	_, err := w.Undo(t.Context(), "r-one", workflow.Request{ID: "r-three", By: ana})
	refused(t, err, "undone already, by `r-two`")
	refused(t, w.Retry(t.Context(), "r-one", ana), "`r-one` is taken back by `r-two`: ask anew")
	mu.Lock()
	defer mu.Unlock()
	want := "POST /a r-one/a, POST /b r-one/b, POST /c r-one/c, DELETE /b/7 r-two/b, DELETE /a/7 r-two/a"
	if got := strings.Join(did, ", "); got != want {
		t.Errorf("did %s, want %s", got, want)
	}
}

// Several people press the button at the same time.
func TestUndoneOnce(t *testing.T) {
	w := begin(t, setting{config: workflow.Config{Command: workflow.CommandConfig{Allow: []string{"sh"}}}, idle: true})
	p := book(t, "steps: [{id: a, command: [sh, -c, 'true'], undo: {command: [sh, -c, 'true']}}]")
	w.start(t, "r-one", p, nil)
	stop := w.work(t)
	w.end(t, "r-one")
	stop()
	var done sync.WaitGroup
	var mu sync.Mutex
	started := 0
	for i := range 8 {
		done.Go(func() {
			_, err := w.Undo(t.Context(), "r-one", workflow.Request{ID: fmt.Sprintf("r-undo%d", i), By: ana})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				started++
			} else if _, refused := workflow.AsRefusal(err); !refused {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if started != 1 {
		t.Errorf("%d runs take it back", started)
	}
}

// Every byte that a run leaves is searched for the secrets that it used.
func TestNoSecretIsKept(t *testing.T) {
	const secret = "hunter2-correct-horse"
	url, host := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fail" {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = fmt.Fprintf(w, `{"echo": %q}`, r.Header.Get("Authorization"))
	})
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	cfg := allowing(host, url)
	cfg.Secrets = map[string]string{"tok": secret}
	cfg.Command.Allow = []string{"sh"}
	w := begin(t, setting{path: path, config: cfg})
	p := book(t, `
steps:
  - {id: a, http: {method: POST, url: '${config.api}/a', auth: {bearer: tok}}}
  - {id: b, command: {argv: [sh, -c, 'echo $T; echo $T >&2'], secrets: {T: tok}}}
  - {id: c, message: '${steps.a.json.echo} ${steps.b.text} ${steps.b.stderr}'}
  - {id: d, http: {method: POST, url: '${config.api}/fail', auth: {bearer: tok}}}
`)
	w.start(t, "r-one", p, nil)
	run := w.end(t, "r-one")
	if run.State != workflow.Failed || !strings.Contains(run.Error, "[secret]") {
		t.Errorf("it is %s: %s", run.State, run.Error)
	}
	text := fmt.Sprintf("%+v %s", run, strings.Join(w.heard(), "\n"))
	err := filepath.WalkDir(filepath.Dir(path), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		text += string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "[secret]") {
		t.Error("nothing was searched")
	}
	if strings.Contains(text, secret) {
		t.Error("the secret is stored or said")
	}
}

func TestACommandsFilesStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "frontdoor.db")
	w := begin(t, setting{path: path, config: workflow.Config{Lease: time.Second, Command: workflow.CommandConfig{Allow: []string{"sh"}}}})
	w.start(t, "r-one", book(t, `
steps:
  - {id: write, command: {argv: [sh, -c, 'echo hello > out; echo "{\"n\": 3}"']}}
  - {id: look, command: {argv: [sh, -c, 'cat ../r-one/out']}}
result: {text: '${steps.look.text} ${steps.write.json.n + 1} in ${run.dir}'}
`), nil)
	run := w.end(t, "r-one")
	if want := "hello 4 in " + filepath.Join(filepath.Dir(path), "runs", "r-one"); run.Text != want {
		t.Errorf("%s %s: got %q, want %q", run.State, run.Error, run.Text, want)
	}
}

func TestRehearse(t *testing.T) {
	p := book(t, `
inputs:
  name: {type: string}
  environment: {type: choice, options: [dev, prod], default: dev}
approval: [{when: inputs.environment == "prod", groups: [dba]}]
steps:
  - {id: create, http: {method: POST, url: '${config.api}/things', auth: {bearer: none}}, retry: {attempts: 2, backoff: 1h}}
  - {id: rest, sleep: 48h}
  - {id: tell, message: 'made ${steps.create.json.id}'}
  - {id: ready, http: {url: '${config.api}/things/${inputs.name}'}, until: steps.ready.json.ok, every: 1s, timeout: 1h}
  - {id: check, command: {argv: [tool, '${steps.ready.json.id}']}}
result: {text: '`+"`${inputs.name}`"+` is ready: ${steps.check.text}'}
`)
	good := map[string]playbook.TestReply{
		"create": {Status: 201, JSON: map[string]any{"id": 7}}, "ready": {JSON: map[string]any{"ok": true, "id": 7}}, "check": {Text: "fine\n"},
	}
	with := func(id string, r playbook.TestReply) map[string]playbook.TestReply {
		m := map[string]playbook.TestReply{}
		maps.Copy(m, good)
		m[id] = r
		return m
	}
	for _, c := range []struct {
		name    string
		replies map[string]playbook.TestReply
		env     string
		want    string
	}{
		{"well", good, "dev", "succeeded [] [made 7]  `orders` is ready: fine"},
		{"approved", good, "prod", "succeeded [dba] [made 7]  `orders` is ready: fine"},
		{"conflict", with("create", playbook.TestReply{Status: 409}), "dev", "failed [] [] create "},
		{"error", with("create", playbook.TestReply{Error: "it is down"}), "dev", "failed [] [] create "},
		{"never ready", with("ready", playbook.TestReply{JSON: map[string]any{"ok": false}}), "dev", "failed [] [made 7] ready "},
		{"exit", with("check", playbook.TestReply{Exit: 2}), "dev", "failed [] [made 7] check "},
		{"no id for the command", with("ready", playbook.TestReply{JSON: map[string]any{"ok": true}}), "dev", "succeeded [] [made 7]  `orders` is ready: fine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := workflow.Rehearse(t.Context(), p, map[string]any{"name": "orders", "environment": c.env}, ana, c.replies, workflow.Config{})
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%s %v %v %s %s", out.Run.State, out.Approval, out.Said, out.Failed, out.Run.Text); got != c.want {
				t.Errorf("got %s (%s), want %s", got, out.Run.Error, c.want)
			}
		})
	}
	_, err := workflow.Rehearse(t.Context(), p, nil, ana, good, workflow.Config{})
	refused(t, err, "name is needed")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := workflow.Rehearse(ctx, p, map[string]any{"name": "orders"}, ana, good, workflow.Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context gave %v", err)
	}
}

func TestRunIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		message, n := rapid.String().Draw(t, "message"), rapid.IntRange(0, 9).Draw(t, "n")
		id := workflow.RunID(message, n)
		if id != workflow.RunID(message, n) || id == workflow.RunID(message, n+1) || id == workflow.RunID(message+"x", n) {
			t.Fatalf("%s is not its own", id)
		}
		if len(id) != 10 || strings.Trim(id[2:], "abcdefghijklmnopqrstuvwxyz234567") != "" {
			t.Fatalf("%s can't be typed", id)
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	if found := workflow.Default().Validate(); len(found) != 0 {
		t.Errorf("the default has %v", found)
	}
	for _, c := range []struct {
		key string
		cfg workflow.Config
	}{
		{"workflows.lease", workflow.Config{Lease: time.Millisecond}},
		{"workflows.http.allow_hosts[1]", workflow.Config{Lease: time.Minute, HTTP: workflow.HTTPConfig{AllowHosts: []string{"[::1]:80", "https://a"}}}},
		{"workflows.http.allow_hosts[0]", workflow.Config{Lease: time.Minute, HTTP: workflow.HTTPConfig{AllowHosts: []string{"a:x", "::1"}}}},
		{"workflows.command.allow[0]", workflow.Config{Lease: time.Minute, Command: workflow.CommandConfig{Allow: []string{"git init"}}}},
	} {
		found := c.cfg.Validate()
		if len(found) != 1 || found[0].Key != c.key || found[0].Hint == "" {
			t.Errorf("%v, want one of %s", found, c.key)
		}
	}
}
