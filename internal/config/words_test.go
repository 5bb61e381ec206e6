package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdoor/internal/config"
)

// TestWhatToWrite has a line for each usual mistake: what is said, and where.
func TestWhatToWrite(t *testing.T) {
	for _, tt := range []struct {
		content, place, says string // place is line:column; says is part of message and hint
	}{
		// Keys that nobody knows, or that belong elsewhere.
		{"playbok: {dir: x}", "1:1", "unknown key playbok (did you mean playbooks?)"},
		{"playbooks: {direct: x, relod: 1s}", "1:24", "unknown key relod (did you mean reload?)"},
		{"docs: {sources: [{nme: a, dir: .}]}", "1:19", "unknown key nme (did you mean name?)"},
		{"lease: 10s", "1:1", "lease belongs under workflows"},
		{"allow_hosts: [x]", "1:1", "allow_hosts belongs under workflows.http"},
		{"workflows: {allow_hosts: [x]}", "1:13", "allow_hosts belongs under workflows.http"},
		{"workflows: {http: {allow: [git]}}", "1:20", "allow belongs under workflows.command"},
		{"docs: {dir: docs}", "1:8", "dir belongs under docs.sources[]"},
		{"bot_token: x", "1:1", "bot_token belongs under slack or slack.workspaces[]"},
		{"groups: {dba: {people: [ana]}}", "1:1", "groups belongs under people"},
		{"http: {log: {level: info}}", "1:8", "log belongs under the top of the file"},
		{"workflows: {demand: {key: x}}", "1:13", "demand belongs under the top of the file"},
		{"channels: [{name: a, lease: 1s}]", "1:22", "lease belongs under workflows"},
		{"people: {groups: {dba: {people: [a], small_group: 1}}}", "1:38", "small_group belongs under demand"},
		{"docs.refresh: 1m", "1:1", "write docs: {refresh: …}"},
		{"workflows.http.allow_hosts: [x]", "1:1", "write workflows: {http: {allow_hosts: …}}"},
		{"dataDir: x", "1:1", "did you mean data_dir?"},
		{"zebra: 1", "1:1", "known here: data_dir"},
		{"allow_host: [x]", "1:1", "allow_host belongs under workflows.http as allow_hosts"},

		// Values of a wrong kind.
		{"data_dir: [a]", "1:11", "data_dir must be a string, not a list (write data_dir: .frontdoor)"},
		{"http: {listen: 8080}", "1:16", "not the number 8080 (write ':8080')"},
		{"http: {listen: 99999}", "1:16", "not the number 99999 (write ':8080' or '127.0.0.1:8080')"},
		{"playbooks: {reload: 10}", "1:21", "must be a duration, not the number 10 (write it with its unit, such as 10s, 10m or 10h)"},
		{"demand: {text_retention: 90}", "1:26", "write text_retention: 90d"},
		{"demand: {small_group: five}", "1:23", `not the string "five" (write small_group: 5)`},
		{"demand: {small_group: 1.5}", "1:23", "must be a whole number, not the number 1.5"},
		{"channels: {name: help}", "1:11", "must be a list, not an object (write channels: ["},
		{"channels: [help]", "1:12", "write {name: help, answer: questions}"},
		{"docs: {sources: {dir: docs}}", "1:17", "write sources: [{"},
		{"docs: {sources: docs}", "1:17", "write sources: [{"},
		{"redis: localhost", "1:8", "write redis: {url: 'redis://localhost:6379'}"},
		{"people: {groups: {dba: [ana]}}", "1:24", "write {people: [ana]}"},
		{"people: {groups: {dba: {people: ana}}}", "1:33", "write people: [ana"},
		{"people: {trust_slack_usergroups: sometimes}", "1:34", "must be true or false"},
		{"workflows: {secrets: [a]}", "1:22", "write secrets: {"},
		{"workflows: {config: {replicas: 3}}", "1:32", "put quotes around it"},
		{"- a", "1:1", "the file must be an object, not a list"},

		// Values that a part can't use.
		{"docs: {refresh: soon}", "1:17", "which is not a duration"},
		{"docs: {refresh: -5m}", "1:17", "which is not a duration"},
		{"docs: {sources: [{dir: ., layout: mkdoc}]}", "1:35", "did you mean mkdocs?"},
		{"docs: {sources: [{dir: ., url: 'docs.example.com'}]}", "1:32", "no web address"},
		{"http: {listen: '8080'}", "1:16", "a port without its colon (write ':8080')"},
		{"http: {listen: localhost}", "1:16", "no port (write 'localhost:8080')"},
		{"http: {listen: ':99999'}", "1:16", "a port is from 0 to 65535"},
		{"http: {listen: 'ho st:80'}", "1:16", "is no host"},
		{"http: {listen: ':http'}", "1:16", "no number of a port"},
		{"http: {public_url: bot.example.com}", "1:20", "no web address"},
		{"web: {listen: ':8081'}", "1:1", "for 127.0.0.1 only"},
		{"redis: {url: 'localhost:6379'}", "1:14", "write redis://"},
		{"redis: {url: 'redis://h:1/x'}", "1:14", "database that is no number"},
		{"database: {url: runs.db}", "1:17", "write sqlite:FILE"},
		{"database: {url: 'mysql://h/d'}", "1:17", "write sqlite:FILE"},
		{"database: {url: 'sqlite:'}", "1:17", "names no file"},
		{"database: {url: 'sqlite://runs.db'}", "1:17", "two slashes too many"},
		{"channels: [{name: a, answer: question}]", "1:30", "did you mean questions?"},
		{"channels: [{name: 'a['}]", "1:19", "close the bracket"},
		{"channels: [{name: '*'}, {name: a}]", "1:32", "move '*' to the end"},
		{"channels: [{name: a}, {name: a}]", "1:30", "keep one of the two"},
		{"demand: {digest: {cron: 'every monday'}}", "1:25", "write five fields"},
		{"demand: {digest: {time_zone: Berlin}}", "1:30", "Europe/Berlin"},
		{"demand: {key: short}", "1:15", "at least 16 characters"},
		{"log: {level: INFO}", "1:14", "did you mean info?"},
		{"log: {format: xml}", "1:15", "write json or console"},
		{"workflows: {http: {allow_hosts: ['db:99999']}}", "1:34", "no valid port"},
		{"workflows: {command: {allow: [git push]}}", "1:31", "without arguments"},
		{"data_dir: ${HOME", "1:11", "isn't closed (close it, as in ${ENV_NAME}"},
		{"data_dir: $HOME", "1:11", "write ${HOME}"},
		{"data_dir: ${my home}", "1:11", "names no environment variable"},
		{"redis: {url: '${NOT_SET}'}", "1:14", "NOT_SET isn't set"},
		{"redis: {url: '${file:gone}'}", "1:14", "there is no file"},
		{"redis: {url: '${file:.}'}", "1:14", "can't be read"},
		{"data_dir: a\ndata_dir: b", "2:1", "stands twice, first on line 1"},
		{"http:\n\tlisten: x", "2:1", "a tab can't indent"},
		{"data_dir: a\xff", "1:12", "not UTF-8"},
		{"\ufeffdata_dir: a\r\nhttpp: {}\r\n", "2:1", "did you mean http?"},

		// Parts that aren't built.
		{"slack: {bot_token: xoxb-1}", "1:20", "not built yet"},
		{"demand: {digest: {channel: leads}}", "1:10", "not built yet"},
	} {
		t.Run(tt.content, func(t *testing.T) {
			path := write(t, tt.content)
			_, found := config.Load(path, environment())
			for _, p := range found {
				said := strings.TrimPrefix(p.String(), path+":"+tt.place+": ")
				if said != p.String() && strings.Contains(said, tt.says) {
					if !strings.Contains(p.Excerpt, "^") && !strings.Contains(tt.says, "UTF-8") {
						t.Errorf("no caret below the place:\n%s", p.Excerpt)
					}
					return
				}
			}
			t.Errorf("%q is not said at %s:\n%v", tt.says, tt.place, found)
		})
	}
}

