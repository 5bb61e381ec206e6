package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"frontdoor/internal/docs"
	"frontdoor/internal/document"
	"frontdoor/internal/problem"
)

// decode fills the configuration and says of each mistake what to write.
func (l *loader) decode() problem.List {
	unknown := map[[2]int]*document.Node{} // by the place of the key
	found := document.Decode(l.doc.Root, &l.cfg, func(n *document.Node) {
		before := len(l.secrets)
		l.secret(n)
		l.odd = append(l.odd, l.secrets[before:]...)
		l.secrets = l.secrets[:before]
		at := n.KeyProblem("", "")
		unknown[[2]int{at.Line, at.Column}] = n
	})
	all := keys()
	for i := range found {
		p := &found[i]
		if n := unknown[[2]int{p.Line, p.Column}]; n != nil && strings.HasPrefix(p.Message, "unknown key ") {
			if hint := elsewhere(n, all); hint != "" {
				p.Hint = hint
			}
			continue
		}
		l.teach(p)
	}
	return found
}

// keys are the paths of all keys, in the order of the types; an item of a list
// is [], and any name of a map is *.
func keys() []string {
	var out []string
	var visit func(path string, t reflect.Type)
	visit = func(path string, t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer:
			visit(path, t.Elem())
		case reflect.Slice:
			visit(path+"[]", t.Elem())
		case reflect.Map:
			visit(path+".*", t.Elem())
		case reflect.Struct:
			for f := range t.Fields() {
				tag := f.Tag.Get("yaml")
				if tag == "" || tag == "-" {
					continue
				}
				at := strings.TrimPrefix(path+"."+tag, ".")
				out = append(out, at)
				visit(at, f.Type)
			}
		}
	}
	visit("", reflect.TypeFor[Config]())
	return out
}

