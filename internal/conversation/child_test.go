package conversation_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"frontdoor/internal/conversation"
	"frontdoor/internal/conversation/redistest"
)

// childURL, when set, makes the test binary a replica of the bot.
const childURL = "FRONTDOOR_TEST_REPLICA"

// child is the other process: it works and delivers, and writes a line for each
// step, until it is killed. It says `handling ID` before and `ended ID` after.
func child() bool {
	url := os.Getenv(childURL)
	if url == "" {
		return false
	}
	s, err := conversation.Open(context.Background(), conversation.Config{URL: url}, conversation.Options{Lease: time.Second, Backoff: 5 * time.Millisecond})
	if err != nil {
		fmt.Println("failed", err)
		return true
	}
	go func() {
		_ = s.Deliver(context.Background(), "slack", func(_ context.Context, d conversation.Delivery) error {
			fmt.Println("saying", d.Reply.ID, d.Unknown)
			time.Sleep(5 * time.Millisecond)
			return nil
		})
	}()
	_ = s.Work(context.Background(), func(ctx context.Context, c conversation.Claim) error {
		fmt.Println("handling", c.Message.ID)
		time.Sleep(5 * time.Millisecond)
		err := echo(s)(ctx, c)
		fmt.Println("ended", c.Message.ID, errors.Is(err, conversation.ErrLost))
		return err
	})
	return true
}

// replica starts the child and returns its lines.
func replica(t *testing.T, url string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childURL+"="+url)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// A replica is killed in the middle, three times, and replaced: every message
// is answered, in order, and what the state has seen shows that none was
// handled twice. A reply that the dead replica may have said comes as unknown.
func TestReplicaKilled(t *testing.T) {
	url := redistest.StartWith(t, redistest.Remembers).URL
	o := quick(t)
	o.Lease = time.Second
	s := open(t, url, o)
	const channels, each = 10, 30
	for n := range each {
		for c := range channels {
			accept(t, s, message(fmt.Sprint("c", c), fmt.Sprintf("%d.%d", c, n), fmt.Sprint(n)))
		}
	}
	begun := map[string]bool{} // replies that a replica began to say
	for range 3 {
		cmd, lines := replica(t, url)
		for n := 0; n < 60 && lines.Scan(); {
			word := strings.Fields(lines.Text())
			switch word[0] {
			case "handling":
				n++
			case "saying":
				if begun[word[1]] && word[2] != "true" {
					t.Errorf("reply %s came again as new", word[1])
				}
				begun[word[1]] = true
			case "ended":
			default:
				t.Fatal(lines.Text())
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			if word := strings.Fields(lines.Text()); len(word) == 3 && word[0] == "saying" {
				begun[word[1]] = true
			}
		}
	}
	said := newNotes()
	work(t, s, echo(s))
	hear(t, s, said)
	eventually(t, "everything is dealt with", func() bool { st := stats(t, s); return st.Accepted+st.Outbox == 0 })
	taken := map[string]bool{}
	for _, line := range said.all() {
		id, text, _ := strings.Cut(line, " ")
		id, unknown := strings.CutPrefix(id, "?")
		// Unknown may also be what was about to be said when the replica died.
		if begun[id] && !unknown || taken[id] {
			t.Errorf("%s came again as new", id)
		}
		taken[id] = true
		checkSeen(t, id, text)
	}
	for n := range each {
		for c := range channels {
			if id := fmt.Sprintf("%d.%d/1", c, n); !taken[id] && !begun[id] {
				t.Errorf("%s was never said", id)
			}
		}
	}
	if n := stats(t, s).Events; n != channels*each {
		t.Errorf("%d events, want %d", n, channels*each)
	}
	if n := stats(t, s).Dead; n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// checkSeen compares the answer to message c.n with what n messages before it
// and itself leave in the state.
func checkSeen(t *testing.T, id, text string) {
	t.Helper()
	var c, last int
	if _, err := fmt.Sscanf(id, "%d.%d/1", &c, &last); err != nil {
		t.Fatal(id)
	}
	var want strings.Builder
	for n := range last + 1 {
		fmt.Fprintf(&want, "%d;", n)
	}
	if text != want.String() {
		t.Errorf("%s said %q, want %q", id, text, want.String())
	}
}

// A replica that stalls in a message loses it to another one; when it wakes up
// it commits nothing.
func TestReplicaStalled(t *testing.T) {
	url := redistest.Start(t).URL
	o := quick(t)
	o.Lease = time.Second
	s := open(t, url, o)
	accept(t, s, message("c", "m1", "one"))
	cmd, lines := replica(t, url)
	skipTo(lines, "handling")
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	said := newNotes()
	work(t, s, echo(s))
	hear(t, s, said)
	equal(t, said.wait(t, 1), []string{"m1/1 one;"})
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	skipTo(lines, "ended")
	if lines.Text() != "ended m1 true" {
		t.Errorf("the stalled replica: %q", lines.Text())
	}
	// Alive, it would take its share of the work again.
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	accept(t, s, message("c", "m2", "two"))
	if got := said.wait(t, 2)[1]; got != "m2/1 one;two;" {
		t.Errorf("after it: %q", got)
	}
}

// skipTo reads up to the first line that begins with the word.
func skipTo(lines *bufio.Scanner, word string) {
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), word) {
			return
		}
	}
}
