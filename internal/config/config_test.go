package config_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"frontdoor/internal/chat"
	"frontdoor/internal/config"
	"frontdoor/internal/problem"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// write makes a configuration file in a directory of its own, with the other
// files given as path and content.
func write(t *testing.T, content string, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, config.FileName)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func printed(dir string, found problem.List) string {
	var b strings.Builder
	for _, p := range found {
		fmt.Fprintf(&b, "%s\n", p)
		for line := range strings.Lines(p.Excerpt) {
			b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
		}
	}
	return strings.ReplaceAll(b.String(), dir+string(filepath.Separator), "")
}

func TestEmptyFileIsTheDefaults(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "comments": "# nothing\n", "empty sections": "slack:\ndocs:\n"} {
		t.Run(name, func(t *testing.T) {
			path := write(t, content)
			cfg, found := config.Load(path, environment())
			if len(found) > 0 {
				t.Fatal(found)
			}
			dir := filepath.Dir(path)
			want := config.Default()
			want.File, want.DataDir, want.Playbooks.Dir = path, filepath.Join(dir, ".frontdoor"), filepath.Join(dir, "playbooks")
			want.Docs.Sources[0].Dir = filepath.Join(dir, "docs")
			if !reflect.DeepEqual(cfg, want) {
				t.Errorf("got %+v\nwant %+v", cfg, want)
			}
		})
	}
}

func TestNoFileIsTheDefaults(t *testing.T) {
	cfg, found := config.Load("", environment())
	if len(found) > 0 || !reflect.DeepEqual(cfg, config.Default()) {
		t.Errorf("got %+v, %v", cfg, found)
	}
}

const everything = `
data_dir: state
playbooks: {dir: books, reload: 30s}
docs:
  sources:
    - {name: docs, dir: pages, url: 'https://docs.example.com/', layout: mkdocs}
  refresh: 1m
http: {listen: '127.0.0.1:0', public_url: 'https://bot.example.com'}
redis: {url: 'redis://:${REDIS_PASSWORD}@redis:6379/2'}
database: {url: 'sqlite:runs.db'}
slack:
  mode: http
  app_token: ${SLACK_APP_TOKEN}
  bot_token: ${SLACK_BOT_TOKEN}
  signing_secret: ${SLACK_SIGNING_SECRET}
  api_url: 'https://slack.com/api/'
  command: /platform
discord:
  token: ${DISCORD_TOKEN}
  api_url: ''
  gateway_url: ''
channels:
  - {name: help-platform, answer: questions, escalate: '@platform-oncall', docs: ['*'], playbooks: ['*'], follow_ups: 45m}
  - {name: '*', answer: mentions}
people:
  file: people.yaml
  groups: {dba: {people: [ana, 'slack:T1/U123']}, engineering: {slack_usergroup: S123}, platform: {file: groups.yaml}}
  trust_slack_usergroups: false
llm: {base_url: '', api_key: '${LLM_API_KEY}', model: '', embedding_model: '', timeout: 20s, monthly_budget_usd: 0}
workflows: {lease: 20s, config: {db_api: 'https://db.internal'}, secrets: {db_api_token: '${file:token}', other: '${NOT_SET}'}, http: {allow_hosts: [db.internal]}, command: {allow: [git]}}
demand: {key: '${FRONTDOOR_DEMAND_KEY}', text_retention: 60d, row_retention: 400d, small_group: '${SMALL}'}
log: {level: debug, format: console}
telemetry: {otlp_endpoint: ''}
`

