package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"frontdoor/internal/config"
	"frontdoor/internal/engine"
	"frontdoor/internal/intents"
)

// The words that the catalogues of these tests are made of.
var (
	verbs     = strings.Fields("create remove restart scale rotate renew restore move rename archive")
	things    = strings.Fields("database queue bucket topic cluster certificate pipeline dashboard alert schedule")
	places    = strings.Fields("billing orders search payments shipping catalogue returns invoices loyalty pricing")
	syllables = strings.Fields("ka ro mi te lu vo sa ne gi po")
)

// book is the text of the playbook number n, of the size that people write: a
// verb, a thing and a place that others have too, and a name of its own.
func book(n int, extra string) string {
	verb, thing, place := verbs[n%10], things[n/10%10], places[n*7%10]
	name := ""
	for rest := n + 100; rest > 0; rest /= 10 {
		name += syllables[rest%10]
	}
	return strings.NewReplacer("VERB", verb, "THING", thing, "PLACE", place, "NAME", name, "EXTRA", extra).Replace(`id: VERB-THING-PLACE-NAME
title: VERB a THING for PLACE
summary: The THING of PLACE, done in a minute.
owner: platform
tags: {topic: t}
product: {problem: It took a ticket., audience: everybody}
match:
  command: VERB THING PLACE NAME
  examples:
    - VERB a THING for PLACE NAME
    - I need to VERB the PLACE THING called {name} NAME
    - can you VERB our THING in {environment} PLACE NAME
    - please VERB THING PLACE NAME for me
    - 'how about we VERB the THING of PLACE NAME?'EXTRA
  not: [what is the THING of PLACE NAME]
access: {groups: ['*']}
workflow:
  inputs:
    name: {type: string, pattern: '^[a-z-]+$'}
    environment: {type: choice, options: [dev, staging, prod], default: dev}
  approval: [{when: inputs.environment == "prod", groups: [dba]}]
  steps:
    - {id: call, http: {method: POST, url: 'https://platform.example.com/THING/${inputs.name}', json: {name: '${inputs.name}'}}}
    - {id: told, message: 'The THING ${inputs.name} is there.'}
  result: '${inputs.name} is ready.'
`)
}

// shelved writes n playbooks, an hour old, and takes them onto a shelf.
func shelved(tb testing.TB, n int, log *zap.Logger) (*shelf, string) {
	tb.Helper()
	dir := tb.TempDir()
	old := time.Now().Add(-time.Hour)
	for i := range n {
		file := filepath.Join(dir, fmt.Sprintf("p%04d.yaml", i))
		if err := os.WriteFile(file, []byte(book(i, "")), 0o600); err != nil {
			tb.Fatal(err)
		}
		if err := os.Chtimes(file, old, old); err != nil {
			tb.Fatal(err)
		}
	}
	cfg := config.Default()
	cfg.Playbooks = config.Playbooks{Dir: dir, Reload: 5 * time.Millisecond}
	c, problems := LoadCatalogue(cfg)
	if err := problems.Err(); err != nil {
		tb.Fatal(err)
	}
	return newShelf(cfg.Playbooks, c, log), dir
}

// place moves text into the file's place.
func place(tb testing.TB, file, text string) {
	tb.Helper()
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		tb.Fatal(err)
	}
}

// TestLook wants the last good set to stay whatever the files become.
func TestLook(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	s, dir := shelved(t, 3, zap.New(core))
	said := func() int { return logs.FilterMessageSnippet("the last good ones stay").Len() }
	first := s.catalogue()
	good := filepath.Join(dir, "p0001.yaml")

	s.look()
	if s.catalogue() != first || len(s.hasty) != 0 {
		t.Error("nothing has changed, and the catalogue has")
	}
	text := book(1, "\n    - mend the zygomorphic thing")
	for i, broken := range []string{text[:len(text)/2], "id: [", "", strings.Replace(text, "owner", "ownr", 1), book(2, "")} {
		place(t, good, broken)
		before := said()
		s.look()
		s.look()
		if s.catalogue() != first || s.check(t.Context()) == nil {
			t.Errorf("%d: a broken file is taken, or nobody is told", i)
		}
		if said() == before {
			t.Errorf("%d: nothing is logged", i)
		}
	}
	lines := logs.FilterMessageSnippet("the last good ones stay").All()
	for i, line := range lines {
		problem := fmt.Sprint(line.ContextMap()["problem"])
		if !strings.HasPrefix(problem, dir) || !strings.Contains(problem, ".yaml:") || !strings.HasSuffix(problem, ")") {
			t.Errorf("a line of the log has no file, line or hint: %s", problem)
		}
		if i > 0 && problem == fmt.Sprint(lines[i-1].ContextMap()["problem"]) {
			t.Errorf("it is logged twice: %s", problem)
		}
	}

	place(t, good, text)
	s.look()
	taken := s.catalogue()
	if taken == first || s.check(t.Context()) != nil || len(s.hasty) != 1 {
		t.Fatal("the mended file is not taken")
	}
	if got := taken.Matcher.Match("mend the zygomorphic thing", nil); got.Playbook != taken.Set.Playbooks[1].ID {
		t.Errorf("the new example leads to %q", got.Playbook)
	}
	for _, i := range []int{0, 2} {
		if taken.Set.Playbooks[i] != first.Set.Playbooks[i] {
			t.Error("a file that has not changed is read again")
		}
	}
	if err := os.Remove(good); err != nil {
		t.Fatal(err)
	}
	place(t, filepath.Join(dir, "sub.yaml"), book(77, ""))
	s.look()
	if c := s.catalogue(); len(c.Set.Playbooks) != 3 || c.Set.ByID(taken.Set.Playbooks[1].ID) != nil || c.Set.Playbooks[2].File != filepath.Join(dir, "sub.yaml") {
		t.Errorf("a file is gone and one has come, and the set has %d", len(c.Set.Playbooks))
	}
}

