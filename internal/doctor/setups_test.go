package doctor_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdoor/internal/app"
	"frontdoor/internal/config"
)

const good = `
playbooks: {dir: books}
docs: {sources: [{name: docs, dir: pages}]}
http: {listen: '127.0.0.1:0'}
people:
  file: people.yaml
  groups: {engineering: {people: [ana, ben]}, dba: {people: [ben, cid]}}
workflows: {config: {db_api: 'https://db.internal'}, secrets: {db_token: '${DB_TOKEN}'}, http: {allow_hosts: [db.internal]}, command: {allow: [sh]}}
`

// with is the good configuration with one text in the place of another.
func with(pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(good, pairs[i]) {
			panic("the good configuration has no " + pairs[i])
		}
	}
	return strings.NewReplacer(pairs...).Replace(good)
}

const book = `
id: db-create
title: Create a database
summary: A database with backups.
owner: data
product: {problem: It took two days., audience: engineers}
tags: {topic: databases, action: provision}
match: {command: db create, examples: [I need a database please, create a postgres for my team]}
access: {groups: [engineering]}
workflow:
  inputs: {name: {type: string, ask: What is it called?}}
  approval: [{groups: [dba]}]
  steps:
    - id: create
      http: {method: POST, url: '${config.db_api}/databases', json: {name: '${inputs.name}'}, auth: {bearer: db_token}}
    - id: note
      command: [sh, -c, 'true']
  result: {text: Done.}
tests:
  - say: I need a database please
    expect: {playbook: db-create}
`

// goodFiles is a set-up in which nothing is wrong.
func goodFiles() map[string]string {
	return map[string]string{
		config.FileName:  good,
		"books/db.yaml":  book,
		"pages/index.md": "# Welcome\n\nDatabases are made by the bot, in ten minutes.\n",
		"people.yaml":    "- {id: ana}\n- {id: ben}\n- {id: cid}\n",
	}
}

// setup is a broken set-up: what is found, and what mends it.
type setup struct {
	name             string
	files            map[string]string              // over the good ones
	env              map[string]string              // over DB_TOKEN
	prepare          func(t *testing.T, dir string) // what files can't say
	check, says, fix string                         // of the finding
	mend             map[string]string              // the fix, where it is a file
	mendEnv          map[string]string              // or a variable
	mending          func(t *testing.T, dir string) // or something else
}

// configured is a set-up whose configuration alone is broken, and mended by
// the good one.
func configured(name, content, check, says, fix string) setup {
	return setup{
		name: name, files: map[string]string{config.FileName: content}, check: check, says: says, fix: fix,
		mend: map[string]string{config.FileName: good},
	}
}

func broken() []setup {
	return append(brokenFiles(), brokenStores()...)
}

