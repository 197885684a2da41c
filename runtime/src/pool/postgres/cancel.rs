//! Ends statements on the server that nobody waits for any more.
//!
//! The driver keeps the key with which it could ask the server to cancel a statement to itself. So
//! each connection of a pool has a name of its own, which is its `application_name`, and another
//! connection of the same role asks for the backend of that name to be cancelled. A pooler between
//! us and the server sets the name wherever it lends a backend, or sets none; either way nobody
//! else's statement has it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::sqlx::{
    self, ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions,
};
use tokio::sync::{mpsc, oneshot};

/// Longest wait for a statement to be cancelled. After that its connection is given up.
const WAIT: Duration = Duration::from_secs(5);

/// How long the connection that cancels is kept for the next statement.
const IDLE: Duration = Duration::from_secs(1);

/// Statements cancelled in one round trip.
const BATCH: usize = 100;

const CANCEL: &str = "SELECT count(pg_catalog.pg_cancel_backend(pid)) FROM pg_catalog.pg_stat_activity \
     WHERE application_name = ANY($1) AND usename = current_user AND state = 'active' \
     AND pid <> pg_catalog.pg_backend_pid()";

/// A connection's name, and who waits until its statement is cancelled.
type Request = (Arc<str>, oneshot::Sender<()>);

/// Cancels statements of one pool, by a connection that is there only while it is needed.
#[derive(Debug, Clone)]
pub(crate) struct Canceller {
    options: Arc<PgConnectOptions>,
    /// To the task that has the connection, if there is one.
    task: Arc<Mutex<Option<mpsc::UnboundedSender<Request>>>>,
}

impl Canceller {
    pub(super) fn new(options: PgConnectOptions) -> Self {
        let options = Arc::new(options.statement_cache_capacity(0));
        Self { options, task: Arc::default() }
    }

    /// Cancels what the connection of that name runs. False if that could not be asked for; it
    /// may still happen then, at any time.
    pub(crate) async fn cancel(&self, name: &Arc<str>) -> bool {
        let (done, cancelled) = oneshot::channel();
        self.ask((Arc::clone(name), done));
        matches!(tokio::time::timeout(WAIT, cancelled).await, Ok(Ok(())))
    }

    fn ask(&self, request: Request) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let request = match &*task {
            Some(sender) => match sender.send(request) {
                Ok(()) => return,
                // The task has ended for lack of work.
                Err(mpsc::error::SendError(request)) => request,
            },
            None => request,
        };
        let (sender, requests) = mpsc::unbounded_channel();
        // Its other end is here.
        let _ = sender.send(request);
        *task = Some(sender);
        tokio::spawn(run(Arc::clone(&self.options), requests));
    }
}

/// Cancels what is asked for until nothing has been for a while.
async fn run(options: Arc<PgConnectOptions>, mut requests: mpsc::UnboundedReceiver<Request>) {
    match serve(&options, &mut requests).await {
        Ok(conn) => {
            // Nobody is served any more either way.
            let _ = conn.close().await;
        }
        Err(error) => {
            tracing::warn!(target: "tenancy::pool", "statements cannot be cancelled: {error}");
        }
    }
}

async fn serve(
    options: &PgConnectOptions,
    requests: &mut mpsc::UnboundedReceiver<Request>,
) -> Result<PgConnection, sqlx::Error> {
    let mut conn = options.connect().await?;
    let mut batch = Vec::new();
    loop {
        let received = tokio::time::timeout(IDLE, requests.recv_many(&mut batch, BATCH)).await;
        if received.is_err() {
            // Whoever asks from now on starts another task; who has asked already is served.
            requests.close();
            while let Ok(request) = requests.try_recv() {
                batch.push(request);
            }
        }
        if batch.is_empty() {
            return Ok(conn);
        }
        let names: Vec<String> = batch.iter().map(|(name, _)| name.to_string()).collect();
        sqlx::query(CANCEL).bind(names).execute(&mut conn).await?;
        for (_, done) in batch.drain(..) {
            // Whoever asked may have given up.
            let _ = done.send(());
        }
    }
}
