//! Background jobs over HTTP: seen and replayed by superusers.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::listing::{JobFilter, JobList};
use super::models::{JobRow, JobState};
use super::services::{self, JobError};
use crate::platform::api::{Answer, Changed, Paged, ReadRequest, Resource, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ReplayJobs, ViewJobs};
use crate::platform::error::Problem;
use crate::platform::types::JobId;

/// A background job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobView {
    pub id: JobId,
    pub name: String,
    pub queue: String,
    #[schema(value_type = Object)]
    pub payload: serde_json::Value,
    pub state: JobState,
    pub attempts: i32,
    pub max_attempts: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    pub run_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl Resource for JobView {}

impl From<JobRow> for JobView {
    fn from(job: JobRow) -> Self {
        Self {
            id: job.id,
            name: job.name,
            queue: job.queue,
            payload: job.payload,
            state: job.state,
            attempts: job.attempts,
            max_attempts: job.max_attempts,
            last_error: job.last_error,
            run_at: job.run_at,
            created_at: job.created_at,
            finished_at: job.finished_at,
        }
    }
}

/// List background jobs, the newest first.
#[utoipa::path(tag = "jobs", params(JobList), security(("jwtAuth" = ["jobs.view"])),
    responses((status = 200, body = Paged<JobView>)))]
#[get("/")]
pub async fn list_jobs(app: Data<App>, _staff: Allowed<ViewJobs>, list: JobList) -> Result<Answer, Problem> {
    let read = |conn: &mut PgConnection, list: &JobList| -> Result<_, Problem> {
        Ok(JobFilter::page(conn, list)?.map(JobView::from))
    };
    list.page(&app, read).await
}

/// Retrieve a background job.
#[utoipa::path(tag = "jobs", params(JobId, ReadRequest), security(("jwtAuth" = ["jobs.view"])),
    responses((status = 200, body = JobView)))]
#[get("/{id}/")]
pub async fn get_job(
    app: Data<App>,
    _staff: Allowed<ViewJobs>,
    request: ReadRequest,
    id: Path<JobId>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| JobRow::find(conn, *id)?.map(JobView::from).ok_or(JobError::NotFound);
    request.one(&app, find).await
}

/// Run a dead job again.
///
/// It gets all its tries anew. Answers 409 `job_not_dead` for any other.
#[utoipa::path(tag = "jobs", params(JobId, WriteRequest), security(("jwtAuth" = ["jobs.replay"])),
    responses((status = 200, body = JobView)))]
#[post("/{id}/replay/")]
pub async fn replay_job(
    app: Data<App>,
    _staff: Allowed<ReplayJobs>,
    request: WriteRequest,
    id: Path<JobId>,
) -> Result<Answer, Problem> {
    let replay = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::replay(conn, *id, &request.origin).map(|job| Changed(JobView::from(job)))
    };
    request.run(&app, replay).await
}
