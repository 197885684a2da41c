//! What this process is running of each tenant's, as it tells the others.
//!
//! A process says how many are its own, all of them each time, and gives each saying a number: the
//! later one counts, in whatever order they arrive. So nothing is counted twice, a lost answer is
//! mended by the next saying, and what a process was running when it died is free once its last
//! saying has run out.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use tenancy_core::{TenantId, limit::Micros};
use tokio::{sync::Notify, time::timeout};

use super::{question::Running, script::Script};
use crate::redis::Redis;

/// For how long a saying holds.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// Sayings on their way at the same time.
const TOGETHER: usize = 64;

/// What is running.
#[derive(Debug)]
pub(super) struct Slots {
    me: [u8; 8],
    running: Mutex<State>,
    changed: Notify,
    lease: Duration,
}

#[derive(Debug, Default)]
struct State {
    said: u64,
    /// Whether somebody says so again before it runs out.
    kept: bool,
    tenants: HashMap<TenantId, Tenant>,
    /// Those of which the others know less than there is, or more.
    owed: HashSet<TenantId>,
}

#[derive(Debug)]
struct Tenant {
    key: String,
    count: u32,
    /// The latest saying about it.
    said: u64,
}

/// A place among those that run at the same time. It is given back unless it is kept.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Arc<Slots>,
    tenant: TenantId,
    pub(super) running: Running,
    /// Whether it may have been written down.
    heard: bool,
}

