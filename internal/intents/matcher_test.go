package intents

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"frontdoor/internal/playbook"
)

// testNow is the clock of the tests: Monday 23 November 2026.
func testNow() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func databasePlaybook() *playbook.Playbook {
	return &playbook.Playbook{
		ID: "postgres-create", Title: "Create a Postgres database", Summary: "A managed database with daily backups, ready in about ten minutes.",
		Match: playbook.Match{
			Command:  "db create",
			Examples: []string{"I need a postgres database", "create a db called {name} in {environment}"},
			Not:      []string{"how do I restore a backup"},
			Patterns: []string{"^new (pg|postgres) "},
		},
		Flow: &playbook.Workflow{Inputs: []playbook.Input{
			{Name: "name", Type: playbook.String, Pattern: "^[a-z][a-z0-9-]{2,30}$"},
			{Name: "environment", Type: playbook.Choice, Options: []string{"dev", "staging", "prod"}, Default: "dev"},
			{Name: "size_gb", Type: playbook.Integer, Min: new(float64(1)), Max: new(float64(500)), Default: int64(10)},
		}},
	}
}

func rollbackPlaybook() *playbook.Playbook {
	return &playbook.Playbook{
		ID: "deploy-rollback", Title: "Roll back a service", Summary: "Puts the version before back.",
		Match: playbook.Match{
			Command:  "rollback",
			Examples: []string{"roll back {service}", "undo the last deploy of {service} in {environment}", "revert {service} to the previous version"},
		},
		Flow: &playbook.Workflow{Inputs: []playbook.Input{
			{Name: "service", Type: playbook.String, Pattern: "^[a-z][a-z0-9-]{2,30}$"},
			{Name: "environment", Type: playbook.Choice, Options: []string{"dev", "staging", "prod"}, Default: "prod"},
		}},
	}
}

func servicePlaybook() *playbook.Playbook {
	return &playbook.Playbook{
		ID: "service-new", Title: "Start a new service",
		Match: playbook.Match{Examples: []string{"new {language} service {name}"}},
		Flow: &playbook.Workflow{Inputs: []playbook.Input{
			{Name: "name", Type: playbook.String, Pattern: "^[a-z][a-z0-9-]{2,30}$"},
			{Name: "language", Type: playbook.Choice, Options: []string{"go", "python"}},
		}},
	}
}

func TestMatchSmall(t *testing.T) {
	t.Parallel()
	m, err := NewMatcher([]*playbook.Playbook{databasePlaybook(), rollbackPlaybook()}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, decision, playbook string }{
		{"need a db called orders in staging", Matched, "postgres-create"},
		{"crete a postgress db", Matched, "postgres-create"},
		{"new pg for billing please", Matched, "postgres-create"},
		{"roll back billing", Matched, "deploy-rollback"},
		{"how do I restore a backup?", None, ""},
		{"what's for lunch", None, ""},
		{"", None, ""},
		{"🎉🎉", None, ""},
	} {
		got := m.Match(c.text, nil)
		if got.Decision != c.decision || got.Playbook != c.playbook {
			t.Errorf("Match(%q) = %+v, want %s %s", c.text, got, c.decision, c.playbook)
		}
	}
}

