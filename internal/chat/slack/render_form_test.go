package slack_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"

	"frontdoor/internal/chat"
	"frontdoor/internal/chat/slack"
	"frontdoor/internal/chat/slack/slacktest"
)

func everyField() chat.Form {
	many := make([]string, 250)
	for i := range many {
		many[i] = fmt.Sprintf("service-%03d", i)
	}
	return chat.Form{ID: "inputs:tok", Title: "Create a database for a service", Fields: []chat.FormField{
		{Name: "name", Type: "string", Label: "Name of the database", Help: "Small letters.", Value: "Orders!", Error: "Only small letters, please."},
		{Name: "why", Type: "text", Label: "Why?", Optional: true, Value: "because\nso"},
		{Name: "replicas", Type: "integer", Label: "Replicas", Value: "3"},
		{Name: "memory", Type: "number", Label: "Memory in GB", Value: "1.5"},
		{Name: "bad", Type: "integer", Label: "Disks", Value: "three", Error: "“three” is no number."},
		{Name: "backup", Type: "boolean", Label: "Backups", Value: "true"},
		{Name: "size", Type: "choice", Label: "Size", Options: []string{"small", "large"}, Value: "large"},
		{Name: "service", Type: "choice", Label: "Service", Options: many, Value: "service-142"},
		{Name: "odd", Type: "choice", Label: "Odd", Options: []string{strings.Repeat("long ", 40), "short"}},
		{Name: "when", Type: "date", Label: "From when", Value: "2026-12-01"},
		{Name: "owner", Type: "person", Label: "Owner", Value: "slack:T1/U0000000005"},
		{Name: "deputy", Type: "person", Label: "Deputy", Value: "ana", Optional: true},
	}}
}

// open shows a form to ada after a click.
func (st *stage) open(t testing.TB, e *ear, view slackgo.ModalViewRequest) slacktest.View {
	t.Helper()
	e.asked = nil
	x := st.ada.Shortcut("form")
	if o, err := x.Wait(st.ctx); err != nil || o.Error != "" {
		t.Fatalf("%+v %v", o, err)
	}
	if _, err := st.api.OpenViewContext(st.ctx, e.asked[0].Trigger, view); err != nil {
		t.Fatalf("%v\n%s", err, indented(t, view))
	}
	views := st.s.Views(st.ada)
	return views[len(views)-1]
}

