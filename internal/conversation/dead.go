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

// DeadLetter is what could not be handled or delivered, without what was said.
// It is kept for Options.Keep, at most 1,000 a partition.
type DeadLetter struct {
	ID        string       // of the message or the reply; "" where it can't be read
	Time      time.Time    // when it was set aside
	Kind      string       // message, reply or event
	At        chat.Address // the conversation; zero where it can't be read
	Reference string       // what its author was told to name; "" where nobody was told
	Attempts  int          // how often it was tried; 0 for what can't be read
	Reason    string       // the last error, for operators
}

// letter is a dead letter as it is stored.
type letter struct {
	Time      time.Time     `json:"time"`
	Kind      string        `json:"kind"`
	Reason    string        `json:"reason"`
	Reference string        `json:"reference,omitempty"`
	Attempts  int           `json:"attempts,omitempty"`
	Message   *chat.Message `json:"message,omitempty"`
	Reply     *chat.Reply   `json:"reply,omitempty"`
	Raw       string        `json:"raw,omitempty"` // what was stored, where it can't be read; at most 4 KiB of it
}

// encode is the letter as it is stored, dated now.
func (l letter) encode() string {
	l.Time = time.Now().UTC()
	l.Raw = cut(l.Raw, 4<<10)
	out, err := json.Marshal(l)
	if err != nil { // what was decoded from JSON can be encoded again
		return `{"kind":"message","reason":"it can't be written"}`
	}
	return string(out)
}

// decodeLetter reads what is stored; what is none of ours is a letter too.
func decodeLetter(raw string) DeadLetter {
	var l letter
	if err := json.Unmarshal([]byte(raw), &l); err != nil {
		return DeadLetter{Kind: "message", Reason: "a dead letter that can't be read"}
	}
	d := DeadLetter{Time: l.Time, Kind: l.Kind, Reference: l.Reference, Attempts: l.Attempts, Reason: l.Reason}
	switch {
	case l.Message != nil:
		d.ID, d.At = l.Message.ID, l.Message.At
	case l.Reply != nil:
		d.ID, d.At = l.Reply.ID, l.Reply.To
	}
	return d
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
	dead := letter{Kind: "message", Reason: reason(why), Attempts: min(c.Attempt, s.options.Attempts), Message: &c.Message}
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
			dead.Reference = reply.Card.Request
		}
		with.Events = events
	}
	state := ""
	if errors.Is(why, ErrForeign) {
		state = "-"
	}
	return s.end(ctx, c, state, with, dead.encode())
}

// DeadLetters returns the latest limit of all partitions, the newest first; 0
// is all that are kept. It says nothing of what was said in them.
func (s *Store) DeadLetters(ctx context.Context, limit int) ([]DeadLetter, error) {
	newest := &redis.ZRangeBy{Min: strconv.FormatInt(time.Now().Add(-s.options.Keep).UnixMilli(), 10), Max: "+inf"}
	if limit > 0 {
		newest.Count = int64(limit)
	}
	var rows [partitions]*redis.StringSliceCmd
	_, err := s.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for p := range partition(partitions) {
			rows[p] = pipe.ZRevRangeByScore(ctx, p.dead(), newest)
		}
		return nil
	})
	if err != nil {
		return nil, failure("list dead letters", err)
	}
	var out []DeadLetter
	for _, row := range rows {
		for _, raw := range row.Val() {
			out = append(out, decodeLetter(raw))
		}
	}
	slices.SortStableFunc(out, func(a, b DeadLetter) int { return b.Time.Compare(a.Time) })
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
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
