-- KEYS: holders, claims. ARGV: domain.
local tenant = redis.call('HGET', KEYS[1], ARGV[1])
if not tenant then return false end
local name = tenant .. '\n' .. ARGV[1]
local text = redis.call('HGET', KEYS[2], name)
if not text then return false end
return {name, text}
