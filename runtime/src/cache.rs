//! Tenants this process has loaded: found again without asking the store, and forgotten at once
//! when they change.
//!
//! What is kept is a whole record under the name a request gave, with the state of two counters
//! from before it was read: one for that name, one for the tenant's id. Whoever changes a tenant
//! counts both on, so that a record under any of its names is worth nothing from that moment on.

#[cfg(feature = "redis")]
mod channel;
mod entry;
mod flight;
mod health;
mod name;
#[cfg(feature = "postgres")]
mod notify;
mod options;
mod own;
mod stripes;
#[cfg(any(feature = "redis", feature = "postgres"))]
mod told;
#[cfg(feature = "axum")]
mod view;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use quick_cache::sync::Cache;
use tenancy_core::{Tenant, TenantId};
use tokio::{
    sync::RwLock,
    time::{Instant, timeout},
};

pub(crate) use self::name::{Found, Name};
#[cfg(any(feature = "redis", feature = "postgres"))]
use self::options::Channel;
#[cfg(feature = "axum")]
pub(crate) use self::view::View;
use self::{
    entry::{Entry, Term},
    flight::{Flights, Waits},
    stripes::Stripes,
};
pub use self::{health::Health, options::TenantCache, own::TenantValues};
use crate::{Result, store::TenantStore};

/// How long a load may take. Nobody waits for ever for one that others could make again.
const LONGEST: Duration = Duration::from_secs(10);

/// The tenants of a store, of which those that were loaded lately are at hand.
#[derive(Clone)]
pub(crate) struct Tenants {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn TenantStore>,
    options: TenantCache,
    known: Cache<Name, Arc<Entry>>,
    /// Names that were nobody's. Apart, so that strangers push nobody out.
    unknown: Cache<Name, Arc<Entry>>,
    stripes: Stripes,
    flights: Flights,
    began: Instant,
    /// Spreads the ends of records that were loaded together.
    jitter: RandomState,
    loads: AtomicU64,
    /// Whether others say when they change something.
    told: AtomicBool,
    /// Whoever still has to tell others something holds it.
    telling: Arc<RwLock<()>>,
}

impl Tenants {
    pub(crate) fn new(store: Arc<dyn TenantStore>, options: TenantCache) -> Self {
        let known = Cache::new(options.capacity.max(1));
        let unknown = Cache::new(options.unknown.max(1));
        Self {
            inner: Arc::new(Inner {
                store,
                options,
                known,
                unknown,
                stripes: Stripes::new(),
                flights: Flights::default(),
                began: Instant::now(),
                jitter: RandomState::new(),
                loads: AtomicU64::new(0),
                told: AtomicBool::new(false),
                telling: Arc::default(),
            }),
        }
    }

    /// Begins to listen to what others say, where that was set up; in a Tokio runtime.
    pub(crate) fn listen(&self) {
        #[cfg(any(feature = "redis", feature = "postgres"))]
        match &self.inner.options.channel {
            #[cfg(feature = "redis")]
            Some(Channel::Redis(redis)) => {
                tokio::spawn(channel::listen(Arc::downgrade(&self.inner), redis.clone()));
            }
            #[cfg(feature = "postgres")]
            Some(Channel::Postgres(url)) => {
                tokio::spawn(notify::listen(Arc::downgrade(&self.inner), url.clone()));
            }
            None => {}
        }
    }

