package doctor

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"path"
	"slices"
	"strings"

	"frontdoor/internal/access"
	"frontdoor/internal/app"
	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
)

// people checks that every group has somebody in it.
func (x *exam) people(context.Context) {
	since := len(x.found)
	directory, _ := access.Read(x.cfg.People)
	for _, name := range directory.Groups() {
		g := x.cfg.People.Groups[name]
		members := directory.Members(name)
		switch {
		case len(members) > 0:
		case g.SlackUsergroup != "":
			x.bad("people", fmt.Sprintf("add people to people.groups.%s in %s until the Slack adapter is built", name, x.file()),
				"the group %s is only a Slack user group, and the Slack adapter is not built yet: nobody is in it", name)
		default:
			x.bad("people", fmt.Sprintf("write somebody's id below %s, or in people.groups.%s of %s", name, name, x.file()), "nobody is in the group %s", name)
		}
	}
	if !x.wrong(since) {
		x.good("people", "%s", count(len(directory.Groups()), "group"))
	}
}

// channels checks that each rule can be reached.
func (x *exam) channels(context.Context) {
	since := len(x.found)
	for i, p := range x.cfg.Channels {
		name := strings.TrimPrefix(p.Name, "#")
		for k, earlier := range x.cfg.Channels[:i] {
			rule := strings.TrimPrefix(earlier.Name, "#")
			if ok, err := path.Match(rule, name); err == nil && ok {
				x.bad("channels", fmt.Sprintf("move channels[%d] before channels[%d] in %s, or remove it", i, k, x.file()),
					"channels[%d] (%s) is never reached: channels[%d] (%s) fits first", i, p.Name, k, earlier.Name)
				break
			}
		}
	}
	if !x.wrong(since) {
		x.good("channels", "%s, each can be reached", count(len(x.cfg.Channels), "rule"))
	}
}

// playbooks checks the catalogue, and what it needs of the configuration.
func (x *exam) playbooks(ctx context.Context) {
	const check = "playbooks"
	since := len(x.found)
	catalogue, problems := app.LoadCatalogue(x.cfg)
	for _, p := range problems.Errors() {
		fix := p.Hint
		p.Hint = ""
		x.bad(check, orElse(fix, "mend it; `bot playbooks lint` says the same"), "%s: no playbook is loaded until this is mended", p)
	}
	if problems.Err() != nil {
		return
	}
	x.catalogue = catalogue
	byFile := map[string]*playbook.Playbook{}
	for _, p := range catalogue.Set.Playbooks {
		byFile[p.File] = p
	}
	known, err := app.Known(ctx, x.cfg, catalogue.Set)
	if err != nil {
		x.bad(check, "mend what is said above", "what the playbooks need can't be told: %s", err)
		return
	}
	said := map[string]bool{}
	for _, p := range append(playbook.Lint(catalogue.Set, known), app.Overlaps(catalogue)...) {
		if once := p.File + "\n" + p.Message; !said[once] {
			said[once] = true
			x.warned(check, p, byFile[p.File])
		}
	}
	x.approvals(catalogue.Set)
	if n := len(catalogue.Set.Playbooks); n == 0 {
		x.good(check, "none in %s", x.cfg.Playbooks.Dir)
	} else if !x.wrong(since) {
		x.good(check, "%s, no warning", count(n, "playbook"))
	}
}

// lacking is what a playbook may need of the configuration: how lint says that
// it isn't there, where it belongs, and what is refused because of it.
var lacking = []struct{ says, key, means string }{
	{"the configuration has no group ", "people.groups", "whoever has to be in it for %s is refused"},
	{"the configuration has no secret ", "workflows.secrets", "the step of %s that needs it is refused"},
	{"the configuration has no value ", "workflows.config", "runs of %s are refused"},
	{"the configuration doesn't allow the executable ", "workflows.command.allow", "the step of %s that needs it is refused"},
	{"no page fits ", "", "%s can't answer from it"},
}

// warned passes on a warning of the playbook of, with what it leads to.
func (x *exam) warned(check string, p problem.Problem, of *playbook.Playbook) {
	fix, then := orElse(p.Hint, "mend it; `bot playbooks lint` says the same"), ""
	for _, l := range lacking {
		name, ok := strings.CutPrefix(p.Message, l.says)
		if !ok || of == nil {
			continue
		}
		then = ": " + fmt.Sprintf(l.means, of.ID)
		if l.key != "" {
			add := "add " + name + " to " + l.key + " in " + x.file()
			if !strings.HasPrefix(fix, "did you mean") {
				fix = add
			} else {
				fix += " Else " + add
			}
		}
	}
	p.Hint = ""
	x.bad(check, fix, "%s%s", p, then)
}

