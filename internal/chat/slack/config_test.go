package slack_test

import (
	"strings"
	"testing"

	"frontdoor/internal/chat/slack"
)

func TestValidate(t *testing.T) {
	const bot, app, secret = "xoxb-1-secret", "xapp-1-secret", "s3cret"
	for name, one := range map[string]struct {
		change func(*slack.Config)
		want   string // keys and words of the problems; "" for none
	}{
		"off":                      {func(*slack.Config) {}, ""},
		"off with half a setting":  {func(c *slack.Config) { c.AppToken = "nonsense" }, ""},
		"socket":                   {func(c *slack.Config) { c.BotToken, c.AppToken = bot, app }, ""},
		"socket without app token": {func(c *slack.Config) { c.BotToken = bot }, "slack.app_token is missing, and mode socket needs it"},
		"http":                     {func(c *slack.Config) { c.Mode, c.BotToken, c.SigningSecret = "http", bot, secret }, ""},
		"http without secret":      {func(c *slack.Config) { c.Mode, c.BotToken = "http", bot }, "slack.signing_secret is missing, and mode http needs it"},
		"unknown mode":             {func(c *slack.Config) { c.Mode = "sockets" }, `slack.mode is "sockets" (did you mean socket?)`},
		"user token":               {func(c *slack.Config) { c.BotToken, c.AppToken = "xoxp-1-secret", app }, "slack.bot_token does not begin with xoxb-"},
		"swapped tokens":           {func(c *slack.Config) { c.BotToken, c.AppToken = app, bot }, "slack.app_token does not begin with xapp-"},
		"address":                  {func(c *slack.Config) { c.APIURL = "slack.com/api" }, "slack.api_url is no web address"},
		"address without slash":    {func(c *slack.Config) { c.APIURL = "https://slack.com/api" }, "slack.api_url has no slash at its end"},
		"command":                  {func(c *slack.Config) { c.Command = "platform" }, "slack.command has no slash"},
		"command of two words":     {func(c *slack.Config) { c.Command = "/my platform" }, `slack.command is "/my platform", which Slack does not take`},
		"external":                 {func(c *slack.Config) { c.External = []string{"*", "C1", "#help"} }, `slack.external[2] is "#help", which is no channel's id`},
		"both": {func(c *slack.Config) {
			c.BotToken, c.AppToken, c.Workspaces = bot, app, []slack.Workspace{{Team: "T1", BotToken: bot}}
		}, "slack.bot_token stands beside workspaces"},
		"several": {func(c *slack.Config) {
			c.AppToken, c.Workspaces = app, []slack.Workspace{{Team: "T1", BotToken: bot}, {Enterprise: "E1", Team: "T2", BotToken: bot}, {Enterprise: "E2", BotToken: bot}}
		}, ""},
		"nameless workspace": {func(c *slack.Config) { c.AppToken, c.Workspaces = app, []slack.Workspace{{BotToken: bot}} }, "slack.workspaces[0].team is missing"},
		"workspace without token": {
			func(c *slack.Config) { c.AppToken, c.Workspaces = app, []slack.Workspace{{Team: "T1"}} },
			"slack.workspaces[0].bot_token is missing",
		},
		"workspace twice": {func(c *slack.Config) {
			c.AppToken, c.Workspaces = app, []slack.Workspace{{Team: "T1", BotToken: bot}, {Team: "T1", BotToken: bot}}
		}, "slack.workspaces[1].team is there twice: T1"},
		"no team": {
			func(c *slack.Config) {
				c.AppToken, c.Workspaces = app, []slack.Workspace{{Team: "acme", BotToken: bot}}
			},
			`slack.workspaces[0].team is "acme", which is no workspace's id`,
		},
	} {
		c := slack.Default()
		one.change(&c)
		found := c.Validate()
		got := found.Error()
		if one.want == "" && len(found) > 0 || !strings.Contains(got, one.want) {
			t.Errorf("%s: %q, want %q", name, got, one.want)
		}
		if strings.Contains(got, "secret") && !strings.Contains(one.want, "secret") || strings.Contains(got, "s3cret") || strings.Contains(got, "1-secret") {
			t.Errorf("%s shows a secret: %s", name, got)
		}
	}
}

func TestToken(t *testing.T) {
	several := slack.Config{Workspaces: []slack.Workspace{{Enterprise: "E1", BotToken: "org"}, {Enterprise: "E1", Team: "T2", BotToken: "two"}, {Team: "T3", BotToken: "three"}}}
	for workspace, want := range map[string]string{"T2": "two", "E1/T2": "two", "E1/T9": "org", "T3": "three", "T9": "", "E2/T9": "", "": ""} {
		if got := several.Token(workspace); got != want {
			t.Errorf("the token of %q is %q, want %q", workspace, got, want)
		}
	}
	if got := (slack.Config{BotToken: "one"}).Token("T1"); got != "one" {
		t.Errorf("the only token is %q", got)
	}
}
