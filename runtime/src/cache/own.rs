//! A cache for an application's own values, under keys that have the tenant in them.

use std::{
    fmt,
    future::Future,
    hash::Hash,
    time::{Duration, Instant},
};

use quick_cache::sync::Cache;
use tenancy_core::{Tenant, TenantId};

/// Values of tenants, in this process: each under a key of its own tenant's, and for a time.
///
/// A cache under plain keys shows one tenant what another's request has put there. Here nothing is
/// put or found without saying whose it is.
///
/// # Example
///
/// ```standalone_crate
/// use std::time::Duration;
/// use tenancy::{NewTenant, Tenancy, TenantValues};
///
/// # async fn example() -> tenancy::Result<()> {
/// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
/// let acme = tenancy.create_tenant(NewTenant::new("acme")?).await?;
/// let globex = tenancy.create_tenant(NewTenant::new("globex")?).await?;
///
/// let prices: TenantValues<&str, u32> = TenantValues::new(10_000, Duration::from_secs(60));
/// let load = async { Ok::<_, tenancy::Error>(7) };
/// let price = prices.get_or_load(&acme, "apple", load).await?;
/// assert_eq!(price, 7);
/// assert_eq!(prices.get(&acme, &"apple"), Some(7));
/// assert_eq!(prices.get(&globex, &"apple"), None);
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
pub struct TenantValues<K, V> {
    values: Cache<(TenantId, K), (Instant, V)>,
    life: Duration,
}

impl<K: Hash + Eq + Clone, V: Clone> TenantValues<K, V> {
    /// Room for so many values of all tenants together, each remembered for `life`.
    #[must_use]
    pub fn new(capacity: usize, life: Duration) -> Self {
        Self { values: Cache::new(capacity), life }
    }

    /// What a tenant has under a key.
    #[must_use]
    pub fn get(&self, tenant: &Tenant, key: &K) -> Option<V> {
        let key = (tenant.id.clone(), key.clone());
        let (since, value) = self.values.get(&key)?;
        self.is_fresh(since).then_some(value)
    }

    /// What a tenant has under a key, or what `load` makes of it.
    ///
    /// Whoever asks for the same meanwhile waits for it. What was loaded before the value was
    /// [removed](Self::remove) is given to whoever asked for it, and not kept.
    ///
    /// # Errors
    ///
    /// What `load` fails with. Nothing is kept then, and the next who waits loads it.
    pub async fn get_or_load<E>(
        &self,
        tenant: &Tenant,
        key: K,
        load: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let key = (tenant.id.clone(), key);
        self.values.remove_if(&key, |(since, _)| !self.is_fresh(*since));
        // As old as the question, not as the answer.
        let asked = Instant::now();
        let load = async { load.await.map(|value| (asked, value)) };
        self.values.get_or_insert_async(&key, load).await.map(|(_, value)| value)
    }

    /// Puts a value there.
    pub fn insert(&self, tenant: &Tenant, key: K, value: V) {
        self.values.insert((tenant.id.clone(), key), (Instant::now(), value));
    }

    /// Forgets a value.
    pub fn remove(&self, tenant: &Tenant, key: &K) {
        self.values.remove(&(tenant.id.clone(), key.clone()));
    }

    /// Forgets all values of a tenant; it looks through those of all tenants.
    pub fn remove_all(&self, tenant: &Tenant) {
        self.values.retain(|(owner, _), _| *owner != tenant.id);
    }

    fn is_fresh(&self, since: Instant) -> bool {
        since.elapsed() < self.life
    }
}

impl<K, V> fmt::Debug for TenantValues<K, V> {
    /// Nothing of what is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantValues").field("life", &self.life).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::Poll,
    };

    use chrono::Utc;
    use tenancy_core::NewTenant;

    use super::*;

    fn tenants() -> [Tenant; 2] {
        ["acme", "globex"]
            .map(|name| Tenant::create(NewTenant::new(name).unwrap().id(name).unwrap(), Utc::now()))
    }

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn each_tenant_finds_its_own_and_loses_its_own() {
        let [acme, globex] = tenants();
        let values = TenantValues::new(100, HOUR);
        for key in 0..10 {
            values.insert(&acme, key, "acme's");
            values.insert(&globex, key, "globex's");
        }
        assert_eq!(values.get(&acme, &3), Some("acme's"));
        assert_eq!(values.get(&globex, &3), Some("globex's"));
        values.remove(&acme, &3);
        assert_eq!((values.get(&acme, &3), values.get(&globex, &3)), (None, Some("globex's")));
        values.remove_all(&globex);
        assert_eq!((values.get(&acme, &4), values.get(&globex, &4)), (Some("acme's"), None));
        assert!(!format!("{values:?}").contains("acme"));
        let brief = TenantValues::new(100, Duration::ZERO);
        brief.insert(&acme, 1, "over");
        assert_eq!(brief.get(&acme, &1), None);
    }

    #[tokio::test]
    async fn what_many_want_is_loaded_once_and_for_its_tenant() {
        let [acme, globex] = tenants();
        let values = Arc::new(TenantValues::new(100, HOUR));
        let loads = Arc::new(AtomicUsize::new(0));
        let ask = |tenant: &Tenant| {
            let (values, loads, tenant) = (Arc::clone(&values), Arc::clone(&loads), tenant.clone());
            tokio::spawn(async move {
                let load = async {
                    loads.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    Ok::<_, ()>(tenant.id.to_string())
                };
                values.get_or_load(&tenant, "name", load).await.unwrap()
            })
        };
        let asked: Vec<_> = (0..50).map(|_| (ask(&acme), ask(&globex))).collect();
        for (of_acme, of_globex) in asked {
            assert_eq!(of_acme.await.unwrap(), "acme");
            assert_eq!(of_globex.await.unwrap(), "globex");
        }
        assert_eq!(loads.load(Ordering::SeqCst), 2);
        let failed = values.get_or_load(&acme, "other", async { Err("away") }).await;
        assert_eq!(failed, Err("away"));
        assert_eq!(values.get(&acme, &"other"), None);
    }

    #[tokio::test]
    async fn what_was_loaded_before_it_was_removed_is_not_kept() {
        let [acme, _] = tenants();
        let values = TenantValues::new(100, HOUR);
        let load = async {
            tokio::task::yield_now().await;
            Ok::<_, ()>("old")
        };
        let mut loading = Box::pin(values.get_or_load(&acme, 1, load));
        let begun = std::future::poll_fn(|cx| Poll::Ready(loading.as_mut().poll(cx))).await;
        assert!(begun.is_pending());
        values.remove(&acme, &1);
        loading.await.unwrap();
        assert_eq!(values.get(&acme, &1), None);
    }
}
