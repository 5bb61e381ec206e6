package conversation

import (
	"context"

	"github.com/redis/go-redis/v9"

	"frontdoor/internal/chat"
)

// Redis is the store's own connection: the in-process server's password is
// known to nobody else.
func (s *Store) Redis() redis.UniversalClient { return s.redis }

// Steal takes the partition of an address over, as another replica does whose
// predecessor's lease ran out.
func (s *Store) Steal(ctx context.Context, at chat.Address) error {
	p := partitionOf(at)
	if err := s.redis.Del(ctx, p.lease(roleWork)).Err(); err != nil {
		return err
	}
	return s.scripts.hold.Run(ctx, s.redis, []string{p.lease(roleWork), p.fence(roleWork), p.queue()}, "thief", 50, "", 1, "LLEN").Err()
}

// Keys of an address's partition, to put foreign bytes there.
func Keys(at chat.Address) (queue, bodies, state, outbox, replies, events string) {
	p := partitionOf(at)
	return p.queue(), p.bodies(), p.state(at), p.outbox(at.Platform), p.replies(at.Key()), p.events()
}

// MessageKey is how a message is known in its partition.
func MessageKey(m chat.Message) string { return messageKey(m) }
