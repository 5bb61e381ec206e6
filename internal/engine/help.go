package engine

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"unicode"

	"frontdoor/internal/access"
	"frontdoor/internal/chat"
	"frontdoor/internal/commands"
	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
)

// atOnce is how many playbooks help lists in full; of more it shows the topics.
const atOnce = 30

// found is how many a search shows.
const found = 8

// help lists what this person may use here, by topic; search narrows it to a
// topic, to what has the words, or to one playbook.
func (e *Engine) help(t *turn, search string) {
	set := t.catalogue.Set
	search = strings.TrimSpace(search)
	if search == "" {
		e.overview(t, "Ask me anything about the platform in your own words, or use one of these.\n", false)
		return
	}
	switch strings.ToLower(search) {
	case "all", "everything":
		e.overview(t, "Everything there is, also what is for others.\n", true)
		return
	case "commands", "command":
		t.say(chat.Card{Text: strings.TrimSpace(commandLines())})
		return
	}
	if p := named(set, search); p != nil && t.listed(p) {
		e.describe(t, p)
		return
	}
	if line := commands.Line(search); line != "" {
		e.helpCommand(t, search, line)
		return
	}
	shown := clip(e.redacted(search), 60)
	var mine, others []*playbook.Playbook
	for _, p := range ranked(set, search) {
		switch {
		case !t.listed(p):
		case t.may(p):
			mine = append(mine, p)
		default:
			others = append(others, p)
		}
	}
	if len(mine)+len(others) == 0 {
		near := commands.NearestPlaybooks(search, set, t.offered, 3)
		if len(near) == 0 {
			e.overview(t, fmt.Sprintf("Nothing in the catalogue mentions “%s”. Here is everything; `ask %s` looks into the docs.\n", shown, shown), false)
			return
		}
		mine = near
	}
	var b strings.Builder
	if len(mine) > 0 {
		fmt.Fprintf(&b, "What I have about “%s”:\n\n", shown)
		for _, p := range mine[:min(len(mine), found)] {
			fmt.Fprintf(&b, "- %s\n", catalogueLine(p))
		}
		if more := len(mine) - found; more > 0 {
			fmt.Fprintf(&b, "\nand %d more; one more word narrows it.\n", more)
		}
		fmt.Fprintf(&b, "\n`help %s` says what it takes.\n", mine[0].ID)
	}
	if len(others) > 0 {
		if len(mine) == 0 {
			fmt.Fprintf(&b, "What I have about “%s” is not for you:\n", shown)
		} else {
			b.WriteString("\nNot for you:\n")
		}
		for _, p := range others[:min(len(others), 5)] {
			fmt.Fprintf(&b, "\n- %s: %s. **%s** can help.", p.Title, access.May(t.person, p, t.message.At).Rule, p.Owner)
		}
	}
	t.say(chat.Card{Text: strings.TrimSpace(b.String())})
}

// helpCommand explains a built-in command, and shows what the catalogue has by
// that name.
func (e *Engine) helpCommand(t *turn, word, line string) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", line)
	lead := "\nIn the catalogue:\n"
	for _, p := range t.catalogue.Set.Playbooks {
		if names := wordsOf(p.ID, p.Title, p.Match.Command); t.offered(p) && slices.Contains(names, strings.ToLower(word)) {
			fmt.Fprintf(&b, "%s- %s\n", lead, catalogueLine(p))
			lead = ""
		}
	}
	b.WriteString("\n`help commands` lists the others.")
	t.say(chat.Card{Text: b.String()})
}

// overview is the whole catalogue; all shows also what the person may not use.
func (e *Engine) overview(t *turn, lead string, all bool) {
	set := t.catalogue.Set
	var known []*playbook.Playbook
	others := 0
	for _, p := range set.Playbooks {
		switch {
		case !t.listed(p):
		case all || t.may(p):
			known = append(known, p)
		default:
			others++
		}
	}
	var b strings.Builder
	b.WriteString(lead)
	if len(known) > atOnce {
		writeTopics(&b, set, known)
	} else {
		writeByTopic(&b, set, known)
	}
	if others > 0 {
		fmt.Fprintf(&b, "\n%s for other groups; `help all` shows them too.\n", count(others, "more is", "more are"))
	}
	b.WriteString(commandLines())
	t.say(chat.Card{Text: strings.TrimRight(b.String(), "\n")})
}

func commandLines() string {
	var b strings.Builder
	b.WriteString("\n**Commands**\n")
	for _, line := range commands.Lines() {
		b.WriteString("- " + line + "\n")
	}
	return b.String()
}

