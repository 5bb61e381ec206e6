package intents

import (
	"testing"
	"time"

	"frontdoor/internal/playbook"
)

// monday is the clock of the tests: Monday 23 November 2026.
func testNow() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func number(f float64) *float64 { return &f }

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
			{Name: "size_gb", Type: playbook.Integer, Min: number(1), Max: number(500), Default: int64(10)},
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
		t.Logf("%q: %+v", c.text, got)
	}
}
