package intents

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
)

// ParseValue reads what a person wrote for input: int64 for an integer,
// float64 for a number, bool for a boolean, string otherwise (the option as it
// is spelt in the playbook for a choice, 2006-01-02 for a date, an id for a
// person). now tells what “tomorrow” is and in which time zone. Its errors are
// sentences for people that name the input, what it must be and what was
// written.
func ParseValue(input playbook.Input, text string, now time.Time) (any, error) {
	pattern, err := compilePattern(input)
	if err != nil {
		return nil, err
	}
	return parseValue(input, pattern, text, now)
}

// compilePattern is the input's pattern for a whole value, nil where there is
// none.
func compilePattern(input playbook.Input) (*regexp.Regexp, error) {
	if input.Pattern == "" {
		return nil, nil
	}
	re, err := regexp.Compile("^(?:" + input.Pattern + ")$")
	if err != nil {
		return nil, fmt.Errorf("%s has a pattern that cannot be read: %w", input.Name, err)
	}
	return re, nil
}

func parseValue(input playbook.Input, pattern *regexp.Regexp, text string, now time.Time) (any, error) {
	value, ok := readValue(input, pattern, clean(text), now)
	if !ok {
		return nil, errors.New(mustBe(input, pattern, text))
	}
	return value, nil
}

// clean takes the space and the quotation marks off a value.
func clean(text string) string {
	text = strings.TrimSpace(text)
	for _, q := range [][2]string{{`"`, `"`}, {"'", "'"}, {"`", "`"}, {"“", "”"}, {"„", "“"}, {"‘", "’"}, {"«", "»"}} {
		if len(text) > len(q[0])+len(q[1]) && strings.HasPrefix(text, q[0]) && strings.HasSuffix(text, q[1]) {
			return strings.TrimSpace(text[len(q[0]) : len(text)-len(q[1])])
		}
	}
	return text
}

func readValue(input playbook.Input, pattern *regexp.Regexp, text string, now time.Time) (any, bool) {
	if text == "" {
		return nil, false
	}
	switch input.Type {
	case playbook.Integer:
		f, ok := parseQuantity(input.Name, text)
		if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 || !within(input, f) {
			return nil, false
		}
		return int64(f), true
	case playbook.Number:
		f, ok := parseQuantity(input.Name, text)
		if !ok || !within(input, f) {
			return nil, false
		}
		return f, true
	case playbook.Boolean:
		b, ok := parseBool(text)
		return b, ok
	case playbook.Choice:
		o, ok := chooseOption(input.Options, text)
		return o, ok
	case playbook.Date:
		d, ok := parseDate(text, now)
		if !ok {
			return nil, false
		}
		return d.Format(time.DateOnly), true
	case playbook.Someone:
		id, ok := parsePerson(text)
		return id, ok && within(input, float64(utf8.RuneCountInString(id)))
	case playbook.String, playbook.Text:
	}
	if !utf8.ValidString(text) || input.Type != playbook.Text && strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	if !within(input, float64(utf8.RuneCountInString(text))) {
		return nil, false
	}
	if pattern != nil && !pattern.MatchString(text) {
		return nil, false
	}
	return text, true
}

func within(input playbook.Input, f float64) bool {
	return (input.Min == nil || f >= *input.Min) && (input.Max == nil || f <= *input.Max)
}

// maxQuoted is how much of a wrong value an error repeats, in runes.
const maxQuoted = 60

func mustBe(input playbook.Input, pattern *regexp.Regexp, text string) string {
	written := foldSpace(strings.ToValidUTF8(text, "�"))
	if r := []rune(written); len(r) > maxQuoted {
		written = string(r[:maxQuoted]) + "…"
	}
	not := "not “" + written + "”"
	if written == "" {
		not = "not empty"
	}
	if input.Pattern != "" {
		// People read words, not expressions: the author's, and what would do.
		why := fmt.Sprintf("%s can't be “%s”", input.Name, written)
		if written == "" {
			why = input.Name + " is empty"
		}
		if input.Help != "" {
			why += ": " + strings.TrimRight(input.Help, ".")
		}
		if better := slug(text); better != written {
			if v, ok := readValue(input, pattern, better, time.Time{}); ok {
				return fmt.Sprintf("%s. How about `%v`?", why, v)
			}
		}
		return why
	}
	return fmt.Sprintf("%s must be %s, %s", input.Name, kindOf(input), not)
}

