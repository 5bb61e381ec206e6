package workflow

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"frontdoor/internal/keyfile"
	"frontdoor/internal/problem"
)

// Config is the section `workflows` of the configuration.
type Config struct {
	// Lease is how long a worker may be silent before its run goes to another.
	Lease time.Duration `yaml:"lease"`
	// Config are the values that playbooks see as config.NAME.
	Config map[string]string `yaml:"config"`
	// Secrets are values by the names that playbooks use.
	Secrets map[string]string `yaml:"secrets"`
	// AuditKey is what the audit of runs is chained with, at least 16
	// characters; "" makes one and keeps it in data_dir.
	AuditKey string `yaml:"audit_key"`

	HTTP    HTTPConfig    `yaml:"http"`
	Command CommandConfig `yaml:"command"`
}

// HTTPConfig says where http steps may go.
type HTTPConfig struct {
	// AllowHosts lists `host` (any port) or `host:port`; empty is nowhere.
	AllowHosts []string `yaml:"allow_hosts"`
}

// CommandConfig says what command steps may run.
type CommandConfig struct {
	// Allow lists executables as playbooks write them; empty is none.
	Allow []string `yaml:"allow"`
}

// Default is the configuration where nothing is written.
func Default() Config { return Config{Lease: 15 * time.Second} }

// Validate returns what is wrong with the section, each with its key.
func (c Config) Validate() problem.List {
	var list problem.List
	add := func(key, hint, format string, args ...any) {
		list = append(list, problem.Problem{Key: "workflows." + key, Severity: problem.Error, Message: "workflows." + key + ": " + fmt.Sprintf(format, args...), Hint: hint})
	}
	if c.Lease < time.Second || c.Lease > 10*time.Minute {
		add("lease", "write a duration such as 15s", "%v is not between 1s and 10m", c.Lease)
	}
	if n := len([]rune(c.AuditKey)); n > 0 && n < keyfile.MinLength {
		add("audit_key", fmt.Sprintf("write at least %d characters, or leave it out and one is made", keyfile.MinLength), "it has %d characters", n)
	}
	for i, host := range c.HTTP.AllowHosts {
		if why := badHost(host); why != "" {
			add(fmt.Sprintf("http.allow_hosts[%d]", i), "write a host such as db.internal, or a host and port such as db.internal:8443", "%q %s", host, why)
		}
	}
	for i, name := range c.Command.Allow {
		switch {
		case strings.TrimSpace(name) == "":
			add(fmt.Sprintf("command.allow[%d]", i), "write an executable such as git", "the name is empty")
		case strings.ContainsAny(name, " \t\n"):
			add(fmt.Sprintf("command.allow[%d]", i), "write the executable alone, without arguments", "%q has a space in it", name)
		}
	}
	return list
}

func badHost(host string) string {
	switch {
	case host == "":
		return "is empty"
	case strings.Contains(host, "://"):
		return "has a scheme"
	case strings.Contains(host, "*"):
		return "has a wildcard"
	case strings.ContainsAny(host, "/?#@ \t\n"):
		return "is more than a host"
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil {
		return ""
	}
	if strings.Contains(host, ":") {
		_, port, err := net.SplitHostPort(host)
		if n, e := strconv.Atoi(port); err != nil || e != nil || n < 1 || n > 65535 {
			return "has no valid port"
		}
	}
	return ""
}
