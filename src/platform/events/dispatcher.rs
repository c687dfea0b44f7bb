//! The loop that hands events on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::{error, warn};

use super::models::StoredEvent;
use super::services::dispatch_batch;
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::platform::jobs::NewJob;

/// Which jobs an event wakes: the composition root knows.
pub type Subscriptions = Arc<dyn Fn(&StoredEvent) -> anyhow::Result<Vec<NewJob>> + Send + Sync>;

const BATCH: i64 = 200;

/// How long an event waits at most when nobody tapped us.
const POLL: Duration = Duration::from_millis(500);

/// Hands on what is published until `stop` says so.
pub async fn dispatch(app: App, subscriptions: Subscriptions, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let tapped = app.db.wake().tapped();
        let subscriptions = Arc::clone(&subscriptions);
        let now = app.clock.now();
        let batch =
            app.db.write(move |conn| dispatch_batch(conn, &subscriptions, BATCH, now).map_err(Problem::from_anyhow));
        match batch.await {
            Ok(count) if count > 0 => continue,
            Ok(_) => {}
            Err(problem) if problem.status().as_u16() == 503 => warn!("Events wait for the database: {problem}"),
            Err(problem) => error!("Events cannot be handed on: {problem}"),
        }
        tokio::select! {
            () = tapped => {}
            () = tokio::time::sleep(POLL) => {}
            _ = stop.changed() => {}
        }
    }
}