// slug is the text as most names want it: small letters and digits with single
// hyphens between.
func slug(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}

// kindOf says in words what an input takes.
func kindOf(input playbook.Input) string {
	number := func(f *float64) string { return strconv.FormatFloat(*f, 'f', -1, 64) }
	span := func(unit string) string {
		switch {
		case input.Min != nil && input.Max != nil && *input.Min == *input.Max:
			return " of exactly " + number(input.Min) + unit
		case input.Min != nil && input.Max != nil:
			return " from " + number(input.Min) + " to " + number(input.Max) + unit
		case input.Min != nil:
			return " of at least " + number(input.Min) + unit
		case input.Max != nil:
			return " of at most " + number(input.Max) + unit
		}
		return ""
	}
	switch input.Type {
	case playbook.Integer:
		return "a whole number" + span("")
	case playbook.Number:
		return "a number" + span("")
	case playbook.Boolean:
		return "yes or no"
	case playbook.Choice:
		if len(input.Options) == 1 {
			return input.Options[0]
		}
		if n := len(input.Options); n > 1 {
			return "one of " + strings.Join(input.Options[:n-1], ", ") + " or " + input.Options[n-1]
		}
		return "one of the options"
	case playbook.Date:
		return "a date such as 2026-12-01, tomorrow or next friday"
	case playbook.Someone:
		return "a person such as @name"
	case playbook.Text:
		return "a text" + span(" characters") + matching(input)
	case playbook.String:
	}
	return "one line of text" + span(" characters") + matching(input)
}

func matching(input playbook.Input) string {
	if input.Pattern == "" {
		return ""
	}
	return " that matches " + input.Pattern
}

var numberWords = map[string]float64{
	"zero": 0, "none": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
	"nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
	"thirteen": 13, "fourteen": 14, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
	"fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000, "dozen": 12, "half": 0.5, "a": 1, "an": 1,
}

// unit is a word after a number: the kind of quantity and its size in the
// smallest unit of the kind.
type unit struct {
	kind string
	size float64
}

// units: bytes count in powers of 1024, as disks of databases and containers do.
var units = map[string]unit{
	"b": {"bytes", 1}, "byte": {"bytes", 1}, "bytes": {"bytes", 1},
	"k": {"bytes", 1 << 10}, "kb": {"bytes", 1 << 10}, "ki": {"bytes", 1 << 10}, "kib": {"bytes", 1 << 10},
	"m": {"bytes", 1 << 20}, "mb": {"bytes", 1 << 20}, "mi": {"bytes", 1 << 20}, "mib": {"bytes", 1 << 20}, "meg": {"bytes", 1 << 20}, "megs": {"bytes", 1 << 20}, "megabytes": {"bytes", 1 << 20},
	"g": {"bytes", 1 << 30}, "gb": {"bytes", 1 << 30}, "gi": {"bytes", 1 << 30}, "gib": {"bytes", 1 << 30}, "gig": {"bytes", 1 << 30}, "gigs": {"bytes", 1 << 30}, "gigabyte": {"bytes", 1 << 30}, "gigabytes": {"bytes", 1 << 30},
	"t": {"bytes", 1 << 40}, "tb": {"bytes", 1 << 40}, "ti": {"bytes", 1 << 40}, "tib": {"bytes", 1 << 40}, "terabyte": {"bytes", 1 << 40}, "terabytes": {"bytes", 1 << 40},
	"s": {"time", 1}, "sec": {"time", 1}, "secs": {"time", 1}, "second": {"time", 1}, "seconds": {"time", 1},
	"min": {"time", 60}, "mins": {"time", 60}, "minute": {"time", 60}, "minutes": {"time", 60},
	"h": {"time", 3600}, "hr": {"time", 3600}, "hrs": {"time", 3600}, "hour": {"time", 3600}, "hours": {"time", 3600},
	"d": {"time", 86400}, "day": {"time", 86400}, "days": {"time", 86400},
	"w": {"time", 604800}, "wk": {"time", 604800}, "week": {"time", 604800}, "weeks": {"time", 604800},
	"month": {"time", 2592000}, "months": {"time", 2592000}, "year": {"time", 31536000}, "years": {"time", 31536000},
	"%": {"share", 1}, "percent": {"share", 1}, "pct": {"share", 1},
	"eur": {"money", 1}, "€": {"money", 1}, "euro": {"money", 1}, "euros": {"money", 1},
}

