//! Work that comes to its end, whether or not somebody waits for it.

use sea_orm::DbErr;
use tracing::Instrument as _;

/// Runs work in a task of its own. If the caller is dropped, the task goes on.
pub(crate) async fn finish<T: Send + 'static>(
    work: impl Future<Output = Result<T, DbErr>> + Send + 'static,
) -> Result<T, DbErr> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(DbErr::Custom("the runtime was shut down during a database call".to_owned())),
    }
}
