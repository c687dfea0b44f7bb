//! HTTP endpoints for background jobs.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use diesel::QueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::listing::{JobFilter, JobList};
use super::models::{JobRow, JobState};
use super::services::{self, JobError};
use crate::platform::api::{ApiResult, Paged, ReadRequest, View, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ReplayJobs, ViewJobs};
use crate::platform::types::{JobId, JsonObject};
use crate::schema::jobs;

/// Background job.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = Job, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d55", "name": "mail.send", "queue": "default",
    "payload": {"message": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d56"}, "state": "done", "attempts": 1,
    "max_attempts": 10, "last_error": null, "run_at": "2026-11-21T08:00:00Z", "created_at": "2026-11-21T08:00:00Z",
    "finished_at": "2026-11-21T08:00:02Z",
}))]
#[view(row = JobRow)]
pub struct JobView {
    pub id: JobId,
    pub name: String,
    pub queue: String,
    #[schema(value_type = JsonObject)]
    pub payload: serde_json::Value,
    pub state: JobState,
    pub attempts: i32,
    pub max_attempts: i32,
    /// Error of the last failed attempt.
    pub last_error: Option<String>,
    pub run_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// List background jobs
///
/// Returns the background jobs, newest first. Requires the permission `jobs.view`.
#[endpoint(tag = "jobs", returns(200 = Paged<JobView>))]
#[get("/")]
pub async fn list_jobs(app: Data<App>, _staff: Allowed<ViewJobs>, list: JobList) -> ApiResult {
    list.list::<JobView, _>(&app, |conn, list| JobFilter::page(conn, list, || jobs::table.into_boxed())).await
}

/// Retrieve a background job
///
/// Requires the permission `jobs.view`. Returns 404 `not_found` if there is no such job.
#[endpoint(tag = "jobs", returns(200 = JobView))]
#[get("/{id}/")]
pub async fn get_job(app: Data<App>, _staff: Allowed<ViewJobs>, request: ReadRequest, id: Path<JobId>) -> ApiResult {
    request.retrieve::<JobView, _>(&app, move |conn| JobRow::find(conn, *id)?.ok_or(JobError::NotFound)).await
}

/// Replay a dead job
///
/// Enqueues the job again and resets its number of attempts. Requires the permission `jobs.replay`. Returns 404
/// `not_found` if there is no such job, and 409 `job_not_dead` if the job has not failed permanently.
#[endpoint(tag = "jobs", returns(200 = JobView))]
#[post("/{id}/replay/")]
pub async fn replay_job(
    app: Data<App>,
    _staff: Allowed<ReplayJobs>,
    request: WriteRequest,
    id: Path<JobId>,
) -> ApiResult {
    request.update::<JobView, _>(&app, move |conn, context| services::replay(conn, *id, context)).await
}