// unitOf is the unit that an input's name ends in, such as gb in size_gb.
func unitOf(name string) (unit, bool) {
	parts := strings.Split(strings.ToLower(name), "_")
	last := parts[len(parts)-1]
	u, ok := units[last]
	if ok && len(last) == 1 && len(parts) == 1 {
		return unit{}, false
	}
	return u, ok
}

var quantity = regexp.MustCompile(`^([+-]?(?:\d{1,3}(?:[,_']\d{3})+|\d+)(?:\.\d+)?|[a-z]+)[\s-]*(%|€|[a-z]*)$`)

// parseQuantity reads a number with an optional unit, in the unit of the
// input's name: 2 weeks of expiry_days are 14. A unit on an input that names
// none is its own word (“3 replicas”) and must be one of the name's.
func parseQuantity(name, text string) (float64, bool) {
	text = strings.TrimLeft(strings.ToLower(strings.TrimSpace(text)), "€$£")
	if own, ok := unitOf(name); ok && own.kind == "time" && clock.MatchString(text) {
		return parseClock(text) / own.size, true
	}
	m := quantity.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	f, ok := numberWords[m[1]]
	if !ok {
		var err error
		f, err = strconv.ParseFloat(strings.NewReplacer(",", "", "_", "", "'", "").Replace(m[1]), 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return 0, false
		}
	}
	if m[2] == "" {
		return f, ok || m[1][0] < 'a'
	}
	own, named := unitOf(name)
	given, known := units[m[2]]
	if named && known && given.kind == own.kind {
		if m[2] == "m" && own.kind == "time" {
			given.size = 60
		}
		return f * given.size / own.size, true
	}
	if named && own.kind == "time" && m[2] == "m" {
		return f * 60 / own.size, true
	}
	if m[2] == "k" && own.kind != "bytes" {
		return f * 1000, true
	}
	return f, nameHas(name, m[2])
}

// parseClock is the seconds of 1h30m.
func parseClock(text string) float64 {
	sum := 0.0
	for text != "" {
		j := strings.IndexAny(text, "dhms")
		n, err := strconv.ParseFloat(text[:j], 64)
		if err != nil {
			return math.NaN()
		}
		size := units[text[j:j+1]].size
		if text[j] == 'm' {
			size = 60
		}
		sum += n * size
		text = text[j+1:]
	}
	return sum
}

// nameHas tells whether word, singular or plural, is a part of an input's name.
func nameHas(name, word string) bool {
	word = strings.TrimSuffix(strings.ToLower(word), "s")
	for part := range strings.SplitSeq(strings.ToLower(name), "_") {
		if word != "" && strings.TrimSuffix(part, "s") == word {
			return true
		}
	}
	return false
}

func parseBool(text string) (value, ok bool) {
	switch strings.ToLower(strings.Trim(text, ".! ")) {
	case "yes", "y", "yeah", "yep", "yup", "true", "on", "1", "enable", "enabled", "sure", "please", "ok":
		return true, true
	case "no", "n", "nope", "nah", "false", "off", "0", "disable", "disabled", "never":
		return false, true
	}
	return false, false
}

func parsePerson(text string) (string, bool) {
	if strings.HasPrefix(text, "<@") && strings.HasSuffix(text, ">") {
		id, _, _ := strings.Cut(strings.Trim(text, "<@!>"), "|")
		return id, id != ""
	}
	id := strings.TrimPrefix(text, "@")
	if id == "" || strings.ContainsAny(id, " \t\r\n<>") {
		return "", false
	}
	return id, true
}

