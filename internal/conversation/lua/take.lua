-- KEYS fence list sending outbox dead; ARGV fence conversation ended dead waiting stop
-- ended is the reply that is dealt with, '' for none: it goes even when the
-- lease is lost, since it was sent. Then, unless stop is 1, the next is marked and handed out;
-- a mark that was there already means that an earlier sending was cut off.
if ARGV[3] ~= '' and redis.call('LINDEX', KEYS[2], 0) == ARGV[3] then
  redis.call('LPOP', KEYS[2])
  redis.call('HDEL', KEYS[3], ARGV[2])
  redis.call('ZADD', KEYS[4], 'XX', 0, ARGV[2])
  if ARGV[4] ~= '' then bury(KEYS[5], ARGV[4], now(), tonumber(ARGV[5])) end
end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'lost'} end
local head = redis.call('LINDEX', KEYS[2], 0)
if not head then
  redis.call('ZREM', KEYS[4], ARGV[2])
  redis.call('HDEL', KEYS[3], ARGV[2])
  return {'none'}
end
if ARGV[6] == '1' then return {'more'} end
local begun = redis.call('HINCRBY', KEYS[3], ARGV[2], 1)
redis.call('PEXPIRE', KEYS[3], ARGV[5])
return {'some', head, begun, tonumber(redis.call('ZSCORE', KEYS[4], ARGV[2]) or 0)}