func TestFormComesBack(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	e := httpEar()
	serve(t, st, e)
	at := chat.Address{Platform: "slack", Workspace: "T1", Channel: st.help.ID, Name: "help", Thread: "1763900000.000100"}
	view, err := slack.Modal(everyField(), at, 0, map[string]string{"size": "small"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "form.json.golden", st.s.Stable(indented(t, view)))
	shown := st.open(t, e, view)
	golden(t, "form.golden", st.s.RenderView(shown))
	e.answer = func(r slack.Received) slack.Answered {
		if r.View.Values["name"] == "taken" {
			return slack.Answered{Body: slack.FormErrors(map[string]string{"name": "is taken"}), Done: true}
		}
		return slack.Answered{}
	}
	fill := map[string]any{"name": "taken", "bad": "4", "odd": "short"}
	x, err := st.ada.Submits(shown, fill)
	if err != nil {
		t.Fatal(err)
	}
	if o, err := x.Wait(st.ctx); err != nil || o.Error != "" {
		t.Fatalf("%+v %v", o, err)
	}
	if now := st.s.Views(st.ada); len(now) != 1 || now[0].Errors["name"] != "is taken" || len(e.took) != 0 {
		t.Fatalf("views %+v", now)
	}
	fill["name"] = "orders"
	if x, err = st.ada.Submits(st.s.Views(st.ada)[0], fill); err != nil {
		t.Fatal(err)
	}
	if o, err := x.Wait(st.ctx); err != nil || o.Error != "" || len(st.s.Views(st.ada)) != 0 {
		t.Fatalf("%+v %v", o, err)
	}
	if len(e.took) != 1 || e.took[0].At != at {
		t.Fatalf("took %+v", e.took)
	}
	want := map[string]string{
		"name": "orders", "why": "because\nso", "replicas": "3", "memory": "1.5", "bad": "4", "backup": "yes", "size": "small", "service": "service-142",
		"odd": "short", "when": "2026-12-01", "owner": "slack:T1/U0000000005", "deputy": "ana",
	}
	for field, value := range want {
		if got := e.took[0].Form[field]; got != value {
			t.Errorf("%s is %q, want %q", field, got, value)
		}
	}
	if len(e.took[0].Form) != len(want) {
		t.Errorf("the form is %q", e.took[0].Form)
	}
	if bad := st.s.Complaints(); bad != nil {
		t.Errorf("complaints: %q", bad)
	}
}

// More fields than a view takes come in steps, each with what was filled in
// before.
func TestSteps(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	e := httpEar()
	serve(t, st, e)
	f := chat.Form{ID: "inputs:tok", Title: "Many questions of many kinds"}
	for i := range 100 {
		f.Fields = append(f.Fields, chat.FormField{Name: fmt.Sprintf("f%02d", i), Type: "string", Label: fmt.Sprintf("Field %d", i), Error: "x", Optional: i > 1})
	}
	at := chat.Address{Platform: "slack", Workspace: "T1", Channel: st.help.ID}
	if slack.Steps(f) != 3 || slack.StepOf(f, "f50") != 1 || slack.StepOf(f, "nothing") != 0 {
		t.Fatalf("%d steps, f50 in %d", slack.Steps(f), slack.StepOf(f, "f50"))
	}
	e.answer = func(r slack.Received) slack.Answered {
		if r.What != slack.Submitted || r.View.Step+1 == slack.Steps(f) {
			return slack.Answered{}
		}
		view, err := slack.Modal(f, r.View.At, r.View.Step+1, r.View.Values)
		var long *slack.TooLong
		if errors.As(err, &long) {
			return slack.Answered{Body: slack.FormErrors(map[string]string{long.Field: "is too long"}), Done: true}
		}
		body, err := slack.ShowNext(view)
		if err != nil {
			t.Error(err)
		}
		return slack.Answered{Body: body, Done: true}
	}
	view, err := slack.Modal(f, at, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	submit := func(v slacktest.View, values map[string]any) {
		t.Helper()
		x, err := st.ada.Submits(v, values)
		if err != nil {
			t.Fatal(err)
		}
		if o, err := x.Wait(st.ctx); err != nil || o.Error != "" {
			t.Fatalf("%+v %v", o, err)
		}
	}
	shown := st.open(t, e, view)
	submit(shown, map[string]any{"f00": strings.Repeat("x", 3000), "f01": "one"})
	if shown = st.s.Views(st.ada)[0]; shown.Errors["f00"] != "is too long" {
		t.Fatalf("what can't be carried: %q", shown.Errors)
	}
	submit(shown, map[string]any{"f00": "zero", "f01": "one"})
	shown = st.s.Views(st.ada)[0]
	if shown.Title != "Many questions of m… 2/3" || shown.Submit != "Next" {
		t.Errorf("the second step is %q with %q", shown.Title, shown.Submit)
	}
	submit(shown, map[string]any{"f50": "fifty"})
	submit(st.s.Views(st.ada)[0], map[string]any{"f99": "last"})
	if len(e.took) != 1 || e.took[0].Form["f00"] != "zero" || e.took[0].Form["f50"] != "fifty" || e.took[0].Form["f99"] != "last" || len(e.took[0].Form) != 100 {
		t.Errorf("took %+v", e.took)
	}
	if bad := st.s.Complaints(); bad != nil {
		t.Errorf("complaints: %q", bad)
	}
}

func TestHome(t *testing.T) {
	st := newStage(t, slacktest.Options{NoEcho: true})
	e := httpEar()
	serve(t, st, e)
	use := func(id, label string) []chat.Button { return []chat.Button{{ID: "use:" + id, Label: label}} }
	full := slack.HomeTab{
		Name: "Ada", Welcome: true, Command: "/platform",
		Try:       []chat.Button{{ID: "use:db", Label: "Get a database", Style: "primary"}, {ID: "help", Label: "What can you do?"}, {ID: "use:access", Label: "Get access"}},
		Approvals: []slack.HomeItem{{Title: "Drop <orders>", Text: "Grace asks: *please* & thanks <!here>", Link: "https://bot.example.com/r/1", Buttons: []chat.Button{{ID: "approve:r-1", Label: "Approve"}, {ID: "deny:r-1", Label: "Refuse", Style: "danger"}}}},
		Runs:      []slack.HomeItem{{Title: "Create a database", Text: "waits for approval", Buttons: []chat.Button{{ID: "cancel:r-2", Label: "Stop it", Style: "danger"}}}},
		Topics:    []slack.HomeTopic{{Name: "Databases", Items: []slack.HomeItem{{Title: "Create a database", Text: "A PostgreSQL for a service.", Buttons: use("db", "Start")}}}, {Name: "Empty"}},
	}
	huge := slack.HomeTab{Command: "/platform", Query: "service"}
	for i := range 60 {
		topic := slack.HomeTopic{Name: fmt.Sprintf("Topic %d", i)}
		for j := range 5 {
			topic.Items = append(topic.Items, slack.HomeItem{Title: fmt.Sprintf("Thing %d.%d", i, j), Text: strings.Repeat("text ", 200), Buttons: use(fmt.Sprint(i, j), "Start")})
		}
		huge.Topics = append(huge.Topics, topic)
	}
	for range 30 {
		huge.Runs = append(huge.Runs, full.Runs[0])
		huge.Approvals = append(huge.Approvals, full.Approvals[0])
	}
	busy := huge
	busy.Query = ""
	var b strings.Builder
	for _, one := range []struct {
		name string
		home slack.HomeTab
	}{
		{"full", full},
		{"empty", slack.HomeTab{Command: "/platform"}},
		{"nothing found", slack.HomeTab{Command: "/platform", Query: "<nonsense> & such"}},
		{"huge", huge},
		{"busy", busy},
	} {
		view := one.home.View()
		if _, err := st.api.PublishViewContext(st.ctx, slackgo.PublishViewContextRequest{UserID: st.ada.ID, View: view}); err != nil {
			t.Fatalf("%s: %v\n%s", one.name, err, indented(t, view))
		}
		got, _ := st.s.Home(st.ada)
		if n := len(got.Blocks); n > 100 {
			t.Errorf("%s has %d blocks", one.name, n)
		}
		text := st.s.RenderView(got)
		if len(text) > 4000 {
			text = text[len(text)-200:]
		}
		fmt.Fprintf(&b, "== %s\n%s\n", one.name, text)
	}
	golden(t, "home.golden", b.String())
	// A click there is a message to the bot.
	if _, err := st.api.PublishViewContext(st.ctx, slackgo.PublishViewContextRequest{UserID: st.ada.ID, View: full.View()}); err != nil {
		t.Fatal(err)
	}
	home, _ := st.s.Home(st.ada)
	x, err := st.ada.PressesIn(home, "Approve")
	if err != nil {
		t.Fatal(err)
	}
	if o, err := x.Wait(st.ctx); err != nil || o.Error != "" || len(e.took) != 1 || e.took[0].Press != "approve:r-1" || e.took[0].At.Channel != st.ada.ID {
		t.Errorf("%+v %v: took %+v", o, err, e.took)
	}
	if x, err = st.ada.PressesIn(home, "search", "data"); err != nil {
		t.Fatal(err)
	}
	if o, err := x.Wait(st.ctx); err != nil || o.Error != "" || e.asked[len(e.asked)-1].View.Query != "data" {
		t.Errorf("%+v %v: asked %+v", o, err, e.asked)
	}
	if bad := st.s.Complaints(); bad != nil {
		t.Errorf("complaints: %q", bad)
	}
}

func TestSuggestions(t *testing.T) {
	var got struct {
		Options []json.RawMessage `json:"options"`
	}
	words := make([]string, 300)
	for i := range words {
		words[i] = fmt.Sprint("w", i)
	}
	if err := json.Unmarshal(slack.Suggestions(words), &got); err != nil || len(got.Options) != 100 {
		t.Errorf("%d options %v", len(got.Options), err)
	}
	if s := string(slack.Suggestions(nil)); s != `{"options":[]}` {
		t.Errorf("none is %s", s)
	}
}
