//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd || solaris

package app

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"frontdoor/internal/chat"
	"frontdoor/internal/chat/console"
	"frontdoor/internal/workflow"
)

func session(t *testing.T, dir, id string) *sessions {
	t.Helper()
	s, err := openSessions(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.close() })
	return s
}

func TestSessions(t *testing.T) {
	dir := t.TempDir()
	a, b := session(t, dir, "a"), session(t, dir, "b")
	if !a.take("a") || !b.take("b") || a.take("b") || b.take("a") {
		t.Error("two living terminals don't tell whose is whose")
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	if !b.take("a") {
		t.Error("nobody takes over from one that is gone")
	}
	if session(t, dir, "c").take("a") {
		t.Error("two take over from one that is gone")
	}
	if err := b.close(); err != nil {
		t.Fatal(err)
	}
	for _, odd := range []string{"", "../a", "A", "a b"} {
		if !b.take(odd) {
			t.Errorf("%q is nobody's", odd)
		}
	}
	left, err := os.ReadDir(filepath.Join(dir, "sessions"))
	if err != nil || len(left) != 1 || left[0].Name() != "c" {
		t.Errorf("left are %v, %v", left, err)
	}
}

// TestSessionsClear: what a killed process leaves has no lock.
func TestSessionsClear(t *testing.T) {
	dir := t.TempDir()
	a := session(t, dir, "a")
	if err := os.WriteFile(filepath.Join(dir, "sessions", "killed"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := session(t, dir, "b")
	if _, err := os.Stat(filepath.Join(dir, "sessions", "killed")); err == nil {
		t.Error("a dead session's file stays")
	}
	if b.take("a") || !a.take("a") {
		t.Error("a living session's lock is cleared away")
	}
}

// TestSessionsAtOnce lets many take over one dead session while others come
// and go.
func TestSessionsAtOnce(t *testing.T) {
	dir := t.TempDir()
	var took atomic.Int32
	var wg sync.WaitGroup
	for i := range 20 {
		s := session(t, dir, string(rune('a'+i)))
		wg.Go(func() {
			if s.take("dead") {
				took.Add(1)
			}
			s.clear()
		})
	}
	wg.Wait()
	if took.Load() != 1 {
		t.Errorf("%d took over from the dead one", took.Load())
	}
}

func TestSpeaks(t *testing.T) {
	dir := t.TempDir()
	session(t, dir, "other")
	deliver := func(context.Context, chat.Reply) error { return nil }
	terminal := &Bot{deliver: map[string]Deliver{console.Platform: deliver}, sessions: session(t, dir, "own")}
	server := &Bot{deliver: map[string]Deliver{"slack": deliver}}
	for _, c := range []struct {
		name, platform, message  string
		inTerminal, inTheService bool
	}{
		{"its own", console.Platform, "own/1", true, false},
		{"another's", console.Platform, "other/1", false, false},
		{"one that is gone", console.Platform, "gone/1", true, false},
		{"a platform's", "slack", "own/1", false, true},
	} {
		r := workflow.Report{At: chat.Address{Platform: c.platform}, Message: c.message}
		if got := terminal.speaks(r); got != c.inTerminal {
			t.Errorf("a terminal says %s: %v", c.name, got)
		}
		if got := server.speaks(r); got != c.inTheService {
			t.Errorf("a service says %s: %v", c.name, got)
		}
	}
}
