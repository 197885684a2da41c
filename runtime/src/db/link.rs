//! How statements get to the database: straight, or in a session that knows the tenant.

use std::{borrow::Cow, sync::Arc};

use sea_orm::{
    ConnectionTrait, DbErr, ExecResult, QueryResult, Statement, StreamTrait as _,
    TransactionOptions,
};

use super::Context;
#[cfg(feature = "postgres")]
use crate::pool::{PgSession, PgTransaction, Standing, finish};
use crate::{
    Result,
    pool::{
        Connection, Direct, DirectTransaction, Door, Rows, Sender, Settings,
        engine::{Engine, Lease},
    },
};

/// A way to a tenant's database.
#[derive(Debug, Clone)]
pub(crate) enum Link {
    /// By a pool.
    Pool(Way),
    /// By a connection lent for each statement or transaction, where a tenant has a database of
    /// its own.
    Engine(Arc<Engine>, Settings),
    /// By a connection of the tenant's own to the shared database where one is free at once, else
    /// by the pool.
    #[cfg(feature = "postgres")]
    Lane(Arc<Engine>, Way),
}

/// A way to the database behind a pool.
#[derive(Debug, Clone)]
pub(crate) enum Way {
    /// Statements go to the pool as they are.
    Direct(Direct),
    /// Each statement runs in a transaction that knows the tenant.
    #[cfg(feature = "postgres")]
    Session(PgSession),
}

impl Link {
    /// The way by a pool that gives statements the context they need.
    ///
    /// # Errors
    ///
    /// If the engine has no such context, or the pool was opened without one in mind.
    pub(crate) fn new(conn: &Connection, context: &Context) -> Result<Self> {
        Ok(Self::Pool(Way::new(conn, context)?))
    }

    /// The way by a tenant's lane, and another where none of its connections is free.
    #[cfg(feature = "postgres")]
    pub(crate) fn lane(lane: Arc<Engine>, conn: &Connection, context: &Context) -> Result<Self> {
        Ok(Self::Lane(lane, Way::new(conn, context)?))
    }

    /// The same way, where each transaction has further settings.
    ///
    /// # Errors
    ///
    /// If the engine has none.
    pub(crate) fn with_settings(self, settings: &Settings) -> Result<Self, DbErr> {
        Ok(match self {
            Self::Pool(way) => Self::Pool(way.with_settings(settings)?),
            Self::Engine(engine, _) => Self::Engine(engine, settings.clone()),
            #[cfg(feature = "postgres")]
            Self::Lane(lane, way) => Self::Lane(lane, way.with_settings(settings)?),
        })
    }

    /// The same way by a pool, where transactions begin only for a tenant that is served. There are no
    /// lanes then.
    #[cfg(feature = "postgres")]
    pub(crate) fn asking(self, standing: Standing) -> Self {
        match self {
            Self::Pool(Way::Session(session)) => Self::Pool(Way::Session(session.asking(standing))),
            _ => self,
        }
    }

    /// The same way, where tenants that share a pool pass its gate.
    pub(crate) fn behind(self, door: Door) -> Self {
        match self {
            Self::Pool(way) => Self::Pool(way.behind(door)),
            Self::Engine(..) => self,
            #[cfg(feature = "postgres")]
            Self::Lane(lane, way) => Self::Lane(lane, way.behind(door)),
        }
    }

