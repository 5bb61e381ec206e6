package step

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"frontdoor/internal/expression"
	"frontdoor/internal/playbook"
)

const (
	maxStderr = 64 << 10        // bytes of standard error that are kept: the last
	grace     = 3 * time.Second // between asking a command to end and ending it
	drain     = 2 * time.Second // for output after the command itself has ended
)

// Command does command steps: an argv, never a shell.
type Command struct {
	allow   []string
	secrets *Secrets
	self    string // the running binary, as `bot` means it
}

// NewCommand returns the kind. allow lists executables as playbooks write
// them; where it is empty every command is refused. self is the path of the
// running binary.
func NewCommand(allow []string, secrets *Secrets, self string) *Command {
	return &Command{allow: allow, secrets: secrets, self: self}
}

// executable finds the program of argv[0].
func (k *Command) executable(name string) (string, *Failure) {
	if !slices.Contains(k.allow, name) {
		return "", failed("the executable %s is not in workflows.command.allow", name)
	}
	if name == "bot" {
		return k.self, nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", failed("the executable %s is not installed here", name)
	}
	// A command has a directory of its own, in which a relative path would be
	// another program: one that an earlier step may have put there.
	if path, err = filepath.Abs(path); err != nil {
		return "", failed("the executable %s can't be found: the bot's own directory is gone", name)
	}
	return path, nil
}

type command struct {
	argv  []string
	dir   string // below the run's directory, local
	env   []string
	stdin string
}

func (k *Command) prepare(c Call) (command, error) {
	a := c.Action.Command
	var p command
	for i, tpl := range a.Argv {
		s, err := expression.ExpandString(string(tpl), c.Env, nil)
		if err != nil {
			return p, fmt.Errorf("argument %d: %w", i, err)
		}
		if strings.ContainsRune(s, 0) {
			return p, fmt.Errorf("argument %d has a zero byte in it", i)
		}
		p.argv = append(p.argv, s)
	}
	if len(p.argv) == 0 || p.argv[0] == "" {
		return p, errors.New("it names no executable")
	}
	dir, err := expression.ExpandString(string(a.Dir), c.Env, nil)
	if err != nil {
		return p, fmt.Errorf("dir: %w", err)
	}
	if dir == "" {
		dir = "."
	}
	// `${run.dir}/x` and `x` mean the same.
	if rest, ok := strings.CutPrefix(dir, c.Dir+string(filepath.Separator)); ok && c.Dir != "" {
		dir = rest
	} else if dir == c.Dir {
		dir = "."
	}
	if !filepath.IsLocal(dir) {
		return p, fmt.Errorf("the directory %q leads out of the run's own", clip(dir, 80))
	}
	p.dir = filepath.Clean(dir)
	for name, tpl := range a.Env {
		v, err := expression.ExpandString(string(tpl), c.Env, nil)
		if err != nil {
			return p, fmt.Errorf("env %s: %w", name, err)
		}
		if strings.ContainsRune(v, 0) {
			return p, fmt.Errorf("env %s has a zero byte in it", name)
		}
		p.env = append(p.env, name+"="+v)
	}
	slices.Sort(p.env)
	if p.stdin, err = expression.ExpandString(string(a.Stdin), c.Env, nil); err != nil {
		return p, fmt.Errorf("stdin: %w", err)
	}
	return p, nil
}

// workplace makes the command's directory and returns its real path.
func workplace(runDir, dir string) (string, error) {
	if runDir == "" {
		return "", failed("there is no work directory for commands here")
	}
	if err := os.MkdirAll(runDir, 0o700); err != nil {
		return "", &Failure{Sentence: "the run's directory can't be made", Cause: err}
	}
	root, err := os.OpenRoot(runDir)
	if err != nil {
		return "", &Failure{Sentence: "the run's directory can't be opened", Cause: err}
	}
	defer func() { _ = root.Close() }()
	// Root refuses a symbolic link that an earlier command left to lead out.
	if err := root.MkdirAll(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", &Failure{Sentence: fmt.Sprintf("the directory %q can't be made", clip(dir, 80)), Cause: err}
	}
	sub, err := root.OpenRoot(dir)
	if err != nil {
		return "", &Failure{Sentence: fmt.Sprintf("the directory %q can't be used", clip(dir, 80)), Cause: err}
	}
	_ = sub.Close()
	return filepath.Join(runDir, dir), nil
}

