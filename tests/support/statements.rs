//! Counting what a shop asks its database: tests run side by side, so each database is counted on its own.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

use super::TestShop;

/// The statements of each database, by its URL.
static SENT: LazyLock<Mutex<HashMap<String, Vec<String>>>> = LazyLock::new(Mutex::default);

/// Listens to one connection.
#[derive(Default)]
struct Listener {
    url: String,
}

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => url.clone_into(&mut self.url),
            InstrumentationEvent::StartQuery { query, .. } => {
                let mut sent = SENT.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(statements) = sent.get_mut(&self.url) {
                    statements.push(query.to_string());
                }
            }
            _ => {}
        }
    }
}

impl TestShop {
    /// A shop whose statements can be listed.
    pub async fn overheard() -> Self {
        Self::overheard_with(&[]).await
    }

    /// The same with settings in place of the defaults of tests.
    pub async fn overheard_with(settings: &[(&str, &str)]) -> Self {
        // Connections that are made before this are not heard; those of other tests are, and count for nothing.
        set_default_instrumentation(|| Some(Box::new(Listener::default()))).unwrap();
        Self::with_settings(settings).await
    }

    /// What was sent to the database while `work` ran.
    pub async fn statements_of<T>(&self, work: impl Future<Output = T>) -> (T, Vec<String>) {
        let sent = || SENT.lock().unwrap_or_else(PoisonError::into_inner);
        sent().insert(self.database.url.clone(), Vec::new());
        let result = work.await;
        let statements = sent().remove(&self.database.url).unwrap_or_default();
        (result, statements)
    }
}
