package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/term"

	"frontdoor/internal/app"
	"frontdoor/internal/chat"
	"frontdoor/internal/chat/console"
	"frontdoor/internal/config"
)

type chatCmd struct {
	catalogueFlag
	corpusFlag
	jsonFlag
	As       string        `help:"Who you are; your groups are then those of the configuration." placeholder:"NAME"`
	Groups   groups        `help:"The groups you are in, separated by commas; an empty value is none." placeholder:"a,b"`
	Channel  string        `help:"Talk in this channel rather than in a direct message." placeholder:"NAME"`
	Wait     time.Duration `help:"At the end of piped input, how long to wait for running steps." default:"60s"`
	ReadOnly bool          `help:"Look only: allowed on a configuration with a shared Redis or PostgreSQL."`
	Timing   bool          `help:"At the end, print where the time of the messages went."`
}

// Run talks in the terminal, or answers piped lines.
func (c *chatCmd) Run(s streams, root *cli) error {
	cfg, err := root.load(s, c.catalogueFlag, c.corpusFlag)
	if err != nil {
		return err
	}
	switch shared := sharedStore(cfg); {
	case c.ReadOnly:
		// Even on stores of our own: whoever opens the runs works on them.
		own, err := os.MkdirTemp("", "frontdoor-")
		if err != nil {
			return fmt.Errorf("make a directory to look from: %w", err)
		}
		defer func() { _ = os.RemoveAll(own) }()
		cfg.DataDir, cfg.Redis.URL, cfg.Database.URL = own, "", ""
	case shared != "":
		return usagef("chat runs on stores of its own, and this configuration has %s; use `bot serve` for it, or --read-only to look", shared)
	}
	session := strings.ToLower(rand.Text())[:12]
	log, err := app.Logger(cfg, s.err, "warn")
	if err != nil {
		return err
	}
	ctx, cut := context.WithCancelCause(s.ctx)
	defer cut(nil)
	s.ctx = ctx
	var terminal *console.Console
	var answered atomic.Int64 // the last line that has a reply
	bot, err := app.New(s.ctx, cfg, app.Options{
		Log: log, Progress: indexing(s),
		Notice: notice(s),
		Deliver: map[string]app.Deliver{console.Platform: func(_ context.Context, r chat.Reply) error {
			if err := terminal.Show(r); err != nil {
				cut(err) // whoever reads is gone, or their disk is full: nobody would see the rest
				return err
			}
			if id, line, _ := strings.Cut(r.InReplyTo, "/"); id == session {
				if n, err := strconv.ParseInt(line, 10, 64); err == nil && n > answered.Load() {
					answered.Store(n)
				}
			}
			return nil
		}},
		Terminal: true, Session: session, ReadOnly: c.ReadOnly,
	})
	if err != nil {
		return err
	}
	you := chat.Person{ID: "you", Name: "you", Groups: bot.AllGroups()}
	if c.As != "" {
		you = chat.Person{ID: c.As, Name: c.As, Groups: bot.GroupsOf(c.As)}
	}
	if c.Groups != nil {
		you.Groups = c.Groups
	}
	out, color := s.out, false
	var screen *term.Terminal
	if s.terminal && !c.JSON {
		screen, color = newScreen(), true
		out = screen
	}
	terminal = console.New(out, console.Options{
		Session: session, As: you, Channel: c.Channel, Groups: bot.GroupsOf,
		JSON: c.JSON, Color: color, Width: columns(screen), Now: time.Now, Accept: bot.Accept,
	})
	bot.Start()
	defer func() {
		if err := bot.Stop(); err != nil {
			log.Warn("stop", zap.Error(err))
		}
	}()
	if screen != nil {
		return c.talk(s, terminal, screen)
	}
	if err := terminal.ReadLines(s.ctx, s.in); err != nil {
		return err
	}
	if err := bot.Settle(s.ctx, c.Wait); err != nil && s.ctx.Err() == nil {
		fmt.Fprintln(s.err, "bot:", err)
	}
	if s.ctx.Err() != nil {
		// What is in hand is answered yet, if that can be printed.
		if err := bot.Stop(); err != nil {
			log.Warn("stop", zap.Error(err))
		}
		if cause := context.Cause(s.ctx); !errors.Is(cause, context.Canceled) {
			return fmt.Errorf("stopped after line %d: %w", answered.Load(), cause)
		}
		return fmt.Errorf("interrupted: line %d is the last that was answered", answered.Load())
	}
	if c.Timing {
		return printTiming(s.err, bot.Timing())
	}
	return nil
}

// sharedStore names a store that other processes share, "" where there is none.
func sharedStore(cfg config.Config) string {
	if cfg.Redis.URL != "" {
		return "redis.url"
	}
	if scheme, _, _ := strings.Cut(cfg.Database.URL, ":"); scheme == "postgres" || scheme == "postgresql" {
		return "a PostgreSQL database.url"
	}
	return ""
}

// columns is the terminal's width as it is now; nil without one.
func columns(screen *term.Terminal) func() int {
	if screen == nil {
		return nil
	}
	return func() int {
		width, _, err := term.GetSize(int(os.Stdout.Fd()))
		if err != nil {
			return 0
		}
		return width
	}
}

// newScreen is the terminal with line editing and history, where replies that
// come while somebody types don't mix with the typing.
func newScreen() *term.Terminal {
	return term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{os.Stdin, os.Stdout}, "\x1b[1m› \x1b[0m")
}

// talk reads what somebody types until they leave with Ctrl-D, Ctrl-C or a
// closed terminal.
func (c *chatCmd) talk(s streams, terminal *console.Console, screen *term.Terminal) error {
	fd := int(os.Stdin.Fd())
	before, err := term.MakeRaw(fd)
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	defer func() { _ = term.Restore(fd, before) }()
	if width, height, err := term.GetSize(fd); err == nil {
		_ = screen.SetSize(width, height)
	}
	fmt.Fprintln(screen, "frontdoor. `quit` or Ctrl-D leaves; runs go on at the next start.")
	if err := terminal.Take(s.ctx, 0, "hi"); err != nil {
		return err
	}
	for line := 1; ; line++ {
		text, err := screen.ReadLine()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, term.ErrPasteIndicator) {
			return fmt.Errorf("read line: %w", err)
		}
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "":
			continue
		case "quit", "exit", "bye":
			return nil
		}
		if err := terminal.Take(s.ctx, line, text); err != nil || s.ctx.Err() != nil {
			return err
		}
	}
}