// TestLookSwap moves a ConfigMap's link to another revision.
func TestLookSwap(t *testing.T) {
	dir := t.TempDir()
	revision := func(name string, texts map[string]string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		for file, text := range texts {
			if err := os.WriteFile(filepath.Join(dir, name, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(name, filepath.Join(dir, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	// What the two files say changes places: half of each revision would be refused.
	revision("..1", map[string]string{"a.yaml": book(1, ""), "b.yaml": book(2, "")})
	for _, name := range []string{"a.yaml", "b.yaml"} {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	cfg := config.Default()
	cfg.Playbooks = config.Playbooks{Dir: dir, Reload: time.Hour}
	c, problems := LoadCatalogue(cfg)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	s := newShelf(cfg.Playbooks, c, zap.NewNop())
	revision("..2", map[string]string{"a.yaml": book(2, ""), "b.yaml": book(1, "")})
	s.look()
	if err := s.check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.catalogue().Set.Playbooks[0].ID; got != c.Set.Playbooks[1].ID {
		t.Errorf("the first is still %s", got)
	}
}

// TestTrain wants the thorough matcher to follow, the newest alone, and
// nothing to go on after the end.
func TestTrain(t *testing.T) {
	s, dir := shelved(t, 20, zap.NewNop())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.train(ctx) }()
	var hasty engine.Catalogue
	for i := range 3 {
		place(t, filepath.Join(dir, "p0007.yaml"), book(7, fmt.Sprintf("\n    - the zygomorphic plan %d", i)))
		s.look()
		hasty = s.catalogue()
	}
	for deadline := time.Now().Add(time.Minute); s.catalogue() == hasty; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the matcher is never trained anew")
		}
	}
	fresh, err := intents.NewMatcher(hasty.Set.Playbooks, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.catalogue().Set != hasty.Set {
		t.Error("an older set came back")
	}
	for _, text := range []string{"the zygomorphic plan 2", "restart the queue for billing", "who are you"} {
		if got, want := s.catalogue().Matcher.Match(text, nil), fresh.Match(text, nil); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %+v\nwant %+v", text, got, want)
		}
	}
	place(t, filepath.Join(dir, "p0007.yaml"), book(7, "\n    - one more"))
	s.look()
	hasty = s.catalogue()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if s.catalogue().Set != hasty.Set {
		t.Error("the end took the set away")
	}
}

// BenchmarkReloadOneOfThousand changes one file among 1,000 and waits for the
// new set to be in use, from the look at the files to the matcher, and then for
// the matcher that was trained anew in the background.
func BenchmarkReloadOneOfThousand(b *testing.B) {
	s, dir := shelved(b, 1000, zap.NewNop())
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.train(ctx) }()
	var swap, full time.Duration
	n := 0
	for b.Loop() {
		n++
		place(b, filepath.Join(dir, "p0500.yaml"), book(500, fmt.Sprintf("\n    - a new example %d", n)))
		start := time.Now()
		s.look()
		swap += time.Since(start)
		hasty := s.catalogue()
		if got := hasty.Matcher.Match(fmt.Sprintf("a new example %d", n), nil); got.Playbook != hasty.Set.Playbooks[500].ID {
			b.Fatalf("the new example leads to %q", got.Playbook)
		}
		for s.catalogue() == hasty {
			time.Sleep(time.Millisecond)
		}
		full += time.Since(start)
	}
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(swap.Milliseconds())/float64(n), "ms/swap")
	b.ReportMetric(float64(full.Milliseconds())/float64(n), "ms/full")
	b.ReportMetric(0, "ns/op")
}
