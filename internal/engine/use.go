package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/conversation"
	"frontdoor/internal/demand"
	"frontdoor/internal/intents"
	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
)

// use goes on with the playbook that the message was matched to.
func (e *Engine) use(ctx context.Context, t *turn, w way) error {
	p := w.playbook
	if p.Flow != nil && asksHow(t.text) && !w.follows {
		// Somebody who asks how wants to know; doing it is offered, not begun.
		if done, err := e.explain(ctx, t, w); done || err != nil {
			return err
		}
	}
	e.open(t, w, kindOf(t.text, p), p)
	t.matched(p, w.match.Confidence)
	if !e.allowed(t, p) {
		return nil
	}
	if p.Answer != nil {
		return e.answerFrom(ctx, t, p, w.follows)
	}
	inputs := map[string]any{}
	if w.follows && t.talk.Worked != nil && t.talk.Worked.Playbook == p.ID {
		maps.Copy(inputs, t.talk.Worked.Inputs)
	}
	values, rejected := intents.Extract(p, t.text, t.now)
	maps.Copy(inputs, values)
	t.putAside(p)
	return e.collect(ctx, t, p, inputs, rejected)
}

// useCommand is a playbook's own command, `run ID …`, or an offered button.
func (e *Engine) useCommand(ctx context.Context, t *turn, c commands.Command) error {
	p := t.catalogue.Set.ByID(c.Playbook)
	switch {
	case p == nil && c.Playbook == "":
		e.whichPlaybook(t, c.Args)
		return nil
	case p == nil:
		return e.do(ctx, t, way{kind: toStale})
	}
	said, args := c.Args, true
	if c.Request != "" && c.Request == t.talk.Request && !t.talk.Over {
		said, args = t.talk.Text, false // a button under an answer goes on with its question
	} else if a := t.talk.Asked(c.Request); a != nil && !a.Solved && c.Request != "" {
		said, args = a.Text, false // and so does one under an older one
		t.talk.Close()
		t.reset(a.Request, a.Text)
		t.talk.Tried = a.Tried
	} else {
		kind := "question"
		if p.Flow != nil {
			kind = "request"
		}
		if t.text == "" {
			t.text = p.Title // a button of the catalogue, which has no words of its own
		}
		t.begin(e, kind, p)
	}
	t.matched(p, 1)
	t.decide(fmt.Sprintf("I went on with “%s”", p.Title))
	if !e.allowed(t, p) {
		return nil
	}
	return e.goOn(ctx, t, p, said, args)
}

// choose goes on with the playbook picked from a clarification.
func (e *Engine) choose(ctx context.Context, t *turn, c commands.Command) error {
	pending := t.talk.Pending
	p := t.catalogue.Set.ByID(c.Playbook)
	if pending == nil || pending.Kind != conversation.Choosing || c.Token != "" && c.Token != pending.Token || p == nil || !slices.Contains(pending.Choices, p.ID) {
		return e.do(ctx, t, way{kind: toStale})
	}
	t.talk.Request, t.talk.Pending = pending.Request, nil
	t.matched(p, 1)
	t.decide(fmt.Sprintf("I went on with “%s”", p.Title))
	if !e.allowed(t, p) {
		return nil
	}
	return e.goOn(ctx, t, p, pending.Text, pending.Args)
}

// goOn does what p does with what was said; args says that it stood behind a
// command.
func (e *Engine) goOn(ctx context.Context, t *turn, p *playbook.Playbook, said string, args bool) error {
	if p.Answer != nil {
		if t.text = said; said == "" {
			t.text = p.Title
		}
		return e.answerFrom(ctx, t, p, false)
	}
	var inputs map[string]any
	var rejected []intents.Rejected
	if args {
		inputs, rejected = given(p, said, t.now)
	} else {
		inputs, rejected = intents.Extract(p, said, t.now)
	}
	t.putAside(p)
	return e.collect(ctx, t, p, inputs, rejected)
}