impl Slots {
    pub(super) fn new(me: [u8; 8], lease: Duration) -> Self {
        Self { me, running: Mutex::default(), changed: Notify::new(), lease }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more, before anybody is asked: so what is said later never leaves it out.
    pub(super) fn take(self: &Arc<Self>, tenant: &TenantId, key: impl FnOnce() -> String) -> Slot {
        let mut state = self.lock();
        state.said += 1;
        let said = state.said;
        let entry = state.tenants.entry(tenant.clone()).or_insert_with(|| Tenant {
            key: key(),
            count: 0,
            said,
        });
        entry.count += 1;
        entry.said = said;
        let running = Running { me: self.me, count: entry.count, said, lease: self.micros() };
        Slot { slots: Arc::clone(self), tenant: tenant.clone(), running, heard: true }
    }

    fn micros(&self) -> Micros {
        u64::try_from(self.lease.as_micros()).unwrap_or(Micros::MAX)
    }

    /// Says again what is running, in a task, for as long as anything is.
    pub(super) fn keep(self: &Arc<Self>, redis: &Redis, say: &Arc<Script>) {
        {
            let mut state = self.lock();
            if state.kept || tokio::runtime::Handle::try_current().is_err() {
                return;
            }
            state.kept = true;
        }
        let kept = Kept(Arc::downgrade(self));
        let (redis, say) = (redis.clone(), Arc::clone(say));
        tokio::spawn(async move { kept.run(&redis, &say).await });
    }

    /// What is to be said now: what has changed, or all.
    fn to_say(&self, all: bool) -> Vec<(TenantId, String, Running)> {
        let mut state = self.lock();
        let State { said, tenants, owed, .. } = &mut *state;
        if all {
            owed.extend(tenants.keys().cloned());
        }
        let mut sayings = Vec::with_capacity(owed.len());
        for tenant in owed.iter() {
            if let Some(entry) = tenants.get_mut(tenant) {
                *said += 1;
                entry.said = *said;
                let running =
                    Running { me: self.me, count: entry.count, said: *said, lease: self.micros() };
                sayings.push((tenant.clone(), entry.key.clone(), running));
            }
        }
        sayings
    }

    /// Remembers that something was heard, and forgets a tenant of which nothing is running.
    fn heard(&self, tenant: &TenantId, running: Running) {
        let mut state = self.lock();
        let Some(entry) = state.tenants.get(tenant) else { return };
        if entry.said == running.said && entry.count == running.count {
            let ended = entry.count == 0;
            state.owed.remove(tenant);
            if ended {
                state.tenants.remove(tenant);
            }
        }
    }

    /// Says what is to be said; what was not heard is said again.
    pub(super) async fn tell(&self, redis: &Redis, say: &Script, all: bool) {
        let sayings = stream::iter(self.to_say(all));
        let each = |(tenant, key, running): (TenantId, String, Running)| async move {
            let mut packed = Vec::with_capacity(28);
            packed.extend(running.me);
            packed.extend(running.count.to_be_bytes());
            packed.extend(running.said.to_be_bytes());
            packed.extend(running.lease.to_be_bytes());
            if say.run::<u8>(redis, &[&key], &[&packed]).await.is_ok() {
                self.heard(&tenant, running);
            }
        };
        sayings.for_each_concurrent(TOGETHER, each).await;
    }
}

/// The task that says it again; it does not keep the limiter alive.
struct Kept(Weak<Slots>);

impl Kept {
    async fn run(mut self, redis: &Redis, say: &Script) {
        let mut told = Instant::now();
        while let Some(slots) = self.0.upgrade() {
            let pause = slots.lease / 3;
            let rest = pause.saturating_sub(told.elapsed());
            let all = timeout(rest, slots.changed.notified()).await.is_err() || rest.is_zero();
            if all {
                told = Instant::now();
            }
            slots.tell(redis, say, all).await;
            let owed = {
                let mut state = slots.lock();
                if state.tenants.is_empty() {
                    state.kept = false;
                    self.0 = Weak::new();
                    return;
                }
                !state.owed.is_empty()
            };
            if owed {
                // Redis was away.
                tokio::time::sleep(Duration::from_millis(100).min(pause)).await;
                slots.changed.notify_one();
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The runtime it ran on has ended, or it has: the next who needs it begins another.
        if let Some(slots) = self.0.upgrade() {
            slots.lock().kept = false;
        }
    }
}

impl Slot {
    /// Gives it back when whoever decides has refused it, and so has not written it down: only what
    /// was said since then has it in.
    pub(super) fn refused(mut self) {
        self.heard = false;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        let State { tenants, owed, .. } = &mut *state;
        let Some(entry) = tenants.get_mut(&self.tenant) else { return };
        entry.count = entry.count.saturating_sub(1);
        if self.heard || entry.said != self.running.said {
            owed.insert(self.tenant.clone());
        } else if entry.count == 0 && !owed.contains(&self.tenant) {
            tenants.remove(&self.tenant);
        }
        let owes = !owed.is_empty();
        drop(state);
        if owes {
            self.slots.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> (Arc<Slots>, TenantId) {
        (Arc::new(Slots::new([7; 8], LEASE)), TenantId::new("acme").unwrap())
    }

    #[test]
    fn whoever_was_refused_has_nothing_to_take_back() {
        let (slots, acme) = running();
        let first = slots.take(&acme, || "acme".into());
        let second = slots.take(&acme, || "acme".into());
        assert_eq!((first.running.count, second.running.count), (1, 2));
        assert!(second.running.said > first.running.said);
        second.refused();
        assert!(slots.to_say(false).is_empty());
        assert_eq!(slots.to_say(true)[0].2.count, 1, "it is said again before it runs out");
    }

    #[test]
    fn whoever_was_refused_takes_back_what_was_said_since() {
        let (slots, acme) = running();
        let first = slots.take(&acme, || "acme".into());
        let second = slots.take(&acme, || "acme".into());
        // The second says there are two; the first is refused.
        first.refused();
        let sayings = slots.to_say(false);
        assert_eq!(sayings[0].2.count, 1);
        assert!(sayings[0].2.said > second.running.said);
        slots.heard(&acme, sayings[0].2);
        drop(second);
        let last = slots.to_say(false);
        assert_eq!(last[0].2.count, 0);
        slots.heard(&acme, last[0].2);
        assert!(slots.to_say(true).is_empty());
    }

    #[test]
    fn whoever_was_dropped_while_it_asked_may_have_been_written_down() {
        let (slots, acme) = running();
        drop(slots.take(&acme, || "acme".into()));
        let sayings = slots.to_say(false);
        assert_eq!((sayings[0].2.count, sayings[0].2.said), (0, 2));
        // What is said is owed until it was heard.
        assert_eq!(slots.to_say(false)[0].2.said, 3);
    }
}
