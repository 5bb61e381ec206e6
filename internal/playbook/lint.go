package playbook

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"frontdoor/internal/document"
	"frontdoor/internal/expression"
	"frontdoor/internal/problem"
)

// Known is what the configuration has. A nil field is unknown and not checked.
type Known struct {
	Groups      []string
	Pages       func(glob string) bool // whether the corpus has a page that fits
	Secrets     []string
	Executables []string
	Config      []string // names of workflows.config
}

// Lint warns of what is no mistake in a playbook itself: what the
// configuration lacks, what nobody may use, what is missing. It begins with
// the warnings of loading.
func Lint(s *Set, known Known) problem.List {
	l := &linter{known: known, found: slices.Clone(s.Warnings)}
	for _, p := range s.Playbooks {
		l.playbook(p)
	}
	return inOrder(l.found)
}

type linter struct {
	known Known
	found problem.List
	told  map[[2]string]bool // what the configuration lacks, once a playbook
}

// first tells whether nothing was said yet of what the playbook wants.
func (l *linter) first(kind, name string) bool {
	key := [2]string{kind, name}
	before := l.told[key]
	l.told[key] = true
	return !before
}

func (l *linter) warn(n *document.Node, hint, format string, args ...any) {
	if n == nil {
		return
	}
	p := n.Problem(hint, format, args...)
	p.Severity = problem.Warning
	l.found = append(l.found, p)
}

func (l *linter) playbook(p *Playbook) {
	l.told = map[[2]string]bool{}
	root := p.root
	if len(p.Match.Examples) == 0 && len(p.Match.Patterns) == 0 {
		l.warn(root.Get("match"), "add examples:", "only the command leads here: without examples no question does")
	}
	l.examples(p)
	l.groups(root.Get("access").Get("groups"))
	if p.Flow != nil && (p.Access == nil || len(p.Access.Groups) == 0) {
		l.warn(root.Get("workflow"), "add access: {groups: ['*']} for everybody", "nobody may start it: it has no access rule")
	}
	if l.known.Pages != nil {
		for _, n := range items(root.Get("answer").Get("docs")) {
			if !l.known.Pages(n.Text()) {
				l.warn(n, "check the path, or add the source to docs.sources", "no page fits %s", n.Text())
			}
		}
	}
	flow := root.Get("workflow")
	if flow == nil {
		return
	}
	for _, rule := range ruleNodes(flow) {
		l.groups(rule.Get("groups"))
	}
	for _, step := range items(flow.Get("steps")) {
		l.action(step)
		l.action(step.Get("undo"))
	}
	l.config(flow)
	if len(p.Tests) == 0 {
		l.warn(flow, "add tests:", "the workflow has no test")
	}
}

// examples warns of what a matcher can make nothing of.
func (l *linter) examples(p *Playbook) {
	never := map[string]bool{}
	for _, x := range p.Match.Not {
		never[normal(x)] = true
	}
	for _, n := range items(p.root.Get("match").Get("examples")) {
		switch {
		case !strings.ContainsFunc(slot.ReplaceAllString(n.Text(), " "), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }):
			l.warn(n, "write a whole message", "the example %q has no words that tell it from others", n.Text())
		case never[normal(n.Text())]:
			l.warn(n, "remove it here or there", "the example %q is among the messages that must not match, too", n.Text())
		}
	}
}

func (l *linter) groups(n *document.Node) {
	if l.known.Groups == nil {
		return
	}
	for _, g := range items(n) {
		if g.Text() != "*" && !slices.Contains(l.known.Groups, g.Text()) && l.first("group", g.Text()) {
			l.warn(g, orElse(didYouMean(g.Text(), l.known.Groups), "add it to people.groups"), "the configuration has no group %s", g.Text())
		}
	}
}

func orElse(hint, other string) string {
	if hint == "" {
		return other
	}
	return hint
}

