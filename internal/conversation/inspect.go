package conversation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Server is how Redis was found.
type Server struct {
	Version     string
	AppendOnly  bool
	AppendFsync string        // "" where we may not ask
	Eviction    string        // maxmemory-policy; "" where we may not ask
	Used, Limit int64         // bytes of memory; a limit of 0 is none
	Replica     bool          // it takes no writes
	Latency     time.Duration // of one command, the median of five
	Ahead       time.Duration // of its clock before ours, to the half of Latency
}

// Inspect asks the Redis of the configuration how it is set up, changing
// nothing. The in-process server is nobody's to ask.
func (s *Store) Inspect(ctx context.Context) (Server, error) {
	var out Server
	if s.embedded != nil {
		return out, errors.New("inspect redis: it is in this process")
	}
	var took []time.Duration
	for range 5 {
		began := time.Now()
		now, err := s.redis.Time(ctx).Result()
		if err != nil {
			return out, failure("inspect redis", err)
		}
		d := time.Since(began)
		took = append(took, d)
		out.Ahead = now.Sub(began.Add(d / 2))
	}
	slices.Sort(took)
	out.Latency = took[len(took)/2]
	info, err := s.redis.Info(ctx, "server", "memory", "persistence", "replication").Result()
	if err != nil {
		return out, failure("inspect redis", err)
	}
	facts := map[string]string{}
	for line := range strings.Lines(info) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			facts[k] = v
		}
	}
	number := func(key string) int64 {
		n, _ := strconv.ParseInt(facts[key], 10, 64) // what isn't said is 0
		return n
	}
	out.Version, out.Eviction = facts["redis_version"], facts["maxmemory_policy"]
	out.AppendOnly, out.Replica = facts["aof_enabled"] == "1", facts["role"] == "slave"
	out.Used, out.Limit = number("used_memory"), number("maxmemory")
	// Managed servers often refuse CONFIG: then it stays unknown.
	if set, err := s.redis.ConfigGet(ctx, "appendfsync").Result(); err == nil {
		out.AppendFsync = set["appendfsync"]
	}
	return out, nil
}

// Major is the first number of the version; 0 where it is none.
func (v Server) Major() int {
	first, _, _ := strings.Cut(v.Version, ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return n
}

// String is the server in a few words.
func (v Server) String() string {
	limit := "no limit"
	if v.Limit > 0 {
		limit = fmt.Sprintf("%d MiB", v.Limit>>20)
	}
	return fmt.Sprintf("Redis %s, %d MiB of %s used, a command takes %v", v.Version, v.Used>>20, limit, v.Latency.Round(10*time.Microsecond))
}