// TestPeopleFiles: what is wrong with them stands with their own place, all at
// once and for every command alike.
func TestPeopleFiles(t *testing.T) {
	path := write(t, "people:\n  file: people.yaml\n  groups:\n    dba: {people: [anna, sre, 'slak:T1/U1', 'slack:U1', ben, 'slack:T1/U7']}\n    sre: {file: groups.yaml}\n    ops: {file: groups.yaml}\n",
		"people.yaml", "- {id: ana, slak: T1/U1}\n- {id: ben, time_zone: Berlin, hours: 9 to 5, slack: U1}\n- {id: ana, email: nobody}\n- {id: cid, discord: 42}\n- {id: dan, discord: '42'}\n- {slack: T1/U9}\n",
		"groups.yaml", "sre: [ana, bem]\nopps: [ana]\n")
	_, found := config.Load(path, environment())
	got := printed(filepath.Dir(path), found)
	for _, want := range []string{
		`frontdoor.yaml:4:20: warning: nobody in people.file is called "anna", so the group dba has one less (did you mean ana?)`,
		`frontdoor.yaml:4:26: warning: "sre" in the group dba is a group`,
		`frontdoor.yaml:4:31: warning: "slak:T1/U1" in the group dba names no chat platform (did you mean slack:T1/U1?)`,
		`frontdoor.yaml:4:45: warning: "slack:U1" in the group dba is no Slack user`,
		`people.yaml:1:13: unknown key slak (did you mean slack?)`,
		`people.yaml:2:24: [1].time_zone is "Berlin", which is not a time zone that we know`,
		`people.yaml:2:39: [1].hours is "9 to 5", which is not a span of hours`,
		`people.yaml:2:54: [1].slack is "U1", which is not a Slack user`,
		`people.yaml:3:8: "ana" is there twice, first on line 1`,
		`people.yaml:3:20: [2].email is "nobody"`,
		`people.yaml:5:22: "discord:42" is there twice, first on line 4`,
		`people.yaml:6:3: id is missing`,
		`groups.yaml:1:12: warning: nobody in people.file is called "bem", so the group sre has one less (did you mean ben?)`,
		`groups.yaml:2:1: the group ops isn't in this file (did you mean opps?)`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not said: %s", want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
	if strings.Contains(got, "T1/U7") && strings.Contains(got, "is no Slack user: T1/U7") {
		t.Error("somebody by a platform's id alone is no mistake")
	}
}

func TestFilesThatAreNone(t *testing.T) {
	for name, tt := range map[string]struct{ path, says string }{
		"a device":       {"/dev/zero", "a device"},
		"a directory":    {t.TempDir(), "a directory"},
		"nothing":        {filepath.Join(t.TempDir(), "x.yaml"), "no such configuration file"},
		"ten megabytes":  {write(t, strings.Repeat("# a long comment line\n", 500_000)), "too big"},
		"deep":           {write(t, "a: "+strings.Repeat("[", 20_000)), "deep"},
		"deep by spaces": {write(t, deep(200)), "deep"},
		"a people's directory": {
			write(t, "people: {file: x}", "x/y", ""), "is a directory, not a file",
		},
		"a people's device": {write(t, "people: {file: /dev/zero}"), "is no regular file"},
		"a long secret":     {write(t, "redis: {url: '${file:long}'}", "long", strings.Repeat("x", 1<<20)), "too long for a value"},
	} {
		t.Run(name, func(t *testing.T) {
			_, found := config.Load(tt.path, environment())
			if len(found) == 0 || !strings.Contains(found.Error(), tt.says) {
				t.Errorf("got %v, want %q", found, tt.says)
			}
		})
	}
	if cfg, found := config.Load(os.DevNull, environment()); found.Err() != nil || cfg.DataDir == "" {
		t.Errorf("an empty file is %v", found)
	}
}

func deep(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
