package engine_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/conversation"
)

var update = flag.Bool("update", false, "rewrite the transcripts with what was said")

// A transcript is a conversation: `>` is a person, plain lines are the bot,
// `~` is the demand record, `#` a remark.
//
//	> how do I roll back a deploy?       you, in a direct message
//	ana> hello                           somebody else, with the groups of groups below
//	ana #help/t1> hello                  in a thread of a channel; the bot is addressed
//	> [Do it]                            presses the button of the last card that has it
//	> [Do it^]                           that of the card before
//	> {name=orders, environment=dev}     submits the form
//	! clock +31m                         time passes
//	! fail 3                             the next three attempts at a message fail
//	! redis stop, ! redis start          Redis dies, and comes back
//	! change db-create: old -> new        a playbook's file says something else now
//	! remove db-create                   and is gone
//
// Ids are numbered in the order in which they appear: request1, run1.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s was said differently (go test ./internal/engine -update rewrites it):\n%s", file, difference(string(want), got))
			}
		})
	}
}

// groups of the people of the transcripts.
var groups = map[string][]string{
	"you": {"engineering"},
	"ana": {"engineering", "sre"},
	"ben": {"engineering"},
	"dan": {"sre"},
	"eve": {},
}

func play(t *testing.T, script string) string {
	t.Helper()
	s := &stage{t: t, names: map[string]string{}}
	ctx, cancel := context.WithCancel(t.Context())
	wait := s.open(ctx, strings.Contains(script, "\n! redis"))
	defer wait()
	defer cancel()
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "# "):
			s.out.WriteString(line + "\n")
		case strings.HasPrefix(line, "! "):
			s.out.WriteString("\n" + line + "\n")
			s.direct(strings.TrimPrefix(line, "! "))
		default:
			m, ok := s.message(line)
			if !ok {
				continue // what the bot said last time
			}
			s.out.WriteString("\n" + line + "\n")
			s.say(ctx, m)
		}
	}
	return strings.TrimRight(s.out.String(), "\n") + "\n"
}

func (s *stage) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.moved)
}

func (s *stage) direct(what string) {
	switch verb, arg, _ := strings.Cut(what, " "); {
	case verb == "clock":
		d, err := time.ParseDuration(arg)
		if err != nil {
			s.t.Fatal(err)
		}
		s.mu.Lock()
		s.moved += d
		s.mu.Unlock()
	case verb == "fail":
		n, err := strconv.Atoi(arg)
		if err != nil {
			s.t.Fatal(err)
		}
		s.mu.Lock()
		s.failing = n
		s.mu.Unlock()
	case verb == "change":
		id, edit, _ := strings.Cut(arg, ": ")
		old, with, _ := strings.Cut(edit, " -> ")
		s.reload(id, func(text string) string { return strings.Replace(text, old, with, 1) })
	case verb == "remove":
		s.reload(arg, nil)
	case what == "redis stop":
		s.server.Kill()
	case what == "redis start":
		s.server.Restart()
	default:
		s.t.Fatalf("no such direction: %s", what)
	}
}

var spoken = regexp.MustCompile(`^(?:([a-z]+) ?)?(?:#([a-z-]+)(?:/([a-z0-9]+))?)?> (.*)$`)

// message reads a person's line.
func (s *stage) message(line string) (chat.Message, bool) {
	part := spoken.FindStringSubmatch(line)
	if part == nil {
		return chat.Message{}, false
	}
	who := part[1]
	if who == "" {
		who = "you"
	}
	if _, known := groups[who]; !known {
		return chat.Message{}, false
	}
	at := chat.Address{Platform: "console", Channel: "dm-" + who, Direct: true, Alone: true}
	if part[2] != "" {
		at = chat.Address{Platform: "console", Channel: "C-" + part[2], Name: part[2], Thread: part[3]}
	}
	s.said++
	m := chat.Message{ID: "m" + strconv.Itoa(s.said), At: at, From: chat.Person{ID: who, Name: who, Groups: groups[who]}, Time: s.now(), Addressed: true, Text: s.ids(part[4])}
	switch text := part[4]; {
	case strings.HasPrefix(text, "["):
		m.Text, m.Press = "", s.button(strings.Trim(text, "[]"))
	case strings.HasPrefix(text, "{"):
		m.Text, m.Submitted, m.Form = "", true, map[string]string{}
		for pair := range strings.SplitSeq(strings.Trim(text, "{}"), ", ") {
			name, value, _ := strings.Cut(pair, "=")
			m.Form[name] = value
		}
	}
	return m, true
}

// ids puts real ids in the place of the transcript's.
func (s *stage) ids(text string) string {
	for id, name := range s.names {
		text = strings.ReplaceAll(text, name, id)
	}
	return text
}

// button is the id of the latest button with that label, though its card may
// be out of date; each ^ behind the label means one before it.
func (s *stage) button(label string) string {
	skip := strings.Count(label, "^")
	label = strings.TrimRight(label, "^")
	for _, b := range slices.Backward(s.buttons) {
		if s.numbered(b.Label) != label {
			continue
		}
		if skip == 0 {
			return b.ID
		}
		skip--
	}
	s.t.Fatalf("no button %q in %v", label, s.buttons)
	return ""
}

