//! The connections to a PostgreSQL server.
//!
//! They are not in the driver's pool, which does not tell one connection from another and asks the
//! server each time one comes back. Here each has a name, by which the statement on it can be
//! [cancelled](super::Canceller), and a clean one is there for the next borrower at once.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use deadpool::managed::{self, Metrics, QueueMode, RecycleError, RecycleResult};
use sea_orm::{
    DbErr,
    sqlx::{
        self, ConnectOptions as _, Connection as _, Executor as _, PgConnection,
        postgres::PgConnectOptions,
    },
};
use uuid::Uuid;

use super::{Canceller, PING_AFTER, PoolOptions, SETUP, server};
use crate::{
    Result,
    pool::{
        Health, Probe, Startup,
        members::{self, Members},
    },
};

/// Longest name of a connection; the server cuts off the rest.
const LONGEST_NAME: usize = 63;

/// A connection on loan. It goes back when it is dropped.
pub(crate) type Member = members::Member<Manager>;

/// The connections to one server.
pub(crate) type Pool = Members<Manager>;

/// A connection and its name.
pub(crate) struct Connected {
    /// There until it is closed.
    pub(crate) conn: Option<PgConnection>,
    pub(crate) name: Arc<str>,
}

/// Opens connections and looks after them.
pub(crate) struct Manager {
    options: PgConnectOptions,
    probe: Option<Probe>,
    startup: Option<Startup>,
    canceller: Option<Canceller>,
    /// What names begin with.
    name: String,
    count: AtomicU64,
    health: Health,
}

impl Pool {
    /// A pool without a connection yet.
    pub(crate) fn new(options: &PoolOptions) -> Result<Self> {
        let mut server = server(options)?;
        if let Some(startup) = &options.startup {
            server = startup.told(server);
        }
        let given = server.get_application_name().unwrap_or("tenancy");
        let unique = Uuid::now_v7().simple().to_string().split_off(20);
        // Room for a hash, twelve digits, a hyphen and a number.
        let most = LONGEST_NAME - 30;
        let name = format!("{}#{unique}-", &given[..given.floor_char_boundary(most)]);
        let manager = Manager {
            // A pooler decides by itself which connection to the server a statement is on.
            canceller: options.named().then(|| Canceller::new(server.clone())),
            options: server,
            probe: options.probe.clone(),
            startup: options.startup.clone(),
            name,
            count: AtomicU64::new(0),
            health: options.health.clone(),
        };
        Self::of(manager, options, QueueMode::Lifo)
    }
}

impl Connected {
    /// Says farewell to the server.
    pub(crate) async fn close(&mut self) {
        if let Some(conn) = self.conn.take() {
            // It is closed either way.
            let _ = conn.close().await;
        }
    }
}

impl Manager {
    /// What cancels statements, unless a pooler stands between us and the server.
    pub(crate) fn canceller(&self) -> Option<&Canceller> {
        self.canceller.as_ref()
    }

    /// A connection was found broken: the others are tried out before they are lent again.
    pub(crate) fn suspect(&self) {
        self.health.broke();
    }

    /// Whether a connection has to be tried out that was last lent at that time.
    fn is_suspect(&self, lent: Instant) -> bool {
        lent.elapsed() >= PING_AFTER || self.health.broke_since(lent)
    }
}

impl members::Manager for Manager {
    fn failure(error: sqlx::Error) -> DbErr {
        members::unopened(error)
    }

    async fn close(connected: &mut Connected) {
        connected.close().await;
    }
}

impl managed::Manager for Manager {
    type Type = Connected;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Connected, sqlx::Error> {
        let name: Arc<str> =
            format!("{}{}", self.name, self.count.fetch_add(1, Ordering::Relaxed)).into();
        let mut conn = self.options.clone().application_name(&name).connect().await?;
        conn.execute(SETUP).await?;
        if let Some(probe) = &self.probe {
            probe.try_out(&mut conn).await?;
        }
        if let Some(startup) = &self.startup {
            startup.must_hold(&mut conn).await?;
        }
        Ok(Connected { conn: Some(conn), name })
    }

    async fn recycle(
        &self,
        connected: &mut Connected,
        metrics: &Metrics,
    ) -> RecycleResult<sqlx::Error> {
        let Some(conn) = &mut connected.conn else {
            return Err(RecycleError::message("the connection was closed"));
        };
        if self.is_suspect(members::last_lent::<sqlx::Error>(metrics)?) {
            conn.ping().await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("name", &self.name).finish_non_exhaustive()
    }
}
