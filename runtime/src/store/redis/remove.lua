-- KEYS: records, slugs, places, ids. ARGV: id, the moment that was seen.
local id = ARGV[1]
local old = redis.call('HGET', KEYS[1], id)
if not old then return 1 end
local seen, slug, place = string.match(old, '^([^\n]*)\n([^\n]*)\n([^\n]*)\n')
if seen ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], id)
redis.call('HDEL', KEYS[2], slug)
if place ~= '' then redis.call('HDEL', KEYS[3], place) end
redis.call('ZREM', KEYS[4], id)
return 1
