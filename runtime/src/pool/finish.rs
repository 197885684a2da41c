//! Work that comes to its end, whether or not somebody waits for it.

use std::pin::Pin;

use sea_orm::DbErr;
use tokio::sync::oneshot;
use tracing::Instrument as _;

/// Runs work in a task of its own. If the caller is dropped, the task goes on.
pub(crate) fn finish<T: Send + 'static>(
    work: impl Future<Output = Result<T, DbErr>> + Send + 'static,
) -> impl Future<Output = Result<T, DbErr>> + Send {
    // The work in the future of every statement would be too deep for the compiler.
    let work: Pin<Box<dyn Future<Output = Result<T, DbErr>> + Send>> = Box::pin(work);
    async move {
        match tokio::spawn(work.in_current_span()).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {
                Err(DbErr::Custom("the runtime was shut down during a database call".to_owned()))
            }
        }
    }
}

/// Comes when nobody waits for some work any more.
pub(crate) struct Gone(oneshot::Receiver<()>);

impl Gone {
    pub(crate) async fn wait(self) {
        // Nothing is ever sent.
        let _ = self.0.await;
    }
}

/// Runs work in a task of its own, which is told when the caller is dropped.
pub(crate) fn finish_knowing<T: Send + 'static, F>(
    work: impl FnOnce(Gone) -> F,
) -> impl Future<Output = Result<T, DbErr>> + Send
where
    F: Future<Output = Result<T, DbErr>> + Send + 'static,
{
    let (caller, gone) = oneshot::channel();
    let work = finish(work(Gone(gone)));
    async move {
        // Dropped with this future.
        let _caller = caller;
        work.await
    }
}
