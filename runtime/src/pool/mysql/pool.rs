//! The connections to a MySQL or MariaDB server: pools of SeaORM's with one connection each, whose
//! name is known.

use std::{fmt, pin::Pin, sync::Arc};

use deadpool::managed::{self, Metrics, QueueMode, RecycleError, RecycleResult};
use sea_orm::{Database, DatabaseConnection, DbErr, sqlx};

use super::{Canceller, Loan, PoolOptions, Seat, server, single};
use crate::{
    Result,
    pool::members::{self, Members},
};

/// A connection on loan. It goes back when it is dropped.
pub(super) type Member = members::Member<Manager>;

/// The connections to one server.
pub(crate) type Pool = Members<Manager>;

/// A pool of one connection.
pub(crate) struct Single {
    db: DatabaseConnection,
    pub(super) seat: Arc<Seat>,
    /// Nobody else gets it.
    pub(super) retired: bool,
}

/// Opens connections and looks after them.
pub(crate) struct Manager {
    options: PoolOptions,
    canceller: Canceller,
}

impl Pool {
    /// A pool without a connection yet.
    pub(crate) fn new(options: &PoolOptions) -> Result<Self> {
        let canceller = Canceller::new(server(options)?);
        // Who was used last may still be on its way back into its own pool.
        Self::of(Manager { options: options.clone(), canceller }, options, QueueMode::Fifo)
    }

    /// A connection for a statement or a transaction, as soon as one is free.
    pub(crate) async fn lend(&self) -> Result<Loan, DbErr> {
        // As with opening one.
        let member: Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(self.acquire());
        Ok(Loan::new(member.await?))
    }
}

impl Single {
    pub(super) fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    /// Waits until the driver has its connection back. False if it is of no use any more.
    pub(super) async fn is_back(&self) -> bool {
        let pool = self.db.get_mysql_connection_pool();
        // Without one, the next borrower opens it.
        while pool.size() > 0 && pool.num_idle() == 0 {
            match pool.acquire().await {
                Ok(_) => return true,
                Err(sqlx::Error::PoolTimedOut) => {}
                Err(_) => return false,
            }
        }
        !pool.is_closed()
    }

    /// Says farewell to the server, when nothing runs any more.
    pub(super) async fn close(&self) {
        // It is closed either way.
        let _ = self.db.close_by_ref().await;
    }
}

impl Manager {
    pub(super) fn canceller(&self) -> &Canceller {
        &self.canceller
    }
}

impl members::Manager for Manager {
    fn failure(error: DbErr) -> DbErr {
        error
    }

    async fn close(single: &mut Single) {
        Single::close(single).await;
    }
}

impl managed::Manager for Manager {
    type Type = Single;
    type Error = DbErr;

    async fn create(&self) -> Result<Single, DbErr> {
        let seat = Arc::default();
        let connect = single(&self.options, &seat)
            .map_err(|error| DbErr::Conn(sea_orm::RuntimeErr::Internal(error.to_string())))?;
        // All of opening one would be in the future of every statement, which is too deep for the
        // compiler.
        let open: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(Database::connect(connect));
        let db = open.await?;
        Ok(Single { db, seat, retired: false })
    }

    async fn recycle(&self, single: &mut Single, metrics: &Metrics) -> RecycleResult<DbErr> {
        if single.retired {
            return Err(RecycleError::message("nobody may have the connection any more"));
        }
        // Its own pool tries it out after a while.
        members::last_lent(metrics).map(drop)
    }

    fn detach(&self, single: &mut Single) {
        let db = single.db.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // It is closed either way.
            runtime.spawn(async move { db.close().await });
        }
    }
}

impl fmt::Debug for Single {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Single").field("retired", &self.retired).finish_non_exhaustive()
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").finish_non_exhaustive()
    }
}
