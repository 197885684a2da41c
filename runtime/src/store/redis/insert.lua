-- KEYS: records, slugs, places, ids. ARGV: id, slug, name of the place or '', text, how many at most or ''.
local id, slug, place = ARGV[1], ARGV[2], ARGV[3]
if redis.call('HEXISTS', KEYS[1], id) == 1 then return 'id' end
if redis.call('HEXISTS', KEYS[2], slug) == 1 then return 'slug' end
if place ~= '' and redis.call('HEXISTS', KEYS[3], place) == 1 then return 'place' end
if ARGV[5] ~= '' and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[5]) then return 'full' end
redis.call('HSET', KEYS[1], id, ARGV[4])
redis.call('HSET', KEYS[2], slug, id)
if place ~= '' then redis.call('HSET', KEYS[3], place, id) end
redis.call('ZADD', KEYS[4], 0, id)
return 'ok'
