//! What is remembered is what the store has, or had before it was changed elsewhere.

mod watched;

use std::{sync::atomic::AtomicBool, task::Poll};

use chrono::Utc;
use tenancy_core::{NewTenant, Slug, Status};

use self::watched::Watched;
use super::*;
use crate::MemoryStore;

fn slug(text: &str) -> Name {
    Name::Slug(Slug::new(text).unwrap())
}

fn id(text: &str) -> Name {
    Name::Id(TenantId::new(text).unwrap())
}

/// acme and globex, remembered for an hour.
async fn known(options: TenantCache) -> (Watched, Tenants) {
    let store = Watched::new();
    for name in ["acme", "globex"] {
        let new = NewTenant::new(name).unwrap().id(name).unwrap();
        store.insert(&Tenant::create(new, Utc::now())).await.unwrap();
    }
    let tenants = Tenants::new(Arc::new(store.clone()), options);
    (store, tenants)
}

fn hourly() -> TenantCache {
    TenantCache::new().life(Duration::from_secs(3_600)).unknown_life(Duration::from_secs(3_600))
}

/// Changes a tenant as `Tenancy` does.
async fn change(store: &Watched, tenants: &Tenants, id: &str, apply: impl Fn(&mut Tenant)) {
    let id = TenantId::new(id).unwrap();
    let found = store.0.store.by_id(&id).await.unwrap().unwrap();
    let mut tenant = found.clone();
    apply(&mut tenant);
    tenant.updated_at = found.updated_at + chrono::Duration::microseconds(1);
    assert!(store.update(&tenant, found.updated_at).await.unwrap());
    tenants.forget(&id, &[Name::Slug(found.slug), Name::Slug(tenant.slug)]);
}

async fn status(tenants: &Tenants, name: Name) -> Option<Status> {
    tenants.find(name).await.unwrap().map(|tenant| tenant.status)
}

#[tokio::test]
async fn a_tenant_is_read_once_under_each_of_its_names() {
    let (store, tenants) = known(hourly()).await;
    for _ in 0..100 {
        for name in ["acme", "globex"] {
            let [by_slug, by_id] = [slug(name), id(name)];
            let by_slug = tenants.find(by_slug).await.unwrap().unwrap();
            let by_id = tenants.find(by_id).await.unwrap().unwrap();
            assert_eq!((by_slug.id.as_str(), by_id.id.as_str()), (name, name));
        }
    }
    assert_eq!(store.reads(), 4);
    let (store, off) = known(TenantCache::off()).await;
    for reads in 1..5 {
        off.find(slug("acme")).await.unwrap();
        assert_eq!(store.reads(), reads);
    }
}

/// EDGE 27, in one process, and EDGE 30.
#[tokio::test]
async fn a_change_is_seen_at_once_under_every_name() {
    let (store, tenants) = known(hourly()).await;
    for name in [slug("acme"), id("acme"), slug("globex")] {
        assert_eq!(status(&tenants, name).await, Some(Status::Active));
    }
    change(&store, &tenants, "acme", |acme| acme.status = Status::Suspended).await;
    for name in [slug("acme"), id("acme")] {
        assert_eq!(status(&tenants, name).await, Some(Status::Suspended));
    }
    // The new name was asked for before there was one.
    assert_eq!(status(&tenants, slug("apex")).await, None);
    change(&store, &tenants, "acme", |acme| acme.slug = Slug::new("apex").unwrap()).await;
    assert_eq!(status(&tenants, slug("acme")).await, None);
    assert_eq!(status(&tenants, slug("apex")).await, Some(Status::Suspended));
    // Somebody else takes the old one.
    let new = NewTenant::new("acme").unwrap().id("other").unwrap();
    store.insert(&Tenant::create(new, Utc::now())).await.unwrap();
    tenants.forget(&TenantId::new("other").unwrap(), &[slug("acme")]);
    let other = tenants.find(slug("acme")).await.unwrap().unwrap();
    assert_eq!(other.id.as_str(), "other");
    assert_eq!(status(&tenants, slug("globex")).await, Some(Status::Active));
}

/// EDGE 21 and 23: what was read before a change is never kept after it, and whoever asks after it
/// does not wait for a load that began before.
#[tokio::test]
async fn a_load_that_a_change_has_overtaken_is_worth_nothing() {
    let (store, tenants) = known(hourly()).await;
    store.hold();
    let before = tokio::spawn({
        let tenants = tenants.clone();
        async move { status(&tenants, slug("acme")).await }
    });
    while store.reads() == 0 {
        tokio::task::yield_now().await;
    }
    change(&store, &tenants, "acme", |acme| acme.status = Status::Suspended).await;
    let after = tokio::spawn({
        let tenants = tenants.clone();
        async move { status(&tenants, slug("acme")).await }
    });
    while store.reads() == 1 {
        tokio::task::yield_now().await;
    }
    store.let_through(2);
    assert_eq!(after.await.unwrap(), Some(Status::Suspended));
    // It asked before, and may have either.
    before.await.unwrap();
    assert_eq!(status(&tenants, slug("acme")).await, Some(Status::Suspended));
    assert_eq!(store.reads(), 2, "the later one was kept");
}

/// EDGE 21: readers and a writer at the same time, and nobody ever sees what was before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_what_was_before_a_change_that_is_done() {
    let (store, tenants) = known(hourly()).await;
    let done = Arc::new(AtomicU64::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (tenants, done, stop) = (tenants.clone(), Arc::clone(&done), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut reads = 0_u64;
                while !stop.load(Ordering::Relaxed) {
                    let least = done.load(Ordering::SeqCst);
                    let acme = tenants.find(slug("acme")).await.unwrap().unwrap();
                    let seen: u64 = acme.name.parse().unwrap_or(0);
                    assert!(seen >= least, "{seen} was read after {least} was written");
                    reads += 1;
                    if reads.is_multiple_of(64) {
                        tokio::task::yield_now().await;
                    }
                }
                reads
            })
        })
        .collect();
    for version in 1..=3_000_u64 {
        change(&store, &tenants, "acme", |acme| acme.name = version.to_string()).await;
        done.store(version, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}

/// EDGE 22.
#[tokio::test]
async fn a_thousand_who_wait_cause_one_read_and_whoever_gives_up_holds_up_nobody() {
    let (store, tenants) = known(hourly()).await;
    store.hold();
    let ask = || {
        let tenants = tenants.clone();
        tokio::spawn(async move { status(&tenants, slug("acme")).await })
    };
    let first = ask();
    while store.reads() == 0 {
        tokio::task::yield_now().await;
    }
    let waiting: Vec<_> = (0..1_000).map(|_| ask()).collect();
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    store.let_through(1);
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), Some(Status::Active));
    }
    assert_eq!(store.reads(), 1);
}

/// EDGE 22: neither an error nor a panic is remembered as if there were nobody.
#[tokio::test]
async fn a_load_that_fails_is_told_to_all_who_wait_and_remembered_by_none() {
    let (store, tenants) = known(hourly()).await;
    for failure in [&store.0.panics, &store.0.away] {
        failure.store(true, Ordering::SeqCst);
        let waiting: Vec<_> = (0..10)
            .map(|_| {
                let tenants = tenants.clone();
                tokio::spawn(async move { tenants.find(slug("acme")).await })
            })
            .collect();
        for waiting in waiting {
            assert!(waiting.await.unwrap().is_err());
        }
        failure.store(false, Ordering::SeqCst);
    }
    assert_eq!(status(&tenants, slug("acme")).await, Some(Status::Active));
}

/// EDGE 28.
#[tokio::test]
async fn strangers_are_read_once_and_push_nobody_out() {
    let (store, tenants) = known(hourly().capacity(100)).await;
    assert_eq!(status(&tenants, slug("acme")).await, Some(Status::Active));
    for _ in 0..3 {
        for stranger in 0..2_000 {
            assert_eq!(status(&tenants, slug(&format!("nobody-{stranger}"))).await, None);
        }
    }
    assert_eq!(store.reads(), 1 + 2_000);
    assert_eq!(status(&tenants, slug("acme")).await, Some(Status::Active));
    assert_eq!(store.reads(), 1 + 2_000, "acme is still known");
    let new = NewTenant::new("nobody-7").unwrap().id("late").unwrap();
    store.insert(&Tenant::create(new, Utc::now())).await.unwrap();
    tenants.forget(&TenantId::new("late").unwrap(), &[slug("nobody-7")]);
    assert_eq!(status(&tenants, slug("nobody-7")).await, Some(Status::Active));
    assert_eq!(status(&tenants, slug("nobody-8")).await, None);
    assert!(tenants.inner.unknown.len() <= 10_000);
}

#[tokio::test(start_paused = true)]
async fn what_others_have_changed_is_seen_when_the_time_is_over() {
    let (store, tenants) = known(TenantCache::new().life(Duration::from_millis(200))).await;
    assert_eq!(status(&tenants, slug("acme")).await, Some(Status::Active));
    let acme = TenantId::new("acme").unwrap();
    let found = store.0.store.by_id(&acme).await.unwrap().unwrap();
    let mut tenant = found.clone();
    tenant.status = Status::Suspended;
    tenant.updated_at = found.updated_at + chrono::Duration::microseconds(1);
    assert!(store.update(&tenant, found.updated_at).await.unwrap());
    tokio::time::sleep(Duration::from_millis(210)).await;
    assert_eq!(status(&tenants, slug("acme")).await, Some(Status::Suspended));
    // Or at once, when somebody says so.
    let (store, tenants) = known(hourly()).await;
    assert_eq!(status(&tenants, slug("acme")).await, Some(Status::Active));
    assert!(store.update(&tenant, found.updated_at).await.is_ok());
    tenants.forget_all();
    status(&tenants, slug("acme")).await;
    assert_eq!(store.reads(), 2);
}

/// While the store is away, active tenants are served for a while as they were; a suspended one, one
/// that changed, and one that is not known are not.
#[tokio::test(start_paused = true)]
async fn without_the_store_active_tenants_go_on_for_a_while() {
    let brief = Duration::from_millis(100);
    let options = TenantCache::new().life(brief).while_unread(Duration::from_millis(900));
    let (store, tenants) = known(options).await;
    change(&store, &tenants, "globex", |globex| globex.status = Status::Suspended).await;
    assert_eq!(status(&tenants, slug("acme")).await, Some(Status::Active));
    assert_eq!(status(&tenants, slug("globex")).await, Some(Status::Suspended));
    store.0.away.store(true, Ordering::SeqCst);
    tokio::time::sleep(brief).await;
    let reads = store.reads();
    for _ in 0..50 {
        assert_eq!(status(&tenants, slug("acme")).await, Some(Status::Active));
    }
    assert!(store.reads() <= reads + 2, "the store is not asked each time");
    assert!(tenants.find(slug("globex")).await.is_err());
    assert!(tenants.find(slug("nobody")).await.is_err());
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    assert!(tenants.find(slug("acme")).await.is_err(), "not for ever");
}

/// EDGE 29.
#[test]
fn what_was_loaded_together_ends_apart_and_one_loads_it_again() {
    let store = Arc::new(MemoryStore::new());
    let tenants = Tenants::new(store, TenantCache::new().life(Duration::from_secs(100)));
    let (mut first, mut last) = (Duration::MAX, Duration::ZERO);
    for number in 0..1_000 {
        let name = format!("t{number}");
        let tenant = Tenant::create(NewTenant::new(&name).unwrap(), Utc::now());
        let found = Found { tenant: Arc::new(tenant), key: None };
        tenants.inner.keep(slug(&name), Some(found), 0, Duration::ZERO);
        let term = tenants.inner.known.get(&slug(&name)).unwrap().term;
        (first, last) = (first.min(term.ends), last.max(term.ends));
    }
    assert!(last - first >= Duration::from_secs(9), "{:?} apart", last - first);
    let entry = tenants.inner.known.get(&slug("t7")).unwrap();
    assert!(!entry.is_due(Duration::from_secs(60)));
    assert!(entry.is_due(Duration::from_secs(90)));
    assert!(!entry.is_due(Duration::from_secs(90)), "one is enough");
}

/// A record that is due is loaded again while it is still served.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_what_is_asked_for_all_the_time() {
    let (store, tenants) = known(TenantCache::new().life(Duration::from_millis(400))).await;
    tenants.find(slug("acme")).await.unwrap();
    for _ in 0..200 {
        tenants.find(slug("acme")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        if store.reads() > 1 {
            break;
        }
    }
    let kept = tenants.inner.known.get(&slug("acme")).unwrap();
    assert!(store.reads() == 2 && tenants.inner.stripes.hold(&kept.marks));
}

/// Whoever changes a tenant and gives up changes it or does not, and everybody sees which.
#[tokio::test]
async fn a_change_whose_caller_gave_up_is_seen_too() {
    for polls in 1..4 {
        let (store, tenants) = known(hourly()).await;
        assert_eq!(status(&tenants, slug("acme")).await, Some(Status::Active));
        let id = TenantId::new("acme").unwrap();
        let found = store.0.store.by_id(&id).await.unwrap().unwrap();
        let mut tenant = found.clone();
        tenant.status = Status::Suspended;
        tenant.updated_at = found.updated_at + chrono::Duration::microseconds(1);
        let written = store.clone();
        let seen = found.updated_at;
        let update = async move {
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
            written.update(&tenant, seen).await
        };
        let names = vec![Name::Slug(found.slug)];
        let mut change = Box::pin(tenants.change(&id, names, update));
        for _ in 0..polls {
            let begun = std::future::poll_fn(|cx| Poll::Ready(change.as_mut().poll(cx))).await;
            assert!(begun.is_pending());
        }
        drop(change);
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let kept = store.0.store.by_id(&id).await.unwrap().unwrap();
        assert_eq!(kept.status, Status::Suspended, "what was begun was done");
        assert_eq!(status(&tenants, slug("acme")).await, Some(Status::Suspended));
    }
}

/// A runtime that ends while tenants are loaded leaves nobody waiting for what will not come.
#[test]
fn a_runtime_may_end_while_tenants_are_loaded() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    };
    let (first, second) = (runtime(), runtime());
    let (store, tenants) = first.block_on(known(hourly()));
    store.hold();
    for number in 0..200 {
        let tenants = tenants.clone();
        let name = if number % 2 == 0 { slug("acme") } else { slug("globex") };
        first.spawn(async move { tenants.find(name).await.is_ok() });
    }
    drop(first);
    store.let_through(10);
    let found = second
        .block_on(async { tokio::spawn(async move { tenants.find(slug("acme")).await }).await });
    assert!(found.unwrap().unwrap().is_some());
}

/// EDGE 60: honest with a store and without, for a warm cache and a cold one.
#[tokio::test(start_paused = true)]
async fn a_process_is_ready_as_long_as_somebody_is_served() {
    let options = TenantCache::new()
        .life(Duration::from_millis(100))
        .while_unread(Duration::from_millis(400));
    let (store, tenants) = known(options).await;
    let health = async |tenants: &Tenants| {
        let health = tenants.health().await;
        (health.is_ready(), health.is_degraded(), health.warm)
    };
    assert_eq!(health(&tenants).await, (true, false, false), "cold");
    store.0.away.store(true, Ordering::SeqCst);
    assert_eq!(health(&tenants).await, (false, false, false), "cold, and without its store");
    store.0.away.store(false, Ordering::SeqCst);
    tenants.find(slug("acme")).await.unwrap();
    assert_eq!(health(&tenants).await, (true, false, true), "warm");
    store.0.away.store(true, Ordering::SeqCst);
    assert_eq!(health(&tenants).await, (true, true, true), "warm, and without its store");
    tokio::time::sleep(Duration::from_millis(510)).await;
    assert_eq!(health(&tenants).await, (false, false, false), "it has gone cold");
    assert_eq!(tenants.health().await.channel, None);
}
