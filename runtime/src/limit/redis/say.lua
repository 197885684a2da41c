-- A process says how many requests of a tenant it is running, unless it has said something later.
--
-- KEYS[1]: who runs how many. ARGV[1]: the process, how many, when it says so in its own count of
-- sayings, and for how many microseconds that holds, packed.
local now = clock()
local me, count, said, lease = struct.unpack('>c8I4I8I8', ARGV[1])
local kept = redis.call('HGET', KEYS[1], me)
if kept then
  local _, when = struct.unpack('>I4I8', kept)
  if when > said then
    return 0
  end
end
if count == 0 then
  redis.call('HDEL', KEYS[1], me)
else
  redis.call('HSET', KEYS[1], me, struct.pack('>I4I8I8', count, said, now + lease))
  redis.call('PEXPIRE', KEYS[1], math.ceil(lease / 1000))
end
return 1
