//! Jobs: background work after the response, retried until it succeeds.
//!
//! Owns `jobs`, `schedules` and `workers`. A job is enqueued in the transaction that makes it necessary. One worker at
//! a time leases it and retries it with increasing pauses. A job that fails permanently stays in the table as dead,
//! so that superusers can inspect and replay it.

mod handlers;
mod job;
mod listing;
mod models;
mod schedule;
mod services;
mod worker;

use utoipa_actix_web::service_config::ServiceConfig;

pub use job::{Job, JobRegistry, NewJob, PermanentFailure, RetryAfter, is_first_attempt};
pub use models::{JobRow, JobState, QueueDepth};
pub use schedule::{Schedule, run_schedules};
pub use services::{depth, enqueue, enqueue_all, live_workers, purge_finished, purge_workers};
pub use worker::{WorkerSettings, run_worker};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_jobs).service(handlers::get_job).service(handlers::replay_job);
}
