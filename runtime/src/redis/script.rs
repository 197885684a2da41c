//! Scripts that run in Redis.

use std::time::Duration;

use ::redis::{Cmd, FromRedisValue, cmd};
use tokio::sync::OnceCell;

use super::{Away, Redis, asks_for_script};

/// A script, and what the server calls it.
#[derive(Debug)]
pub(crate) struct Script {
    text: String,
    /// What the server calls the text, once it has it.
    sha: OnceCell<String>,
}

impl Script {
    pub(crate) fn new(clock: &str, body: &str) -> Self {
        Self { text: format!("{clock}{body}"), sha: OnceCell::new() }
    }

    /// Runs it once. A server that has forgotten it, and has done nothing, is given it again.
    pub(crate) async fn run<T: FromRedisValue>(
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

    /// The same for what matters more than that somebody waits: within a time of its own, and whether
    /// or not others had an answer lately.
    pub(crate) async fn run_within<T: FromRedisValue>(
        &self,
        redis: &Redis,
        longest: Duration,
        keys: &[&str],
        args: &[&[u8]],
    ) -> Result<T, Away> {
        let load = || async { redis.ask_within::<String>(&self.loading(), longest).await };
        let sha = self.sha.get_or_try_init(load).await?;
        match redis.ask_within(&call(sha, keys, args), longest).await {
            Err(Away::Failed(error)) if asks_for_script(&error) => {
                load().await?;
                redis.ask_within(&call(sha, keys, args), longest).await
            }
            answer => answer,
        }
    }

    async fn load(&self, redis: &Redis) -> Result<String, Away> {
        redis.ask(&self.loading()).await
    }

    fn loading(&self) -> Cmd {
        let mut load = cmd("SCRIPT");
        load.arg("LOAD").arg(&self.text);
        load
    }
}

fn call(sha: &str, keys: &[&str], args: &[&[u8]]) -> Cmd {
    let mut call = cmd("EVALSHA");
    call.arg(sha).arg(keys.len()).arg(keys).arg(args);
    call
}
