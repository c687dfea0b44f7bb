//! Loop that dispatches published events.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{error, warn};

use super::models::Subscriptions;
use super::services::dispatch_batch;
use crate::platform::app::App;
use crate::platform::error::Problem;

const BATCH: i64 = 200;

/// Longest time that an event waits if its notification is lost.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Dispatches published events until `stop` becomes true.
pub async fn run_dispatcher(app: App, subscriptions: Subscriptions, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let notified = app.db.commit_signal().notified();
        let subscriptions = Arc::clone(&subscriptions);
        let now = app.clock.now();
        let batch =
            app.db.write(move |conn| dispatch_batch(conn, &subscriptions, BATCH, now).map_err(Problem::from_anyhow));
        match batch.await {
            Ok(count) if count > 0 => continue,
            Ok(_) => {}
            Err(problem) if problem.status().as_u16() == 503 => {
                warn!("Cannot dispatch events until the database is available: {problem}")
            }
            Err(problem) => error!("Cannot dispatch events: {problem}"),
        }
        tokio::select! {
            () = notified => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            _ = stop.changed() => {}
        }
    }
}
