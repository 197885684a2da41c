//! Waiting for what must come true.

use std::time::Duration;

/// Waits for what comes by itself.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let patience = tokio::time::timeout(Duration::from_secs(60), async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    });
    assert!(patience.await.is_ok(), "never came true: {what}");
}
