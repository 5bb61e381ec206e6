package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/conversation"
	"frontdoor/internal/intents"
	"frontdoor/internal/playbook"
	"frontdoor/internal/workflow"
)

// collect asks for what is missing among the inputs, and shows the preview once
// nothing is.
func (e *Engine) collect(ctx context.Context, t *turn, p *playbook.Playbook, inputs map[string]any, rejected []intents.Rejected) error {
	t.talk.Inputs, t.talk.Worked = inputs, &conversation.Worked{Playbook: p.ID, Inputs: inputs}
	if missing := missingInputs(p, inputs); len(missing) > 0 {
		e.ask(t, p, inputs, missing, rejected)
		return nil
	}
	return e.preview(ctx, t, p, inputs, rejected)
}

// missingInputs are those that must be asked for: no value and no default.
func missingInputs(p *playbook.Playbook, inputs map[string]any) []playbook.Input {
	var out []playbook.Input
	for _, in := range p.Flow.Inputs {
		if _, has := inputs[in.Name]; !has && in.Default == nil && !in.Optional {
			out = append(out, in)
		}
	}
	return out
}

// ask asks for the first missing input, with a form for all of them beside it:
// a terminal answers the question, a graphical client opens the form.
func (e *Engine) ask(t *turn, p *playbook.Playbook, inputs map[string]any, missing []playbook.Input, rejected []intents.Rejected) {
	token := derive(t.message, "inputs")[:8]
	first := missing[0]
	t.talk.Pending = &conversation.Pending{
		Kind: conversation.Inputs, Request: t.talk.Request, Playbook: p.ID, Inputs: inputs, Field: first.Name,
		Asked: t.now, Expires: t.now.Add(pendingFor), Token: token,
	}
	var text strings.Builder
	writeRejected(&text, rejected)
	text.WriteString(question(first))
	if n := len(missing) - 1; n > 0 {
		fmt.Fprintf(&text, " (%s after that)", count(n, "more question", "more questions"))
	}
	t.talk.Try("asked for `" + first.Name + "`")
	t.say(chat.Card{
		Text:    text.String(),
		Asks:    true,
		Form:    form(p, token, inputs, missing, rejected),
		Buttons: []chat.Button{{ID: commands.Command{Verb: commands.No, Token: token}.Button(), Label: "Never mind"}},
	})
}

// question is what is asked for an input, with what it takes.
func question(in playbook.Input) string {
	q := in.Ask
	if q == "" {
		q = "What is the " + strings.ReplaceAll(in.Name, "_", " ") + "?"
	}
	switch {
	case in.Type == playbook.Choice:
		q += " One of " + quoteAll(in.Options) + "."
	case in.Help != "":
		q += " " + in.Help
	}
	return q
}

// form asks for everything that may be given, the missing ones first.
func form(p *playbook.Playbook, token string, inputs map[string]any, missing []playbook.Input, rejected []intents.Rejected) *chat.Form {
	f := &chat.Form{ID: token, Title: p.Title}
	for _, in := range missing {
		f.Fields = append(f.Fields, field(in, inputs, rejected))
	}
	for _, in := range p.Flow.Inputs {
		if !containsInput(missing, in.Name) {
			f.Fields = append(f.Fields, field(in, inputs, rejected))
		}
	}
	return f
}

func field(in playbook.Input, inputs map[string]any, rejected []intents.Rejected) chat.FormField {
	label := in.Ask
	if label == "" {
		label = strings.ReplaceAll(in.Name, "_", " ")
	}
	out := chat.FormField{Name: in.Name, Type: string(in.Type), Label: label, Help: in.Help, Options: in.Options, Optional: in.Optional || in.Default != nil}
	if v, has := inputs[in.Name]; has {
		out.Value = show(v)
	} else if in.Default != nil {
		out.Value = show(in.Default)
	}
	for _, r := range rejected {
		if r.Input == in.Name {
			out.Error = r.Reason
		}
	}
	return out
}

func containsInput(list []playbook.Input, name string) bool {
	for _, in := range list {
		if in.Name == name {
			return true
		}
	}
	return false
}

