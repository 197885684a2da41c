-- Lets go of the place. While others hold it too, it stays held, and keeps the newest version.
-- KEYS: place. ARGV: token or '', version, text or '' for a mark, milliseconds.
local old = redis.call('GET', KEYS[1])
local kind, version, rest
if old then kind, version, rest = string.match(old, '^(%a)(%d+)\n(.*)$') end
local newest = ARGV[2]
if version and tonumber(version) > tonumber(newest) then newest = version end
if kind == 'h' then
  local others = {}
  for token in string.gmatch(rest, '[^,]+') do
    if token ~= ARGV[1] then others[#others + 1] = token end
  end
  if #others > 0 then
    redis.call('SET', KEYS[1], 'h' .. newest .. '\n' .. table.concat(others, ','), 'KEEPTTL')
    return 0
  end
end
if kind == 'r' and newest ~= ARGV[2] then return 0 end
if ARGV[3] ~= '' and newest == ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
else
  redis.call('SET', KEYS[1], 't' .. newest .. '\n', 'PX', ARGV[4])
end
return 1
