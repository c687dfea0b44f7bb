//! The `Job` trait, new jobs, and the registry of all jobs.

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

/// Background job.
///
/// A job carries ids only and reloads the rows that it needs. It must be safe to run twice.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Name of the form `room.verb`. It is stored in the database, so it must not change.
    const NAME: &'static str;
    const QUEUE: &'static str = "default";
    /// Maximum number of attempts. With pauses of 60 s × 2^n, eight attempts take about two hours.
    const MAX_ATTEMPTS: i32 = 8;

    fn run(&self, app: &App) -> impl Future<Output = anyhow::Result<()>> + Send;
}

tokio::task_local! {
    /// Attempt number of the job that the current task runs.
    pub(super) static ATTEMPT: i32;
}

/// Returns true during the first attempt of a job, and during the first attempt after a replay.
///
/// In that case no earlier attempt can have been interrupted.
pub fn is_first_attempt() -> bool {
    ATTEMPT.try_with(|attempt| *attempt <= 1).unwrap_or(true)
}

/// Error that a retry cannot fix: the job becomes dead at once.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PermanentFailure(pub String);

/// Error with a minimum pause before the next attempt.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct RetryAfter {
    pub reason: String,
    pub pause: Duration,
}

/// Job to enqueue.
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
    pub fn new<J: Job>(job: &J) -> serde_json::Result<Self> {
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

    /// Enqueues the job only if there has never been a job of this name and key.
    #[must_use]
    pub fn unique(mut self, key: impl std::fmt::Display) -> Self {
        self.unique_key = Some(format!("{}:{key}", self.name));
        self
    }

    /// Delays the first attempt.
    #[must_use]
    pub const fn delayed_by(mut self, delay: TimeDelta) -> Self {
        self.delay = delay;
        self
    }
}

type Runner = Box<dyn Fn(Value, App) -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>;

/// Registry of the jobs that a worker can run, by name.
#[derive(Default)]
pub struct JobRegistry(HashMap<&'static str, Runner>);

impl JobRegistry {
    #[must_use]
    pub fn with<J: Job>(mut self) -> Self {
        let runner: Runner = Box::new(|payload, app| {
            async move {
                let job: J = serde_json::from_value(payload).context("the payload does not match the job")?;
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
                let unknown = PermanentFailure(format!("there is no job named {name}"));
                async move { Err(unknown.into()) }.boxed()
            }
        }
    }
}