func TestEveryKey(t *testing.T) {
	path := write(t, everything, "books/x.txt", "", "pages/x.md", "", "people.yaml", "- {id: ana}\n", "groups.yaml", "platform: [ana]\n", "token", "s3cret\n")
	cfg, found := config.Load(path, environment("REDIS_PASSWORD", "hunter2", "FRONTDOOR_DEMAND_KEY", "0123456789abcdef", "SMALL", "7"))
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || !strings.Contains(found[0].Message, "NOT_SET isn't set") || found[0].Line != 30 {
		t.Errorf("got %v, want one warning of the secret that isn't set", found)
	}
	dir := filepath.Dir(path)
	for what, pair := range map[string][2]any{
		"data_dir": {cfg.DataDir, filepath.Join(dir, "state")},
		"dir":      {cfg.Playbooks, config.Playbooks{Dir: filepath.Join(dir, "books"), Reload: 30 * time.Second}},
		"source":   {cfg.Docs.Sources[0].Dir + cfg.Docs.Sources[0].Layout, filepath.Join(dir, "pages") + "mkdocs"},
		"redis":    {cfg.Redis.URL, "redis://:hunter2@redis:6379/2"},
		"database": {cfg.Database.URL, "sqlite:" + filepath.Join(dir, "runs.db")},
		"policy":   {cfg.Channels.For(chat.Address{Name: "help-platform"}).FollowUps, 45 * time.Minute},
		"other":    {cfg.Channels.For(chat.Address{Name: "random"}).Answer, chat.AnswerMentions},
		"group":    {cfg.People.Groups["dba"].People, []string{"ana", "slack:T1/U123"}},
		"file":     {cfg.People.Groups["platform"].File, filepath.Join(dir, "groups.yaml")},
		"secrets":  {cfg.Workflows.Secrets, map[string]string{"db_api_token": "s3cret"}},
		"lease":    {cfg.Workflows.Lease, 20 * time.Second},
		"text":     {time.Duration(cfg.Demand.TextRetention), 60 * 24 * time.Hour},
		"small":    {cfg.Demand.SmallGroup, 7},
		"log":      {cfg.Log, config.Log{Level: "debug", Format: "console"}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: got %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			path := write(t, string(src))
			_, found := config.Load(path, environment("SET", "a value from outside"))
			if found.Err() == nil {
				t.Error("a file with mistakes is taken")
			}
			got := printed(filepath.Dir(path), found)
			name := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("differs from %s; -update rewrites it. Got:\n%s", name, got)
			}
		})
	}
}

