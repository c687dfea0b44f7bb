//! `/health/live`, `/health/ready`, `/health/`.

use std::sync::atomic::Ordering;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use super::report::{Health, HealthStatus, Liveness, report};
use crate::platform::app::App;

/// Tell whether the program runs at all.
#[utoipa::path(tag = "health", responses((status = 200, body = Liveness)))]
#[get("/live")]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Liveness { status: HealthStatus::Healthy })
}

/// Tell whether the program should be sent requests.
///
/// 503 while it stops, and while its database is away.
#[utoipa::path(tag = "health", responses((status = 200, body = Liveness), (status = 503, body = Liveness)))]
#[get("/ready")]
pub async fn ready(app: Data<App>) -> HttpResponse {
    let is_ready = app.is_ready.load(Ordering::Relaxed);
    let reaches_database = || app.db.read(|conn| diesel::RunQueryDsl::execute(diesel::sql_query("select 1"), conn));
    let status =
        if is_ready && reaches_database().await.is_ok() { HealthStatus::Healthy } else { HealthStatus::Unhealthy };
    answer(status, &Liveness { status })
}

/// Tell how the database, the cache, the workers and the providers are doing.
///
/// A degraded shop still sells and answers 200.
#[utoipa::path(tag = "health", responses((status = 200, body = Health), (status = 503, body = Health)))]
#[get("/")]
pub async fn health(app: Data<App>) -> HttpResponse {
    let report = report(&app).await;
    answer(report.status, &report)
}

fn answer(status: HealthStatus, body: &impl serde::Serialize) -> HttpResponse {
    match status {
        HealthStatus::Healthy | HealthStatus::Degraded => HttpResponse::Ok().json(body),
        HealthStatus::Unhealthy => HttpResponse::ServiceUnavailable().json(body),
    }
}
