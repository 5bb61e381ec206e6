package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"go.uber.org/goleak"

	"frontdoor/internal/chat"
	"frontdoor/internal/chat/slack"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// golden compares with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what it was; -update writes it anew, and the diff says what has changed\n%s", name, got)
	}
}

// ear is a Receiver that writes down what it hears.
type ear struct {
	*slack.Receiver
	took    []chat.Message
	asked   []slack.Received
	heard   []slack.Received
	counted []string
	fail    error
	answer  func(slack.Received) slack.Answered
}

func newEar(o slack.Options) *ear {
	e := &ear{}
	o.Accept = func(_ context.Context, m chat.Message) (bool, error) {
		if e.fail != nil {
			return false, e.fail
		}
		e.took = append(e.took, m)
		return true, nil
	}
	o.Answer = func(_ context.Context, r slack.Received) (slack.Answered, error) {
		e.asked = append(e.asked, r)
		if e.answer != nil {
			return e.answer(r), nil
		}
		return slack.Answered{}, nil
	}
	o.Notice = func(_ context.Context, r slack.Received) { e.heard = append(e.heard, r) }
	o.Count = func(what slack.What, why string) {
		e.counted = append(e.counted, strings.TrimSuffix(string(what)+": "+why, ": "))
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Unix(1763900050, 0) }
	}
	e.Receiver = slack.NewReceiver(o)
	return e
}

// envelope is a Socket Mode frame around a payload.
func envelope(kind string, payload []byte) []byte {
	return fmt.Appendf(nil, `{"envelope_id":"e-1","type":%q,"accepts_response_payload":true,"payload":%s}`, kind, payload)
}

func describe(m chat.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "    id %s\n    at %s name=%q direct=%v\n    from %s %q at %s\n", m.ID, m.At.Key(), m.At.Name, m.At.Direct, m.From.ID, m.From.Name, m.Time.Format("15:04:05.000000"))
	switch {
	case m.Press != "":
		fmt.Fprintf(&b, "    press %q", m.Press)
	case m.Submitted:
		b.WriteString("    form")
		for _, k := range slices.Sorted(maps.Keys(m.Form)) {
			fmt.Fprintf(&b, " %s=%q", k, m.Form[k])
		}
	default:
		fmt.Fprintf(&b, "    text %q", m.Text)
	}
	fmt.Fprintf(&b, " addressed=%v command=%v\n", m.Addressed, m.Command)
	return b.String()
}

// Every shape that Slack sends is handled or ignored on purpose, and each is
// acknowledged.
func TestIncoming(t *testing.T) {
	shapes, err := txtar.ParseFile("testdata/incoming.txt")
	if err != nil {
		t.Fatal(err)
	}
	config := slack.Default()
	config.External = []string{"CEXT"}
	var b strings.Builder
	for _, f := range shapes.Files {
		kind, _, _ := strings.Cut(f.Name, "/")
		e := newEar(slack.Options{Config: config})
		frame, err := e.Socket(t.Context(), envelope(kind, f.Data))
		if err != nil || string(frame.Ack) != `{"envelope_id":"e-1"}` {
			t.Errorf("%s: acknowledged with %s, %v", f.Name, frame.Ack, err)
		}
		fmt.Fprintf(&b, "%s: %s\n", f.Name, strings.Join(e.counted, ", "))
		for _, r := range e.asked {
			fmt.Fprintf(&b, "  asked %s action=%q value=%q query=%q trigger=%q\n", r.What, r.Action, r.Value, r.Query, r.Trigger)
		}
		for _, r := range e.heard {
			fmt.Fprintf(&b, "  heard %s of %q about %q at %s id %q text %q\n", r.What, r.User, r.Subject, r.Message.At.Key(), r.Message.ID, r.Message.Text)
		}
		for _, m := range e.took {
			b.WriteString("  took\n" + describe(m))
		}
		if len(e.counted) != 1 {
			t.Errorf("%s is counted %q", f.Name, e.counted)
		}
	}
	golden(t, "incoming.golden", b.String())
}

