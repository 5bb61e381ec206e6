package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"frontdoor/internal/app"
	"frontdoor/internal/chat"
	"frontdoor/internal/config"
	"frontdoor/internal/conversation"
	"frontdoor/internal/conversation/redistest"
	"frontdoor/internal/database"
	"frontdoor/internal/doctor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// examine does what the command does, in a directory with the configuration
// frontdoor.yaml.
func examine(t *testing.T, dir string, env map[string]string) []doctor.Finding {
	t.Helper()
	file := filepath.Join(dir, config.FileName)
	cfg, found := config.Load(file, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	out := doctor.Configuration(file, found)
	if found.Err() == nil {
		out = append(out, doctor.Examine(t.Context(), cfg, doctor.Options{})...)
	}
	return out
}

func text(f doctor.Finding) string {
	fix := ""
	if f.Fix != nil {
		fix = " → " + *f.Fix
	}
	return fmt.Sprintf("%s: %v: %s%s", f.Check, f.OK, f.Detail, fix)
}

// put writes the files, by path below dir; nil content removes one.
func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(dir, name)
		if content == gone {
			if err := os.RemoveAll(file); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(content, "DIR", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// gone as the content of a file removes it.
const gone = "\x00"

// run is a set-up with one run in the state that values say.
func run(name, values, check, says, fix string) setup {
	return setup{
		name: name, check: check, says: says, fix: fix,
		prepare: func(t *testing.T, dir string) {
			started(t, dir)
			insertRun(t, dir, values, time.UnixMilli(500))
		},
		mending: func(t *testing.T, dir string) {
			change(t, dir, "UPDATE runs SET state = 'cancelled', waits = '', due_at = NULL, ended = 2000")
		},
	}
}

// insertRun puts a run into the database; values are its state, wait and due_at.
func insertRun(t *testing.T, dir, values string, began time.Time) {
	t.Helper()
	change(t, dir, "INSERT INTO run_playbooks (hash, file, source) VALUES ('h', 'db.yaml', '')")
	ended := "NULL"
	if strings.Contains(values, "succeeded") {
		ended = "1000"
	}
	change(t, dir, fmt.Sprintf("INSERT INTO runs (id, hash, playbook, person, origin, inputs, step, state, waits, due_at, started, ended) VALUES ('r-test', 'h', 'db-create', 'ana', '{}', '{}', 'create', %s, %d, %s)", values, began.UnixMilli(), ended))
}

func chmod(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	if filepath.Ext(name) == ".frontdoor" {
		if err := os.MkdirAll(name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// started lets a bot start once in dir, so that everything that it makes is
// there.
func started(t *testing.T, dir string) {
	t.Helper()
	cfg, found := config.Load(filepath.Join(dir, config.FileName), environment(nil))
	if found.Err() != nil {
		t.Fatal(found)
	}
	bot, err := app.New(t.Context(), cfg, app.Options{Log: zap.NewNop(), Notice: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	bot.Start()
	if err := bot.Stop(); err != nil {
		t.Fatal(err)
	}
}

func environment(over map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if v, ok := over[name]; ok {
			return v, true
		}
		return "a token", name == "DB_TOKEN"
	}
}

// change writes into the database.
func change(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := database.Open(t.Context(), "sqlite:"+filepath.Join(dir, ".frontdoor/frontdoor.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Write.ExecContext(t.Context(), statement)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// listener takes a port of its own until the test ends.
func listener(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// served is the address of a web server that answers everything with handler.
func served(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// TestBrokenSetups breaks a good set-up in one way, expects it to be found by
// the right check with its fix, applies the fix and expects nothing to be wrong.
func TestBrokenSetups(t *testing.T) {
	setups := broken()
	if len(setups) < 30 {
		t.Fatalf("%d set-ups", len(setups))
	}
	for _, s := range setups {
		t.Run(s.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, goodFiles())
			places(t, &s)
			put(t, dir, s.files)
			env := map[string]string{"DB_TOKEN": "a token"}
			maps.Copy(env, s.env)
			if s.prepare != nil {
				s.prepare(t, dir)
			}
			found := examine(t, dir, env)
			if !slices.ContainsFunc(found, func(f doctor.Finding) bool {
				return !f.OK && f.Check == s.check && strings.Contains(f.Detail, s.says) && f.Fix != nil && strings.Contains(*f.Fix, s.fix)
			}) {
				t.Errorf("not found: %s: %s → %s", s.check, s.says, s.fix)
				for _, f := range found {
					t.Log(text(f))
				}
			}
			for _, f := range found {
				if strings.Contains(text(f), "hunter2") {
					t.Errorf("a password is shown: %s", text(f))
				}
			}
			if s.mend == nil && s.mendEnv == nil && s.mending == nil {
				t.Fatal("nothing mends it")
			}
			put(t, dir, s.mend)
			maps.Copy(env, s.mendEnv)
			if s.mending != nil {
				s.mending(t, dir)
			}
			for _, f := range examine(t, dir, env) {
				if !f.OK {
					t.Errorf("mended, and still wrong: %s", text(f))
				}
			}
		})
	}
}

// command says one thing to a Redis, in its own words.
func command(t *testing.T, url, line string) {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "redis://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := fmt.Fprintf(c, "%s\r\n", line); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 64)
	if n, err := c.Read(answer); err != nil || !strings.HasPrefix(string(answer[:n]), "+OK") {
		t.Fatalf("%s: %s, %v", line, answer[:n], err)
	}
}

// TestRedis applies each fix as it is written, and is left with nothing wrong
// but what can't be mended.
func TestRedis(t *testing.T) {
	server := redistest.Start(t)
	command(t, server.URL, "CONFIG SET maxmemory-policy allkeys-lru")
	dir := t.TempDir()
	put(t, dir, goodFiles())
	put(t, dir, map[string]string{config.FileName: good + "redis: {url: '" + server.URL + "'}\n"})
	env := map[string]string{"DB_TOKEN": "a token"}
	for _, says := range []string{"appendonly is no", "appendfsync is everysec", "maxmemory-policy is allkeys-lru"} {
		i := slices.IndexFunc(examine(t, dir, env), func(f doctor.Finding) bool { return !f.OK && strings.Contains(f.Detail, says) })
		if i < 0 {
			t.Fatalf("not found: %s", says)
		}
		fix := *examine(t, dir, env)[i].Fix
		fix, _, _ = strings.Cut(fix, ";")
		fix, _, _ = strings.Cut(fix, ",")
		line, ok := strings.CutPrefix(fix, "redis-cli ")
		if !ok {
			t.Fatalf("the fix is %q", fix)
		}
		command(t, server.URL, line)
	}
	for _, f := range examine(t, dir, env) {
		if !f.OK {
			t.Errorf("mended, and still wrong: %s", text(f))
		}
	}

	store, err := conversation.Open(t.Context(), conversation.Config{URL: server.URL}, conversation.Options{Backoff: time.Millisecond, Attempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Accept(t.Context(), chat.Message{ID: "m1", At: chat.Address{Platform: "slack", Channel: "C1", Name: "help"}, Time: time.Now()}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- store.Work(ctx, func(context.Context, conversation.Claim) error { return errors.New("the printer is on fire") })
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if n, err := store.Stats(t.Context()); err == nil && n.Dead == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the message doesn't become a dead letter")
		}
	}
	cancel()
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(examine(t, dir, env), func(f doctor.Finding) bool {
		return !f.OK && f.Check == "dead letters" && strings.Contains(f.Detail, "message m1 in slack help") && strings.Contains(f.Detail, "the printer is on fire")
	}) {
		t.Errorf("the dead letter is not listed: %v", examine(t, dir, env))
	}
}

// TestBesideARunningBot: everything is well beside one, which is recognised,
// and nothing is changed.
func TestBesideARunningBot(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, goodFiles())
	cfg, found := config.Load(filepath.Join(dir, config.FileName), environment(nil))
	if found.Err() != nil {
		t.Fatal(found)
	}
	bot, err := app.New(t.Context(), cfg, app.Options{Log: zap.NewNop(), Notice: func(string) {}, Listen: "127.0.0.1:0", Session: "abc"})
	if err != nil {
		t.Fatal(err)
	}
	bot.Start()
	defer func() { _ = bot.Stop() }()
	put(t, dir, map[string]string{config.FileName: with("127.0.0.1:0", bot.Address())})
	before := listing(t, dir)
	all := ""
	for _, f := range examine(t, dir, map[string]string{"DB_TOKEN": "x"}) {
		all += text(f) + "\n"
		if !f.OK {
			t.Error(text(f))
		}
	}
	for _, want := range []string{"1 terminal open on it", "a bot serves at " + bot.Address(), "sound, "} {
		if !strings.Contains(all, want) {
			t.Errorf("not said: %s\n%s", want, all)
		}
	}
	if after := listing(t, dir); after != before {
		t.Errorf("it changed something:\n%s\nwas\n%s", after, before)
	}
}

// TestNothingIsMade: where no bot has been, none has been afterwards.
func TestNothingIsMade(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, goodFiles())
	before := listing(t, dir)
	examine(t, dir, map[string]string{"DB_TOKEN": "x"})
	started(t, dir)
	made := listing(t, dir)
	examine(t, dir, map[string]string{"DB_TOKEN": "x"})
	if after := listing(t, dir); after != made || before == made {
		t.Errorf("it changed something:\n%s\nwas\n%s", after, made)
	}
}

// listing is every file with its size and time, but for those by which
// SQLite's processes speak to each other.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !strings.HasSuffix(path, "-shm") && !strings.HasSuffix(path, "-wal") {
			fmt.Fprintf(&b, "%s %v %d %v\n", path, info.Mode(), info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