func brokenFiles() []setup {
	return []setup{
		configured("a misspelt key", with("playbooks:", "playbok:"), "configuration", "unknown key playbok", "did you mean playbooks?"),
		configured("a key in the wrong place", with("workflows: {", "workflows: {allow_hosts: [x], "), "configuration", "unknown key allow_hosts", "belongs under workflows.http"),
		configured("a port without its colon", with("'127.0.0.1:0'", "8080"), "configuration", "the number 8080", "write ':8080'"),
		configured("no YAML", good+"  - [\n", "configuration", "this is no YAML", "check the indentation"),
		configured("a duration without a unit", with("{dir: books}", "{dir: books, reload: 10}"), "configuration", "must be a duration", "such as 10s"),
		configured("no such directory of playbooks", with("dir: books", "dir: boks"), "configuration", "there is no directory", "make it, or write another"),
		configured("no such directory of pages", with("dir: pages", "dir: page"), "configuration", "there is no directory", "make it, or write another"),
		configured("a variable without a brace", with("'${DB_TOKEN}'", "'${DB_TOKEN'"), "secrets", "isn't closed", "close it"),
		configured("a token of Slack", good+"slack: {bot_token: xoxb-1}\n", "slack", "not built yet", "remove the key"),
		configured("a token of Discord", good+"discord: {token: abc}\n", "discord", "not built yet", "remove the key"),
		configured("half of Slack", good+"slack: {app_token: xapp-1}\n", "slack", "slack.bot_token is not: Slack is off", "not built yet"),
		configured("PostgreSQL", good+"database: {url: 'postgres://h/d'}\n", "configuration", "PostgreSQL is not built yet", "remove the key"),
		configured("an address of the dashboard", good+"web: {listen: '127.0.0.1:9'}\n", "configuration", "no effect", "remove the key"),
		{
			name: "a variable that isn't set", env: map[string]string{"DB_TOKEN": ""}, check: "secrets", says: "DB_TOKEN is set but empty",
			fix: "give it a value", mendEnv: map[string]string{"DB_TOKEN": "x"},
		},
		{
			name: "a mounted secret that isn't there", files: map[string]string{config.FileName: with("'${DB_TOKEN}'", "'${file:token}'")},
			check: "secrets", says: "there is no file", fix: "mount it", mend: map[string]string{"token": "x\n"},
		},
		{
			name: "a misspelt person", files: map[string]string{config.FileName: with("[ana, ben]", "[anna, ben]")}, check: "people", says: `called "anna"`,
			fix: "did you mean ana?", mend: map[string]string{config.FileName: good},
		},
		{
			name: "a misspelt key of a person", files: map[string]string{"people.yaml": "- {id: ana, tean: x}\n- {id: ben}\n- {id: cid}\n"}, check: "people",
			says: "people.yaml:1:13: unknown key tean", fix: "did you mean team?", mend: map[string]string{"people.yaml": "- {id: ana, team: x}\n- {id: ben}\n- {id: cid}\n"},
		},
		{
			name: "the same person twice", files: map[string]string{"people.yaml": "- {id: ana}\n- {id: ben}\n- {id: cid}\n- {id: ana}\n"}, check: "people",
			says: `"ana" is there twice`, fix: "one entry", mend: map[string]string{"people.yaml": "- {id: ana}\n- {id: ben}\n- {id: cid}\n"},
		},
		configured("a group of Slack alone", with("dba: {people: [ben, cid]}", "dba: {slack_usergroup: S1}"), "people", "nobody is in it", "people.groups.dba"),
		configured("an empty group of a file", with("dba: {people: [ben, cid]}", "dba: {file: empty.yaml}"), "people", "there is no file", "make it"),
		configured("a rule that is never reached", good+"channels: [{name: 'help-*', answer: questions}, {name: help-dba, answer: never}]\n", "channels",
			"channels[1] (help-dba) is never reached", "move channels[1] before channels[0]"),
		configured("a misspelt group", with("engineering: {", "enginering: {"), "playbooks", "the configuration has no group engineering", "did you mean enginering?"),
		configured("a group that isn't there", with("engineering: {people: [ana, ben]}, ", ""), "playbooks", "no group engineering: whoever has to be in it for db-create is refused", "add engineering to people.groups"),
		configured("a secret that isn't there", with("db_token: '${DB_TOKEN}'", ""), "playbooks", "no secret db_token: the step of db-create that needs it is refused", "add db_token to workflows.secrets"),
		configured("a value that isn't there", with("db_api: 'https://db.internal'", ""), "playbooks", "no value db_api: runs of db-create are refused", "add db_api to workflows.config"),
		configured("an executable that isn't allowed", with("command: {allow: [sh]}", "command: {allow: []}"), "playbooks", "doesn't allow the executable sh: the step", "add sh to workflows.command.allow"),
		configured("a host that isn't allowed", with("allow_hosts: [db.internal]", "allow_hosts: [db.interna]"), "hosts", "http steps of db-create that go there are refused", "add db.internal to workflows.http.allow_hosts"),
		configured("another port than is allowed", with("allow_hosts: [db.internal]", "allow_hosts: ['db.internal:8443']"), "hosts", "is at db.internal", "add db.internal"),
		configured("one who approves their own", with("dba: {people: [ben, cid]}", "dba: {people: [ben]}"), "approvals", "what ben asks of db-create nobody can approve", "add another person to the group dba"),
		{
			name: "a rule that too few can fulfil", files: map[string]string{"books/db.yaml": strings.Replace(book, "{groups: [dba]}", "{groups: [dba], count: 3}", 1)},
			check: "approvals", says: "it can never be approved", fix: "add people to the group dba",
			mend: map[string]string{config.FileName: with("[ben, cid]", "[ana, ben, cid]"), "books/db.yaml": strings.Replace(book, "{groups: [dba]}", "{groups: [dba], count: 2}", 1)},
		},
		{
			name: "an executable that isn't installed", check: "executables", says: "no-such-tool, which isn't installed", fix: "install no-such-tool",
			files: map[string]string{config.FileName: with("allow: [sh]", "allow: [no-such-tool]"), "books/db.yaml": strings.Replace(book, "[sh,", "[no-such-tool,", 1)},
			mend:  map[string]string{config.FileName: good, "books/db.yaml": book},
		},
		{
			name: "a playbook with a mistake", files: map[string]string{"books/db.yaml": strings.Replace(book, "owner:", "ownr:", 1)}, check: "playbooks",
			says: "db.yaml:5:1: unknown key ownr", fix: "did you mean owner?", mend: map[string]string{"books/db.yaml": book},
		},
		{
			name: "a workflow for nobody", files: map[string]string{"books/db.yaml": strings.Replace(book, "access: {groups: [engineering]}\n", "", 1)}, check: "playbooks",
			says: "nobody may start it", fix: "groups: ['*']", mend: map[string]string{"books/db.yaml": strings.Replace(book, "[engineering]", "['*']", 1)},
		},
		{
			name: "a page that isn't text", files: map[string]string{"pages/bad.md": "# \xff\xfe\n"}, check: "docs", says: "bad.md is left out", fix: "mend the page",
			mend: map[string]string{"pages/bad.md": "# Mended\n\nIt is text now.\n"},
		},
		{
			name: "a directory without pages", files: map[string]string{"pages/index.md": gone, "pages/index.txt": "x"}, check: "docs", says: "has no pages",
			fix: "put Markdown pages into it", mend: map[string]string{"pages/index.md": "# Welcome\n\nHello there.\n"},
		},
		{
			name: "a damaged snapshot", files: map[string]string{".frontdoor/docs/docs.index": "nonsense"}, check: "index", says: "can't be read", fix: "bot docs index",
			mending: func(t *testing.T, dir string) {
				cfg, _ := config.Load(filepath.Join(dir, config.FileName), os.LookupEnv)
				if _, _, err := app.IndexDocs(t.Context(), cfg, nil, func(string) {}); err != nil {
					t.Fatal(err)
				}
			},
		},
	}
}

