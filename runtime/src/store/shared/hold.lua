-- Takes hold of the place for whoever changes what belongs there, beside others who do; its version stays.
-- KEYS: place. ARGV: token, milliseconds.
local old = redis.call('GET', KEYS[1])
local kind, version, rest
if old then kind, version, rest = string.match(old, '^(%a)(%d+)\n(.*)$') end
local tokens = kind == 'h' and rest .. ',' .. ARGV[1] or ARGV[1]
redis.call('SET', KEYS[1], 'h' .. (version or '0') .. '\n' .. tokens, 'PX', ARGV[2])
return 1
