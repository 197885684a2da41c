//! A database connection that can only ever see one tenant.
//!
//! [`TenantDb`] implements SeaORM's connection traits, so everything SeaORM can do works through
//! it, and every statement passes the scoper on its way. It knows nothing of resolvers or of HTTP:
//! somebody else decides which tenant it is for.

mod context;
mod link;
mod noted;
mod place;
mod session;
mod sql;
mod statement;
mod stream;
mod transaction;

use std::{fmt, pin::Pin, sync::Arc};

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement, StreamTrait,
    TransactionOptions,
};
use tenancy_core::{Tenant, scope::Scoper};

#[cfg(feature = "postgres")]
pub(crate) use self::context::TENANT_SETTING;
pub(crate) use self::{
    context::Context,
    link::Link,
    transaction::{run, transaction_trait},
};
use self::{
    noted::Noted,
    statement::{Keys, Scoped},
};
pub use self::{
    session::Session,
    sql::{Source, TenantConnection, TenantSql, Written, plan_count},
    stream::TenantStream,
    transaction::{TenantTransaction, UnscopedTransaction},
};
use crate::{TenantEntity, usage::Count};

/// A connection to one tenant's data, and to nothing else.
///
/// It is cheap to clone and holds no connection of the pool between statements. Wherever SeaORM
/// takes a connection, pass a reference to it:
/// queries, loaders, paginators, cursors, nested active models and raw statements all go through
/// the scoper, which puts the tenant into every part of the statement or refuses it before
/// anything is sent. Nothing leads from here to the pool or to another tenant.
///
/// The value of a tenant column may be left unset in inserts; if it is given it must be this
/// tenant's. Statements that are not understood to the last clause are refused; see
/// [`Error::refusal_in`](crate::Error::refusal_in).
///
/// # Cancellation
///
/// Dropping the future of a statement sent outside of a transaction leaves open whether it took
/// effect, as with any database. The future of a `begin` may be dropped as well: the transaction
/// is then opened and rolled back in the background, and its connection never reaches anybody
/// else while it is open.
#[derive(Clone)]
pub struct TenantDb {
    session: Arc<Handle>,
}

/// What all handles for one tenant share.
struct Handle {
    link: Link,
    scoper: Arc<Scoper>,
    place: Option<String>,
    shared: Option<Link>,
    tenant: Arc<Tenant>,
    keys: Keys,
    backend: DbBackend,
    /// What the tenant used, where that is counted.
    count: Option<Arc<Count>>,
}

impl Handle {
    fn scope(&self, stmt: Statement) -> Result<Scoped, DbErr> {
        self.keys.scope(&self.scoper, self.place.as_deref(), self.backend, stmt)
    }

    /// A statement scoped when the program was compiled.
    fn scope_sql(&self, sql: TenantSql) -> Result<Scoped, DbErr> {
        sql.scope(&self.keys, &self.scoper, self.place.as_deref(), self.backend)
    }

    /// Text without values goes the same way as a prepared statement: the tenant is a value.
    fn scope_text(&self, sql: &str) -> Result<Scoped, DbErr> {
        self.scope(Statement { sql: sql.to_owned(), values: None, db_backend: self.backend })
    }

    /// Takes note of a statement that is about to be sent.
    fn note(&self, scoped: &Scoped) -> Noted<'_> {
        Noted::new(&self.tenant, &scoped.stmt.sql, self.count.as_ref())
    }

    /// The way a statement takes.
    fn link(&self, scoped: &Scoped) -> &Link {
        self.shared.as_ref().filter(|_| scoped.elsewhere).unwrap_or(&self.link)
    }
}

impl TenantDb {
    pub(crate) fn new(session: Session, tenant: Arc<Tenant>) -> Self {
        let Session { link, scoper, place, shared } = session;
        let keys = Keys::new(&tenant.id, shared.is_some());
        let backend = crate::pool::backend(scoper.dialect());
        let handle = Handle { link, scoper, place, shared, tenant, keys, backend, count: None };
        Self { session: Arc::new(handle) }
    }

    /// Counts what the tenant uses.
    pub(crate) fn counted(mut self, count: Option<Arc<Count>>) -> Self {
        // Nobody else has the handle yet.
        if let Some(handle) = Arc::get_mut(&mut self.session) {
            handle.count = count;
        }
        self
    }

