-- Gives back tokens that were taken in advance and not used, where they still count.
--
-- KEYS: the windows. ARGV[1]: for each, the part they were counted in and the width of the parts,
-- packed, after how many there are.
local unpack, pack, sub, call = struct.unpack, struct.pack, string.sub, redis.call
local tokens, at = unpack('>I4', ARGV[1])
for i = 1, #KEYS do
  local part, width
  part, width, at = unpack('>I8I8', ARGV[1], at)
  local kept = call('GET', KEYS[i])
  if kept then
    local was, head, used = unpack('>I8I8I4', kept)
    local slot = head + 1 - part
    if was == width and slot >= 0 and slot < 22 then
      local from = 21 + slot * 4
      local count = unpack('>I4', kept, from)
      local back = math.min(count, tokens)
      call('SET', KEYS[i],
        pack('>I8I8I4', was, head, used - back) .. sub(kept, 21, from - 1)
          .. pack('>I4', count - back) .. sub(kept, from + 4),
        'KEEPTTL')
    end
  end
end
return 1
