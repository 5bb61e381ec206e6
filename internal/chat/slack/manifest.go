package slack

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Scope is a permission that the bot asks for, and why.
type Scope struct {
	Name string
	Why  string // as a half sentence: "to …"
}

// Scopes are the bot's permissions, in alphabetical order. There is none
// without a use, and none that reads what the bot was not invited to.
func Scopes() []Scope {
	return []Scope{
		{"app_mentions:read", "to hear when somebody mentions it"},
		{"assistant:write", "to show what it is doing and suggest prompts in its own conversation"},
		{"channels:history", "to read questions in the public channels that it was invited to, and to find its own reply again before it says it twice"},
		{"channels:read", "to know a channel's name, so that the rules of `channels` apply, and whether other organisations share it"},
		{"chat:write", "to answer where it is a member"},
		{"commands", "to be called by the slash command and from a message's menu"},
		{"files:write", "to share as a file what is too long for messages"},
		{"groups:history", "as channels:history, for private channels that it was invited to"},
		{"groups:read", "as channels:read, for private channels that it was invited to"},
		{"im:history", "to read what people write to it directly"},
		{"im:read", "to tell a direct conversation from a channel"},
		{"im:write", "to write to a person directly where it is no member of the channel"},
		{"reactions:read", "to see ✅ and 🆘 under its answers"},
		{"team:read", "to check that a token belongs to the workspace that it is configured for"},
		{"usergroups:read", "to know who is in a user group of `people.groups`, and to call the group that is on duty"},
		{"users:read", "to know people's names and time zones, and who is a guest or deactivated"},
		{"users:read.email", "to recognise the people of people.file by their address"},
	}
}

// Events are what the app subscribes to, in alphabetical order.
func Events() []string {
	return []string{
		"agent_session_stopped", "app_home_opened", "app_mention", "app_uninstalled", "channel_rename", "group_rename", "message.channels", "message.groups", "message.im", "reaction_added", "subteam_members_changed", "subteam_updated",
		"tokens_revoked", "user_change",
	}
}

// The shapes of an app manifest
// (https://docs.slack.dev/reference/app-manifest), as far as they are used.
type (
	manifest struct {
		Metadata map[string]int `json:"_metadata"`
		Display  display        `json:"display_information"`
		Features features       `json:"features"`
		OAuth    oauth          `json:"oauth_config"`
		Settings settings       `json:"settings"`
	}
	display struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Long        string `json:"long_description"`
		Color       string `json:"background_color"`
	}
	features struct {
		Home      map[string]bool `json:"app_home"`
		Bot       botUser         `json:"bot_user"`
		Shortcuts []shortcut      `json:"shortcuts"`
		Commands  []slashCommand  `json:"slash_commands"`
		Agent     agent           `json:"agent_view"`
	}
	botUser struct {
		Name   string `json:"display_name"`
		Online bool   `json:"always_online"`
	}
	shortcut struct {
		Name        string `json:"name"`
		Type        string `json:"type"`
		Callback    string `json:"callback_id"`
		Description string `json:"description"`
	}
	slashCommand struct {
		Command     string `json:"command"`
		URL         string `json:"url,omitempty"`
		Description string `json:"description"`
		Hint        string `json:"usage_hint"`
		Escape      bool   `json:"should_escape"`
	}
	agent struct {
		Description string   `json:"agent_description"`
		Prompts     []prompt `json:"suggested_prompts"`
	}
	prompt struct {
		Title   string `json:"title"`
		Message string `json:"message"`
	}
	oauth struct {
		Scopes map[string][]string `json:"scopes"`
	}
	settings struct {
		Events        subscriptions `json:"event_subscriptions"`
		Interactivity interactivity `json:"interactivity"`
		OrgWide       bool          `json:"org_deploy_enabled"`
		Socket        bool          `json:"socket_mode_enabled"`
		Rotation      bool          `json:"token_rotation_enabled"`
	}
	subscriptions struct {
		URL    string   `json:"request_url,omitempty"`
		Events []string `json:"bot_events"`
	}
	interactivity struct {
		Enabled bool   `json:"is_enabled"`
		URL     string `json:"request_url,omitempty"`
	}
)

// AskShortcut is the callback_id of the shortcut that asks the bot about a
// message.
const AskShortcut = "ask"

// Manifest is the app's manifest as JSON, to be pasted where Slack creates an
// app from one. publicURL is where Slack reaches the bot, such as
// https://bot.example.com; in mode socket it is not used.
func Manifest(c Config, publicURL string) ([]byte, error) {
	m := manifest{
		Metadata: map[string]int{"major_version": 1, "minor_version": 1},
		Display: display{
			Name: "frontdoor", Color: "#1f3d5a", Description: "Answers questions about the platform and does its everyday work",
			Long: "Ask how something works and get an answer from the team's own documentation, with its sources. Say what you need, such as a database, " +
				"access or a rollback, and it asks for what is missing, shows what will happen, asks whoever has to agree, and does it. " +
				"Where it does not know, it brings in the people who do.",
		},
		Features: features{
			Home:      map[string]bool{"home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": false},
			Bot:       botUser{Name: "frontdoor", Online: true},
			Shortcuts: []shortcut{{Name: "Ask about this message", Type: "message", Callback: AskShortcut, Description: "Answers what somebody asks here"}},
			Commands:  []slashCommand{{Command: c.Command, Description: "What the platform can do for you", Hint: "[help | what you need]"}},
			Agent: agent{Description: "Answers questions about the platform and does its everyday work", Prompts: []prompt{
				{Title: "What can you do?", Message: "help"}, {Title: "What is open of mine?", Message: "status"},
			}},
		},
		OAuth:    oauth{Scopes: map[string][]string{"bot": nil}},
		Settings: settings{Events: subscriptions{Events: Events()}, Interactivity: interactivity{Enabled: true}, Socket: c.Mode == ModeSocket},
	}
	for _, s := range Scopes() {
		m.OAuth.Scopes["bot"] = append(m.OAuth.Scopes["bot"], s.Name)
	}
	m.Settings.OrgWide = slices.ContainsFunc(c.Workspaces, func(w Workspace) bool { return w.Team == "" && w.Enterprise != "" })
	if c.Mode == ModeHTTP {
		base, err := webBase(publicURL)
		if err != nil {
			return nil, err
		}
		m.Features.Commands[0].URL = base + CommandsPath
		m.Settings.Events.URL = base + EventsPath
		m.Settings.Interactivity.URL = base + InteractionsPath
	}
	out, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the manifest: %w", err)
	}
	return append(out, '\n'), nil
}
