//! Ends statements on the server that nobody waits for any more, by a connection that is there only
//! while it is needed.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::sqlx;
use tokio::sync::{mpsc, oneshot};

/// Longest wait for a statement to be cancelled. After that its connection is given up.
const WAIT: Duration = Duration::from_secs(5);

/// How long the connection that cancels is kept for the next statement.
const IDLE: Duration = Duration::from_secs(1);

/// Statements cancelled at a time.
const BATCH: usize = 100;

/// How a server is asked to cancel statements.
pub(crate) trait Means: Send + Sync + 'static {
    /// A connection to ask by.
    type Conn: Send;
    /// What tells a statement from others.
    type Victim: Send + Sync;

    fn connect(&self) -> impl Future<Output = Result<Self::Conn, sqlx::Error>> + Send;

    /// When this returns, nothing that it asked for will happen later.
    fn cancel(
        &self,
        conn: &mut Self::Conn,
        victims: &[Self::Victim],
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    fn close(&self, conn: Self::Conn) -> impl Future<Output = ()> + Send;
}

/// A statement, and who waits until it is cancelled.
type Request<V> = (V, oneshot::Sender<()>);

/// Where a task takes requests, if there is one.
type Task<V> = Arc<Mutex<Option<mpsc::UnboundedSender<Request<V>>>>>;

/// Cancels statements of one pool.
pub(crate) struct Canceller<M: Means> {
    means: Arc<M>,
    /// To the task that has the connection, if there is one.
    task: Task<M::Victim>,
}

impl<M: Means> Canceller<M> {
    pub(super) fn by(means: M) -> Self {
        Self { means: Arc::new(means), task: Arc::default() }
    }

    /// Cancels a statement. False if that could not be asked for; it may still happen then, at any
    /// time.
    pub(crate) async fn cancel(&self, victim: M::Victim) -> bool {
        let (done, cancelled) = oneshot::channel();
        self.ask((victim, done));
        matches!(tokio::time::timeout(WAIT, cancelled).await, Ok(Ok(())))
    }

    fn ask(&self, request: Request<M::Victim>) {
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
        tokio::spawn(run(Arc::clone(&self.means), requests));
    }
}

/// Cancels what is asked for until nothing has been for a while.
async fn run<M: Means>(means: Arc<M>, mut requests: mpsc::UnboundedReceiver<Request<M::Victim>>) {
    match serve(&*means, &mut requests).await {
        Ok(conn) => means.close(conn).await,
        Err(error) => {
            tracing::warn!(target: "tenancy::pool", "statements cannot be cancelled: {error}");
        }
    }
}

async fn serve<M: Means>(
    means: &M,
    requests: &mut mpsc::UnboundedReceiver<Request<M::Victim>>,
) -> Result<M::Conn, sqlx::Error> {
    let mut conn = means.connect().await?;
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
        let (victims, waiting): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        means.cancel(&mut conn, &victims).await?;
        for done in waiting {
            // Whoever asked may have given up.
            let _ = done.send(());
        }
    }
}

impl<M: Means> Clone for Canceller<M> {
    fn clone(&self) -> Self {
        Self { means: Arc::clone(&self.means), task: Arc::clone(&self.task) }
    }
}

impl<M: Means> fmt::Debug for Canceller<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceller").finish_non_exhaustive()
    }
}
