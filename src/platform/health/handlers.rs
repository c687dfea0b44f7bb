//! `/health/live`, `/health/ready`, `/health/`.

use std::sync::atomic::Ordering;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use super::report::{HealthReport, HealthStatus, Liveness, report};
use crate::platform::api::endpoint;
use crate::platform::app::App;

/// Check that the server process runs
///
/// Does not check any dependency.
#[endpoint(tag = "health", credentials = ignored_if_invalid, returns(200 = Liveness))]
#[get("/live")]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Liveness { status: HealthStatus::Healthy })
}

/// Check that the server accepts requests
///
/// Returns 503 while the server shuts down or cannot reach its database.
#[endpoint(tag = "health", credentials = ignored_if_invalid, returns(200 = Liveness, 503 = Liveness))]
#[get("/ready")]
pub async fn ready(app: Data<App>) -> HttpResponse {
    let is_ready = app.is_ready.load(Ordering::Relaxed);
    let query_database = || app.db.read(|conn| diesel::RunQueryDsl::execute(diesel::sql_query("select 1"), conn));
    let status =
        if is_ready && query_database().await.is_ok() { HealthStatus::Healthy } else { HealthStatus::Unhealthy };
    respond(status, &Liveness { status })
}

/// Report the health of all dependencies
///
/// Checks the database, the cache, the workers and the message providers. Returns 200 while the status is `healthy`
/// or `degraded` (the shop works with limitations), and 503 while it is `unhealthy`.
#[endpoint(tag = "health", credentials = ignored_if_invalid, returns(200 = HealthReport, 503 = HealthReport))]
#[get("/")]
pub async fn health(app: Data<App>) -> HttpResponse {
    let report = report(&app).await;
    respond(report.status, &report)
}

fn respond(status: HealthStatus, body: &impl serde::Serialize) -> HttpResponse {
    match status {
        HealthStatus::Healthy | HealthStatus::Degraded => HttpResponse::Ok().json(body),
        HealthStatus::Unhealthy => HttpResponse::ServiceUnavailable().json(body),
    }
}
