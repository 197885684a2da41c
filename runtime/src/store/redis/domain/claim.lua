-- KEYS: claims, their index. ARGV: the claim's name, token, the moment.
local name, verified, removed = ARGV[1], '', ''
local old = redis.call('HGET', KEYS[1], name)
if old then
  verified, removed = string.match(old, '^[^\n]*\n([^\n]*)\n([^\n]*)\n')
  if verified ~= '' and removed == '' then return 0 end
end
redis.call('HSET', KEYS[1], name, table.concat({ARGV[3], verified, removed, ARGV[2]}, '\n'))
redis.call('ZADD', KEYS[2], 0, name)
return 1
