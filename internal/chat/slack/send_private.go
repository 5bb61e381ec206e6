package slack

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"
)

// hookMethod is what a response_url is called in a Pace.
const hookMethod = "response_url"

// whisper shows it to one person in the channel, or tells them directly. Slack
// promises neither that it is seen nor that it can be found again.
func (m mail) whisper(ctx context.Context) error {
	if done, err := m.hook(ctx, "ephemeral"); done {
		return err
	}
	user := m.user()
	if user == "" {
		return fmt.Errorf("whisper to %s: %w", m.r.Person, &Refused{Code: "user_not_found"})
	}
	channel, err := m.channel(ctx)
	if err != nil {
		return err
	}
	for _, p := range m.s.o.Renderer(m.r.To.Workspace).Card(m.r.Card, m.r.To.Thread, false) {
		err = m.do(ctx, Call{Method: "chat.postEphemeral", Channel: channel, Repeatable: true}, func(ctx context.Context) error {
			opts := saying(p)
			if m.r.To.Thread != "" {
				opts = append(opts, slackgo.MsgOptionTS(m.r.To.Thread))
			}
			_, err := m.api.PostEphemeralContext(ctx, channel, user, opts...)
			return err
		})
		if err != nil {
			break
		}
	}
	var no *Refused
	if !errors.As(err, &no) || !no.absent() {
		return err
	}
	direct, openErr := m.openDirect(ctx)
	if openErr != nil {
		return err
	}
	return m.postIn(ctx, direct, "")
}

// hook answers by the response_url of what is answered, if there is one that
// can still be used. done tells whether there is nothing else to try.
func (m mail) hook(ctx context.Context, kind string) (done bool, err error) {
	if m.r.Updates != "" {
		return false, nil
	}
	posts := m.s.o.Renderer(m.r.To.Workspace).Card(m.r.Card, m.r.To.Thread, false)
	for i, p := range posts {
		address, ok := m.s.hooks.use(m.r.InReplyTo)
		if !ok {
			return i > 0, nil
		}
		err := m.do(ctx, Call{Method: hookMethod, Repeatable: true}, func(ctx context.Context) error {
			opts := append(saying(p), slackgo.MsgOptionResponseURL(address, kind))
			if m.r.To.Thread != "" {
				opts = append(opts, slackgo.MsgOptionTS(m.r.To.Thread))
			}
			_, _, err := m.api.PostMessageContext(ctx, m.r.To.Channel, opts...)
			return err
		})
		var no *Refused
		if errors.As(err, &no) && i == 0 {
			m.s.hooks.drop(m.r.InReplyTo)
			return false, nil // used up or too old: there are other ways
		}
		if err != nil {
			return true, err
		}
	}
	return true, nil
}

// channel is where the reply goes: a person's id stands for the direct
// conversation with them.
func (m mail) channel(ctx context.Context) (string, error) {
	to := m.r.To
	if !to.Direct || to.Channel == "" || to.Channel[0] != 'U' && to.Channel[0] != 'W' {
		return to.Channel, nil
	}
	return m.s.open(ctx, m.api, to.Workspace, to.Channel)
}

func (m mail) openDirect(ctx context.Context) (string, error) {
	user := m.user()
	if user == "" {
		return "", fmt.Errorf("tell %s: %w", m.r.Person, &Refused{Code: "user_not_found"})
	}
	return m.s.open(ctx, m.api, m.r.To.Workspace, user)
}

// open is the direct conversation with a user.
func (s *Sender) open(ctx context.Context, api *slackgo.Client, workspace, user string) (string, error) {
	key := workspace + " " + user
	s.mu.Lock()
	channel := s.direct[key]
	s.mu.Unlock()
	if channel != "" {
		return channel, nil
	}
	err := s.o.Pace.Do(ctx, Call{Workspace: workspace, Method: "conversations.open", Repeatable: true}, func(ctx context.Context) error {
		c, _, _, err := api.OpenConversationContext(ctx, &slackgo.OpenConversationParameters{Users: []string{user}})
		if err == nil {
			channel = c.ID
		}
		return err
	})
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.direct) >= maxSaid {
		clear(s.direct)
	}
	s.direct[key] = channel
	return channel, nil
}

// A response_url may be used five times within thirty minutes.
const (
	hookUses  = 5
	hookLife  = 30 * time.Minute
	hooksKept = 20_000
)

// hooks are the response_urls of messages, for as long as they can be used.
// They are kept in memory alone: after a restart an answer goes the other ways.
type hooks struct {
	now func() time.Time

	mu    sync.Mutex
	known map[string]*hook
	order []string // of their coming
}

type hook struct {
	address string
	until   time.Time
	uses    int
}

func newHooks(now func() time.Time) *hooks { return &hooks{now: now, known: map[string]*hook{}} }

func (h *hooks) keep(message, address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known[message] != nil {
		return
	}
	for len(h.order) > 0 && (len(h.order) >= hooksKept || h.known[h.order[0]] == nil || h.known[h.order[0]].until.Before(h.now())) {
		delete(h.known, h.order[0])
		h.order = h.order[1:]
	}
	h.known[message] = &hook{address: address, until: h.now().Add(hookLife), uses: hookUses}
	h.order = append(h.order, message)
}

func (h *hooks) use(message string) (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	one := h.known[message]
	if message == "" || one == nil || one.uses == 0 || one.until.Before(h.now()) {
		return "", false
	}
	one.uses--
	return one.address, true
}

func (h *hooks) drop(message string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.known, message)
}
