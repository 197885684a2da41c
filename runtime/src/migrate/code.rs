//! Revisions written in Rust.

use std::{fmt, sync::Arc};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, Statement,
};
use tenancy_core::Tenant;

use crate::{Error, Result};

/// The Rust code of a revision: what SQL cannot say, such as moving data.
///
/// The revision's file names it, so that the graph can be checked without it; what the file has in
/// SQL runs before.
///
/// # Example
///
/// ```
/// use tenancy::{Result, migrate::{RustRevision, Surroundings}, sea_orm::ConnectionTrait};
///
/// #[derive(Debug)]
/// struct TidyNames;
///
/// #[async_trait::async_trait]
/// impl RustRevision for TidyNames {
///     async fn up(&self, around: &Surroundings<'_>) -> Result<()> {
///         around.execute_unprepared("UPDATE customers SET name = trim(name)").await?;
///         Ok(())
///     }
///
///     async fn down(&self, _: &Surroundings<'_>) -> Result<()> {
///         Ok(())
///     }
/// }
/// ```
#[async_trait::async_trait]
pub trait RustRevision: fmt::Debug + Send + Sync + 'static {
    /// The way up.
    ///
    /// In a transaction, an error undoes all of the revision. Without one it may run again after it
    /// was cut off, and must come to the same.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being done; the place stays where it was.
    async fn up(&self, around: &Surroundings<'_>) -> Result<()>;

    /// The way down. As [`up`](Self::up).
    ///
    /// # Errors
    ///
    /// As [`up`](Self::up); unless it is written, that there is none.
    async fn down(&self, around: &Surroundings<'_>) -> Result<()> {
        let _ = around;
        Err(Error::config("the Rust code of this revision has no way down"))
    }
}

/// Where a revision's Rust code runs: a connection on which bare names lead to the place.
///
/// It is one of SeaORM's connections, for queries, entities and statements; and for `SchemaManager` of
/// `sea-orm-migration` there is [`transaction`](Self::transaction).
#[derive(Debug)]
pub struct Surroundings<'a> {
    way: Way<'a>,
    tenant: Option<Arc<Tenant>>,
}

#[derive(Debug)]
enum Way<'a> {
    Within(&'a DatabaseTransaction),
    Beside(&'a DatabaseConnection),
}

impl<'a> Surroundings<'a> {
    pub(super) fn within(
        transaction: &'a DatabaseTransaction,
        tenant: Option<Arc<Tenant>>,
    ) -> Self {
        Self { way: Way::Within(transaction), tenant }
    }

    pub(super) fn beside(conn: &'a DatabaseConnection, tenant: Option<Arc<Tenant>>) -> Self {
        Self { way: Way::Beside(conn), tenant }
    }

    /// The tenant whose place it is, or nobody's if all share it.
    #[must_use]
    pub fn tenant(&self) -> Option<&Arc<Tenant>> {
        self.tenant.as_ref()
    }

    /// The revision's transaction, if it runs in one.
    #[must_use]
    pub fn transaction(&self) -> Option<&'a DatabaseTransaction> {
        match self.way {
            Way::Within(transaction) => Some(transaction),
            Way::Beside(_) => None,
        }
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Surroundings<'_> {
    fn get_database_backend(&self) -> DbBackend {
        match self.way {
            Way::Within(conn) => conn.get_database_backend(),
            Way::Beside(conn) => conn.get_database_backend(),
        }
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        match self.way {
            Way::Within(conn) => conn.execute_raw(stmt).await,
            Way::Beside(conn) => conn.execute_raw(stmt).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self.way {
            Way::Within(conn) => conn.execute_unprepared(sql).await,
            Way::Beside(conn) => conn.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self.way {
            Way::Within(conn) => conn.query_one_raw(stmt).await,
            Way::Beside(conn) => conn.query_one_raw(stmt).await,
        }
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self.way {
            Way::Within(conn) => conn.query_all_raw(stmt).await,
            Way::Beside(conn) => conn.query_all_raw(stmt).await,
        }
    }
}