// optionAliases are other words for common options; an alias counts only where
// exactly one of its options is offered.
var optionAliases = map[string][]string{
	"production": {"prod", "prd", "live"}, "prod": {"production", "prd", "live"}, "prd": {"prod", "production"}, "live": {"prod", "production", "live"},
	"staging": {"stg", "stage", "staging"}, "stg": {"staging", "stage"}, "stage": {"staging", "stg"}, "preprod": {"staging", "pre-prod"},
	"development": {"dev", "develop"}, "dev": {"development", "develop"}, "develop": {"dev", "development"},
	"testing": {"test", "qa"}, "qa": {"test", "testing"},
	"golang": {"go"}, "go": {"golang"}, "py": {"python"}, "python3": {"python"}, "js": {"javascript", "node"}, "javascript": {"js", "node"}, "ts": {"typescript"},
	"nodejs": {"node", "javascript"}, "pg": {"postgres", "postgresql"}, "postgres": {"postgresql", "pg"}, "postgresql": {"postgres", "pg"}, "k8s": {"kubernetes"}, "kube": {"kubernetes"},
	"sm": {"small"}, "s": {"small"}, "m": {"medium"}, "med": {"medium"}, "l": {"large"}, "lg": {"large"}, "big": {"large"}, "tiny": {"small"}, "huge": {"large", "xlarge"},
	"ro": {"read", "read-only", "readonly"}, "rw": {"write", "read-write", "readwrite"}, "readonly": {"read-only", "read"}, "write": {"read-write"},
	"europe": {"eu", "eu-1"}, "eu": {"europe", "eu-1"}, "us": {"usa", "us-1"}, "usa": {"us", "us-1"}, "america": {"us", "us-1"},
	"urgent": {"high"}, "critical": {"high"}, "asap": {"urgent", "high"},
}

// chooseOption finds the option that text means: itself whatever the case and
// the dashes, an alias, its only beginning of two letters or more, or a typo.
func chooseOption(options []string, text string) (string, bool) {
	if o, ok := exactOption(options, text); ok {
		return o, ok
	}
	t := strings.ToLower(text)
	found := ""
	for _, o := range options {
		if utf8.RuneCountInString(t) >= 2 && strings.HasPrefix(strings.ToLower(o), t) {
			if found != "" {
				return "", false
			}
			found = o
		}
	}
	if found != "" {
		return found, true
	}
	return nearOption(options, t)
}

// exactOption is chooseOption without guesses.
func exactOption(options []string, text string) (string, bool) {
	for _, o := range options {
		if strings.EqualFold(o, text) {
			return o, true
		}
	}
	if t := undashed(text); t != "" {
		for _, o := range options {
			if undashed(o) == t {
				return o, true
			}
		}
	}
	found := ""
	for _, alias := range optionAliases[strings.ToLower(text)] {
		for _, o := range options {
			if strings.EqualFold(o, alias) && o != found {
				if found != "" {
					return "", false
				}
				found = o
			}
		}
	}
	return found, found != ""
}

// undashed is text in lower case without dashes, underscores and spaces.
func undashed(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == ' ' {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
}

// partOption is the only option that t is the first part of, up to a dash (eu of
// eu-west-1), or that begins t (admin of administrator).
func partOption(options []string, t string) (string, bool) {
	found := ""
	for _, o := range options {
		low := strings.ToLower(o)
		if rest, ok := strings.CutPrefix(low, t); ok && rest != "" && strings.ContainsAny(rest[:1], "-_ ") || len(low) >= 4 && len(t) > len(low) && strings.HasPrefix(t, low) && !strings.ContainsAny(t, "-_./") {
			if found != "" {
				return "", false
			}
			found = o
		}
	}
	return found, found != ""
}

// nearOption is the only option a slip of the finger away.
func nearOption(options []string, t string) (string, bool) {
	found := ""
	for _, o := range options {
		if n := utf8.RuneCountInString(t); n >= 4 && n <= 40 && problem.Distance(t, strings.ToLower(o)) == 1 {
			if found != "" {
				return "", false
			}
			found = o
		}
	}
	return found, found != ""
}
