//! Hearing from PostgreSQL which tenants have changed.
//!
//! Triggers of the control plane's tables say it when a change is committed. Like any channel it keeps
//! nothing for those who are not there.

use std::{sync::Weak, time::Duration};

use sea_orm::sqlx::{self, Executor as _, Row as _, postgres::PgListener};
use tenancy_core::Secret;
use tokio::time::{sleep, timeout};

use super::{Inner, told};

/// What the triggers say it on.
const CHANNEL: &str = "tenancy_tenants";
/// How long nothing may be heard until it is looked whether the server is still there.
const BEAT: Duration = Duration::from_secs(1);
/// How long an answer to that may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long until a lost connection is looked for again.
const PAUSE: Duration = Duration::from_millis(250);

/// Listens for as long as there is somebody to tell.
pub(super) async fn listen(inner: Weak<Inner>, url: Secret) {
    let mut silent = false;
    while inner.strong_count() > 0 {
        match timeout(PATIENCE, subscribe(&url)).await {
            Ok(Ok(Some(listener))) => {
                told::found(&inner);
                hear(&inner, listener).await;
                told::lost(&inner);
            }
            Ok(Ok(None)) if !silent => {
                silent = true;
                tracing::error!(
                    target: "tenancy::cache",
                    "the database that is listened to has no tenants, or its tables do not tell of \
                     changes: tenants are remembered as if there were no channel; give \
                     `TenantCache::notified_by` the address of the database they are kept in"
                );
            }
            _ => {}
        }
        sleep(PAUSE).await;
    }
}

/// Nothing, if nobody would ever say anything there.
async fn subscribe(url: &Secret) -> Result<Option<PgListener>, sqlx::Error> {
    let mut listener = PgListener::connect(url.expose()).await?;
    // A lost connection is one during which something may have been said.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    let tells = "SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgname = 'tenancy_tell')";
    let tells: bool = listener.fetch_one(tells).await?.try_get(0)?;
    Ok(tells.then_some(listener))
}

/// Forgets what is said to have changed, until the connection is lost.
async fn hear(inner: &Weak<Inner>, mut listener: PgListener) {
    loop {
        match timeout(BEAT, listener.try_recv()).await {
            Ok(Ok(Some(said))) => told::hear(inner, said.payload()),
            // It was lost, or cannot be had again.
            Ok(Ok(None) | Err(_)) => return,
            Err(_) => {
                let there = timeout(PATIENCE, listener.execute("SELECT 1")).await;
                if inner.strong_count() == 0 || !matches!(there, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}
