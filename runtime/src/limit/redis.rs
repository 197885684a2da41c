//! Counting in Redis, for several processes together.

mod batch;
mod lease;
mod question;
mod script;
mod slots;
mod wait;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Instant};

use async_trait::async_trait;
use tenancy_core::{
    TenantId,
    limit::{Away as WhenAway, Decision, Limits, Micros, TooCostly},
};
use tokio::time::timeout;

use self::{
    batch::{Asks, Batch},
    lease::{Leases, Unused},
    question::{Answer, Question, key},
    script::{CLOCK, Script},
    slots::{LEASE, Slot, Slots},
    wait::Waits,
};
use super::{Admission, Kind, MemoryLimiter, Mode, Permit, Policy, RateLimiter, count};
use crate::redis::{Away, Redis};

/// Counts in Redis, for all processes that use the same server and prefix.
///
/// One script decides about all policies of a tenant in one round trip, by the server's clock, and
/// writes only if all let the request through. Requests that come while others are on their way go
/// together in one call. A tenant's key takes less than 256 bytes, whatever
/// its limit, and goes by itself when nothing in it counts any more. Keys of one tenant have one
/// hash tag. Whoever was refused and told to wait is refused by this process alone until then.
///
/// # While Redis is away
///
/// Nobody waits longer than the [deadline](Redis::deadline), and after five failures in a row nobody
/// waits at all until it answers again; what becomes of requests then is each policy's own
/// [`Away`](super::Away). Where each process lets its share through, that is the limit divided by
/// [`processes`](Self::processes). Nothing is asked twice, so nothing is charged twice; a request
/// whose answer came too late may have been charged.
///
/// A server whose clock is set back lets nothing more through: what was used counts until the clock
/// has come so far again.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{Redis, Tenancy, limit::{RateLimits, RedisLimiter, Window}};
///
/// # async fn example() -> tenancy::Result<()> {
/// let redis = Redis::new("redis://127.0.0.1:6379")?;
/// let tenancy = Tenancy::builder()
///     .database("sqlite::memory:")
///     .rate_limits(RateLimits::new(Window::per_minute(600)))
///     .rate_limiter(RedisLimiter::new(redis).processes(4))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Clone)]
pub struct RedisLimiter {
    redis: Redis,
    scripts: Arc<Scripts>,
    slots: Arc<Slots>,
    waits: Arc<Waits>,
    leases: Option<Arc<Leases>>,
    /// What this process counts by itself while Redis is away.
    local: MemoryLimiter,
    processes: u32,
}

#[derive(Debug)]
struct Scripts {
    decide: Arc<Batch>,
    say: Arc<Script>,
    refund: Script,
}

/// A permit that holds something until it is dropped.
fn holding<T: Send + Sync + 'static>(held: Option<T>) -> Permit {
    match held {
        Some(held) => Permit::new(move || _ = &held),
        None => Permit::none(),
    }
}

/// A request that goes on, and holds nothing.
fn admitted(decision: Decision) -> Admission {
    Admission::Admitted { decision: Some(decision), permit: Permit::none() }
}

