package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"

	"frontdoor/internal/chat"
)

// SenderOptions are what a Sender works with.
type SenderOptions struct {
	Config Config
	Pace   *Pace
	Client *http.Client // nil is one with a timeout of 10 s
	// Renderer renders what goes to a workspace; nil calls nobody.
	Renderer func(workspace string) Renderer
	// User is the Slack user of a person of people.file in that workspace, ""
	// where there is none; nil knows those whose id says it.
	User func(workspace, person string) string
	// Now is the clock; nil is this machine's.
	Now func() time.Time
}

// Sender delivers replies. Its methods may be used by several goroutines.
type Sender struct {
	o     SenderOptions
	hooks *hooks

	mu      sync.Mutex
	clients map[string]*slackgo.Client // by token
	direct  map[string]string          // the direct conversation, by workspace and user
	said    *recent                    // where replies stand
}

// NewSender returns a Sender.
func NewSender(o SenderOptions) *Sender {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Renderer == nil {
		o.Renderer = func(string) Renderer { return Renderer{} }
	}
	return &Sender{o: o, hooks: newHooks(o.Now), clients: map[string]*slackgo.Client{}, direct: map[string]string{}, said: newRecent(maxSaid)}
}

// errNoToken says that a workspace is none of the configured ones.
var errNoToken = errors.New("no bot token for that workspace")

