-- KEYS fence queue bodies tries seen state events platforms dead, then two a reply
-- ARGV fence id state keep dedupe waiting channel wake replies events dead, then
-- four a reply, then the events. An empty state leaves it alone, '-' deletes it;
-- an empty dead letter is none. Returns last when the queue is empty now.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end
if redis.call('LINDEX', KEYS[2], 0) ~= ARGV[2] then
  if redis.call('HEXISTS', KEYS[3], ARGV[2]) == 1 then return 'lost' end
  return 'again'
end
local at, dedupe, waiting = now(), tonumber(ARGV[5]), tonumber(ARGV[6])
local replies, events = tonumber(ARGV[9]), tonumber(ARGV[10])
if ARGV[3] == '-' then
  redis.call('DEL', KEYS[6])
elseif ARGV[3] ~= '' then
  redis.call('SET', KEYS[6], ARGV[3], 'PX', ARGV[4])
end
say(replies, 10, 12, KEYS[5], KEYS[8], at, dedupe, waiting)
record(events, 12 + 4 * replies, KEYS[7])
if ARGV[11] ~= '' then bury(KEYS[9], ARGV[11], at, waiting) end
redis.call('LPOP', KEYS[2])
redis.call('HDEL', KEYS[3], ARGV[2])
redis.call('DEL', KEYS[4])
if ARGV[8] ~= '' then redis.call('PUBLISH', ARGV[7], ARGV[8]) end
if redis.call('EXISTS', KEYS[2]) == 0 then return 'last' end
return 'done'
