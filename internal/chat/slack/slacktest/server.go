package slacktest

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what kind of Slack it is. The zero value is a Slack without rate
// limits that speaks Socket Mode.
type Options struct {
	AppID         string // of the app under test; "" is A0000000001
	SigningSecret string // of its requests; "" is 8f0c0d5e2b7a4c1d9e6f3a2b1c0d4e5f
	AppToken      string // for apps.connections.open; "" is one made of AppID
	// Scopes of every bot token; nil is every scope that a method here needs,
	// but for chat:write.public.
	Scopes []string
	// Events that the app subscribes to, such as app_mention or
	// message.channels; nil is all of them.
	Events []string
	// Commands that the app has, such as /platform; nil takes any.
	Commands []string

	Limits bool            // enforce the rate limits
	Rates  map[string]Rate // in place of the table's, by method, or by PerChannel, PerWorkspace or EventsPerHour

	// Speed is how many times as fast as the wall's the clock of retries,
	// rates, response URLs and statuses runs; 0 is 1. Triggers and
	// acknowledgements keep to the wall.
	Speed float64
	// AckWithin is the time for an acknowledgement; 0 is 3 s.
	AckWithin time.Duration
	// SocketLife is how long a Socket Mode connection lives before it is
	// warned and closed; 0 is for ever.
	SocketLife time.Duration
	// PingEvery is the time between two pings of a socket; 0 is 5 s.
	PingEvery time.Duration

	// Journal is how many calls and deliveries are remembered, the latest; 0
	// is 20,000, below 0 is none.
	Journal int
	// NoEcho leaves out the events of the app's own messages, which Slack
	// sends and a load test may want to do without.
	NoEcho bool
	// NoHome switches the Home tab off: views.publish is refused.
	NoHome bool
}

// Server is a running Slack: every workspace, one app. Its methods may be
// called from any goroutine.
type Server struct {
	opts    Options
	clock   *clock
	http    *http.Server
	address string
	client  *http.Client
	ctx     context.Context //nolint:containedctx // the life of the server, for deliveries that nobody waits for
	stop    context.CancelFunc
	work    sync.WaitGroup
	closing sync.Once

	table  map[string]*method
	blocks *blockTable
	rates  *rates
	faults *faults
	record *journal
	hub    *hub
	post   *poster

	pending   atomic.Int64
	disturbed sync.Mutex
	astray    disturbance

	mu        sync.Mutex
	teams     map[string]*Team
	order     []*Team
	users     map[string]*User
	channels  map[string]*Channel
	groups    map[string]*Group
	tokens    map[string]*token
	triggers  map[string]*trigger
	hooks     map[string]*hook
	views     map[string]*view
	uploads   map[string]*File
	statuses  map[string]*Status
	prompts   map[string][]Prompt
	titles    map[string]string
	seq       uint64
	lastTS    int64
	version   uint64
	waiting   int
	changed   chan struct{}
	scheduled map[string]*scheduled
	onMessage watchers[Change]
}

