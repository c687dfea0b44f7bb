//! Jobs: work that is done after the answer, surely, and again until it succeeds.
//!
//! Owns `jobs`, `schedules` and `workers`. A job is enqueued in the transaction that makes it necessary, taken by one
//! worker at a time under a lease, retried with growing pauses, and kept as dead when it fails for good: to be seen
//! and replayed.

mod handlers;
mod job;
mod listing;
mod models;
mod schedule;
mod services;
mod worker;

use utoipa_actix_web::service_config::ServiceConfig;

pub use job::{Job, JobRegistry, NewJob, RetryAfter, WillNotSucceed, is_first_attempt};
pub use models::{JobRow, JobState, QueueDepth};
pub use schedule::{Schedule, sync_schedules};
pub use services::{depth, enqueue, enqueue_all, live_workers, purge_finished, purge_workers};
pub use worker::{WorkerSettings, work};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_jobs).service(handlers::get_job).service(handlers::replay_job);
}
