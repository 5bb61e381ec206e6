// Package doctor looks a set-up over: what is wrong, and what to do about it.
// It asks every room, changes nothing, and works beside a bot that runs on the
// same files. It knows nothing of the command that prints what it finds.
package doctor

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"frontdoor/internal/app"
	"frontdoor/internal/config"
	"frontdoor/internal/conversation"
	"frontdoor/internal/database"
	"frontdoor/internal/engine"
	"frontdoor/internal/problem"
)

// Finding is the outcome of one check: that all is well, or one thing that
// isn't. A check that finds several things has a Finding for each.
type Finding struct {
	Check  string  `json:"check"`
	OK     bool    `json:"ok"`
	Detail string  `json:"detail"`
	Fix    *string `json:"fix"` // null where nothing has to be done
}

// Configuration is what is wrong with the configuration, its file first. It
// can be had of one that nothing else can be made of.
func Configuration(file string, found problem.List) []Finding {
	x := exam{}
	for _, p := range found {
		check := "configuration"
		switch {
		case strings.HasPrefix(p.Key, "workflows.secrets.") || strings.HasPrefix(p.Key, "workflows.config."):
			check = "secrets"
		case p.File != "" && p.File != file, strings.HasPrefix(p.Key, "people."):
			check = "people"
		case strings.HasPrefix(p.Key, "slack."):
			check = "slack"
		case strings.HasPrefix(p.Key, "discord."):
			check = "discord"
		}
		fix := p.Hint
		p.Hint = ""
		x.bad(check, fix, "%s", p)
	}
	if len(found) == 0 {
		if file == "" {
			x.good("configuration", "no file: the embedded defaults")
		} else {
			x.good("configuration", "%s", file)
		}
	}
	return x.found
}

// Options say what is looked over.
type Options struct {
	Now     func() time.Time // nil is this machine's clock
	Timeout time.Duration    // of one check that goes over the network, or reads a whole database; 10 s
}

// exam is one looking over.
type exam struct {
	cfg     config.Config
	now     func() time.Time
	timeout time.Duration
	found   []Finding

	catalogue engine.Catalogue // nil sets where the playbooks can't be used
	store     *conversation.Store
	redis     conversation.Server // the zero value where it is in process or out of reach
	db        *database.DB        // nil where there is none, or it can't be read
}

func (x *exam) good(check, format string, args ...any) {
	x.found = append(x.found, Finding{Check: check, OK: true, Detail: fmt.Sprintf(format, args...)})
}

func (x *exam) bad(check, fix, format string, args ...any) {
	f := Finding{Check: check, Detail: fmt.Sprintf(format, args...)}
	if fix != "" {
		f.Fix = &fix
	}
	x.found = append(x.found, f)
}

// wrong tells whether check has found something since there were so many
// findings.
func (x *exam) wrong(since int) bool {
	for _, f := range x.found[since:] {
		if !f.OK {
			return true
		}
	}
	return false
}

// Examine looks over what cfg configures, check by check in the order in which
// one needs the other.
func Examine(ctx context.Context, cfg config.Config, opts Options) []Finding {
	x := &exam{cfg: cfg, now: opts.Now, timeout: opts.Timeout}
	if x.now == nil {
		x.now = time.Now
	}
	if x.timeout <= 0 {
		x.timeout = 10 * time.Second
	}
	defer x.close()
	for _, check := range []func(context.Context){
		x.dataDir, x.people, x.channels, x.playbooks, x.hosts, x.executables, x.docs,
		x.openRedis, x.openDatabase, x.runs, x.demand, x.deadLetters, x.clock, x.listen, x.public, x.platforms,
	} {
		if ctx.Err() != nil {
			break
		}
		check(ctx)
	}
	return x.found
}

func (x *exam) close() {
	if x.store != nil {
		_ = x.store.Close()
	}
	if x.db != nil {
		_ = x.db.Close()
	}
}

// file is what to call the configuration in a fix.
func (x *exam) file() string {
	if x.cfg.File == "" {
		return config.FileName
	}
	return x.cfg.File
}

// address is where the database is.
func (x *exam) address() string {
	if x.cfg.Database.URL != "" {
		return strings.TrimPrefix(x.cfg.Database.URL, "sqlite:")
	}
	return filepath.Join(x.cfg.DataDir, app.DatabaseFile)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// platforms says of each chat platform whether it is on.
func (x *exam) platforms(context.Context) {
	switch {
	case x.cfg.Slack.AppToken != "" || x.cfg.Slack.SigningSecret != "":
		x.bad("slack", "remove slack from "+x.file()+": the Slack adapter is not built yet", "slack.app_token or slack.signing_secret is set, and slack.bot_token is not: Slack is off")
	default:
		x.good("slack", "off: no slack.bot_token; the adapter is not built yet")
	}
	x.good("discord", "off: no discord.token; the adapter is not built yet")
}
