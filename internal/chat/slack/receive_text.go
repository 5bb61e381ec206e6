package slack

import (
	"html"
	"regexp"
	"strings"
)

// angled is what Slack writes in angle brackets; those that people type come
// as &lt; and &gt;.
var angled = regexp.MustCompile(`<([^<>\n]+)>`)

// unescape undoes the three entities that Slack writes, and no others.
var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// plain is a message's text as its author saw it: entities, links and mentions
// spelt out, mentions of the bot itself left out. name may know what a person
// is called.
func plain(text, self string, name func(user string) string) (said string, mentioned bool) {
	var b strings.Builder
	at := 0
	for _, m := range angled.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(unescape.Replace(text[at:m[0]]))
		at = m[1]
		token := text[m[2]:m[3]]
		user, ok := strings.CutPrefix(token, "@")
		user, _, _ = strings.Cut(user, "|")
		if ok && self != "" && user == self {
			mentioned = true
			before := b.String()
			if rest := text[at:]; rest == "" || strings.ContainsRune("?!.,;:", rune(rest[0])) {
				before = strings.TrimRight(before, " ,") // "is it up, @bot?"
				b.Reset()
				b.WriteString(before)
			}
			at += skipAfterMention(text[at:], before)
			continue
		}
		b.WriteString(spelt(token, name))
	}
	b.WriteString(unescape.Replace(text[at:]))
	return strings.TrimSpace(b.String()), mentioned
}

// skipAfterMention is how much of what follows a mention of the bot goes with
// it: the punctuation of an address at the beginning, one of two spaces within.
func skipAfterMention(rest, before string) int {
	if strings.TrimSpace(before) == "" {
		return len(rest) - len(strings.TrimLeft(rest, " ,:;!\u00a0—–-"))
	}
	if strings.HasSuffix(before, " ") && strings.HasPrefix(rest, " ") {
		return 1
	}
	return 0
}

// spelt is what people see of something in angle brackets.
func spelt(token string, name func(user string) string) string {
	target, label, labelled := strings.Cut(token, "|")
	label = unescape.Replace(label)
	switch {
	case strings.HasPrefix(target, "@"):
		if name != nil {
			if known := name(target[1:]); known != "" {
				return "@" + known
			}
		}
		if labelled && label != "" {
			return "@" + strings.TrimPrefix(label, "@")
		}
		return target
	case strings.HasPrefix(target, "#"):
		if labelled && label != "" {
			return "#" + label
		}
		return target
	case strings.HasPrefix(target, "!"):
		return special(target[1:], label)
	}
	if !strings.Contains(target, ":") {
		return unescape.Replace("<" + token + ">") // a command's text may come unescaped
	}
	return link(unescape.Replace(target), label)
}

// special is a group, a broadcast or a date.
func special(target, label string) string {
	if group, ok := strings.CutPrefix(target, "subteam^"); ok {
		if label != "" {
			return "@" + strings.TrimPrefix(label, "@")
		}
		return "@" + group
	}
	if strings.HasPrefix(target, "date^") {
		return label
	}
	if label != "" {
		return "@" + strings.TrimPrefix(label, "@")
	}
	return "@" + target
}

// link is an address as it was typed: Slack makes a link of example.com and
// labels it with what stood there. A label that somebody chose stands before
// the address.
func link(target, label string) string {
	bare := target
	for _, scheme := range []string{"mailto:", "tel:", "http://", "https://"} {
		if rest, ok := strings.CutPrefix(bare, scheme); ok {
			bare = rest
			break
		}
	}
	switch {
	case label == "" && (strings.HasPrefix(target, "mailto:") || strings.HasPrefix(target, "tel:")):
		return bare
	case label == "" || label == target:
		return target
	case label == bare || label == strings.TrimSuffix(bare, "/") || html.UnescapeString(label) == bare:
		return label
	}
	return label + " (" + target + ")"
}
