//! One of several processes: it remembers tenants for an hour, unless it is told of a change:
//! `listener <redis|notify> <database> <channel>`.
//!
//! It says so when it hears the channel. Then it asks for acme's connection every millisecond, as
//! requests do, and says each time it is served and was not before, or the other way round: when that
//! was, in nanoseconds, and which. It gives up if nothing changes for a minute.

use std::{
    error::Error,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tenancy::{Redis, SqlStore, Tenancy, TenantCache};
use tenancy_tests::wait::until;

const HOUR: Duration = Duration::from_secs(3_600);
const BETWEEN: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    let [_, kind, database, channel] = words.as_slice() else {
        return Err("it is given a kind of channel, a database and a channel".into());
    };
    let cache = TenantCache::new().told_life(HOUR).life(HOUR).unknown_life(HOUR);
    let cache = match kind.as_str() {
        "redis" => cache.channel(Redis::new(channel)?),
        _ => cache.notified_by(channel),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = SqlStore::connect(database.as_str()).await?;
        let builder = Tenancy::builder().database("sqlite::memory:").store(store);
        let tenancy = builder.tenant_cache(cache).connect().await?;
        let heard = async || tenancy.health().await.channel == Some(true);
        until("the channel is heard", heard).await;
        println!("it hears");
        let (mut before, mut changed) = (None, Instant::now());
        let mut turns = tokio::time::interval(BETWEEN);
        while changed.elapsed() < PATIENCE {
            turns.tick().await;
            let served = tenancy.db("acme").await.is_ok();
            if before.replace(served) != Some(served) {
                let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
                println!("{} {served}", now.as_nanos());
                changed = Instant::now();
            }
        }
        Err("nothing has changed for a minute".into())
    })
}