    /// The way for one statement or transaction. What it leads to is lent until it is dropped.
    async fn take(&self) -> Result<Taken<'_>, DbErr> {
        match self {
            Self::Pool(way) => Ok(Taken::pool(way)),
            Self::Engine(engine, settings) => Taken::lent(engine.lease().await?, settings),
            #[cfg(feature = "postgres")]
            // What it has for settings, it was opened with.
            Self::Lane(lane, way) => match lane.ride() {
                Some(lease) => Taken::lent(lease, &Settings::default()),
                None => Ok(Taken::pool(way)),
            },
        }
    }

    pub(super) async fn execute(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        let taken = self.take().await?;
        taken.way.execute(stmt).await
    }

    pub(super) async fn query_one(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        let taken = self.take().await?;
        taken.way.query_one(stmt).await
    }

    pub(super) async fn query_all(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let taken = self.take().await?;
        taken.way.query_all(stmt).await
    }

    /// The rows of a statement. They have taken the connection when this returns, and a lease does
    /// not end before its connection is back.
    pub(super) async fn stream(&self, stmt: Statement) -> Result<Rows<'static>, DbErr> {
        let taken = self.take().await?;
        taken.way.stream(stmt).await
    }

    /// Begins a transaction, whether or not somebody waits for it.
    pub(super) async fn begin(&self, options: TransactionOptions) -> Result<Txn, DbErr> {
        let taken = self.take().await?;
        // As with rows: the connection is the transaction's when this returns.
        taken.way.begin(options).await
    }
}

/// A way, and the lease it is on.
struct Taken<'a> {
    way: Cow<'a, Way>,
    /// Ends after what runs on the way.
    _lease: Option<Lease>,
}

impl<'a> Taken<'a> {
    fn pool(way: &'a Way) -> Self {
        Self { way: Cow::Borrowed(way), _lease: None }
    }

    fn lent(lease: Lease, settings: &Settings) -> Result<Self, DbErr> {
        let way = Way::of(&lease).with_settings(settings)?;
        Ok(Self { way: Cow::Owned(way), _lease: Some(lease) })
    }
}

impl Way {
    fn with_settings(self, settings: &Settings) -> Result<Self, DbErr> {
        match self {
            way if settings.is_empty() => Ok(way),
            #[cfg(feature = "postgres")]
            Self::Session(session) => Ok(Self::Session(session.with_settings(settings)?)),
            Self::Direct(_) => {
                let why = "only transactions of PostgreSQL have settings of their own";
                Err(DbErr::Custom(why.to_owned()))
            }
        }
    }

    fn behind(self, door: Door) -> Self {
        match self {
            Self::Direct(direct) => Self::Direct(direct.behind(door)),
            #[cfg(feature = "postgres")]
            Self::Session(session) => Self::Session(session.behind(door)),
        }
    }

    /// The way by a connection that is lent.
    fn of(lease: &Lease) -> Self {
        Self::plain(lease.connection())
    }

    fn plain(conn: &Connection) -> Self {
        #[cfg(feature = "postgres")]
        if let Some(session) = conn.plain_session() {
            return Self::Session(session);
        }
        Self::Direct(conn.direct())
    }

    fn new(conn: &Connection, context: &Context) -> Result<Self> {
        match context {
            Context::None => Ok(Self::plain(conn)),
            #[cfg(feature = "postgres")]
            Context::Setting { name, value } => {
                let told = conn.told_session()?.with_settings(&[(name, value.clone())])?;
                Ok(Self::Session(told))
            }
            #[cfg(feature = "postgres")]
            Context::Signed(token) => {
                Ok(Self::Session(conn.told_session()?.signing(token.clone())))
            }
        }
    }

    async fn execute(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Direct(direct) => direct.execute(stmt).await,
            #[cfg(feature = "postgres")]
            Self::Session(session) => session.execute(stmt).await,
        }
    }

    async fn query_one(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Direct(direct) => direct.query_one(stmt).await,
            #[cfg(feature = "postgres")]
            Self::Session(session) => session.query_one(stmt).await,
        }
    }

    async fn query_all(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Direct(direct) => direct.query_all(stmt).await,
            #[cfg(feature = "postgres")]
            Self::Session(session) => session.query_all(stmt).await,
        }
    }

    async fn stream(&self, stmt: Statement) -> Result<Rows<'static>, DbErr> {
        match self {
            Self::Direct(direct) => direct.stream(stmt).await,
            #[cfg(feature = "postgres")]
            Self::Session(session) => session.stream(stmt).await,
        }
    }

    /// Begins a transaction, whether or not somebody waits for it.
    async fn begin(&self, options: TransactionOptions) -> Result<Txn, DbErr> {
        match self {
            Self::Direct(direct) => Ok(Txn::Direct(direct.begin(options).await?.into())),
            #[cfg(feature = "postgres")]
            Self::Session(session) => {
                let session = session.clone();
                finish(async move { Ok(Txn::Session(session.begin(options).await?)) }).await
            }
        }
    }
}

