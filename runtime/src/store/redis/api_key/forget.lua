-- KEYS: keys, their index. ARGV: from where, to where in the index.
for _, entry in ipairs(redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], ARGV[2])) do
  redis.call('HDEL', KEYS[1], string.match(entry, '^[^\n]*\n[^\n]*\n(.*)$'))
end
return redis.call('ZREMRANGEBYLEX', KEYS[2], ARGV[1], ARGV[2])
