package conversation

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/cespare/xxhash/v2"

	"frontdoor/internal/chat"
)

// partitions is how many parts the conversations are spread over. It is part
// of the stored format: changing it needs an empty Redis.
const partitions = 64

// prefix begins every key of ours.
const prefix = "frontdoor:"

// wakeChannel is where replicas tell each other that there is something to do.
const wakeChannel = prefix + "wake"

// partition is one part of the conversations. All its keys carry its hash tag,
// so that Redis Cluster keeps them on one node and a script may touch them all.
type partition int

func partitionOf(at chat.Address) partition {
	return partition(xxhash.Sum64String(at.Key()) % partitions)
}

func (p partition) key(name string) string { return fmt.Sprintf("%s{%02d}:%s", prefix, int(p), name) }

func (p partition) queue() string     { return p.key("in") }        // list of message keys, in the order of acceptance
func (p partition) bodies() string    { return p.key("body") }      // hash: message key → JSON
func (p partition) tries() string     { return p.key("tries") }     // hash: how often the queue's head was handed out
func (p partition) seen() string      { return p.key("seen") }      // zset: what was taken already → when, in ms
func (p partition) events() string    { return p.key("events") }    // stream of demand events, field e
func (p partition) platforms() string { return p.key("platforms") } // set of the platforms that replies ever waited for
func (p partition) dead() string      { return p.key("dead") }      // zset: dead letters → when, in ms

func (p partition) state(at chat.Address) string { return p.key("state:" + at.Key()) }

func (p partition) outbox(platform string) string  { return p.key("out:" + platform) }     // zset: conversations with replies waiting → failures in a row
func (p partition) sending(platform string) string { return p.key("sending:" + platform) } // hash: conversations whose head is being sent → how often it was begun
func (p partition) replies(conversation string) string {
	return p.key("say:" + conversation) // list of replies as JSON
}

func (p partition) lease(r role) string { return p.key("lease:" + string(r)) } // who has it, until it expires
func (p partition) fence(r role) string { return p.key("fence:" + string(r)) } // number of the last lease and its owner

// role is one of the jobs that a partition is leased for.
type role string

const (
	roleWork   role = "work"
	roleEvents role = "events"
)

func roleDeliver(platform string) role { return role("deliver:" + platform) }

func (r role) members() string { return prefix + "members:" + string(r) } // zset: replicas in this job → last sign of life

// messageKey identifies a message among all of its partition.
func messageKey(m chat.Message) string {
	return url.PathEscape(m.At.Platform) + "/" + url.PathEscape(m.At.Workspace) + "/" + m.ID
}

// wake is what is published when a script left something to do.
func wake(sender string, p partition, roles []role) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d", sender, int(p))
	for _, r := range roles {
		b.WriteByte(' ')
		b.WriteString(url.QueryEscape(string(r)))
	}
	return b.String()
}

// readWake is the other direction; ok is false for what is not ours.
func readWake(s string) (sender string, p partition, roles []role, ok bool) {
	words := strings.Split(s, " ")
	if len(words) < 3 {
		return "", 0, nil, false
	}
	var n int
	if _, err := fmt.Sscanf(words[1], "%d", &n); err != nil || n < 0 || n >= partitions {
		return "", 0, nil, false
	}
	for _, w := range words[2:] {
		r, err := url.QueryUnescape(w)
		if err != nil {
			return "", 0, nil, false
		}
		roles = append(roles, role(r))
	}
	return words[0], partition(n), roles, true
}
