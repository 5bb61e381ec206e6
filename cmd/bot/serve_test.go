package main

import (
	"testing"

	"frontdoor/internal/config"
	"frontdoor/internal/conversation"
)

func TestPlatform(t *testing.T) {
	for want, cfg := range map[string]config.Config{
		"":        {},
		"slack":   {Slack: config.Slack{BotToken: "x"}},
		"discord": {Discord: config.Discord{Token: "x"}},
	} {
		if got := platform(cfg); got != want {
			t.Errorf("%q is on, want %q", got, want)
		}
	}
	if got := platform(config.Config{Slack: config.Slack{Workspaces: []config.SlackWorkspace{{Team: "T1", BotToken: "x"}}}}); got != "slack" {
		t.Errorf("%q is on with workspaces", got)
	}
}

func TestSharedStore(t *testing.T) {
	for want, cfg := range map[string]config.Config{
		"redis.url":                 {Redis: conversation.Config{URL: "redis://a"}},
		"a PostgreSQL database.url": {Database: config.Database{URL: "postgres://a/b"}},
		"":                          {Database: config.Database{URL: "sqlite:a.db"}},
	} {
		if got := sharedStore(cfg); got != want {
			t.Errorf("%q is shared, want %q", got, want)
		}
	}
}