func newTestMatcher(tb testing.TB, playbooks []*playbook.Playbook) *Matcher {
	tb.Helper()
	m, err := NewMatcher(playbooks, testNow)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func TestNewMatcherRefusesPattern(t *testing.T) {
	t.Parallel()
	p := databasePlaybook()
	p.Match.Patterns = []string{"("}
	if _, err := NewMatcher([]*playbook.Playbook{p}, nil); err == nil || !strings.Contains(err.Error(), "postgres-create") {
		t.Errorf("a broken pattern gives %v", err)
	}
}

// TestMatchNot says near misses nearly as they are written, with slips and
// politeness: they never match, and neither does a pattern then.
func TestMatchNot(t *testing.T) {
	t.Parallel()
	p := databasePlaybook()
	p.Match.Not = append(p.Match.Not, "new pg training for {name}", "I need a postgres expert")
	m := newTestMatcher(t, []*playbook.Playbook{p, rollbackPlaybook()})
	for _, text := range []string{
		"how do I restore a backup", "How do I restore a backup?", "hi, how do i restore the backup please", "how do i restoer a backup", "how do I restore my backups",
		"new pg training for", "I need a postgres expert", "i need an postgres expert!", "hey team, I need a Postgres expert please",
	} {
		if got := m.Match(text, nil); got.Playbook == p.ID {
			t.Errorf("Match(%q) = %+v", text, got)
		}
	}
	for _, text := range []string{"I need a postgres database", "new pg for orders"} {
		if got := m.Match(text, nil); got.Decision != Matched || got.Playbook != p.ID {
			t.Errorf("Match(%q) = %+v", text, got)
		}
	}
}

// TestMatchSure has an example, a command, a pattern and a likeness disagree:
// the plainer word wins, and the person is not asked.
func TestMatchSure(t *testing.T) {
	t.Parallel()
	words := func(id string, m playbook.Match) *playbook.Playbook {
		return &playbook.Playbook{ID: id, Title: id, Match: m, Answer: &playbook.Answer{Text: id}}
	}
	m := newTestMatcher(t, []*playbook.Playbook{
		words("alike", playbook.Match{Examples: []string{"list the open invoices of {customer}", "list all of the open invoices now"}}),
		words("pattern", playbook.Match{Examples: []string{"sing a song"}, Patterns: []string{"^list (all|open) "}}),
		words("command", playbook.Match{Examples: []string{"dance"}, Command: "list all"}),
		words("example", playbook.Match{Examples: []string{"list all invoices"}}),
	})
	for _, c := range []struct{ text, playbook, because string }{
		{"list all invoices", "example", "word for word"},
		{"list all open invoices", "command", "begins with the command"},
		{"list open invoices", "pattern", "matches the pattern"},
		{"list the open invoices", "alike", "says"},
	} {
		got := m.Match(c.text, nil)
		if got.Decision != Matched || got.Playbook != c.playbook || !strings.Contains(got.Because[0], c.because) {
			t.Errorf("Match(%q) = %+v, want %s", c.text, got, c.playbook)
		}
		if err := checkMatch(got); err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

func TestMatchDenied(t *testing.T) {
	t.Parallel()
	m := newTestMatcher(t, []*playbook.Playbook{databasePlaybook(), rollbackPlaybook()})
	got := m.Match("roll back billing", func(p *playbook.Playbook) bool { return p.ID != "deploy-rollback" })
	if got.Decision != Matched || got.Playbook != "deploy-rollback" || !got.Denied {
		t.Errorf("%+v, want a denied match", got)
	}
	if got := m.Match("roll back billing", nil); got.Denied {
		t.Errorf("%+v: nil allows everything", got)
	}
}

// TestMatchTies gives two playbooks the same words: the earlier leads, and the
// person is asked.
func TestMatchTies(t *testing.T) {
	t.Parallel()
	one, two := databasePlaybook(), databasePlaybook()
	two.ID = "postgres-create-again"
	for _, order := range [][]*playbook.Playbook{{one, two, rollbackPlaybook()}, {two, one, rollbackPlaybook()}} {
		got := newTestMatcher(t, order).Match("a postgres database please", nil)
		if got.Decision != Clarify || got.Playbook != order[0].ID || len(got.Candidates) < 2 || got.Candidates[1].Playbook != order[1].ID {
			t.Errorf("%+v, want to be asked, %s first", got, order[0].ID)
		}
	}
}

func TestMatchBecause(t *testing.T) {
	t.Parallel()
	m := newTestMatcher(t, []*playbook.Playbook{databasePlaybook(), rollbackPlaybook()})
	for _, c := range []struct{ text, want string }{
		{"roll back orders", `says “roll back”, like the example “roll back {service}”`},
		{"I need a postgres database", "it is word for word an example"},
		{"db create orders", "begins with the command “db create”"},
		{"new pg for me", "matches the pattern ^new (pg|postgres)"},
		{"crete a db", "read “crete” as “create”"},
		{"how do I restore a backup", "which postgres-create rules out"},
		{"🎉", "no playbook has an example like it"},
		{"is the deploy good", "nearest is"},
		{" ", "no words to go by"},
	} {
		if got := m.Match(c.text, nil); !strings.Contains(strings.Join(got.Because, "; "), c.want) {
			t.Errorf("Match(%q).Because = %q, want %q", c.text, got.Because, c.want)
		}
	}
}

func TestExtract(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		playbook *playbook.Playbook
		text     string
		want     map[string]any
		rejected []string
	}{
		{databasePlaybook(), "create a db called orders in staging", map[string]any{"name": "orders", "environment": "staging"}, nil},
		{databasePlaybook(), "name: orders, size_gb = 20, environment=prod", map[string]any{"name": "orders", "size_gb": int64(20), "environment": "prod"}, nil},
		{databasePlaybook(), "--name orders --size-gb 20", map[string]any{"name": "orders", "size_gb": int64(20)}, nil},
		{databasePlaybook(), "a db called Orders please", map[string]any{"name": "orders"}, nil},
		{databasePlaybook(), "a db called please", map[string]any{}, nil},
		{databasePlaybook(), "a db called 9lives, 900gb", map[string]any{}, []string{"name", "size_gb"}},
		{databasePlaybook(), "a 20gb db in production", map[string]any{"size_gb": int64(20), "environment": "prod"}, nil},
		{databasePlaybook(), "move it from dev to prod", map[string]any{}, nil},
		{rollbackPlaybook(), "orders-api is broken, put it back", map[string]any{"service": "orders-api"}, nil},
		{rollbackPlaybook(), "roll back `orders` in stg", map[string]any{"service": "orders", "environment": "staging"}, nil},
		{rollbackPlaybook(), "", map[string]any{}, nil},
		{servicePlaybook(), "new go service called parcel-pricing", map[string]any{"language": "go", "name": "parcel-pricing"}, nil},
		{servicePlaybook(), "let us go and make a service", map[string]any{}, nil},
	} {
		got, rejected := Extract(c.playbook, c.text, testNow())
		var names []string
		for _, r := range rejected {
			names = append(names, r.Input)
			if r.Reason == "" || r.Value == "" {
				t.Errorf("Extract(%q) rejects %+v without a word", c.text, r)
			}
		}
		if !reflect.DeepEqual(got, c.want) || !slices.Equal(names, c.rejected) {
			t.Errorf("Extract(%q) = %v, %v, want %v, %v", c.text, got, rejected, c.want, c.rejected)
		}
	}
}

// TestReload changes one playbook of the catalogue and expects its new words to
// count at once, and everything else to stay.
func TestReload(t *testing.T) {
	t.Parallel()
	set := catalogue(t)
	m := newTestMatcher(t, set)
	i := slices.IndexFunc(set, func(p *playbook.Playbook) bool { return p.ID == "vpn-help" })
	changed := *set[i]
	changed.Match.Examples = append(slices.Clone(changed.Match.Examples), "the service pager certificate laptop")
	next := slices.Clone(set)
	next[i] = &changed
	n, err := m.Reload(next)
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Match("the service pager certificate laptop", nil); got.Playbook != "vpn-help" {
		t.Errorf("the new example gives %+v", got)
	}
	if got := n.Match("roll back billing", nil); got.Playbook != "deploy-rollback" || got.Inputs["service"] != "billing" {
		t.Errorf("another playbook gives %+v", got)
	}
	less, err := n.Reload(next[:3])
	if err != nil {
		t.Fatal(err)
	}
	if got := less.Match("roll back billing", nil); got.Playbook == "deploy-rollback" {
		t.Errorf("a playbook that is gone is matched: %+v", got)
	}
}

// checkMatch is what holds for every message.
func checkMatch(got Match) error {
	switch {
	case got.Decision != Matched && got.Decision != Clarify && got.Decision != None:
		return fmt.Errorf("decision %q", got.Decision)
	case (got.Decision == None) != (got.Playbook == ""):
		return fmt.Errorf("decision %s with playbook %q", got.Decision, got.Playbook)
	case !(got.Confidence >= 0 && got.Confidence <= 1):
		return fmt.Errorf("confidence %v", got.Confidence)
	case got.Inputs == nil || got.Candidates == nil || len(got.Because) == 0:
		return fmt.Errorf("something is missing: %+v", got)
	case got.Playbook != "" && got.Candidates[0].Playbook != got.Playbook:
		return fmt.Errorf("%s is not the first of %+v", got.Playbook, got.Candidates)
	}
	for i := 1; i < len(got.Candidates); i++ {
		if got.Candidates[i].Score > got.Candidates[i-1].Score {
			return fmt.Errorf("candidates out of order: %+v", got.Candidates)
		}
	}
	_, err := json.Marshal(got)
	return err
}

func TestMatchHoldsItsShape(t *testing.T) {
	t.Parallel()
	set := catalogue(t)
	m := newTestMatcher(t, set)
	var words []string
	for _, s := range messages(t) {
		words = append(words, strings.Fields(s.Text)...)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(words), rapid.String()), 0, 12).Draw(t, "words"), " ")
		got := m.Match(text, nil)
		if err := checkMatch(got); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if again := m.Match(text, nil); !reflect.DeepEqual(got, again) {
			t.Fatalf("%q: %+v and then %+v", text, got, again)
		}
	})
}

