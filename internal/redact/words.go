package redact

import (
	"math"
	"regexp"
	"strings"
	"unicode"
)

// Things that a platform's people write all the time, and that no rule may
// take for a secret: a commit or digest, a UUID, a version, a number with a
// unit, a date, an address with a port, a path, an e-mail address (which has a
// rule of its own).
var usual = regexp.MustCompile(`^(?i:(?:sha(?:1|256|512)[:-])?[0-9a-f]{7,64}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}` +
	`|v?\d+(?:\.\d+){1,3}(?:[-+.][0-9a-z.-]+)?|\d+(?:\.\d+)?(?:ms|s|m|h|d|w|[kmgt]i?b?|%|x)?` +
	`|\d{4}-\d\d-\d\d(?:t[\d:.]+(?:z|[+-][\d:]+)?)?|(?:[a-z][a-z0-9+.-]*://|\.{0,2}/|~/)[^\s:@]*(?::\d{1,5}(?:/[^\s@]*)?)?|[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?|localhost:\d{1,5}|arn:[\w:/.-]+)$`)

// opaque is what is usual on its own, but a secret behind a label that says so.
var opaque = regexp.MustCompile(`^(?i:[0-9a-f]{16,128}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{10,15})$`)

func harmless(v string) bool { return usual.MatchString(v) }

// placeholder is a value that stands for another: ${TOKEN}, <password>, ****,
// {{ .Values.x }}, vault:secret/x, [secret].
func placeholder(v string) bool {
	switch {
	case v == "", strings.HasPrefix(v, "$"), strings.HasPrefix(v, "<"), strings.HasPrefix(v, "{{"), strings.HasPrefix(v, "%") && strings.HasSuffix(v, "%"),
		strings.HasPrefix(v, "vault:"), strings.HasPrefix(v, "op://"), strings.HasPrefix(v, "file:"), strings.HasPrefix(v, "env:"), strings.HasPrefix(v, "arn:"), strings.HasPrefix(v, "/"), strings.HasPrefix(v, "./"), strings.HasPrefix(v, "@/"),
		strings.HasPrefix(v, "https://"), strings.HasPrefix(v, "http://"):
		return true
	}
	first := v[0]
	if strings.Trim(v, string(first)) == "" { // ***, xxxx, .....
		return true
	}
	switch lower := strings.ToLower(v); lower {
	case "changeme", "change-me", "your-token", "your-password", "your_token", "your_password", "example", "placeholder", "redacted", "secret", "password", "token", "pass", "todo", "tbd", "foo", "bar":
		return true
	}
	return false
}

// plainAnswer is what people write behind "password:" that is none.
func plainAnswer(v string) bool {
	switch strings.ToLower(v) {
	case "true", "false", "null", "nil", "none", "yes", "no", "empty", "unset", "missing", "required", "optional", "expired", "invalid", "wrong", "unknown", "denied", "rotated",
		"reset", "ok", "string", "str", "undefined", "disabled", "enabled", "write", "read", "admin", "rejected", "incorrect", "failed", "error", "forbidden", "unauthorized", "revoked", "needed", "here", "n/a", "not", "set", "is", "the", "a":
		return true
	}
	return false
}

// plainWord is a run of letters in one case, as words are written.
func plainWord(v string) bool {
	rest := v
	if r := []rune(v); len(r) > 1 {
		rest = string(r[1:])
	}
	return !strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '\'' }) && rest == strings.ToLower(rest)
}

// kebab is a name of words in lower case, with at most short numbers:
// payments-db-2, db_credentials, glpat-rotation-runbook.
func kebab(v string) bool {
	if v != strings.ToLower(v) {
		return false
	}
	parts := strings.FieldsFunc(v, func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == '/' || r == ':' })
	if len(parts) == 0 {
		return false
	}
	for _, p := range parts {
		digits := strings.Count(p, "") - 1 - len(strings.TrimFunc(p, unicode.IsDigit))
		letters := strings.TrimFunc(p, unicode.IsDigit)
		if strings.ContainsFunc(letters, func(r rune) bool { return r < 'a' || r > 'z' }) || digits > 4 || len(letters) > 20 || len(parts) == 1 && digits > 0 {
			return false
		}
	}
	return true
}

func classes(v string) (letters, digits, others int) {
	for _, r := range v {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r):
			digits++
		default:
			others++
		}
	}
	return letters, digits, others
}

// mixed has both cases, and not only at the beginning of words as names have.
func mixed(v string) bool {
	upper, lower, humps := 0, 0, 0
	for i := range len(v) {
		switch c := v[i]; {
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
			if i > 0 && v[i-1] >= 'A' && v[i-1] <= 'Z' {
				humps++
			}
		}
	}
	return upper >= 2 && lower >= 2 && float64(lower)/float64(humps+1) < 3
}

func isHex(v string) bool {
	return !strings.ContainsFunc(v, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) })
}

// looksRandom tells a generated token from an identifier: all three classes
// well mixed, and about as many different signs as chance gives.
func looksRandom(v string) bool {
	if isHex(v) || strings.HasPrefix(v, "sha256-") || strings.HasPrefix(v, "sha512-") || strings.HasPrefix(v, "sha384-") {
		return false
	}
	upper, lower, digits := 0, 0, 0
	changes := 0
	var before int
	counts := map[byte]int{}
	for i := range len(v) {
		c := v[i]
		counts[c]++
		class := 3
		switch {
		case c >= 'A' && c <= 'Z':
			upper++
			class = 0
		case c >= 'a' && c <= 'z':
			lower++
			class = 1
		case c >= '0' && c <= '9':
			digits++
			class = 2
		}
		if i > 0 && class != before {
			changes++
		}
		before = class
	}
	if upper < 4 || lower < 4 || digits < 3 || strings.Count(v, "/") > 3 || strings.Count(v, "-")+strings.Count(v, "_") > 3+len(v)/16 {
		return false
	}
	entropy := 0.0
	for _, n := range counts {
		p := float64(n) / float64(len(v))
		entropy -= p * math.Log2(p)
	}
	return entropy > 3.9 && changes*10 >= len(v)*4
}
