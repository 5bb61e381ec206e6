package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// jsonLines checks that the last output is JSON objects only, one a line, and
// that each line named has what is named: `jsonlines 3 2:answered=true`. A
// value is compared as it is printed; a dot goes into an object or a list.
func jsonLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: jsonlines COUNT [LINE:KEY=VALUE …]")
	}
	text := strings.TrimRight(ts.ReadFile("stdout"), "\n")
	var lines []map[string]any
	if text != "" {
		for line := range strings.SplitSeq(text, "\n") {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				ts.Fatalf("line %d is no JSON object: %s", len(lines)+1, line)
			}
			lines = append(lines, object)
		}
	}
	if fmt.Sprint(len(lines)) != args[0] {
		ts.Fatalf("%d lines, want %s:\n%s", len(lines), args[0], text)
	}
	for _, check := range args[1:] {
		where, want, _ := strings.Cut(check, "=")
		number, path, _ := strings.Cut(where, ":")
		var n int
		if _, err := fmt.Sscan(number, &n); err != nil || n < 1 || n > len(lines) {
			ts.Fatalf("no line %s for %s", number, check)
		}
		if got := dig(lines[n-1], path); got != want {
			ts.Fatalf("line %d: %s is %s, want %s\n%v", n, path, got, want, lines[n-1])
		}
	}
}

func dig(v any, path string) string {
	for key := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			found, has := x[key]
			if !has {
				return "(missing)"
			}
			v = found
		case []any:
			if key == "len" {
				v = len(x)
				continue
			}
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i < 0 || i >= len(x) {
				return "(missing)"
			}
			v = x[i]
		default:
			return "(missing)"
		}
	}
	if s, ok := v.(string); ok {
		return s
	}
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

var served = regexp.MustCompile(`"http":"([^"]+)"`)

// reach waits until a `bot serve` that logs into FILE answers as is said:
// `reach FILE /readyz STATUS TEXT`.
func reach(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: reach FILE PATH STATUS TEXT")
	}
	deadline := time.Now().Add(time.Minute)
	for {
		says := "nothing is served"
		log, err := os.ReadFile(ts.MkAbs(args[0]))
		if found := served.FindSubmatch(log); err == nil && found != nil {
			body, status := get(ts, "http://"+string(found[1])+args[1])
			if status == args[2] && strings.Contains(body, args[3]) {
				return
			}
			says = status + " " + body
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s: %s\n%s", args[1], says, log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func get(ts *testscript.TestScript, url string) (body, status string) {
	client := &http.Client{Timeout: 10 * time.Second}
	res, err := client.Get(url) //nolint:noctx // a script has no context
	ts.Check(err)
	defer func() { _ = res.Body.Close() }()
	var b strings.Builder
	buf := make([]byte, 64<<10)
	for {
		n, err := res.Body.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			break
		}
	}
	return b.String(), fmt.Sprint(res.StatusCode)
}

// interrupt asks the background commands to stop, as an operator does.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: interrupt")
	}
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(os.Interrupt))
	}
}