    /// Changes what is known of a tenant in the store, forgets it under these names, whatever came of
    /// that, and tells others.
    ///
    /// It runs in a task of its own: whoever gives up, the change is made or not made, and if it is,
    /// everybody hears of it.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        id: &TenantId,
        names: Vec<Name>,
        write: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let tenants = self.clone();
        let id = id.clone();
        let task = tokio::spawn(async move {
            let written = write.await;
            tenants.inner.forget(&id, &names);
            #[cfg(feature = "redis")]
            if let Some(Channel::Redis(redis)) = &tenants.inner.options.channel {
                let telling = Arc::clone(&tenants.inner.telling).read_owned().await;
                channel::tell(redis, channel::message(&id, &names), telling).await;
            }
            written
        });
        match task.await {
            Ok(written) => written,
            Err(error) => {
                Err(sea_orm::DbErr::Custom(format!("a tenant was not changed: {error}")).into())
            }
        }
    }

    /// Waits for those who still have to tell others something, for two seconds at most.
    pub(crate) async fn close(&self) {
        if timeout(Duration::from_secs(2), self.inner.telling.write()).await.is_err() {
            tracing::error!(
                target: "tenancy::cache",
                "other processes could not be told of a tenant that has changed: they see it when \
                 what they remember of it has run out"
            );
        }
    }

    /// The tenant of that name, if there is one.
    pub(crate) async fn find(&self, name: Name) -> Result<Option<Arc<Tenant>>> {
        Ok(self.found(name).await?.map(|found| found.tenant))
    }

    /// The same, with what was found on the way to it.
    pub(crate) async fn found(&self, name: Name) -> Result<Option<Found>> {
        let inner = &self.inner;
        if inner.options.is_off() {
            return inner.read(&name).await;
        }
        let now = inner.now();
        let mut late = None;
        if let Some(entry) = inner.known.get(&name) {
            if !inner.stripes.hold(&entry.marks) {
                inner.known.remove_if(&name, |kept| Arc::ptr_eq(kept, &entry));
            } else if now < entry.term.ends {
                if entry.is_due(now) {
                    self.refresh(name);
                }
                // A label that is written out takes no allocation.
                metrics::counter!("tenancy_cache_total", "outcome" => "known").increment(1);
                return Ok(entry.found.clone());
            } else {
                late = Some(entry);
            }
        } else if let Some(entry) = inner.unknown.get(&name)
            && inner.stripes.hold(&entry.marks)
            && now < entry.term.ends
        {
            metrics::counter!("tenancy_cache_total", "outcome" => "unknown").increment(1);
            return Ok(None);
        }
        metrics::counter!("tenancy_cache_total", "outcome" => "miss").increment(1);
        match self.load(name.clone()).await {
            Ok(found) => Ok(found),
            Err(error) => match late.filter(|late| inner.may_stay(late, inner.now())) {
                Some(late) => {
                    tracing::warn!(
                        target: "tenancy::cache", %error,
                        "a tenant is served as it was known before, since the store cannot be read"
                    );
                    metrics::counter!("tenancy_cache_total", "outcome" => "stale").increment(1);
                    inner.prolong(name, &late);
                    Ok(late.found.clone())
                }
                None => Err(error),
            },
        }
    }

    /// Loads it, together with everybody who wants it loaded now.
    async fn load(&self, name: Name) -> Result<Option<Found>> {
        let loaded = self.begin(name).await;
        match loaded {
            Ok(found) => Ok(found),
            Err(error) => Err(error.again()),
        }
    }

    /// Loads it while it is still served as it is.
    fn refresh(&self, name: Name) {
        drop(self.begin(name));
    }

    fn begin(&self, name: Name) -> Waits {
        let tenants = self.clone();
        self.inner.flights.join(
            name,
            self.inner.stripes.changes(),
            move |name, changes| async move {
                let inner = &tenants.inner;
                let began = inner.now();
                let found = match timeout(LONGEST, inner.read(&name)).await {
                    Ok(found) => found,
                    Err(_) => Err(sea_orm::DbErr::Custom(format!(
                        "the store of tenants did not answer within {LONGEST:?}"
                    ))
                    .into()),
                };
                if let Ok(found) = &found {
                    inner.keep(name, found.clone(), changes, began);
                }
                found.map_err(Arc::new)
            },
        )
    }

    pub(crate) fn forget(&self, id: &TenantId, names: &[Name]) {
        self.inner.forget(id, names);
    }

    pub(crate) fn forget_all(&self) {
        self.inner.forget_all();
    }
}

impl Inner {
    /// Forgets a tenant, by its id and the names it had before and has now. Whoever asks after this
    /// returned gets what the store has then.
    fn forget(&self, id: &TenantId, names: &[Name]) {
        let id = std::iter::once((name::ID, id.as_str()));
        self.stripes.change(names.iter().map(Name::text).chain(id));
    }

    /// Forgets everything.
    fn forget_all(&self) {
        self.stripes.change_all();
        self.known.clear();
        self.unknown.clear();
    }

    async fn read(&self, name: &Name) -> Result<Option<Found>> {
        name.read(&*self.store).await
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Keeps what was read, unless something changed since `changes` were counted.
    fn keep(&self, name: Name, found: Option<Found>, changes: u64, began: Duration) {
        let load = self.loads.fetch_add(1, Ordering::Relaxed);
        // Between nine tenths and all of it.
        let spread = (self.jitter.hash_one(load) % 1_000) as u32;
        let life = match &found {
            Some(_) if self.told.load(Ordering::SeqCst) => self.options.told_life,
            Some(_) => self.options.life,
            None => self.options.unknown_life,
        };
        let life = life * (9_000 + spread) / 10_000;
        let term = Term::new(began, life, self.options.unread);
        let id = found.as_ref().map(|found| (name::ID, found.tenant.id.as_str()));
        let marks = self.stripes.marks([Some(name.text()), id]);
        // In this order: whoever changes it counts first what is compared here, then the marks.
        if self.stripes.changes() != changes {
            return;
        }
        let entry = Arc::new(Entry::new(found, marks, term));
        if entry.found.is_some() {
            self.unknown.remove(&name);
            self.known.insert(name, entry);
        } else {
            self.known.remove(&name);
            self.unknown.insert(name, entry);
        }
    }

    /// Whether a record whose time is over may be served because the store cannot be read. Nobody
    /// who was suspended comes back that way.
    fn may_stay(&self, late: &Entry, now: Duration) -> bool {
        let active = late.found.as_ref().is_some_and(|found| found.tenant.is_active());
        active && self.stripes.hold(&late.marks) && now < late.term.last
    }

    /// Lets others have it for a second before the store is tried again.
    fn prolong(&self, name: Name, late: &Entry) {
        let ends = (self.now() + Duration::from_secs(1)).min(late.term.last);
        self.known.insert(name, Arc::new(late.until(ends)));
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { store, options, known, .. } = &*self.inner;
        let mut debug = f.debug_struct("Tenants");
        debug.field("store", store).field("options", options).field("known", &known.len());
        debug.finish_non_exhaustive()
    }
}
