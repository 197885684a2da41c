-- KEYS: records, slugs, places, ids. ARGV: id, the moment that was seen, slug, name of the place or '', text.
local id, slug, place = ARGV[1], ARGV[3], ARGV[4]
local old = redis.call('HGET', KEYS[1], id)
if not old then return 'changed' end
local seen, old_slug, old_place = string.match(old, '^([^\n]*)\n([^\n]*)\n([^\n]*)\n')
if seen ~= ARGV[2] then return 'changed' end
if slug ~= old_slug and redis.call('HEXISTS', KEYS[2], slug) == 1 then return 'slug' end
if place ~= '' and place ~= old_place and redis.call('HEXISTS', KEYS[3], place) == 1 then return 'place' end
redis.call('HSET', KEYS[1], id, ARGV[5])
if slug ~= old_slug then
  redis.call('HDEL', KEYS[2], old_slug)
  redis.call('HSET', KEYS[2], slug, id)
end
if place ~= old_place then
  if old_place ~= '' then redis.call('HDEL', KEYS[3], old_place) end
  if place ~= '' then redis.call('HSET', KEYS[3], place, id) end
end
return 'ok'
