// Package config puts the rooms' own configurations together into one file,
// frontdoor.yaml. It knows where the file is, how a value is taken from the
// environment or a mounted secret, what is refused until it is built, and
// where in the file each room's complaint belongs. What a key means, its
// default and its check are the room's.
package config

import (
	"time"

	"frontdoor/internal/access"
	"frontdoor/internal/chat"
	"frontdoor/internal/conversation"
	"frontdoor/internal/demand"
	"frontdoor/internal/docs"
	"frontdoor/internal/problem"
	"frontdoor/internal/workflow"
)

// Config is everything that can be configured. Paths are ready to use: those
// in the file were relative to it.
type Config struct {
	// File is the file that was read; "" is the embedded defaults.
	File string `yaml:"-"`

	DataDir   string      `yaml:"data_dir"`
	Playbooks Playbooks   `yaml:"playbooks"`
	Docs      docs.Config `yaml:"docs"`
	HTTP      HTTP        `yaml:"http"`
	Web       Web         `yaml:"web"`

	Redis    conversation.Config `yaml:"redis"`
	Database Database            `yaml:"database"`

	Slack    Slack         `yaml:"slack"`
	Discord  Discord       `yaml:"discord"`
	Channels chat.Policies `yaml:"channels"`
	People   access.Config `yaml:"people"`

	LLM       LLM             `yaml:"llm"`
	Workflows workflow.Config `yaml:"workflows"`
	Demand    demand.Config   `yaml:"demand"`
	Log       Log             `yaml:"log"`
	Telemetry Telemetry       `yaml:"telemetry"`
}

// Playbooks says where the catalogue is.
type Playbooks struct {
	Dir string `yaml:"dir"`
	// Reload is the time between two looks for changed files; 0 never looks.
	Reload time.Duration `yaml:"reload"`
	// Optional says that a missing directory counts as an empty one.
	Optional bool `yaml:"-"`
}

// HTTP is the listener of health, metrics and the platforms' requests.
type HTTP struct {
	Listen    string `yaml:"listen"`     // host:port; port 0 takes a free one
	PublicURL string `yaml:"public_url"` // how the outside reaches it; "" is unknown
}

// Database is where runs, approvals and demand records are.
type Database struct {
	URL string `yaml:"url"` // "" is SQLite in data_dir; or sqlite:FILE, postgres://…
}

// Log says what is logged and how.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn or error
	Format string `yaml:"format"` // json or console
}

// Default is the configuration of an empty file, and of none.
func Default() Config {
	return Config{
		DataDir:   ".frontdoor",
		Playbooks: Playbooks{Dir: "playbooks", Reload: 10 * time.Second, Optional: true},
		Docs:      docs.Default(),
		HTTP:      HTTP{Listen: ":8080"},
		Web:       defaultWeb(),
		Slack:     defaultSlack(),
		Channels:  chat.DefaultPolicies(),
		LLM:       defaultLLM(),
		Workflows: workflow.Default(),
		Demand:    demand.Default(),
		Log:       Log{Level: "info", Format: "json"},
	}
}

// validate is what the sections without a room have to say.
func (c Config) validate() problem.List {
	var found problem.List
	fail := func(key, hint, message string) {
		found = append(found, problem.Problem{Key: key, Severity: problem.Error, Message: key + " " + message, Hint: hint})
	}
	if c.DataDir == "" {
		fail("data_dir", "write a directory, or remove the key", "is empty")
	}
	if c.Playbooks.Dir == "" {
		fail("playbooks.dir", "write a directory, or remove the key", "is empty")
	}
	if c.Playbooks.Reload < 0 {
		fail("playbooks.reload", "write a duration such as 10s, or 0 to never look", "is negative")
	}
	if why, hint := badAddress(c.HTTP.Listen, "8080"); why != "" {
		fail("http.listen", hint, why)
	}
	if why, hint := badAddress(c.Web.Listen, "8081"); why != "" {
		fail("web.listen", hint, why)
	} else if c.Web.Auth.Kind == "none" && !isLoopback(c.Web.Listen) {
		fail("web.auth", "write listen: '127.0.0.1:8081', or another kind of sign-in", "is none, which is for 127.0.0.1 only: everybody could look")
	}
	if c.HTTP.PublicURL != "" && !isWeb(c.HTTP.PublicURL) {
		fail("http.public_url", "write one such as https://bot.example.com", "is no web address")
	}
	for _, one := range []struct {
		key, value string
		known      []string
	}{
		{"log.level", c.Log.Level, []string{"debug", "info", "warn", "error"}},
		{"log.format", c.Log.Format, []string{"json", "console"}},
	} {
		oneOf(&found, one.key, one.value, one.known...)
	}
	return found
}
