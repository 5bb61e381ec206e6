package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"frontdoor/internal/chat"
	"frontdoor/internal/conversation"
	"frontdoor/internal/conversation/redistest"
	"frontdoor/internal/database"
	"frontdoor/internal/demand"
)

// childVariable makes this test binary a bot: it names the directory with the
// bot's files.
const childVariable = "FRONTDOOR_TEST_BOT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		child(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// child is a whole bot on a Redis and a database file that outlive it. What it
// says goes into a file, as to a platform that can be asked for what it has.
func child(dir string) {
	var t panicky
	ctx := context.Background()
	s := &stage{t: t, names: map[string]string{}}
	posted, err := os.OpenFile(filepath.Join(dir, "said"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	t.must(err)
	wait := s.start(ctx, parts{
		redis: os.Getenv("FRONTDOOR_TEST_REDIS"), api: os.Getenv("FRONTDOOR_TEST_API"),
		database: filepath.Join(dir, "frontdoor.db"), work: dir, lease: time.Second,
		deliver: func(_ context.Context, d conversation.Delivery) error {
			if d.Unknown && strings.Contains(said(t, dir), `"id":"`+d.Reply.ID+`"`) {
				return nil
			}
			line, err := json.Marshal(d.Reply)
			t.must(err)
			_, err = posted.Write(append(line, '\n'))
			return err
		},
	})
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent lets go
	_ = wait
}

// panicky is testing.TB for a process without tests.
type panicky struct{ testing.TB }

func (panicky) Helper()                   {}
func (panicky) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (panicky) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (panicky) Error(args ...any)         { panic(fmt.Sprint(args...)) }
func (p panicky) must(err error) {
	if err != nil {
		panic(err)
	}
}

func said(t testing.TB, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "said"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

// TestKilledInTheMiddleOfConversations kills the bot again and again while
// twelve people each have a database made. Afterwards every message has been
// answered, every database made once, and every fact recorded once.
func TestKilledInTheMiddleOfConversations(t *testing.T) {
	const people = 12
	var mu sync.Mutex
	made := map[string]map[string]bool{} // names to the keys that asked for them
	mux := http.NewServeMux()
	mux.HandleFunc("POST /databases", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Name string }
		_ = json.NewDecoder(r.Body).Decode(&body)
		mu.Lock()
		defer mu.Unlock()
		if made[body.Name] == nil {
			made[body.Name] = map[string]bool{}
		}
		made[body.Name][r.Header.Get("Idempotency-Key")] = true
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("GET /databases/{name}", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(20 * time.Millisecond) // something to be killed in
		_ = json.NewEncoder(w).Encode(map[string]string{"console_url": "https://console.example/" + r.PathValue("name")})
	})
	api := httptest.NewServer(mux)
	defer api.Close()
	redis := redistest.StartWith(t, redistest.Remembers)
	dir := t.TempDir()
	store, err := conversation.Open(t.Context(), conversation.Config{URL: redis.URL}, conversation.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()

	accept := func(person int, id, text string) {
		name := fmt.Sprintf("p%d", person)
		_, err := store.Accept(t.Context(), chat.Message{
			ID: id, At: chat.Address{Platform: "console", Channel: "dm-" + name, Direct: true}, Text: text,
			From: chat.Person{ID: name, Groups: []string{"engineering"}}, Time: time.Now(), Addressed: true,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	bot := startChild(t, dir, redis.URL, api.URL)
	for p := range people {
		accept(p, fmt.Sprintf("m%d-1", p), fmt.Sprintf("create a db called orders%s in dev", strings.Repeat("x", p)))
		accept(p, fmt.Sprintf("m%d-2", p), "yes")
	}
	for kill := range 6 {
		time.Sleep(time.Duration(60+70*kill) * time.Millisecond)
		bot.kill()
		bot = startChild(t, dir, redis.URL, api.URL)
	}
	deadline := time.Now().Add(2 * time.Minute)
	for strings.Count(said(t, dir), " is ready in dev.") < people {
		if time.Now().After(deadline) {
			t.Fatalf("not everybody was answered:\n%s", said(t, dir))
		}
		time.Sleep(50 * time.Millisecond)
	}
	settled(t, store)
	bot.kill()

	times := map[string]int{}
	finals := 0
	lines := bufio.NewScanner(strings.NewReader(said(t, dir)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r chat.Reply
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			continue // a line that a kill cut in two was said again
		}
		times[r.ID]++
		if strings.Contains(r.Card.Text, " is ready in dev.") {
			finals++
		}
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("reply %s was said %d times", id, n)
		}
	}
	if finals != people {
		t.Errorf("%d results for %d people", finals, people)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(made) != people {
		t.Errorf("%d databases for %d people", len(made), people)
	}
	for name, keys := range made {
		if len(keys) != 1 {
			t.Errorf("%s was made under %d keys: %v", name, len(keys), keys)
		}
	}
	checkRecords(t, dir, people)
}

// settled waits until nothing is on its way any more.
func settled(t *testing.T, store *conversation.Store) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		n, err := store.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n.Accepted+n.Outbox+n.Events == 0 {
			if n.Dead != 0 {
				t.Errorf("%d dead letters", n.Dead)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still on its way: %+v", n)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// checkRecords counts the demand records of each person: one request, matched,
// started and succeeded once.
func checkRecords(t *testing.T, dir string, people int) {
	t.Helper()
	db, err := database.Open(t.Context(), filepath.Join(dir, "frontdoor.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	warehouse, err := demand.Open(t.Context(), db, demand.Default(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := warehouse.Export(t.Context(), &out, time.Time{}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{"request_received", "request_matched", "run_started", "run_succeeded"} {
		if n := strings.Count(out.String(), `"event":"`+event+`"`); n != people {
			t.Errorf("%d %s for %d people", n, event, people)
		}
	}
}

type childBot struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

func startChild(t *testing.T, dir, redis, api string) *childBot {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+dir, "FRONTDOOR_TEST_REDIS="+redis, "FRONTDOOR_TEST_API="+api)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &childBot{cmd: cmd, stdin: stdin}
}

func (c *childBot) kill() {
	_ = c.cmd.Process.Signal(syscall.SIGKILL)
	_ = c.cmd.Wait()
	_ = c.stdin.Close()
}
