// Package chatter decides whether something that was said in a channel, and
// not to the bot, asks the people behind a platform for something: a question,
// a request, a report that something fails. Everything else is talk: thanks,
// status updates, announcements, alerts, jokes, words between two people.
//
// It is a sum of features that are seen in the words and in the thread, with
// weights set by hand on testdata/tune.jsonl and measured on testdata/held.jsonl
// and testdata/fresh.jsonl too; testdata/quality.golden has the figures and
// every mistake. A question
// that is taken for talk costs somebody a mention of the bot; talk that is taken
// for a question costs a look into the docs, as long as who answers stays silent
// when unsure. So a question mark, a request or an error of one's own is enough,
// and only clear signs of talk outweigh them.
package chatter

import (
	"regexp"
	"strings"
	"unicode"
)

// Said is a message in a channel, with what is known of its thread.
type Said struct {
	Text   string // as people read it: mentions are @name
	Reply  bool   // in a thread that somebody opened
	Asker  bool   // its author opened the thread
	Others int    // people besides the author who have spoken in the thread
	Bot    bool   // the bot has answered there
}

// Verdict is what a message was taken for.
type Verdict struct {
	Question bool
	Score    float64 // above 0 is a question, the further the surer
	Reason   string  // the feature that counted most, in words
}

// Judge tells a question from talk.
func Judge(s Said) Verdict {
	t := read(s.Text)
	if why := t.never(); why != "" {
		return Verdict{Score: -9, Reason: why}
	}
	v := Verdict{Reason: "says nothing that asks"}
	var strongest float64
	for _, f := range features {
		if f.seen(t, s) {
			v.Score += f.weight
		}
	}
	v.Question = v.Score > 0
	// The reason is the strongest feature of those that speak for what was
	// decided.
	for _, f := range features {
		if (f.weight > 0) == v.Question && f.strength() > strongest && f.seen(t, s) {
			strongest, v.Reason = f.strength(), f.why
		}
	}
	return v
}

// reading is a text taken apart.
type reading struct {
	raw    string   // without code, quotes and links
	lower  string   // raw in small letters, apostrophes straight
	words  []string // of lower
	leads  []string // its sentences without a greeting before them
	full   string   // everything in small letters, code too
	code   bool     // there was code
	link   bool     // there was a link
	quote  bool     // there was a quotation
	marked bool     // a sentence ends in a question mark
	named  bool     // it begins with somebody's name
	names  int      // how many people it names
}

var (
	fenced    = regexp.MustCompile("(?s)```.*?(?:```|$)")
	inlined   = regexp.MustCompile("`[^`\n]*`")
	linked    = regexp.MustCompile(`https?://\S+`)
	quoted    = regexp.MustCompile(`(?m)^>.*$`)
	emoji     = regexp.MustCompile(`:[a-z0-9_+-]+:`)
	naming    = regexp.MustCompile(`(?:^|[\s(,])@([\p{L}\p{N}][\p{L}\p{N}._-]*)`)
	asking    = regexp.MustCompile(`\?+(?:[\s)"'!.:;]|$)`)
	greeting  = regexp.MustCompile(`^(?:(?:hi|hey|hello|hallo|howdy|morning|good (?:morning|afternoon|evening)|dear|sorry|ok|okay|so|and|but|also|btw|um|hm+|quick (?:q|question)|question|q|help)\b(?: (?:all|team|everyone|everybody|folks|guys|people|there|again|platform|you))*[\s,!.:;-]*)+`)
	sentences = regexp.MustCompile(`[.!?:;\n]+(?:\s|$)|\s[-–—]+\s|,\s`)
	// People leave the apostrophe out.
	contracted = regexp.MustCompile(`\b(can|don|doesn|didn|isn|aren|won|wouldn|couldn|shouldn|hasn|haven|wasn)(t)\b`)
	wordShape  = regexp.MustCompile(`[\p{L}\p{N}][\p{L}\p{N}'’_-]*`)
	broadcast  = map[string]bool{"here": true, "channel": true, "everyone": true}
)

func read(text string) reading {
	t := reading{code: strings.Contains(text, "`"), link: linked.MatchString(text), quote: quoted.MatchString(text)}
	s := fenced.ReplaceAllString(text, " ")
	s = inlined.ReplaceAllString(s, " code ")
	s = quoted.ReplaceAllString(s, " ")
	s = linked.ReplaceAllString(s, " ")
	for i, m := range naming.FindAllStringSubmatchIndex(s, -1) {
		if broadcast[strings.ToLower(s[m[2]:m[3]])] {
			continue
		}
		t.names++
		if i == 0 && strings.TrimSpace(s[:m[2]-1]) == "" {
			t.named = true
		}
	}
	t.raw = strings.TrimSpace(s)
	t.lower = strings.ToLower(strings.ReplaceAll(t.raw, "’", "'"))
	t.words = wordShape.FindAllString(emoji.ReplaceAllString(t.lower, " "), -1)
	t.lower = contracted.ReplaceAllString(t.lower, "${1}'${2}")
	t.full = contracted.ReplaceAllString(strings.ToLower(strings.ReplaceAll(text, "’", "'")), "${1}'${2}")
	for _, sentence := range sentences.Split(t.lower, -1) {
		if sentence = strings.TrimSpace(sentence); sentence != "" {
			t.leads = append(t.leads, strings.TrimSpace(greeting.ReplaceAllString(sentence, "")))
		}
	}
	t.marked = asking.MatchString(t.raw)
	return t
}

// never is why something can be no question, "" where it can.
func (t reading) never() string {
	letters := strings.ContainsFunc(emoji.ReplaceAllString(t.raw, ""), unicode.IsLetter)
	switch {
	case !letters && t.code:
		return "code alone"
	case !letters && t.link:
		return "a link alone"
	case !letters && t.quote:
		return "a quotation alone"
	case !letters && t.marked:
		return "a question mark alone"
	case !letters:
		return "no words"
	case strings.HasPrefix(t.lower, "/"):
		return "a command"
	}
	return ""
}