    /// The tenant whose data this is.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.session.tenant
    }

    /// What the table of an entity is called where this tenant's rows are, quoted: for SQL by hand on
    /// a connection that is not this one, such as an [unscoped](crate::Tenancy::unscoped) one. The
    /// same as `Entity::qualified_table(&db)`.
    ///
    /// | the tenant's rows are in | PostgreSQL | MySQL, MariaDB | SQLite |
    /// |---|---|---|---|
    /// | a schema | `"t_acme"."orders"` | `` `t_acme`.`orders` `` | `"t_acme$orders"` |
    /// | shared tables, or a database of its own | `"orders"` | `` `orders` `` | `"orders"` |
    ///
    /// In shared tables the name leads to the rows of all tenants, and a statement has to say whose it
    /// means; in a database of the tenant's own it is to be used on a connection to that. Statements on
    /// this connection write `orders`: the scoper puts the place to it.
    ///
    /// # Example
    ///
    /// ```standalone_crate
    /// use sea_orm::{ConnectionTrait, Statement};
    /// use tenancy::{NewTenant, Schema, Tenancy};
    ///
    /// mod order {
    ///     use sea_orm::entity::prelude::*;
    ///
    ///     #[tenancy::tenant_scoped]
    ///     #[sea_orm::model]
    ///     #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    ///     #[sea_orm(table_name = "orders")]
    ///     pub struct Model {
    ///         #[sea_orm(primary_key)]
    ///         pub id: i64,
    ///     }
    ///
    ///     impl ActiveModelBehavior for ActiveModel {}
    /// }
    ///
    /// # async fn example() -> tenancy::Result<()> {
    /// let tenancy = Tenancy::builder()
    ///     .database("sqlite::memory:")
    ///     .isolation(Schema::new())
    ///     .connect()
    ///     .await?;
    /// tenancy.create_tables().await?;
    /// tenancy.create_tenant(NewTenant::new("acme")?.id("acme")?).await?;
    /// let acme = tenancy.db("acme").await?;
    /// let table = acme.qualified_table::<order::Entity>();
    /// assert_eq!(table, r#""t_acme$orders""#);
    /// assert_eq!(table, order::Entity::qualified_table(&acme));
    ///
    /// let everything = tenancy.unscoped("counting orders by hand").await?;
    /// everything.execute_unprepared(&format!("SELECT COUNT(*) FROM {table}")).await?;
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    #[must_use]
    pub fn qualified_table<E: TenantEntity>(&self) -> String {
        let Handle { scoper, place, .. } = &*self.session;
        let entity = E::default();
        let (dialect, place) = (scoper.dialect(), place.as_deref());
        scoper.mode().table_name(dialect, place, entity.schema_name(), entity.table_name())
    }

    /// Runs a statement that is scoped already; so do the next three.
    async fn send(&self, scoped: Scoped) -> Result<ExecResult, DbErr> {
        let noted = self.session.note(&scoped);
        noted.changed(self.session.link(&scoped).execute(scoped.stmt)).await
    }

    async fn send_one(&self, scoped: Scoped) -> Result<Option<QueryResult>, DbErr> {
        let noted = self.session.note(&scoped);
        noted.one(self.session.link(&scoped).query_one(scoped.stmt)).await
    }

    async fn send_all(&self, scoped: Scoped) -> Result<Vec<QueryResult>, DbErr> {
        let noted = self.session.note(&scoped);
        noted.all(self.session.link(&scoped).query_all(scoped.stmt)).await
    }

    async fn send_stream(&self, scoped: Scoped) -> Result<TenantStream<'static>, DbErr> {
        let noted = self.session.note(&scoped);
        let rows = noted.stream(self.session.link(&scoped).stream(scoped.stmt)).await?;
        Ok(noted.rows_of(rows.into()))
    }

    async fn open(&self, options: TransactionOptions) -> Result<TenantTransaction, DbErr> {
        TenantTransaction::begin(&self.session, options).await
    }
}

impl fmt::Debug for TenantDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantDb").field("tenant", &self.session.tenant.id).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for TenantDb {
    fn get_database_backend(&self) -> DbBackend {
        self.session.backend
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        self.send(self.session.scope(stmt)?).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.send(self.session.scope_text(sql)?).await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.send_one(self.session.scope(stmt)?).await
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.send_all(self.session.scope(stmt)?).await
    }
}

impl StreamTrait for TenantDb {
    // It owns its connection, and may outlive this handle.
    type Stream<'a> = TenantStream<'static>;

    fn get_database_backend(&self) -> DbBackend {
        self.session.backend
    }

    fn stream_raw<'a>(
        &'a self,
        stmt: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<TenantStream<'static>, DbErr>> + 'a + Send>> {
        Box::pin(async move { self.send_stream(self.session.scope(stmt)?).await })
    }
}

transaction_trait!(TenantDb => TenantTransaction);

#[cfg(test)]
mod tests;
