package config

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"frontdoor/internal/problem"
)

// hostName is a name that the domain name system takes, or a machine's own.
var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?$`)

// badAddress says why s is no address to listen on and what to write instead;
// "" where it is one. port is the one of the example. A port 0 takes a free one.
func badAddress(s, port string) (why, hint string) {
	hint = "write ':" + port + "' or '127.0.0.1:" + port + "'"
	if s == "" {
		return "is empty", hint
	}
	if n, err := strconv.Atoi(s); err == nil {
		if n >= 0 && n <= 65535 {
			return fmt.Sprintf("is %q, a port without its colon", s), "write ':" + s + "'"
		}
		return fmt.Sprintf("is %q, and a port is from 0 to 65535", s), hint
	}
	host, given, err := net.SplitHostPort(s)
	if err != nil {
		if isHost(s) {
			return fmt.Sprintf("is %q, which has no port", s), "write '" + s + ":" + port + "'"
		}
		return fmt.Sprintf("is %q, which is no address to listen on", s), hint
	}
	if n, err := strconv.ParseUint(given, 10, 64); err != nil {
		return fmt.Sprintf("is %q, and %q is no number of a port", s, given), hint
	} else if n > 65535 {
		return fmt.Sprintf("is %q, and a port is from 0 to 65535", s), hint
	}
	if host != "" && !isHost(host) {
		return fmt.Sprintf("is %q, and %q is no host", s, host), hint
	}
	return "", ""
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return len(s) <= 253 && hostName.MatchString(s)
}

// isLoopback tells whether only this machine reaches the address.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost"
}

// Validate returns what is wrong with the section. It never shows the URL,
// which may hold a password.
func (d Database) Validate() problem.List {
	refuse := func(message string) problem.List {
		return problem.List{{
			Key: "database.url", Severity: problem.Error, Message: "database.url " + message,
			Hint: "write sqlite:FILE, or leave it empty for SQLite in data_dir",
		}}
	}
	scheme, rest, found := strings.Cut(d.URL, ":")
	switch {
	case d.URL == "":
	case !found:
		return refuse("has no scheme")
	case scheme == "sqlite" && strings.TrimLeft(rest, "/") == "":
		return refuse("names no file")
	case scheme == "sqlite" && strings.HasPrefix(rest, ":memory"):
		return refuse("must be a file: what is kept in memory is lost at the end")
	case scheme == "sqlite" && strings.HasPrefix(rest, "//") && !strings.HasPrefix(rest, "///"):
		return refuse("has two slashes too many")
	case scheme == "sqlite", scheme == "postgres", scheme == "postgresql":
	default:
		return refuse("has a scheme that isn't known")
	}
	return nil
}
