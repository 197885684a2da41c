//! Statements that go to a pool of the driver's as they are: those of SQLite, MySQL and MariaDB.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, Statement, StreamTrait as _, TransactionOptions, TransactionTrait as _,
};

use super::{Door, Pass, Rows, finish};
#[cfg(feature = "mysql")]
use super::{
    finish_knowing,
    mysql::{Loan, Pool, Watch},
};

/// A pool of the driver's, and a tenant's way to it.
#[derive(Debug, Clone)]
pub(crate) struct Direct {
    conn: DatabaseConnection,
    /// Connections whose statements can be cancelled.
    #[cfg(feature = "mysql")]
    mysql: Option<Pool>,
    door: Option<Door>,
}

/// An open transaction, and leave to use its connection.
pub(crate) struct DirectTransaction {
    // Dropped in this order.
    txn: DatabaseTransaction,
    /// A savepoint is on the connection of its transaction.
    #[cfg(feature = "mysql")]
    loan: Option<Loan>,
    #[cfg(feature = "mysql")]
    watch: Option<Watch>,
    _pass: Option<Pass>,
}

impl Direct {
    pub(super) fn new(conn: DatabaseConnection) -> Self {
        Self {
            conn,
            #[cfg(feature = "mysql")]
            mysql: None,
            door: None,
        }
    }

    /// By connections whose statements can be cancelled.
    #[cfg(feature = "mysql")]
    pub(super) fn by(self, pool: Pool) -> Self {
        Self { mysql: Some(pool), ..self }
    }

    /// The same, as one of those who share the pool.
    pub(crate) fn behind(self, door: Door) -> Self {
        Self { door: Some(door), ..self }
    }

    async fn enter(&self) -> Result<Option<Pass>, DbErr> {
        match &self.door {
            Some(door) => door.enter().await.map(Some),
            None => Ok(None),
        }
    }

    /// Runs a statement. Where it goes on without its caller, so does what it holds.
    async fn run<T, F>(&self, work: impl FnOnce(DatabaseConnection) -> F) -> Result<T, DbErr>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, DbErr>> + Send + 'static,
    {
        let pass = self.enter().await?;
        #[cfg(feature = "mysql")]
        if let Some(pool) = &self.mysql {
            let mut loan = pool.lend().await?;
            return finish_knowing(|gone| {
                let work = work(loan.start());
                async move {
                    let result = loan.see_through(gone.wait(), work).await;
                    drop((loan, pass));
                    result
                }
            })
            .await;
        }
        let result = work(self.conn.clone()).await;
        drop(pass);
        result
    }

    pub(crate) async fn execute(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        self.run(|conn| async move { conn.execute_raw(stmt).await }).await
    }

    /// Sends text without values.
    pub(crate) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let sql = sql.to_owned();
        self.run(|conn| async move { conn.execute_unprepared(&sql).await }).await
    }

    pub(crate) async fn query_one(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.run(|conn| async move { conn.query_one_raw(stmt).await }).await
    }

    pub(crate) async fn query_all(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(|conn| async move { conn.query_all_raw(stmt).await }).await
    }

    /// The rows of a statement, one by one.
    pub(crate) async fn stream(&self, stmt: Statement) -> Result<Rows<'static>, DbErr> {
        let pass = self.enter().await?;
        #[cfg(feature = "mysql")]
        if let Some(pool) = &self.mysql {
            let mut loan = pool.lend().await?;
            return Ok(Rows::by(move |sender| async move {
                let conn = loan.start();
                let read = async {
                    match conn.stream_raw(stmt).await {
                        Ok(rows) => sender.send(rows).await,
                        Err(error) => sender.fail(error).await,
                    }
                };
                loan.see_through(sender.unwanted(), read).await;
                drop((loan, pass));
            }));
        }
        // Nothing is sent before the first row is asked for.
        Ok(Rows::by_caller(self.conn.stream_raw(stmt).await?, pass))
    }

    /// Begins a transaction, whether or not somebody waits for it: it is rolled back if nobody does.
    pub(crate) async fn begin(
        &self,
        options: TransactionOptions,
    ) -> Result<DirectTransaction, DbErr> {
        let pass = self.enter().await?;
        #[cfg(feature = "mysql")]
        if let Some(pool) = &self.mysql {
            let mut loan = pool.lend().await?;
            return finish(async move {
                let txn = loan.start().begin_with_options(options).await?;
                loan.opened();
                let watch = Some(loan.watch());
                Ok(DirectTransaction { txn, loan: Some(loan), watch, _pass: pass })
            })
            .await;
        }
        let conn = self.conn.clone();
        finish(async move {
            let txn = conn.begin_with_options(options).await?;
            Ok(DirectTransaction::of(txn, pass))
        })
        .await
    }
}

impl DirectTransaction {
    fn of(txn: DatabaseTransaction, pass: Option<Pass>) -> Self {
        Self {
            txn,
            #[cfg(feature = "mysql")]
            loan: None,
            #[cfg(feature = "mysql")]
            watch: None,
            _pass: pass,
        }
    }

    /// Whether statements must not be dropped.
    pub(crate) fn in_task(&self) -> bool {
        ConnectionTrait::get_database_backend(&self.txn) == DbBackend::MySql
    }

    /// Runs a statement of the transaction to its end, and ends it when it is known that nobody waits
    /// for it any more.
    #[cfg(feature = "mysql")]
    pub(crate) async fn see_through<T>(
        &self,
        gone: impl Future<Output = ()> + Send,
        work: impl Future<Output = T> + Send,
    ) -> T {
        let Some(watch) = &self.watch else { return work.await };
        watch.see_through(gone, work, &self.txn).await
    }

    pub(crate) fn get(&self) -> &DatabaseTransaction {
        &self.txn
    }

    /// Opens a savepoint. Not to be dropped half-way.
    pub(crate) async fn nested(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        #[cfg(feature = "mysql")]
        let _turn = match &self.watch {
            Some(watch) => Some(watch.turn().await),
            None => None,
        };
        // The connection is the transaction's.
        let txn = self.txn.begin_with_options(options).await?;
        Ok(Self {
            #[cfg(feature = "mysql")]
            watch: self.watch.clone(),
            ..Self::of(txn, None)
        })
    }

    /// Not to be dropped half-way.
    #[cfg_attr(not(feature = "mysql"), allow(unused_mut))]
    pub(crate) async fn commit(mut self) -> Result<(), DbErr> {
        self.txn.commit().await?;
        #[cfg(feature = "mysql")]
        if let Some(loan) = &mut self.loan {
            loan.closed();
        }
        Ok(())
    }

    /// Not to be dropped half-way.
    #[cfg_attr(not(feature = "mysql"), allow(unused_mut))]
    pub(crate) async fn rollback(mut self) -> Result<(), DbErr> {
        self.txn.rollback().await?;
        #[cfg(feature = "mysql")]
        if let Some(loan) = &mut self.loan {
            loan.closed();
        }
        Ok(())
    }
}
