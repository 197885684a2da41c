//! Tenants in a table of the database, made by the control plane's own migrations.

mod access;
mod api_key;
mod domain;
mod find;
mod row;
mod within;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, SqlErr,
    sea_query::ExprTrait as _,
};
use tenancy_core::{Secret, Slug, Tenant, TenantId};

pub(crate) use self::row::text;
use self::row::{Column, Entity};
use super::{
    ApiKeyStore, AuditTrail, DomainStore, TenantFilter, TenantStore, UnscopedAccess, id_taken,
    migration, place_taken, slug_taken,
};
use crate::{
    Error, Result,
    pool::{Connection, PoolOptions},
};

/// Keeps tenants in the table `tenancy_tenants`, on every engine.
///
/// It is the default, in the database of the tenants' rows; [`connect`](SqlStore::connect) keeps
/// them in another. The table, and `tenancy_unscoped` and `tenancy_migrations` beside it, are made
/// when they are not there.
/// A role that may not create tables is enough where it is. No tenant can name any of them: they
/// are not in the catalog.
///
/// A tenant's `database_url` is stored as it is, so reading the table means knowing the password.
#[derive(Debug, Clone)]
pub struct SqlStore {
    conn: Connection,
}

impl SqlStore {
    /// Opens a pool of its own for the control plane.
    ///
    /// # Errors
    ///
    /// An error if the URL cannot be read, or the database not reached.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use tenancy::{SqlStore, Tenancy};
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// let control = SqlStore::connect("sqlite::memory:").await?;
    /// let tenancy = Tenancy::builder().database("sqlite::memory:").store(control).connect().await?;
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn connect(url: impl Into<String>) -> Result<Self> {
        let options = PoolOptions::new(Secret::new(url));
        Ok(Self::new(Connection::open(&options).await?))
    }

    pub(crate) fn new(conn: Connection) -> Self {
        Self { conn }
    }
}

impl SqlStore {
    /// Which of the keys of a new tenant is taken. The engines name it each in their own words.
    async fn clash(&self, tenant: &Tenant) -> Result<Error> {
        match self.by_id(&tenant.id).await? {
            Some(_) => Ok(id_taken(&tenant.id)),
            None => self.taken(tenant).await,
        }
    }

    /// Which of the keys beside the id is taken by another tenant.
    async fn taken(&self, tenant: &Tenant) -> Result<Error> {
        if let Some(name) = tenant.location.as_ref().and_then(|place| place.name()) {
            let rows = Entity::find().filter(Column::PlacedIn.eq(name));
            let other = rows.filter(Column::Id.ne(tenant.id.as_str())).one(&self.conn).await?;
            if other.is_some() {
                return Ok(place_taken(name));
            }
        }
        Ok(slug_taken(&tenant.slug))
    }
}

fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

#[async_trait::async_trait]
impl TenantStore for SqlStore {
    async fn prepare(&self) -> Result<()> {
        migration::run(&self.conn).await
    }

    async fn insert(&self, tenant: &Tenant) -> Result<()> {
        let row = row::active(tenant);
        match Entity::insert(row).exec_without_returning(&self.conn).await {
            Ok(_) => Ok(()),
            Err(error) if is_taken(&error) => Err(self.clash(tenant).await?),
            Err(error) => Err(error.into()),
        }
    }

    async fn insert_within(&self, tenant: &Tenant, most: u64) -> Result<()> {
        within::insert(self, tenant, most).await
    }

    async fn by_ids(&self, ids: &[TenantId]) -> Result<Vec<Tenant>> {
        find::by_ids(&self.conn, ids).await
    }

    async fn find(
        &self,
        wanted: &TenantFilter,
        after: Option<&TenantId>,
        limit: u32,
    ) -> Result<Vec<Tenant>> {
        find::page(&self.conn, wanted, after, limit).await
    }

    async fn count(&self, wanted: &TenantFilter) -> Result<u64> {
        find::count(&self.conn, wanted).await
    }

    async fn by_id(&self, id: &TenantId) -> Result<Option<Tenant>> {
        let row = Entity::find_by_id(id.as_str()).one(&self.conn).await?;
        row.map(row::tenant).transpose()
    }

    async fn by_slug(&self, slug: &Slug) -> Result<Option<Tenant>> {
        let row = Entity::find().filter(Column::Slug.eq(slug.as_str())).one(&self.conn).await?;
        row.map(row::tenant).transpose()
    }

    async fn list(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>> {
        let mut page = Entity::find().order_by_asc(Column::Id).limit(u64::from(limit));
        if let Some(after) = after {
            page = page.filter(Column::Id.gt(after.as_str()));
        }
        page.all(&self.conn).await?.into_iter().map(row::tenant).collect()
    }

    async fn update(&self, tenant: &Tenant, seen: DateTime<Utc>) -> Result<bool> {
        let unchanged =
            Column::Id.eq(tenant.id.as_str()).and(Column::UpdatedAt.eq(row::text(seen)));
        let update = Entity::update_many().set(row::active(tenant)).filter(unchanged);
        match update.exec(&self.conn).await {
            Ok(done) => Ok(done.rows_affected == 1),
            Err(error) if is_taken(&error) => Err(self.taken(tenant).await?),
            Err(error) => Err(error.into()),
        }
    }

    async fn remove(&self, id: &TenantId, seen: DateTime<Utc>) -> Result<bool> {
        let unchanged = Column::Id.eq(id.as_str()).and(Column::UpdatedAt.eq(row::text(seen)));
        let done = Entity::delete_many().filter(unchanged).exec(&self.conn).await?;
        Ok(done.rows_affected == 1 || self.by_id(id).await?.is_none())
    }

    fn audit_trail(&self) -> Arc<dyn AuditTrail> {
        Arc::new(self.clone())
    }

    fn domains(&self) -> Option<Arc<dyn DomainStore>> {
        Some(Arc::new(domain::Domains(self.clone())))
    }

    fn api_keys(&self) -> Option<Arc<dyn ApiKeyStore>> {
        Some(Arc::new(api_key::Keys(self.clone())))
    }
}

#[async_trait::async_trait]
impl AuditTrail for SqlStore {
    async fn prepare(&self) -> Result<()> {
        migration::run(&self.conn).await
    }

    // Outside of any transaction, on whichever connection is free: committed when it returns.
    async fn record(&self, access: &UnscopedAccess) -> Result<()> {
        let row = access::active(access);
        access::Entity::insert(row).exec_without_returning(&self.conn).await?;
        Ok(())
    }

    async fn latest(&self, limit: u32) -> Result<Vec<UnscopedAccess>> {
        let latest = access::Entity::find()
            .order_by_desc(access::Column::TakenAt)
            .order_by_desc(access::Column::Id);
        let rows = latest.limit(u64::from(limit)).all(&self.conn).await?;
        rows.into_iter().map(access::access).collect()
    }
}
