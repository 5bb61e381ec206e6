// Package console is the terminal as a chat platform: lines in, cards out, as
// text for people and as JSON lines for programs.
package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"frontdoor/internal/chat"
)

// Platform is the name of this platform in addresses and demand records.
const Platform = "console"

// Options say who talks where, and how it is shown.
type Options struct {
	Session string                     // unique for this process: message ids begin with it
	As      chat.Person                // who types, unless an input object says otherwise
	Channel string                     // name of the channel; "" is a direct message
	Groups  func(name string) []string // the groups of somebody named in an input object
	Width   func() int                 // columns to wrap at; nil or 0 doesn't
	JSON    bool                       // replies as JSON lines
	Color   bool                       // replies with terminal colours
	Now     func() time.Time
	Accept  func(context.Context, chat.Message) (fresh bool, err error)
}

// Console reads lines and prints replies. Its methods may be used by several
// goroutines.
type Console struct {
	opts Options

	mu      sync.Mutex
	out     io.Writer
	waiting map[string]chan struct{} // by message id: closed at its first reply
	buttons []chat.Button            // of the last card shown, for a typed number
	asking  bool                     // the last card asks for a value, so a number is one
	cards   map[string][]chat.Button // the buttons of the last card that had some, by cardKey
	ids     map[int]json.RawMessage  // the id that came with a line, by its number
}

// New returns a console that prints to out.
func New(out io.Writer, opts Options) *Console {
	return &Console{opts: opts, out: out, waiting: map[string]chan struct{}{}, cards: map[string][]chat.Button{}, ids: map[int]json.RawMessage{}}
}

// maxLine is the longest line read as one message, in bytes: past it the rest
// is dropped, since chat.MaxText clips long before.
const maxLine = 8 << 20

// ReadLines takes every line of in as one message, each answered before the
// next is taken, until in or ctx ends.
func (c *Console) ReadLines(ctx context.Context, in io.Reader) error {
	r := bufio.NewReaderSize(in, 64<<10)
	for line := 1; ; line++ {
		text, err := readLine(r)
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return fmt.Errorf("read line %d: %w", line, err)
		}
		if ended && text == "" || ctx.Err() != nil {
			break
		}
		if err := c.Take(ctx, line, text); err != nil || ended {
			return err
		}
	}
	return nil
}

// readLine is one line without its end, cut at maxLine bytes.
func readLine(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		part, err := r.ReadSlice('\n')
		if b.Len() < maxLine {
			b.Write(part)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return strings.TrimRight(b.String(), "\r\n"), err
	}
}

// Take accepts one line and waits until it is answered.
func (c *Console) Take(ctx context.Context, line int, text string) error {
	m := c.message(line, text)
	if refusal := c.resolve(&m); refusal != "" {
		return c.Show(chat.Reply{InReplyTo: m.ID, To: m.At, Card: chat.Card{Text: refusal}})
	}
	answered := make(chan struct{})
	c.mu.Lock()
	c.waiting[m.ID] = answered
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, m.ID)
		c.mu.Unlock()
	}()
	if _, err := c.opts.Accept(ctx, m); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return c.Show(chat.Reply{InReplyTo: m.ID, To: m.At, Card: chat.Card{
			Text: "I can't take messages right now: my memory isn't reachable. This message was not stored; say it again in a minute.",
		}})
	}
	select {
	case <-answered:
	case <-ctx.Done():
	}
	return nil
}

// Show prints a reply. It is what delivers the outbox of this platform.
func (c *Console) Show(r chat.Reply) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.opts.JSON {
		line := c.line(r.InReplyTo)
		var id json.RawMessage
		if line != nil {
			id = c.ids[*line]
		}
		err = writeJSON(c.out, r, line, id)
	} else {
		width := 0
		if c.opts.Width != nil {
			width = c.opts.Width()
		}
		err = writeText(c.out, r, c.opts.Color, width)
	}
	if err != nil {
		return fmt.Errorf("print reply: %w", err)
	}
	if r.Updates == "" {
		c.keep(r)
	}
	if ch, ok := c.waiting[r.InReplyTo]; ok {
		close(ch)
		delete(c.waiting, r.InReplyTo)
	}
	return nil
}

// mark keeps the id that came with a line, for its answers.
func (c *Console) mark(line int, id json.RawMessage) {
	if id == nil || !c.opts.JSON {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids[line] = id
}

// line is the input line of a message of this session; nil of another's.
func (c *Console) line(id string) *int {
	session, number, ok := strings.Cut(id, "/")
	if !ok || session != c.opts.Session {
		return nil
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil
	}
	return &n
}
