-- KEYS: ids, records. ARGV: from where, how many. Ids have equal scores, so they are in the order of their bytes.
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])) do
  local text = redis.call('HGET', KEYS[2], id)
  if text then found[#found + 1] = {id, text} end
end
return found
