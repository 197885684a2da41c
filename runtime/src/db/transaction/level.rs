//! One open transaction or savepoint, and whose turn it is on the connection.

use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicBool, Ordering},
};

use sea_orm::{DbErr, ExecResult, QueryResult, Statement, TransactionOptions};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard};

use crate::{
    db::link::{Link, Txn},
    pool::{Rows, finish, finish_knowing},
};

/// One open transaction or savepoint.
///
/// Dropped in the order of the fields: a savepoint is rolled back before its parent gets its turn
/// back, and the parent cannot be rolled back before its children.
pub(super) struct Level {
    txn: Txn,
    parent: Option<Parent>,
    /// Statements share it; a nested transaction has it alone.
    turn: Arc<RwLock<()>>,
    /// Whether the handle of the nested transaction is still there.
    child: Mutex<Weak<()>>,
    /// Shared by the tasks that use this level and may outlive who asked them to.
    tasks: Arc<RwLock<()>>,
    /// Set for the whole transaction once its state is uncertain.
    broken: Arc<AtomicBool>,
}

/// The outer transaction of a savepoint, which has its turn. Dropped in the order of the fields:
/// whoever gets the turn next may end the outer one, and must then have it alone.
struct Parent {
    _level: Arc<Level>,
    _turn: OwnedRwLockWriteGuard<()>,
}

/// Marks a transaction as broken unless the work it guards came to its end.
struct Guard<'a>(Option<&'a AtomicBool>);

impl Guard<'_> {
    fn finish(mut self) {
        self.0 = None;
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(broken) = self.0 {
            broken.store(true, Ordering::Release);
        }
    }
}

fn failure(why: &str) -> DbErr {
    DbErr::Custom(why.to_owned())
}

/// What a statement is run for.
pub(super) trait Work: Send + Sized + 'static {
    type Output: Send + 'static;

    fn run(self, txn: &Txn) -> impl Future<Output = Result<Self::Output, DbErr>> + Send;
}

/// To be executed.
pub(super) struct Execute(pub(super) Statement);
/// To be executed as it is, without values; it may hold several statements.
pub(super) struct Unprepared(pub(super) String);
/// To be asked for its first row.
pub(super) struct QueryOne(pub(super) Statement);
/// To be asked for all its rows.
pub(super) struct QueryAll(pub(super) Statement);

impl Work for Execute {
    type Output = ExecResult;

    async fn run(self, txn: &Txn) -> Result<ExecResult, DbErr> {
        txn.execute(self.0).await
    }
}

impl Work for Unprepared {
    type Output = ExecResult;

    async fn run(self, txn: &Txn) -> Result<ExecResult, DbErr> {
        txn.execute_unprepared(&self.0).await
    }
}

impl Work for QueryOne {
    type Output = Option<QueryResult>;

    async fn run(self, txn: &Txn) -> Result<Option<QueryResult>, DbErr> {
        txn.query_one(self.0).await
    }
}

impl Work for QueryAll {
    type Output = Vec<QueryResult>;

    async fn run(self, txn: &Txn) -> Result<Vec<QueryResult>, DbErr> {
        txn.query_all(self.0).await
    }
}

impl Level {
    pub(super) async fn open(link: &Link, options: TransactionOptions) -> Result<Arc<Self>, DbErr> {
        let txn = link.begin(options).await?;
        Ok(Arc::new(Self::new(txn, None, Arc::default())))
    }

    fn new(txn: Txn, parent: Option<Parent>, broken: Arc<AtomicBool>) -> Self {
        let (turn, child, tasks) = Default::default();
        Self { txn, parent, turn, child, tasks, broken }
    }

    pub(super) fn usable(&self) -> Result<(), DbErr> {
        if self.broken.load(Ordering::Acquire) {
            return Err(failure(
                "the transaction can only be rolled back: a statement of it was dropped before its \
                 answer, or a nested transaction did not begin",
            ));
        }
        Ok(())
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Weak<()>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a nested transaction that is being ended; fails if somebody still has it.
    async fn turn(&self) -> Result<RwLockReadGuard<'_, ()>, DbErr> {
        self.usable()?;
        if let Ok(turn) = self.turn.try_read() {
            return Ok(turn);
        }
        if self.child().upgrade().is_some() {
            return Err(failure("a nested transaction is open: use it, or finish it first"));
        }
        let turn = self.turn.read().await;
        self.usable()?;
        Ok(turn)
    }