// approvals checks that somebody other than the requester can agree.
func (x *exam) approvals(set *playbook.Set) {
	if x.cfg.File == "" {
		return // in the terminal of the embedded defaults `you` is in every group
	}
	directory, _ := access.Read(x.cfg.People)
	in := func(groups []string) (people []string, everybody bool) {
		for _, g := range groups {
			if g == access.Everybody {
				everybody = true
			}
			for _, id := range directory.Members(g) {
				if !slices.Contains(people, id) {
					people = append(people, id)
				}
			}
		}
		return people, everybody
	}
	for _, p := range set.Playbooks {
		if p.Flow == nil || p.Access == nil {
			continue
		}
		starters, anybody := in(p.Access.Groups)
		for i, rule := range p.Flow.Approval {
			approvers, everybody := in(rule.Groups)
			if everybody || !slices.ContainsFunc(rule.Groups, func(g string) bool { return slices.Contains(directory.Groups(), g) }) {
				continue // lint warns of a group that isn't there
			}
			groups := strings.Join(rule.Groups, ", ")
			need := max(1, rule.Count)
			switch {
			case len(approvers) < need:
				x.bad("approvals", fmt.Sprintf("add people to the group %s in %s", groups, x.file()),
					"rule %d of %s needs %s of %s, and there are %d: it can never be approved", i+1, p.ID, count(need, "approval"), groups, len(approvers))
			case len(approvers) == need:
				for _, id := range approvers {
					if anybody || slices.Contains(starters, id) {
						x.bad("approvals", fmt.Sprintf("add another person to the group %s in %s", groups, x.file()),
							"what %s asks of %s nobody can approve: nobody else is in %s, and nobody approves their own", id, p.ID, groups)
					}
				}
			}
		}
	}
}

// hosts checks that the addresses in workflows.config are allowed.
func (x *exam) hosts(context.Context) {
	if x.catalogue.Set == nil {
		return
	}
	since := len(x.found)
	var said []string
	for _, p := range x.catalogue.Set.Playbooks {
		if p.Flow == nil || !slices.ContainsFunc(p.Flow.Steps, func(s playbook.Step) bool { return s.Action.HTTP != nil }) {
			continue
		}
		for _, name := range p.Needs().Config {
			u, err := url.Parse(x.cfg.Workflows.Config[name])
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || slices.Contains(said, name) {
				continue
			}
			port := u.Port()
			if port == "" {
				port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
			}
			if !slices.ContainsFunc(x.cfg.Workflows.HTTP.AllowHosts, func(h string) bool {
				return strings.EqualFold(h, u.Hostname()) || strings.EqualFold(h, u.Hostname()+":"+port)
			}) {
				said = append(said, name)
				x.bad("hosts", fmt.Sprintf("add %s to workflows.http.allow_hosts in %s", u.Hostname(), x.file()),
					"workflows.config.%s is at %s, which workflows.http.allow_hosts doesn't have: http steps of %s that go there are refused", name, u.Host, p.ID)
			}
		}
	}
	if !x.wrong(since) {
		x.good("hosts", "every address in workflows.config that http steps use is allowed")
	}
}

// executables checks that those that are allowed and needed are installed.
func (x *exam) executables(context.Context) {
	if x.catalogue.Set == nil {
		return
	}
	since := len(x.found)
	var needed []string
	allowed := app.TerminalDefaults(x.cfg).Workflows.Command.Allow
	for _, p := range x.catalogue.Set.Playbooks {
		for _, name := range p.Needs().Executables {
			if name == "bot" || slices.Contains(needed, name) || !slices.Contains(allowed, name) {
				continue // lint warns of what isn't allowed
			}
			needed = append(needed, name)
			if _, err := exec.LookPath(name); err != nil {
				x.bad("executables", "install "+name+", or put it in PATH", "%s runs %s, which isn't installed: the step fails", p.ID, name)
			}
		}
	}
	if !x.wrong(since) {
		x.good("executables", "%s needed beside the bot itself, all there", count(len(needed), "executable"))
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
