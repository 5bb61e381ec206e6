package conversation

import "context"

// Empty tells whether the Redis holds no key at all; in a cluster, none of its
// masters.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	n, err := s.redis.DBSize(ctx).Result()
	if err != nil {
		return false, failure("count the keys", err)
	}
	return n == 0, nil
}
