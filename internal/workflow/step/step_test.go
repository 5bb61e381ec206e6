package step_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"frontdoor/internal/playbook"
	"frontdoor/internal/workflow/step"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "s3cret/token+with=chars"

func secrets() *step.Secrets {
	return step.NewSecrets(map[string]string{"token": token, "empty": "", "short": "abc"})
}

func sentence(err error) string {
	var f *step.Failure
	if !errors.As(err, &f) {
		return fmt.Sprint(err)
	}
	return f.Sentence
}

func call(a playbook.Action, inputs map[string]any, dir string) step.Call {
	return step.Call{Run: "r-1", Step: "one", Action: a, Dir: dir, Env: map[string]any{"inputs": inputs, "steps": map[string]any{}, "config": map[string]any{}, "run": map[string]any{"id": "r-1", "dir": dir}}}
}

func TestHTTP(t *testing.T) {
	var elsewhere *httptest.Server
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 1000)
		n, _ := r.Body.Read(body)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"method": r.Method, "key": r.Header.Get("Idempotency-Key"), "auth": r.Header.Get("Authorization"), "custom": r.Header.Get("X-Custom"),
			"query": r.URL.RawQuery, "body": string(body[:n]), "type": r.Header.Get("Content-Type"),
		})
	})
	mux.HandleFunc("/status/{code}", func(w http.ResponseWriter, r *http.Request) {
		var code int
		_, _ = fmt.Sscan(r.PathValue("code"), &code)
		if code == 429 {
			w.Header().Set("Retry-After", "7")
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(`{"error": {"message": "that is taken"}}`))
	})
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2<<20)) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/bytes", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{\"a\": \"\xff\"")) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("short"))
	})
	here := httptest.NewServer(mux)
	defer here.Close()
	elsewhere = httptest.NewServer(mux)
	defer elsewhere.Close()
	host := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }
	allow := []string{host(here), host(elsewhere)}
	for _, c := range []struct {
		name      string
		http      playbook.HTTP
		allow     []string
		inputs    map[string]any
		want      string // in the reply's JSON form
		not       string
		fails     string
		transient bool
	}{
		{name: "get", http: playbook.HTTP{URL: "/echo"}, want: `"key":"r-1/one"`},
		{name: "post by default with a body", http: playbook.HTTP{URL: "/echo", JSON: map[string]any{"name": "${inputs.name}"}}, inputs: map[string]any{"name": `a"b`}, want: `"body":"{\"name\":\"a\\\"b\"}"`},
		{name: "raw body", http: playbook.HTTP{Method: "put", URL: "/echo", Body: "x=${inputs.n}"}, inputs: map[string]any{"n": int64(7)}, want: `"body":"x=7"`},
		{name: "query", http: playbook.HTTP{URL: "/echo?a=1", Query: map[string]playbook.Template{"b": "${inputs.v}"}}, inputs: map[string]any{"v": "x&c=2"}, want: `"query":"a=1\u0026b=x%26c%3D2"`},
		{name: "a bearer is sent and masked in the reply", http: playbook.HTTP{URL: "/echo", Bearer: "token"}, want: `"auth":"Bearer [secret]"`, not: token},
		{name: "a secret that is unset", http: playbook.HTTP{URL: "/echo", Bearer: "none"}, fails: "the secret none is not set in workflows.secrets"},
		{name: "an empty secret", http: playbook.HTTP{URL: "/echo", Bearer: "empty"}, fails: "the secret empty is not set"},
		{name: "nothing allowed", http: playbook.HTTP{URL: "/echo"}, allow: []string{}, fails: "is not in workflows.http.allow_hosts"},
		{name: "another port", http: playbook.HTTP{URL: "/echo"}, allow: []string{"127.0.0.1:1"}, fails: "is not in workflows.http.allow_hosts"},
		{name: "any port", http: playbook.HTTP{URL: "/echo"}, allow: []string{"127.0.0.1"}, want: `"method":"GET"`},
		{name: "a file", http: playbook.HTTP{URL: "file:///etc/passwd"}, fails: "is no http or https address"},
		{name: "a password in the address", http: playbook.HTTP{URL: "http://u:p@127.0.0.1/"}, fails: "carries a user name or password"},
		{name: "a way out of the path", http: playbook.HTTP{URL: "/status/${inputs.v}"}, inputs: map[string]any{"v": ".."}, fails: "can't be put together"},
		{name: "a hole in the path", http: playbook.HTTP{URL: "/status/${inputs.v}"}, inputs: map[string]any{"v": ""}, fails: "can't be put together"},
		{name: "a line break in a header", http: playbook.HTTP{URL: "/echo", Headers: map[string]playbook.Template{"X-Custom": "${inputs.v}"}}, inputs: map[string]any{"v": "a\r\nX: b"}, fails: "has a line break in it"},
		{name: "another host by header", http: playbook.HTTP{URL: "/echo", Headers: map[string]playbook.Template{"host": "x"}}, fails: "can't choose another host"},
		{name: "conflict", http: playbook.HTTP{URL: "/status/409"}, fails: "/status/409 answered 409 Conflict: that is taken"},
		{name: "expected conflict", http: playbook.HTTP{URL: "/status/409", Expect: []int{409}}, want: `"status":409`},
		{name: "not what is expected", http: playbook.HTTP{URL: "/echo", Expect: []int{201}}, fails: "answered 200 OK"},
		{name: "broken", http: playbook.HTTP{URL: "/status/503"}, fails: "answered 503", transient: true},
		{name: "too many", http: playbook.HTTP{URL: "/status/429"}, fails: "answered 429", transient: true},
		{name: "redirect", http: playbook.HTTP{URL: "/away?to=/echo", Bearer: "token", Headers: map[string]playbook.Template{"X-Custom": "mine"}}, want: `"auth":"Bearer [secret]","body":"","custom":"mine"`},
		{name: "redirect elsewhere without credentials", http: playbook.HTTP{URL: playbook.Template("/away?to=" + elsewhere.URL + "/echo"), Bearer: "token", Headers: map[string]playbook.Template{"X-Custom": "mine"}}, want: `"auth":"","body":"","custom":""`},
		{name: "redirect out", http: playbook.HTTP{URL: playbook.Template("/away?to=" + elsewhere.URL + "/echo")}, allow: []string{host(here)}, fails: "it was redirected, and the host"},
		{name: "redirect to a file", http: playbook.HTTP{URL: "/away?to=file:///etc/passwd"}, fails: "it was redirected, and the address"},
		{name: "redirect in circles", http: playbook.HTTP{URL: "/loop"}, fails: "redirected more than 5 times"},
		{name: "too large", http: playbook.HTTP{URL: "/large"}, fails: "answered more than 1 MB"},
		{name: "slow", http: playbook.HTTP{URL: "/slow"}, fails: "did not answer in time", transient: true},
		{name: "no text", http: playbook.HTTP{URL: "/bytes"}, want: `"json":null`},
		{name: "cut off", http: playbook.HTTP{URL: "/cut"}, fails: "could not be reached: unexpected EOF", transient: true},
		{name: "nobody there", http: playbook.HTTP{URL: "http://127.0.0.1:1/x?private=1"}, allow: []string{"127.0.0.1"}, fails: "GET http://127.0.0.1:1/x could not be reached: ", transient: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.HasPrefix(string(c.http.URL), "/") {
				c.http.URL = playbook.Template(here.URL) + c.http.URL
			}
			if c.allow == nil {
				c.allow = allow
			}
			h := step.NewHTTP(c.allow, secrets())
			defer h.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			reply, err := h.Do(ctx, call(playbook.Action{HTTP: &c.http}, c.inputs, ""))
			text, _ := json.Marshal(reply)
			if c.fails != "" {
				var f *step.Failure
				if !errors.As(err, &f) || !strings.Contains(f.Sentence, c.fails) || f.Transient != c.transient {
					t.Fatalf("got %s %#v, want %q", text, err, c.fails)
				}
				if strings.Contains(f.Error(), "private") {
					t.Errorf("%q shows the query", f.Error())
				}
				if c.name == "too many" && f.After != 7*time.Second {
					t.Errorf("waits %v", f.After)
				}
				return
			}
			if err != nil || !strings.Contains(string(text), c.want) || c.not != "" && strings.Contains(string(text), c.not) {
				t.Fatalf("got %s %v, want %s", text, err, c.want)
			}
		})
	}
}

