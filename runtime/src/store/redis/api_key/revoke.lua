-- KEYS: keys. ARGV: id, tenant, the moment.
local text = redis.call('HGET', KEYS[1], ARGV[1])
if not text then return 0 end
local tenant, revoked, rest = string.match(text, '^([^\n]*)\n([^\n]*)\n(.*)$')
if tenant ~= ARGV[2] then return 0 end
if revoked == '' then
  redis.call('HSET', KEYS[1], ARGV[1], table.concat({tenant, ARGV[3], rest}, '\n'))
end
return 1
