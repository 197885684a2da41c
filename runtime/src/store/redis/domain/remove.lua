-- KEYS: claims, their index. ARGV: the claim's name, the moment. Who held the domain does so on.
local name = ARGV[1]
local old = redis.call('HGET', KEYS[1], name)
if not old then return 0 end
local added, verified, removed, token = string.match(old, '^([^\n]*)\n([^\n]*)\n([^\n]*)\n(.*)$')
if removed ~= '' then return 0 end
if verified ~= '' then
  redis.call('HSET', KEYS[1], name, table.concat({added, verified, ARGV[2], token}, '\n'))
else
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
return 1