// say sends the message and writes down all that comes of it.
func (s *stage) say(ctx context.Context, m chat.Message) {
	if _, err := s.store.Accept(ctx, m); err != nil {
		fmt.Fprintf(&s.out, "(not accepted: %s)\n", plainly(err))
		return
	}
	s.settle(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	// Conversations don't wait for each other: what is said here is shown first,
	// and what is recorded in the order of its time.
	slices.SortStableFunc(s.replies, func(a, b chat.Reply) int { return elsewhere(a, m) - elsewhere(b, m) })
	for _, r := range s.replies {
		s.write(r)
	}
	slices.SortStableFunc(s.events, func(a, b []byte) int { return eventTime(s.t, a).Compare(eventTime(s.t, b)) })
	for _, e := range s.events {
		s.writeEvent(e)
	}
	s.replies, s.events = nil, nil
}

func elsewhere(r chat.Reply, m chat.Message) int {
	if r.To.Key() == m.At.Key() {
		return 0
	}
	return 1
}

func eventTime(t testing.TB, line []byte) time.Time {
	t.Helper()
	var e struct{ Time time.Time }
	if err := json.Unmarshal(line, &e); err != nil {
		t.Fatal(err)
	}
	return e.Time
}

func plainly(err error) string {
	if strings.Contains(err.Error(), conversation.ErrUnavailable.Error()) {
		return conversation.ErrUnavailable.Error()
	}
	return err.Error()
}

// settle waits until nothing moves: no message, run, reply or event waits.
func (s *stage) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for quiet := 0; quiet < 2; time.Sleep(3 * time.Millisecond) {
		if err := s.runs.Idle(ctx); err != nil {
			s.t.Fatalf("the runs don't come to rest: %v", err)
		}
		n, err := s.store.Stats(ctx)
		if err != nil {
			s.t.Fatalf("nothing comes to rest: %v", err)
		}
		if n.Accepted+n.Outbox+n.Events > 0 {
			quiet = 0
			continue
		}
		quiet++
	}
}

func (s *stage) write(r chat.Reply) {
	where := ""
	if r.To.Thread != "" {
		where = "/" + r.To.Thread
	}
	if r.Private {
		where += " (only for " + r.Person + ")"
	}
	if where != "" {
		fmt.Fprintf(&s.out, "  to%s:\n", where)
	}
	// A line of the bot's that looks like a person's must not be one next time.
	s.out.WriteString(strings.ReplaceAll(s.numbered(r.Card.Text), "\n>", "\n\\>") + "\n")
	for _, c := range r.Card.Citations {
		if c.URL == nil || string([]rune(r.Card.Text)[c.Start:c.End]) != c.Quote {
			s.t.Errorf("the citation %+v does not quote %q", c, r.Card.Text)
			continue
		}
		fmt.Fprintf(&s.out, "  ↳ %s\n", *c.URL)
	}
	if f := r.Card.Form; f != nil && r.Card.Asks {
		var fields []string
		for _, x := range f.Fields {
			fields = append(fields, x.Name+"="+x.Value)
		}
		fmt.Fprintf(&s.out, "  {%s}\n", strings.Join(fields, ", "))
	}
	if len(r.Card.Buttons) > 0 {
		s.buttons = append(s.buttons, r.Card.Buttons...)
		for _, b := range r.Card.Buttons {
			fmt.Fprintf(&s.out, "  [%s]", s.numbered(b.Label))
		}
		s.out.WriteString("\n")
	}
}

func (s *stage) writeEvent(line []byte) {
	var e map[string]json.RawMessage
	if err := json.Unmarshal(line, &e); err != nil {
		s.t.Errorf("event %s: %v", line, err)
		return
	}
	fmt.Fprintf(&s.out, "~ %s", strings.Trim(string(e["event"]), `"`))
	for _, key := range []string{"request", "actor", "text", "tags", "playbook", "citations", "candidates", "reason", "to", "how", "run", "step", "ok", "value"} {
		v, has := e[key]
		if !has {
			continue
		}
		fmt.Fprintf(&s.out, " %s=%s", key, s.numbered(strings.Trim(string(v), `"`)))
	}
	s.out.WriteString("\n")
}

var (
	runID     = regexp.MustCompile(`\br-[a-z2-7]{10}\b`)
	requestID = regexp.MustCompile(`\b[a-z2-7]{16}\b`)
	moment    = regexp.MustCompile(`until \d{4}-\d\d-\d\d \d\d:\d\d UTC`)
	surely    = regexp.MustCompile(`\d+ % sure|, at \d+ %|\(\d+ %\)`)
	digits    = regexp.MustCompile(`\d+`)
	reference = regexp.MustCompile(`\(reference [a-z2-7]{8}\)`)
)

// numbered puts a number in the place of each id.
func (s *stage) numbered(text string) string {
	name := func(kind string) func(string) string {
		return func(id string) string {
			if s.names[id] == "" {
				n := 1
				for _, v := range s.names {
					if strings.HasPrefix(v, kind) {
						n++
					}
				}
				s.names[id] = kind + strconv.Itoa(n)
			}
			return s.names[id]
		}
	}
	text = strings.ReplaceAll(text, s.api, "https://api.example")
	text = moment.ReplaceAllString(text, "until …")
	text = surely.ReplaceAllStringFunc(text, func(s string) string { return digits.ReplaceAllString(s, "…") })
	text = reference.ReplaceAllString(text, "(reference …)")
	text = runID.ReplaceAllStringFunc(text, name("run"))
	return requestID.ReplaceAllStringFunc(text, name("request"))
}

// difference shows the first lines that differ, with a little before them.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(w) && i < len(g) && w[i] == g[i] {
		i++
	}
	part := func(lines []string) string { return strings.Join(lines[max(0, i-3):min(len(lines), i+6)], "\n") }
	return fmt.Sprintf("line %d\n--- want\n%s\n--- got\n%s", i+1, part(w), part(g))
}
