//! Multi-tenancy for SeaORM and axum: a connection that can only ever see one tenant.
//!
//! Put `#[tenant_scoped]` above an entity, and ask a [`Tenancy`] for the connection of a tenant.
//! Every statement that passes through this [`TenantDb`] is rewritten so that it touches that
//! tenant's rows only, or is refused: selects, joins and sub-queries, inserts and upserts, updates
//! and deletes, built by SeaORM or written by hand. Queries stay as they always were.
//!
//! ```standalone_crate
//! use tenancy::sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
//! use tenancy::{NewTenant, Repo, Tenancy};
//!
//! mod order {
//!     use sea_orm::entity::prelude::*;
//!     use tenancy::tenant_scoped;
//!
//!     #[tenant_scoped]
//!     #[sea_orm::model]
//!     #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
//!     #[sea_orm(table_name = "orders")]
//!     pub struct Model {
//!         #[sea_orm(primary_key)]
//!         pub id: i64,
//!         pub customer: String,
//!     }
//!
//!     impl ActiveModelBehavior for ActiveModel {}
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
//! tenancy.create_tables().await?;
//! tenancy.create_tenant(NewTenant::new("acme")?).await?;
//! tenancy.create_tenant(NewTenant::new("globex")?).await?;
//!
//! let acme = Repo::<order::Entity>::new(tenancy.db("acme").await?);
//! acme.insert(order::ActiveModel { customer: Set("Ada".into()), ..Default::default() }).await?;
//!
//! // Neither a repository nor plain SeaORM shows globex what belongs to acme.
//! let globex = tenancy.db("globex").await?;
//! assert_eq!(acme.find().filter(order::Column::Customer.eq("Ada")).all().await?.len(), 1);
//! assert!(order::Entity::find().all(&globex).await?.is_empty());
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
//! ```
//!
//! In an axum application [`Tenancy::layer`] finds the tenant of each request, by the [`Resolver`]
//! that is set, and [`TenantDb`], [`Repo`] and [`CurrentTenant`] are extractors.
//!
//! # Features
//!
//! `sqlite` and `axum` are on unless you switch off the default features; `postgres` and `mysql`
//! add an engine each. `jwt` adds `Jwt`, by which signed tokens name tenants. `redis` lets several
//! processes count rate limits together, and tell each other which tenants have changed. `encryption` adds
//! `Encryption`: what is secret about tenants is encrypted in their store. `build` adds
//! `tenancy::build`, for build scripts; they may as well depend on `tenancy-source` alone, which is
//! the same without drivers. `config` adds `TenancyConfig`, which reads settings from a file and the
//! environment. `testkit` adds `tenancy::testkit`, for your tests.

pub mod audit;
mod cache;
#[cfg(feature = "config")]
pub mod config;
mod db;
pub mod entity;
mod error;
mod hex;
pub mod isolation;
pub mod limit;
pub mod migrate;
mod pool;
mod record;
#[cfg(feature = "redis")]
mod redis;
pub mod repo;
#[cfg(feature = "axum")]
pub mod resolve;
pub mod schema;
mod store;
mod tenancy;
#[cfg(feature = "testkit")]
pub mod testkit;
mod usage;
#[cfg(feature = "axum")]
pub mod web;

pub use sea_orm;
pub use tenancy_core::{
    DatabaseName, Domain, Host, InvalidValue, IsolationKind, Location, NewTenant, SchemaName,
    Secret, Slug, Status, Tenant, TenantId, catalog, policy, scope, structure,
};
/// # Example
///
/// ```standalone_crate
/// use tenancy::{NewTenant, Tenancy, sea_orm::FromQueryResult, tenant_sql};
///
/// // A file in `src`, of which the macro reads the tables.
/// mod order {
///     include!("../doc/order.rs");
/// }
///
/// #[derive(FromQueryResult)]
/// struct Line {
///     customer: String,
///     total: i64,
/// }
///
/// # async fn example() -> tenancy::Result<()> {
/// # let tenancy = Tenancy::builder().database("sqlite::memory:").connect().await?;
/// # tenancy.create_tables().await?;
/// # tenancy.create_tenant(NewTenant::new("acme")?).await?;
/// let acme = tenancy.db("acme").await?;
/// let insert = |id: i64, customer: &str, total: i64| {
///     tenant_sql!(
///         sqlite: "INSERT INTO orders (id, customer, total) VALUES (?, ?, ?)",
///         id, customer, total
///     )
/// };
/// insert(1, "Ada", 3).execute(&acme).await?;
/// insert(2, "Ada", 4).execute(&acme).await?;
///
/// let totals = tenant_sql!(
///     sqlite: "SELECT customer, SUM(total) AS total FROM orders WHERE id IN (?) GROUP BY customer",
///     ..[1, 2, 3]
/// );
/// let totals: Vec<Line> = totals.all(&acme).await?;
/// assert_eq!((totals[0].customer.as_str(), totals[0].total), ("Ada", 7));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[doc(inline)]
pub use tenancy_macros::tenant_sql;
pub use tenancy_macros::{SharedEntity, TenantEntity, migrations, tenant_scoped};
#[cfg(feature = "build")]
#[doc(inline)]
pub use tenancy_source::build;

pub use crate::{
    cache::{Health, TenantCache, TenantValues},
    db::{
        TenantConnection, TenantDb, TenantSql, TenantStream, TenantTransaction, UnscopedTransaction,
    },
    entity::{SharedEntity, TenantEntity, TenantKey, change},
    error::{Error, Result},
    isolation::{Database, Hybrid, IsolationProvider, Row, Schema, Timeouts},
    pool::engine::{Connections, TenantConnections},
    record::{Actor, AuditEvent, AuditLog, MemoryLog, SqlLog, UsageBatch, UsageLog},
    repo::Repo,
    store::{
        ApiKeyRecord, ApiKeyStore, AuditTrail, DomainClaim, DomainStore, MemoryStore, PresentedKey,
        SqlStore, TenantFilter, TenantStore, UnscopedAccess,
    },
    tenancy::{
        ApiKeys, Builder, CreatedKey, ForEachTenant, Migrate, Outcome, Outcomes, Step, Tenancy,
        TenantHook, TenantOutcome, UnscopedDb, current_tenant,
    },
    usage::{Quota, Usage},
};
#[cfg(feature = "axum")]
pub use crate::{
    resolve::{
        ApiKey, Chain, CustomDomain, Header, Path, Resolved, Resolver, Subdomain, TenantRef,
        TrustedProxies, Unresolved,
    },
    tenancy::{DnsTxt, DomainProof, Domains},
    web::{CurrentTenant, RequestId, TenancyLayer},
};

#[cfg(feature = "config")]
pub use crate::config::TenancyConfig;

#[cfg(feature = "jwt")]
pub use crate::resolve::Jwt;

#[cfg(feature = "postgres")]
pub use crate::isolation::{Lanes, Rls, Signing};
#[cfg(feature = "encryption")]
pub use crate::store::{Encryption, EncryptionKey};
#[cfg(feature = "redis")]
pub use crate::{redis::Redis, store::RedisStore};

/// What the macros' output names. Not covered by semantic versioning.
#[doc(hidden)]
pub mod __private {
    pub use std::borrow::Cow;

    pub use inventory;
    pub use sea_orm;
    pub use tenancy_core::{
        Dialect,
        catalog::{self, Assumed},
        scope::{self, fixed},
    };
    pub use uuid;

    pub use crate::{
        db::{Source, Written, plan_count},
        entity::{Registration, shared_definition, tenant_definition},
    };
}
