//! Health report.

use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::app::App;
use crate::platform::jobs;
use crate::platform::notify::Medium;

/// Health of the server or of one dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    Healthy,
    /// Works with limitations.
    Degraded,
    Unhealthy,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Liveness {
    pub status: HealthStatus,
}

/// Overall health and the result of each check.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthReport {
    pub status: HealthStatus,
    pub checks: HealthChecks,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Checks)]
pub struct HealthChecks {
    pub database: DatabaseCheck,
    pub redis: RedisCheck,
    pub workers: WorkersCheck,
    pub external_apis: ProvidersCheck,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Check)]
pub struct DatabaseCheck {
    pub status: HealthStatus,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RedisCheck {
    pub status: HealthStatus,
    /// False if each process has its own in-memory cache.
    pub is_configured: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WorkersCheck {
    pub status: HealthStatus,
    /// Number of workers that sent a heartbeat in the last minute.
    pub alive: i64,
    /// Number of due jobs that wait for a worker.
    pub queue_depth: i64,
    /// Time at which the oldest of these jobs was due.
    pub oldest_job: Option<DateTime<Utc>>,
    /// Number of jobs that failed permanently.
    pub dead_jobs: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ProvidersCheck {
    pub status: HealthStatus,
    /// Provider of e-mails.
    pub email: &'static str,
    /// Provider of text messages.
    pub sms: &'static str,
}

/// The workers count as degraded if a due job waits longer than this.
const MAX_QUEUE_DELAY: TimeDelta = TimeDelta::minutes(5);

/// A worker counts as alive if its last heartbeat is not older than this.
const HEARTBEAT_WINDOW: TimeDelta = TimeDelta::minutes(1);

pub(super) async fn report(app: &App) -> HealthReport {
    let workers = check_workers(app).await;
    let database = if workers.is_some() { HealthStatus::Healthy } else { HealthStatus::Unhealthy };
    let workers = workers.unwrap_or(WorkersCheck {
        status: HealthStatus::Unhealthy,
        alive: 0,
        queue_depth: 0,
        oldest_job: None,
        dead_jobs: 0,
    });
    let is_redis_reachable = app.cache.is_reachable().await;
    let redis = if is_redis_reachable == Some(false) { HealthStatus::Degraded } else { HealthStatus::Healthy };
    let is_ready = app.is_ready.load(Ordering::Relaxed);
    let providers = if app.notifier.is_available() { HealthStatus::Healthy } else { HealthStatus::Degraded };
    let status = match (database, is_ready) {
        (HealthStatus::Unhealthy, _) | (_, false) => HealthStatus::Unhealthy,
        _ if [redis, workers.status, providers].contains(&HealthStatus::Degraded) => HealthStatus::Degraded,
        _ => HealthStatus::Healthy,
    };
    HealthReport {
        status,
        checks: HealthChecks {
            database: DatabaseCheck { status: database },
            redis: RedisCheck { status: redis, is_configured: is_redis_reachable.is_some() },
            workers,
            external_apis: ProvidersCheck {
                status: providers,
                email: app.notifier.provider(Medium::Email),
                sms: app.notifier.provider(Medium::Sms),
            },
        },
    }
}

/// Checks the workers and the queue. Returns `None` if the database is not available.
async fn check_workers(app: &App) -> Option<WorkersCheck> {
    let now = app.clock.now();
    let query = move |conn: &mut PgConnection| {
        Ok::<_, diesel::result::Error>((jobs::depth(conn, now)?, jobs::live_workers(conn, now - HEARTBEAT_WINDOW)?))
    };
    let (depth, alive) = app.db.read(query).await.ok()?;
    let is_late = depth.oldest.is_some_and(|oldest| now - oldest > MAX_QUEUE_DELAY);
    Some(WorkersCheck {
        status: if alive == 0 || is_late { HealthStatus::Degraded } else { HealthStatus::Healthy },
        alive,
        queue_depth: depth.ready,
        oldest_job: depth.oldest,
        dead_jobs: depth.dead,
    })
}