/// An open transaction or savepoint. Dropped, it is rolled back.
pub(super) enum Txn {
    Direct(Box<DirectTransaction>),
    #[cfg(feature = "postgres")]
    Session(PgTransaction),
}

impl Txn {
    /// Whether statements must not be dropped.
    pub(super) fn in_task(&self) -> bool {
        match self {
            Self::Direct(txn) => txn.in_task(),
            #[cfg(feature = "postgres")]
            Self::Session(_) => false,
        }
    }

    /// Runs a statement of the transaction to its end, and ends it when it is known that nobody waits
    /// for it any more, where it must not be dropped.
    pub(super) async fn see_through<T>(
        &self,
        gone: impl Future<Output = ()> + Send,
        work: impl Future<Output = T> + Send,
    ) -> T {
        match self {
            #[cfg(feature = "mysql")]
            Self::Direct(txn) => txn.see_through(gone, work).await,
            #[cfg(any(feature = "postgres", not(feature = "mysql")))]
            _ => {
                drop(gone);
                work.await
            }
        }
    }

    pub(super) async fn execute(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Direct(txn) => txn.get().execute_raw(stmt).await,
            #[cfg(feature = "postgres")]
            Self::Session(txn) => txn.execute(stmt).await,
        }
    }

    /// Sends text without values, which may hold several statements.
    pub(super) async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Direct(txn) => txn.get().execute_unprepared(sql).await,
            #[cfg(feature = "postgres")]
            Self::Session(txn) => txn.execute_unprepared(sql).await,
        }
    }

    pub(super) async fn query_one(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Direct(txn) => txn.get().query_one_raw(stmt).await,
            #[cfg(feature = "postgres")]
            Self::Session(txn) => txn.query_one(stmt).await,
        }
    }

    pub(super) async fn query_all(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Direct(txn) => txn.get().query_all_raw(stmt).await,
            #[cfg(feature = "postgres")]
            Self::Session(txn) => txn.query_all(stmt).await,
        }
    }

    /// The rows of a statement where the caller may read them, which is where dropping them half
    /// read does no harm. Elsewhere a task [reads](Self::read) them.
    pub(super) async fn stream(&self, stmt: &Statement) -> Result<Option<Rows<'_>>, DbErr> {
        match self {
            Self::Direct(_) if self.in_task() => Ok(None),
            Self::Direct(txn) => Ok(Some(txn.get().stream_raw(stmt.clone()).await?.into())),
            #[cfg(feature = "postgres")]
            Self::Session(_) => Ok(None),
        }
    }

    /// Sends on the rows of a statement.
    pub(super) async fn read(&self, stmt: Statement, to: &Sender) -> Result<(), DbErr> {
        match self {
            Self::Direct(txn) => {
                to.send(txn.get().stream_raw(stmt).await?).await;
                Ok(())
            }
            #[cfg(feature = "postgres")]
            Self::Session(txn) => txn.read(stmt, to).await,
        }
    }

    /// Opens a savepoint. Not to be dropped half-way.
    pub(super) async fn nested(&self, options: TransactionOptions) -> Result<Self, DbErr> {
        match self {
            Self::Direct(txn) => Ok(Self::Direct(txn.nested(options).await?.into())),
            #[cfg(feature = "postgres")]
            Self::Session(txn) => Ok(Self::Session(txn.nested(options).await?)),
        }
    }

    /// Not to be dropped half-way.
    pub(super) async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Direct(txn) => txn.commit().await,
            #[cfg(feature = "postgres")]
            Self::Session(txn) => txn.commit().await,
        }
    }

    /// Not to be dropped half-way.
    pub(super) async fn rollback(self) -> Result<(), DbErr> {
        match self {
            Self::Direct(txn) => txn.rollback().await,
            #[cfg(feature = "postgres")]
            Self::Session(txn) => txn.rollback().await,
        }
    }
}