// input is the definition of the input that was asked for; nil where the
// playbook changed in between.
func (e *Engine) input(t *turn, pending *conversation.Pending) *playbook.Input {
	p := t.catalogue.Set.ByID(pending.Playbook)
	if p == nil || p.Flow == nil {
		return nil
	}
	if in, ok := p.Flow.Input(pending.Field); ok {
		return &in
	}
	return nil
}

// fill takes the answer to a question for an input, or a form.
func (e *Engine) fill(ctx context.Context, t *turn) error {
	pending := t.talk.Pending
	p := t.catalogue.Set.ByID(pending.Playbook)
	t.talk.Request = pending.Request
	if p == nil || p.Flow == nil {
		t.talk.Pending = nil
		t.say(chat.Card{Text: "That playbook is gone since I asked, so I stopped. Tell me again what you need."})
		return nil
	}
	inputs := copyInputs(pending.Inputs)
	var rejected []intents.Rejected
	switch in := e.input(t, pending); {
	case t.message.Submitted:
		if rejected = takeForm(p, inputs, t); rejected == nil && len(t.message.Form) > 0 && len(foreign(p, t.message.Form)) == len(t.message.Form) {
			t.whisper(chat.Card{Text: fmt.Sprintf("That form isn't for “%s”, so I took nothing from it.", p.Title)})
			e.remind(t)
			return nil
		}
	case in != nil:
		value, err := intents.ParseValue(*in, t.text, t.now)
		if values := e.sentence(t, p, *in); values != nil {
			maps.Copy(inputs, values)
			break
		}
		if err == nil {
			inputs[in.Name] = value
			break
		}
		// It may answer another question, or this one among other words.
		var values map[string]any
		values, rejected = intents.Extract(p, t.text, t.now)
		maps.Copy(inputs, values)
		if len(values) == 0 && len(rejected) == 0 {
			rejected = []intents.Rejected{{Input: in.Name, Value: t.text, Reason: err.Error()}}
		}
	}
	t.talk.Pending, t.talk.Inputs, t.talk.Worked = nil, inputs, &conversation.Worked{Playbook: p.ID, Inputs: inputs}
	if !e.allowed(t, p) {
		return nil
	}
	if missing := missingInputs(p, inputs); len(missing) > 0 {
		e.ask(t, p, inputs, missing, rejected)
		return nil
	}
	return e.preview(ctx, t, p, inputs, rejected)
}

// sentence reads an answer that says the whole wish again, "open a shell on
// billing", where the value alone was asked for; nil where it is the value.
func (e *Engine) sentence(t *turn, p *playbook.Playbook, in playbook.Input) map[string]any {
	if in.Type != playbook.String || len(strings.Fields(t.text)) < 3 {
		return nil
	}
	values, _ := intents.Extract(p, t.text, t.now)
	if v, has := values[in.Name]; !has || show(v) == t.text {
		return nil
	}
	if match := e.match(t, t.text); match.Decision != intents.Matched || match.Playbook != p.ID {
		return nil
	}
	return values
}

// takeForm reads the fields of a submitted form. A field left empty keeps what
// was taken before, or the default.
func takeForm(p *playbook.Playbook, inputs map[string]any, t *turn) []intents.Rejected {
	var rejected []intents.Rejected
	for _, in := range p.Flow.Inputs {
		typed := tidy(t.message.Form[in.Name])
		if typed == "" {
			continue
		}
		v, err := intents.ParseValue(in, typed, t.now)
		if err != nil {
			rejected = append(rejected, intents.Rejected{Input: in.Name, Value: typed, Reason: err.Error()})
			continue
		}
		inputs[in.Name] = v
	}
	for _, name := range foreign(p, t.message.Form) {
		rejected = append(rejected, intents.Rejected{Input: name, Value: t.message.Form[name], Reason: noSuch(p, name)})
	}
	if len(rejected) == len(t.message.Form) && len(foreign(p, t.message.Form)) == len(rejected) {
		return nil
	}
	return rejected
}

// foreign are the fields of a form that are no inputs of the playbook, sorted.
func foreign(p *playbook.Playbook, form map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if _, ok := p.Flow.Input(name); !ok {
			out = append(out, name)
		}
	}
	return out
}