// byTopic groups playbooks by the title of their topic, sorted by title.
func byTopic(set *playbook.Set, found []*playbook.Playbook) (names []string, topics map[string][]*playbook.Playbook) {
	topics = map[string][]*playbook.Playbook{}
	for _, p := range found {
		title := topicOf(set, p)
		if topics[title] == nil {
			names = append(names, title)
		}
		topics[title] = append(topics[title], p)
	}
	sort.Strings(names)
	return names, topics
}

func topicOf(set *playbook.Set, p *playbook.Playbook) string {
	if tag, ok := set.Taxonomy.Topic(p.Tags["topic"]); ok {
		return tag.Title
	}
	return "Other"
}

func writeByTopic(b *strings.Builder, set *playbook.Set, found []*playbook.Playbook) {
	names, topics := byTopic(set, found)
	for _, n := range names {
		fmt.Fprintf(b, "\n**%s**\n", n)
		for _, p := range topics[n] {
			fmt.Fprintf(b, "- %s\n", catalogueLine(p))
		}
	}
}

func writeTopics(b *strings.Builder, set *playbook.Set, found []*playbook.Playbook) {
	names, topics := byTopic(set, found)
	b.WriteString("\n**Topics**\n")
	for _, n := range names {
		var titles []string
		for _, p := range topics[n][:min(3, len(topics[n]))] {
			titles = append(titles, p.Title)
		}
		more := ""
		if n := len(topics[n]) - len(titles); n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintf(b, "- **%s**: %s%s\n", n, strings.Join(titles, ", "), more)
	}
	b.WriteString("\n`help TOPIC` lists those of a topic.\n")
}

func catalogueLine(p *playbook.Playbook) string {
	if p.Match.Command != "" {
		return fmt.Sprintf("`%s`: %s. %s", p.Match.Command, p.Title, p.Summary)
	}
	return fmt.Sprintf("%s. %s", p.Title, p.Summary)
}

// named is the playbook with this id, command or title; nil where there is none.
func named(set *playbook.Set, typed string) *playbook.Playbook {
	key := func(s string) string { return strings.Join(strings.FieldsFunc(strings.ToLower(s), notWord), " ") }
	want := key(typed)
	for _, p := range set.Playbooks {
		if want != "" && (want == key(p.ID) || want == key(p.Match.Command) || want == key(p.Title)) {
			return p
		}
	}
	return nil
}

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// ranked are the playbooks that mention at least one of the words, those with
// most of them first. A word counts more in the name than in an example, and
// also with a slip in it.
func ranked(set *playbook.Set, search string) []*playbook.Playbook {
	var wanted []string
	for _, w := range strings.FieldsFunc(strings.ToLower(search), notWord) {
		if !fillers[w] && w != "or" {
			wanted = append(wanted, w)
		}
	}
	type hit struct {
		p     *playbook.Playbook
		score float64
	}
	hits := make([]hit, len(set.Playbooks))
	for i, p := range set.Playbooks {
		hits[i].p = p
	}
	for _, w := range wanted {
		weights := make([]float64, len(hits))
		having := 0.0
		for i, h := range hits {
			if weights[i] = mentions(set, h.p, w); weights[i] > 0 {
				having++
			}
		}
		for i := range hits {
			// A word that nearly all of them have tells little.
			hits[i].score += weights[i] * math.Log(1+float64(len(hits))/max(1, having))
		}
	}
	hits = slices.DeleteFunc(hits, func(h hit) bool { return h.score == 0 })
	sort.SliceStable(hits, func(i, j int) bool { return hits[i].score > hits[j].score })
	var out []*playbook.Playbook
	for _, h := range hits {
		if 2*h.score >= hits[0].score { // what has but one of many words is noise
			out = append(out, h.p)
		}
	}
	return out
}

// mentions is how plainly the playbook has the word: 3 in its name, 2 in what it
// says and in how people ask for it, 1 with a slip in it.
func mentions(set *playbook.Set, p *playbook.Playbook, word string) float64 {
	names := wordsOf(p.ID, p.Title, p.Match.Command, topicOf(set, p), p.Tags["topic"], p.Owner)
	texts := wordsOf(append([]string{p.Summary, p.Tags["action"]}, p.Match.Examples...)...)
	switch {
	case slices.ContainsFunc(names, func(x string) bool { return alike(x, word) }):
		return 3
	case slices.ContainsFunc(texts, func(x string) bool { return alike(x, word) }):
		return 2
	case slices.ContainsFunc(append(names, texts...), func(x string) bool { return mistyped(x, word) }):
		return 1
	}
	return 0
}

func wordsOf(texts ...string) []string {
	return strings.FieldsFunc(strings.ToLower(strings.Join(texts, " ")), notWord)
}

// alike tells whether the words are the same but for an ending, or one is the
// other cut short: database and databases, certs and certificate.
func alike(word, wanted string) bool {
	word, wanted = strings.TrimSuffix(word, "s"), strings.TrimSuffix(wanted, "s")
	if word == wanted {
		return true
	}
	return min(len(word), len(wanted)) >= 3 && (strings.HasPrefix(word, wanted) || len(word) >= 4 && strings.HasPrefix(wanted, word) && len(wanted)-len(word) <= 3)
}

