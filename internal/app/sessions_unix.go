//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd || solaris

package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// sessions are the terminals on one data_dir: each process holds the lock of
// a file in data_dir/sessions for its own, and of those it took over from
// processes that are gone. The system lets go of a lock when a process dies.
type sessions struct {
	dir string

	mu   sync.Mutex
	held map[string]*os.File // by session
}

// openSessions takes the session own, and clears away the files of dead ones.
func openSessions(dataDir, own string) (*sessions, error) {
	s := &sessions{dir: filepath.Join(dataDir, "sessions"), held: map[string]*os.File{}}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the sessions' directory: %w", err)
	}
	s.clear()
	f, err := lock(filepath.Join(s.dir, own), 0)
	if err != nil {
		return nil, fmt.Errorf("take the session: %w", err)
	}
	s.held[own] = f
	return s, nil
}

// clear removes the files that nobody holds. What a dead session has left to
// say doesn't need its file.
func (s *sessions) clear() {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if f, err := lock(filepath.Join(s.dir, e.Name()), unix.LOCK_NB); err == nil {
			release(f)
		}
	}
}

// take tells whether a session is this process's, and takes one over whose
// process is gone. What can't be told counts as ours: twice is better than
// never.
func (s *sessions) take(id string) bool {
	if !isSession(id) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[id] != nil {
		return true
	}
	f, err := lock(filepath.Join(s.dir, id), unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false
	}
	if err == nil {
		s.held[id] = f
	}
	return true
}

// close gives every session back.
func (s *sessions) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, f := range s.held {
		release(f)
		delete(s.held, id)
	}
	return nil
}

// isSession tells whether id can be the name of a file of ours.
func isSession(id string) bool {
	return id != "" && len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}

// lock makes the file and holds it. Whoever gave it back last has removed it:
// then the lock is on a file that nobody else finds, and it starts again.
func lock(name string, how int) (*os.File, error) {
	for {
		f, err := os.OpenFile(filepath.Clean(name), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|how); err != nil {
			_ = f.Close()
			if errors.Is(err, unix.EINTR) {
				continue
			}
			return nil, err
		}
		mine, err := f.Stat()
		if err == nil {
			if there, e := os.Stat(name); e == nil && os.SameFile(mine, there) {
				return f, nil
			}
		}
		_ = f.Close()
		if err != nil {
			return nil, err
		}
	}
}

// release removes the file while it is held, so that nobody removes another's.
func release(f *os.File) {
	_ = os.Remove(f.Name())
	_ = f.Close()
}

// Terminals counts the processes that have a terminal open on dataDir. For a
// moment it holds the lock of a file that nobody holds.
func Terminals(dataDir string) int {
	dir := filepath.Join(dataDir, "sessions")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	n := 0
	for _, e := range entries {
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
			n++
		}
		_ = f.Close()
	}
	return n
}
