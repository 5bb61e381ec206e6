package slacktest

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kind is where a line of the journal comes from.
type Kind string

// The kinds of journal entries.
const (
	KindAPI      Kind = "api"      // the bot called a method
	KindHook     Kind = "hook"     // the bot used a response_url
	KindUpload   Kind = "upload"   // the bot uploaded a file's bytes
	KindDelivery Kind = "delivery" // the server delivered something, once per attempt
	KindSocket   Kind = "socket"   // a socket opened, closed or said something wrong
)

// Call is a line of the journal.
type Call struct {
	Seq      int
	Time     time.Time
	Kind     Kind
	Team     string // id of the workspace; "" where there is none
	Method   string // of the API; else the type of the delivery or what happened to the socket
	Args     map[string]any
	TS       string // of the message that came of it
	Status   int    // HTTP; 0 of a socket
	Error    string // Slack's name of the error, "" for success
	Warnings []string
	Retry    int           // number of the attempt before this one
	Took     time.Duration // until it was answered or acknowledged
}

type journal struct {
	size int

	mu     sync.Mutex
	lines  []Call
	seq    int
	counts map[string]int
	on     watchers[Call]
}

func (j *journal) add(c Call, began time.Time) {
	c.Time, c.Took = began, time.Since(began)
	for _, do := range j.keep(&c) {
		(*do)(c)
	}
}

// keep numbers and remembers a line, and gives who wants to hear of it.
func (j *journal) keep(line *Call) []*func(Call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	line.Seq = j.seq
	c := *line
	key := c.Method
	if c.Error != "" {
		key += " " + c.Error
	}
	j.counts[key]++
	if j.size == 0 {
		return j.on.all
	}
	if len(j.lines) >= 2*j.size {
		j.lines = slices.Clone(j.lines[len(j.lines)-j.size:])
	}
	j.lines = append(j.lines, c)
	return j.on.all
}

// Journal is what the bot did and what was delivered to it, the oldest first.
func (s *Server) Journal() []Call {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	lines := s.record.lines
	return slices.Clone(lines[max(0, len(lines)-s.record.size):])
}

// Calls are the journal's calls of one method, successful or not.
func (s *Server) Calls(method string) []Call {
	return slices.DeleteFunc(s.Journal(), func(c Call) bool { return c.Method != method })
}

// Counts is how often each method was called and each kind of thing delivered,
// by its name, and with a space and the error's name where it failed. It is
// kept without a journal too.
func (s *Server) Counts() map[string]int {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	return maps.Clone(s.record.counts)
}

// Complaints are the calls that Slack refused or answered with a warning, as
// lines, and the deliveries that it did not acknowledge as it should: what a
// bot without faults never does. Faults that were injected, rate limits,
// connections that ended and warnings about the charset, which the client
// decides, are none.
func (s *Server) Complaints() []string {
	var all []string
	for _, c := range s.Journal() {
		if slices.Contains([]string{"no_connection", "connection_closed", "closed", "ratelimited"}, c.Error) || strings.HasPrefix(c.Error, "fault: ") {
			continue
		}
		warnings := slices.DeleteFunc(slices.Clone(c.Warnings), func(w string) bool { return strings.HasSuffix(w, "_charset") })
		if c.Error != "" || len(warnings) > 0 {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", c.Method, c.Error, strings.Join(warnings, " "))))
		}
	}
	return all
}

// ForgetJournal empties the journal, so that a test sees only what comes.
func (s *Server) ForgetJournal() {
	s.record.mu.Lock()
	defer s.record.mu.Unlock()
	s.record.lines = nil
	clear(s.record.counts)
}

var (
	isTS     = regexp.MustCompile(`\b\d{10}\.\d{6}\b`)
	isID     = regexp.MustCompile(`(<[@#])?\b[ABCDFSUVG][0-9A-Z]{10}\b`)
	isRandom = regexp.MustCompile(`/hooks/[0-9A-Za-z]+|\b\d+\.\d+\.[0-9a-f]{32}\b|\bEv[0-9A-Z]{10,}`)
)

// JournalText is the calls of the journal, without deliveries, as text for a
// golden file: one a line, arguments in the order of their names, people and
// channels by name, timestamps numbered in the order of their appearance.
func (s *Server) JournalText() string {
	var out strings.Builder
	for _, c := range s.Journal() {
		if c.Kind == KindDelivery || c.Kind == KindSocket {
			continue
		}
		fmt.Fprintf(&out, "%s", c.Method)
		for _, name := range slices.Sorted(maps.Keys(c.Args)) {
			value := c.Args[name]
			if text, ok := value.(string); ok {
				fmt.Fprintf(&out, " %s=%q", name, text)
				continue
			}
			fmt.Fprintf(&out, " %s=%s", name, readable(value))
		}
		result := "ok"
		if c.TS != "" {
			result = c.TS
		}
		if c.Error != "" {
			result = c.Error
		}
		fmt.Fprintf(&out, " -> %s", result)
		for _, w := range c.Warnings {
			fmt.Fprintf(&out, " [%s]", w)
		}
		out.WriteByte('\n')
	}
	return s.Stable(out.String())
}

// readable is JSON without the escapes that HTML wants.
func readable(value any) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(value) // it was decoded from JSON
	return strings.TrimSuffix(out.String(), "\n")
}

// Stable replaces in text what differs from run to run: timestamps become ts1,
// ts2 and so on, ids of people and channels their names, triggers, event ids,
// hooks and the server's address a word.
func (s *Server) Stable(text string) string {
	seen := map[string]string{}
	text = isTS.ReplaceAllStringFunc(text, func(ts string) string {
		if seen[ts] == "" {
			seen[ts] = fmt.Sprintf("ts%d", len(seen)+1)
		}
		return seen[ts]
	})
	text = strings.ReplaceAll(isRandom.ReplaceAllString(text, "RANDOM"), s.URL(), "SLACK")
	s.mu.Lock()
	defer s.mu.Unlock()
	return isID.ReplaceAllStringFunc(text, func(found string) string {
		id := strings.TrimLeft(found, "<@#")
		inside := found != id // the sign is there already
		if u := s.users[id]; u != nil {
			if inside {
				return "<@" + u.Name
			}
			return u.String()
		}
		if c := s.channels[id]; c != nil {
			switch {
			case c.kind == direct:
				return "DM"
			case inside:
				return "<#" + c.Name
			}
			return c.String()
		}
		if g := s.groups[id]; g != nil {
			return "@" + g.Handle
		}
		return found
	})
}
