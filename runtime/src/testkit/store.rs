//! Whether a store of tenants does what [`TenantStore`] says.
//!
//! [`check`] runs every case of the contract on a store, each on an empty one, and names those that
//! fail. The stores of this crate pass it; so should one of your own.

mod api_key;
mod change;
mod create;
mod domain;
mod list;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use futures_util::{FutureExt as _, future::BoxFuture};
use tenancy_core::{NewTenant, Slug, Tenant, TenantId};

use crate::{Error, TenantStore};

/// Why a case failed.
struct Broken(String);

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self(format!("it failed: {error}"))
    }
}

type Outcome = Result<(), Broken>;

type Store = Arc<dyn TenantStore>;

type Case = (&'static str, fn(Store) -> BoxFuture<'static, Outcome>);

/// Fails a case with what should have been, unless it is.
macro_rules! must {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::testkit::store::Broken(format!($($what)+)));
        }
    };
}
use must;

/// Cases by their names.
macro_rules! cases {
    ($($module:ident::$name:ident,)+) => {
        &[$((stringify!($name), |store| $module::$name(store).boxed()),)+]
    };
}

const CASES: &[Case] = cases![
    create::everything_comes_back,
    create::moments_are_kept_to_the_microsecond,
    create::nothing_is_overwritten,
    create::places_are_unique,
    create::one_of_many_gets_the_slug,
    create::there_are_never_more_than_allowed,
    create::who_is_there_is_a_conflict_even_where_it_is_full,
    change::a_rename_moves_both_indexes,
    change::an_update_needs_what_was_seen,
    change::nobody_overwrites_what_others_change,
    change::what_is_removed_is_gone_and_free,
    change::a_removal_needs_what_was_seen,
    list::pages_follow_the_ids,
    list::those_who_stay_are_in_one_page_each,
    list::filters_find_who_is_meant,
    list::a_filter_goes_letter_by_letter,
    list::many_are_read_at_once,
    list::accesses_come_back,
    domain::a_domain_is_held_by_who_showed_it,
    domain::a_removed_domain_rests,
    domain::one_of_many_holds_the_domain,
    api_key::keys_come_back,
    api_key::a_key_is_revoked_by_its_owner,
];

/// What came of a [`check`].
#[derive(Debug)]
pub struct Checked {
    failures: Vec<(&'static str, String)>,
}

impl Checked {
    /// The cases that failed, each with what was wrong.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.failures.iter().map(|(name, why)| (*name, why.as_str()))
    }

    /// Whether the store does all that it should.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.failures.is_empty()
    }

    /// Fails the test unless the store does all that it should.
    ///
    /// # Panics
    ///
    /// If a case failed; the text names them all.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.is_kept(), "{self}");
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all, failed) = (CASES.len(), self.failures.len());
        write!(f, "the store keeps {} of {all} promises", all - failed)?;
        self.failures.iter().try_for_each(|(name, why)| write!(f, "\n- {name}: {why}"))
    }
}

/// Runs every case of the contract of [`TenantStore`], one after the other.
///
/// `make` makes an empty store each time: all cases use the same ids. It is
/// [prepared](TenantStore::prepare) here. What is said of domains and keys is tried where the store keeps
/// them. Some cases change things from several tasks at once, so run
/// it in a runtime of several threads.
///
/// # Example
///
/// ```standalone_crate
/// use tenancy::{MemoryStore, testkit};
///
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// testkit::store::check(async || MemoryStore::new()).await.assert();
/// # });
/// ```
pub async fn check<S: TenantStore>(make: impl AsyncFn() -> S) -> Checked {
    let mut failures = Vec::new();
    for (name, case) in CASES {
        let store: Store = Arc::new(make().await);
        let outcome = match store.prepare().await {
            // What panics is a failure of this case, and no other's.
            Ok(()) => tokio::spawn(case(store)).await.unwrap_or_else(|error| {
                Err(Broken(format!("it panicked or was cancelled: {error}")))
            }),
            Err(error) => Err(Broken(format!("it could not be prepared: {error}"))),
        };
        if let Err(Broken(why)) = outcome {
            failures.push((*name, why));
        }
    }
    Checked { failures }
}

/// A moment, with microseconds.
fn then() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_767_323_045_678_901).unwrap_or_default()
}

fn slug_of(text: &str) -> Result<Slug, Broken> {
    Slug::new(text).map_err(|error| Broken(error.to_string()))
}

fn id_of(text: &str) -> Result<TenantId, Broken> {
    TenantId::new(text).map_err(|error| Broken(error.to_string()))
}

/// A new tenant.
fn new(id: &str, slug: &str) -> Result<NewTenant, Broken> {
    let new = NewTenant::new(slug).and_then(|new| new.id(id));
    new.map_err(|error| Broken(error.to_string()))
}

/// A tenant that was created then.
fn tenant(id: &str, slug: &str) -> Result<Tenant, Broken> {
    Ok(Tenant::create(new(id, slug)?, then()))
}

async fn by_slug(store: &Store, slug: &str) -> Result<Option<Tenant>, Broken> {
    Ok(store.by_slug(&slug_of(slug)?).await?)
}

async fn by_id(store: &Store, id: &str) -> Result<Option<Tenant>, Broken> {
    Ok(store.by_id(&id_of(id)?).await?)
}

/// The same tenant, changed a microsecond later.
fn later(tenant: &Tenant, apply: impl FnOnce(&mut Tenant)) -> Tenant {
    let mut changed = tenant.clone();
    changed.updated_at += chrono::Duration::microseconds(1);
    apply(&mut changed);
    changed
}

/// Runs work in as many tasks at once.
async fn together<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    tasks: u32,
    work: impl Fn(u32) -> F,
) -> Result<Vec<T>, Broken> {
    let tasks: Vec<_> = (0..tasks).map(|number| tokio::spawn(work(number))).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.map_err(|error| Broken(format!("a task failed: {error}")))?);
    }
    Ok(done)
}
