-- KEYS members; ARGV owner ms
-- Signs of life of the replicas in one job; returns those of the last ms.
local at = now()
redis.call('ZADD', KEYS[1], whole(at), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', whole(at - tonumber(ARGV[2])))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZRANGE', KEYS[1], 0, -1)