// split is the last word of a path and what is before it.
func split(path string) (parent, key string) {
	if i := strings.LastIndex(path, "."); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// index is the number of an item in a path.
var index = regexp.MustCompile(`\[\d+\]`)

// named are the places below which people choose the names.
var named = regexp.MustCompile(`^(people\.groups|workflows\.config|workflows\.secrets)(\.[A-Za-z0-9_-]+|\["[^"]*"\])`)

// general is a path as keys has it.
func general(path string) string {
	return named.ReplaceAllString(index.ReplaceAllString(path, "[]"), "$1.*")
}

// elsewhere is the hint for an unknown key that is known in another place, or
// is written with dots; "" where what is known beside it helps more.
func elsewhere(n *document.Node, all []string) string {
	path := general(n.Path())
	parent, key := split(path)
	if inner, ok := strings.CutSuffix(path, `"]`); ok { // a key with odd letters in it
		if i := strings.LastIndex(inner, `["`); i >= 0 {
			parent, key = path[:i], inner[i+2:]
		}
	}
	if strings.Contains(key, ".") && slices.Contains(all, strings.TrimPrefix(parent+"."+key, ".")) {
		above, last := split(key)
		return "keys lie in each other: write " + nested(above, last)
	}
	var beside, other, near []string
	for _, known := range all {
		p, k := split(known)
		switch {
		case p == parent:
			beside = append(beside, k)
		case k == key:
			other = append(other, known)
		}
	}
	if nearest := problem.Nearest(key, beside); nearest != "" && (len(other) == 0 || problem.Distance(nearest, key) == 1) {
		return "" // did you mean …?
	}
	if len(other) == 0 {
		for _, known := range all {
			if _, k := split(known); len(key) > 3 && problem.Nearest(key, []string{k}) != "" {
				near = append(near, known)
			}
		}
		other = near
	}
	// What lies below is likelier than what lies aside.
	if inside := slices.DeleteFunc(slices.Clone(other), func(k string) bool { return !strings.HasPrefix(k, parent+".") && parent != "" }); len(inside) > 0 {
		other = inside
	}
	if built := slices.DeleteFunc(slices.Clone(other), func(k string) bool { return strings.HasPrefix(k, "web.") }); len(built) > 0 {
		other = built
	}
	if len(other) == 0 || len(other) > 4 {
		return ""
	}
	var places []string
	for _, o := range other {
		p, k := split(o)
		if p == "" {
			p = "the top of the file"
		}
		if near != nil {
			p += " as " + k
		}
		if !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	return key + " belongs under " + strings.Join(places, " or ")
}

// nested is `a: {b: {c: …}}`.
func nested(above, last string) string {
	words := strings.Split(above, ".")
	return strings.Join(words, ": {") + ": {" + last + ": …" + strings.Repeat("}", len(words))
}

// examples are right values of what is easily written wrong, by path.
var examples = []struct{ path, example string }{
	{"data_dir", "data_dir: .frontdoor"},
	{"playbooks", "playbooks: {dir: playbooks}"},
	{"playbooks.dir", "dir: playbooks"},
	{"docs", "docs: {sources: [{name: docs, dir: docs}]}"},
	{"docs.sources", "sources: [{name: docs, dir: docs}]"},
	{"docs.sources[]", "{name: docs, dir: docs}"},
	{"http", "http: {listen: ':8080'}"},
	{"http.listen", "listen: ':8080'"},
	{"web", "web: {listen: '127.0.0.1:8081'}"},
	{"web.listen", "listen: '127.0.0.1:8081'"},
	{"web.auth", "auth: {kind: none}"},
	{"redis", "redis: {url: 'redis://localhost:6379'}"},
	{"database", "database: {url: 'sqlite:frontdoor.db'}"},
	{"slack", "slack: {bot_token: '${SLACK_BOT_TOKEN}'}"},
	{"discord", "discord: {token: '${DISCORD_TOKEN}'}"},
	{"channels", "channels: [{name: '*', answer: mentions}]"},
	{"channels[]", "{name: help, answer: questions}"},
	{"channels[].docs", "docs: ['*']"},
	{"channels[].playbooks", "playbooks: ['*']"},
	{"people", "people: {file: people.yaml}"},
	{"people.groups", "groups: {dba: {people: [ana]}}"},
	{"people.groups.*", "{people: [ana]}"},
	{"people.groups.*.people", "people: [ana, 'slack:T1/U123']"},
	{"people.trust_slack_usergroups", "trust_slack_usergroups: false"},
	{"llm", "llm: {base_url: ''}"},
	{"llm.monthly_budget_usd", "monthly_budget_usd: 50"},
	{"workflows", "workflows: {lease: 15s}"},
	{"workflows.config", "config: {db_api: 'https://db.internal'}"},
	{"workflows.secrets", "secrets: {db_api_token: '${DB_API_TOKEN}'}"},
	{"workflows.http", "http: {allow_hosts: [db.internal]}"},
	{"workflows.http.allow_hosts", "allow_hosts: [db.internal]"},
	{"workflows.command", "command: {allow: [git]}"},
	{"workflows.command.allow", "allow: [git]"},
	{"demand", "demand: {text_retention: 90d}"},
	{"demand.text_retention", "text_retention: 90d"},
	{"demand.row_retention", "row_retention: 400d"},
	{"demand.small_group", "small_group: 5"},
	{"demand.digest", "digest: {channel: platform-leads}"},
	{"log", "log: {level: info}"},
	{"telemetry", "telemetry: {otlp_endpoint: ''}"},
}

// teach completes what is said of a value of a wrong type: what was given, and
// an example of what is right.
func (l *loader) teach(p *problem.Problem) {
	if !strings.Contains(p.Message, " must be ") && !strings.Contains(p.Message, " is no duration") {
		return
	}
	n := l.doc.Find(p.Key)
	if n == nil || n.Path() != p.Key {
		return
	}
	if kind := n.Kind; kind == document.Int || kind == document.Float || kind == document.Bool || kind == document.String {
		if given := fmt.Sprint(n.Scalar); given != "" && len(given) < 60 && !secretKey.MatchString(p.Key) {
			p.Message = strings.TrimSuffix(p.Message, ", not "+kind.String()) + fmt.Sprintf(", not %s", quoted(n, given))
		}
	}
	path := general(p.Key)
	if path == "http.listen" || path == "web.listen" {
		if n.Kind == document.Int {
			_, p.Hint = badAddress(fmt.Sprint(n.Scalar), "8080")
			return
		}
	}
	for _, e := range examples {
		if e.path == path {
			p.Hint = "write " + e.example
			return
		}
	}
	if p.Hint == "put quotes around it" {
		return
	}
	if n.Kind == document.Int && strings.Contains(p.Message, "a duration") {
		p.Hint = fmt.Sprintf("write it with its unit, such as %[1]ds, %[1]dm or %[1]dh", n.Int())
	}
}

// quoted is a value as a message shows it, with its kind where that is the
// point.
func quoted(n *document.Node, given string) string {
	if n.Kind == document.String {
		return fmt.Sprintf("the string %q", given)
	}
	if n.Kind == document.Bool {
		return given
	}
	return "the number " + given
}

// layouts names the nearest layout to one that isn't known.
func layouts(c docs.Config, found problem.List) problem.List {
	for i := range found {
		if found[i].Key != "" && strings.HasSuffix(found[i].Key, ".layout") {
			for k, s := range c.Sources {
				if found[i].Key == fmt.Sprintf("docs.sources[%d].layout", k) {
					if near := problem.Nearest(s.Layout, []string{docs.LayoutPlain, docs.LayoutMkDocs, docs.LayoutHugo, docs.LayoutDocusaurus}); near != "" {
						found[i].Hint = "did you mean " + near + "?"
					}
				}
			}
		}
	}
	return found
}

// word is what can be a name in a line.
var word = regexp.MustCompile(`[^\s:{}\[\],'"#&*!|>%@-]+`)

// veil shows of a line that can't be read only the keys that there are: any
// other word may be a secret, and becomes dots.
func veil(line string) string {
	known := vocabulary()
	return word.ReplaceAllStringFunc(line, func(w string) string {
		if known[w] {
			return w
		}
		return strings.Repeat("·", len([]rune(w)))
	})
}

// vocabulary are the words that keys are made of: no secret is one.
func vocabulary() map[string]bool {
	known := map[string]bool{}
	for _, path := range keys() {
		_, k := split(path)
		known[k] = true
	}
	return known
}
