//! What the health page says.

use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::app::App;
use crate::platform::jobs;
use crate::platform::notify::Medium;

/// How something is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    Healthy,
    /// It works, with something missing.
    Degraded,
    Unhealthy,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Liveness {
    pub status: HealthStatus,
}

/// The whole picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    pub status: HealthStatus,
    pub checks: Checks,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Checks {
    pub database: Check,
    pub redis: RedisCheck,
    pub workers: WorkersCheck,
    pub external_apis: ProvidersCheck,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    pub status: HealthStatus,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RedisCheck {
    pub status: HealthStatus,
    /// False: each process has a cache of its own.
    pub is_configured: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WorkersCheck {
    pub status: HealthStatus,
    /// Workers seen in the last minute.
    pub alive: i64,
    /// Jobs whose time has come and that wait for a worker.
    pub queue_depth: i64,
    /// Since when the oldest of them waits.
    pub oldest_job: Option<DateTime<Utc>>,
    /// Jobs that failed for good.
    pub dead_jobs: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ProvidersCheck {
    pub status: HealthStatus,
    /// Who carries e-mails.
    pub email: &'static str,
    /// Who carries text messages.
    pub sms: &'static str,
}

/// A job that waits longer than this means that the workers do not keep up.
const LATE: TimeDelta = TimeDelta::minutes(5);

/// A worker that has not shown itself for this long is gone.
const SEEN: TimeDelta = TimeDelta::minutes(1);

pub(super) async fn report(app: &App) -> Health {
    let workers = workers(app).await;
    let database = if workers.is_some() { HealthStatus::Healthy } else { HealthStatus::Unhealthy };
    let workers = workers.unwrap_or(WorkersCheck {
        status: HealthStatus::Unhealthy,
        alive: 0,
        queue_depth: 0,
        oldest_job: None,
        dead_jobs: 0,
    });
    let reachable = app.cache.is_reachable().await;
    let redis = if reachable == Some(false) { HealthStatus::Degraded } else { HealthStatus::Healthy };
    let is_ready = app.is_ready.load(Ordering::Relaxed);
    let providers = if app.notifier.is_answering() { HealthStatus::Healthy } else { HealthStatus::Degraded };
    let status = match (database, is_ready) {
        (HealthStatus::Unhealthy, _) | (_, false) => HealthStatus::Unhealthy,
        _ if [redis, workers.status, providers].contains(&HealthStatus::Degraded) => HealthStatus::Degraded,
        _ => HealthStatus::Healthy,
    };
    Health {
        status,
        checks: Checks {
            database: Check { status: database },
            redis: RedisCheck { status: redis, is_configured: reachable.is_some() },
            workers,
            external_apis: ProvidersCheck {
                status: providers,
                email: app.notifier.provider(Medium::Email),
                sms: app.notifier.provider(Medium::Sms),
            },
        },
    }
}

/// None where the database does not tell.
async fn workers(app: &App) -> Option<WorkersCheck> {
    let now = app.clock.now();
    let ask = move |conn: &mut PgConnection| {
        Ok::<_, diesel::result::Error>((jobs::depth(conn, now)?, jobs::live_workers(conn, now - SEEN)?))
    };
    let (depth, alive) = app.db.read(ask).await.ok()?;
    let is_late = depth.oldest.is_some_and(|oldest| now - oldest > LATE);
    Some(WorkersCheck {
        status: if alive == 0 || is_late { HealthStatus::Degraded } else { HealthStatus::Healthy },
        alive,
        queue_depth: depth.ready,
        oldest_job: depth.oldest,
        dead_jobs: depth.dead,
    })
}
