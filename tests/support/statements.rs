//! Log of the SQL statements of a shop, separate for each database because tests run concurrently.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

use super::TestShop;

/// Recorded statements of each database, by its URL.
static RECORDED: LazyLock<Mutex<HashMap<String, Vec<String>>>> = LazyLock::new(Mutex::default);

/// Records the statements of one connection.
#[derive(Default)]
struct StatementRecorder {
    url: String,
}

impl Instrumentation for StatementRecorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => url.clone_into(&mut self.url),
            InstrumentationEvent::StartQuery { query, .. } => {
                let mut recorded = RECORDED.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(statements) = recorded.get_mut(&self.url) {
                    statements.push(query.to_string());
                }
            }
            _ => {}
        }
    }
}

impl TestShop {
    /// Creates a shop whose statements can be recorded.
    pub async fn with_statement_log() -> Self {
        Self::with_statement_log_and_settings(&[]).await
    }

    /// Creates a shop whose statements can be recorded, with settings that replace the defaults of tests.
    pub async fn with_statement_log_and_settings(settings: &[(&str, &str)]) -> Self {
        // Connections that exist already are not instrumented. Those of other tests are, but nothing records them.
        set_default_instrumentation(|| Some(Box::new(StatementRecorder::default()))).unwrap();
        Self::with_settings(settings).await
    }

    /// Runs `work` and returns its result with the statements that the database received.
    pub async fn record_statements<T>(&self, work: impl Future<Output = T>) -> (T, Vec<String>) {
        let recorded = || RECORDED.lock().unwrap_or_else(PoisonError::into_inner);
        recorded().insert(self.database.url.clone(), Vec::new());
        let result = work.await;
        let statements = recorded().remove(&self.database.url).unwrap_or_default();
        (result, statements)
    }
}
