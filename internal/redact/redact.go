// Package redact takes secrets and personal data out of text before anybody
// stores it or sends it on. Secrets are found by gitleaks' rules and by rules
// of our own for what people paste and write in chat; e-mail addresses, phone
// numbers, payment cards and bank accounts by rules of our own. Addresses of
// machines stay: a platform's talk is full of them and they are nobody's.
package redact

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Kind is what was found, and in brackets what stands in its place.
type Kind string

// The kinds.
const (
	Secret Kind = "secret" // password, token, key
	Email  Kind = "email"
	Phone  Kind = "phone"
	Card   Kind = "card" // payment card or IBAN
)

// Finding says that something was taken out and by which rule; it never holds
// what it was.
type Finding struct {
	Kind Kind
	Rule string
}

// Redactor finds and replaces. It is safe for concurrent use.
type Redactor struct {
	leaks func() leaks
}

// New returns a Redactor. gitleaks' rules, some 200 expressions, are compiled
// at the first use or by Warm, whichever comes first.
func New() (*Redactor, error) {
	return &Redactor{leaks: sync.OnceValue(loadLeaks)}, nil
}

// Warm compiles the rules, so that no message waits for that. It returns an
// error when gitleaks' rules cannot be read; Redact then keeps nothing of any
// text.
func (r *Redactor) Warm() error { return r.leaks().err }

// passes is how often the text is searched at most. What follows a replaced
// secret can look different to a rule than with the secret before it, so the
// search goes on until it finds nothing; two passes are the rule. Text that
// still gives something after this many was made to.
const passes = 16

// marker is what stands in the place of what was found.
var marker = regexp.MustCompile(`\[(?:secret|email|phone|card)\]`)

// Redact returns text with every secret and personal datum replaced by its
// kind in brackets, and what was replaced. Redacting twice is redacting once.
// Bytes that are not UTF-8 come back as U+FFFD. When the rules cannot be
// loaded, or the text is made to confuse them, all of it is one secret.
func (r *Redactor) Redact(text string) (string, []Finding) {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	detector := r.leaks()
	if detector.err != nil {
		return nothing(text, "no_rules")
	}
	var findings []Finding
	for range passes {
		next, found := pass(detector, text)
		if len(found) == 0 {
			return text, findings
		}
		text = next
		findings = append(findings, found...)
	}
	return nothing(text, "confusing")
}

func nothing(text, rule string) (string, []Finding) {
	if text == "" {
		return "", nil
	}
	return mark(Secret), []Finding{{Secret, rule}}
}

func mark(k Kind) string { return "[" + string(k) + "]" }

// span is a part of a text that is to go.
type span struct {
	start, end int
	kind       Kind
	rule       string
}

// pass replaces what is found between the markers that are there already.
func pass(detector leaks, text string) (string, []Finding) {
	var out strings.Builder
	var findings []Finding
	rest := 0
	part := func(s string) {
		spans := join(append(detector.find(s), find(s)...))
		at := 0
		for _, f := range spans {
			out.WriteString(s[at:f.start])
			out.WriteString(mark(f.kind))
			at = f.end
			findings = append(findings, Finding{f.kind, f.rule})
		}
		out.WriteString(s[at:])
	}
	for _, m := range marker.FindAllStringIndex(text, -1) {
		part(text[rest:m[0]])
		out.WriteString(text[m[0]:m[1]])
		rest = m[1]
	}
	part(text[rest:])
	return out.String(), findings
}

// join sorts spans and makes one of those that overlap. What overlaps a secret
// is left to the next pass: the part of it that remains may be nothing (the
// password and host of an address look like e-mail).
func join(spans []span) []span {
	spans = slices.DeleteFunc(spans, func(s span) bool { return s.start >= s.end })
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.rule, b.rule))
	})
	var secrets, others, out []span
	for _, s := range spans {
		if s.kind == Secret {
			secrets = merge(secrets, s)
		} else {
			others = merge(others, s)
		}
	}
	for _, s := range others {
		for len(secrets) > 0 && secrets[0].end <= s.start {
			out = append(out, secrets[0])
			secrets = secrets[1:]
		}
		if len(secrets) == 0 || secrets[0].start >= s.end {
			out = append(out, s)
		}
	}
	return append(out, secrets...)
}

// merge adds s, which doesn't begin before the last of spans.
func merge(spans []span, s span) []span {
	if n := len(spans); n > 0 && s.start < spans[n-1].end {
		spans[n-1].end = max(spans[n-1].end, s.end)
		return spans
	}
	return append(spans, s)
}