func TestCommand(t *testing.T) {
	t.Setenv("FRONTDOOR_OWN_TOKEN", "ours")
	for _, c := range []struct {
		name    string
		command playbook.Command
		inputs  map[string]any
		want    map[string]any
		fails   string
	}{
		{name: "output", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "echo hi; echo no >&2"}}, want: map[string]any{"exit": int64(0), "text": "hi", "stderr": "no\n"}},
		{name: "json", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", `echo '{"a": 1}'`}}, want: map[string]any{"json": map[string]any{"a": int64(1)}}},
		{name: "never a shell", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", `printf %s "$1"`, "x", "${inputs.v}"}}, inputs: map[string]any{"v": "$(id); `id` & *"}, want: map[string]any{"text": "$(id); `id` & *"}},
		{name: "stdin", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "cat"}, Stdin: "${inputs.v}"}, inputs: map[string]any{"v": "in"}, want: map[string]any{"text": "in"}},
		{name: "environment", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", `echo "$A $FRONTDOOR_KEY [$FRONTDOOR_OWN_TOKEN]"`}, Env: map[string]playbook.Template{"A": "${inputs.v}"}}, inputs: map[string]any{"v": "a b"}, want: map[string]any{"text": "a b r-1/one []"}},
		{name: "a secret is given and masked", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", `test -n "$T" && echo "$T" && echo "$T" >&2`}, Secrets: map[string]string{"T": "token"}}, want: map[string]any{"text": "[secret]", "stderr": "[secret]\n"}},
		{name: "a secret that is unset", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "true"}, Secrets: map[string]string{"T": "none"}}, fails: "the secret none is not set in workflows.secrets"},
		{name: "failure", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "echo first >&2; echo last >&2; exit 3"}}, fails: "sh ended with exit code 3: last"},
		{name: "failure said on standard output", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "echo why; exit 1"}}, fails: "sh ended with exit code 1: why"},
		{name: "signal", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "kill -9 $$"}}, fails: "sh was ended by a signal"},
		{name: "not allowed", command: playbook.Command{Argv: []playbook.Template{"/bin/sh", "-c", "true"}}, fails: "the executable /bin/sh is not in workflows.command.allow"},
		{name: "not there", command: playbook.Command{Argv: []playbook.Template{"no-such-thing"}}, fails: "the executable no-such-thing is not installed here"},
		{name: "a folder below", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "pwd"}, Dir: "a/b"}, want: map[string]any{"text": "DIR/a/b", "dir": "DIR/a/b"}},
		{name: "the run's folder", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "pwd"}, Dir: "${run.dir}/c"}, want: map[string]any{"text": "DIR/c"}},
		{name: "a folder above", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "pwd"}, Dir: "${inputs.v}"}, inputs: map[string]any{"v": "../other"}, fails: "leads out of the run's own"},
		{name: "a folder anywhere", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "pwd"}, Dir: "/etc"}, fails: "leads out of the run's own"},
		{name: "a link out", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "pwd"}, Dir: "link"}, fails: "can't be"},
		{name: "a zero byte", command: playbook.Command{Argv: []playbook.Template{"sh", "${inputs.v}"}}, inputs: map[string]any{"v": "a\x00b"}, fails: "has a zero byte in it"},
		{name: "too much", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "head -c 3000000 /dev/zero"}}, fails: "sh printed more than 1 MB"},
		{name: "no text", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", `printf 'a\377b'`}}, want: map[string]any{"text": "a\uFFFDb"}},
		{name: "something left in the background", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "sleep 100 & echo done"}}, want: map[string]any{"text": "done"}},
		{name: "too long", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "exec sleep 100"}}, fails: "sh did not end in time and was stopped"},
		{name: "too long and deaf", command: playbook.Command{Argv: []playbook.Template{"sh", "-c", "trap '' TERM; while true; do sleep 0.1; done"}}, fails: "sh did not end in time and was stopped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "r-1")
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("/etc", filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			k := step.NewCommand([]string{"sh", "no-such-thing"}, secrets(), "")
			limit := 10 * time.Second
			if strings.HasPrefix(c.name, "too long") {
				limit = 200 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
			defer cancel()
			reply, err := k.Do(ctx, call(playbook.Action{Command: &c.command}, c.inputs, dir))
			if c.fails != "" {
				if !strings.Contains(sentence(err), c.fails) {
					t.Fatalf("got %v %v, want %q", reply, err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for key, want := range c.want {
				if s, ok := want.(string); ok {
					want = strings.ReplaceAll(s, "DIR", dir)
				}
				if fmt.Sprint(reply[key]) != fmt.Sprint(want) {
					t.Errorf("%s is %#v, want %#v", key, reply[key], want)
				}
			}
		})
	}
}

// An allowed program is the one beside the bot, not one of that name that a
// step has left in the run's directory.
func TestARelativeExecutable(t *testing.T) {
	here, run := t.TempDir(), t.TempDir()
	t.Chdir(here)
	for dir, says := range map[string]string{here: "ours", run: "planted"} {
		if err := os.WriteFile(filepath.Join(dir, "tool"), []byte("#!/bin/sh\necho "+says+"\n"), 0o700); err != nil { //nolint:gosec // it has to be run
			t.Fatal(err)
		}
	}
	k := step.NewCommand([]string{"./tool"}, secrets(), "")
	reply, err := k.Do(t.Context(), call(playbook.Action{Command: &playbook.Command{Argv: []playbook.Template{"./tool"}}}, nil, run))
	if err != nil || reply["text"] != "ours" {
		t.Errorf("it said %v, %v", reply["text"], err)
	}
}

func TestPlan(t *testing.T) {
	h := step.NewHTTP([]string{"db.internal"}, secrets())
	k := step.NewCommand([]string{"git"}, secrets(), "")
	for _, c := range []struct {
		kind    step.Kind
		action  playbook.Action
		line    string
		missing string
	}{
		{h, playbook.Action{HTTP: &playbook.HTTP{Method: "DELETE", URL: "https://db.internal/d/${inputs.name}"}}, "DELETE https://db.internal/d/orders", ""},
		{h, playbook.Action{HTTP: &playbook.HTTP{URL: "https://db.internal/d/${steps.create.json.id}"}}, "GET https://db.internal/d/…", ""},
		{h, playbook.Action{HTTP: &playbook.HTTP{URL: "https://other/", Bearer: "nope"}}, "GET https://other/", "the secret nope is not set in workflows.secrets; the host other is not in workflows.http.allow_hosts"},
		{k, playbook.Action{Command: &playbook.Command{Argv: []playbook.Template{"git", "init", "${inputs.name} x"}}}, "run git init 'orders x'", "git"},
		{k, playbook.Action{Command: &playbook.Command{Argv: []playbook.Template{"rm", "-rf"}, Secrets: map[string]string{"T": "nope"}}}, "run rm -rf", "the executable rm is not in workflows.command.allow; the secret nope is not set in workflows.secrets"},
	} {
		p := c.kind.Plan(call(c.action, map[string]any{"name": "orders"}, "/run"))
		missing := strings.Join(p.Missing, "; ")
		if c.missing == "git" { // where it is not installed
			missing = "git"
		}
		if p.Line != c.line || missing != c.missing {
			t.Errorf("got %q missing %q, want %q missing %q", p.Line, missing, c.line, c.missing)
		}
	}
}

// What other systems answer goes into rows and expressions: it has to be text,
// and come back from JSON as it went in.
func FuzzReply(f *testing.F) {
	for _, s := range []string{"", "{}", "[1, 1.5, 1e400, 12345678901234567890]", "{\"a\": \"\xff\"}", "{\"a\": 1}{", "null", "\x00", `{"x":"` + token + `"}`} {
		f.Add([]byte(s))
	}
	mask := secrets()
	f.Fuzz(func(t *testing.T, body []byte) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
		defer server.Close()
		h := step.NewHTTP([]string{"127.0.0.1"}, mask)
		defer h.Close()
		reply, err := h.Do(t.Context(), call(playbook.Action{HTTP: &playbook.HTTP{URL: playbook.Template(server.URL)}}, nil, ""))
		if err != nil {
			if len(body) <= 1<<20 {
				t.Fatal(err)
			}
			return
		}
		text, err := json.Marshal(reply)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), token) {
			t.Fatal("the secret is in the reply")
		}
		back, err := step.Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(back)
		if err != nil || string(again) != string(text) {
			t.Fatalf("%s came back as %s, %v", text, again, err)
		}
	})
}
