package slacktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Endpoints are the bot's request URLs. With none set, everything goes by
// Socket Mode.
type Endpoints struct {
	Events       string
	Commands     string
	Interactions string
}

// EndpointsAt are /slack/events, /slack/commands and /slack/interactions below
// an address.
func EndpointsAt(base string) Endpoints {
	base = strings.TrimSuffix(base, "/")
	return Endpoints{Events: base + "/slack/events", Commands: base + "/slack/commands", Interactions: base + "/slack/interactions"}
}

// poster delivers by HTTP.
type poster struct {
	s *Server

	mu     sync.Mutex
	to     Endpoints
	active bool
	closed bool
	last   map[string]chan struct{} // by channel: closed when its latest event was answered
	slots  chan struct{}
	work   sync.WaitGroup
}

func newPoster(s *Server) *poster {
	return &poster{s: s, last: map[string]chan struct{}{}, slots: make(chan struct{}, 256)}
}

// deliveryClient follows no more redirects than Slack does.
func deliveryClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 256},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > 2 {
				return errors.New("too many redirects")
			}
			return nil
		},
	}
}

// UseHTTP delivers to these endpoints from now on, in place of Socket Mode.
func (s *Server) UseHTTP(to Endpoints) {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	s.post.to, s.post.active = to, true
}

// UseSocketMode delivers by Socket Mode again, as it is at the start.
func (s *Server) UseSocketMode() {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	s.post.active = false
}

func (p *poster) on() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.active
}

func (p *poster) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.work.Wait()
}

// send delivers in the background. An event waits for the answer to the one
// before it in its channel, but no longer than 100 ms: most often they come in
// order, and a slow bot is not spared the rest.
func (p *poster) send(d *delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	var before, mine chan struct{}
	if d.kind == kindEvent && d.channel != "" && d.retry == 0 {
		before, mine = p.last[d.channel], make(chan struct{})
		p.last[d.channel] = mine
	}
	p.work.Go(func() {
		if before != nil {
			timer := time.NewTimer(100 * time.Millisecond)
			select {
			case <-before:
			case <-timer.C:
			case <-p.s.ctx.Done():
			}
			timer.Stop()
		}
		p.slots <- struct{}{}
		p.attempt(d)
		<-p.slots
		if mine != nil {
			close(mine)
			p.mu.Lock()
			if p.last[d.channel] == mine {
				delete(p.last, d.channel)
			}
			p.mu.Unlock()
		}
	})
}

func (p *poster) attempt(d *delivery) {
	p.mu.Lock()
	address := d.endpoint(p.to)
	p.mu.Unlock()
	body, kind := []byte(d.payload), "application/json"
	if d.form != "" {
		body, kind = []byte(d.form), "application/x-www-form-urlencoded"
	}
	header := Signed(p.s.opts.SigningSecret, time.Now(), body)
	header.Set("Content-Type", kind)
	if d.retry > 0 {
		header.Set("X-Slack-Retry-Num", strconv.Itoa(d.retry))
		header.Set("X-Slack-Retry-Reason", d.reason)
	}
	d.began = time.Now()
	r, err := p.s.Post(p.s.ctx, address, header, body)
	o := Outcome{Took: time.Since(d.began), Status: r.Status, Body: r.Body}
	switch {
	case p.s.ctx.Err() != nil:
		o.Error = "closed"
		p.s.end(d, o)
	case errors.Is(err, context.DeadlineExceeded):
		o.Error = "operation_timeout"
		p.s.failed(d, o, "http_timeout", true)
	case err != nil:
		o.Error = "dispatch_failed"
		p.s.failed(d, o, "connection_failed", true)
	case r.Status < 200 || r.Status > 299:
		o.Error = "dispatch_failed"
		p.s.failed(d, o, "http_error", r.Header.Get("X-Slack-No-Retry") != "1")
	default:
		p.s.acked(d, o)
	}
}

// Signed are the headers with which Slack signs a body at a time.
func Signed(secret string, at time.Time, body []byte) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte("v0:" + stamp + ":")) // never fails
	_, _ = mac.Write(body)
	header := http.Header{}
	header.Set("X-Slack-Request-Timestamp", stamp)
	header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	return header
}

// Response is what the bot answered to a request.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Post makes one request to the bot, whatever it holds: forged, expired,
// replayed or oversized. It takes no longer than an acknowledgement may.
func (s *Server) Post(ctx context.Context, address string, header http.Header, body []byte) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.AckWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return Response{}, fmt.Errorf("make a request: %w", err)
	}
	r.Header = header.Clone()
	answer, err := s.client.Do(r)
	if err != nil {
		return Response{}, fmt.Errorf("deliver: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	read, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	if err != nil {
		return Response{Status: answer.StatusCode, Header: answer.Header}, fmt.Errorf("read the answer: %w", err)
	}
	return Response{Status: answer.StatusCode, Header: answer.Header, Body: read}, nil
}

// Verify does the url_verification of the events endpoint, as Slack does when
// it is entered: the challenge has to come back, as text, as a form or in JSON.
func (s *Server) Verify(ctx context.Context) error {
	challenge := random()
	body, _ := json.Marshal(object{"token": "verification", "challenge": challenge, "type": "url_verification"})
	header := Signed(s.opts.SigningSecret, time.Now(), body)
	header.Set("Content-Type", "application/json")
	s.post.mu.Lock()
	address := s.post.to.Events
	s.post.mu.Unlock()
	r, err := s.Post(ctx, address, header, body)
	if err != nil {
		return fmt.Errorf("verify the events endpoint: %w", err)
	}
	text := string(r.Body)
	var fields struct {
		Challenge string `json:"challenge"`
	}
	if json.Unmarshal(r.Body, &fields) == nil {
		text = fields.Challenge
	} else if values, err := url.ParseQuery(text); err == nil && values.Has("challenge") {
		text = values.Get("challenge")
	}
	if r.Status != http.StatusOK || strings.TrimSpace(text) != challenge {
		return fmt.Errorf("verify the events endpoint: it answered %d and not the challenge", r.Status)
	}
	return nil
}

// CheckSSL does the ssl_check of the commands endpoint: it has to answer 200.
func (s *Server) CheckSSL(ctx context.Context) error {
	body := []byte("token=verification&ssl_check=1")
	header := Signed(s.opts.SigningSecret, time.Now(), body)
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.post.mu.Lock()
	address := s.post.to.Commands
	s.post.mu.Unlock()
	r, err := s.Post(ctx, address, header, body)
	if err != nil {
		return fmt.Errorf("check the commands endpoint: %w", err)
	}
	if r.Status != http.StatusOK {
		return fmt.Errorf("check the commands endpoint: it answered %d", r.Status)
	}
	return nil
}
