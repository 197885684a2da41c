-- Puts there what was read from the store, unless it is held or something newer is there.
-- KEYS: place. ARGV: version, text, milliseconds.
local old = redis.call('GET', KEYS[1])
if old then
  local kind, version = string.match(old, '^(%a)(%d+)\n')
  if kind == 'h' then return 0 end
  if kind and tonumber(version) > tonumber(ARGV[1]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