func (l *linter) action(n *document.Node) {
	l.secret(n.Get("http").Get("auth").Get("bearer"))
	command := n.Get("command")
	for _, p := range pairs(command.Get("secrets")) {
		l.secret(p.Value)
	}
	argv := items(command)
	if len(argv) == 0 {
		argv = items(command.Get("argv"))
	}
	if len(argv) > 0 && l.known.Executables != nil && !slices.Contains(l.known.Executables, argv[0].Text()) && l.first("executable", argv[0].Text()) {
		l.warn(argv[0], orElse(didYouMean(argv[0].Text(), l.known.Executables), "add it to workflows.command.allow"), "the configuration doesn't allow the executable %s", argv[0].Text())
	}
}

func (l *linter) secret(n *document.Node) {
	if n != nil && l.known.Secrets != nil && !slices.Contains(l.known.Secrets, n.Text()) && l.first("secret", n.Text()) {
		l.warn(n, orElse(didYouMean(n.Text(), l.known.Secrets), "add it to workflows.secrets"), "the configuration has no secret %s", n.Text())
	}
}

// config warns of each config.NAME below n that the configuration lacks.
func (l *linter) config(n *document.Node) {
	if n == nil || l.known.Config == nil {
		return
	}
	if n.Kind == document.String {
		for _, name := range namesAt(n).Config {
			if !slices.Contains(l.known.Config, name) && l.first("config", name) {
				before, _, _ := strings.Cut(n.Text(), "config."+name)
				p := n.ProblemIn(utf8.RuneCountInString(before), orElse(didYouMean(name, l.known.Config), "add it to workflows.config"), "the configuration has no value %s", name)
				p.Severity = problem.Warning
				l.found = append(l.found, p)
			}
		}
	}
	for _, item := range n.Items {
		l.config(item)
	}
	for _, p := range n.Pairs {
		l.config(p.Value)
	}
}

// namesAt is what the string n uses, as a condition or as a template.
func namesAt(n *document.Node) expression.Names {
	path := n.Path()
	for _, bare := range []string{".when", ".if", ".until"} {
		if strings.HasSuffix(path, bare) {
			return expression.NamesOf(n.Text())
		}
	}
	return expression.NamesOfTemplate(n.Text())
}

// Needs is what a playbook takes from the configuration, each name once: what
// an approval is bound to, and what is refused when it is missing.
type Needs struct {
	Config      []string
	Secrets     []string
	Executables []string
	Groups      []string
}

// Needs lists what p takes from the configuration, in file order.
func (p *Playbook) Needs() Needs {
	var out Needs
	once := func(list *[]string, n *document.Node) {
		if word := n.Text(); word != "" && !slices.Contains(*list, word) {
			*list = append(*list, word)
		}
	}
	for _, g := range items(p.root.Get("access").Get("groups")) {
		once(&out.Groups, g)
	}
	flow := p.root.Get("workflow")
	if flow == nil {
		return out
	}
	for _, rule := range ruleNodes(flow) {
		for _, g := range items(rule.Get("groups")) {
			once(&out.Groups, g)
		}
	}
	var names expression.Names
	collect(flow, &names)
	out.Config = names.Config
	for _, step := range items(flow.Get("steps")) {
		for _, n := range []*document.Node{step, step.Get("undo")} {
			once(&out.Secrets, n.Get("http").Get("auth").Get("bearer"))
			for _, pair := range pairs(n.Get("command").Get("secrets")) {
				once(&out.Secrets, pair.Value)
			}
			argv := append(items(n.Get("command")), items(n.Get("command").Get("argv"))...)
			if len(argv) > 0 {
				once(&out.Executables, argv[0])
			}
		}
	}
	return out
}

func collect(n *document.Node, names *expression.Names) {
	if n.Kind == document.String {
		names.Add(namesAt(n))
	}
	for _, item := range n.Items {
		collect(item, names)
	}
	for _, p := range n.Pairs {
		collect(p.Value, names)
	}
}

// WarnOfExample is a warning at the place of the example with that index: what
// only the matcher can tell is said where the author looks.
func (p *Playbook) WarnOfExample(index int, hint, format string, args ...any) problem.Problem {
	w := p.root.Get("match").Get("examples").Items[index].Problem(hint, format, args...)
	w.Severity = problem.Warning
	return w
}