// change takes other values for the preview that waits.
func (e *Engine) change(ctx context.Context, t *turn, p *playbook.Playbook) error {
	t.talk.Request = t.talk.Pending.Request
	inputs := copyInputs(t.talk.Pending.Inputs)
	t.talk.Pending = nil
	if !e.allowed(t, p) {
		return nil
	}
	values, rejected := intents.Extract(p, plainly(t.text), t.now)
	maps.Copy(inputs, values)
	return e.collect(ctx, t, p, inputs, rejected)
}

// preview shows what will happen, and waits for the word.
func (e *Engine) preview(ctx context.Context, t *turn, p *playbook.Playbook, inputs map[string]any, rejected []intents.Rejected) error {
	resolved := withDefaults(p, inputs)
	ended := e.timing.begin("workflow")
	view, err := e.Runs.Preview(ctx, workflow.Request{ID: e.runID(t), Playbook: p, Inputs: resolved, By: t.person, At: t.message.At, Request: t.talk.Request})
	ended()
	if err != nil {
		return e.cannotRun(t, "preview "+p.ID, err)
	}
	if len(view.Missing) > 0 {
		t.refused("not_configured")
		t.say(chat.Card{
			Text:    fmt.Sprintf("I can't do “%s” here: %s. **%s** owns it and can help.", p.Title, strings.Join(view.Missing, "; "), p.Owner),
			Buttons: []chat.Button{humanButton(t.talk.Request)},
		})
		return nil
	}
	token := derive(t.message, "confirm")[:8]
	t.talk.Pending = &conversation.Pending{
		Kind: conversation.Confirming, Request: t.talk.Request, Playbook: p.ID, Hash: p.Hash, Inputs: inputs,
		Asked: t.now, Expires: t.now.Add(pendingFor), Token: token,
	}
	var text strings.Builder
	writeRejected(&text, rejected)
	fmt.Fprintf(&text, "**%s**: this is what I will do.\n", p.Title)
	writeInputs(&text, p, inputs, resolved)
	for i, step := range view.Steps {
		fmt.Fprintf(&text, "\n%d. %s", i+1, step)
	}
	if view.Approval != "" {
		fmt.Fprintf(&text, "\n\nIt needs the approval of %s first.", view.Approval)
	}
	t.talk.Try(fmt.Sprintf("showed what “%s” would do", p.Title))
	text.WriteString("\n\nShall I? Say `yes`, `never mind`, or what to change.")
	t.say(chat.Card{
		Text: text.String(),
		Form: form(p, token, inputs, nil, nil),
		Buttons: []chat.Button{
			{ID: commands.Command{Verb: commands.Yes, Token: token}.Button(), Label: "Do it", Style: "primary"},
			{ID: commands.Command{Verb: commands.No, Token: token}.Button(), Label: "Never mind"},
		},
	})
	return nil
}

// writeInputs lists the inputs with their values; what is a default says so,
// since nobody has typed it.
func writeInputs(b *strings.Builder, p *playbook.Playbook, given, resolved map[string]any) {
	shown := false
	for _, in := range p.Flow.Inputs {
		v := resolved[in.Name]
		if v == nil {
			continue
		}
		shown = true
		fmt.Fprintf(b, "\n- %s: %s", in.Name, show(v))
		if _, typed := given[in.Name]; !typed {
			b.WriteString(" (default)")
		}
	}
	if shown {
		b.WriteString("\n")
	}
}

