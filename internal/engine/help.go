package engine

import (
	"fmt"
	"sort"
	"strings"

	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/playbook"
)

// help lists what this person may use here, by topic; search narrows it.
func (e *Engine) help(t *turn, search string) {
	var found []*playbook.Playbook
	for _, p := range t.catalogue.Set.Playbooks {
		if t.offered(p) && mentions(p, search) {
			found = append(found, p)
		}
	}
	var b strings.Builder
	switch {
	case len(found) == 0 && search != "":
		fmt.Fprintf(&b, "Nothing in the catalogue mentions “%s”. Here is everything.\n", clip(search, 60))
		search = ""
		for _, p := range t.catalogue.Set.Playbooks {
			if t.offered(p) {
				found = append(found, p)
			}
		}
	case search != "":
		fmt.Fprintf(&b, "What I have about “%s”:\n", clip(search, 60))
	default:
		b.WriteString("Ask me anything about the platform in your own words, or use one of these.\n")
	}
	writeByTopic(&b, t.catalogue.Set, found)
	if search == "" {
		b.WriteString("\n**Commands**\n")
		for _, line := range commands.Lines() {
			b.WriteString("- " + line + "\n")
		}
	}
	t.say(chat.Card{Text: strings.TrimRight(b.String(), "\n")})
}

func writeByTopic(b *strings.Builder, set *playbook.Set, found []*playbook.Playbook) {
	topics := map[string][]*playbook.Playbook{}
	var names []string
	for _, p := range found {
		title := "Other"
		if tag, ok := set.Taxonomy.Topic(p.Tags["topic"]); ok {
			title = tag.Title
		}
		if topics[title] == nil {
			names = append(names, title)
		}
		topics[title] = append(topics[title], p)
	}
	sort.Strings(names)
	for _, n := range names {
		fmt.Fprintf(b, "\n**%s**\n", n)
		for _, p := range topics[n] {
			fmt.Fprintf(b, "- %s\n", catalogueLine(p))
		}
	}
}

func catalogueLine(p *playbook.Playbook) string {
	if p.Match.Command != "" {
		return fmt.Sprintf("`%s`: %s. %s", p.Match.Command, p.Title, p.Summary)
	}
	return fmt.Sprintf("%s. %s", p.Title, p.Summary)
}

func mentions(p *playbook.Playbook, search string) bool {
	if search == "" {
		return true
	}
	all := strings.ToLower(strings.Join(append([]string{p.ID, p.Title, p.Summary, p.Owner, p.Tags["topic"], p.Match.Command}, p.Match.Examples...), "\n"))
	return strings.Contains(all, strings.ToLower(search))
}

// closed says why nothing is answered in this channel.
func (e *Engine) closed(t *turn) {
	text := "I don't answer in this channel. Send me a direct message."
	if t.policy.Answer == chat.AnswerCommands {
		text = "In this channel I only take commands; `help` lists them. For anything else, send me a direct message."
	}
	t.whisper(chat.Card{Text: text})
}

// welcome says who the bot is with three things to try.
func (e *Engine) welcome(t *turn) {
	var b strings.Builder
	b.WriteString("I answer questions about the platform and do the usual jobs on it. Try one of these, or type `help`.\n")
	shown := 0
	for _, p := range t.catalogue.Set.Playbooks {
		if shown == 3 || !t.offered(p) || len(p.Match.Examples) == 0 {
			continue
		}
		if example := plainExample(p); example != "" {
			fmt.Fprintf(&b, "\n- %s", example)
			shown++
		}
	}
	t.say(chat.Card{Text: b.String()})
}

// plainExample is the first example without slots to fill.
func plainExample(p *playbook.Playbook) string {
	for _, x := range p.Match.Examples {
		if !strings.Contains(x, "{") {
			return x
		}
	}
	return ""
}

// chat answers small talk. It belongs to the request before it, if there is one.
func (e *Engine) chat(t *turn, w talk) {
	e.attach(t, "small_talk")
	switch w {
	case greeting:
		e.welcome(t)
	case thanks:
		t.say(chat.Card{Text: "You're welcome. `solved` tells the platform team that it worked."})
	default:
		t.say(chat.Card{Text: "👍"})
	}
	e.remind(t)
}

// why explains the last decision in plain words.
func (e *Engine) why(t *turn) {
	if len(t.talk.Because) == 0 {
		t.say(chat.Card{Text: "I haven't decided anything here yet."})
		return
	}
	t.say(chat.Card{Text: "Because " + strings.Join(t.talk.Because, "; ") + "."})
}

// remind repeats the question that still waits, after something else was
// answered in between.
func (e *Engine) remind(t *turn) {
	pending := t.talk.Pending
	if pending == nil || len(t.replies) == 0 {
		return
	}
	p := t.catalogue.Set.ByID(pending.Playbook)
	if p == nil {
		return
	}
	pending.Aside = true
	last := &t.replies[len(t.replies)-1].Card
	note := fmt.Sprintf("“%s” still waits for your `yes`, or `never mind`.", p.Title)
	if in := e.input(t, pending); in != nil {
		note = fmt.Sprintf("“%s” still waits: %s", p.Title, question(*in))
	}
	// Behind the text: the citations' spans count from its beginning.
	t.say(chat.Card{Text: note, Request: pending.Request, Form: last.Form})
}
