package slack

import (
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// escape makes text stand for itself in mrkdwn and in the text beside blocks:
// these three characters are all that Slack asks for. What would still be read
// as formatting, such as *, changes the looks and never the meaning; mentions
// and links need an angle bracket.
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// escapeLabel is escape for the label of a link, which ends at no bar.
func escapeLabel(text string) string { return strings.ReplaceAll(escape(text), "|", "¦") }

func escapeAddress(address string) string {
	return strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C", " ", "%20").Replace(address)
}

// isAddress tells whether Slack takes it for the target of a link.
func isAddress(address string) bool {
	if len(address) > maxAddress || strings.ContainsAny(address, " \t\n<>|") {
		return false
	}
	u, err := url.Parse(address)
	return err == nil && ((u.Scheme == "http" || u.Scheme == "https") && u.Host != "" || u.Scheme == "mailto" && u.Opaque != "")
}

// clipTo shortens a text to limit characters, the last of them an ellipsis.
func clipTo(text string, limit int) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	return strings.TrimRight(string([]rune(text)[:limit-1]), " ") + "…"
}

// cutEscaped is clipTo for escaped text: it ends before no half entity or link.
func cutEscaped(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	cut := string([]rune(text)[:limit-1])
	if at := strings.LastIndexByte(cut, '&'); at >= 0 && !strings.Contains(cut[at:], ";") {
		cut = cut[:at]
	}
	if at := strings.LastIndexByte(cut, '<'); at >= 0 && !strings.Contains(cut[at:], ">") {
		cut = cut[:at]
	}
	return strings.TrimRight(cut, " \n") + "…"
}

func plainText(text string, limit int) map[string]any {
	text = clipTo(strings.TrimSpace(text), limit)
	if text == "" {
		text = "…"
	}
	return map[string]any{"type": "plain_text", "text": text, "emoji": false}
}

// mrkdwn is escaped text with links; verbatim, so that Slack makes no links
// and mentions of its own.
func mrkdwn(text string) map[string]any {
	return map[string]any{"type": "mrkdwn", "text": clipEscaped(text), "verbatim": true}
}

func clipEscaped(text string) string {
	if text == "" {
		return "…"
	}
	return cutEscaped(text, maxContext)
}

// literal is text in rich text, where a character is a character.
func literal(text string, style map[string]any) map[string]any {
	return styled(map[string]any{"type": "text", "text": disarmed(text)}, style)
}

// calls is what calls people in mrkdwn.
var calls = regexp.MustCompile(`<([@!][A-Za-z0-9^]+[|>])`)

// disarmed puts an invisible word joiner into what would call people if the
// text ever came to be read as mrkdwn, as by a client that shows no rich text.
func disarmed(text string) string {
	if !strings.Contains(text, "<") {
		return text
	}
	return calls.ReplaceAllString(text, "<\u2060$1")
}

func styled(e, style map[string]any) map[string]any {
	if len(style) > 0 {
		e["style"] = style
	}
	return e
}

// inlineSize is the length of inline elements in characters.
func inlineSize(inline []any) int {
	n := 0
	for _, one := range inline {
		e, _ := one.(map[string]any)
		text, _ := e["text"].(string)
		n += max(1, utf8.RuneCountInString(text))
	}
	return n
}

// splitInline divides inline elements into runs of at most limit characters,
// between lines, sentences or words where that is possible.
func splitInline(inline []any, limit int) [][]any {
	var out [][]any
	var run []any
	size := 0
	for len(inline) > 0 {
		e, _ := inline[0].(map[string]any)
		text, _ := e["text"].(string)
		n := max(1, utf8.RuneCountInString(text))
		if size+n <= limit {
			run, size, inline = append(run, e), size+n, inline[1:]
			continue
		}
		if e["type"] == "text" {
			head, tail := splitText(text, limit-size)
			if head != "" {
				run = append(run, withText(e, head))
			}
			if tail == "" {
				inline = inline[1:]
			} else {
				inline = append([]any{withText(e, tail)}, inline[1:]...)
			}
		} else if len(run) == 0 {
			run, inline = append(run, withText(e, clipTo(text, limit))), inline[1:] // a label this long
		}
		if len(run) > 0 {
			out = append(out, run)
		}
		run, size = nil, 0
	}
	if len(run) > 0 {
		out = append(out, run)
	}
	return out
}

func withText(e map[string]any, text string) map[string]any {
	out := map[string]any{}
	for k, v := range e {
		out[k] = v
	}
	out["text"] = text
	return out
}

// splitText cuts a text so that the head has at most limit characters, at the
// last line, sentence or word of its second half; nothing but white space at
// the cut is lost.
func splitText(text string, limit int) (head, tail string) {
	r := []rune(text)
	if len(r) <= limit {
		return text, ""
	}
	if limit <= 0 {
		return "", text
	}
	first := string(r[:limit])
	for _, border := range []string{"\n\n", "\n", ". ", "; ", ", ", " "} {
		if at := strings.LastIndex(first, border); at > len(first)/2 {
			at += len(strings.TrimRight(border, " \n"))
			return first[:at], strings.TrimLeft(text[at:], " \n")
		}
	}
	if limit < len(r)/2 && limit < 200 {
		return "", text // better a fresh start than a word cut in two
	}
	return first, string(r[limit:])
}