    /// Begins a nested transaction. `handle` shows as long as it lives that somebody has it.
    pub(super) async fn nested(
        level: Arc<Level>,
        handle: &Arc<()>,
        options: TransactionOptions,
    ) -> Result<Arc<Level>, DbErr> {
        level.usable()?;
        let ending = level.turn.try_read().is_err() && level.child().upgrade().is_none();
        let turn = match Arc::clone(&level.turn).try_write_owned() {
            Ok(turn) => turn,
            Err(_) if ending => Arc::clone(&level.turn).write_owned().await,
            Err(_) => {
                return Err(failure(
                    "a statement, stream or nested transaction of this transaction is still running",
                ));
            }
        };
        level.usable()?;
        *level.child() = Arc::downgrade(handle);
        finish(async move {
            // A failed savepoint makes the driver roll back one level too many.
            let guard = Guard(Some(&level.broken));
            let txn = level.txn.nested(options).await?;
            guard.finish();
            let broken = Arc::clone(&level.broken);
            Ok(Arc::new(Level::new(txn, Some(Parent { _level: level, _turn: turn }), broken)))
        })
        .await
    }

    /// Runs a statement in its turn, and takes note if its future is dropped.
    pub(super) async fn run<W: Work>(level: &Arc<Level>, work: W) -> Result<W::Output, DbErr> {
        let _turn = level.turn().await?;
        let guard = Guard(Some(&level.broken));
        let result = if level.txn.in_task() {
            let task = Task::new(level).await;
            finish_knowing(|gone| async move {
                task.txn().see_through(gone.wait(), work.run(task.txn())).await
            })
            .await
        } else {
            work.run(&level.txn).await
        };
        guard.finish();
        result
    }

    /// The rows of a statement, and the turn that keeps others off the connection.
    pub(super) async fn stream(
        level: &Arc<Level>,
        stmt: Statement,
    ) -> Result<(Rows<'_>, RwLockReadGuard<'_, ()>), DbErr> {
        let turn = level.turn().await?;
        if let Some(rows) = level.txn.stream(&stmt).await? {
            return Ok((rows, turn));
        }
        let task = Task::new(level).await;
        let rows = Rows::by(move |sender| async move {
            let read = task.txn().read(stmt, &sender);
            if let Err(error) = task.txn().see_through(sender.unwanted(), read).await {
                sender.fail(error).await;
            }
        });
        Ok((rows, turn))
    }

    pub(super) async fn commit(level: Arc<Level>) -> Result<(), DbErr> {
        level.usable()?;
        finish(async move {
            let Level { txn, parent, .. } = Level::end(level).await?;
            let result = txn.commit().await;
            drop(parent);
            result
        })
        .await
    }

    pub(super) async fn rollback(level: Arc<Level>) -> Result<(), DbErr> {
        finish(async move {
            let Level { txn, parent, .. } = Level::end(level).await?;
            let result = txn.rollback().await;
            drop(parent);
            result
        })
        .await
    }

    /// The transaction itself and what has to outlive it, to end it.
    async fn end(level: Arc<Level>) -> Result<Level, DbErr> {
        if level.child().upgrade().is_none() {
            // A savepoint that nobody has any more ends by itself, and may be at it.
            drop(level.turn.write().await);
        }
        let tasks = Arc::clone(&level.tasks);
        let _idle = tasks.write().await;
        Arc::into_inner(level).ok_or_else(|| {
            failure("a nested transaction is still open: finish it first; all of it is rolled back")
        })
    }
}

/// A level in the hands of a task. Dropped in the order of the fields.
struct Task {
    level: Arc<Level>,
    _running: OwnedRwLockReadGuard<()>,
}

impl Task {
    async fn new(level: &Arc<Level>) -> Self {
        let running = Arc::clone(&level.tasks).read_owned().await;
        Self { level: Arc::clone(level), _running: running }
    }

    // Whoever calls this captures all of `self`, and not the level alone.
    fn txn(&self) -> &Txn {
        &self.level.txn
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use tenancy_core::Secret;

    use super::*;
    use crate::{
        db::Context,
        pool::{Connection, PoolOptions},
    };

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_gets_the_turn_after_a_savepoint_has_the_transaction_alone() {
        let options = PoolOptions::new(Secret::new("sqlite::memory:"));
        let link = Link::new(&Connection::open(&options).await.unwrap(), &Context::None).unwrap();
        let outer = Level::open(&link, TransactionOptions::default()).await.unwrap();
        for _ in 0..3_000 {
            let handle = Arc::default();
            let options = TransactionOptions::default();
            let inner = Level::nested(Arc::clone(&outer), &handle, options).await.unwrap();
            let ending = tokio::spawn(async move { drop(inner) });
            while outer.turn.try_write().is_err() {
                std::hint::spin_loop();
            }
            assert_eq!(Arc::strong_count(&outer), 1);
            ending.await.unwrap();
        }
    }
}
