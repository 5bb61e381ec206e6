package slack

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"frontdoor/internal/problem"
)

// The modes in which Slack delivers.
const (
	ModeSocket = "socket" // the bot opens WebSockets: no address of its own is needed
	ModeHTTP   = "http"   // Slack posts to /slack/events, /slack/commands and /slack/interactions
)

// Config is the section `slack` of the configuration.
type Config struct {
	// Mode is ModeSocket or ModeHTTP.
	Mode string `yaml:"mode"`
	// AppToken opens the sockets (xapp-).
	AppToken string `yaml:"app_token"`
	// BotToken is for the one workspace (xoxb-); for several it is "".
	BotToken string `yaml:"bot_token"`
	// Workspaces are the tokens where there are several workspaces.
	Workspaces []Workspace `yaml:"workspaces"`
	// SigningSecret proves that a request comes from Slack.
	SigningSecret string `yaml:"signing_secret"`
	// APIURL is the address of the Web API.
	APIURL string `yaml:"api_url"`
	// Command is the slash command, such as /platform.
	Command string `yaml:"command"`
	// External are the ids of channels shared with other organisations in
	// which the bot speaks all the same; "*" is every one.
	External []string `yaml:"external"`
}

// Workspace is one of several workspaces. One with an Enterprise and no Team is
// an installation for the whole organisation.
type Workspace struct {
	Enterprise string `yaml:"enterprise"`
	Team       string `yaml:"team"`
	BotToken   string `yaml:"bot_token"`
}

// Default is the section where nothing is written: Slack is off.
func Default() Config {
	return Config{Mode: ModeSocket, APIURL: "https://slack.com/api/", Command: "/platform"}
}

// On tells whether the bot speaks Slack.
func (c Config) On() bool { return c.BotToken != "" || len(c.Workspaces) > 0 }

// Token is the bot token for a workspace of an address, T1 or E1/T1: that of
// the team, else that of its organisation, else the only one; "" where none is
// configured.
func (c Config) Token(workspace string) string {
	enterprise, team, grid := strings.Cut(workspace, "/")
	if !grid {
		enterprise, team = "", workspace
	}
	for _, w := range c.Workspaces {
		if w.Team != "" && w.Team == team {
			return w.BotToken
		}
	}
	for _, w := range c.Workspaces {
		if w.Team == "" && w.Enterprise != "" && w.Enterprise == enterprise {
			return w.BotToken
		}
	}
	return c.BotToken
}

var (
	teamID       = regexp.MustCompile(`^T[A-Z0-9]+$`)
	enterpriseID = regexp.MustCompile(`^E[A-Z0-9]+$`)
	channelID    = regexp.MustCompile(`^[CGD][A-Z0-9]+$`)
	commandName  = regexp.MustCompile(`^/[a-z0-9_-]{1,31}$`)
)

// Validate returns what is wrong with the section, each with its key. No
// problem shows a token.
func (c Config) Validate() problem.List {
	var found problem.List
	fail := func(key, hint, message string) {
		key = "slack." + key
		found = append(found, problem.Problem{Key: key, Severity: problem.Error, Message: key + " " + message, Hint: hint})
	}
	if c.Mode != ModeSocket && c.Mode != ModeHTTP {
		hint := "write socket or http"
		if near := problem.Nearest(c.Mode, []string{ModeSocket, ModeHTTP}); near != "" {
			hint = "did you mean " + near + "?"
		}
		fail("mode", hint, fmt.Sprintf("is %q", c.Mode))
	}
	if u, err := url.Parse(c.APIURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		fail("api_url", "write https://slack.com/api/", "is no web address")
	} else if !strings.HasSuffix(c.APIURL, "/") {
		fail("api_url", "end it with a slash", "has no slash at its end")
	}
	switch {
	case commandName.MatchString(c.Command):
	case !strings.HasPrefix(c.Command, "/"):
		fail("command", "write /platform", "has no slash")
	default:
		fail("command", "write a slash and at most 31 small letters, digits, - and _", fmt.Sprintf("is %q, which Slack does not take", c.Command))
	}
	for i, id := range c.External {
		if id != "*" && !channelID.MatchString(id) {
			fail(fmt.Sprintf("external[%d]", i), "write a channel's id such as C0123ABCD, or '*' for every shared channel", fmt.Sprintf("is %q, which is no channel's id", id))
		}
	}
	if c.On() {
		c.validateOn(fail)
	}
	return found
}

func (c Config) validateOn(fail func(key, hint, message string)) {
	token := func(key, value, prefix, where string) {
		if !strings.HasPrefix(value, prefix) {
			fail(key, "copy it from "+where, "does not begin with "+prefix)
		}
	}
	if c.Mode == ModeSocket && c.AppToken == "" {
		fail("app_token", "make one under Basic Information, App-Level Tokens, with connections:write; or write mode: http", "is missing, and mode socket needs it")
	} else if c.AppToken != "" {
		token("app_token", c.AppToken, "xapp-", "Basic Information, App-Level Tokens")
	}
	if c.Mode == ModeHTTP && c.SigningSecret == "" {
		fail("signing_secret", "copy it from Basic Information, App Credentials; or write mode: socket", "is missing, and mode http needs it")
	}
	const installed = "OAuth & Permissions, Bot User OAuth Token"
	if c.BotToken != "" {
		token("bot_token", c.BotToken, "xoxb-", installed)
		if len(c.Workspaces) > 0 {
			fail("bot_token", "move it into workspaces, with its team", "stands beside workspaces: it is not clear whose it is")
		}
	}
	var taken []string
	for i, w := range c.Workspaces {
		at := fmt.Sprintf("workspaces[%d].", i)
		switch {
		case w.BotToken == "":
			fail(at+"bot_token", "copy it from "+installed, "is missing")
		default:
			token(at+"bot_token", w.BotToken, "xoxb-", installed)
		}
		switch {
		case w.Team == "" && w.Enterprise == "":
			fail(at+"team", "write the workspace's id such as T0123ABCD; an installation for a whole organisation has an enterprise only", "is missing")
		case w.Team != "" && !teamID.MatchString(w.Team):
			fail(at+"team", "write the workspace's id such as T0123ABCD", fmt.Sprintf("is %q, which is no workspace's id", w.Team))
		case w.Enterprise != "" && !enterpriseID.MatchString(w.Enterprise):
			fail(at+"enterprise", "write the organisation's id such as E0123ABCD", fmt.Sprintf("is %q, which is no organisation's id", w.Enterprise))
		}
		id := w.Team
		if id == "" {
			id = w.Enterprise
		}
		if id != "" && slices.Contains(taken, id) {
			fail(at+"team", "keep one of the two", "is there twice: "+id)
		}
		taken = append(taken, id)
	}
}

// mayTalk tells whether the bot speaks in a channel that other organisations
// share.
func (c Config) mayTalk(channel string) bool {
	return slices.Contains(c.External, "*") || slices.Contains(c.External, channel)
}

// webBase is an address without a slash at its end, for request URLs.
func webBase(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "", fmt.Errorf("write the request URLs: http.public_url is %q, and mode http needs the address at which Slack reaches the bot", address)
	}
	return strings.TrimRight(address, "/"), nil
}