// whichPlaybook answers a "run" that names no playbook: with the nearest ones.
func (e *Engine) whichPlaybook(t *turn, args string) {
	typed, rest, _ := strings.Cut(args, " ")
	runs := func(p *playbook.Playbook) bool { return p.Flow != nil && t.offered(p) }
	if typed == "" {
		e.aside(t, "question")
		t.answered(nil)
		var ids []string
		for _, p := range t.catalogue.Set.Playbooks {
			if runs(p) {
				ids = append(ids, p.ID)
			}
		}
		text := "There is no workflow here that you may run. `help` shows what there is."
		if len(ids) > 0 {
			more := ""
			if n := len(ids) - listed; n > 0 {
				ids, more = ids[:listed], fmt.Sprintf(" and %d more, which `help` lists", n)
			}
			text = "Which one? Say `run PLAYBOOK`, with one of " + list(quoted(ids), "or") + more + "."
		}
		t.say(chat.Card{Text: text})
		e.remind(t)
		return
	}
	t.begin(e, demand.KindRequest, nil)
	near := commands.NearestPlaybooks(typed, t.catalogue.Set, runs, 3)
	if len(near) == 0 {
		near = commands.NearestPlaybooks(typed, t.catalogue.Set, t.offered, 3)
	}
	text := fmt.Sprintf("There is no playbook `%s`.", clip(e.redacted(typed), 60))
	if len(near) == 0 {
		t.decide("there is no such playbook, and none with a name like it")
		t.record(event{Name: demand.RequestUnmatched, Reason: "no_playbook"})
		t.say(chat.Card{Text: text + " `help` lists what there is.", Buttons: []chat.Button{{ID: commands.Command{Verb: commands.Help}.Button(), Label: "help"}, humanButton(t.talk.Request)}})
		e.remind(t)
		return
	}
	t.decide("there is no such playbook, so I offered those with the nearest names")
	e.offer(t, near, rest, true, text+" Do you mean %s?")
}

// listed is how many names stand in a sentence.
const listed = 12

// offer asks which of the playbooks is meant, by id, and keeps what was said
// for it.
func (e *Engine) offer(t *turn, near []*playbook.Playbook, said string, args bool, ask string) {
	token := derive(t.message, "choose")[:8]
	var ids []string
	var buttons []chat.Button
	for _, p := range near {
		ids = append(ids, p.ID)
		buttons = append(buttons, chat.Button{ID: commands.Command{Verb: commands.Choose, Token: token, Playbook: p.ID}.Button(), Label: p.ID})
	}
	t.putAside(nil)
	t.record(event{Name: demand.RequestClarified, Candidates: ids})
	t.talk.Pending = &conversation.Pending{
		Kind: conversation.Choosing, Request: t.talk.Request, Choices: ids, Text: clip(e.redacted(said), maxKept), Args: args,
		Asked: t.now, Expires: t.now.Add(pendingFor), Token: token,
	}
	t.say(chat.Card{
		Text:    fmt.Sprintf(ask, list(quoted(ids), "or")),
		Buttons: append(buttons, chat.Button{ID: commands.Command{Verb: commands.No, Token: token}.Button(), Label: "Something else"}),
	})
}

// fillers stand between values in a sentence and are hardly ones.
var fillers = map[string]bool{
	"in": true, "on": true, "for": true, "called": true, "named": true, "with": true, "the": true, "a": true, "an": true, "to": true, "please": true, "of": true,
	"and": true, "my": true, "our": true, "at": true, "by": true, "from": true, "as": true, "is": true, "pls": true, "new": true, "into": true, "until": true,
}

// given reads what stands behind a command: inputs by name, as flags, or as
// bare words in their order, mixed with the words of a sentence.
func given(p *playbook.Playbook, said string, now time.Time) (map[string]any, []intents.Rejected) {
	names := make([]commands.Name, len(p.Flow.Inputs))
	for i, in := range p.Flow.Inputs {
		names[i] = commands.Name{Name: in.Name, Flag: in.Type == playbook.Boolean, Text: in.Type == playbook.Text}
	}
	args := commands.ReadArguments(said, names)
	inputs := map[string]any{}
	var rejected []intents.Rejected
	for _, a := range args.Named {
		in, _ := p.Flow.Input(a.Name)
		typed := a.Value
		if typed == "" && a.Flag && in.Type == playbook.Boolean {
			typed = "yes"
		}
		if typed == "" {
			continue // it is asked for
		}
		v, err := value(in, typed, now)
		if err != nil {
			rejected = append(rejected, intents.Rejected{Input: in.Name, Value: typed, Reason: err.Error()})
			continue
		}
		inputs[in.Name] = v
	}
	for _, a := range args.Unknown {
		rejected = append(rejected, intents.Rejected{Input: a.Name, Value: a.Value, Reason: noSuch(p, a.Name)})
	}
	words, more := bare(p, args, inputs, now)
	maps.Copy(inputs, words)
	return inputs, append(rejected, more...)
}

