//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// ended is how a command ended.
type ended struct {
	out, errs string
	code      int   // -1 where a signal ended it
	memory    int64 // the most that it held at once, in bytes
}

// program is the real binary in dir, with its arguments.
func program(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	self := filepath.Join(t.TempDir(), "bot")
	if err := os.Symlink(executable, self); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir = dir
	return cmd
}

// limited has cmd write no file beyond so many KiB, as a full disk does for
// whoever runs the tests.
func limited(t *testing.T, cmd *exec.Cmd, kib int) *exec.Cmd {
	t.Helper()
	shell, err := exec.LookPath("bash")
	if err != nil { // its unit of ulimit -f is 1 KiB, that of other shells 512 bytes
		t.Fatal(err)
	}
	out := exec.CommandContext(t.Context(), shell, append([]string{"-c", fmt.Sprintf(`ulimit -f %d; exec "$0" "$@"`, kib)}, cmd.Args...)...)
	out.Dir = cmd.Dir
	return out
}

// finish runs cmd to its end and sees that no stack trace is printed.
func finish(t *testing.T, cmd *exec.Cmd, stdin io.Reader) ended {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stderr = stdin, &errs
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	e := ended{out: out.String(), errs: errs.String(), code: cmd.ProcessState.ExitCode()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		e.memory = usage.Maxrss
		if runtime.GOOS != "darwin" {
			e.memory <<= 10
		}
	}
	if strings.Contains(e.errs, "goroutine ") || strings.Contains(e.errs, "panic:") || strings.Contains(e.errs, "DATA RACE") {
		t.Fatalf("%v breaks:\n%s", cmd.Args, e.errs)
	}
	return e
}

// said says the lines to a chat in dir.
func said(t *testing.T, dir, lines string) ended {
	t.Helper()
	return finish(t, program(t, dir, "chat", "--json"), strings.NewReader(lines))
}

// inOrder checks that every line up to the last is answered, each after the
// one before.
func inOrder(t *testing.T, out string, last int) {
	t.Helper()
	at := 0
	for line := range strings.Lines(out) {
		var reply struct {
			ReplyTo *int `json:"reply_to"`
			Text    string
		}
		if err := json.Unmarshal([]byte(line), &reply); err != nil {
			t.Fatalf("no object: %q", line)
		}
		if reply.ReplyTo == nil || reply.Text == "" || *reply.ReplyTo < at || *reply.ReplyTo > at+1 {
			t.Fatalf("after line %d comes %s", at, line)
		}
		at = *reply.ReplyTo
	}
	if at != last {
		t.Fatalf("%d of %d lines are answered", at, last)
	}
}

// records counts the requests in the demand records.
func records(t *testing.T, dir string) int {
	t.Helper()
	return strings.Count(finish(t, program(t, dir, "demand", "export"), nil).out, `"request_received"`)
}

// rota writes a small catalogue.
func rota(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, "playbooks"), 0o700); err != nil {
		t.Fatal(err)
	}
	const book = "id: rota\ntitle: The rota\nsummary: Who is on duty.\nowner: sre\nmatch: {command: rota, examples: [who is on duty tonight]}\nanswer: {text: It is Ana.}\n"
	if err := os.WriteFile(filepath.Join(dir, "playbooks", "rota.yaml"), []byte(book), 0o600); err != nil {
		t.Fatal(err)
	}
}

// greetings are n lines, each so many in a thread of their own: each thread is
// one request.
func greetings(n, each int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"text\":\"hi\",\"thread\":\"t%d\"}\n", i/each)
	}
	return b.String()
}

// TestManyLines: ten thousand (many) all at once, each answered in its turn, in memory that
// does not grow with them.
func TestManyLines(t *testing.T) {
	t.Parallel()
	memory := map[int]int64{}
	for _, n := range []int{many / 10, many} {
		dir := t.TempDir()
		e := said(t, dir, greetings(n, 10))
		if e.code != 0 || e.errs != "bot: there are no pages to answer from (looked in docs)\n" {
			t.Fatalf("%d lines end with %d: %s", n, e.code, e.errs)
		}
		inOrder(t, e.out, n)
		if got := records(t, dir); got != n/10 {
			t.Errorf("%d lines are %d requests, want %d", n, got, n/10)
		}
		memory[n] = e.memory
	}
	t.Logf("%d MiB for %d lines, %d MiB for %d", memory[many/10]>>20, many/10, memory[many]>>20, many)
	// A message leaves a state that expires, a few hundred bytes of it here.
	if grown := memory[many] - memory[many/10]; grown > 64<<20 {
		t.Errorf("%d lines more take %d MiB more", many-many/10, grown>>20)
	}
}

