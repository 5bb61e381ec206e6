package playbook

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"sync"
	"time"

	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// format is the shape of a file, built once.
var format = sync.OnceValue(shape)

// Parse reads one playbook and says everything that is wrong with it by
// itself; what it has to do with others is checked by Load. The playbook is
// nil where the list has errors. file is only what the problems name.
func Parse(file string, src []byte) (*Playbook, problem.List) {
	p, found := draft(file, src)
	if len(found.Errors()) > 0 {
		return nil, found
	}
	return p, found
}

// draft is Parse that gives what could be read in spite of errors; nil where
// nothing could.
func draft(file string, src []byte) (*Playbook, problem.List) {
	d, found := document.Salvage(file, src)
	if d.Root == nil || d.Root.Kind == document.Null {
		if len(found) == 0 {
			found = problem.List{{File: file, Line: 1, Column: 1, Severity: problem.Error, Message: "the file is empty", Hint: "write a playbook, beginning with id:, or remove the file"}}
		}
		return nil, found
	}
	found = append(found, format().Check(d.Root)...)
	if d.Root.Kind != document.Object {
		return nil, found
	}
	p := decode(d.Root)
	p.File, p.Source = file, src
	sum := sha256.Sum256(src)
	p.Hash = hex.EncodeToString(sum[:])
	c := &checker{playbook: p, root: d.Root, broken: places(found)}
	c.check()
	return p, inOrder(append(found, c.found...))
}

// decode takes root into a Playbook; what has another form than it should is
// left out, since the shape has said so.
func decode(root *document.Node) *Playbook {
	p := &Playbook{
		ID: root.Get("id").Text(), Title: root.Get("title").Text(), Summary: root.Get("summary").Text(), Owner: root.Get("owner").Text(),
		Tags: texts(root.Get("tags")),
		root: root,
	}
	if n := root.Get("product"); n != nil {
		p.Product = decodeProduct(n)
	}
	m := root.Get("match")
	p.Match = Match{Command: folded(m.Get("command").Text()), Examples: m.Get("examples").Texts(), Not: m.Get("not").Texts(), Patterns: m.Get("patterns").Texts()}
	if n := root.Get("access"); n != nil {
		p.Access = &Access{Groups: n.Get("groups").Texts(), Channels: n.Get("channels").Texts()}
	}
	if n := root.Get("answer"); n != nil {
		p.Answer = &Answer{Text: n.Get("text").Text(), Docs: n.Get("docs").Texts(), Offer: n.Get("offer").Texts()}
	}
	if n := root.Get("workflow"); n != nil {
		p.Flow = decodeWorkflow(n)
	}
	for _, n := range items(root.Get("tests")) {
		p.Tests = append(p.Tests, decodeTest(n))
	}
	return p
}

// folded is words with one space between them and in small letters.
func folded(words string) string { return strings.ToLower(strings.Join(strings.Fields(words), " ")) }

func items(n *document.Node) []*document.Node {
	if n == nil {
		return nil
	}
	return n.Items
}

func pairs(n *document.Node) []document.Pair {
	if n == nil {
		return nil
	}
	return n.Pairs
}

func texts(n *document.Node) map[string]string {
	if n == nil {
		return nil
	}
	out := make(map[string]string, len(n.Pairs))
	for _, p := range n.Pairs {
		out[p.Key] = p.Value.Text()
	}
	return out
}

func templates(n *document.Node) map[string]Template {
	if n == nil {
		return nil
	}
	out := make(map[string]Template, len(n.Pairs))
	for _, p := range n.Pairs {
		out[p.Key] = Template(p.Value.Text())
	}
	return out
}

// span is the duration n; 0 where it is none.
func span(n *document.Node) time.Duration {
	d, err := document.ParseDuration(n.Text())
	if err != nil {
		return 0
	}
	return d
}

