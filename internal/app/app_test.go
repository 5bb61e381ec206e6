package app_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"frontdoor/internal/app"
	"frontdoor/internal/chat"
	"frontdoor/internal/chat/console"
	"frontdoor/internal/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// talker is a running bot and somebody who types.
type talker struct {
	bot     *app.Bot
	replies chan string
	said    int
}

func start(t *testing.T, cfg config.Config, opts app.Options) *talker {
	t.Helper()
	k := &talker{replies: make(chan string, 100)}
	if opts.Log == nil {
		opts.Log = zap.NewNop()
	}
	opts.Notice, opts.Terminal = func(string) {}, true
	opts.Deliver = map[string]app.Deliver{console.Platform: func(_ context.Context, r chat.Reply) error {
		k.replies <- r.Card.Text
		return nil
	}}
	bot, err := app.New(t.Context(), cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	k.bot = bot
	bot.Start()
	t.Cleanup(func() {
		if err := bot.Stop(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// ask says text and returns the first reply.
func (k *talker) ask(t *testing.T, text string) string {
	t.Helper()
	k.said++
	m := chat.Message{
		ID: fmt.Sprintf("s/%d", k.said), At: chat.Address{Platform: console.Platform, Channel: "terminal", Direct: true},
		From: chat.Person{ID: "you"}, Text: text, Time: time.Now(), Addressed: true,
	}
	if _, err := k.bot.Accept(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	select {
	case reply := <-k.replies:
		return reply
	case <-time.After(30 * time.Second):
		t.Fatalf("no reply to %q", text)
	}
	return ""
}

// await waits until something holds.
func await(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it doesn't come to pass")
		}
	}
}

// until asks again until the reply has want.
func (k *talker) until(t *testing.T, text, want string) {
	t.Helper()
	await(t, func() bool { return strings.Contains(k.ask(t, text), want) })
}

func settings(dir string) config.Config {
	cfg := config.Default()
	cfg.DataDir = filepath.Join(dir, "data")
	cfg.Playbooks = config.Playbooks{Dir: filepath.Join(dir, "playbooks"), Reload: 10 * time.Millisecond, Optional: true}
	cfg.Docs.Sources = nil
	return cfg
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	// Moved into its place, so that no look finds half of it.
	if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// TestReload changes the playbooks below a running bot.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	core, logs := observer.New(zap.InfoLevel)
	k := start(t, settings(dir), app.Options{Log: zap.New(core)})
	file := filepath.Join(dir, "playbooks", "rota.yaml")
	book := func(text string) string {
		return "id: rota\ntitle: The rota\nsummary: Who is on duty.\nowner: sre\nmatch: {command: rota, examples: [who is on duty tonight, show me the rota]}\nanswer: {text: " + text + "}\n"
	}
	const question = "who is on duty tonight"

	write(t, file, book("Look at the old rota."))
	k.until(t, question, "the old rota")
	write(t, file, book("Look at the new rota."))
	k.until(t, question, "the new rota")

	write(t, file, strings.Replace(book("Never said."), "owner", "ownr", 1))
	await(t, func() bool { return logs.FilterMessageSnippet("the last good ones stay").Len() > 0 })
	said := logs.FilterMessageSnippet("the last good ones stay").All()
	if got := fmt.Sprint(said[0].ContextMap()["problem"]); !strings.Contains(got, "rota.yaml:") {
		t.Errorf("the log says %q", got)
	}
	if got := k.ask(t, question); !strings.Contains(got, "the new rota") {
		t.Errorf("with a broken file the answer is %q", got)
	}

	const taken = "took the changed playbooks"
	before := logs.FilterMessage(taken).Len()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return logs.FilterMessage(taken).Len() > before })
	if got := k.ask(t, question); strings.Contains(got, "rota.") {
		t.Errorf("without the file the answer is %q", got)
	}
	if n := logs.FilterMessageSnippet("the last good ones stay").Len(); n != len(said) {
		t.Errorf("the same problems are said again: %d, then %d", len(said), n)
	}
}

// TestClockJumps: forward past every expiry, and back behind what is stored,
// questions are answered and nothing that was recorded is lost.
func TestClockJumps(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "playbooks", "rota.yaml"), "id: rota\ntitle: The rota\nsummary: Who is on duty.\nowner: sre\nmatch: {command: rota, examples: [who is on duty tonight, show me the rota]}\nanswer: {text: It is Ana.}\n")
	var ahead atomic.Int64
	cfg := settings(dir)
	k := start(t, cfg, app.Options{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	for _, jump := range []time.Duration{0, 72 * time.Hour, -72 * time.Hour, 1000 * time.Hour, -10 * time.Second, 0} {
		ahead.Store(int64(jump))
		if got := k.ask(t, "who is on duty tonight"); !strings.Contains(got, "It is Ana.") {
			t.Errorf("with the clock %v off the answer is %q", jump, got)
		}
	}
	if err := k.bot.Stop(); err != nil {
		t.Fatal(err)
	}
	db, err := app.OpenDatabase(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var answered int
	if err := db.Read.QueryRowContext(t.Context(), "SELECT count(*) FROM demand_events WHERE event = 'request_answered'").Scan(&answered); err != nil || answered != 6 {
		t.Errorf("%d of 6 answers are recorded, %v", answered, err)
	}
}
