//! Telling other processes which tenants have changed, over a channel of Redis.
//!
//! Whoever changes a tenant publishes its id and its slugs; whoever hears it forgets the tenant. A
//! channel keeps nothing for those who are not there, so whoever loses it forgets everything, and
//! remembers things for less time until it is back; and when it is back forgets everything again.

use std::{
    pin::pin,
    sync::{Weak, atomic::Ordering},
    time::Duration,
};

use ::redis::{RedisResult, aio::PubSub, cmd};
use futures_util::StreamExt as _;
use tenancy_core::{Slug, TenantId};
use tokio::{
    sync::OwnedRwLockReadGuard,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::Inner;
use crate::redis::Redis;

/// How often it is looked whether the channel is still there.
const BEAT: Duration = Duration::from_secs(1);
/// How long an answer to that may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long until a lost channel is looked for again.
const PAUSE: Duration = Duration::from_millis(250);
/// How often it is tried to tell the others.
const ATTEMPTS: u32 = 300;

fn channel(redis: &Redis) -> String {
    format!("{}:tenants", redis.key_prefix())
}

/// What is said of a tenant that has changed. Neither ids nor slugs have line breaks.
pub(super) fn message(id: &TenantId, slugs: &[&Slug]) -> String {
    let mut message = id.as_str().to_owned();
    for slug in slugs {
        message.push('\n');
        message.push_str(slug.as_str());
    }
    message
}

fn read(message: &str) -> Option<(TenantId, Vec<Slug>)> {
    let mut lines = message.split('\n');
    let id = TenantId::new(lines.next()?).ok()?;
    let slugs: Option<Vec<Slug>> = lines.map(|line| Slug::new(line).ok()).collect();
    Some((id, slugs?))
}

/// Tells the others, and goes on trying where that fails. Whoever changed the tenant need not wait
/// for more than the first try.
pub(super) async fn tell(redis: &Redis, message: String, telling: OwnedRwLockReadGuard<()>) {
    if publish(redis, &message).await {
        return;
    }
    tracing::warn!(
        target: "tenancy::cache",
        "other processes could not be told at once that a tenant has changed; it is tried again"
    );
    let redis = redis.clone();
    tokio::spawn(async move {
        for _ in 0..ATTEMPTS {
            sleep(BEAT).await;
            if publish(&redis, &message).await {
                return;
            }
        }
        metrics::counter!("tenancy_cache_untold_total").increment(1);
        tracing::error!(
            target: "tenancy::cache",
            "other processes were not told that a tenant has changed: they see it when what they \
             remember of it has run out; look whether Redis lets this process publish"
        );
        drop(telling);
    });
}

async fn publish(redis: &Redis, message: &str) -> bool {
    let mut publish = cmd("PUBLISH");
    publish.arg(channel(redis)).arg(message);
    // Others may have found Redis to refuse something else, such as writing.
    redis.ask_within::<u64>(&publish, BEAT).await.is_ok()
}

/// Listens for as long as there is somebody to tell.
pub(super) async fn listen(inner: Weak<Inner>, redis: Redis) {
    while inner.strong_count() > 0 {
        if let Ok(Ok(heard)) = timeout(PATIENCE, subscribe(&redis)).await {
            let Some(cache) = inner.upgrade() else { return };
            // What was said before is lost.
            cache.forget_all();
            cache.told.store(true, Ordering::SeqCst);
            drop(cache);
            hear(&inner, heard).await;
            let Some(cache) = inner.upgrade() else { return };
            cache.told.store(false, Ordering::SeqCst);
            cache.forget_all();
            tracing::warn!(
                target: "tenancy::cache",
                "the channel that tells which tenants have changed was lost: tenants are \
                 remembered for less time until it is back"
            );
            metrics::counter!("tenancy_cache_channel_lost_total").increment(1);
        }
        sleep(PAUSE).await;
    }
}

async fn subscribe(redis: &Redis) -> RedisResult<PubSub> {
    let mut heard = redis.client().get_async_pubsub().await?;
    heard.subscribe(channel(redis)).await?;
    Ok(heard)
}

/// Forgets what is said to have changed, until the channel is lost.
async fn hear(inner: &Weak<Inner>, heard: PubSub) {
    let (mut asks, said) = heard.split();
    let mut said = pin!(said);
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            message = said.next() => {
                let (Some(message), Some(cache)) = (message, inner.upgrade()) else { return };
                let text = message.get_payload::<String>().unwrap_or_default();
                match read(&text) {
                    Some((id, slugs)) => cache.forget(&id, &slugs.iter().collect::<Vec<_>>()),
                    // Said by a newer version, perhaps.
                    None => cache.forget_all(),
                }
            }
            _ = beat.tick() => {
                let there = timeout(PATIENCE, asks.ping::<::redis::Value>()).await;
                if inner.strong_count() == 0 || !matches!(there, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        let id = TenantId::new("acme_7").unwrap();
        let [old, new] = ["acme", "apex"].map(|slug| Slug::new(slug).unwrap());
        for slugs in [&[][..], &[&old], &[&old, &new]] {
            let (heard, names) = read(&message(&id, slugs)).unwrap();
            assert_eq!((heard, names.iter().collect::<Vec<_>>()), (id.clone(), slugs.to_vec()));
        }
        for strange in ["", "Acme", "acme\n", "acme\nNot a slug", "a b"] {
            assert!(read(strange).is_none(), "{strange:?}");
        }
    }
}
