package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"frontdoor/internal/config"
	"frontdoor/internal/engine"
	"frontdoor/internal/intents"
	"frontdoor/internal/playbook"
	"frontdoor/internal/problem"
)

// shelf is the catalogue in use: it follows the files, and keeps the last good
// set while they can't be used.
type shelf struct {
	cfg config.Playbooks
	log *zap.Logger

	current atomic.Pointer[engine.Catalogue]
	broken  atomic.Pointer[problem.Problem] // why the files as they are now can't be used
	hasty   chan *engine.Catalogue          // the latest whose matcher was trained in a hurry

	read *playbook.Set // what was read last, for keep alone
	said []string      // the problems that are logged and still there, for keep alone
}

func newShelf(cfg config.Playbooks, c engine.Catalogue, log *zap.Logger) *shelf {
	s := &shelf{cfg: cfg, log: log, hasty: make(chan *engine.Catalogue, 1), read: c.Set}
	s.current.Store(&c)
	return s
}

// catalogue is what the engine takes for the next message.
func (s *shelf) catalogue() engine.Catalogue { return *s.current.Load() }

// check is the part of /readyz.
func (s *shelf) check(context.Context) error {
	if p := s.broken.Load(); p != nil {
		return errors.New(p.String())
	}
	return nil
}

// keep looks for changed files until ctx ends.
func (s *shelf) keep(ctx context.Context) error {
	if s.cfg.Reload <= 0 {
		return nil
	}
	tick := time.NewTicker(s.cfg.Reload)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.look()
		case <-ctx.Done():
			return nil
		}
	}
}

// look takes the files as they are now, where they can be used and differ. A
// changed playbook is in use at once, with a matcher that learned only what
// changed; train makes the thorough one.
func (s *shelf) look() {
	began := time.Now()
	set, found := readPlaybooks(s.read, s.cfg)
	if refused := found.Errors(); len(refused) > 0 {
		s.complain(refused)
		return
	}
	before := s.catalogue()
	next := before
	if changed := !same(before.Set, set); changed {
		matcher, err := before.Matcher.Reload(set.Playbooks)
		if err != nil {
			s.complain(problem.List{{File: s.cfg.Dir, Severity: problem.Error, Message: err.Error()}})
			return
		}
		next = engine.Catalogue{Set: set, Matcher: matcher}
		s.current.Store(&next)
		select {
		case <-s.hasty: // nobody needs it any more
		default:
		}
		s.hasty <- &next
		s.log.Info("took the changed playbooks", zap.Int("playbooks", len(set.Playbooks)), zap.Duration("took", time.Since(began)))
	} else if s.broken.Load() != nil {
		s.log.Info("the playbooks can be used again", zap.Int("playbooks", len(set.Playbooks)))
	}
	s.read, s.said = set, nil
	s.broken.Store(nil)
}

// complain logs the problems that weren't there at the last look.
func (s *shelf) complain(found problem.List) {
	said := make([]string, len(found))
	for i, p := range found {
		said[i] = p.String()
		if !slices.Contains(s.said, said[i]) {
			s.log.Error("changed playbooks can't be used: the last good ones stay", zap.String("problem", said[i]))
		}
	}
	s.said = said
	s.broken.Store(&found[0])
}

// train replaces each matcher that was trained in a hurry by one that knows
// every word and example of its set. A newer set ends the training of an older
// one.
func (s *shelf) train(ctx context.Context) error {
	next := (*engine.Catalogue)(nil)
	for {
		if next == nil {
			select {
			case next = <-s.hasty:
			case <-ctx.Done():
				return nil
			}
		}
		var err error
		if next, err = s.renew(ctx, next); err != nil {
			return err
		}
	}
}

// renew trains the matcher of c anew and puts it in the place of the hasty one.
// It returns the newer catalogue that made it stop, nil where none did.
func (s *shelf) renew(ctx context.Context, c *engine.Catalogue) (newer *engine.Catalogue, err error) {
	training, stop := context.WithCancel(ctx)
	defer stop()
	trained := make(chan error, 1)
	started := time.Now()
	go func() {
		matcher, err := c.Matcher.Renew(training)
		if err == nil && s.current.CompareAndSwap(c, &engine.Catalogue{Set: c.Set, Matcher: matcher}) {
			s.log.Info("trained the matcher anew", zap.Int("playbooks", len(c.Set.Playbooks)), zap.Duration("took", time.Since(started)))
		}
		trained <- err
	}()
	select {
	case err = <-trained:
	case newer = <-s.hasty:
		stop()
		err = <-trained
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return newer, fmt.Errorf("train the matcher: %w", err)
	}
	return newer, nil
}

// Trial is the catalogue of set with one more file, and what is wrong with that
// file: for somebody who is about to write it.
func Trial(set *playbook.Set, file string, src []byte) (engine.Catalogue, problem.List) {
	with, found := set.With(file, src)
	if with == nil {
		return engine.Catalogue{}, found
	}
	matcher, err := intents.NewMatcher(with.Playbooks, nil)
	if err != nil {
		return engine.Catalogue{}, append(found, problem.Problem{File: file, Severity: problem.Error, Message: err.Error()})
	}
	return engine.Catalogue{Set: with, Matcher: matcher}, found
}

// same tells whether the sets say the same. What Reload takes over stays the
// same playbook.
func same(a, b *playbook.Set) bool {
	return slices.Equal(a.Playbooks, b.Playbooks) && reflect.DeepEqual(a.Taxonomy, b.Taxonomy)
}

// readPlaybooks reads the playbooks, taking over from previous what hasn't
// changed. A default directory that isn't there is an empty set.
func readPlaybooks(previous *playbook.Set, cfg config.Playbooks) (*playbook.Set, problem.List) {
	if cfg.Optional {
		if _, err := os.Stat(cfg.Dir); errors.Is(err, os.ErrNotExist) {
			return &playbook.Set{}, nil
		}
	}
	return playbook.Reload(previous, cfg.Dir)
}
