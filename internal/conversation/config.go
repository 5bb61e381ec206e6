package conversation

import (
	"crypto/tls"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"frontdoor/internal/problem"
)

// Config is the section `redis` of the configuration.
type Config struct {
	// URL is where Redis is: "" is the in-process server, else
	// redis://[user:password@]host:port[/db], rediss:// for TLS,
	// redis+sentinel://[user:password@]host:port[,host:port…]/master[?db=N&sentinel_username=…&sentinel_password=…&tls=true],
	// redis+cluster://[user:password@]host:port[,host:port…][?tls=true].
	URL string `yaml:"url"`
}

// Embedded reports whether the in-process server is meant.
func (c Config) Embedded() bool { return c.URL == "" }

// Validate returns what is wrong with the section. It never shows the URL,
// which may hold a password.
func (c Config) Validate() problem.List {
	if c.Embedded() {
		return nil
	}
	if _, err := c.client(); err != nil {
		return problem.List{{
			Key:      "redis.url",
			Severity: problem.Error,
			Message:  "redis.url " + err.Error(),
			Hint:     "write redis://host:6379, rediss://host:6379, redis+sentinel://host:26379/master or redis+cluster://host:6379, or leave it empty for the in-process server",
		}}
	}
	return nil
}

// client reads the URL. Timeouts are short because people wait: an adapter has
// about three seconds to accept a message or to say that it can't.
func (c Config) client() (*redis.UniversalOptions, error) {
	u, err := url.Parse(firstHost(c.URL))
	if err != nil {
		return nil, errors.New("is no address") // err would quote the password
	}
	switch u.Scheme {
	case "redis", "rediss", "redis+sentinel", "redis+cluster":
	default:
		return nil, errors.New("has a scheme that isn't known")
	}
	hosts, err := addresses(c.URL, u)
	if err != nil {
		return nil, err
	}
	query := u.Query()
	out := &redis.UniversalOptions{
		Addrs:                 hosts,
		Username:              u.User.Username(),
		DialTimeout:           time.Second,
		DialerRetries:         1,
		ReadTimeout:           2 * time.Second,
		WriteTimeout:          2 * time.Second,
		MaxRetries:            2,
		ContextTimeoutEnabled: true,
		DisableIdentity:       true, // CLIENT SETINFO is younger than 7.0
	}
	out.Password, _ = u.User.Password()
	path := strings.Trim(u.Path, "/")
	secure := query.Get("tls") == "true"
	db := query.Get("db")
	switch u.Scheme {
	case "redis", "rediss":
		if len(hosts) > 1 {
			return nil, errors.New("names several hosts: only redis+sentinel and redis+cluster have them")
		}
		secure = secure || u.Scheme == "rediss"
		if path != "" {
			db = path
		}
	case "redis+sentinel":
		if path == "" {
			return nil, errors.New("doesn't name the Sentinel's master")
		}
		out.MasterName = path
		out.SentinelUsername = query.Get("sentinel_username")
		out.SentinelPassword = query.Get("sentinel_password")
	case "redis+cluster":
		if path != "" || db != "" {
			return nil, errors.New("names a database, and a cluster has only one")
		}
		out.IsClusterMode = true
	}
	if db != "" {
		if out.DB, err = strconv.Atoi(db); err != nil || out.DB < 0 {
			return nil, errors.New("has a database that is no number")
		}
	}
	if secure {
		out.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return out, nil
}

// firstHost is the URL with its first host only: net/url refuses a list of
// hosts with ports.
func firstHost(raw string) string {
	before, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return raw
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	user := strings.LastIndex(rest[:end], "@") + 1
	host, _, _ := strings.Cut(rest[user:end], ",")
	return before + "://" + rest[:user] + host + rest[end:]
}

// addresses returns every host:port that the URL names.
func addresses(raw string, u *url.URL) ([]string, error) {
	_, rest, _ := strings.Cut(raw, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	rest = rest[strings.LastIndex(rest, "@")+1:]
	port := "6379"
	if u.Scheme == "redis+sentinel" {
		port = "26379"
	}
	var out []string
	for host := range strings.SplitSeq(rest, ",") {
		one, err := url.Parse("redis://" + host)
		if err != nil || one.Hostname() == "" {
			return nil, errors.New("doesn't name a host")
		}
		if one.Port() == "" {
			host += ":" + port
		}
		out = append(out, host)
	}
	return out, nil
}
