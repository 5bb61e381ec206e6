package engine

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"frontdoor/internal/workflow"
)

func itoa(n int) string { return strconv.Itoa(n) }

// count says "1 step" or "3 steps".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return itoa(n) + " " + many
}

// list is "a", "a and b" or "a, b and c".
func list(words []string, and string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + and + " " + words[len(words)-1]
}

// quoted are the words between code marks.
func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = "`" + w + "`"
	}
	return out
}

func quoteAll(words []string) string { return list(quoted(words), "or") }

// show is a value as a person types it.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	return fmt.Sprint(v)
}

// sentence makes a reason into a sentence: a capital letter and a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	// `name` and size_gb keep their letters.
	if word, _, _ := strings.Cut(s, " "); !strings.ContainsAny(word, "_`“") {
		s = string(unicode.ToUpper(first)) + s[size:]
	}
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}

// stateWords says how a run is doing.
func stateWords(r workflow.Run) string {
	switch {
	case r.Stopping:
		return "being stopped at " + orStart(r.Step)
	case r.Frozen != nil && r.Frozen.Reason != "":
		return "paused by the operator: " + strings.TrimRight(r.Frozen.Reason, ". ")
	case r.Frozen != nil:
		return "paused by the operator"
	}
	switch r.State {
	case workflow.Waiting:
		return waitingWords(r)
	case workflow.Running:
		return "working on " + orStart(r.Step)
	case workflow.Unknown:
		return "interrupted at " + orStart(r.Step) + ", and I can't tell whether it was done"
	}
	return string(r.State)
}

func orStart(step string) string {
	if step == "" {
		return "its start"
	}
	return "`" + step + "`"
}