func TestMissingOnlyCountsWhereItsPartIsOn(t *testing.T) {
	tests := []struct {
		name, content, want string // part of an error; "" loads
	}{
		{"slack is off", "slack: {app_token: '${A}', bot_token: '${B}'}", ""},
		{"slack is on", "slack: {app_token: '${A}', bot_token: '${SET}'}", "the environment variable A isn't set"},
		{"discord is off", "discord: {token: '${A}'}", ""},
		{"a model is off", "llm: {base_url: '', api_key: '${A}'}", ""},
		{"a model is on", "llm: {base_url: 'https://x.example', api_key: '${A}'}", "the environment variable A isn't set"},
		{"redis is always on", "redis: {url: '${A}'}", "the environment variable A isn't set"},
		{"the key is wanted", "demand: {key: '${A}'}", "the environment variable A isn't set"},
		{"set but empty", "redis: {url: '${EMPTY}'}", "the environment variable EMPTY is set but empty"},
		{"no file", "redis: {url: '${file:nothing}'}", "there is no file"},
		{"no name", "redis: {url: '${a b}'}", "names no environment variable"},
		{"an escape", "workflows: {config: {x: '$${A}'}}", ""},
		{"a value is a warning", "workflows: {config: {x: '${A}'}}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, found := config.Load(write(t, tt.content), environment("SET", "xoxb-1", "EMPTY", ""))
			err := found.Err()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestUnbuiltPartsAreRefused(t *testing.T) {
	for key, content := range map[string]string{
		"slack.bot_token":         "slack: {bot_token: xoxb-123}",
		"slack.workspaces":        "slack: {workspaces: [{team: T1, bot_token: xoxb-123}]}",
		"discord.token":           "discord: {token: abcd}",
		"llm.base_url":            "llm: {base_url: 'https://x.example'}",
		"database.url":            "database: {url: 'postgres://x/y'}",
		"telemetry.otlp_endpoint": "telemetry: {otlp_endpoint: 'x:4317'}",
		"web.auth.kind":           "web: {auth: {kind: token}}",
		"demand.digest":           "demand: {digest: {channel: leads}}",
	} {
		t.Run(key, func(t *testing.T) {
			_, found := config.Load(write(t, content), environment())
			if len(found) != 1 || !strings.Contains(found[0].Message, key) || !strings.Contains(found[0].Message, "not built yet") || found[0].Line != 1 {
				t.Errorf("got %v", found)
			}
		})
	}
}

func TestAnAddressTurnsNothingOn(t *testing.T) {
	cfg, found := config.Load(write(t, "web: {listen: '127.0.0.1:1'}"), environment())
	if found.Err() != nil || len(found.Warnings()) != 1 || cfg.Web.Listen != "127.0.0.1:1" {
		t.Errorf("got %v, %q", found, cfg.Web.Listen)
	}
}

// TestNoProblemShowsASecret puts a secret into every place of a file, each
// with a mistake beside it, from outside and written out.
func TestNoProblemShowsASecret(t *testing.T) {
	const secret = "hunter2-Zebra"
	files := []string{
		"slack: {bot_token: %s, app_tokn: %[1]s, mode: %[1]s}",
		"slack:\n  bot_token: %s\n  bot_token: %[1]s\n",
		"slack: {bot_token: [%s]}",
		"slak: {bot_token: %s}",
		"redis: {url: 'redis://:%s@h h:1/x'}",
		"redis: {url: 'http://u:%s@h'}",
		"database: {url: 'postgres://u:%s@h/d'}",
		"discord: {token: %s, nothing: 1}",
		"llm: {base_url: 'https://x.example', api_key: %s, timeout: soon}",
		"workflows: {secrets: {a: %s}, lease: %[1]s}",
		"workflows: {secrets: {a: {b: %s}}}",
		"workflows: {command: {allow: ['a %s']}, secrets: {a: %[1]s}}",
		"demand: {key: %s, text_retention: x}",
		"demand: {key: %s, small_group: %[1]s}",
		"demand: {key: %s",
		"demand: {key: %s}}",
		"demand:\n\tkey: %s",
		"a: &x %s",
		"key: '%s",
		"workflows:\n  secrets:\n    a: |\n      line one\n      %s\n  lese: 3s\n",
	}
	for _, file := range files {
		for _, value := range []string{secret, "'${SECRET}'"} {
			content := strings.ReplaceAll(strings.ReplaceAll(file, "%[1]s", value), "%s", value)
			if strings.Contains(file, "'redis:") || strings.Contains(file, "'http:") || strings.Contains(file, "'postgres:") || strings.Contains(file, "'a ") {
				content = strings.ReplaceAll(content, "'${SECRET}'", "${SECRET}")
			}
			_, found := config.Load(write(t, content), environment("SECRET", secret))
			if found.Err() == nil {
				t.Errorf("%q has no mistake, so it shows nothing", content)
			}
			for _, p := range found {
				if all := p.String() + p.Excerpt + p.Key + p.Hint; strings.Contains(all, "hunter2") || strings.Contains(all, "Zebra") {
					t.Errorf("%q shows the secret: %s\n%s", content, p, p.Excerpt)
				}
			}
		}
	}
}

func TestFind(t *testing.T) {
	t.Chdir(t.TempDir())
	if got := config.Find("", environment()); got != "" {
		t.Errorf("got %q where there is none", got)
	}
	if err := os.WriteFile(config.FileName, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := config.Find("", environment()); got != "frontdoor.yaml" {
		t.Errorf("got %q", got)
	}
	if got := config.Find("", environment("FRONTDOOR_CONFIG", "b.yaml")); got != "b.yaml" {
		t.Errorf("got %q", got)
	}
	if got := config.Find("a.yaml", environment("FRONTDOOR_CONFIG", "b.yaml")); got != "a.yaml" {
		t.Errorf("got %q", got)
	}
	if _, found := config.Load("a.yaml", environment()); found.Err() == nil || !strings.Contains(found.Error(), "no such configuration file") {
		t.Errorf("got %v", found)
	}
}

// TestGuideNamesEveryKey keeps docs/configuration.md complete.
func TestGuideNamesEveryKey(t *testing.T) {
	guide, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	var visit func(path string, t reflect.Type)
	visit = func(path string, typ reflect.Type) {
		for typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map || typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			words := strings.Split(path, ".")
			if last := words[len(words)-1]; !strings.Contains(string(guide), last) {
				t.Errorf("the guide doesn't know %s", path)
			}
			return
		}
		for f := range typ.Fields() {
			if tag := f.Tag.Get("yaml"); tag != "-" && tag != "" && path != ".web.auth" {
				visit(path+"."+tag, f.Type)
			}
		}
	}
	visit("", reflect.TypeFor[config.Config]())
}
