//! Telling other processes which tenants have changed, over a channel of Redis.
//!
//! Whoever changes a tenant publishes its id and its slugs; whoever hears it forgets the tenant. A
//! channel keeps nothing for those who are not there, so whoever loses it forgets everything, and
//! remembers things for less time until it is back; and when it is back forgets everything again.
//! `told` has that.

use std::{pin::pin, sync::Weak, time::Duration};

use ::redis::{RedisResult, aio::PubSub, cmd};
use futures_util::StreamExt as _;
use tenancy_core::TenantId;
use tokio::{
    sync::OwnedRwLockReadGuard,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{Inner, Name, told};
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

/// What is said of a tenant that has changed: its id, and a line for each name. None has line breaks.
pub(super) fn message(id: &TenantId, names: &[Name]) -> String {
    let mut message = id.as_str().to_owned();
    for name in names {
        message.push('\n');
        message.push_str(&name.line());
    }
    message
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
            told::found(&inner);
            hear(&inner, heard).await;
            told::lost(&inner);
        }
        sleep(PAUSE).await;
    }
}

async fn subscribe(redis: &Redis) -> RedisResult<PubSub> {
    let mut heard = redis.listen().await?;
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
                let Some(message) = message else { return };
                told::hear(inner, &message.get_payload::<String>().unwrap_or_default());
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
    use tenancy_core::{Domain, Slug};

    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        let id = TenantId::new("acme_7").unwrap();
        let [old, new] = ["acme", "apex"].map(|slug| Name::Slug(Slug::new(slug).unwrap()));
        let domain = Name::Domain(Domain::new("shop.acme.example").unwrap());
        let key = Name::Key("0123456789abcdef".into());
        for names in [vec![], vec![old.clone()], vec![old, new, domain, key]] {
            assert_eq!(told::read(&message(&id, &names)), Some((id.clone(), names)));
        }
        for strange in
            ["", "Acme", "acme\n", "acme\nNot a slug", "a b", "acme\nx:y", "acme\nd:", "acme\nk:"]
        {
            assert!(told::read(strange).is_none(), "{strange:?}");
        }
    }
}
