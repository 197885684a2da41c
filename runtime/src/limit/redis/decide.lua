-- Decides about one request by all policies of one tenant, and charges it if all let it through.
--
-- KEYS: one for each policy. ARGV[1]: the policies, packed, in the same order. What is kept is what
-- `Ring::to_bytes` and `Tat::to_bytes` write; the reply is the time, whether it was let through, and
-- what was kept before, from which the caller knows the rest.
--
-- All numbers are integers below 2^53, which a double holds exactly.
local unpack, pack, sub, call = struct.unpack, struct.pack, string.sub, redis.call
local now = clock()
local args, at = ARGV[1], 1
local reply, write = {'', ''}, {}
local through = true

for i = 1, #KEYS do
  local key, kind, shadow = KEYS[i]
  kind, shadow, at = unpack('>BB', args, at)
  local admits
  if kind == 1 then
    -- A window. `ahead` is 1 for tokens that may be used up to a part later.
    local width, limit, cost, ahead
    width, limit, cost, ahead, at = unpack('>I8I4I4B', args, at)
    local kept = call('GET', key)
    reply[i + 2] = kept
    local head, used, parts = (now - now % width) / width, 0
    if kept then
      local was, last
      was, last, used = unpack('>I8I8I4', kept)
      parts = sub(kept, 21)
      local gone = (now - now % was) / was - last
      if gone >= 22 then
        used, parts = 0, nil
      elseif gone > 0 then
        for slot = 22 - gone, 21 do
          used = used - unpack('>I4', parts, slot * 4 + 1)
        end
        parts = string.rep('\0', gone * 4) .. sub(parts, 1, (22 - gone) * 4)
      elseif last > head then
        head = last
      end
      if was ~= width then
        -- Nobody can say any more when it was used: just now, then.
        head = (now - now % width) / width
        parts = pack('>I4I4', 0, used) .. string.rep('\0', 80)
      end
    end
    admits = used + cost <= limit
    if admits then
      parts = parts or string.rep('\0', 88)
      local slot = ahead == 1 and 1 or 5
      local count = unpack('>I4', parts, slot) + cost
      parts = sub(parts, 1, slot - 1) .. pack('>I4', count) .. sub(parts, slot + 4)
      write[i] = {pack('>I8I8I4', width, head, used + cost) .. parts, math.ceil(width * 22 / 1000)}
    end
  elseif kind == 2 then
    -- A rate: a theoretical arrival time in microseconds, and parts of one.
    local of, cost, cost_part, burst, burst_part
    of, cost, cost_part, burst, burst_part, at = unpack('>I4I8I4I8I4', args, at)
    local kept = call('GET', key)
    reply[i + 2] = kept
    local tat, part = now, 0
    if kept then
      local was, was_part, was_of = unpack('>I8I4I4', kept)
      if was_of ~= of and was_part > 0 then
        was, was_part = was + 1, 0
      end
      if was >= now then
        tat, part = was, was_part
      end
    end
    tat, part = tat + cost, part + cost_part
    if part >= of then
      tat, part = tat + 1, part - of
    end
    local most = now + burst
    admits = tat < most or (tat == most and part <= burst_part)
    if admits then
      write[i] = {pack('>I8I4I4', tat, part, of), math.ceil((tat - now + 1) / 1000)}
    end
  else
    -- So many at the same time: each process says how many are its own, this one included, and
    -- when it said so; what it says it said later counts.
    local me, count, said, limit, lease
    me, count, said, limit, lease, at = unpack('>c8I4I8I4I8', args, at)
    local own, others = count, 0
    local all = call('HGETALL', key)
    for field = 1, #all, 2 do
      local had, when, ends = unpack('>I4I8I8', all[field + 1])
      if all[field] == me then
        if when > said then
          own, said = had, when
        end
      elseif ends > now then
        others = others + had
      else
        call('HDEL', key, all[field])
      end
    end
    admits = others + own <= limit
    reply[i + 2] = pack('>I4', others + own - 1)
    write[i] = {me, pack('>I4I8I8', own, said, now + lease), math.ceil(lease / 1000)}
  end
  if not admits and shadow == 0 then
    through = false
  end
end

if through then
  for i = 1, #KEYS do
    local entry = write[i]
    if entry and entry[3] then
      call('HSET', KEYS[i], entry[1], entry[2])
      call('PEXPIRE', KEYS[i], entry[3])
    elseif entry then
      call('SET', KEYS[i], entry[1], 'PX', entry[2])
    end
  end
end
reply[1] = pack('>I8', now)
reply[2] = through and '1' or '0'
return reply
