-- KEYS seen events platforms, then two a reply
-- ARGV id dedupe waiting channel wake replies events, then four a reply, then the events
local at, dedupe = now(), tonumber(ARGV[2])
if not first(KEYS[1], 'a:' .. ARGV[1], at, dedupe) then return 'again' end
local replies, events = tonumber(ARGV[6]), tonumber(ARGV[7])
say(replies, 4, 8, KEYS[1], KEYS[3], at, dedupe, tonumber(ARGV[3]))
record(events, 8 + 4 * replies, KEYS[2])
if ARGV[5] ~= '' then redis.call('PUBLISH', ARGV[4], ARGV[5]) end
return 'done'
