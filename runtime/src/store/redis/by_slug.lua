-- KEYS: slugs, records. ARGV: slug.
local id = redis.call('HGET', KEYS[1], ARGV[1])
if not id then return false end
local text = redis.call('HGET', KEYS[2], id)
if not text then return false end
return {id, text}
