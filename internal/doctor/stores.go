package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"frontdoor/internal/conversation"
	"frontdoor/internal/database"
	"frontdoor/internal/demand"
	"frontdoor/internal/workflow"
)

// openRedis checks the Redis of the configuration.
func (x *exam) openRedis(ctx context.Context) {
	const check = "redis"
	if x.cfg.Redis.Embedded() {
		x.good(check, "in process: what waits in it is gone with the process")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, x.timeout)
	defer cancel()
	store, err := conversation.Open(ctx, x.cfg.Redis, conversation.Options{})
	if err != nil {
		x.bad(check, "mend redis.url in "+x.file(), "%s", err)
		return
	}
	if err := store.Ping(ctx); err != nil {
		x.bad(check, "start Redis, let this machine reach it, or mend the address and the password in redis.url of "+x.file(), "Redis doesn't answer: %s", err)
		_ = store.Close()
		return
	}
	x.store = store
	since := len(x.found)
	v, err := store.Inspect(ctx)
	if err != nil {
		x.bad(check, "let the bot's user of Redis run TIME and INFO", "Redis doesn't say how it is: %s", err)
		return
	}
	x.redis = v
	if v.Major() < 7 {
		x.bad(check, "upgrade Redis to 7 or later", "Redis is of version %s, and 7 is the first that has what the bot needs", v.Version)
	}
	if v.Replica {
		x.bad(check, "name the primary in redis.url of "+x.file()+", or its Sentinels", "this Redis is a replica: it takes no messages")
	}
	switch {
	case !v.AppendOnly:
		x.bad(check, "redis-cli CONFIG SET appendonly yes, and CONFIG SET appendfsync always; then write both into redis.conf", "appendonly is no: what waits is lost when Redis dies")
	case v.AppendFsync != "" && v.AppendFsync != "always":
		x.bad(check, "redis-cli CONFIG SET appendfsync always; then write it into redis.conf", "appendfsync is %s: when Redis' machine dies, what was acknowledged in the last moments is lost", v.AppendFsync)
	}
	if v.Eviction != "" && v.Eviction != "noeviction" {
		x.bad(check, "redis-cli CONFIG SET maxmemory-policy noeviction; then write it into redis.conf", "maxmemory-policy is %s: when memory is full, messages that wait are thrown away", v.Eviction)
	}
	if v.Limit > 0 && v.Used > v.Limit/10*9 {
		x.bad(check, "give Redis more memory (maxmemory)", "%d of %d MiB of memory are used: soon nothing is taken any more", v.Used>>20, v.Limit>>20)
	}
	if v.Latency > 100*time.Millisecond {
		x.bad(check, "move the bot and Redis closer together", "a command takes %v: people wait for each message several times as long", v.Latency.Round(time.Millisecond))
	}
	if !x.wrong(since) {
		x.good(check, "%s", v)
	}
}

// openDatabase checks the file of runs and demand records.
func (x *exam) openDatabase(ctx context.Context) {
	const check = "database"
	file := x.address()
	db, err := database.Look(ctx, "sqlite:"+file)
	if errors.Is(err, fs.ErrNotExist) {
		x.good(check, "%s isn't there yet; the first start makes it", file)
		return
	}
	restore := "stop the bot, move " + file + " with its -wal and -shm away, and put a backup in its place; without one a new start begins with an empty one"
	if err != nil {
		x.bad(check, "let the bot's user read it; if it is damaged: "+restore, "%s can't be opened: %s", file, err)
		return
	}
	since := len(x.found)
	check1, cancel := context.WithTimeout(ctx, x.timeout)
	defer cancel()
	condition, err := db.Inspect(check1)
	switch {
	case check1.Err() != nil:
		x.good(check, "%s is so big that its structure wasn't checked in %v", file, x.timeout)
	case err != nil:
		x.bad(check, restore, "%s can't be read: %s", file, err)
		_ = db.Close()
		return
	case len(condition.Damaged) > 0:
		x.bad(check, restore, "%s is damaged: %s", file, strings.Join(condition.Damaged, "; "))
	}
	ready := true
	for _, room := range []struct {
		name  string
		files fs.FS
	}{{"workflow", workflow.Migrations()}, {"demand", demand.Migrations()}} {
		have, want, err := db.Versions(ctx, room.name, room.files)
		switch {
		case err != nil:
			x.bad(check, restore, "%s", err)
			ready = false
		case have > want:
			x.bad(check, "use the release that wrote it, or a later one", "%s is of a later release: its %s tables have version %d, and this bot knows %d", file, room.name, have, want)
		case have == 0:
			ready = false // the next start makes them
		case have < want:
			x.good(check, "the %s tables are of an earlier release; the next start brings them from version %d to %d", room.name, have, want)
		}
	}
	if !x.wrong(since) {
		x.good(check, "%s: sound, %d KiB", file, condition.Bytes>>10)
	}
	if !ready {
		_ = db.Close()
		return
	}
	x.db = db
}

