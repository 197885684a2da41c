//! Stores that break one promise each, and the cases that find it out.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tenancy_core::{Slug, Tenant, TenantId};

use super::check;
use crate::{AuditTrail, MemoryStore, Result, TenantFilter, TenantStore};

/// What is wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    Nothing,
    LosesMetadata,
    Overwrites,
    ForgetsToCompare,
    FindsOldSlugs,
    CountsFirst,
    PagesOverlap,
    ListsTooMany,
    IgnoresCase,
    RemovesWhateverWasSeen,
    HasNoLimit,
    CountsDouble,
    Panics,
}

#[derive(Debug, Clone)]
struct Flawed(MemoryStore, Flaw);

#[async_trait::async_trait]
impl TenantStore for Flawed {
    async fn insert(&self, tenant: &Tenant) -> Result<()> {
        let mut tenant = tenant.clone();
        match self.1 {
            Flaw::LosesMetadata => tenant.metadata.clear(),
            Flaw::Overwrites => {
                if let Some(old) = self.0.by_id(&tenant.id).await? {
                    self.0.remove(&old.id, old.updated_at).await?;
                }
            }
            Flaw::Panics => panic!("nobody expects it"),
            _ => {}
        }
        self.0.insert(&tenant).await
    }

    async fn insert_within(&self, tenant: &Tenant, most: u64) -> Result<()> {
        match self.1 {
            Flaw::HasNoLimit => self.0.insert(tenant).await,
            Flaw::CountsFirst => {
                if self.0.count(&TenantFilter::new()).await? >= most {
                    return Err(crate::Error::full(most));
                }
                tokio::task::yield_now().await;
                self.0.insert(tenant).await
            }
            _ => self.0.insert_within(tenant, most).await,
        }
    }

    async fn by_id(&self, id: &TenantId) -> Result<Option<Tenant>> {
        self.0.by_id(id).await
    }

    async fn by_slug(&self, slug: &Slug) -> Result<Option<Tenant>> {
        let found = self.0.by_slug(slug).await?;
        if self.1 == Flaw::FindsOldSlugs && found.is_none() {
            return self.0.by_id(&TenantId::new("r-1")?).await;
        }
        Ok(found)
    }

    async fn list(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>> {
        match self.1 {
            Flaw::ListsTooMany => self.0.list(after, limit + 1).await,
            Flaw::PagesOverlap => {
                let mut page = self.0.list(None, u32::MAX).await?;
                page.retain(|tenant| {
                    after.is_none_or(|after| tenant.id.as_str() >= after.as_str())
                });
                page.truncate(limit as usize);
                Ok(page)
            }
            _ => self.0.list(after, limit).await,
        }
    }

    async fn find(
        &self,
        wanted: &TenantFilter,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<Tenant>> {
        if self.1 == Flaw::IgnoresCase
            && let Some(Some(tier)) = wanted.wanted_tier()
        {
            return self.0.find(&wanted.clone().tier(tier.to_lowercase()), after, limit).await;
        }
        self.0.find(wanted, after, limit).await
    }

    async fn count(&self, wanted: &TenantFilter) -> Result<u64> {
        let count = self.0.count(wanted).await?;
        Ok(if self.1 == Flaw::CountsDouble { 2 * count } else { count })
    }

    async fn update(&self, tenant: &Tenant, seen: DateTime<Utc>) -> Result<bool> {
        if self.1 == Flaw::ForgetsToCompare {
            let Some(old) = self.0.by_id(&tenant.id).await? else { return Ok(false) };
            return self.0.update(tenant, old.updated_at).await;
        }
        self.0.update(tenant, seen).await
    }

    async fn remove(&self, id: &TenantId, seen: DateTime<Utc>) -> Result<bool> {
        if self.1 == Flaw::RemovesWhateverWasSeen {
            let Some(old) = self.0.by_id(id).await? else { return Ok(true) };
            return self.0.remove(id, old.updated_at).await;
        }
        self.0.remove(id, seen).await
    }

    fn audit_trail(&self) -> Arc<dyn AuditTrail> {
        self.0.audit_trail()
    }
}

#[tokio::test]
async fn each_broken_promise_is_named() {
    let table = [
        (Flaw::Nothing, None),
        (Flaw::LosesMetadata, Some("everything_comes_back")),
        (Flaw::Overwrites, Some("nothing_is_overwritten")),
        (Flaw::ForgetsToCompare, Some("an_update_needs_what_was_seen")),
        (Flaw::FindsOldSlugs, Some("a_rename_moves_both_indexes")),
        (Flaw::CountsFirst, Some("there_are_never_more_than_allowed")),
        (Flaw::PagesOverlap, Some("pages_follow_the_ids")),
        (Flaw::ListsTooMany, Some("pages_follow_the_ids")),
        (Flaw::IgnoresCase, Some("a_filter_goes_letter_by_letter")),
        (Flaw::RemovesWhateverWasSeen, Some("a_removal_needs_what_was_seen")),
        (Flaw::HasNoLimit, Some("who_is_there_is_a_conflict_even_where_it_is_full")),
        (Flaw::CountsDouble, Some("filters_find_who_is_meant")),
        (Flaw::Panics, Some("pages_follow_the_ids")),
    ];
    for (flaw, expected) in table {
        let checked = check(async || Flawed(MemoryStore::new(), flaw)).await;
        let named: Vec<&str> = checked.failures().map(|(name, _)| name).collect();
        match expected {
            Some(expected) => assert!(named.contains(&expected), "{flaw:?}: {checked}"),
            None => assert!(checked.is_kept(), "{checked}"),
        }
    }
}

#[tokio::test]
#[should_panic(expected = "everything_comes_back: the metadata that came back are others")]
async fn a_broken_promise_fails_the_test() {
    check(async || Flawed(MemoryStore::new(), Flaw::LosesMetadata)).await.assert();
}
