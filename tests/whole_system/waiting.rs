//! Waiting for conditions, never for times.

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// How long anything may take before a test gives up. Long, because test machines are
/// slow and busy; a passing test never waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

const PAUSE: Duration = Duration::from_millis(50);

/// Waits until `probe` gives a value; panics with `what` if it never does.
pub(crate) async fn until<T, F>(what: &str, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let started = Instant::now();
    loop {
        if let Some(value) = probe().await {
            return value;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(PAUSE).await;
    }
}
