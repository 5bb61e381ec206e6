package commands

import (
	"strings"
	"unicode"
)

// Arguments are the words behind a command, told apart.
type Arguments struct {
	Named   []Argument // those that name one of the inputs, in order
	Unknown []Argument // name=value and --name whose name is none of them
	Words   []string   // the rest, quotation marks taken off
	Quoted  []bool     // of each of Words: it was quoted, so it is one value
}

// Argument is one value given by name. Value is "" for a --name without one.
type Argument struct {
	Name  string // as the inputs spell it; of an unknown one as it was typed
	Value string
	Flag  bool // --name
}

// Name is an input that may be given by name.
type Name struct {
	Name string
	Flag bool // --name alone gives it
	Text bool // its value goes on to the next name
}

// ReadArguments splits what stands behind a command: name=value, name: value,
// --name value, --name=value, and words, each value in quotation marks where it
// has spaces. A name may be written with '-' for '_', and cut short where only
// one of them begins so.
func ReadArguments(text string, names []Name) Arguments {
	var out Arguments
	tokens := tokenize(text)
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if t.name == "" {
			// "size gb = 20": the sign stands alone, behind the name.
			out.Words, out.Quoted = append(out.Words, t.value), append(out.Quoted, t.quoted)
			continue
		}
		input := meant(t.name, names)
		name := input.Name
		if name == "" && !t.dashes && t.colon {
			// A colon in a word is no sign of a name: a time, an address, an image.
			out.Words, out.Quoted = append(out.Words, t.raw), append(out.Quoted, false)
			continue
		}
		a := Argument{Name: name, Value: t.value, Flag: t.dashes}
		if takesNext := !t.valued && (!t.dashes || !input.Flag); takesNext && i+1 < len(tokens) && tokens[i+1].name == "" {
			i++
			a.Value = tokens[i].value
		}
		for input.Text && !t.quoted && a.Value != "" && i+1 < len(tokens) && !tokens[i+1].dashes && meant(tokens[i+1].name, names).Name == "" {
			i++
			a.Value += " " + tokens[i].raw
		}
		if name == "" {
			a.Name = t.name
			out.Unknown = append(out.Unknown, a)
			continue
		}
		out.Named = append(out.Named, a)
	}
	return out
}

// meant is the input that a name stands for, the zero Name where it is none or several.
func meant(typed string, names []Name) Name {
	key := nameKey(typed)
	if key == "" {
		return Name{}
	}
	var found Name
	several := false
	for _, n := range names {
		k := nameKey(n.Name)
		if k == key {
			return n
		}
		if len(key) >= 3 && strings.HasPrefix(k, key) {
			several = found.Name != ""
			found = n
		}
	}
	if several {
		return Name{}
	}
	return found
}

func nameKey(s string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(s))
}

// token is a word, or a name with or without its value.
type token struct {
	raw    string
	name   string
	value  string
	valued bool // the value stands with the name
	quoted bool
	dashes bool
	colon  bool
}

// tokenize cuts the text at white space outside quotation marks.
func tokenize(text string) []token {
	var out []token
	for rest := strings.TrimLeftFunc(text, unicode.IsSpace); rest != ""; rest = strings.TrimLeftFunc(rest, unicode.IsSpace) {
		var t token
		t, rest = nextToken(rest)
		// `name = value` and `name =value`: the sign belongs to what is before it.
		if n := len(out); n > 0 && !t.quoted && t.name == "" && strings.HasPrefix(t.value, "=") && out[n-1].name == "" && !out[n-1].quoted && isName(out[n-1].value) {
			last := &out[n-1]
			last.name, last.value = last.value, strings.TrimPrefix(t.value, "=")
			last.raw, last.valued = last.name+"="+last.value, last.value != ""
			continue
		}
		if t.raw != "" {
			out = append(out, t)
		}
	}
	return out
}

func nextToken(s string) (token, string) {
	if value, rest, ok := quotation(s); ok {
		return token{raw: value, value: value, quoted: true}, strings.TrimPrefix(rest, ",")
	}
	end, sign := 0, -1
	for end < len(s) && !isSpace(s[end]) {
		if sign < 0 && end > 0 && (s[end] == '=' || s[end] == ':') {
			sign = end
			if value, rest, ok := quotation(s[end+1:]); ok && isName(strings.TrimLeft(s[:end], "-")) {
				t := token{raw: s[:end+1] + value, name: strings.TrimLeft(s[:end], "-"), value: value, valued: true, quoted: true, dashes: strings.HasPrefix(s, "--"), colon: s[end] == ':'}
				return t, strings.TrimPrefix(rest, ",")
			}
		}
		end++
	}
	word, rest := s[:end], s[end:]
	t := token{raw: word}
	bare := strings.TrimRight(word, ",;")
	dashed := strings.HasPrefix(bare, "--") || strings.HasPrefix(bare, "—")
	name := strings.TrimLeft(strings.TrimPrefix(bare, "—"), "-")
	switch {
	case sign > 0 && isName(strings.TrimLeft(word[:sign], "-—")):
		t.name, t.value, t.dashes, t.colon = strings.TrimLeft(word[:sign], "-—"), strings.TrimRight(word[sign+1:], ",;"), dashed, word[sign] == ':'
		t.valued = t.value != ""
	case dashed && isName(name):
		t.name, t.dashes = name, true
	default:
		t.value = bare
		if bare == "" {
			t.raw = ""
		}
	}
	return t, rest
}

// quotation reads a value in quotation marks at the beginning of s.
func quotation(s string) (value, rest string, ok bool) {
	for _, q := range [][2]string{{`"`, `"`}, {"'", "'"}, {"`", "`"}, {"“", "”"}, {"„", "“"}, {"‘", "’"}, {"«", "»"}} {
		body, found := strings.CutPrefix(s, q[0])
		if !found {
			continue
		}
		if value, rest, ok = strings.Cut(body, q[1]); ok && (rest == "" || isSpace(rest[0]) || rest[0] == ',' || rest[0] == ';') {
			return value, rest, true
		}
	}
	return "", s, false
}

// isName tells whether the word can be an input's name.
func isName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '_' && r != '-') {
			return false
		}
	}
	return true
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }
