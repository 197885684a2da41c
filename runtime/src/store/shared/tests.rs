//! In whatever order a tenant is read, changed, removed and filled in, nobody is served what was before.

use std::{
    env,
    sync::atomic::{AtomicU64, Ordering},
};

use tenancy_core::{NewTenant, Status};

use super::*;
use crate::{MemoryStore, testkit};

/// Over an empty store, under a prefix nobody else has.
fn shared(inner: &MemoryStore) -> SharedStore {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let url = env::var("TENANCY_TEST_REDIS_URL");
    let url = url.unwrap_or_else(|_| "redis://127.0.0.1:6379/".to_owned());
    let prefix = format!("s{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    // A loaded machine answers late.
    let redis = Redis::new(url).unwrap().prefix(&prefix).unwrap().deadline(Duration::from_secs(20));
    SharedStore::new(Arc::new(inner.clone()), redis, Duration::from_secs(300))
}

fn tenant(name: &str) -> Tenant {
    Tenant::create(NewTenant::new(name).unwrap().id(name).unwrap(), moment(Utc::now()))
}

fn acme() -> Tenant {
    tenant("acme")
}

fn later(tenant: &Tenant) -> Tenant {
    let mut later = tenant.clone();
    later.updated_at += chrono::Duration::microseconds(1);
    later.status = if later.is_active() { Status::Suspended } else { Status::Active };
    later
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_store_keeps_the_contract() {
    testkit::store::check(async || shared(&MemoryStore::new())).await.assert();
}

#[tokio::test]
async fn what_was_read_once_is_at_hand_for_all() {
    let inner = MemoryStore::new();
    let one = shared(&inner);
    let other = one.clone();
    inner.insert(&acme()).await.unwrap();
    let slug = Slug::new("acme").unwrap();
    let known = one.by_slug(&slug).await.unwrap().unwrap();
    // Nobody looks into the store any more.
    assert!(inner.remove(&known.id, known.updated_at).await.unwrap());
    assert_eq!(other.by_slug(&slug).await.unwrap(), Some(known.clone()));
    assert_eq!(other.by_id(&known.id).await.unwrap(), Some(known.clone()));
    inner.insert(&known).await.unwrap();

    // EDGE 30: a slug that was given up leads nowhere, and one that another has leads there.
    let mut renamed = later(&known);
    renamed.slug = Slug::new("apex").unwrap();
    assert!(one.update(&renamed, known.updated_at).await.unwrap());
    assert_eq!(other.by_slug(&slug).await.unwrap(), None);
    assert_eq!(other.by_slug(&renamed.slug).await.unwrap(), Some(renamed.clone()));
    let mut next = acme();
    next.id = TenantId::new("next").unwrap();
    one.insert(&next).await.unwrap();
    assert_eq!(other.by_slug(&slug).await.unwrap(), Some(next));
    assert!(one.remove(&renamed.id, renamed.updated_at).await.unwrap());
    assert_eq!(other.by_id(&renamed.id).await.unwrap(), None);
    assert_eq!(other.by_slug(&renamed.slug).await.unwrap(), None);
}

#[tokio::test]
async fn what_cannot_be_read_is_read_from_the_store() {
    let inner = MemoryStore::new();
    let store = shared(&inner);
    let (acme, id) = (acme(), TenantId::new("acme").unwrap());
    inner.insert(&acme).await.unwrap();
    let version = version(acme.updated_at);
    let other = Entry::write(&version, &acme).replace("\"id\":\"acme\"", "\"id\":\"globex\"");
    for strange in
        ["", "x", "r", "r1", "r1\n", "r1\n{}", "r1\n[1,2]", "q1\n{}", "\n\n", "rx\n{}", &other]
    {
        let mut set = cmd("SET");
        set.arg(store.place(&id)).arg(strange);
        store.redis.ask::<()>(&set).await.unwrap();
        assert_eq!(store.by_id(&id).await.unwrap().as_ref(), Some(&acme), "{strange:?}");
        let found = store.look(&id).await.unwrap();
        assert!(matches!(found, Entry::Tenant(_)) || strange == "h", "{strange:?} is mended");
    }
}

/// What somebody does next.
#[derive(Debug, Clone, Copy)]
enum Step {
    Read,
    Fill,
    Hold(usize),
    Write(usize),
    Settle(usize),
}

/// What a writer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Update,
    Remove,
}

/// All orders of two sequences, each kept in its own.
fn merged(one: &[Step], other: &[Step]) -> Vec<Vec<Step>> {
    let (Some((first, rest)), Some((second, others))) = (one.split_first(), other.split_first())
    else {
        return vec![[one, other].concat()];
    };
    let begin = |step: &Step, rest: Vec<Vec<Step>>| {
        rest.into_iter().map(move |rest| [&[*step], rest.as_slice()].concat()).collect::<Vec<_>>()
    };
    [begin(first, merged(rest, other)), begin(second, merged(one, others))].concat()
}

/// One order of steps. A writer that dies does not settle.
async fn run(
    (inner, store): (&MemoryStore, &SharedStore),
    name: &str,
    order: &[Step],
    changes: [Change; 2],
    dies: Option<usize>,
) {
    let first = tenant(name);
    inner.insert(&first).await.unwrap();
    let id = first.id.clone();
    let mut read: Option<Tenant> = None;
    let mut holds: [Option<Hold>; 2] = [None, None];
    // What each has written: a tenant, or from which moment on it is gone.
    let mut wrote: [Option<Result<Tenant, DateTime<Utc>>>; 2] = [None, None];
    let mut floor = first.updated_at;
    for step in order {
        match *step {
            Step::Read => read = inner.by_id(&id).await.unwrap(),
            Step::Fill => {
                if let Some(tenant) = &read {
                    store.fill(tenant).await;
                }
            }
            Step::Hold(who) => holds[who] = store.hold(&id).await,
            Step::Write(who) => {
                let Some(now) = inner.by_id(&id).await.unwrap() else { continue };
                wrote[who] = Some(if changes[who] == Change::Update {
                    let next = later(&now);
                    assert!(inner.update(&next, now.updated_at).await.unwrap());
                    Ok(next)
                } else {
                    assert!(inner.remove(&id, now.updated_at).await.unwrap());
                    Err(now.updated_at)
                });
            }
            Step::Settle(who) if dies == Some(who) => {}
            Step::Settle(who) => {
                let now = match &wrote[who] {
                    Some(Ok(tenant)) => Settled::Is(tenant),
                    Some(Err(seen)) => Settled::Gone(*seen),
                    None => Settled::Unchanged,
                };
                store.settle(&id, holds[who].take(), now).await;
                floor = floor.max(match &wrote[who] {
                    Some(Ok(tenant)) => tenant.updated_at,
                    Some(Err(seen)) => after(*seen),
                    None => floor,
                });
            }
        }
        if let Entry::Tenant(found) = store.look(&id).await.unwrap() {
            assert!(
                found.updated_at >= floor,
                "older than what was settled: {order:?} {changes:?}"
            );
        }
    }
    if let Entry::Tenant(found) = store.look(&id).await.unwrap() {
        let kept = inner.by_id(&id).await.unwrap();
        assert_eq!(Some(*found), kept, "{order:?} {changes:?} {dies:?}");
    }
}

/// EDGE 23: all orders of a read and its fill with two changes, of which one may never be settled.
#[tokio::test]
async fn a_late_fill_never_puts_back_what_was_before() {
    let reader = [Step::Read, Step::Fill];
    let writer = |who| [Step::Hold(who), Step::Write(who), Step::Settle(who)];
    let mut orders = Vec::new();
    for writers in merged(&writer(0), &writer(1)) {
        orders.extend(merged(&reader, &writers));
    }
    assert_eq!(orders.len(), 560);
    let inner = MemoryStore::new();
    let store = shared(&inner);
    let mut runs = 0;
    for changes in [[Change::Update; 2], [Change::Update, Change::Remove]] {
        for dies in [None, Some(0), Some(1)] {
            // Where nobody dies, all orders; else every third, another third for each who may.
            let (first, step) = match dies {
                None => (0, 1),
                Some(who) => (who, 3),
            };
            for order in orders.iter().skip(first).step_by(step) {
                runs += 1;
                run((&inner, &store), &format!("t{runs}"), order, changes, dies).await;
            }
        }
    }
}
