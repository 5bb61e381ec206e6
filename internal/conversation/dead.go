package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"frontdoor/internal/chat"
)

// DeadLetter is what could not be handled or delivered. It is kept for
// Options.Keep, at most 1,000 a partition.
type DeadLetter struct {
	Time    time.Time     `json:"time"`
	Kind    string        `json:"kind"`   // message, reply or event
	Reason  string        `json:"reason"` // the last error, for operators
	Message *chat.Message `json:"message,omitempty"`
	Reply   *chat.Reply   `json:"reply,omitempty"`
	Raw     string        `json:"raw,omitempty"` // what was stored, where it can't be read; at most 4 KiB of it
}

// encodeDead is the letter as it is stored, dated now.
func encodeDead(d DeadLetter) string {
	d.Time = time.Now().UTC()
	d.Raw = cut(d.Raw, 4<<10)
	out, err := json.Marshal(d)
	if err != nil { // what was decoded from JSON can be encoded again
		return `{"kind":"message","reason":"it can't be written"}`
	}
	return string(out)
}

// cut is the first bytes of s, no rune cut in two.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

func reason(err error) string { return cut(err.Error(), 1<<10) }

// bury makes the claim's message a dead letter and tells its author once. A
// state that can't be read goes with it: it would fail every message to come.
func (s *Store) bury(ctx context.Context, c Claim, why error) error {
	s.log.Error("a message is a dead letter now", zap.String("message", c.Message.ID), zap.Int("attempt", c.Attempt), zap.Error(why))
	var with Commit
	if s.options.OnDead != nil {
		reply, events := s.options.OnDead(c.Message)
		if reply.Card.Text != "" {
			if reply.ID == "" {
				reply.ID = c.Message.ID + "/dead"
			}
			if reply.To.Platform == "" {
				reply.To = c.Message.At
			}
			with.Replies = []chat.Reply{reply}
		}
		with.Events = events
	}
	state := ""
	if errors.Is(why, ErrForeign) {
		state = "-"
	}
	return s.end(ctx, c, state, with, encodeDead(DeadLetter{Kind: "message", Reason: reason(why), Message: &c.Message}))
}

// DeadLetters returns those of all partitions, oldest first.
func (s *Store) DeadLetters(ctx context.Context) ([]DeadLetter, error) {
	since := strconv.FormatInt(time.Now().Add(-s.options.Keep).UnixMilli(), 10)
	var rows [partitions]*redis.StringSliceCmd
	_, err := s.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for p := range partition(partitions) {
			rows[p] = pipe.ZRangeByScore(ctx, p.dead(), &redis.ZRangeBy{Min: since, Max: "+inf"})
		}
		return nil
	})
	if err != nil {
		return nil, failure("list dead letters", err)
	}
	var out []DeadLetter
	for _, row := range rows {
		for _, raw := range row.Val() {
			var d DeadLetter
			if err := json.Unmarshal([]byte(raw), &d); err != nil {
				d = DeadLetter{Kind: "message", Reason: "a dead letter that can't be read", Raw: cut(raw, 4<<10)}
			}
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b DeadLetter) int { return a.Time.Compare(b.Time) })
	return out, nil
}

// Stats is how much waits, over all partitions.
type Stats struct {
	Accepted int64 // messages waiting or in hand
	Outbox   int64 // replies not yet delivered
	Events   int64 // demand events not yet recorded
	Dead     int64 // dead letters
}

// Stats counts what waits.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	var out Stats
	var accepted, events, dead [partitions]*redis.IntCmd
	var platforms [partitions]*redis.StringSliceCmd
	if _, err := s.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for p := range partition(partitions) {
			accepted[p], events[p], dead[p] = pipe.LLen(ctx, p.queue()), pipe.XLen(ctx, p.events()), pipe.ZCard(ctx, p.dead())
			platforms[p] = pipe.SMembers(ctx, p.platforms())
		}
		return nil
	}); err != nil {
		return Stats{}, failure("count what waits", err)
	}
	waiting := map[partition][]*redis.StringSliceCmd{}
	if _, err := s.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for p := range partition(partitions) {
			out.Accepted += accepted[p].Val()
			out.Events += events[p].Val()
			out.Dead += dead[p].Val()
			for _, platform := range platforms[p].Val() {
				waiting[p] = append(waiting[p], pipe.ZRange(ctx, p.outbox(platform), 0, -1))
			}
		}
		return nil
	}); err != nil {
		return Stats{}, failure("count what waits", err)
	}
	var replies []*redis.IntCmd
	if _, err := s.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for p, lists := range waiting {
			for _, list := range lists {
				for _, conversation := range list.Val() {
					replies = append(replies, pipe.LLen(ctx, p.replies(conversation)))
				}
			}
		}
		return nil
	}); err != nil {
		return Stats{}, failure("count what waits", err)
	}
	for _, n := range replies {
		out.Outbox += n.Val()
	}
	return out, nil
}