// The two deliveries of one mention have one id, and both are addressed.
func TestMentionHasOneID(t *testing.T) {
	e := newEar(slack.Options{})
	shapes, err := txtar.ParseFile("testdata/incoming.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range shapes.Files {
		if strings.HasPrefix(f.Name, "events_api/mention as ") {
			if _, err := e.Socket(t.Context(), envelope("events_api", f.Data)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(e.took) != 2 || e.took[0].ID != e.took[1].ID || e.took[0].Text != e.took[1].Text || !e.took[0].Addressed || !e.took[1].Addressed {
		t.Errorf("two deliveries are %+v", e.took)
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"a &lt;b&gt; &amp; c &amp;lt;": "a <b> & c &lt;",
		"<@UBOT> help":                 "help",
		"<@UBOT|bot>, help":            "help",
		"please <@UBOT> help me":       "please help me",
		"is it up, <@UBOT>?":           "is it up?",
		"ask <@U6> or <@U7|grace>":     "ask @Linus or @grace",
		"ask <@U8>":                    "ask @U8",
		"in <#C9|deploys> or <#C8>":    "in #deploys or #C8",
		"<!here> <!channel|channel> <!subteam^S1|@dba> <!subteam^S2>": "@here @channel @dba @S2",
		"since <!date^1763900000^{date}|Sunday>":                      "since Sunday",
		"see <https://example.com/a?b=1&amp;c=2>":                     "see https://example.com/a?b=1&c=2",
		"see <https://example.com|the docs>":                          "see the docs (https://example.com)",
		"on <http://db.example.com|db.example.com> now":               "on db.example.com now",
		"mail <mailto:ops@example.com|ops@example.com>":               "mail ops@example.com",
		"call <tel:+491234|+491234>":                                  "call +491234",
		"run ```kubectl get pods\nlogs &gt; x```":                     "run ```kubectl get pods\nlogs > x```",
		"  two  spaces stay ":                                         "two  spaces stay",
		"a < b and <\nbroken>":                                        "a < b and <\nbroken>",
		"<>":                                                          "<>",
	} {
		e := newEar(slack.Options{Name: func(_, user string) string { return map[string]string{"U6": "Linus"}[user] }})
		inner := map[string]any{"type": "message", "channel": "C7", "user": "U5", "ts": "1.000001", "text": text}
		payload, err := json.Marshal(map[string]any{"type": "event_callback", "team_id": "T1", "event": inner, "authorizations": []any{map[string]any{"team_id": "T1", "user_id": "UBOT", "is_bot": true}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Socket(t.Context(), envelope("events_api", payload)); err != nil || len(e.took) != 1 {
			t.Fatalf("%q: %v %v", text, e.counted, err)
		}
		if got := e.took[0].Text; got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

const question = `{"type":"event_callback","team_id":"T1","event_id":"Ev1","authorizations":[{"team_id":"T1","user_id":"UBOT"}],"event":{"type":"message","channel":"C7","user":"U5","text":"is it down?","ts":"1763900000.000100"}}`

// What could not be stored is not acknowledged; a command's sender is told.
func TestSocketStoresBeforeItAcknowledges(t *testing.T) {
	e := newEar(slack.Options{})
	e.fail = errors.New("redis is away")
	if frame, err := e.Socket(t.Context(), envelope("events_api", []byte(question))); err == nil || frame.Ack != nil || frame.Envelope != "e-1" {
		t.Errorf("an event that was not stored is acknowledged: %s %v", frame.Ack, err)
	}
	frame, err := e.Socket(t.Context(), envelope("slash_commands", []byte(`{"team_id":"T1","user_id":"U1","channel_id":"C1","command":"/platform","trigger_id":"1"}`)))
	if err != nil || !strings.Contains(string(frame.Ack), "say it again") {
		t.Errorf("a command that was not stored gets %s %v", frame.Ack, err)
	}
	e.fail = nil
	if frame, err := e.Socket(t.Context(), envelope("events_api", []byte(question))); err != nil || frame.Ack == nil || len(e.took) != 1 {
		t.Errorf("the next try gets %s %v", frame.Ack, err)
	}
}

func TestSocketFrames(t *testing.T) {
	e := newEar(slack.Options{})
	for frame, want := range map[string]string{
		`{"type":"hello","num_connections":2}`:                       "hello   ",
		`{"type":"disconnect","reason":"warning","debug_info":{}}`:   "disconnect warning  ",
		`{"envelope_id":"a","type":"brand_new","payload":{}}`:        `brand_new  a {"envelope_id":"a"}`,
		`{"envelope_id":"b","type":"events_api"`:                     `  b {"envelope_id":"b"}`,
		`{"type":"events_api","envelope_id":"c","payload":{"event":`: `  c {"envelope_id":"c"}`,
		`{"payload":{"envelope_id":"d"},`:                            "   ",
		`nonsense`:                                                   "   ",
		`{"envelope_id":"e","type":"events_api","payload":null}`:     `events_api  e {"envelope_id":"e"}`,
		`{"envelope_id":"f","type":"interactive"}`:                   `interactive  f {"envelope_id":"f"}`,
	} {
		f, err := e.Socket(t.Context(), []byte(frame))
		if got := fmt.Sprintf("%s %s %s %s", f.Type, f.Reason, f.Envelope, f.Ack); err != nil || got != want {
			t.Errorf("%s is %q %v, want %q", frame, got, err, want)
		}
	}
}

// What is answered while Slack holds the line goes out with the
// acknowledgement, and no further when that was all.
func TestAnsweredAtOnce(t *testing.T) {
	shapes, err := txtar.ParseFile("testdata/incoming.txt")
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string][]byte{}
	for _, f := range shapes.Files {
		sent[f.Name] = f.Data
	}
	e := newEar(slack.Options{})
	body := `{"response_action":"errors","errors":{"name":"is taken"}}`
	e.answer = func(slack.Received) slack.Answered { return slack.Answered{Body: []byte(body), Done: true} }
	frame, err := e.Socket(t.Context(), envelope("interactive", sent["interactive/form sent"]))
	if err != nil || string(frame.Ack) != `{"envelope_id":"e-1","payload":`+body+`}` || len(e.took) != 0 {
		t.Errorf("a form with errors: %s %v, %d stored", frame.Ack, err, len(e.took))
	}
	e.answer = func(slack.Received) slack.Answered { return slack.Answered{Done: true} }
	if _, err := e.Socket(t.Context(), envelope("interactive", sent["interactive/click"])); err != nil || len(e.took) != 0 {
		t.Errorf("a click that opened a form is stored too: %+v", e.took)
	}
	e.answer = func(slack.Received) slack.Answered {
		return slack.Answered{Body: []byte(`"` + strings.Repeat("x", 20_000) + `"`)}
	}
	if frame, err = e.Socket(t.Context(), envelope("interactive", sent["interactive/options"])); err != nil || string(frame.Ack) != `{"envelope_id":"e-1"}` {
		t.Errorf("an acknowledgement that Slack would refuse: %d bytes %v", len(frame.Ack), err)
	}
}

// Before a message is stored its channel is looked up: without the name the
// channel's rule isn't found.
func TestPlaceAndThread(t *testing.T) {
	shapes, err := txtar.ParseFile("testdata/incoming.txt")
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string][]byte{}
	for _, f := range shapes.Files {
		sent[f.Name] = f.Data
	}
	var place slack.Place
	var away error
	e := newEar(slack.Options{
		Place:  func(context.Context, string, string) (slack.Place, error) { return place, away },
		Thread: func(_ context.Context, _, _, ts string) (string, error) { return "root of " + ts, nil },
	})
	place = slack.Place{Name: "help-platform"}
	for _, name := range []string{"question", "reaction sos"} {
		if _, err := e.Socket(t.Context(), envelope("events_api", sent["events_api/"+name])); err != nil {
			t.Fatal(err)
		}
	}
	if e.took[0].At.Name != "help-platform" || e.took[1].At.Thread != "root of 1763900005.000100" {
		t.Errorf("took %+v", e.took)
	}
	place = slack.Place{Name: "partners", External: true}
	if _, err := e.Socket(t.Context(), envelope("events_api", sent["events_api/question"])); err != nil || len(e.took) != 2 {
		t.Errorf("a channel that others share: %v, %d stored", err, len(e.took))
	}
	away = errors.New("slack is away")
	if frame, err := e.Socket(t.Context(), envelope("events_api", sent["events_api/question"])); err == nil || frame.Ack != nil {
		t.Error("a question of an unknown channel is acknowledged")
	}
	place = slack.Place{}
	if _, err := e.Socket(t.Context(), envelope("events_api", sent["events_api/mention as app_mention"])); err != nil || len(e.took) != 3 {
		t.Errorf("a mention in an unknown channel: %v, %d stored", err, len(e.took))
	}
}

// Where nothing is wanted that isn't said to the bot, nothing else is stored.
func TestWanted(t *testing.T) {
	shapes, err := txtar.ParseFile("testdata/incoming.txt")
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	e := newEar(slack.Options{Wanted: func(m chat.Message, reply bool) bool {
		asked = append(asked, fmt.Sprint(m.Text, " ", reply))
		return reply
	}})
	for _, f := range shapes.Files[:4] {
		if _, err := e.Socket(t.Context(), envelope("events_api", f.Data)); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(asked, len(e.took)); got != "[how do I roll back? false how do I roll back? true] 3" {
		t.Errorf("asked for, and took: %s", got)
	}
}

func FuzzSocket(f *testing.F) {
	shapes, err := txtar.ParseFile("testdata/incoming.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, one := range shapes.Files {
		kind, _, _ := strings.Cut(one.Name, "/")
		f.Add(envelope(kind, one.Data))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		e := newEar(slack.Options{})
		got, err := e.Socket(t.Context(), frame)
		if err != nil {
			t.Fatalf("%s: %v", frame, err)
		}
		if got.Envelope != "" && got.Ack == nil || got.Envelope == "" && got.Ack != nil {
			t.Errorf("%s has the envelope %q and is acknowledged with %s", frame, got.Envelope, got.Ack)
		}
		for _, m := range e.took {
			if m.ID == "" || m.At.Channel == "" || m.From.ID == "" || m.Press != "" && m.Text != "" {
				t.Errorf("%s is taken as %+v", frame, m)
			}
		}
	})
}
