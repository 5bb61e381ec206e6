-- KEYS queue bodies seen; ARGV id JSON dedupe keep channel wake
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return 0 end
if not first(KEYS[3], 'm:' .. ARGV[1], now(), tonumber(ARGV[3])) then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1