// API is slack-go's client for a workspace of an address. Its calls are not
// paced.
func (s *Sender) API(workspace string) (*slackgo.Client, error) {
	token := s.o.Config.Token(workspace)
	if token == "" {
		return nil, fmt.Errorf("speak in %s: %w: %w", workspace, ErrNotSent, errNoToken)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clients[token]
	if c == nil {
		c = slackgo.New(token, slackgo.OptionAPIURL(s.o.Config.APIURL), slackgo.OptionHTTPClient(s.o.Client))
		s.clients[token] = c
	}
	return c, nil
}

// Send delivers a reply. uncertain says that an earlier sending may have
// arrived: it is looked for first. The error wraps [ErrNotSent], [ErrUnknown]
// or a [Refused]; after the last it is no use to send it again, unless
// Credentials says that our token is the fault.
func (s *Sender) Send(ctx context.Context, r chat.Reply, uncertain bool) error {
	api, err := s.API(r.To.Workspace)
	if err != nil {
		return err
	}
	m := mail{s: s, api: api, r: r, uncertain: uncertain}
	switch {
	case r.Private && !r.To.Direct:
		return m.whisper(ctx)
	case r.Updates != "":
		return m.replace(ctx)
	}
	return m.post(ctx)
}

// Remember keeps the response_url of a command or click, so that its answer
// reaches a person where the bot is no member.
func (s *Sender) Remember(got Received) {
	if got.ResponseURL != "" && got.Message.ID != "" {
		s.hooks.keep(got.Message.ID, got.ResponseURL)
	}
}

// Settle puts one line in place of the buttons of the message that was
// clicked. What only one person sees can be changed through its response_url
// alone.
func (s *Sender) Settle(ctx context.Context, got Received) error {
	api, err := s.API(got.Message.At.Workspace)
	if err != nil {
		return err
	}
	at := got.Message.At
	if got.Ephemeral || got.Original == nil {
		if got.ResponseURL == "" {
			return nil
		}
		text := recordLine(got.Label, got.User)
		return s.o.Pace.Do(ctx, Call{Workspace: at.Workspace, Method: hookMethod, Repeatable: true}, func(ctx context.Context) error {
			_, _, err := api.PostMessageContext(ctx, at.Channel, slackgo.MsgOptionReplaceOriginal(got.ResponseURL), slackgo.MsgOptionText(text, false))
			return err
		})
	}
	post, err := Settled(got.Original, got.Label, got.User)
	if err != nil {
		return fmt.Errorf("settle %s: %w", got.Subject, err)
	}
	return s.o.Pace.Do(ctx, Call{Workspace: at.Workspace, Method: "chat.update", Repeatable: true}, func(ctx context.Context) error {
		_, _, _, err := api.UpdateMessageContext(ctx, at.Channel, got.Subject, options(post)...)
		return err
	})
}

// options are a post's text and blocks.
func options(p Post) []slackgo.MsgOption {
	return []slackgo.MsgOption{slackgo.MsgOptionText(p.Text, false), slackgo.MsgOptionBlocks(Blocks(p.Blocks)...)}
}

// saying are the options of a new message, without previews of its links: an
// answer is what it says.
func saying(p Post) []slackgo.MsgOption {
	return append(options(p), slackgo.MsgOptionDisableLinkUnfurl(), slackgo.MsgOptionDisableMediaUnfurl())
}

// mail is one reply under way.
type mail struct {
	s         *Sender
	api       *slackgo.Client
	r         chat.Reply
	uncertain bool
}

func (m mail) do(ctx context.Context, c Call, do func(context.Context) error) error {
	c.Workspace = m.r.To.Workspace
	return m.s.o.Pace.Do(ctx, c, do)
}

// user is the Slack id of who is answered.
func (m mail) user() string {
	if m.s.o.User != nil {
		if user := m.s.o.User(m.r.To.Workspace, m.r.Person); user != "" {
			return user
		}
	}
	_, user := UserOf(m.r.Person)
	return user
}

// post says it in its conversation, or where that cannot be to the person
// alone.
func (m mail) post(ctx context.Context) error {
	channel, err := m.channel(ctx)
	if err != nil {
		return err
	}
	err = m.postIn(ctx, channel, m.r.To.Thread)
	var no *Refused
	if !errors.As(err, &no) || !no.absent() {
		return err
	}
	// The bot is no member there. By response_url, then directly.
	if done, hookErr := m.hook(ctx, "ephemeral"); done {
		return hookErr
	}
	direct, openErr := m.openDirect(ctx)
	if openErr != nil {
		return err
	}
	return m.postIn(ctx, direct, "")
}

// postIn posts every part that isn't there yet.
func (m mail) postIn(ctx context.Context, channel, thread string) error {
	posts := m.s.o.Renderer(m.r.To.Workspace).Card(m.r.Card, m.r.To.Thread, false)
	there := map[int]string{}
	look := func(ctx context.Context) error {
		found, err := m.find(ctx, channel, thread, m.r.ID)
		for part, ts := range found {
			there[part] = ts
		}
		return err
	}
	if m.uncertain {
		if err := look(ctx); err != nil {
			return fmt.Errorf("look for %s: %w: %w", m.r.ID, ErrUnknown, err)
		}
	}
	for i, p := range posts {
		if _, ok := there[i]; !ok {
			err := m.do(ctx, Call{Method: "chat.postMessage", Channel: channel, Find: func(ctx context.Context) (bool, error) {
				err := look(ctx)
				return there[i] != "", err
			}}, func(ctx context.Context) error {
				opts := append(saying(p), slackgo.MsgOptionMetadata(m.metadata(m.r.ID, i)))
				if thread != "" {
					opts = append(opts, slackgo.MsgOptionTS(thread))
				}
				_, ts, err := m.api.PostMessageContext(ctx, channel, opts...)
				if err == nil {
					there[i] = ts
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		if i == 0 {
			m.s.said.put(m.r.ID, place{channel: channel, thread: thread, ts: there[0], origin: m.r.ID})
		}
		if p.Snippet != nil {
			if err := m.upload(ctx, *p.Snippet, channel, cmp.Or(thread, there[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace changes an earlier reply, wherever it stands; where it is gone, this
// one is said.
func (m mail) replace(ctx context.Context) error {
	at, ok := m.s.said.get(m.r.Updates)
	if !ok {
		channel, err := m.channel(ctx)
		if err != nil {
			return err
		}
		found, err := m.find(ctx, channel, m.r.To.Thread, m.r.Updates)
		var no *Refused
		if err != nil && !errors.As(err, &no) {
			return fmt.Errorf("look for %s: %w: %w", m.r.Updates, ErrNotSent, err)
		}
		if ts := found[0]; ts != "" {
			at, ok = place{channel: channel, thread: m.r.To.Thread, ts: ts, origin: m.r.Updates}, true
		}
	}
	if !ok {
		return m.post(ctx)
	}
	post := m.s.o.Renderer(m.r.To.Workspace).Card(m.r.Card, m.r.To.Thread, true)[0]
	err := m.do(ctx, Call{Method: "chat.update", Channel: at.channel, Repeatable: true}, func(ctx context.Context) error {
		meta := m.metadata(at.origin, 0)
		meta.EventPayload["now"] = m.r.ID
		_, _, _, err := m.api.UpdateMessageContext(ctx, at.channel, at.ts, append(options(post), slackgo.MsgOptionMetadata(meta))...)
		return err
	})
	var no *Refused
	if errors.As(err, &no) && (no.Code == "message_not_found" || no.Code == "cant_update_message" || no.Code == "edit_window_closed") {
		return m.post(ctx) // somebody deleted it
	}
	if err == nil {
		m.s.said.put(m.r.ID, at)
		if post.Snippet != nil {
			return m.upload(ctx, *post.Snippet, at.channel, cmp.Or(at.thread, at.ts))
		}
	}
	return err
}
