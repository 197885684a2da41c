//! What statements run on while it is lent.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::Lease;
#[cfg(feature = "postgres")]
use crate::pool::PgLoan;
use crate::pool::Rows;

/// A connection of an engine, for statements that may be dropped half-way.
pub(crate) enum Loan {
    /// A pool of one.
    Pool(Lease),
    #[cfg(feature = "postgres")]
    Postgres(PgLoan),
}

impl From<Lease> for Loan {
    fn from(lease: Lease) -> Self {
        #[cfg(feature = "postgres")]
        if let Some(named) = lease.named() {
            return Self::Postgres(PgLoan::new(lease, named));
        }
        Self::Pool(lease)
    }
}

impl Loan {
    /// The rows of a statement. They have taken the connection when this returns.
    pub(crate) async fn stream(self, stmt: Statement) -> Result<Rows<'static>, DbErr> {
        match self {
            // The lease does not end before its connection is back.
            Self::Pool(lease) => pool(&lease)?.stream(stmt).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(loan) => Ok(loan.stream(stmt)),
        }
    }
}

fn pool(lease: &Lease) -> Result<&crate::pool::Connection, DbErr> {
    lease.pool().ok_or_else(|| DbErr::Custom("a lease lost its connection".to_owned()))
}

#[async_trait::async_trait]
impl ConnectionTrait for Loan {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => DbBackend::Postgres,
            Self::Pool(lease) => match lease.pool() {
                Some(pool) => pool.get_database_backend(),
                None => DbBackend::Sqlite,
            },
        }
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Pool(lease) => pool(lease)?.execute_raw(stmt).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(loan) => loan.execute(stmt).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Pool(lease) => pool(lease)?.execute_unprepared(sql).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(loan) => loan.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Pool(lease) => pool(lease)?.query_one_raw(stmt).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(loan) => loan.query_one(stmt).await,
        }
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Pool(lease) => pool(lease)?.query_all_raw(stmt).await,
            #[cfg(feature = "postgres")]
            Self::Postgres(loan) => loan.query_all(stmt).await,
        }
    }
}