// start begins the run that the preview showed. The id derives from the
// message, so that a message handled twice starts one run.
func (e *Engine) start(ctx context.Context, t *turn) error {
	pending := t.talk.Pending
	p := t.catalogue.Set.ByID(pending.Playbook)
	t.talk.Request = pending.Request
	if p == nil || p.Flow == nil {
		t.talk.Pending = nil
		t.say(chat.Card{Text: "That playbook is gone since I showed it, so I did nothing. Tell me again what you need."})
		return nil
	}
	if !e.allowed(t, p) {
		t.talk.Pending = nil
		return nil
	}
	if e.ReadOnly {
		t.whisper(chat.Card{Text: "This is a read-only session: nothing is started from here."})
		return nil
	}
	if pending.Hash != p.Hash {
		// A yes is to what was seen.
		t.note = fmt.Sprintf("“%s” has changed since I showed it to you, so look again.", p.Title)
		inputs, rejected := reread(p, pending.Inputs, t.now)
		t.talk.Pending = nil
		return e.collect(ctx, t, p, inputs, rejected)
	}
	id := runOf(pending)
	e.starting.hold(t, id)
	ended := e.timing.begin("workflow")
	run, err := e.Runs.Start(ctx, workflow.Request{
		ID: id, Playbook: p, Inputs: withDefaults(p, pending.Inputs), By: t.person,
		At: t.message.At, Message: t.message.ID, Request: t.talk.Request,
	})
	ended()
	if err != nil {
		return e.cannotRun(t, "start "+p.ID, err)
	}
	t.talk.Pending, t.talk.Run, t.talk.Inputs = nil, run.ID, pending.Inputs
	t.talk.Try(fmt.Sprintf("started “%s” as `%s`", p.Title, run.ID))
	t.record(event{Name: runStarted, Run: run.ID, Playbook: p.ID})
	t.say(chat.Card{
		Text:    fmt.Sprintf("Started “%s” as `%s`.", p.Title, run.ID),
		Run:     run.ID,
		Buttons: []chat.Button{{ID: commands.Command{Verb: commands.Cancel, Run: run.ID}.Button(), Label: "Stop it", Style: "danger"}},
	})
	return nil
}

func (e *Engine) runID(t *turn) string { return "r-" + derive(t.message, "run")[:runLetters] }

// runOf is the id of the run that a preview leads to: a second yes to the same
// preview, after an answer that was lost, starts nothing new.
func runOf(pending *conversation.Pending) string {
	sum := sha256.Sum256([]byte(pending.Request + "/" + pending.Token))
	return "r-" + short(sum[:], runLetters)
}

// cannot tells the person plainly that a room refused or failed, and the
// operator why. What was pending stays, so that trying again is one word.
func (e *Engine) cannot(t *turn, what string, err error) error {
	if refusal, ok := workflow.AsRefusal(err); ok {
		t.say(chat.Card{Text: sentence(refusal), Buttons: []chat.Button{humanButton(t.talk.Request)}})
		return nil
	}
	ref := derive(t.message, "reference")[:8]
	e.Log.Error(what, zap.String("reference", ref), zap.String("request", t.talk.Request), zap.Error(err))
	t.say(chat.Card{Text: fmt.Sprintf("I couldn't do that: the part of me that keeps runs isn't reachable. Try again in a minute. (reference %s)", ref)})
	return nil
}

// cannotRun is cannot where the request was for the run itself: a refusal is
// its end.
func (e *Engine) cannotRun(t *turn, what string, err error) error {
	if _, no := workflow.AsRefusal(err); no {
		t.refused("not_possible")
	}
	return e.cannot(t, what, err)
}

// reread takes the values that were given to an earlier form of the playbook,
// as far as this one takes them.
func reread(p *playbook.Playbook, inputs map[string]any, now time.Time) (map[string]any, []intents.Rejected) {
	out := map[string]any{}
	var rejected []intents.Rejected
	for _, in := range p.Flow.Inputs {
		v, has := inputs[in.Name]
		if !has || v == nil {
			continue
		}
		typed, err := intents.ParseValue(in, show(v), now)
		if err != nil {
			rejected = append(rejected, intents.Rejected{Input: in.Name, Value: show(v), Reason: err.Error()})
			continue
		}
		out[in.Name] = typed
	}
	return out, rejected
}

func withDefaults(p *playbook.Playbook, inputs map[string]any) map[string]any {
	out := map[string]any{}
	for _, in := range p.Flow.Inputs {
		switch v, has := inputs[in.Name]; {
		case has:
			out[in.Name] = v
		default:
			out[in.Name] = in.Default
		}
	}
	return out
}

// copyInputs is a copy that may be written to, also of none.
func copyInputs(in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	maps.Copy(out, in)
	return out
}

// rejectedShown is how many mistakes are said in one message.
const rejectedShown = 5

func writeRejected(b *strings.Builder, rejected []intents.Rejected) {
	for _, r := range rejected[:min(len(rejected), rejectedShown)] {
		b.WriteString(sentence(r.Reason) + "\n\n")
	}
	if n := len(rejected) - rejectedShown; n > 0 {
		fmt.Fprintf(b, "There was something wrong with %s too.\n\n", count(n, "other value", "other values"))
	}
}
