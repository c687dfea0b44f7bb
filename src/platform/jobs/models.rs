//! Rows of `jobs`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use super::job::NewJob;
use crate::platform::types::{JobId, text_enum};
use crate::schema::jobs;

text_enum! {
    /// State of a job.
    pub enum JobState {
        /// Waits until it is due and a worker is free.
        Queued = "queued",
        /// Leased by a worker.
        Running = "running",
        /// Succeeded; deleted after a week.
        Done = "done",
        /// Failed permanently; kept until a superuser replays it.
        Dead = "dead",
    }
}

#[derive(Debug, Clone, HasQuery, QueryableByName)]
#[diesel(table_name = jobs)]
pub struct JobRow {
    pub id: JobId,
    pub queue: String,
    pub name: String,
    pub payload: Value,
    pub state: JobState,
    pub run_at: DateTime<Utc>,
    pub attempts: i32,
    pub max_attempts: i32,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// Size and age of the queue.
#[derive(Debug, Clone, QueryableByName)]
pub struct QueueDepth {
    /// Number of due jobs.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub ready: i64,
    /// Time at which the oldest of these jobs was due.
    #[diesel(sql_type = diesel::sql_types::Nullable<Timestamptz>)]
    pub oldest: Option<DateTime<Utc>>,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub dead: i64,
}

pub(super) fn insert(conn: &mut PgConnection, job: &NewJob, now: DateTime<Utc>) -> QueryResult<usize> {
    diesel::insert_into(jobs::table)
        .values((
            jobs::id.eq(JobId::generate()),
            jobs::queue.eq(job.queue),
            jobs::name.eq(job.name),
            jobs::payload.eq(&job.payload),
            jobs::priority.eq(job.priority),
            jobs::run_at.eq(now + job.delay),
            jobs::max_attempts.eq(job.max_attempts),
            jobs::unique_key.eq(&job.unique_key),
            jobs::created_at.eq(now),
        ))
        .on_conflict(jobs::unique_key)
        .do_nothing()
        .execute(conn)
}

impl JobRow {
    /// Leases up to `limit` jobs to a worker: due jobs, and jobs whose lease has expired.
    pub(super) fn lease(
        conn: &mut PgConnection,
        lease: &NewLease,
        queues: &[String],
        limit: i32,
    ) -> QueryResult<Vec<Self>> {
        diesel::sql_query(
            "update jobs set state = 'running', attempts = attempts + 1, leased_by = $1, leased_until = $2 \
             where id in ( \
                 select id from jobs \
                 where ((state = 'queued' and run_at <= $3) or (state = 'running' and leased_until < $3)) \
                   and (cardinality($4::text[]) = 0 or queue = any($4)) \
                 order by priority desc, run_at limit $5 for update skip locked) \
             returning id, queue, name, payload, state, run_at, attempts, max_attempts, last_error, created_at, finished_at",
        )
        .bind::<SqlUuid, _>(lease.worker)
        .bind::<Timestamptz, _>(lease.until)
        .bind::<Timestamptz, _>(lease.from)
        .bind::<diesel::sql_types::Array<Text>, _>(queues)
        .bind::<Integer, _>(limit)
        .load(conn)
    }

    pub fn find(conn: &mut PgConnection, id: JobId) -> QueryResult<Option<Self>> {
        Self::query().filter(jobs::id.eq(id)).first(conn).optional()
    }
}

/// Lease of jobs to a worker.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewLease {
    pub worker: Uuid,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

/// Changes at the end of a lease. Only the worker that still holds the lease writes them.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = jobs, treat_none_as_null = true)]
pub(super) struct JobCompletion {
    pub state: JobState,
    pub leased_by: Option<Uuid>,
    pub leased_until: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
}

impl JobCompletion {
    /// Writes the changes. Returns false if the lease was lost to another worker.
    pub(super) fn record(
        &self,
        conn: &mut PgConnection,
        id: JobId,
        worker: Uuid,
        run_at: Option<DateTime<Utc>>,
    ) -> QueryResult<bool> {
        let leased = jobs::table.find(id).filter(jobs::leased_by.eq(worker)).filter(jobs::state.eq(JobState::Running));
        let written = diesel::update(leased).set((self, run_at.map(|at| jobs::run_at.eq(at)))).execute(conn)?;
        Ok(written == 1)
    }
}
