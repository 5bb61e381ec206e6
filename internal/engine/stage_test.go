package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdoor/internal/access"
	"frontdoor/internal/answers"
	"frontdoor/internal/chat"
	"frontdoor/internal/conversation"
	"frontdoor/internal/conversation/redistest"
	"frontdoor/internal/database"
	"frontdoor/internal/demand"
	"frontdoor/internal/docs"
	"frontdoor/internal/engine"
	"frontdoor/internal/intents"
	"frontdoor/internal/playbook"
	"frontdoor/internal/redact"
	"frontdoor/internal/workflow"

	"go.uber.org/zap"
)

// stage is one running bot with its people.
type stage struct {
	t       testing.TB
	store   *conversation.Store
	runs    *workflow.Runner
	server  *redistest.Server
	mu      sync.Mutex
	moved   time.Duration // how far the clock was put forward
	replies []chat.Reply
	events  [][]byte
	buttons []chat.Button // all that were shown, the latest last
	failing int           // how many more times handling a message fails
	api     string
	said    int
	out     strings.Builder
	names   map[string]string // ids as the transcript shows them
	changed string            // directory of the playbooks, once one of them was changed
	offered engine.Catalogue
}

// readOnly is what doesn't change while people talk, made once: it is most of
// the work of setting a stage.
var readOnly = sync.OnceValues(func() (sample, error) {
	set, problems := playbook.Load("testdata/playbooks")
	if err := problems.Err(); err != nil {
		return sample{}, err
	}
	matcher, err := intents.NewMatcher(set.Playbooks, nil)
	if err != nil {
		return sample{}, err
	}
	corpus, _, err := docs.OpenCorpus(context.Background(), []docs.Source{{Name: "docs", Dir: "testdata/docs", URL: "https://docs.example/"}}, "", nil)
	if err != nil {
		return sample{}, err
	}
	redactor, err := redact.New()
	return sample{engine.Catalogue{Set: set, Matcher: matcher}, corpus, redactor}, err
})

type sample struct {
	catalogue engine.Catalogue
	corpus    *docs.Corpus
	redactor  *redact.Redactor
}

// parts are what a stage stands on.
type parts struct {
	redis    string // "" is the in-process server
	api      string // the service that the workflows call
	database string
	work     string
	lease    time.Duration
	deliver  func(context.Context, conversation.Delivery) error
}

// open starts every room on real parts of its own; the returned function waits
// for their end.
func (s *stage) open(ctx context.Context, ownRedis bool) func() {
	p := parts{database: filepath.Join(s.t.TempDir(), "frontdoor.db"), work: s.t.TempDir(), lease: 10 * time.Second}
	if ownRedis {
		s.server = redistest.StartWith(s.t, redistest.Remembers)
		p.redis = s.server.URL
	}
	api := databases()
	p.api, s.api = api.URL, api.URL
	p.deliver = func(_ context.Context, d conversation.Delivery) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.replies = append(s.replies, d.Reply)
		return nil
	}
	wait := s.start(ctx, p)
	return func() {
		wait()
		api.Close()
	}
}

// start wires the rooms as app does.
func (s *stage) start(ctx context.Context, p parts) func() {
	t := s.t
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	sample, err := readOnly()
	must(err)
	db, err := database.Open(ctx, p.database)
	must(err)
	warehouse, err := demand.Open(ctx, db, demand.Default(), p.work)
	must(err)
	s.offered = sample.catalogue
	var bot *engine.Engine
	s.store, err = conversation.Open(ctx, conversation.Config{URL: p.redis}, conversation.Options{
		Backoff: 20 * time.Millisecond, Lease: p.lease,
		OnDead: func(m chat.Message) (chat.Reply, [][]byte) { return bot.Dead(m) },
	})
	must(err)
	people, err := access.NewDirectory(access.Config{})
	must(err)
	flows := workflow.Default()
	flows.Lease = max(time.Second, p.lease)
	flows.Config = map[string]string{"api": p.api}
	flows.HTTP.AllowHosts = []string{strings.TrimPrefix(p.api, "http://")}
	flows.Command.Allow = []string{"echo"}
	s.runs, err = workflow.Open(ctx, db, flows, workflow.Options{
		Log: zap.NewNop(), WorkDir: p.work,
		Say:    func(ctx context.Context, r workflow.Report) error { return bot.Report(ctx, r) },
		Member: access.Member,
	})
	must(err)
	bot = engine.New(engine.Rooms{
		Conversations: s.store,
		Catalogue:     s.catalogue,
		Corpus:        sample.corpus, Answerer: answers.New(sample.corpus.Index),
		Runs: s.runs, People: people, Redactor: sample.redactor,
		Policies: chat.Policies{
			{Name: "help", Escalate: "@platform-oncall"},
			{Name: "ops", Answer: chat.AnswerCommands},
			{Name: "quiet", Answer: chat.AnswerNever},
			{Name: "deploys-only", Playbooks: []string{"deploy-*"}, Docs: []string{"deploying.md"}},
			{Name: "*"},
		},
		Pseudonym: func(person string) string { return "p-" + person },
		Now:       s.now,
		Log:       zap.NewNop(),
	})
	var working sync.WaitGroup
	run := func(loop func() error) {
		working.Go(func() {
			if err := loop(); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		})
	}
	run(func() error { return s.store.Work(ctx, s.handle(bot)) })
	run(func() error { return s.store.Deliver(ctx, "console", p.deliver) })
	run(func() error {
		return s.store.Events(ctx, func(ctx context.Context, lines [][]byte) error {
			if err := warehouse.Record(ctx, lines); err != nil {
				return err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			for _, l := range lines {
				s.events = append(s.events, bytes.Clone(l))
			}
			return nil
		})
	})
	run(func() error { return s.runs.Work(ctx) })
	return func() {
		working.Wait()
		must(s.store.Close())
		must(db.Close())
	}
}

func (s *stage) catalogue() engine.Catalogue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offered
}

// reload puts a changed set of playbooks in use, as after an edit of a file;
// edit nil removes the file.
func (s *stage) reload(id string, edit func(string) string) {
	if s.changed == "" {
		s.changed = s.t.TempDir()
		if err := os.CopyFS(s.changed, os.DirFS("testdata/playbooks")); err != nil {
			s.t.Fatal(err)
		}
	}
	file := filepath.Join(s.changed, id+".yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	if edit == nil {
		err = os.Remove(file)
	} else {
		err = os.WriteFile(file, []byte(edit(string(text))), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	set, problems := playbook.Load(s.changed)
	if err := problems.Err(); err != nil {
		s.t.Fatal(err)
	}
	matcher, err := s.catalogue().Matcher.Reload(set.Playbooks)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offered = engine.Catalogue{Set: set, Matcher: matcher}
}

// handle is the bot's, except for the times that it was told to fail.
func (s *stage) handle(bot *engine.Engine) func(context.Context, conversation.Claim) error {
	return func(ctx context.Context, c conversation.Claim) error {
		s.mu.Lock()
		fails := s.failing > 0
		if fails {
			s.failing--
		}
		s.mu.Unlock()
		if fails {
			return errors.New("told to fail")
		}
		return bot.Handle(ctx, c)
	}
}

// databases is the service that the workflows of the transcripts call.
func databases() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /databases", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Idempotency-Key") == "" {
			http.Error(w, "no key", http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
	})
	mux.HandleFunc("GET /databases/{name}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"console_url": "https://console.example/" + r.PathValue("name")})
	})
	mux.HandleFunc("DELETE /databases/{name}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST /broken", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no backup found", http.StatusInternalServerError)
	})
	return httptest.NewServer(mux)
}
