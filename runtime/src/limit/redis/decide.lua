-- Decides about requests: about each by all policies of its tenant, and charges it if all let it
-- through.
--
-- KEYS: one for each policy of each request. ARGV[1]: for each request how many policies it is under,
-- and those, packed, in the same order. What is kept is what `Ring::to_bytes` and `Tat::to_bytes`
-- write. The reply is one text: the time, then for each request whether it was let through and what
-- was kept before, each after its length; from that the caller knows the rest.
--
-- All numbers are integers below 2^53, which a double holds exactly. A request is decided in some
-- four microseconds, most of them for reading and writing, so no number is made a text here.
local unpack, pack, sub, byte, call = struct.unpack, struct.pack, string.sub, string.byte, redis.call
local args, at, last_at = ARGV[1], 1, #ARGV[1]
local now = clock()
local reply, said = {pack('>I8', now)}, 1
local first = 0
-- What is to be written for the request at hand.
local values, fields, lives = {}, {}, {}

while at <= last_at do
  local policies = byte(args, at)
  at = at + 1
  local through = true
  local verdict = said + 1
  said = verdict
  for i = 1, policies do
    local key, kind = KEYS[first + i], byte(args, at)
    local shadow, life, admits
    values[i], fields[i] = false, false
    if kind == 1 then
      -- A window. `early` is 1 for tokens that may be used up to a part later.
      local width, limit, cost, early
      shadow, life, width, limit, cost, early, at = unpack('>xBsI8I4I4B', args, at)
      local kept = call('GET', key)
      local head, used, ahead, count, rest = (now - now % width) / width, 0, 0, 0
      if kept then
        local was, last
        was, last, used, ahead, count = unpack('>I8I8I4I4I4', kept)
        rest = sub(kept, 29)
        local gone = was == width and head - last or (now - now % was) / was - last
        if gone >= 22 then
          used, ahead, count, rest = 0, 0, 0, nil
        elseif gone > 0 then
          local parts = sub(kept, 21)
          for slot = 22 - gone, 21 do
            used = used - unpack('>I4', parts, slot * 4 + 1)
          end
          parts = string.rep('\0', gone * 4) .. sub(parts, 1, (22 - gone) * 4)
          ahead, count = unpack('>I4I4', parts)
          rest = sub(parts, 9)
        elseif was == width then
          head = last
        end
        if was ~= width then
          -- Nobody can say any more when it was used: just now, then.
          ahead, count, rest = 0, used, nil
        end
        reply[said + 1] = '\108'
        reply[said + 2] = kept
        said = said + 2
      else
        said = said + 1
        reply[said] = '\0'
      end
      admits = used + cost <= limit
      if admits then
        if early == 1 then
          ahead = ahead + cost
        else
          count = count + cost
        end
        values[i] = pack('>I8I8I4I4I4', width, head, used + cost, ahead, count)
          .. (rest or string.rep('\0', 80))
      end
    elseif kind == 2 then
      -- A rate: a theoretical arrival time in microseconds, and parts of one.
      local of, cost, cost_part, burst, burst_part
      shadow, life, of, cost, cost_part, burst, burst_part, at =
        unpack('>xBsI4I8I4I8I4', args, at)
      local kept = call('GET', key)
      local tat, part = now, 0
      if kept then
        local was, was_part, was_of = unpack('>I8I4I4', kept)
        if was_of ~= of and was_part > 0 then
          was, was_part = was + 1, 0
        end
        if was >= now then
          tat, part = was, was_part
        end
        reply[said + 1] = '\16'
        reply[said + 2] = kept
        said = said + 2
      else
        said = said + 1
        reply[said] = '\0'
      end
      tat, part = tat + cost, part + cost_part
      if part >= of then
        tat, part = tat + 1, part - of
      end
      local most = now + burst
      admits = tat < most or (tat == most and part <= burst_part)
      values[i] = admits and pack('>I8I4I4', tat, part, of)
    else
      -- So many at the same time: each process says how many are its own, this one included, and
      -- when it said so; what it says it said later counts.
      local me, count, when, limit, lease
      shadow, life, me, count, when, limit, lease, at = unpack('>xBsc8I4I8I4I8', args, at)
      local own, others = count, 0
      local all = call('HGETALL', key)
      for field = 1, #all, 2 do
        local had, said_when, ends = unpack('>I4I8I8', all[field + 1])
        if all[field] == me then
          if said_when > when then
            own, when = had, said_when
          end
        elseif ends > now then
          others = others + had
        else
          call('HDEL', key, all[field])
        end
      end
      admits = others + own <= limit
      reply[said + 1] = '\4'
      reply[said + 2] = pack('>I4', others + own - 1)
      said = said + 2
      values[i], fields[i] = pack('>I4I8I8', own, when, now + lease), me
    end
    lives[i] = life
    if not admits and shadow == 0 then
      through = false
    end
  end
  if through then
    for i = 1, policies do
      if fields[i] then
        call('HSET', KEYS[first + i], fields[i], values[i])
        call('PEXPIRE', KEYS[first + i], lives[i])
      elseif values[i] then
        call('SET', KEYS[first + i], values[i], 'PX', lives[i])
      end
    end
  end
  reply[verdict] = through and '\1' or '\0'
  first = first + policies
end
return table.concat(reply)
