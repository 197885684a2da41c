//! What metrics are told, and what they never are.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use tenancy_core::Tenant;
use tokio::runtime::Builder;

use super::*;
use crate::{
    TenantStore,
    audit::{Finding, Report},
    limit::{MemoryLimiter, Policy, Window},
    tenancy::startup,
};

/// Remembers which series there are, and what was counted.
#[derive(Debug, Default, Clone)]
struct Seen(Arc<Mutex<Vec<(String, u64)>>>);

/// One series.
struct Series(Seen, String);

impl Seen {
    /// The names and labels of all series.
    fn series(&self) -> BTreeSet<String> {
        self.0.lock().unwrap().iter().map(|(series, _)| series.clone()).collect()
    }

    fn count(&self, part: &str) -> u64 {
        let seen = self.0.lock().unwrap();
        seen.iter().filter(|(series, _)| series.contains(part)).map(|(_, count)| count).sum()
    }

    fn make(&self, key: &Key) -> Arc<Series> {
        Arc::new(Series(self.clone(), key.to_string()))
    }
}

impl CounterFn for Series {
    fn increment(&self, value: u64) {
        self.0.0.lock().unwrap().push((self.1.clone(), value));
    }

    fn absolute(&self, value: u64) {
        CounterFn::increment(self, value);
    }
}

impl GaugeFn for Series {
    fn increment(&self, _: f64) {
        CounterFn::increment(self, 0);
    }

    fn decrement(&self, _: f64) {
        CounterFn::increment(self, 0);
    }

    fn set(&self, _: f64) {
        CounterFn::increment(self, 0);
    }
}

impl HistogramFn for Series {
    fn record(&self, _: f64) {
        CounterFn::increment(self, 0);
    }
}

impl Recorder for Seen {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.make(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.make(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.make(key))
    }
}

const MANY: usize = 100_000;
/// One of that many does more.
const SOME: usize = 1_000;

/// Finds that many tenants, and lets each ask more than it may.
fn traffic(tenants: usize) -> Seen {
    let seen = Seen::default();
    metrics::with_local_recorder(&seen, || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let shadow = Policy::new("next", Window::per_hour(1)).unwrap().shadow();
            let limits = crate::limit::Limits::from(Window::per_hour(2)).and(shadow).unwrap();
            let store = MemoryStore::new();
            let tenancy = Tenancy::builder()
                .database("sqlite::memory:")
                .store(store.clone())
                .rate_limits(limits)
                .rate_limiter(MemoryLimiter::with_capacity(2 * MANY))
                .connect()
                .await
                .unwrap();
            for number in 0..tenants {
                let name = format!("customer-{number}");
                let new = NewTenant::new(&name).unwrap().id(&name).unwrap();
                let tenant = Tenant::create(new, chrono::Utc::now());
                store.insert(&tenant).await.unwrap();
                for _ in 0..2 {
                    tenancy.tenant(&name).await.unwrap();
                }
                for _ in 0..3 {
                    tenancy.admit(&tenant, 1).await.unwrap();
                }
                if number % SOME == 0 {
                    #[cfg(feature = "axum")]
                    ask(&tenancy, &name).await;
                    tenancy.set_gauges();
                    let db = tenancy.db(&name).await.unwrap();
                    sea_orm::ConnectionTrait::execute_unprepared(&db, "SELECT 1").await.unwrap();
                }
            }
        });
    });
    seen
}

/// Asks by the layer, which refuses: the limit is used up. Then as nobody, twice, since that is
/// remembered, and as no name at all.
#[cfg(feature = "axum")]
async fn ask(tenancy: &Tenancy, name: &str) {
    use axum::body::Body;
    use http::Request;
    use tower::ServiceExt as _;
    use tower_layer::Layer as _;

    for named in [name, "nobody", "nobody", "No Name"] {
        let inner = tower::service_fn(|_: Request<Body>| async {
            Ok::<_, std::convert::Infallible>(axum::response::Response::new(Body::empty()))
        });
        let request = Request::builder().header("x-tenant-id", named).body(Body::empty()).unwrap();
        tenancy.layer().layer(inner).oneshot(request).await.unwrap();
    }
}

/// EDGE 54: there are as many series for many tenants as for few, and none tells whose it is.
#[test]
fn no_series_is_a_tenants_own() {
    let (few, many) = (traffic(2), traffic(MANY));
    assert_eq!(few.series(), many.series());
    assert!(many.series().iter().all(|series| !series.contains("customer")));
    let (all, some) = (MANY as u64, (MANY / SOME) as u64);
    // Some ask once more, by the layer, and get a connection.
    let asked = if cfg!(feature = "axum") { some } else { 0 };
    assert_eq!(many.count("outcome = refused"), all + asked);
    assert_eq!(many.count("outcome = shadow_refused"), 2 * all + asked);
    assert_eq!(many.count("outcome = known"), all + some + asked);
    assert_eq!(many.count("tenancy_statements_total"), some);
    for (series, count) in [
        ("tenancy_resolve_total, [outcome = resolved", 3 * asked),
        ("tenancy_resolve_total, [outcome = malformed", asked),
        ("tenancy_refusals_total, [reason = limited", asked),
        ("tenancy_refusals_total, [reason = unknown", 2 * asked),
        ("tenancy_refusals_total, [reason = malformed", asked),
    ] {
        assert_eq!(many.count(series), count, "{series} in {:?}", many.series());
    }
}

/// EDGE 50: what an audit finds is counted.
#[test]
fn what_an_audit_finds_is_counted() {
    let seen = Seen::default();
    let report = Report::of(vec![
        Finding::warning("version_statistics", "PostgreSQL 15.13", "it shows values"),
        Finding::warning("index_missing", "orders", "it is slow"),
        Finding::warning("index_missing", "items", "it is slow"),
    ]);
    metrics::with_local_recorder(&seen, || startup::judge(&report, &[]).unwrap());
    assert_eq!(seen.count("version_statistics"), 1);
    assert_eq!(seen.count("index_missing"), 2);
    assert!(seen.series().iter().all(|series| !series.contains("orders")));
}
