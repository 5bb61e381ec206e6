package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// hostile are lines that nobody should write, and somebody will.
var hostile = []string{
	``, `   `, "\t", `{`, `{}`, `{"text":5}`, `{"text":null}`, `{"press":"yes:forged"}`, `{"press":"approve:r-aaaaaaaa"}`, `{"press":""}`,
	`{"form":{}}`, `{"form":{"name":"x","days":-1}}`, `{"form":"no"}`, `{"text":"hi","as":"eve","groups":"a,b"}`, `{"text":"hi","groups":7}`,
	`[1,2,3]`, `null`, `"text"`, `{"text":"yes","as":"someone else"}`, `{"text":"","thread":"t9"}`, `{"text":"help","channel":"#help"}`,
	"\xff\xfe\xfd", "\x00\x01\x02", "a\x1b[31mred\x1b[0m", "\u202egnirts desrever", "🤷🏽‍♀️", strings.Repeat("a", 200_000), strings.Repeat("how ", 5000),
	`${config.db_api} ${secrets.x}`, `'; DROP TABLE runs; --`, `<script>alert(1)</script>`, `@here @channel <!everyone>`, `../../../etc/passwd`,
	`run`, `run nothing`, `run service-new name=../../x`, `cancel`, `cancel r-zzzzzzzz`, `approve r-zzzzzzzz`, `deny r-zzzzzzzz because`, `retry r-zzzzzzzz`,
	`status`, `status r-zzzzzzzz`, `yes`, `no`, `never mind`, `solved`, `not helpful`, `human`, `why`, `help`, `help zebra`, `ask`, `ask where are the logs`,
	`/platform`, `/platform nonsense`, `/`, `?`, `...`, `thanks`, `ok`, `hi`,
}

var ordinary = []string{
	`how do I roll back a deploy?`, `who is on call`, `how do I get access to production`, `need a new go service called shop-api for team payments`,
	`i need a cert for shop.dev.calderwick.example`, `render a manifest for shop image registry.example/shop:1.2.3`, `what is a canary`, `and in staging?`,
	`who won the world cup?`, `shop-api`, `python`, `3`, `make it 2 replicas`, `where do I see what my service costs`,
}

// TestThousandLines pipes a thousand lines, half of them hostile, through
// `bot chat --json`: every line is answered, in order, and each is accounted
// for by exactly one request of the demand records.
func TestThousandLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"playbooks", "docs"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("..", "..", name))); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same lines each time
	var lines []string
	for len(lines) < 1000 {
		from := ordinary
		if len(lines)%2 == 1 {
			from = hostile
		}
		lines = append(lines, from[random.IntN(len(from))])
	}
	out := bot(t, dir, strings.Join(lines, "\n")+"\n", "chat", "--json", "--timing")

	requests := map[string]bool{} // those that lines were answered under
	answered := map[int]string{}
	last := 0
	for i, line := range strings.Split(strings.TrimRight(out, "\n"), "\n") {
		var reply struct {
			ReplyTo *int    `json:"reply_to"`
			Text    string  `json:"text"`
			Request *string `json:"request"`
			Run     *string `json:"run"`
		}
		if err := json.Unmarshal([]byte(line), &reply); err != nil {
			t.Fatalf("output line %d is no object: %v", i+1, err)
		}
		if reply.ReplyTo == nil || reply.Request == nil || reply.Text == "" {
			t.Fatalf("output line %d lacks something: %s", i+1, line)
		}
		n := *reply.ReplyTo
		if answered[n] == "" {
			if n != last+1 {
				t.Fatalf("line %d is answered after line %d", n, last)
			}
			last = n
			answered[n] = *reply.Request
		}
		requests[*reply.Request] = true
	}
	if last != len(lines) {
		t.Fatalf("%d of %d lines are answered", last, len(lines))
	}
	received := map[string]int{}
	for line := range strings.Lines(bot(t, dir, "", "demand", "export")) {
		var e struct{ Event, Request string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Event == "request_received" {
			received[e.Request]++
		}
	}
	for r := range requests {
		if received[r] != 1 {
			t.Errorf("request %s is received %d times", r, received[r])
		}
	}
	for r := range received {
		if !requests[r] {
			t.Errorf("request %s answers no line", r)
		}
	}
	t.Logf("%d lines, %d requests", len(lines), len(requests))
}

// bot runs the command in dir and returns its standard output.
func bot(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	self := filepath.Join(t.TempDir(), "bot")
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(executable, self); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("bot %s: %v\n%s", fmt.Sprint(args), err, errs.String())
	}
	if errs.Len() > 0 {
		t.Logf("%s", errs.String())
	}
	return out.String()
}