impl RedisLimiter {
    /// Counts on a server. Nothing is connected yet: it may be away when the program starts.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        let me = uuid::Uuid::now_v7().into_bytes();
        // The latter half is random.
        let me = [8, 9, 10, 11, 12, 13, 14, 15].map(|at: usize| me[at]);
        let scripts = Scripts {
            decide: Arc::new(Batch::new(
                redis.clone(),
                Script::new(CLOCK, include_str!("redis/decide.lua")),
            )),
            say: Arc::new(Script::new(CLOCK, include_str!("redis/say.lua"))),
            refund: Script::new("", include_str!("redis/refund.lua")),
        };
        Self {
            redis,
            scripts: Arc::new(scripts),
            slots: Arc::new(Slots::new(me, LEASE)),
            waits: Arc::default(),
            leases: None,
            local: MemoryLimiter::new(),
            processes: 1,
        }
    }

    /// Sets how many processes count together; 1 unless set. Each lets that part of a limit through
    /// while Redis is away.
    #[must_use]
    pub fn processes(mut self, processes: u32) -> Self {
        self.processes = processes.max(1);
        if self.leases.is_some() {
            self.leases = Some(Arc::new(Leases::new(self.processes)));
        }
        self
    }

    /// Takes tokens in advance: up to a hundred at once, a tenth of the limit among all processes,
    /// and none while less than a tenth of the limit is left.
    ///
    /// So Redis is asked up to a hundred times less. No window has more than its limit all the same;
    /// what a process has taken and not used within a twentieth of the window, or within a second,
    /// is used up. Only for tenants all of whose policies are windows.
    #[must_use]
    pub fn leases(mut self) -> Self {
        self.leases = Some(Arc::new(Leases::new(self.processes)));
        self
    }

    fn keys(&self, tenant: &TenantId, limits: &Limits) -> Vec<String> {
        let prefix = self.redis.key_prefix();
        limits.policies().iter().map(|policy| key(prefix, tenant, policy)).collect()
    }

    /// Asks Redis once.
    async fn ask(
        &self,
        tenant: &TenantId,
        question: &Question<'_>,
    ) -> Result<(Decision, Answer), Away> {
        let asks = Asks { keys: self.keys(tenant, question.limits), packed: question.pack() };
        let answer = self.scripts.decide.ask(asks).await?;
        let decision = question.read(&answer).ok_or_else(Away::strange)?;
        Ok((decision, answer))
    }

    /// A place among those that run at the same time, where that is limited.
    fn place(&self, tenant: &TenantId, limits: &Limits) -> Option<Slot> {
        let concurrent = |policy: &&Policy| matches!(policy.kind(), Kind::Concurrent(_));
        let policy = limits.policies().iter().find(concurrent)?;
        let slot = self.slots.take(tenant, || key(self.redis.key_prefix(), tenant, policy));
        self.slots.keep(&self.redis, &self.scripts.say);
        Some(slot)
    }

    /// Asks about this request alone. The place stays where it is unless there is an answer.
    async fn single(
        &self,
        tenant: &TenantId,
        limits: &Limits,
        cost: u32,
        place: &mut Option<Slot>,
    ) -> Result<Admission, Away> {
        let running = place.as_ref().map(|slot| slot.running);
        let asked = Instant::now();
        let question = Question { limits, cost, ahead: false, running };
        let (decision, _) = self.ask(tenant, &question).await?;
        count(&decision, Mode::Redis);
        if decision.is_admitted() {
            let permit = holding(place.take());
            return Ok(Admission::Admitted { decision: Some(decision), permit });
        }
        if let Some(slot) = place.take() {
            slot.refused();
        }
        self.waits.remember(tenant, limits, cost, &decision, asked);
        Ok(Admission::Refused(decision))
    }

    /// Uses what was taken in advance, or takes more.
    async fn leased(
        &self,
        leases: &Leases,
        tenant: &TenantId,
        limits: &Limits,
        cost: u32,
    ) -> Result<Admission, Away> {
        let size = leases.size(limits);
        let lease = if cost < size { leases.of(tenant, limits) } else { None };
        let Some(lease) = lease else { return self.single(tenant, limits, cost, &mut None).await };
        {
            let mut lease = lease.lock().await;
            let asked = Instant::now();
            if let Some(decision) = lease.spend(limits, cost, asked) {
                count(&decision, Mode::Local);
                return Ok(admitted(decision));
            }
            if !lease.is_scarce() {
                // The others wait for these, instead of taking as many again.
                let question = Question { limits, cost: size, ahead: true, running: None };
                let (decision, answer) = self.ask(tenant, &question).await?;
                if decision.is_admitted() {
                    let parts = question.parts(&answer).unwrap_or_default();
                    lease.fill(limits, size - cost, &decision, parts, asked);
                    count(&decision, Mode::Redis);
                    return Ok(admitted(decision));
                }
                lease.learn(&decision);
            }
        }
        // Little is left: each asks for itself, and nobody waits for another.
        let admission = self.single(tenant, limits, cost, &mut None).await?;
        if let Some(decision) = admission.decision()
            && let Ok(mut lease) = lease.try_lock()
        {
            lease.learn(decision);
        }
        Ok(admission)
    }

    /// What becomes of a request while nobody can count it.
    ///
    /// What goes on keeps its place: when Redis is back it counts among those that run.
    fn without(
        &self,
        tenant: &TenantId,
        limits: &Limits,
        cost: u32,
        place: Option<Slot>,
        why: &Away,
    ) -> Admission {
        if !matches!(why, Away::Open) {
            tracing::debug!(target: "tenancy::limit", %tenant, %why, "Redis could not be asked");
        }
        let closed =
            |policy: &Policy| !policy.is_shadow() && policy.when_away() == WhenAway::Closed;
        if limits.policies().iter().any(closed) {
            metrics::counter!("tenancy_ratelimit_unavailable_total").increment(1);
            return Admission::Unavailable;
        }
        let shared = |policy: &Policy| policy.when_away() == WhenAway::Share;
        // Enough for one such request: a share may be less than it costs, which is no reason to
        // refuse it for ever.
        let share = limits.only(shared).share(self.processes, cost);
        if share.is_none() {
            return Admission::Admitted { decision: None, permit: holding(place) };
        }
        match self.local.decide(tenant, &share, cost) {
            Ok((decision, permit)) => {
                count(&decision, Mode::Degraded);
                if decision.is_admitted() {
                    let permit = holding(place.map(|slot| (slot, permit)));
                    Admission::Admitted { decision: Some(decision), permit }
                } else {
                    Admission::Refused(decision)
                }
            }
            // A limit of nothing.
            Err(_) => Admission::Unavailable,
        }
    }

    /// Gives back tokens nobody has used.
    async fn refund(&self, unused: Unused) -> Result<(), Away> {
        let mut packed = Vec::with_capacity(4 + 16 * unused.parts.len());
        packed.extend(unused.tokens.to_be_bytes());
        for (part, width) in &unused.parts {
            packed.extend(part.to_be_bytes());
            packed.extend(Micros::to_be_bytes(*width));
        }
        let keys = self.keys(&unused.tenant, &unused.limits);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.scripts.refund.run::<u8>(&self.redis, &keys, &[&packed]).await.map(|_| ())
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn acquire(
        &self,
        tenant: &TenantId,
        limits: &Limits,
        cost: u32,
    ) -> Result<Admission, TooCostly> {
        limits.afford(cost)?;
        if limits.is_none() {
            return Ok(Admission::Admitted { decision: None, permit: Permit::none() });
        }
        if let Some(refusal) = self.waits.refusal(tenant, limits, cost, Instant::now()) {
            count(&refusal, Mode::Local);
            return Ok(Admission::Refused(refusal));
        }
        let mut place = self.place(tenant, limits);
        let asked = async {
            match &self.leases {
                Some(leases) if place.is_none() => self.leased(leases, tenant, limits, cost).await,
                _ => self.single(tenant, limits, cost, &mut place).await,
            }
        };
        let asked = timeout(self.redis.longest_wait(), asked).await;
        match asked.unwrap_or(Err(Away::Late)) {
            Ok(admission) => Ok(admission),
            Err(why) => Ok(self.without(tenant, limits, cost, place, &why)),
        }
    }

    async fn close(&self) {
        if let Some(leases) = &self.leases {
            for unused in leases.take_back().await {
                if self.refund(unused).await.is_err() {
                    break;
                }
            }
        }
        self.slots.tell(&self.redis, &self.scripts.say, false).await;
    }
}

impl fmt::Debug for RedisLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimiter")
            .field("redis", &self.redis)
            .field("processes", &self.processes)
            .field("leases", &self.leases.is_some())
            .finish_non_exhaustive()
    }
}
