package slacktest_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"

	"frontdoor/internal/chat/slack/slacktest"
)

const (
	nameInput = `{"type":"input","block_id":"name","label":{"type":"plain_text","text":"Name"},"element":{"type":"plain_text_input","action_id":"name","max_length":10}}`
	sizeInput = `{"type":"input","block_id":"size","optional":true,"label":{"type":"plain_text","text":"Size"},"element":{"type":"static_select","action_id":"size",` +
		`"options":[{"text":{"type":"plain_text","text":"Small"},"value":"s"},{"text":{"type":"plain_text","text":"Large"},"value":"l"}]}}`
)

func modal(more string, blocks ...string) string {
	if len(blocks) == 0 {
		blocks = []string{nameInput, sizeInput}
	}
	return `{"type":"modal","title":{"type":"plain_text","text":"New database"},"submit":{"type":"plain_text","text":"Create"},"close":{"type":"plain_text","text":"Cancel"},` +
		`"callback_id":"create","private_metadata":"7"` + more + `,"blocks":[` + strings.Join(blocks, ",") + `]}`
}

// stage is a workspace with one person, and a bot that is one raw socket.
type stage struct {
	s    *slacktest.Server
	team *slacktest.Team
	ada  *slacktest.User
	help *slacktest.Channel
	ws   *websocket.Conn
}

func newStage(t testing.TB, o slacktest.Options) *stage {
	t.Helper()
	s := start(t, o)
	team := s.Team("T1")
	st := &stage{s: s, team: team, ada: team.User("ada"), help: team.Channel("help")}
	st.ws = dial(t, s)
	return st
}

// trigger lets ada run a command and gives its trigger_id and response_url.
func (st *stage) trigger(t testing.TB) (id, hook string) {
	t.Helper()
	if _, err := st.ada.Commands(st.help, "/platform form"); err != nil {
		t.Fatal(err)
	}
	e := next(t, st.ws)
	ack(t, st.ws, e, nil)
	payload := e["payload"].(map[string]any)
	return payload["trigger_id"].(string), payload["response_url"].(string)
}

func (st *stage) open(t testing.TB, view string) slacktest.View {
	t.Helper()
	id, _ := st.trigger(t)
	if got := form(t, st.s, st.team, "views.open", "trigger_id", id, "view", view); !got.OK {
		t.Fatalf("open: %s", got.body)
	}
	views := st.s.Views(st.ada)
	return views[len(views)-1]
}

func TestViewsThatAreRefused(t *testing.T) {
	st := newStage(t, slacktest.Options{})
	title := func(n int) string {
		return `{"type":"modal","title":` + plainText(n) + `,"blocks":[{"type":"divider"}]}`
	}
	for name, tt := range map[string]struct{ view, want string }{
		"no type":              {`{}`, "missing required field: type [json-pointer:/view]"},
		"what type":            {`{"type":"workflow_step"}`, "unsupported type: workflow_step [json-pointer:/view/type]"},
		"title":                {title(25), "must be less than 25 characters [json-pointer:/view/title/text]"},
		"no title":             {`{"type":"modal","blocks":[{"type":"divider"}]}`, "missing required field: title [json-pointer:/view]"},
		"submit":               {modal(`,"submit":`+plainText(25), `{"type":"divider"}`), "must be less than 25 characters [json-pointer:/view/submit/text]"},
		"close":                {modal(`,"close":`+plainText(25), `{"type":"divider"}`), "must be less than 25 characters [json-pointer:/view/close/text]"},
		"private_metadata":     {modal(`,"private_metadata":"` + x(3001) + `"`), "must be less than 3001 characters [json-pointer:/view/private_metadata]"},
		"callback_id":          {modal(`,"callback_id":"` + x(256) + `"`), "must be less than 256 characters [json-pointer:/view/callback_id]"},
		"external_id":          {modal(`,"external_id":"` + x(256) + `"`), "must be less than 256 characters [json-pointer:/view/external_id]"},
		"unknown field":        {modal(`,"colour":"red"`), "invalid additional property: colour [json-pointer:/view]"},
		"101 blocks":           {modal("", times(101, `{"type":"divider"}`)), "no more than 100 items allowed [json-pointer:/view/blocks]"},
		"no blocks":            {`{"type":"modal","title":` + plainText(1) + `}`, "missing required field: blocks [json-pointer:/view]"},
		"empty blocks":         {`{"type":"modal","title":` + plainText(1) + `,"blocks":[]}`, "no fewer than 1 items allowed [json-pointer:/view/blocks]"},
		"input, no submit":     {`{"type":"modal","title":` + plainText(1) + `,"blocks":[` + nameInput + `]}`, "`submit` is required when an `input` block is in the view [json-pointer:/view]"},
		"markdown in a view":   {modal("", `{"type":"markdown","text":"x"}`), "unsupported type: markdown [json-pointer:/view/blocks/0/type]"},
		"block in the view":    {modal("", `{"type":"header","text":`+plainText(151)+`}`), "must be less than 151 characters [json-pointer:/view/blocks/0/text/text]"},
		"a home tab in a view": {`{"type":"home","blocks":[]}`, "must be of the type modal [json-pointer:/view/type]"},
	} {
		t.Run(name, func(t *testing.T) {
			got := form(t, st.s, st.team, "views.open", "trigger_id", "1", "view", tt.view)
			if got.Error != "invalid_arguments" || len(got.Metadata.Messages) != 1 || got.Metadata.Messages[0] != "[ERROR] "+tt.want {
				t.Errorf("got %s\nwant %s", got.body, tt.want)
			}
		})
	}
	big := modal("", times(90, `{"type":"section","text":`+plainText(2900)+`}`))
	if got := form(t, st.s, st.team, "views.open", "trigger_id", "1", "view", big); got.Error != "view_too_large" {
		t.Errorf("got %s", got.body)
	}
	if got := form(t, st.s, st.team, "views.publish", "user_id", st.ada.ID, "view", modal("")); got.Error != "invalid_arguments" {
		t.Errorf("a modal as Home: %s", got.body)
	}
	if got := form(t, st.s, st.team, "views.publish", "user_id", "U0NOBODY", "view", `{"type":"home","blocks":[]}`); got.Error != "user_not_found" {
		t.Errorf("got %s", got.body)
	}
}