func decodeProduct(n *document.Node) *Product {
	t := n.Get("targets")
	satisfaction, _ := t.Get("satisfaction").Number()
	shipped, err := time.Parse(time.DateOnly, n.Get("shipped").Text())
	if err != nil {
		shipped = time.Time{}
	}
	return &Product{
		Problem: n.Get("problem").Text(), Audience: n.Get("audience").Text(), Shipped: shipped,
		Targets: Targets{PeoplePerQuarter: t.Get("people_per_quarter").Int(), Satisfaction: satisfaction, TimeToValue: span(t.Get("time_to_value"))},
	}
}

// The defaults of playbook.md.
const (
	defaultExpiry = 24 * time.Hour
	defaultEvery  = 5 * time.Second
	defaultWait   = 2 * time.Second
)

func decodeWorkflow(n *document.Node) *Workflow {
	w := &Workflow{Lock: Template(n.Get("lock").Text())}
	for _, p := range pairs(n.Get("inputs")) {
		w.Inputs = append(w.Inputs, decodeInput(p.Key, p.Value))
	}
	for _, rule := range ruleNodes(n) {
		a := Approval{When: decodeCondition(rule.Get("when")), Groups: rule.Get("groups").Texts(), Count: max(1, rule.Get("count").Int()), Expires: defaultExpiry}
		if d := span(rule.Get("expires")); d > 0 {
			a.Expires = d
		}
		w.Approval = append(w.Approval, a)
	}
	for _, step := range items(n.Get("steps")) {
		w.Steps = append(w.Steps, decodeStep(step))
	}
	result := n.Get("result")
	if result != nil && result.Kind == document.String {
		w.Result.Text = Template(result.Text())
	} else {
		w.Result.Text = Template(result.Get("text").Text())
		for _, p := range pairs(result.Get("links")) {
			w.Result.Links = append(w.Result.Links, Link{Label: p.Key, URL: Template(p.Value.Text())})
		}
	}
	return w
}

// ruleNodes are the approval rules: a list of them, or one alone.
func ruleNodes(workflow *document.Node) []*document.Node {
	n := workflow.Get("approval")
	if n != nil && n.Kind == document.Object {
		return []*document.Node{n}
	}
	return items(n)
}

func decodeInput(name string, n *document.Node) Input {
	in := Input{
		Name: name, Type: InputType(n.Get("type").Text()), Ask: n.Get("ask").Text(), Help: n.Get("help").Text(),
		Pattern: n.Get("pattern").Text(), Options: n.Get("options").Texts(), Optional: n.Get("optional").True(),
	}
	if v, ok := n.Get("min").Number(); ok {
		in.Min = &v
	}
	if v, ok := n.Get("max").Number(); ok {
		in.Max = &v
	}
	if d := n.Get("default"); d != nil {
		in.Default = d.Tree()
		if v, err := in.Accept(in.Default); err == nil {
			in.Default = v // 5.0 of an integer is 5
		}
	}
	return in
}

func decodeCondition(n *document.Node) Expression {
	if n != nil && n.Kind == document.Bool {
		return Expression(strconv.FormatBool(n.True()))
	}
	return Expression(n.Text())
}

func decodeStep(n *document.Node) Step {
	s := Step{
		ID: n.Get("id").Text(), Title: n.Get("title").Text(), Action: decodeAction(n),
		Timeout: span(n.Get("timeout")), If: decodeCondition(n.Get("if")), Until: decodeCondition(n.Get("until")), Every: span(n.Get("every")),
		OnUnknown: OnUnknown(n.Get("on_unknown").Text()),
		Retry:     RetryPolicy{Attempts: 1, Backoff: defaultWait},
	}
	if s.OnUnknown == "" {
		s.OnUnknown = Retry
	}
	if r := n.Get("retry"); r != nil {
		s.Retry.Attempts = max(1, r.Get("attempts").Int())
		if r.Has("backoff") {
			s.Retry.Backoff = span(r.Get("backoff"))
		}
	}
	if s.Until != "" && s.Every == 0 {
		s.Every = defaultEvery
	}
	if u := n.Get("undo"); u != nil {
		undo := decodeAction(u)
		s.Undo = &undo
	}
	if schema, ok := n.Get("schema").Tree().(map[string]any); ok {
		s.Schema = schema
	}
	return s
}

