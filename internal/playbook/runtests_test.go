package playbook_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"frontdoor/internal/playbook"
)

// answers is a Runner that always gives the same.
type answers struct {
	matched playbook.Matched
	ran     playbook.Ran
	err     error
	inputs  map[string]any
}

func (a *answers) Match(context.Context, string, playbook.TestPerson) (playbook.Matched, error) {
	return a.matched, a.err
}

func (a *answers) Run(_ context.Context, _ *playbook.Playbook, inputs map[string]any, _ playbook.TestPerson, _ map[string]playbook.TestReply) (playbook.Ran, error) {
	a.inputs = inputs
	return a.ran, a.err
}

func TestRunTests(t *testing.T) {
	s, found := playbook.Load("testdata/good")
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	good := &answers{
		matched: playbook.Matched{Playbook: "postgres-create", Inputs: map[string]any{"name": "orders", "environment": "staging"}},
		ran:     playbook.Ran{Approval: []string{"dba"}, Result: "`orders` is ready.\n"},
	}
	bad := &answers{
		matched: playbook.Matched{Inputs: map[string]any{"name": "order"}, Denied: true},
		ran:     playbook.Ran{Failed: "ready", Reason: "timed out"},
	}
	tests := []struct {
		name   string
		runner *answers
		want   [3]string
	}{
		{"good", good, [3]string{"", "expected playbook none, got postgres-create", ""}},
		{"bad", bad, [3]string{
			"expected playbook postgres-create, got none; expected input environment = staging, got nothing; expected input name = orders, got order; expected access, got a refusal",
			"expected access, got a refusal",
			"expected success, got step ready failed: timed out; expected approval by dba, got none; expected result \"`orders` is ready.\", got \"\"",
		}},
		{"broken", &answers{err: errors.New("boom")}, [3]string{"the message couldn't be matched: boom", "the message couldn't be matched: boom", "the workflow couldn't be run: boom"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := playbook.RunTests(t.Context(), s, tt.runner)
			if err != nil || len(got) != 3 {
				t.Fatalf("got %v, %v", got, err)
			}
			for i, o := range got {
				if o.Message != tt.want[i] || o.OK != (tt.want[i] == "") || o.Test != i+1 || o.Line < 50 {
					t.Errorf("got %+v, want %q", o, tt.want[i])
				}
			}
		})
	}
	if good.inputs["size_gb"] != int64(10) || good.inputs["name"] != "orders" {
		t.Errorf("the defaults are left out: %v", good.inputs)
	}
	line, err := json.Marshal(playbook.Outcome{Playbook: "a", Test: 1, File: "f", Line: 2, OK: true})
	if err != nil || string(line) != `{"playbook":"a","test":1,"file":"f","line":2,"ok":true,"message":""}` {
		t.Errorf("got %s, %v", line, err)
	}
}
