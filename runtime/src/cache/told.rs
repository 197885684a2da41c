//! What is heard from others, by whatever channel.

use std::sync::{Weak, atomic::Ordering};

use tenancy_core::TenantId;

use super::{Inner, Name};

/// What is said of a tenant that has changed: its id, and a line for each name it had or has.
pub(super) fn read(message: &str) -> Option<(TenantId, Vec<Name>)> {
    let mut lines = message.split('\n');
    let id = TenantId::new(lines.next()?).ok()?;
    let names: Option<Vec<Name>> = lines.map(Name::from_line).collect();
    Some((id, names?))
}

/// Others are heard from now on; what was said before is lost.
pub(super) fn found(inner: &Weak<Inner>) {
    if let Some(cache) = inner.upgrade() {
        cache.forget_all();
        cache.told.store(true, Ordering::SeqCst);
    }
}

/// Forgets what is said to have changed.
pub(super) fn hear(inner: &Weak<Inner>, message: &str) {
    let Some(cache) = inner.upgrade() else { return };
    match read(message) {
        Some((id, names)) => cache.forget(&id, &names),
        // Said by a newer version, perhaps.
        None => cache.forget_all(),
    }
}

/// Others are heard no more.
pub(super) fn lost(inner: &Weak<Inner>) {
    let Some(cache) = inner.upgrade() else { return };
    cache.told.store(false, Ordering::SeqCst);
    cache.forget_all();
    tracing::warn!(
        target: "tenancy::cache",
        "the channel that tells which tenants have changed was lost: tenants are remembered for \
         less time until it is back"
    );
    metrics::counter!("tenancy_cache_channel_lost_total").increment(1);
}
