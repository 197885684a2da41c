-- KEYS: claims, their index, holders. ARGV: tenant, domain, token, the moment, and the one before which a removed
-- claim gives way. Moments are texts of one width.
local tenant, domain = ARGV[1], ARGV[2]
local name = tenant .. '\n' .. domain
local own = redis.call('HGET', KEYS[1], name)
if not own then return 'changed' end
local added, token = string.match(own, '^([^\n]*)\n[^\n]*\n[^\n]*\n(.*)$')
if token ~= ARGV[3] then return 'changed' end
local holder = redis.call('HGET', KEYS[3], domain)
if holder and holder ~= tenant then
  local other = holder .. '\n' .. domain
  local removed = string.match(redis.call('HGET', KEYS[1], other) or '', '^[^\n]*\n[^\n]*\n([^\n]*)\n')
  if not removed or removed == '' or removed >= ARGV[5] then return 'taken' end
  redis.call('HDEL', KEYS[1], other)
  redis.call('ZREM', KEYS[2], other)
end
redis.call('HSET', KEYS[1], name, table.concat({added, ARGV[4], '', token}, '\n'))
redis.call('HSET', KEYS[3], domain, tenant)
return 'ok'