func TestTriggersAreUsedOnceAndSoon(t *testing.T) {
	st := newStage(t, slacktest.Options{})
	open := func(id string) string {
		return form(t, st.s, st.team, "views.open", "trigger_id", id, "view", modal("")).Error
	}
	id, _ := st.trigger(t)
	if got := open(id); got != "" {
		t.Errorf("the first time: %s", got)
	}
	if got := open(id); got != "exchanged_trigger_id" {
		t.Errorf("the second time: %s", got)
	}
	late, _ := st.trigger(t)
	st.s.Advance(3001 * time.Millisecond)
	if got := open(late); got != "expired_trigger_id" {
		t.Errorf("too late: %s", got)
	}
	if got := open("1.2.x"); got != "invalid_trigger_id" {
		t.Errorf("never given: %s", got)
	}
	if got := form(t, st.s, st.s.Team("T2"), "views.open", "trigger_id", late, "view", modal("")).Error; got != "invalid_trigger_id" {
		t.Errorf("of another workspace: %s", got)
	}
	if got := form(t, st.s, st.team, "views.open", "view", modal("")).Error; got != "invalid_arguments" {
		t.Errorf("none: %s", got)
	}
	if got := form(t, st.s, st.team, "views.push", "view", modal(""), "trigger_id", func() string { id, _ := st.trigger(t); return id }()).Error; got != "not_found" {
		t.Errorf("pushed from no view: %s", got)
	}
}