// runs checks that every run goes on.
func (x *exam) runs(ctx context.Context) {
	const check = "runs"
	if x.db == nil {
		return
	}
	since := len(x.found)
	s, err := workflow.Look(ctx, x.db, x.cfg.Workflows, x.now())
	if err != nil {
		x.bad(check, "", "%s", err)
		return
	}
	for _, t := range s.Unknown {
		x.bad(check, fmt.Sprintf("look whether the step has happened (`bot runs show %[1]s`), then say `retry %[1]s` or `cancel %[1]s` to the bot", t.Run),
			"%s of %s was interrupted in the middle of the step %s, which must not be repeated unasked", t.Run, t.Playbook, t.Step)
	}
	for _, t := range s.Late {
		x.bad(check, "start the bot (`bot serve` or `bot chat`) on these files: it takes the run up", "%s of %s has been due since %s, and nobody works on it", t.Run, t.Playbook, t.Since.Format(time.RFC3339))
	}
	for _, t := range s.Expired {
		x.bad(check, "start the bot (`bot serve` or `bot chat`) on these files: it ends the run as denied", "the time to approve %s of %s was over at %s, and nobody has ended it", t.Run, t.Playbook, t.Since.Format(time.RFC3339))
	}
	for _, z := range s.Frozen {
		x.bad(check, "when it may go on, unfreeze it (`bot runs freeze --help` says how)", "%s is frozen since %s by %s: %s", z.Scope, z.Since.Format(time.RFC3339), z.By, orElse(z.Reason, "no reason is given"))
	}
	if s.Latest.Sub(x.now()) > time.Minute {
		x.bad("clock", "set this machine's clock, or wait until it is past that time: what is due waits until then", "the latest run began at %s, and here it is %s: the clock was set back", s.Latest.Format(time.RFC3339), x.now().UTC().Format(time.RFC3339))
	}
	if !x.wrong(since) {
		x.good(check, "%d open, none stuck", s.Open)
	}
}

// demand checks the records, their stream and the key that is kept apart.
func (x *exam) demand(ctx context.Context) {
	const check = "demand"
	since := len(x.found)
	var s demand.Survey
	if x.db != nil {
		var err error
		if s, err = demand.Look(ctx, x.db); err != nil {
			x.bad(check, "", "%s", err)
			return
		}
		if s.SetAside > 0 {
			x.bad(check, "nothing is lost: report it with this bot's version", "%s were no events and are set aside", count(s.SetAside, "line"))
		}
	}
	if x.cfg.Demand.Key == "" {
		file := filepath.Join(x.cfg.DataDir, demand.KeyFile)
		key, err := os.ReadFile(filepath.Clean(file))
		switch {
		case errors.Is(err, fs.ErrNotExist) && s.Events > 0:
			x.bad(check, "put "+file+" back from a backup; a new key counts everybody as somebody new", "the key %s is gone, and %s were made with it", file, count(s.Events, "record"))
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			x.bad(check, "let the bot's user read it", "the key %s can't be read: %s", file, cause(err))
		case len([]rune(strings.TrimSpace(string(key)))) < 16:
			x.bad(check, "put "+file+" back from a backup, or remove it and a new one is made, which counts everybody as somebody new", "the key %s has fewer than 16 characters", file)
		}
	}
	if x.store != nil {
		waiting, err := x.store.Stats(ctx)
		switch {
		case err != nil:
			x.bad(check, "", "%s", err)
		case waiting.Events > 1000:
			x.bad(check, "see that `bot serve` runs and its database can be written: it takes them from the stream", "%d records wait in the stream", waiting.Events)
		}
	}
	if !x.wrong(since) {
		x.good(check, "%s", count(s.Events, "record"))
	}
}

// deadLetters lists what could not be handled.
func (x *exam) deadLetters(ctx context.Context) {
	const check = "dead letters"
	if x.store == nil {
		if x.cfg.Redis.Embedded() {
			x.good(check, "with the in-process Redis they are in the log of the bot that runs")
		}
		return
	}
	letters, err := x.store.DeadLetters(ctx, 20)
	if err != nil {
		x.bad(check, "", "%s", err)
		return
	}
	for _, d := range letters {
		what := d.Kind
		if d.ID != "" {
			what += " " + d.ID
		}
		if d.At.Platform != "" {
			what += " in " + d.At.Platform + " " + orElse(d.At.Name, d.At.Channel)
		}
		fix := "find the reason in the log and mend it; what is set aside goes by itself after 7 days"
		if d.Reference != "" {
			fix = "its author was told to name " + d.Reference + ": " + fix + ", so ask them to say it again"
		}
		x.bad(check, fix, "the %s was given up at %s after %s: %s", what, d.Time.UTC().Format(time.RFC3339), count(d.Attempts, "attempt"), d.Reason)
	}
	if len(letters) == 0 {
		x.good(check, "none")
	}
}

// clock compares ours with Redis'.
func (x *exam) clock(context.Context) {
	if x.redis.Version == "" {
		return
	}
	if off := x.redis.Ahead.Abs(); off > 2*time.Second+x.redis.Latency {
		x.bad("clock", "let both machines follow the same time (NTP)", "Redis' clock and this machine's are %v apart: leases and expiries go wrong", off.Round(time.Second))
		return
	}
	x.good("clock", "Redis' clock and this machine's agree")
}
