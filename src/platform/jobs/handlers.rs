//! Background jobs over HTTP: seen and replayed by superusers.

use actix_web::web::{Data, Json, Path};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::models::{JobRow, JobState};
use super::services::{self, JobError};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ManageJobs};
use crate::platform::error::Problem;
use crate::platform::http::{Filters, Page, Paged, filter};
use crate::platform::types::JobId;
use crate::schema::jobs;

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

filter! {
    pub struct JobFilter {
        "state" => pub state: JobState,
        "name" => pub name: String,
    }
}

/// List background jobs, the newest first.
#[utoipa::path(tag = "jobs", params(JobFilter, Page), security(("jwtAuth" = [])),
    responses((status = 200, body = Paged<JobView>)))]
#[get("/")]
pub async fn list_jobs(
    app: Data<App>,
    _staff: Allowed<ManageJobs>,
    filter: Filters<JobFilter>,
    page: Page,
) -> Result<Json<Paged<JobView>>, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<Paged<JobView>, Problem> {
        let mut query = JobRow::query().into_boxed();
        let mut count = jobs::table.into_boxed();
        if let Some(state) = filter.0.state {
            query = query.filter(jobs::state.eq(state));
            count = count.filter(jobs::state.eq(state));
        }
        if let Some(name) = &filter.0.name {
            query = query.filter(jobs::name.eq(name.clone()));
            count = count.filter(jobs::name.eq(name.clone()));
        }
        let count: i64 = count.count().get_result(conn)?;
        let rows = query
            .order((jobs::created_at.desc(), jobs::id.desc()))
            .limit(page.limit())
            .offset(page.offset(count)?);
        let rows: Vec<JobRow> = rows.load(conn)?;
        Ok(page.envelope(count, rows.into_iter().map(JobView::from).collect()))
    };
    Ok(Json(app.db.read(list).await?))
}

/// Retrieve a background job.
#[utoipa::path(tag = "jobs", params(JobId), security(("jwtAuth" = [])), responses((status = 200, body = JobView)))]
#[get("/{id}/")]
pub async fn get_job(app: Data<App>, _staff: Allowed<ManageJobs>, id: Path<JobId>) -> Result<Json<JobView>, Problem> {
    let job = app
        .db
        .read(move |conn| JobRow::find(conn, *id)?.ok_or(JobError::NotFound))
        .await?;
    Ok(Json(job.into()))
}

/// Run a dead job again.
///
/// It gets all its tries anew. Answers 409 `job_not_dead` for any other.
#[utoipa::path(tag = "jobs", params(JobId), security(("jwtAuth" = [])), responses((status = 200, body = JobView)))]
#[post("/{id}/replay/")]
pub async fn replay_job(
    app: Data<App>,
    _staff: Allowed<ManageJobs>,
    id: Path<JobId>,
) -> Result<Json<JobView>, Problem> {
    let now = app.clock.now();
    let job = app.db.write(move |conn| services::replay(conn, *id, now)).await?;
    Ok(Json(job.into()))
}
