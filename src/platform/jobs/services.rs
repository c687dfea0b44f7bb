//! Enqueueing, finishing, replaying.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use serde_json::json;
use uuid::Uuid;

use super::job::{NewJob, RetryAfter, WillNotSucceed};
use super::models::{JobRow, JobState, Outcome, QueueDepth, insert};
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::db::wake_on_commit;
use crate::platform::error::{ApiError, Kind};
use crate::platform::types::JobId;
use crate::schema::{jobs, workers};

/// The first pause between two tries; each further one is twice as long.
const FIRST_PAUSE: i64 = 60;

/// No pause is longer than this.
const LONGEST_PAUSE: i64 = 6 * 3600;

#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error("Not found.")]
    NotFound,
    #[error("Only a dead job can be replayed.")]
    NotDead,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for JobError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::NotDead => Kind::conflict("job_not_dead"),
            Self::Database(cause) => cause.kind(),
        }
    }
}

/// Enqueues a job in the caller's transaction; nothing where its unique key is known already.
pub fn enqueue(conn: &mut PgConnection, job: &NewJob, now: DateTime<Utc>) -> QueryResult<()> {
    insert(conn, job, now)?;
    wake_on_commit();
    Ok(())
}

pub fn enqueue_all(conn: &mut PgConnection, jobs: &[NewJob], now: DateTime<Utc>) -> QueryResult<()> {
    jobs.iter().try_for_each(|job| enqueue(conn, job, now))
}

/// Writes how a run ended; false where the lease was lost meanwhile.
pub(super) fn finish(
    conn: &mut PgConnection,
    job: &JobRow,
    worker: Uuid,
    result: &Result<(), anyhow::Error>,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let free = |state, last_error| Outcome {
        state,
        leased_by: None,
        leased_until: None,
        finished_at: (state != JobState::Queued).then_some(now),
        last_error,
    };
    let (outcome, run_at) = match result {
        Ok(()) => (free(JobState::Done, job.last_error.clone()), None),
        Err(error) => {
            let told = Some(format!("{error:#}").chars().take(2000).collect());
            if is_final(job, error) {
                (free(JobState::Dead, told), None)
            } else {
                (free(JobState::Queued, told), Some(now + pause(job, error)))
            }
        }
    };
    outcome.record(conn, job.id, worker, run_at)
}

pub(super) fn is_final(job: &JobRow, error: &anyhow::Error) -> bool {
    job.attempts >= job.max_attempts || error.is::<WillNotSucceed>()
}

/// 60 s × 2^n, a little more or less by the job's id, so that those that failed together do not return
/// together; longer where the other side asked for more.
fn pause(job: &JobRow, error: &anyhow::Error) -> TimeDelta {
    let asked = error.downcast_ref::<RetryAfter>().and_then(|asked| TimeDelta::from_std(asked.pause).ok());
    let doublings = u32::try_from(job.attempts - 1).unwrap_or_default().min(16);
    let seconds = FIRST_PAUSE.saturating_mul(2_i64.saturating_pow(doublings)).min(LONGEST_PAUSE);
    let spread = i64::from(job.id.as_uuid().as_bytes().last().copied().unwrap_or_default());
    let own = TimeDelta::milliseconds(seconds * 1000 + seconds * 100 * spread / 255);
    asked.map_or(own, |asked| asked.max(own))
}

/// Holds on to jobs that still run.
pub(super) fn extend_leases(
    conn: &mut PgConnection,
    worker: Uuid,
    running: &[JobId],
    leased_until: DateTime<Utc>,
) -> QueryResult<usize> {
    let held = jobs::table.filter(jobs::id.eq_any(running)).filter(jobs::leased_by.eq(worker));
    diesel::update(held.filter(jobs::state.eq(JobState::Running)))
        .set(jobs::leased_until.eq(leased_until))
        .execute(conn)
}

/// Gives a dead job all its tries again.
pub(super) fn replay(conn: &mut PgConnection, id: JobId, origin: &Origin) -> Result<JobRow, JobError> {
    let replayed = diesel::update(jobs::table.find(id).filter(jobs::state.eq(JobState::Dead)))
        .set((
            jobs::state.eq(JobState::Queued),
            jobs::attempts.eq(0),
            jobs::run_at.eq(origin.at),
            jobs::finished_at.eq(None::<DateTime<Utc>>),
        ))
        .returning(JobRow::as_returning())
        .get_result(conn)
        .optional()?;
    match replayed {
        Some(job) => {
            let told = Changes::between(&json!({"state": JobState::Dead}), &json!({"state": job.state}));
            audit::record(conn, origin, "job.replayed", ("job", id.to_string()), told)?;
            wake_on_commit();
            Ok(job)
        }
        None if JobRow::find(conn, id)?.is_some() => Err(JobError::NotDead),
        None => Err(JobError::NotFound),
    }
}

/// How much waits, how long already, and how many are dead.
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

/// Forgets up to `limit` jobs that were done before `before`, and tells how many.
pub fn purge_finished(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let done = jobs::table.filter(jobs::state.eq(JobState::Done)).filter(jobs::finished_at.lt(before));
    let ids: Vec<JobId> = done.select(jobs::id).limit(limit).load(conn)?;
    diesel::delete(jobs::table.filter(jobs::id.eq_any(ids))).execute(conn)
}

/// Forgets workers that were last seen before `before`.
pub fn purge_workers(conn: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(workers::table.filter(workers::seen_at.lt(before))).execute(conn)
}

/// How many workers have shown themselves since `since`.
pub fn live_workers(conn: &mut PgConnection, since: DateTime<Utc>) -> QueryResult<i64> {
    workers::table.filter(workers::seen_at.ge(since)).count().get_result(conn)
}

pub(super) fn show_worker(
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

pub(super) fn hide_worker(conn: &mut PgConnection, worker: Uuid) -> QueryResult<usize> {
    diesel::delete(workers::table.find(worker)).execute(conn)
}
