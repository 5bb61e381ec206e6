-- What every script begins with. Values come as ready-made strings: cjson is
-- not used, it would turn an empty object into an empty array.

local function now() -- ms by Redis' clock
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function whole(n) return string.format('%.0f', n) end

-- first is true the first time that the member is shown within keep ms.
local function first(seen, member, at, keep)
  local score = redis.call('ZSCORE', seen, member)
  if score and tonumber(score) > at - keep then return false end
  redis.call('ZADD', seen, whole(at), member)
  redis.call('PEXPIRE', seen, keep)
  if redis.call('ZCARD', seen) % 256 == 0 then
    redis.call('ZREMRANGEBYSCORE', seen, '-inf', whole(at - keep))
  end
  return true
end

-- say appends n replies: two keys each (outbox, list) from KEYS[k], four
-- arguments each (platform, id, conversation, JSON) from ARGV[a].
local function say(n, k, a, seen, platforms, at, dedupe, keep)
  for i = 0, n - 1 do
    local box, list = KEYS[k + 2 * i], KEYS[k + 2 * i + 1]
    local platform, id = ARGV[a + 4 * i], ARGV[a + 4 * i + 1]
    if first(seen, 'r:' .. id, at, dedupe) then
      redis.call('RPUSH', list, ARGV[a + 4 * i + 3])
      redis.call('PEXPIRE', list, keep)
      redis.call('ZADD', box, 'NX', 0, ARGV[a + 4 * i + 2])
      redis.call('SADD', platforms, platform)
    end
  end
end

-- record appends n demand events from ARGV[a].
local function record(n, a, stream)
  for i = 0, n - 1 do redis.call('XADD', stream, '*', 'e', ARGV[a + i]) end
end

-- bury adds a dead letter, and forgets those that are too old or too many.
local function bury(dead, entry, at, keep)
  redis.call('ZADD', dead, whole(at), entry)
  redis.call('ZREMRANGEBYSCORE', dead, '-inf', whole(at - keep))
  redis.call('ZREMRANGEBYRANK', dead, 0, -1001)
  redis.call('PEXPIRE', dead, keep)
end