func decodeAction(n *document.Node) Action {
	var a Action
	if h := n.Get("http"); h != nil {
		a.HTTP = decodeHTTP(h)
	}
	if c := n.Get("command"); c != nil {
		a.Command = decodeCommand(c)
	}
	if m := n.Get("message"); m != nil {
		a.Message = &Message{Text: Template(m.Text() + m.Get("text").Text())}
	}
	if s := n.Get("sleep"); s != nil {
		a.Sleep = &Sleep{For: max(span(s), span(s.Get("for")))}
	}
	return a
}

func decodeHTTP(n *document.Node) *HTTP {
	h := &HTTP{
		Method: n.Get("method").Text(), URL: Template(n.Get("url").Text()), Query: templates(n.Get("query")), Headers: templates(n.Get("headers")),
		JSON: n.Get("json").Tree(), Body: Template(n.Get("body").Text()), Bearer: n.Get("auth").Get("bearer").Text(),
	}
	if h.Method == "" {
		h.Method = "GET"
		if n.Has("json") || n.Has("body") {
			h.Method = "POST"
		}
	}
	if e := n.Get("expect"); e != nil && e.Kind == document.Int {
		h.Expect = []int{e.Int()}
	} else {
		for _, status := range items(e) {
			h.Expect = append(h.Expect, status.Int())
		}
	}
	return h
}

func decodeCommand(n *document.Node) *Command {
	argv := n
	if n.Kind == document.Object {
		argv = n.Get("argv")
	}
	c := &Command{Dir: Template(n.Get("dir").Text()), Env: templates(n.Get("env")), Stdin: Template(n.Get("stdin").Text()), Secrets: texts(n.Get("secrets"))}
	for _, arg := range argv.Texts() {
		c.Argv = append(c.Argv, Template(arg))
	}
	return c
}

// decodeReplies reads a reply, or a list of successive ones.
func decodeReplies(n *document.Node) TestReply {
	if n.Kind == document.List && len(n.Items) > 0 {
		first := decodeReply(n.Items[0])
		for _, item := range n.Items[1:] {
			first.Then = append(first.Then, decodeReply(item))
		}
		return first
	}
	return decodeReply(n)
}

func decodeReply(n *document.Node) TestReply {
	return TestReply{
		Status: n.Get("status").Int(), JSON: n.Get("json").Tree(), Text: n.Get("text").Text(),
		Exit: n.Get("exit").Int(), Error: n.Get("error").Text(), Timeout: n.Get("timeout").True(),
	}
}

func decodeTest(n *document.Node) Test {
	t := Test{Say: n.Get("say").Text(), As: TestPerson{Name: n.Get("as").Get("name").Text(), Groups: n.Get("as").Get("groups").Texts()}}
	if run, ok := n.Get("run").Tree().(map[string]any); ok {
		t.Run = run
	}
	for _, p := range pairs(n.Get("replies")) {
		if t.Replies == nil {
			t.Replies = map[string]TestReply{}
		}
		t.Replies[p.Key] = decodeReplies(p.Value)
	}
	e := n.Get("expect")
	t.Expect = TestExpect{
		Denied: e.Get("denied").True(), Refused: e.Get("refused").True(),
		Result: e.Get("result").Text(), Links: texts(e.Get("links")), State: e.Get("state").Text(), Failed: e.Get("failed").Text(),
	}
	if list := e.Get("approval"); list != nil && list.Kind == document.List {
		t.Expect.Approval = append([]string{}, list.Texts()...)
	}
	if want := e.Get("playbook"); want != nil {
		id := want.Text()
		if id == "none" {
			id = ""
		}
		t.Expect.Playbook = &id
	}
	if inputs, ok := e.Get("inputs").Tree().(map[string]any); ok {
		t.Expect.Inputs = inputs
	}
	return t
}
