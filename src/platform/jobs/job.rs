//! What a job is, and which ones there are.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::platform::app::App;

/// A piece of work. It carries ids, reloads what it needs, and may run twice.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// `room.verb`, stable: it stands in the database.
    const NAME: &'static str;
    const QUEUE: &'static str = "default";
    /// With pauses of 60 s × 2^n, eight tries take about two hours.
    const MAX_ATTEMPTS: i32 = 8;

    fn run(&self, app: &App) -> impl Future<Output = anyhow::Result<()>> + Send;
}

tokio::task_local! {
    /// Which try of its job a task is.
    pub(super) static ATTEMPT: i32;
}

/// Whether the running job is in its first try, or in the first after somebody replayed it: then no other try of it
/// can have been cut off in the middle.
pub fn is_first_attempt() -> bool {
    ATTEMPT.try_with(|attempt| *attempt <= 1).unwrap_or(true)
}

/// An error that no retry will mend: the job is dead at once.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WillNotSucceed(pub String);

/// An error that asks for a pause of its own.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct RetryAfter {
    pub reason: String,
    pub pause: Duration,
}

/// A job to enqueue.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub(super) name: &'static str,
    pub(super) queue: &'static str,
    pub(super) payload: Value,
    pub(super) max_attempts: i32,
    pub(super) priority: i16,
    pub(super) unique_key: Option<String>,
    pub(super) delay: TimeDelta,
}

impl NewJob {
    pub fn of<J: Job>(job: &J) -> serde_json::Result<Self> {
        Ok(Self {
            name: J::NAME,
            queue: J::QUEUE,
            payload: serde_json::to_value(job)?,
            max_attempts: J::MAX_ATTEMPTS,
            priority: 0,
            unique_key: None,
            delay: TimeDelta::zero(),
        })
    }

    /// There is only ever one job of this key; a second is not enqueued.
    #[must_use]
    pub fn once(mut self, key: impl std::fmt::Display) -> Self {
        self.unique_key = Some(format!("{}:{key}", self.name));
        self
    }
}

impl NewJob {
    /// Runs no earlier than this long from now.
    #[must_use]
    pub const fn after(mut self, delay: TimeDelta) -> Self {
        self.delay = delay;
        self
    }
}

type Runner = Box<dyn Fn(Value, App) -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>;

/// All jobs that a worker can run, by name.
#[derive(Default)]
pub struct JobRegistry(HashMap<&'static str, Runner>);

impl JobRegistry {
    #[must_use]
    pub fn with<J: Job>(mut self) -> Self {
        let runner: Runner = Box::new(|payload, app| {
            async move {
                let job: J = serde_json::from_value(payload).context("the job's payload does not fit")?;
                job.run(&app).await
            }
            .boxed()
        });
        self.0.insert(J::NAME, runner);
        self
    }

    pub(super) fn run(&self, name: &str, payload: Value, app: App) -> BoxFuture<'static, anyhow::Result<()>> {
        match self.0.get(name) {
            Some(runner) => runner(payload, app),
            None => {
                let unknown = WillNotSucceed(format!("this program knows no job named {name}"));
                async move { Err(unknown.into()) }.boxed()
            }
        }
    }
}