// Do implements Kind. The reply has exit, text (standard output without its
// last line break), json (nil where it is no JSON object or list), stderr and
// dir, the command's directory.
func (k *Command) Do(ctx context.Context, c Call) (map[string]any, error) {
	p, err := k.prepare(c)
	if err != nil {
		return nil, failed("the command can't be put together: %v", err)
	}
	path, refusal := k.executable(p.argv[0])
	if refusal != nil {
		return nil, refusal
	}
	dir, err := workplace(c.Dir, p.dir)
	if err != nil {
		return nil, err
	}
	// Nothing of our own environment: it holds the bot's tokens.
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.Dir, "LANG=C.UTF-8", "FRONTDOOR_RUN=" + c.Run, "FRONTDOOR_KEY=" + c.Key()}
	env = append(env, p.env...)
	for name, secret := range c.Action.Command.Secrets {
		v, ok := k.secrets.Get(secret)
		if !ok {
			return nil, failed("the secret %s is not set in workflows.secrets", secret)
		}
		env = append(env, name+"="+v)
	}
	stdout, stderr := &head{limit: maxReply}, &tail{limit: maxStderr}
	cmd := &exec.Cmd{Path: path, Args: p.argv, Dir: dir, Env: env, Stdin: strings.NewReader(p.stdin), Stdout: stdout, Stderr: stderr, WaitDelay: drain}
	exit, err := run(ctx, cmd)
	name := p.argv[0]
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, &Failure{Sentence: name + " did not end in time and was stopped", Transient: true}
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, &Failure{Sentence: name + " could not be started: " + clip(k.secrets.Mask(err.Error()), 200)}
	}
	text := k.secrets.Mask(valid(stdout.buf.Bytes()))
	said := k.secrets.Mask(valid(stderr.bytes()))
	if stdout.over {
		return nil, failed("%s printed more than %d MB", name, maxReply>>20)
	}
	reply := CommandReply(exit, text, nil)
	reply["stderr"], reply["dir"] = said, dir
	if exit != 0 {
		f := CommandFailure(name, exit, said)
		if said == "" {
			f = CommandFailure(name, exit, text)
		}
		return nil, f
	}
	return reply, nil
}

// CommandReply is what expressions see of a command that ended. Where value is
// nil it is read from text.
func CommandReply(exit int, text string, value any) map[string]any {
	if value == nil {
		value = decode([]byte(text))
	}
	return map[string]any{"exit": int64(exit), "text": strings.TrimSuffix(text, "\n"), "json": value, "stderr": ""}
}

// CommandFailure is a command that ended with another code than 0; said is
// what it printed, of which the last line is shown.
func CommandFailure(name string, exit int, said string) *Failure {
	what := fmt.Sprintf("%s ended with exit code %d", name, exit)
	if exit < 0 {
		what = name + " was ended by a signal"
	}
	said = strings.TrimSpace(said)
	if last := clip(said[strings.LastIndexByte(said, '\n')+1:], 200); last != "" {
		what += ": " + last
	}
	return &Failure{Sentence: what, Transient: true}
}

// run starts cmd in a process group of its own and waits for its end. The
// group ends with ctx: asked first, ended after the grace.
func run(ctx context.Context, cmd *exec.Cmd) (exit int, err error) {
	// The kernel ends the child with the thread that started it, so that
	// thread must not end before the child does.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ended:
			return
		case <-ctx.Done():
		}
		ask(cmd)
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-ended:
		case <-timer.C:
			end(cmd)
		}
	}()
	err = cmd.Wait()
	close(ended)
	<-watched
	end(cmd) // whatever it left running in the background
	var status *exec.ExitError
	switch {
	case errors.As(err, &status):
		return status.ExitCode(), nil
	case errors.Is(err, exec.ErrWaitDelay):
		return cmd.ProcessState.ExitCode(), nil
	}
	return 0, err
}

// head keeps the first bytes written to it.
type head struct {
	limit int
	buf   bytes.Buffer
	over  bool
}

func (h *head) Write(b []byte) (int, error) {
	room := h.limit - h.buf.Len()
	if room < len(b) {
		h.over = true
	}
	h.buf.Write(b[:min(room, len(b))])
	return len(b), nil
}

// tail keeps the last bytes written to it.
type tail struct {
	limit int
	buf   []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.buf = append(t.buf, b...)
	if len(t.buf) > 2*t.limit {
		t.buf = append(t.buf[:0], t.bytes()...)
	}
	return len(b), nil
}

func (t *tail) bytes() []byte { return t.buf[max(0, len(t.buf)-t.limit):] }

// Plan implements Kind.
func (k *Command) Plan(c Call) Plan {
	a := c.Action.Command
	words := make([]string, len(a.Argv))
	for i, tpl := range a.Argv {
		words[i] = quote(sketch(tpl, c.Env))
	}
	p := Plan{Line: k.secrets.Mask("run " + strings.Join(words, " "))}
	if ready, err := k.prepare(c); len(ready.argv) > 0 {
		if _, refusal := k.executable(ready.argv[0]); refusal != nil {
			p.Missing = append(p.Missing, refusal.Sentence)
		}
	} else if err != nil && len(k.allow) == 0 {
		p.Missing = append(p.Missing, "no executable is in workflows.command.allow")
	}
	for _, secret := range sorted(a) {
		if _, ok := k.secrets.Get(secret); !ok {
			p.Missing = append(p.Missing, fmt.Sprintf("the secret %s is not set in workflows.secrets", secret))
		}
	}
	return p
}

func sorted(a *playbook.Command) []string {
	var names []string
	for _, s := range a.Secrets {
		names = append(names, s)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// quote shows where an argument begins and ends.
func quote(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\r\n\"'") {
		return "'" + strings.ReplaceAll(clip(s, 120), "'", "’") + "'"
	}
	return clip(s, 120)
}