func FuzzMatch(f *testing.F) {
	for _, s := range messages(f) {
		f.Add(s.Text)
	}
	f.Add(strings.Repeat("name=x ", 1000))
	f.Add("\"\"“”''`` {name} --name --")
	m := newTestMatcher(f, catalogue(f))
	f.Fuzz(func(t *testing.T, text string) {
		got := m.Match(text, nil)
		if err := checkMatch(got); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// shelf is n playbooks: the catalogue's, over and over, each with a word of its
// own in every example.
func shelf(tb testing.TB, n int) []*playbook.Playbook {
	tb.Helper()
	set := catalogue(tb)
	out := make([]*playbook.Playbook, n)
	for i := range n {
		p := *set[i%len(set)]
		p.ID = fmt.Sprintf("%s-%d", p.ID, i)
		p.Match.Command, p.Match.Patterns = "", nil
		p.Match.Examples = nil
		for _, x := range set[i%len(set)].Match.Examples {
			p.Match.Examples = append(p.Match.Examples, fmt.Sprintf("%s for thing%d", x, i))
		}
		out[i] = &p
	}
	return out
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		m := newTestMatcher(b, shelf(b, n))
		b.Run(fmt.Sprintf("playbooks=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Match("could you create a db called orders in staging for thing7", nil)
			}
		})
	}
}

// BenchmarkReload is one changed playbook among 1,000, until the new set can
// be used.
func BenchmarkReload(b *testing.B) {
	set := shelf(b, 1000)
	m := newTestMatcher(b, set)
	changed := *set[500]
	changed.Match.Examples = append(slices.Clone(changed.Match.Examples), "one more thing to say")
	next := slices.Clone(set)
	next[500] = &changed
	for b.Loop() {
		if _, err := m.Reload(next); err != nil {
			b.Fatal(err)
		}
	}
}

// TestMatchHuge sends what nobody types; the time is the test's own limit.
func TestMatchHuge(t *testing.T) {
	t.Parallel()
	m := newTestMatcher(t, catalogue(t))
	for _, text := range []string{
		strings.Repeat("x", 1<<20), strings.Repeat("deploy ", 150_000), strings.Repeat("name=", 200_000),
		strings.Repeat("\"", 1<<20), strings.Repeat("🎉", 1<<18), strings.Repeat("\xff", 1<<20), strings.Repeat("size 20gb to next friday, ", 40_000),
	} {
		if err := checkMatch(m.Match(text, nil)); err != nil {
			t.Errorf("%.20q…: %v", text, err)
		}
	}
}
