//! Finding a tenant that was loaded before. EDGE 24: within 150 ns, its end and what has changed looked at.

use std::{
    collections::HashMap,
    hint::black_box,
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use tenancy::{MemoryStore, NewTenant, Slug, Tenancy, Tenant, TenantCache};
use tokio::runtime::Runtime;

use crate::frame::{Row, compare};

const TENANTS: usize = 10_000;
const HOUR: Duration = Duration::from_secs(3_600);

async fn tenancy(cache: TenantCache, store: &MemoryStore) -> Tenancy {
    let builder = Tenancy::builder().database("sqlite::memory:").store(store.clone());
    builder.tenant_cache(cache).connect().await.expect("a database in memory")
}

pub(crate) fn run() -> Vec<Row> {
    let runtime = Runtime::new().expect("a runtime");
    let store = MemoryStore::new();
    let cache = TenantCache::new().life(HOUR).capacity(2 * TENANTS);
    let (cached, uncached) = runtime.block_on(async {
        let cached = tenancy(cache, &store).await;
        for number in 0..TENANTS {
            let new = NewTenant::new(format!("tenant-{number}")).expect("a slug");
            cached.create_tenant(new).await.expect("a tenant");
        }
        (cached, tenancy(TenantCache::off(), &store).await)
    });
    let slugs: Vec<Slug> =
        (0..TENANTS).map(|number| Slug::new(format!("tenant-{number}")).expect("a slug")).collect();
    let find = |tenancy: &Tenancy, n: u64| {
        runtime.block_on(async {
            for slug in slugs.iter().cycle().take(usize::try_from(n).unwrap_or(usize::MAX)) {
                let found = tenancy.find_tenant(black_box(slug)).await.expect("a store");
                assert!(found.is_some());
            }
        });
    };
    let by_hand = ByHand::new(&runtime, &cached, &slugs);
    let mut hit = |n| find(&cached, n);
    let mut read = |n| find(&uncached, n);
    let mut hand = |n: u64| {
        for slug in slugs.iter().cycle().take(usize::try_from(n).unwrap_or(usize::MAX)) {
            assert!(by_hand.find(black_box(slug)).is_some());
        }
    };
    vec![
        compare("hit, 10,000 tenants", "ns", &mut hit, "map with times, by hand", &mut hand),
        compare("hit, 10,000 tenants", "ns", &mut hit, "store in memory", &mut read),
    ]
}

/// What one writes by hand: it knows when something is over, and not when it has changed.
struct ByHand(RwLock<HashMap<Slug, (Instant, Arc<Tenant>)>>);

impl ByHand {
    fn new(runtime: &Runtime, tenancy: &Tenancy, slugs: &[Slug]) -> Self {
        let ends = Instant::now() + HOUR;
        let find = |slug: &Slug| runtime.block_on(tenancy.find_tenant(slug)).ok().flatten();
        let known = slugs.iter().filter_map(|slug| Some((slug.clone(), (ends, find(slug)?))));
        Self(RwLock::new(known.collect()))
    }

    fn find(&self, slug: &Slug) -> Option<Arc<Tenant>> {
        let known = self.0.read().ok()?;
        let (ends, tenant) = known.get(slug)?;
        (Instant::now() < *ends).then(|| Arc::clone(tenant))
    }
}
