package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"frontdoor/internal/access"
	"frontdoor/internal/config"
	"frontdoor/internal/database"
	"frontdoor/internal/demand"
	"frontdoor/internal/docs"
	"frontdoor/internal/engine"
	"frontdoor/internal/intents"
	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
)

// The parts that a single command needs without the rest.

// LoadCatalogue reads the playbooks and trains the matcher on them. A default
// directory that isn't there is an empty set.
func LoadCatalogue(cfg config.Config) (engine.Catalogue, problem.List) {
	set, problems := LoadPlaybooks(cfg)
	if problems.Err() != nil {
		return engine.Catalogue{}, problems
	}
	matcher, err := intents.NewMatcher(set.Playbooks, nil)
	if err != nil {
		return engine.Catalogue{}, append(problems, problem.Problem{Severity: problem.Error, File: cfg.Playbooks.Dir, Message: err.Error()})
	}
	return engine.Catalogue{Set: set, Matcher: matcher}, problems
}

// LoadPlaybooks reads the playbooks alone.
func LoadPlaybooks(cfg config.Config) (*playbook.Set, problem.List) {
	return readPlaybooks(nil, cfg.Playbooks)
}

// IndexDocs opens the index of the docs, from its snapshot where that holds.
func IndexDocs(ctx context.Context, cfg config.Config, progress func(done, total int), notice func(string)) (*docs.Corpus, docs.Stats, error) {
	if err := makeDataDir(cfg); err != nil {
		notice(err.Error()) // answers need none
	}
	corpus, stats, err := docs.OpenCorpus(ctx, cfg.Docs.Sources, filepath.Join(cfg.DataDir, "docs"), progress)
	var unsaved *docs.SnapshotError
	switch {
	case errors.As(err, &unsaved):
		notice(fmt.Sprintf("the index is not kept for the next start: %v", err))
	case err != nil:
		return nil, stats, fmt.Errorf("index the docs: %w", err)
	}
	return corpus, stats, nil
}

// OpenCorpus is IndexDocs for those who only want to ask; it says once when
// there are no pages.
func OpenCorpus(ctx context.Context, cfg config.Config, progress func(done, total int), notice func(string)) (*docs.Corpus, error) {
	corpus, stats, err := IndexDocs(ctx, cfg, progress, notice)
	if err == nil && stats.Pages == 0 {
		dirs := make([]string, len(cfg.Docs.Sources))
		for i, s := range cfg.Docs.Sources {
			dirs[i] = s.Dir
		}
		notice("there are no pages to answer from (looked in " + strings.Join(dirs, ", ") + ")")
	}
	return corpus, err
}

// makeDataDir makes data_dir, where it is missing, for its owner only: it holds
// what people wrote. Whoever writes in it first calls this.
func makeDataDir(cfg config.Config) error {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return fmt.Errorf("make data_dir: %w%s", err, advice)
	}
	return nil
}

// advice ends an error about files that a bot can't start with.
const advice = "; `bot doctor` says what to do"

// DatabaseFile is the SQLite file in data_dir where no other is configured.
const DatabaseFile = "frontdoor.db"

// OpenDatabase opens the database of runs and demand records.
func OpenDatabase(ctx context.Context, cfg config.Config) (*database.DB, error) {
	if err := makeDataDir(cfg); err != nil {
		return nil, err
	}
	address := cfg.Database.URL
	if address == "" {
		address = "sqlite:" + filepath.Join(cfg.DataDir, DatabaseFile)
	}
	db, err := database.Open(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("%w%s", err, advice)
	}
	return db, nil
}

// OpenDemand opens the demand warehouse on the database.
func OpenDemand(ctx context.Context, cfg config.Config, db *database.DB) (*demand.Warehouse, error) {
	w, err := demand.Open(ctx, db, cfg.Demand, cfg.DataDir)
	if err != nil {
		return nil, fmt.Errorf("open the demand records: %w%s", err, advice)
	}
	return w, nil
}

// shippedExecutables are what the shipped playbooks name: `bot` is this binary.
var shippedExecutables = []string{"bot", "git"}

// TerminalDefaults are the embedded defaults of the terminal: without a
// configuration file, the executables that the shipped playbooks name are
// allowed, and no others.
func TerminalDefaults(cfg config.Config) config.Config {
	if cfg.File == "" {
		cfg.Workflows.Command.Allow = slices.Clone(shippedExecutables)
	}
	return cfg
}

func workDir(cfg config.Config) string { return filepath.Join(cfg.DataDir, "work") }

// AllGroups are what `you` is in.
func (b *Bot) AllGroups() []string { return allGroups(b.cfg, b.people, b.shelf.catalogue().Set) }

// GroupsOf are the groups of somebody, by the configuration.
func (b *Bot) GroupsOf(name string) []string { return b.people.GroupsOf(name) }

// allGroups are the groups of the configuration and, without one, those that
// the playbooks name.
func allGroups(cfg config.Config, people *access.Directory, set *playbook.Set) []string {
	out := people.Groups()
	if cfg.File != "" {
		return out
	}
	add := func(names []string) {
		for _, n := range names {
			if n != access.Everybody && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	for _, p := range set.Playbooks {
		if p.Access != nil {
			add(p.Access.Groups)
		}
		if p.Flow != nil {
			for _, a := range p.Flow.Approval {
				add(a.Groups)
			}
		}
	}
	return out
}
