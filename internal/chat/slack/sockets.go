package slack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	slackgo "github.com/slack-go/slack"
)

// SocketOptions say how a process listens by Socket Mode.
type SocketOptions struct {
	Client      *http.Client  // for tickets; nil is one with a timeout of 10 s
	Connections int           // 0 is 2: one may go while the other takes over
	Stale       time.Duration // without a word or a ping a connection counts as dead; 0 is 30 s
	Backoff     time.Duration // after a failed try, doubled up to half a minute; 0 is 500 ms
	// State hears of each change: how many connections are open, and why none
	// can be opened. The error may be a [Refused] whose Credentials says that
	// somebody has to mend the app's settings.
	State func(open int, err error)
	// Failed hears of deliveries that were not stored; Slack sends them again.
	Failed func(error)
}

// The bounds of a connection.
const (
	maxFrame  = 4 << 20 // bytes
	inHand    = 64      // deliveries of one connection that are handled at the same time
	writeTime = 5 * time.Second
	slowest   = 30 * time.Second // between two tries
)

// Listen takes deliveries by Socket Mode until ctx ends, over several
// connections: Slack gives each delivery to one of them, and closes each now and
// then. Before one goes that was warned, the next is open. What is in hand at
// the end is finished first.
func (r *Receiver) Listen(ctx context.Context, o SocketOptions) {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Connections <= 0 {
		o.Connections = 2
	}
	if o.Stale <= 0 {
		o.Stale = 30 * time.Second
	}
	if o.Backoff <= 0 {
		o.Backoff = 500 * time.Millisecond
	}
	l := &listener{r: r, o: o, api: slackgo.New("", slackgo.OptionAppLevelToken(r.o.Config.AppToken), slackgo.OptionAPIURL(r.o.Config.APIURL), slackgo.OptionHTTPClient(o.Client))}
	var slots sync.WaitGroup
	for range o.Connections {
		slots.Go(func() { l.keep(ctx) })
	}
	slots.Wait()
	l.sockets.Wait()
}

type listener struct {
	r       *Receiver
	o       SocketOptions
	api     *slackgo.Client
	sockets sync.WaitGroup

	mu   sync.Mutex
	open int
	err  error
}

func (l *listener) state(change int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open += change
	if change > 0 || err != nil {
		l.err = err
	}
	if l.o.State != nil {
		l.o.State(l.open, l.err)
	}
}

// keep has one connection open, and the next before it goes.
func (l *listener) keep(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		s, err := l.dial(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			failures++
			l.state(0, err)
			wait := min(l.o.Backoff<<min(failures-1, 10), slowest)
			if after, ok := retryAfter(err); ok {
				wait = max(after, wait)
			}
			_ = sleepUntil(ctx, time.Now().Add(wait/2+time.Duration(rand.Int64N(int64(wait/2)+1)))) // the loop sees the end
			continue
		}
		l.state(1, nil)
		began := time.Now()
		l.sockets.Go(func() {
			s.read(ctx)
			l.state(-1, nil)
		})
		select {
		case <-s.going:
		case <-ctx.Done():
			<-s.going
			return
		}
		// One that lives for moments only is a failure too: Slack sends
		// connections away when there are too many.
		failures++
		if time.Since(began) > slowest {
			failures = 0
		}
		if failures > 3 {
			_ = sleepUntil(ctx, time.Now().Add(min(l.o.Backoff<<min(failures-4, 10), slowest)))
		}
	}
}

// retryAfter is how long Slack wants us to wait.
func retryAfter(err error) (time.Duration, bool) {
	var limited *slackgo.RateLimitedError
	if errors.As(err, &limited) {
		return max(limited.RetryAfter, time.Second), true
	}
	return 0, false
}

// dial opens a connection with a ticket of its own.
func (l *listener) dial(ctx context.Context) (*socket, error) {
	_, address, err := l.api.StartSocketModeContext(ctx)
	if err != nil {
		if got, _ := judge(err); got == refused {
			err = asRefused(err)
		}
		return nil, fmt.Errorf("ask for a socket: %w", err)
	}
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 10 * time.Second}
	ws, answer, err := dialer.DialContext(ctx, address, nil)
	if answer != nil && answer.Body != nil {
		_ = answer.Body.Close()
	}
	if err != nil {
		// The address holds a ticket: it belongs in no log.
		return nil, errors.New("open a socket: Slack did not take the connection")
	}
	ws.SetReadLimit(maxFrame)
	return &socket{l: l, ws: ws, going: make(chan struct{})}, nil
}

// socket is one connection.
type socket struct {
	l     *listener
	ws    *websocket.Conn
	going chan struct{} // closed once it will end: time to open the next
	once  sync.Once
	write sync.Mutex
}

func (s *socket) leave() { s.once.Do(func() { close(s.going) }) }

// read takes frames until the connection ends, and finishes what is in hand.
func (s *socket) read(ctx context.Context) {
	defer func() { _ = s.ws.Close() }()
	// What was taken is stored and acknowledged even while the process ends.
	work := context.WithoutCancel(ctx)
	var hands sync.WaitGroup
	defer hands.Wait()
	stop := context.AfterFunc(ctx, func() {
		_ = s.ws.SetReadDeadline(time.Now()) // ends the read below
	})
	defer stop()
	alive := func() {
		_ = s.ws.SetReadDeadline(time.Now().Add(s.l.o.Stale))
		if ctx.Err() != nil {
			_ = s.ws.SetReadDeadline(time.Now())
		}
	}
	s.ws.SetPingHandler(func(data string) error {
		alive()
		// A failed answer shows in the next read.
		_ = s.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeTime))
		return nil
	})
	free := make(chan struct{}, inHand)
	for {
		alive()
		kind, data, err := s.ws.ReadMessage()
		if err != nil {
			s.leave() // the next opens while this one finishes what is in hand
			return
		}
		if kind != websocket.TextMessage {
			continue
		}
		free <- struct{}{}
		hands.Go(func() {
			defer func() { <-free }()
			s.take(work, data)
		})
	}
}

// take handles one frame and acknowledges it.
func (s *socket) take(ctx context.Context, data []byte) {
	frame, err := s.l.r.Socket(ctx, data)
	if err != nil && s.l.o.Failed != nil {
		s.l.o.Failed(err)
	}
	if frame.Type == "disconnect" {
		s.leave()
	}
	if frame.Ack == nil {
		return
	}
	s.write.Lock()
	defer s.write.Unlock()
	_ = s.ws.SetWriteDeadline(time.Now().Add(writeTime))
	if err := s.ws.WriteMessage(websocket.TextMessage, frame.Ack); err != nil {
		_ = s.ws.Close() // Slack sends it again, by another connection
	}
}
