-- KEYS: index, records. ARGV: from where, to where, how an entry of the index ends in the name of its record.
local found = {}
for _, entry in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2])) do
  local name = string.match(entry, ARGV[3])
  local text = redis.call('HGET', KEYS[2], name)
  if text then found[#found + 1] = {name, text} end
end
return found
