//! Registry of all background jobs, and the schedule.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::customers::auth::RotateSigningKeys;
use crate::customers::mfa::PurgeFactors;
use crate::customers::oauth::PurgeSignIns;
use crate::customers::privacy::{MakeExport, PurgeExports};
use crate::customers::sessions::PurgeSessions;
use crate::customers::verification::{PurgeTokens, SendTokenMail};
use crate::orders::expiry::ExpireUnpaidOrders;
use crate::orders::guest_orders::LinkGuestOrders;
use crate::orders::notifications::SendOrderNotifications;
use crate::orders::privacy::EraseOrderData;
use crate::platform::api::purge_idempotency_keys;
use crate::platform::app::App;
use crate::platform::attempts::PurgeAttempts;
use crate::platform::jobs::{Job, JobRegistry, NewJob, Schedule, purge_finished, purge_workers};
use crate::platform::notify::{DeliverMessage, purge_messages};

/// Returns all jobs that a worker can run.
pub fn registry() -> JobRegistry {
    JobRegistry::default()
        .with::<LinkGuestOrders>()
        .with::<SendOrderNotifications>()
        .with::<DeliverMessage>()
        .with::<EraseOrderData>()
        .with::<ExpireUnpaidOrders>()
        .with::<SendTokenMail>()
        .with::<MakeExport>()
        .with::<PurgeAttempts>()
        .with::<PurgeFactors>()
        .with::<PurgeExports>()
        .with::<PurgeIdempotencyKeys>()
        .with::<PurgeJobs>()
        .with::<PurgeMessages>()
        .with::<PurgeSessions>()
        .with::<PurgeSignIns>()
        .with::<RotateSigningKeys>()
        .with::<PurgeTokens>()
}

/// Returns all scheduled jobs.
pub fn schedules() -> serde_json::Result<Vec<Schedule>> {
    Ok(vec![
        Schedule { name: "orders.expire_unpaid", cron: "*/5 * * * *", job: NewJob::new(&ExpireUnpaidOrders {})? },
        Schedule { name: "auth.purge_sessions", cron: "20 3 * * *", job: NewJob::new(&PurgeSessions {})? },
        Schedule { name: "attempts.purge", cron: "10 4 * * *", job: NewJob::new(&PurgeAttempts {})? },
        Schedule { name: "auth.rotate_signing_keys", cron: "30 3 * * *", job: NewJob::new(&RotateSigningKeys {})? },
        Schedule { name: "mfa.purge", cron: "10 * * * *", job: NewJob::new(&PurgeFactors {})? },
        Schedule { name: "oauth.purge_sign_ins", cron: "25 * * * *", job: NewJob::new(&PurgeSignIns {})? },
        Schedule { name: "accounts.purge_tokens", cron: "25 3 * * *", job: NewJob::new(&PurgeTokens {})? },
        Schedule { name: "privacy.purge_exports", cron: "35 * * * *", job: NewJob::new(&PurgeExports {})? },
        Schedule { name: "notify.purge", cron: "45 3 * * *", job: NewJob::new(&PurgeMessages {})? },
        Schedule { name: "http.purge_keys", cron: "50 * * * *", job: NewJob::new(&PurgeIdempotencyKeys {})? },
        Schedule { name: "jobs.purge", cron: "40 3 * * *", job: NewJob::new(&PurgeJobs {})? },
    ])
}

/// Maximum number of rows that one transaction deletes.
const BATCH: i64 = 5000;

/// Deletes jobs that succeeded more than a week ago, and workers without a heartbeat for a day.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeJobs {}

impl Job for PurgeJobs {
    const NAME: &'static str = "jobs.purge";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        while app.db.write(move |conn| purge_finished(conn, now - TimeDelta::days(7), BATCH)).await? > 0 {}
        app.db.write(move |conn| purge_workers(conn, now - TimeDelta::days(1))).await?;
        Ok(())
    }
}

/// Time after which sent messages are deleted.
const MESSAGE_RETENTION: TimeDelta = TimeDelta::days(30);

/// Deletes messages that were sent more than a month ago, because they contain names and addresses.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeMessages {}

impl Job for PurgeMessages {
    const NAME: &'static str = "notify.purge";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let before = app.clock.now() - MESSAGE_RETENTION;
        while app.db.write(move |conn| purge_messages(conn, before, BATCH)).await? > 0 {}
        Ok(())
    }
}

/// Deletes the stored responses of idempotent requests after a day.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeIdempotencyKeys {}

impl Job for PurgeIdempotencyKeys {
    const NAME: &'static str = "http.purge_idempotency_keys";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        while app.db.write(move |conn| purge_idempotency_keys(conn, now, BATCH)).await? > 0 {}
        Ok(())
    }
}