// Start starts a Slack on a free loopback port.
func Start(o Options) (*Server, error) {
	o.AppID = cmp.Or(o.AppID, "A0000000001")
	o.SigningSecret = cmp.Or(o.SigningSecret, "8f0c0d5e2b7a4c1d9e6f3a2b1c0d4e5f")
	o.AppToken = cmp.Or(o.AppToken, appToken(o.AppID))
	o.AckWithin = cmp.Or(o.AckWithin, 3*time.Second)
	o.PingEvery = cmp.Or(o.PingEvery, 5*time.Second)
	o.Journal = cmp.Or(o.Journal, 20_000)
	if o.Scopes == nil {
		o.Scopes = allScopes()
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	s := &Server{
		opts:      o,
		clock:     newClock(o.Speed),
		address:   listener.Addr().String(),
		client:    deliveryClient(),
		table:     table(),
		blocks:    newBlockTable(),
		record:    &journal{size: max(o.Journal, 0), counts: map[string]int{}},
		teams:     map[string]*Team{},
		users:     map[string]*User{},
		channels:  map[string]*Channel{},
		groups:    map[string]*Group{},
		tokens:    map[string]*token{},
		triggers:  map[string]*trigger{},
		hooks:     map[string]*hook{},
		views:     map[string]*view{},
		uploads:   map[string]*File{},
		statuses:  map[string]*Status{},
		prompts:   map[string][]Prompt{},
		titles:    map[string]string{},
		scheduled: map[string]*scheduled{},
		changed:   make(chan struct{}),
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.rates = newRates(s.clock, o)
	s.faults = &faults{}
	s.hub = newHub(s)
	s.post = newPoster(s)
	s.tokens[o.AppToken] = &token{value: o.AppToken, app: true, scopes: []string{"connections:write"}}
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	s.work.Go(func() { _ = s.http.Serve(listener) })
	return s, nil
}

// Close ends every connection and delivery and waits for what runs. It may be
// called again.
func (s *Server) Close() { s.closing.Do(s.close) }

func (s *Server) close() {
	s.stop()
	s.hub.closeAll()
	patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = s.http.Shutdown(patience)
	_ = s.http.Close()
	s.clock.close()
	s.post.close()
	s.work.Wait()
	s.client.CloseIdleConnections()
	s.touch()
}

// URL is the address of the server, without a slash at its end.
func (s *Server) URL() string { return "http://" + s.address }

// APIURL is the address of the Web API, with the slash that clients expect.
func (s *Server) APIURL() string { return s.URL() + "/api/" }

// AppToken is the token for apps.connections.open.
func (s *Server) AppToken() string { return s.opts.AppToken }

// SigningSecret is what requests to the bot are signed with.
func (s *Server) SigningSecret() string { return s.opts.SigningSecret }

// AppID is the id of the app under test.
func (s *Server) AppID() string { return s.opts.AppID }

// Advance moves the clock by d: what is older than it may be expires, and
// retries that are due are made. Timestamps stay the wall's.
func (s *Server) Advance(d time.Duration) {
	s.clock.advance(d)
	s.touch()
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveMethod)
	mux.HandleFunc("/hooks/{id}", s.serveHook)
	mux.HandleFunc("/upload/{id}", s.serveUpload)
	mux.HandleFunc("/files/{id}", s.serveFile)
	mux.HandleFunc("/link/", s.hub.serve)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "nothing is here", http.StatusNotFound)
	})
	return mux
}

// touch tells whoever awaits something that the state has changed.
func (s *Server) touch() {
	s.mu.Lock()
	s.touchLocked()
	s.mu.Unlock()
}

func (s *Server) touchLocked() {
	s.version++
	if s.waiting > 0 {
		s.waiting = 0
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

// Version counts the changes of the state: a page that shows it asks again
// when the number has grown.
func (s *Server) Version() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Await returns once done does, asking again after each change, or with the
// context's error. done may call any method of the server.
func (s *Server) Await(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		s.waiting++
		changed := s.changed
		s.mu.Unlock()
		if done() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("await a change: %w", ctx.Err())
		}
	}
}

// next is a number that was not given before. The caller holds the lock.
func (s *Server) next() uint64 {
	s.seq++
	return s.seq
}

// newID is an id of Slack's form: the kind's letters and ten characters.
func (s *Server) newID(prefix string) string {
	n := []byte(strconv.FormatUint(s.next(), 36))
	for i, c := range n {
		if 'a' <= c && c <= 'z' {
			n[i] = c - 'a' + 'A'
		}
	}
	zeros := slices.Repeat([]byte{'0'}, max(0, 10-len(n)))
	return prefix + string(zeros) + string(n)
}

// newTS is the timestamp that names a message: unique and growing.
func (s *Server) newTS() string {
	s.lastTS = max(s.lastTS+1, time.Now().UnixMicro())
	return formatTS(s.lastTS)
}

func formatTS(micro int64) string {
	return fmt.Sprintf("%d.%06d", micro/1_000_000, micro%1_000_000)
}
