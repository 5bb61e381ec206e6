package access_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"frontdoor/internal/access"
	"frontdoor/internal/chat"
	"frontdoor/internal/playbook"
)

func TestMayFailsClosed(t *testing.T) {
	flow, answer := &playbook.Workflow{}, &playbook.Answer{Text: "x"}
	dba := chat.Person{ID: "ana", Groups: []string{"dba"}}
	here := chat.Address{Platform: "console", Channel: "C1", Name: "help"}
	for name, c := range map[string]struct {
		who     chat.Person
		p       playbook.Playbook
		allowed bool
		says    string
	}{
		"a workflow without a rule is for nobody":    {dba, playbook.Playbook{Flow: flow}, false, "no access rule"},
		"an answer without a rule is for everybody":  {chat.Person{}, playbook.Playbook{Answer: answer}, true, ""},
		"a rule without groups is nobody's workflow": {dba, playbook.Playbook{Flow: flow, Access: &access1{}}, false, "names no group"},
		"a member may":                          {dba, playbook.Playbook{Flow: flow, Access: &access1{Groups: []string{"sre", "dba"}}}, true, ""},
		"nobody else may":                       {chat.Person{ID: "eve"}, playbook.Playbook{Flow: flow, Access: &access1{Groups: []string{"dba"}}}, false, "the group `dba`"},
		"a star is everybody":                   {chat.Person{}, playbook.Playbook{Flow: flow, Access: &access1{Groups: []string{"*"}}}, true, ""},
		"an answer may be for a group too":      {chat.Person{}, playbook.Playbook{Answer: answer, Access: &access1{Groups: []string{"dba"}}}, false, "the group `dba`"},
		"in the named channel":                  {dba, playbook.Playbook{Flow: flow, Access: &access1{Groups: []string{"dba"}, Channels: []string{"#help"}}}, true, ""},
		"in no other channel":                   {dba, playbook.Playbook{Flow: flow, Access: &access1{Groups: []string{"dba"}, Channels: []string{"ops-*"}}}, false, "#ops-*"},
		"a group called like a channel is none": {chat.Person{Groups: []string{"help"}}, playbook.Playbook{Flow: flow, Access: &access1{Groups: []string{"dba"}}}, false, "dba"},
	} {
		t.Run(name, func(t *testing.T) {
			c.p.Owner = "data-platform"
			d := access.May(c.who, &c.p, here)
			if d.Allowed != c.allowed || !strings.Contains(d.Rule, c.says) {
				t.Errorf("%+v, want allowed %v with %q", d, c.allowed, c.says)
			}
			if !d.Allowed && d.Help != "data-platform" {
				t.Errorf("nobody to help: %+v", d)
			}
		})
	}
}

type access1 = playbook.Access

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	people := write("people.yaml", "- {id: ana, slack: T1/U1, discord: 42, team: payments, time_zone: Europe/Berlin}\n- {id: ben}\n")
	group := write("groups.yaml", "platform: [ben, slack:T1/U9]\n")
	d, err := access.NewDirectory(access.Config{File: people, Groups: map[string]access.Group{
		"dba": {People: []string{"slack:T1/U1"}}, "platform": {File: group},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"ana", "slack:T1/U1", "discord:42"} {
		p := d.Resolve(chat.Person{ID: id, Team: "elsewhere"})
		if p.ID != "ana" || p.Team != "payments" || !slices.Equal(p.Groups, []string{"dba"}) {
			t.Errorf("%s is %+v", id, p)
		}
	}
	if p := d.Resolve(chat.Person{ID: "slack:T1/U9"}); !slices.Equal(p.Groups, []string{"platform"}) || p.ID != "slack:T1/U9" {
		t.Errorf("somebody unknown is %+v", p)
	}
	if p := d.Resolve(chat.Person{ID: "ben", Groups: []string{"guests"}}); !slices.Equal(p.Groups, []string{"guests"}) {
		t.Errorf("the adapter's word on groups was overruled: %+v", p)
	}
	if p := d.Resolve(chat.Person{ID: "slack:T1/U8"}); len(p.Groups) != 0 || p.Groups == nil {
		t.Errorf("a stranger is in %#v", p.Groups)
	}
}

func TestDirectorySaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ file, says string }{
		"a misspelt key": {"- {id: ana, slcak: T1/U1}\n", "slack"},
		"no id":          {"- {slack: T1/U1}\n", "id"},
		"the same twice": {"- {id: ana}\n- {id: ana}\n", "twice"},
		"no list":        {"ana: {}\n", "list"},
		"no YAML":        {"- {id: ana\n", "people.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "people.yaml")
			if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := access.NewDirectory(access.Config{File: path})
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "people.yaml:") {
				t.Errorf("%v, want %q with its place", err, c.says)
			}
		})
	}
}
