//! Scripts that run in Redis.

use ::redis::{Cmd, FromRedisValue, cmd};
use tokio::sync::OnceCell;

use crate::redis::{Away, Redis, asks_for_script};

/// The server's clock, in microseconds: the same for every process, whatever their own say.
pub(super) const CLOCK: &str = "local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
";

/// A script, and what the server calls it.
#[derive(Debug)]
pub(super) struct Script {
    text: String,
    /// What the server calls the text, once it has it.
    sha: OnceCell<String>,
}

impl Script {
    pub(super) fn new(clock: &str, body: &str) -> Self {
        Self { text: format!("{clock}{body}"), sha: OnceCell::new() }
    }

    /// Runs it once. A server that has forgotten it, and has done nothing, is given it again.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        redis: &Redis,
        keys: &[&str],
        args: &[&[u8]],
    ) -> Result<T, Away> {
        let sha = self.sha.get_or_try_init(|| self.load(redis)).await?;
        match redis.ask(&call(sha, keys, args)).await {
            Err(Away::Failed(error)) if asks_for_script(&error) => {
                self.load(redis).await?;
                redis.ask(&call(sha, keys, args)).await
            }
            answer => answer,
        }
    }

    async fn load(&self, redis: &Redis) -> Result<String, Away> {
        redis.ask(cmd("SCRIPT").arg("LOAD").arg(&self.text)).await
    }
}

fn call(sha: &str, keys: &[&str], args: &[&[u8]]) -> Cmd {
    let mut call = cmd("EVALSHA");
    call.arg(sha).arg(keys.len()).arg(keys).arg(args);
    call
}