// value is ParseValue for people whose phone writes the first letter large.
func value(in playbook.Input, typed string, now time.Time) (any, error) {
	v, err := intents.ParseValue(in, typed, now)
	if err != nil && (in.Type == playbook.String || in.Type == playbook.Someone) {
		if low, lowErr := intents.ParseValue(in, strings.ToLower(typed), now); lowErr == nil {
			return low, nil
		}
	}
	return v, err
}

// noSuch says that the playbook has no such input, and which was meant.
func noSuch(p *playbook.Playbook, typed string) string {
	var names []string
	for _, in := range p.Flow.Inputs {
		names = append(names, in.Name)
	}
	text := fmt.Sprintf("“%s” has no `%s`, so I left it out", p.Title, clip(typed, 40))
	if near := problem.Nearest(typed, names); near != "" {
		text += fmt.Sprintf("; did you mean `%s`?", near)
	}
	return text
}

// bare reads the words that stand without a name. In a sentence they are found
// as in any message; otherwise each goes to the first input that takes it and
// has no value yet, those with few possible values before those that take any
// word. A word that fits nowhere is said where it is plain what it was for.
func bare(p *playbook.Playbook, args commands.Arguments, have map[string]any, now time.Time) (map[string]any, []intents.Rejected) {
	out := map[string]any{}
	open := slices.DeleteFunc(slices.Clone(p.Flow.Inputs), func(in playbook.Input) bool { _, has := have[in.Name]; return has })
	prose := len(args.Words) > len(open)
	for i, w := range args.Words {
		prose = prose || !args.Quoted[i] && fillers[strings.ToLower(w)]
	}
	if prose {
		found, rejected := intents.Extract(p, requoted(args), now)
		maps.DeleteFunc(found, func(name string, _ any) bool { _, has := have[name]; return has })
		if len(rejected) == 0 {
			leftover(p, args, have, found, now)
		}
		return found, rejected
	}
	var lost []string
	for _, w := range args.Words {
		placed := false
		for _, wantClosed := range []bool{true, false} {
			if placed = takeWord(open, out, w, wantClosed, now); placed {
				break
			}
		}
		if !placed {
			lost = append(lost, w)
		}
	}
	open = slices.DeleteFunc(open, func(in playbook.Input) bool { _, has := out[in.Name]; return has || in.Default != nil || in.Optional })
	if len(lost) == 1 && len(open) == 1 {
		if _, err := intents.ParseValue(open[0], lost[0], now); err != nil {
			return out, []intents.Rejected{{Input: open[0].Name, Value: lost[0], Reason: err.Error()}}
		}
	}
	return out, nil
}

// leftover gives the words of a sentence that nothing took to the inputs that
// are still needed, where there are no more words than those.
func leftover(p *playbook.Playbook, args commands.Arguments, have, found map[string]any, now time.Time) {
	needed := slices.DeleteFunc(missingInputs(p, have), func(in playbook.Input) bool { _, has := found[in.Name]; return has })
	var words []string
	for i, w := range args.Words {
		taken := slices.ContainsFunc(slices.Collect(maps.Values(found)), func(v any) bool { return strings.EqualFold(show(v), w) })
		if !taken && (args.Quoted[i] || !fillers[strings.ToLower(w)]) {
			words = append(words, w)
		}
	}
	if len(words) > len(needed) {
		return
	}
	for _, w := range words {
		_ = takeWord(needed, found, w, true, now) || takeWord(needed, found, w, false, now)
	}
}

// requoted are the words as a sentence again.
func requoted(args commands.Arguments) string {
	out := slices.Clone(args.Words)
	for i, w := range out {
		if args.Quoted[i] {
			out[i] = `"` + w + `"`
		}
	}
	return strings.Join(out, " ")
}

func takeWord(inputs []playbook.Input, out map[string]any, word string, wantClosed bool, now time.Time) bool {
	for _, in := range inputs {
		if _, has := out[in.Name]; has || closed(in.Type) != wantClosed {
			continue
		}
		if v, err := intents.ParseValue(in, word, now); err == nil {
			out[in.Name] = v
			return true
		}
	}
	return false
}
