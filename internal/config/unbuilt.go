package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"frontdoor/internal/problem"
)

// The parts below are known and checked, and refused where they would be on:
// nobody shall believe that something works which isn't there. Each moves to
// its room when it is built.

// Web is the dashboard.
type Web struct {
	Listen string  `yaml:"listen"`
	Auth   WebAuth `yaml:"auth"`
}

// WebAuth is who may see it.
type WebAuth struct {
	Kind         string   `yaml:"kind"` // none, on loopback only; token; oidc
	Token        string   `yaml:"token"`
	Issuer       string   `yaml:"issuer"`
	ClientID     string   `yaml:"client_id"`
	ClientSecret string   `yaml:"client_secret"`
	Groups       []string `yaml:"groups"`
}

func defaultWeb() Web { return Web{Listen: "127.0.0.1:8081", Auth: WebAuth{Kind: "none"}} }

// Slack is on when BotToken or Workspaces is set.
type Slack struct {
	Mode          string           `yaml:"mode"` // socket or http
	AppToken      string           `yaml:"app_token"`
	BotToken      string           `yaml:"bot_token"`
	Workspaces    []SlackWorkspace `yaml:"workspaces"`
	SigningSecret string           `yaml:"signing_secret"`
	APIURL        string           `yaml:"api_url"`
	Command       string           `yaml:"command"`
}

// SlackWorkspace is one of several workspaces.
type SlackWorkspace struct {
	Enterprise string `yaml:"enterprise"`
	Team       string `yaml:"team"`
	BotToken   string `yaml:"bot_token"`
}

func defaultSlack() Slack {
	return Slack{Mode: "socket", APIURL: "https://slack.com/api/", Command: "/platform"}
}

// Discord is on when Token is set.
type Discord struct {
	Token      string `yaml:"token"`
	APIURL     string `yaml:"api_url"`
	GatewayURL string `yaml:"gateway_url"`
}

// LLM is on when BaseURL is set.
type LLM struct {
	BaseURL          string        `yaml:"base_url"`
	APIKey           string        `yaml:"api_key"`
	Model            string        `yaml:"model"`
	EmbeddingModel   string        `yaml:"embedding_model"`
	Timeout          time.Duration `yaml:"timeout"`
	MonthlyBudgetUSD float64       `yaml:"monthly_budget_usd"` // 0 is no limit
}

func defaultLLM() LLM { return LLM{Timeout: 20 * time.Second} }

// Telemetry sends traces when OTLPEndpoint is set.
type Telemetry struct {
	OTLPEndpoint string `yaml:"otlp_endpoint"`
}

// on tells which of the parts with a switch are switched on, by their section.
func (c Config) on() map[string]bool {
	return map[string]bool{
		"slack":     c.Slack.BotToken != "" || len(c.Slack.Workspaces) > 0,
		"discord":   c.Discord.Token != "",
		"llm":       c.LLM.BaseURL != "",
		"telemetry": c.Telemetry.OTLPEndpoint != "",
	}
}

// unbuilt refuses each part that is on and isn't there. written tells whether
// the file has the key.
func (c Config) unbuilt(written func(string) bool) problem.List {
	var found problem.List
	refuse := func(key, what string) {
		found = append(found, problem.Problem{Key: key, Severity: problem.Error, Message: key + ": " + what + " not built yet", Hint: "remove the key"})
	}
	if c.Slack.BotToken != "" {
		refuse("slack.bot_token", "the Slack adapter is")
	}
	if len(c.Slack.Workspaces) > 0 {
		refuse("slack.workspaces", "the Slack adapter is")
	}
	if c.Discord.Token != "" {
		refuse("discord.token", "the Discord adapter is")
	}
	if c.LLM.BaseURL != "" {
		refuse("llm.base_url", "language models are")
	}
	if scheme, _, _ := strings.Cut(c.Database.URL, ":"); scheme == "postgres" || scheme == "postgresql" {
		refuse("database.url", "PostgreSQL is")
	}
	if c.Telemetry.OTLPEndpoint != "" {
		refuse("telemetry.otlp_endpoint", "the export of traces is")
	}
	if c.Web.Auth.Kind != "none" {
		refuse("web.auth.kind", "the dashboard's sign-in is")
	}
	if written("web.listen") {
		// An address turns nothing on: it is kept for when there is something to show.
		found = append(found, problem.Problem{Key: "web.listen", Severity: problem.Warning, Message: "web.listen has no effect: the dashboard is not built yet", Hint: "remove the key, or leave it for later"})
	}
	if c.Demand.Digest.Channel != "" {
		refuse("demand.digest", "the weekly digest is")
	}
	return found
}

// validateUnbuilt checks the values of what isn't built, so that a file that
// is prepared for it is right already.
func (c Config) validateUnbuilt() problem.List {
	var found problem.List
	oneOf(&found, "slack.mode", c.Slack.Mode, "socket", "http")
	oneOf(&found, "web.auth.kind", c.Web.Auth.Kind, "none", "token", "oidc")
	for _, one := range []struct{ key, value string }{
		{"slack.api_url", c.Slack.APIURL}, {"discord.api_url", c.Discord.APIURL}, {"llm.base_url", c.LLM.BaseURL},
	} {
		if one.value != "" && !isWeb(one.value) {
			found = append(found, problem.Problem{Key: one.key, Severity: problem.Error, Message: one.key + " is no web address", Hint: "write one such as https://example.com/"})
		}
	}
	if c.Slack.Command != "" && !strings.HasPrefix(c.Slack.Command, "/") {
		found = append(found, problem.Problem{Key: "slack.command", Severity: problem.Error, Message: "slack.command has no slash", Hint: "write /platform"})
	}
	if c.LLM.Timeout <= 0 {
		found = append(found, problem.Problem{Key: "llm.timeout", Severity: problem.Error, Message: "llm.timeout is no time", Hint: "write a duration such as 20s"})
	}
	if c.LLM.MonthlyBudgetUSD < 0 {
		found = append(found, problem.Problem{Key: "llm.monthly_budget_usd", Severity: problem.Error, Message: "llm.monthly_budget_usd is negative", Hint: "write 0 for no limit"})
	}
	return found
}

func oneOf(found *problem.List, key, value string, known ...string) {
	if slices.Contains(known, value) {
		return
	}
	hint := "write " + strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1]
	if near := problem.Nearest(value, known); near != "" {
		hint = "did you mean " + near + "?"
	}
	*found = append(*found, problem.Problem{Key: key, Severity: problem.Error, Message: fmt.Sprintf("%s is %q", key, value), Hint: hint})
}

func isWeb(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