func mistyped(word, wanted string) bool {
	n := min(len(word), len(wanted))
	return n >= 4 && 4*problem.Distance(word, wanted) <= n
}

// describe shows one playbook: what it does, how to ask for it, what it takes,
// who approves and whose it is.
func (e *Engine) describe(t *turn, p *playbook.Playbook) {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** (`%s`)\n%s\n", p.Title, p.ID, p.Summary)
	decision := access.May(t.person, p, t.message.At)
	if !decision.Allowed {
		fmt.Fprintf(&b, "\nYou can't use it: %s. **%s** can help.\n", decision.Rule, decision.Help)
	}
	if p.Match.Command != "" {
		fmt.Fprintf(&b, "\nSay `%s`, or in your own words:\n", usage(p))
	} else {
		b.WriteString("\nSay it in your own words:\n")
	}
	for _, x := range p.Match.Examples[:min(4, len(p.Match.Examples))] {
		fmt.Fprintf(&b, "- %s\n", spoken(x))
	}
	var buttons []chat.Button
	if p.Flow != nil {
		if len(p.Flow.Inputs) > 0 {
			b.WriteString("\nIt takes:\n")
			for _, in := range p.Flow.Inputs {
				fmt.Fprintf(&b, "- `%s`: %s\n", in.Name, takes(in))
			}
		}
		for _, a := range p.Flow.Approval {
			b.WriteString("\n" + approvalLine(a) + "\n")
		}
		if decision.Allowed {
			buttons = append(buttons, chat.Button{ID: commands.Command{Verb: commands.Use, Playbook: p.ID}.Button(), Label: p.Title, Style: "primary"})
		}
	}
	fmt.Fprintf(&b, "\n**%s** owns it.", p.Owner)
	t.say(chat.Card{Text: b.String(), Buttons: buttons})
}

// usage is the command with its inputs: those that must be given in capitals.
func usage(p *playbook.Playbook) string {
	out := p.Match.Command
	if p.Flow == nil {
		return out
	}
	for _, in := range p.Flow.Inputs {
		if in.Default == nil && !in.Optional {
			out += " " + strings.ToUpper(in.Name)
		}
	}
	for _, in := range p.Flow.Inputs {
		if in.Default != nil || in.Optional {
			out += " [" + in.Name + "=…]"
		}
	}
	return out
}

// spoken is an example with its slots as words.
func spoken(example string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(example, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		slot, after, _ := strings.Cut(rest, "}")
		b.WriteString(strings.ToUpper(strings.TrimSpace(slot)))
		example = after
	}
}

// takes says what an input takes, and what it is where nobody says.
func takes(in playbook.Input) string {
	var parts []string
	if in.Ask != "" {
		parts = append(parts, in.Ask)
	}
	switch in.Type {
	case playbook.Choice:
		parts = append(parts, "One of "+quoteAll(in.Options)+".")
	case playbook.Integer, playbook.Number:
		what := "A number"
		if in.Type == playbook.Integer {
			what = "A whole number"
		}
		parts = append(parts, what+between(in)+".")
	case playbook.Boolean:
		parts = append(parts, "`yes` or `no`.")
	case playbook.Date:
		parts = append(parts, "A day, such as `2026-03-31` or `next monday`.")
	case playbook.Someone:
		parts = append(parts, "A person.")
	}
	if in.Help != "" {
		parts = append(parts, sentence(in.Help))
	}
	switch {
	case in.Default != nil:
		parts = append(parts, fmt.Sprintf("`%s` if you don't say.", show(in.Default)))
	case in.Optional:
		parts = append(parts, "May be left out.")
	}
	if len(parts) == 0 {
		return "Any words."
	}
	return strings.Join(parts, " ")
}

func between(in playbook.Input) string {
	switch {
	case in.Min != nil && in.Max != nil:
		return fmt.Sprintf(" from %s to %s", show(*in.Min), show(*in.Max))
	case in.Min != nil:
		return fmt.Sprintf(" of at least %s", show(*in.Min))
	case in.Max != nil:
		return fmt.Sprintf(" of at most %s", show(*in.Max))
	}
	return ""
}

// approvalLine says who must agree, and when.
func approvalLine(a playbook.Approval) string {
	who := list(quoted(a.Groups), "or")
	if a.Count > 1 {
		who = fmt.Sprintf("%d people of %s", a.Count, who)
	}
	line := "It needs the approval of " + who
	if a.When != "" {
		line += fmt.Sprintf(" where `%s`", strings.ReplaceAll(string(a.When), "inputs.", ""))
	}
	return line + "."
}