func TestModalsAreFilledInAndSubmitted(t *testing.T) {
	st := newStage(t, slacktest.Options{})
	ctx := soon(t)
	v := st.open(t, modal(`,"external_id":"new-db"`))
	if got, want := st.s.RenderView(v), "== New database ==\nName: <>\nSize (optional): <of Small|Large>\n[Cancel] [Create]"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, values := range []map[string]any{
		{}, {"name": "elevencharsx"}, {"size": "huge"}, {"colour": "red"},
	} {
		if _, err := st.ada.Submits(v, values); err == nil {
			t.Fatalf("%v: the client lets it through", values)
		}
	}
	submit := func(answer any, values map[string]any) (map[string]any, slacktest.Outcome) {
		t.Helper()
		x, err := st.ada.Submits(v, values)
		if err != nil {
			t.Fatal(err)
		}
		e := next(t, st.ws)
		ack(t, st.ws, e, answer)
		o, err := x.Wait(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return e["payload"].(map[string]any), o
	}
	payload, o := submit(map[string]any{"response_action": "errors", "errors": map[string]any{"name": "taken"}}, map[string]any{"name": "shop", "size": "Large"})
	if o.Error != "" || st.s.Views(st.ada)[0].Errors["name"] != "taken" {
		t.Errorf("the error is not shown: %+v %+v", o, st.s.Views(st.ada))
	}
	if !strings.Contains(st.s.RenderView(st.s.Views(st.ada)[0]), "! taken") {
		t.Error("the error is not rendered")
	}
	var ic slack.InteractionCallback
	data, _ := json.Marshal(payload)
	if err := json.Unmarshal(data, &ic); err != nil {
		t.Fatal(err)
	}
	state := ic.View.State.Values
	if ic.Type != slack.InteractionTypeViewSubmission || state["name"]["name"].Value != "shop" || state["size"]["size"].SelectedOption.Value != "l" || ic.View.PrivateMetadata != "7" {
		t.Errorf("submitted %+v", ic)
	}
	for what, answer := range map[string]any{
		"an error of no input": map[string]any{"response_action": "errors", "errors": map[string]any{"nowhere": "x"}},
		"no errors":            map[string]any{"response_action": "errors", "errors": map[string]any{}},
		"unknown":              map[string]any{"response_action": "explode"},
		"no action":            map[string]any{"text": "thanks"},
		"a broken view":        map[string]any{"response_action": "update", "view": map[string]any{"type": "modal"}},
		"a string":             "thanks",
	} {
		if _, o := submit(answer, map[string]any{"name": "shop"}); o.Error != "invalid_response" || len(st.s.Views(st.ada)) != 1 {
			t.Errorf("%s: %+v", what, o)
		}
	}
	var second map[string]any
	if err := json.Unmarshal([]byte(modal("", `{"type":"section","text":{"type":"mrkdwn","text":"step two"}}`)), &second); err != nil {
		t.Fatal(err)
	}
	if _, o := submit(map[string]any{"response_action": "push", "view": second}, nil); o.Error != "" || len(st.s.Views(st.ada)) != 2 {
		t.Fatalf("pushed: %+v %+v", o, st.s.Views(st.ada))
	}
	v = st.s.Views(st.ada)[1]
	if _, o := submit(map[string]any{"response_action": "update", "view": second}, nil); o.Error != "" || st.s.Views(st.ada)[1].Hash == v.Hash {
		t.Errorf("updated: %+v", o)
	}
	if _, o := submit(nil, nil); o.Error != "" || len(st.s.Views(st.ada)) != 1 {
		t.Errorf("closed: %+v", o)
	}
	v = st.s.Views(st.ada)[0]
	if _, o := submit(map[string]any{"response_action": "clear"}, map[string]any{"name": "x"}); o.Error != "" || len(st.s.Views(st.ada)) != 0 {
		t.Errorf("cleared: %+v", o)
	}
	if _, err := st.ada.Submits(v, nil); err == nil {
		t.Error("a closed modal is submitted")
	}
}

func TestViewsAreUpdated(t *testing.T) {
	st := newStage(t, slacktest.Options{})
	v := st.open(t, modal(`,"external_id":"e","notify_on_close":true`))
	update := func(pairs ...string) reply { return form(t, st.s, st.team, "views.update", pairs...) }
	if got := update("view_id", v.ID, "hash", "old", "view", modal("")); got.Error != "hash_conflict" {
		t.Errorf("got %s", got.body)
	}
	if got := update("view_id", "V0", "view", modal("")); got.Error != "not_found" {
		t.Errorf("got %s", got.body)
	}
	if got := update("view", modal("")); got.Error != "invalid_arguments" {
		t.Errorf("got %s", got.body)
	}
	if got := update("view_id", v.ID, "view", `{"type":"home","blocks":[]}`); got.Error != "invalid_arguments" {
		t.Errorf("got %s", got.body)
	}
	if got := update("external_id", "e", "hash", v.Hash, "view", modal(`,"notify_on_close":true`)); !got.OK {
		t.Errorf("got %s", got.body)
	}
	if got := update("external_id", "e", "view", modal("")); got.Error != "not_found" {
		t.Errorf("the external id is gone: %s", got.body)
	}
	// Two more fit onto it, each from a click in the one below.
	for i, want := range []string{"", "", "push_limit_reached"} {
		views := st.s.Views(st.ada)
		if i == 0 {
			if got := update("view_id", v.ID, "view", modal(`,"notify_on_close":true`, `{"type":"actions","elements":[{"type":"button","action_id":"more","text":{"type":"plain_text","text":"More"}}]}`)); !got.OK {
				t.Fatal(got.body)
			}
		}
		if _, err := st.ada.PressesIn(views[len(views)-1], "More"); err != nil {
			t.Fatal(err)
		}
		e := next(t, st.ws)
		ack(t, st.ws, e, nil)
		got := form(t, st.s, st.team, "views.push", "trigger_id", e["payload"].(map[string]any)["trigger_id"].(string),
			"view", modal(`,"notify_on_close":true`, `{"type":"actions","elements":[{"type":"button","action_id":"more","text":{"type":"plain_text","text":"More"}}]}`))
		if got.Error != want {
			t.Errorf("push %d: %s", i, got.body)
		}
	}
	views := st.s.Views(st.ada)
	if len(views) != 3 {
		t.Fatalf("%d views", len(views))
	}
	if err := st.ada.Closes(views[2], false); err != nil {
		t.Fatal(err)
	}
	if e := next(t, st.ws)["payload"].(map[string]any); e["type"] != "view_closed" || e["is_cleared"] != false {
		t.Errorf("got %v", e)
	}
	if err := st.ada.Closes(st.s.Views(st.ada)[1], true); err != nil || len(st.s.Views(st.ada)) != 0 {
		t.Errorf("left %v %v", st.s.Views(st.ada), err)
	}
	if got := update("view_id", v.ID, "view", modal("")); got.Error != "not_found" {
		t.Errorf("a closed one: %s", got.body)
	}
}

func TestHome(t *testing.T) {
	st := newStage(t, slacktest.Options{})
	home := `{"type":"home","blocks":[` + sizeInput + `,{"type":"actions","block_id":"a","elements":[{"type":"button","action_id":"go","text":{"type":"plain_text","text":"Go"}}]}]}`
	if got := form(t, st.s, st.team, "views.publish", "user_id", st.ada.ID, "hash", "x", "view", home); got.Error != "hash_conflict" {
		t.Errorf("got %s", got.body)
	}
	if got := form(t, st.s, st.team, "views.publish", "user_id", st.ada.ID, "view", home); !got.OK {
		t.Fatalf("got %s", got.body)
	}
	v, ok := st.s.Home(st.ada)
	if !ok || st.s.RenderView(v) != "Size (optional): <of Small|Large>\n[Go]" {
		t.Errorf("home is\n%s", st.s.RenderView(v))
	}
	st.ada.OpensHome("home")
	if e := next(t, st.ws)["payload"].(map[string]any)["event"].(map[string]any); e["type"] != "app_home_opened" || e["tab"] != "home" || e["view"].(map[string]any)["id"] != v.ID {
		t.Errorf("got %v", e)
	}
	if _, err := st.ada.PressesIn(v, "go"); err != nil {
		t.Fatal(err)
	}
	if e := next(t, st.ws)["payload"].(map[string]any); e["container"].(map[string]any)["view_id"] != v.ID {
		t.Errorf("got %v", e)
	}
	off := start(t, slacktest.Options{NoHome: true})
	if got := form(t, off, off.Team("T1"), "views.publish", "user_id", off.Team("T1").User("ada").ID, "view", home); got.Error != "not_enabled" {
		t.Errorf("got %s", got.body)
	}
}

func TestExternalIDsAreUnique(t *testing.T) {
	st := newStage(t, slacktest.Options{})
	st.open(t, modal(`,"external_id":"e"`))
	id, _ := st.trigger(t)
	if got := form(t, st.s, st.team, "views.open", "trigger_id", id, "view", modal(`,"external_id":"e"`)); got.Error != "duplicate_external_id" {
		t.Errorf("got %s", got.body)
	}
}

func TestSearchesInASelect(t *testing.T) {
	st := newStage(t, slacktest.Options{})
	v := st.open(t, modal("", `{"type":"input","block_id":"svc","label":{"type":"plain_text","text":"Service"},"element":{"type":"external_select","action_id":"svc","min_query_length":1}}`))
	cases := []struct {
		answer any
		want   int
		err    bool
	}{
		{map[string]any{"options": []any{map[string]any{"text": map[string]any{"type": "plain_text", "text": "shop"}, "value": "shop"}}}, 1, false},
		{map[string]any{"options": []any{map[string]any{"text": "shop"}}}, 0, true},
		{nil, 0, true},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, tt := range cases {
			var e map[string]any
			if err := st.ws.ReadJSON(&e); err != nil {
				t.Error(err)
				return
			}
			if err := st.ws.WriteJSON(map[string]any{"envelope_id": e["envelope_id"], "payload": tt.answer}); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for _, tt := range cases {
		texts, err := st.ada.Searches(soon(t), v, "svc", "sh")
		if len(texts) != tt.want || (err != nil) != tt.err {
			t.Errorf("%v: %v %v", tt.answer, texts, err)
		}
	}
	<-done
}