// endless is one line of so many bytes.
type endless struct{ left int64 }

func (r *endless) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, bytes.Repeat([]byte("a"), int(min(int64(len(p)), r.left))))
	r.left -= int64(n)
	return n, nil
}

// TestLongLines: what nobody types is cut, and said to be.
func TestLongLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := said(t, dir, `{"text":"`+strings.Repeat("how do I deploy ", 1<<16)+"\"}\n"+strings.Repeat("é", 1<<19)+"\n\xff\xfe\x00\x1b[2Jhi\n\n"+strings.Repeat("\x07", 1<<20)+"\nhi\n")
	if e.code != 0 {
		t.Fatalf("%d: %s", e.code, e.errs)
	}
	inOrder(t, e.out, 6)
	if n := strings.Count(e.out, "read only the first"); n < 2 {
		t.Errorf("%d of the long lines are said to be cut", n)
	}
	e = finish(t, program(t, dir, "chat", "--json"), &endless{left: 512 << 20})
	if e.code != 0 || e.memory > 400<<20 {
		t.Errorf("a line of 512 MiB ends with %d and takes %d MiB: %s", e.code, e.memory>>20, e.errs)
	}
	inOrder(t, e.out, 1)
}

// TestFullDisk: what was said is answered, what can't be kept is named, and
// what was kept before stays.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	said(t, dir, greetings(20, 1))
	const lines = 400
	e := finish(t, limited(t, program(t, dir, "chat", "--json"), 200), strings.NewReader(greetings(lines, 1)))
	inOrder(t, e.out, lines)
	if !strings.Contains(e.errs, "demand events not recorded, they wait") || !strings.Contains(e.errs, "demand records still wait") {
		t.Errorf("it isn't said that records can't be kept: %s", e.errs)
	}
	if got := records(t, dir); got < 20 || got >= 20+lines {
		t.Errorf("%d requests are kept of %d", got, 20+lines)
	}
	if e := said(t, dir, "hi\n"); e.code != 0 {
		t.Errorf("with space again: %d: %s", e.code, e.errs)
	}
	e = finish(t, limited(t, program(t, t.TempDir(), "chat", "--json"), 1), strings.NewReader("hi\n"))
	if e.code != 1 || e.out != "" || !strings.Contains(e.errs, "`bot doctor` says what to do") {
		t.Errorf("a start on a full disk ends with %d: %s", e.code, e.errs)
	}
}

// TestNowhereToWrite: a data_dir that nobody can make, root neither. What
// needs none goes on.
func TestNowhereToWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rota(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "frontdoor.yaml"), []byte("data_dir: playbooks/rota.yaml/state\nhttp: {listen: '127.0.0.1:0'}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"chat", "serve", "runs list", "demand report", "demand export", "doctor"} {
		e := finish(t, program(t, dir, strings.Fields(command)...), strings.NewReader("hi\n"))
		if e.code != 1 || !strings.Contains(e.out+e.errs, "rota.yaml") || !strings.Contains(e.out+e.errs, "not a directory") {
			t.Errorf("%s ends with %d: %s%s", command, e.code, e.out, e.errs)
		}
	}
	for command, code := range map[string]int{"playbooks list": 0, "playbooks lint": 0, "match who is on duty tonight": 0, "ask who is on duty": 1, "version": 0} {
		if e := finish(t, program(t, dir, strings.Fields(command)...), nil); e.code != code {
			t.Errorf("%s ends with %d: %s", command, e.code, e.errs)
		}
	}
}

// TestClosedOutput: whoever reads no further, as `| head -1`, hears nothing of it.
func TestClosedOutput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rota(t, dir)
	said(t, dir, strings.Repeat("hi\n", 20))
	for _, command := range []string{"chat --json", "playbooks list --json", "playbooks schema", "demand export", "doctor"} {
		cmd := program(t, dir, strings.Fields(command)...)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		cmd.Stdout = w
		e := finish(t, cmd, strings.NewReader("hi\n"))
		_ = w.Close()
		if e.errs = strings.TrimPrefix(e.errs, "bot: there are no pages to answer from (looked in docs)\n"); e.code == 0 || e.code == 2 || e.errs != "" {
			t.Errorf("%s ends with %d: %s", command, e.code, e.errs)
		}
	}
	// A full disk behind the output is said, and ends it too.
	for _, command := range []string{"chat --json", "playbooks list --json", "demand export", "doctor"} {
		cmd := limited(t, program(t, dir, strings.Fields(command)...), 0)
		file, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout = file
		e := finish(t, cmd, strings.NewReader("hi\n"))
		_ = file.Close()
		if e.code != 1 || !strings.Contains(e.errs, "bot: ") {
			t.Errorf("on a full disk %s ends with %d: %s", command, e.code, e.errs)
		}
	}
}

