//! Enqueueing, completing, replaying and purging of jobs.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use serde_json::json;
use uuid::Uuid;

use super::job::{NewJob, PermanentFailure, RetryAfter};
use super::models::{JobCompletion, JobRow, JobState, QueueDepth, insert};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::db::signal_on_commit;
use crate::platform::error::ApiError;
use crate::platform::types::JobId;
use crate::platform::write_context::WriteContext;
use crate::schema::{jobs, workers};

/// Pause after the first failed attempt, in seconds. Each further pause is twice as long.
const FIRST_PAUSE: i64 = 60;

/// Longest pause, in seconds.
const MAX_PAUSE: i64 = 6 * 3600;

#[derive(Debug, thiserror::Error, ApiError)]
pub enum JobError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("Only a dead job can be replayed.")]
    #[kind(conflict = "job_not_dead")]
    NotDead,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Enqueues a job in the caller's transaction. Does nothing if its unique key exists already.
pub fn enqueue(conn: &mut PgConnection, job: &NewJob, now: DateTime<Utc>) -> QueryResult<()> {
    insert(conn, job, now)?;
    signal_on_commit();
    Ok(())
}

pub fn enqueue_all(conn: &mut PgConnection, jobs: &[NewJob], now: DateTime<Utc>) -> QueryResult<()> {
    jobs.iter().try_for_each(|job| enqueue(conn, job, now))
}

/// Records the result of a run. Returns false if the lease was lost in the meantime.
pub(super) fn finish(
    conn: &mut PgConnection,
    job: &JobRow,
    worker: Uuid,
    result: &Result<(), anyhow::Error>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let completion = |state, last_error| JobCompletion {
        state,
        leased_by: None,
        leased_until: None,
        finished_at: (state != JobState::Queued).then_some(now),
        last_error,
    };
    let (completion, run_at) = match result {
        Ok(()) => (completion(JobState::Done, job.last_error.clone()), None),
        Err(error) => {
            let last_error = Some(format!("{error:#}").chars().take(2000).collect());
            if is_final(job, error) {
                (completion(JobState::Dead, last_error), None)
            } else {
                (completion(JobState::Queued, last_error), Some(now + pause(job, error)))
            }
        }
    };
    completion.record(conn, job.id, worker, run_at)
}

/// Returns true if the job is not retried after this error.
pub(super) fn is_final(job: &JobRow, error: &anyhow::Error) -> bool {
    job.attempts >= job.max_attempts || error.is::<PermanentFailure>()
}

/// Returns the pause before the next attempt: 60 s × 2^n, or the pause that the error requires if that is longer.
///
/// The job's id adds up to 10 %, so that jobs that failed together are not retried together.
fn pause(job: &JobRow, error: &anyhow::Error) -> TimeDelta {
    let required = error.downcast_ref::<RetryAfter>().and_then(|error| TimeDelta::from_std(error.pause).ok());
    let doublings = u32::try_from(job.attempts - 1).unwrap_or_default().min(16);
    let seconds = FIRST_PAUSE.saturating_mul(2_i64.saturating_pow(doublings)).min(MAX_PAUSE);
    let spread = i64::from(job.id.as_uuid().as_bytes().last().copied().unwrap_or_default());
    let backoff = TimeDelta::milliseconds(seconds * 1000 + seconds * 100 * spread / 255);
    required.map_or(backoff, |required| required.max(backoff))
}

/// Extends the leases of running jobs.
pub(super) fn extend_leases(
    conn: &mut PgConnection,
    worker: Uuid,
    running: &[JobId],
    leased_until: DateTime<Utc>,
) -> QueryResult<usize> {
    let leased = jobs::table.filter(jobs::id.eq_any(running)).filter(jobs::leased_by.eq(worker));
    diesel::update(leased.filter(jobs::state.eq(JobState::Running)))
        .set(jobs::leased_until.eq(leased_until))
        .execute(conn)
}

/// Enqueues a dead job again and resets its number of attempts.
pub(super) fn replay(conn: &mut PgConnection, id: JobId, context: &WriteContext) -> Result<JobRow, JobError> {
    let replayed = diesel::update(jobs::table.find(id).filter(jobs::state.eq(JobState::Dead)))
        .set((
            jobs::state.eq(JobState::Queued),
            jobs::attempts.eq(0),
            jobs::run_at.eq(context.at),
            jobs::finished_at.eq(None::<DateTime<Utc>>),
        ))
        .returning(JobRow::as_returning())
        .get_result(conn)
        .optional()?;
    match replayed {
        Some(job) => {
            let changes = Changes::between(&json!({"state": JobState::Dead}), &json!({"state": job.state}));
            audit::record(conn, context, "job.replayed", AuditObject::new("job", id), changes)?;
            signal_on_commit();
            Ok(job)
        }
        None if JobRow::find(conn, id)?.is_some() => Err(JobError::NotDead),
        None => Err(JobError::NotFound),
    }
}

/// Returns the number of due jobs, the age of the oldest, and the number of dead jobs.
pub fn depth(conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<QueueDepth> {
    diesel::sql_query(
        "select count(*) filter (where state = 'queued' and run_at <= $1) as ready, \
                min(run_at) filter (where state = 'queued' and run_at <= $1) as oldest, \
                count(*) filter (where state = 'dead') as dead \
         from jobs where state in ('queued', 'dead')",
    )
    .bind::<Timestamptz, _>(now)
    .get_result(conn)
}

/// Deletes up to `limit` jobs that succeeded before `before`, and returns how many.
pub fn purge_finished(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let done = jobs::table.filter(jobs::state.eq(JobState::Done)).filter(jobs::finished_at.lt(before));
    let ids: Vec<JobId> = done.select(jobs::id).limit(limit).load(conn)?;
    diesel::delete(jobs::table.filter(jobs::id.eq_any(ids))).execute(conn)
}

/// Deletes workers whose last heartbeat is older than `before`.
pub fn purge_workers(conn: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(workers::table.filter(workers::seen_at.lt(before))).execute(conn)
}

/// Returns the number of workers that have sent a heartbeat since `since`.
pub fn live_workers(conn: &mut PgConnection, since: DateTime<Utc>) -> QueryResult<i64> {
    workers::table.filter(workers::seen_at.ge(since)).count().get_result(conn)
}

pub(super) fn record_heartbeat(
    conn: &mut PgConnection,
    worker: Uuid,
    queues: &[String],
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::insert_into(workers::table)
        .values((
            workers::id.eq(worker),
            workers::queues.eq(queues),
            workers::started_at.eq(now),
            workers::seen_at.eq(now),
        ))
        .on_conflict(workers::id)
        .do_update()
        .set(workers::seen_at.eq(now))
        .execute(conn)
}

pub(super) fn remove_worker(conn: &mut PgConnection, worker: Uuid) -> QueryResult<usize> {
    diesel::delete(workers::table.find(worker)).execute(conn)
}