func brokenStores() []setup {
	return []setup{
		{
			name: "a file in the place of data_dir", files: map[string]string{".frontdoor": "x"}, check: "data_dir", says: ".frontdoor is a file", fix: "move the file",
			mend: map[string]string{".frontdoor": gone},
		},
		{
			name: "data_dir below a file", files: map[string]string{config.FileName: good + "data_dir: people.yaml/state\n"}, check: "data_dir", says: "not a directory",
			fix: "name a directory", mend: map[string]string{config.FileName: good},
		},
		configured("data_dir where nothing can be written", good+"data_dir: /proc/frontdoor\n", "data_dir", "can't be made below /proc", "another directory in data_dir"),
		{
			name: "a data_dir that everybody writes", check: "data_dir", says: "everybody on this machine", fix: "chmod o-rwx",
			prepare: func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, ".frontdoor"), 0o777) },
			mending: func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, ".frontdoor"), 0o770) },
		},
		{
			name: "a key that everybody reads", files: map[string]string{".frontdoor/demand.key": "0123456789abcdef\n"}, check: "data_dir", says: "demand.key is -rw-r--r--", fix: "chmod o-rwx",
			prepare: func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, ".frontdoor/demand.key"), 0o644) },
			mending: func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, ".frontdoor/demand.key"), 0o640) },
		},
		{
			name: "a file in the place of a directory", files: map[string]string{".frontdoor/sessions": "x"}, check: "data_dir", says: "sessions is a file", fix: "move it away",
			mend: map[string]string{".frontdoor/sessions": gone},
		},
		{
			name: "a key that is too short", files: map[string]string{".frontdoor/demand.key": "short\n"}, check: "demand", says: "fewer than 16 characters",
			fix: "from a backup", mend: map[string]string{".frontdoor/demand.key": gone},
		},
		{
			name: "a key that is gone", check: "demand", says: "demand.key is gone", fix: "back from a backup",
			prepare: func(t *testing.T, dir string) {
				started(t, dir)
				change(t, dir, "INSERT INTO demand_events (id, event, time) VALUES ('e1', 'request_received', 1)")
				move(t, filepath.Join(dir, ".frontdoor/demand.key"), filepath.Join(dir, "backup"))
			},
			mending: func(t *testing.T, dir string) {
				move(t, filepath.Join(dir, "backup"), filepath.Join(dir, ".frontdoor/demand.key"))
			},
		},
		{
			name: "a file that is no database", files: map[string]string{".frontdoor/frontdoor.db": strings.Repeat("no database ", 1000)}, check: "database",
			says: "not a database", fix: "put a backup in its place", mend: map[string]string{".frontdoor/frontdoor.db": gone},
		},
		{
			name: "a damaged database", check: "database", says: "frontdoor.db", fix: "put a backup in its place",
			prepare: func(t *testing.T, dir string) {
				started(t, dir)
				file := filepath.Join(dir, ".frontdoor/frontdoor.db")
				src, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for i := 4096 * 3; i < len(src); i++ {
					src[i] = byte(i)
				}
				if err := os.WriteFile(file, src, 0o600); err != nil {
					t.Fatal(err)
				}
			},
			mend: map[string]string{".frontdoor/frontdoor.db": gone},
		},
		{
			name: "a database of a later release", check: "database", says: "is of a later release", fix: "use the release that wrote it",
			prepare: func(t *testing.T, dir string) {
				started(t, dir)
				change(t, dir, "INSERT INTO goose_workflow (version_id, is_applied) VALUES (9999, 1)")
			},
			mending: func(t *testing.T, dir string) { change(t, dir, "DELETE FROM goose_workflow WHERE version_id = 9999") },
		},
		run("a run in the middle of a step", "'unknown', '', NULL", "runs", "was interrupted in the middle of the step create", "look whether the step has happened"),
		run("a run that nobody works on", "'running', '', 1000", "runs", "nobody works on it", "start the bot"),
		run("an approval whose time is over", "'waiting', 'approval', 1000", "runs", "the time to approve r-test of db-create was over", "start the bot"),
		{
			name: "runs that are frozen", check: "runs", says: "everything is frozen since 1970-01-01T00:00:01Z by ana: a change", fix: "unfreeze it",
			prepare: func(t *testing.T, dir string) {
				started(t, dir)
				change(t, dir, "INSERT INTO run_freezes (scope, reason, actor, since) VALUES ('*', 'a change', 'ana', 1000)")
			},
			mending: func(t *testing.T, dir string) { change(t, dir, "DELETE FROM run_freezes") },
		},
		{
			name: "a clock that was set back", check: "clock", says: "the clock was set back", fix: "set this machine's clock",
			prepare: func(t *testing.T, dir string) {
				started(t, dir)
				insertRun(t, dir, "'succeeded', '', NULL", time.Now().Add(time.Hour))
			},
			mending: func(t *testing.T, dir string) { change(t, dir, "UPDATE runs SET started = 1000") },
		},
		configured("an address in use", good, "http", "another program listens at", "http.listen"),
		configured("no address of this machine", with("'127.0.0.1:0'", "'192.0.2.1:8080'"), "http", "192.0.2.1:8080 is no address of this machine", "only a port"),
		configured("a public address that redirects", good, "public_url", "redirects to https://elsewhere.example/", "write the address that it leads to"),
		configured("a public address of something else", good, "public_url", "not as a bot does", "leads to http.listen"),
		configured("a public address that nobody knows", good+"http2: {}\n", "configuration", "unknown key http2", "did you mean http?"),
		configured("a Redis that is away", good+"redis: {url: 'redis://:hunter2@127.0.0.1:1'}\n", "redis", "Redis doesn't answer", "start Redis"),
	}
}

// places fills in what only the test knows: addresses.
func places(t *testing.T, s *setup) {
	t.Helper()
	switch s.name {
	case "an address in use":
		s.files = map[string]string{config.FileName: with("127.0.0.1:0", listener(t))}
	case "a public address that redirects":
		s.files = map[string]string{config.FileName: with("'127.0.0.1:0'", "'127.0.0.1:0', public_url: '"+served(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusMovedPermanently)
		})+"'")}
	case "a public address of something else":
		s.files = map[string]string{config.FileName: with("'127.0.0.1:0'", "'127.0.0.1:0', public_url: '"+served(t, http.NotFound)+"'")}
	}
}
