-- KEYS fence queue bodies tries; ARGV fence nonce forgive keep
-- The nonce makes a repeated call count once; forgive is how many of the
-- earlier tries were not the message's fault.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'lost'} end
local id = redis.call('LINDEX', KEYS[2], 0)
if not id then return {'none'} end
local body = redis.call('HGET', KEYS[3], id)
if redis.call('HGET', KEYS[4], 'id') ~= id then
  redis.call('DEL', KEYS[4])
  redis.call('HSET', KEYS[4], 'id', id, 'n', 0)
end
if redis.call('HGET', KEYS[4], 'nonce') ~= ARGV[2] then
  local n = tonumber(redis.call('HGET', KEYS[4], 'n')) + 1 - tonumber(ARGV[3])
  if n < 1 then n = 1 end
  redis.call('HSET', KEYS[4], 'n', n, 'nonce', ARGV[2])
  redis.call('PEXPIRE', KEYS[4], ARGV[4])
end
return {'some', id, body or '', tonumber(redis.call('HGET', KEYS[4], 'n'))}
