package main

import (
	"testing"

	"frontdoor/internal/config"
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
