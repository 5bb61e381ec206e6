// Package redistest gives a test a Redis of its own: the real redis-server on
// a free loopback port, stopped at the test's end.
package redistest

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

// Durability is what the server keeps when it is killed.
type Durability string

// The two that tests need: nothing, or every write before it is answered.
const (
	Forgets   Durability = "no"
	Remembers Durability = "always"
)

// Server is a running redis-server.
type Server struct {
	URL string // redis://127.0.0.1:port

	t    testing.TB
	args []string
	port string
	cmd  *exec.Cmd // nil when it isn't running

	ended <-chan struct{}
}

// Start starts a server that forgets everything when it is killed.
func Start(t testing.TB) *Server {
	t.Helper()
	return StartWith(t, Forgets)
}

// StartCluster starts a cluster of one node, which refuses what touches keys of
// several slots as a larger one does.
func StartCluster(t testing.TB) *Server {
	t.Helper()
	s := launch(t, "--appendonly", "no", "--cluster-enabled", "yes", "--cluster-port", freePort(t))
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + s.port})
	defer func() { _ = client.Close() }()
	if err := client.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for {
		info, err := client.ClusterInfo(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(info, "cluster_state:ok") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.URL = "redis+cluster://127.0.0.1:" + s.port
	return s
}

// StartWith starts a server in a temporary directory.
func StartWith(t testing.TB, d Durability) *Server {
	t.Helper()
	if d == Remembers {
		return launch(t, "--appendonly", "yes", "--appendfsync", "always")
	}
	return launch(t, "--appendonly", "no")
}

func launch(t testing.TB, options ...string) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal("redis-server is not installed: `make test` installs it, or `apt-get install redis-server`")
	}
	s := &Server{t: t}
	t.Cleanup(s.Kill)
	// The port may be taken between the look and the start: another one then.
	for attempt := 0; ; attempt++ {
		s.port = freePort(t)
		s.URL = "redis://127.0.0.1:" + s.port
		s.args = append([]string{"--port", s.port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir(), "--loglevel", "warning"}, options...)
		err := s.start()
		if err == nil {
			return s
		}
		if attempt == 4 {
			t.Fatal(err)
		}
	}
}

// Kill ends the server at once, as kill -9 does.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.ended
	s.cmd = nil
}

// Stall stops the server without closing its connections, until Resume or Kill.
func (s *Server) Stall() { s.signal(syscall.SIGSTOP) }

// Resume lets a stalled server go on.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// Restart starts a killed server again on the same port and directory.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) start() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.t.Context()), 30*time.Second)
	defer cancel()
	//nolint:gosec // the arguments are this package's own
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "redis-server", s.args...)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start redis-server: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	s.cmd, s.ended = cmd, ended
	logging.Disable() // it would tell of each look before the server listens
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + s.port, MaxRetries: -1, DialerRetries: 1})
	defer func() { _ = client.Close() }()
	// The process id tells our server from one that took the port before it.
	own := "process_id:" + strconv.Itoa(cmd.Process.Pid) + "\r"
	for {
		if info, err := client.Info(ctx, "server").Result(); err == nil && strings.Contains(info, own) {
			return nil
		}
		select {
		case <-ended:
			s.cmd = nil
			return fmt.Errorf("redis-server on port %s ended by itself", s.port)
		case <-ctx.Done():
			s.Kill()
			return fmt.Errorf("redis-server on port %s does not answer", s.port)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
