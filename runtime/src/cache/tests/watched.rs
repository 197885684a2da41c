//! A store that can be watched and held up.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use tenancy_core::Slug;
use tokio::sync::Semaphore;

use super::*;
use crate::{AuditTrail, MemoryStore};

/// A store that counts what is read, reads slowly if told so, and fails if told so.
#[derive(Debug, Clone)]
pub(super) struct Watched(pub(super) Arc<Watch>);

#[derive(Debug)]
pub(super) struct Watch {
    pub(super) store: MemoryStore,
    reads: AtomicUsize,
    /// Each read takes one before it returns what it has read.
    gate: Semaphore,
    gated: AtomicBool,
    pub(super) away: AtomicBool,
    pub(super) panics: AtomicBool,
}

impl Watched {
    pub(super) fn new() -> Self {
        Self(Arc::new(Watch {
            store: MemoryStore::new(),
            reads: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            gated: AtomicBool::new(false),
            away: AtomicBool::new(false),
            panics: AtomicBool::new(false),
        }))
    }

    pub(super) fn reads(&self) -> usize {
        self.0.reads.load(Ordering::SeqCst)
    }

    pub(super) fn hold(&self) {
        self.0.gated.store(true, Ordering::SeqCst);
    }

    pub(super) fn let_through(&self, reads: usize) {
        self.0.gate.add_permits(reads);
    }

    async fn read<T>(&self, read: impl Future<Output = Result<T>>) -> Result<T> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        if self.0.away.load(Ordering::SeqCst) {
            return Err(DbErr::Custom("the store is away".to_owned()).into());
        }
        let found = read.await;
        if self.0.gated.load(Ordering::SeqCst) {
            self.0.gate.acquire().await.unwrap().forget();
        }
        assert!(!self.0.panics.load(Ordering::SeqCst), "the store fails");
        found
    }
}

#[async_trait::async_trait]
impl TenantStore for Watched {
    async fn insert(&self, tenant: &Tenant) -> Result<()> {
        self.0.store.insert(tenant).await
    }

    async fn by_id(&self, id: &TenantId) -> Result<Option<Tenant>> {
        self.read(self.0.store.by_id(id)).await
    }

    async fn by_slug(&self, slug: &Slug) -> Result<Option<Tenant>> {
        self.read(self.0.store.by_slug(slug)).await
    }

    async fn list(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>> {
        self.read(self.0.store.list(after, limit)).await
    }

    async fn update(&self, tenant: &Tenant, seen: DateTime<Utc>) -> Result<bool> {
        self.0.store.update(tenant, seen).await
    }

    async fn remove(&self, id: &TenantId, seen: DateTime<Utc>) -> Result<bool> {
        self.0.store.remove(id, seen).await
    }

    fn audit_trail(&self) -> Arc<dyn AuditTrail> {
        self.0.store.audit_trail()
    }
}
