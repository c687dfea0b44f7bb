//! Scheduled jobs: each tick runs once for any number of workers, and a missed tick runs once later.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use croner::Cron;
use diesel::prelude::*;
use tokio::sync::watch;
use tracing::{error, warn};

use super::job::NewJob;
use super::services::enqueue;
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::schema::schedules;

/// Job with its schedule: a cron pattern of five fields, in UTC.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub name: &'static str,
    pub cron: &'static str,
    pub job: NewJob,
}

#[derive(Debug, HasQuery)]
#[diesel(table_name = schedules)]
struct ScheduleRow {
    name: String,
    cron: String,
    next_run_at: DateTime<Utc>,
}

/// Pause between two checks for due schedules.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

/// Enqueues due jobs until `stop` becomes true.
pub async fn run_schedules(app: App, schedules: Arc<Vec<Schedule>>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let (known, now) = (Arc::clone(&schedules), app.clock.now());
        let result = app.db.write(move |conn| run_due(conn, &known, now).map_err(Problem::from_anyhow)).await;
        match result {
            Ok(()) => {}
            Err(problem) if problem.status().as_u16() == 503 => {
                warn!("Cannot run schedules until the database is available: {problem}")
            }
            Err(problem) => error!("Cannot run schedules: {problem}"),
        }
        tokio::select! {
            () = tokio::time::sleep(CHECK_INTERVAL) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Stores new and changed schedules, and enqueues the jobs of all due schedules.
pub(super) fn run_due(conn: &mut PgConnection, known: &[Schedule], now: DateTime<Utc>) -> Result<()> {
    for schedule in known {
        store(conn, schedule, now)?;
    }
    let due = ScheduleRow::query()
        .filter(schedules::is_enabled)
        .filter(schedules::next_run_at.le(now))
        .for_update()
        .skip_locked()
        .load(conn)?;
    for row in due {
        let Some(schedule) = known.iter().find(|schedule| schedule.name == row.name) else {
            continue;
        };
        let tick = format!("{}@{}", row.name, row.next_run_at.timestamp());
        enqueue(conn, &schedule.job.clone().unique(tick), now)?;
        diesel::update(schedules::table.find(&row.name))
            .set((schedules::next_run_at.eq(next(&row.cron, now)?), schedules::last_run_at.eq(now)))
            .execute(conn)?;
    }
    Ok(())
}

fn store(conn: &mut PgConnection, schedule: &Schedule, now: DateTime<Utc>) -> Result<()> {
    let stored: Option<String> = schedules::table.find(schedule.name).select(schedules::cron).first(conn).optional()?;
    if stored.as_deref() == Some(schedule.cron) {
        return Ok(());
    }
    let next_run_at = next(schedule.cron, now)?;
    diesel::insert_into(schedules::table)
        .values((
            schedules::name.eq(schedule.name),
            schedules::cron.eq(schedule.cron),
            schedules::next_run_at.eq(next_run_at),
        ))
        .on_conflict(schedules::name)
        .do_update()
        .set((schedules::cron.eq(schedule.cron), schedules::next_run_at.eq(next_run_at)))
        .execute(conn)?;
    Ok(())
}

fn next(cron: &str, after: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let pattern = Cron::from_str(cron).with_context(|| format!("{cron:?} is not a cron pattern"))?;
    pattern.find_next_occurrence(&after, false).with_context(|| format!("{cron:?} matches no time"))
}
