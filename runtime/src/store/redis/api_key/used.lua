-- KEYS: keys. ARGV: id, the moment. Moments are texts of one width, and none is less than any.
local text = redis.call('HGET', KEYS[1], ARGV[1])
if not text then return 0 end
local tenant, revoked, used, rest = string.match(text, '^([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$')
if used >= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], table.concat({tenant, revoked, ARGV[2], rest}, '\n'))
return 1
