-- KEYS fence list sending outbox; ARGV fence conversation reply surely
-- surely is 1 when the platform has not taken the reply: its mark is removed.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
if redis.call('LINDEX', KEYS[2], 0) ~= ARGV[3] then return 0 end
if ARGV[4] == '1' then redis.call('HDEL', KEYS[3], ARGV[2]) end
return tonumber(redis.call('ZINCRBY', KEYS[4], 1, ARGV[2]))