var lastAnswered = regexp.MustCompile(`bot: interrupted: line (\d+) is the last that was answered\n`)

// TestInterrupted: in the middle of a batch, what was answered is printed and
// the rest is said not to be.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		dir := t.TempDir()
		cmd := program(t, dir, "chat", "--json")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var writing sync.WaitGroup
		writing.Go(func() {
			for i := 0; ; i++ { // until nobody reads
				if _, err := fmt.Fprintf(in, "{\"text\":\"hi\",\"thread\":\"t%d\"}\n", i); err != nil {
					return
				}
			}
		})
		answers := bufio.NewScanner(out)
		answers.Buffer(nil, 1<<20)
		n := 0
		for answers.Scan() {
			if n++; n == 20 {
				if err := cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait()
		writing.Wait()
		said := lastAnswered.FindStringSubmatch(errs.String())
		if cmd.ProcessState.ExitCode() != 1 || said == nil || said[1] != fmt.Sprint(n) {
			t.Errorf("%v after %d answers ends with %d: %s", signal, n, cmd.ProcessState.ExitCode(), errs.String())
		}
		if got := records(t, dir); got < n {
			t.Errorf("%v: %d of %d requests are kept", signal, got, n)
		}
	}
}

// TestTwoChats on one data_dir keep apart and lose nothing.
func TestTwoChats(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var chats sync.WaitGroup
	outs := make([]ended, 2)
	for i := range outs {
		cmd := program(t, dir, "chat", "--json", "--as", fmt.Sprint("person", i))
		chats.Go(func() { outs[i] = finish(t, cmd, strings.NewReader(greetings(150, 1))) })
	}
	chats.Wait()
	for _, e := range outs {
		if e.code != 0 {
			t.Errorf("%d: %s", e.code, e.errs)
		}
		inOrder(t, e.out, 150)
	}
	if got := records(t, dir); got != 300 {
		t.Errorf("%d of 300 requests are kept", got)
	}
}

// TestDamagedFiles: what can be made anew is, anything else is refused with
// the way out, and left as it is.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	sound := t.TempDir()
	said(t, sound, "hi\n")
	for _, tt := range []struct {
		name, file, content, says string // says is "" where it goes on
	}{
		{"a snapshot", "docs/docs.index", "frontdix and nonsense", ""},
		{"somebody's file among the sessions", "sessions/README", "hello", ""},
		{"a database", "frontdoor.db", strings.Repeat("this is no database\n", 500), "the file is damaged or is no database"},
		{"half a database", "frontdoor.db", "half", "the file is damaged or is no database"},
		{"a file in the place of the sessions", "sessions", "hello", "not a directory"},
		{"a short key", "demand.key", "short\n", "fewer than 16 characters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(sound)); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, ".frontdoor", tt.file)
			content := []byte(tt.content)
			if tt.content == "half" {
				whole, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				content = whole[:len(whole)/2]
			}
			if tt.file == "sessions" {
				if err := os.RemoveAll(file); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			e := said(t, dir, "hi\n")
			if tt.says == "" {
				if e.code != 0 {
					t.Errorf("it ends with %d: %s", e.code, e.errs)
				}
				inOrder(t, e.out, 1)
				if got := records(t, dir); got != 2 {
					t.Errorf("%d of 2 requests are kept", got)
				}
				return
			}
			if e.code != 1 || e.out != "" || !strings.Contains(e.errs, tt.says) || !strings.Contains(e.errs, "`bot doctor` says what to do") {
				t.Errorf("it ends with %d: %s", e.code, e.errs)
			}
			if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, content) {
				t.Errorf("the file isn't as it was: %v", err)
			}
			if e := finish(t, program(t, dir, "doctor"), nil); e.code != 1 || !strings.Contains(e.out, "BAD") || !strings.Contains(e.out, filepath.Base(tt.file)) {
				t.Errorf("the doctor ends with %d: %s", e.code, e.out)
			}
		})
	}
}
