//! Scripts that run in Redis, and the clock they go by.

pub(super) use crate::redis::Script;

/// The server's clock, in microseconds: the same for every process, whatever their own say.
pub(super) const CLOCK: &str = "local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
";
