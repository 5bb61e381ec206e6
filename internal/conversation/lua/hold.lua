-- KEYS lease fence waiting; ARGV owner ms fence want probe
-- Renews the lease that has this fence, or takes a free one when wanted. A
-- lease that ran out and that nobody took is still ours: the fence says so.
local fence = redis.call('GET', KEYS[2])
local mine = ''
if ARGV[3] ~= '' and fence == ARGV[3] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  mine = fence
elseif ARGV[4] == '1' and redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  local last = string.match(fence or '', '^%d+') or '0'
  mine = whole(tonumber(last) + 1) .. ' ' .. ARGV[1]
  redis.call('SET', KEYS[2], mine)
end
if mine == '' then return {'', 0} end
return {mine, redis.call(ARGV[5], KEYS[3])}
