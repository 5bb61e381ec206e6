package app

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"frontdoor/internal/access"
	"frontdoor/internal/chat"
	"frontdoor/internal/config"
	"frontdoor/internal/database"
	"frontdoor/internal/docs"
	"frontdoor/internal/engine"
	"frontdoor/internal/intents"
	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
	"frontdoor/internal/workflow"
)

// What the commands of playbook authors and operators need: the rooms without
// a conversation.

// Matching matches messages for somebody: by name with the groups of the
// configuration, or with the groups given; for neither, for `you`.
func Matching(cfg config.Config, c engine.Catalogue, as string, groups []string) (func(text string) intents.Match, error) {
	directory, err := people(cfg)
	if err != nil {
		return nil, err
	}
	who := chat.Person{ID: "you", Groups: allGroups(cfg, directory, c.Set)}
	if as != "" {
		who = directory.Resolve(chat.Person{ID: as})
	}
	if groups != nil {
		who.Groups = groups
	}
	return func(text string) intents.Match {
		return c.Matcher.Match(text, func(p *playbook.Playbook) bool { return mayAnywhere(who, p) })
	}, nil
}

// mayAnywhere leaves the channels out: a command line is in none.
func mayAnywhere(who chat.Person, p *playbook.Playbook) bool {
	if p.Access != nil {
		anywhere := *p
		anywhere.Access = &playbook.Access{Groups: p.Access.Groups}
		p = &anywhere
	}
	return access.May(who, p, chat.Address{}).Allowed
}

// Known is what the configuration has, for lint: what a terminal allows by
// itself is not missing.
func Known(ctx context.Context, cfg config.Config, set *playbook.Set) (playbook.Known, error) {
	directory, err := people(cfg)
	if err != nil {
		return playbook.Known{}, err
	}
	cfg = TerminalDefaults(cfg)
	index, _, err := docs.Build(ctx, cfg.Docs.Sources, nil)
	if err != nil {
		return playbook.Known{}, fmt.Errorf("index the docs: %w", err)
	}
	return playbook.Known{
		Groups:      append([]string{}, allGroups(cfg, directory, set)...),
		Pages:       func(glob string) bool { return index.Any(docs.Filter(glob)) },
		Secrets:     names(cfg, cfg.Workflows.Secrets),
		Executables: append([]string{}, cfg.Workflows.Command.Allow...),
		Config:      names(cfg, cfg.Workflows.Config),
	}, nil
}

// names are the keys of m, none where the file has none. Without a file they
// are unknown: whoever writes playbooks first needs no warning of each.
func names(cfg config.Config, m map[string]string) []string {
	if cfg.File == "" {
		return nil
	}
	return append([]string{}, slices.Sorted(maps.Keys(m))...)
}

// Overlaps warns where one playbook's example is taken for another's by the
// matcher that people will meet.
func Overlaps(c engine.Catalogue) problem.List {
	var out problem.List
	for _, p := range c.Set.Playbooks {
		for i, example := range p.Match.Examples {
			m := c.Matcher.Match(example, nil)
			if m.Decision != intents.Matched || m.Playbook == p.ID {
				continue
			}
			w := p.WarnOfExample(i, "word it so that only this playbook is meant, or add it to the other's `not`", "the example %q is taken for %s", example, m.Playbook)
			out = append(out, w)
		}
	}
	return out
}

// Rehearsal runs the playbooks' tests: the real matcher, and the real workflow
// on declared replies.
func Rehearsal(cfg config.Config, c engine.Catalogue) playbook.Runner {
	return rehearsal{cfg: cfg, catalogue: c}
}

type rehearsal struct {
	cfg       config.Config
	catalogue engine.Catalogue
}

func (r rehearsal) person(as playbook.TestPerson, p *playbook.Playbook) chat.Person {
	who := chat.Person{ID: as.Name, Name: as.Name, Groups: as.Groups}
	if who.ID == "" {
		who.ID, who.Name = "somebody", "somebody"
	}
	if as.Groups == nil && p != nil && p.Access != nil {
		who.Groups = p.Access.Groups // a test that doesn't say who asks is not about access
	}
	return who
}

// Match implements playbook.Runner.
func (r rehearsal) Match(_ context.Context, say string, as playbook.TestPerson) (playbook.Matched, error) {
	m := r.catalogue.Matcher.Match(say, func(p *playbook.Playbook) bool { return mayAnywhere(r.person(as, p), p) })
	return playbook.Matched{Playbook: m.Playbook, Denied: m.Denied, Inputs: m.Inputs}, nil
}

// Run implements playbook.Runner.
func (r rehearsal) Run(ctx context.Context, p *playbook.Playbook, inputs map[string]any, as playbook.TestPerson, replies map[string]playbook.TestReply) (playbook.Ran, error) {
	who := r.person(as, p)
	if !mayAnywhere(who, p) {
		return playbook.Ran{Denied: true, Reason: access.May(who, p, chat.Address{}).Rule}, nil
	}
	o, err := workflow.Rehearse(ctx, p, inputs, who, replies, r.cfg.Workflows)
	if err != nil {
		return playbook.Ran{}, err
	}
	links := make(map[string]string, len(o.Run.Links))
	for _, l := range o.Run.Links {
		links[l.Label] = l.URL
	}
	return playbook.Ran{Approval: o.Approval, State: string(o.Run.State), Result: o.Run.Text, Links: links, Failed: o.Failed, Reason: o.Run.Error}, nil
}

// OpenRuns opens the runs to look at and manage them, without working on them.
func OpenRuns(ctx context.Context, cfg config.Config, db *database.DB) (*workflow.Runner, error) {
	directory, err := people(cfg)
	if err != nil {
		return nil, err
	}
	records, err := OpenDemand(ctx, cfg, db)
	if err != nil {
		return nil, err
	}
	runs, err := workflow.Open(ctx, db, TerminalDefaults(cfg).Workflows, workflow.Options{
		WorkDir: workDir(cfg), KeyDir: cfg.DataDir, Pseudonym: records.Pseudonym,
		Member:   func(p chat.Person, group string) bool { return access.Member(directory.Resolve(p), group) },
		Identity: func(id string) string { return directory.Resolve(chat.Person{ID: id}).ID },
	})
	if err != nil {
		return nil, fmt.Errorf("open the runs: %w", err)
	}
	return runs, nil
}
