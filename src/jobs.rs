//! Every background job, and those that run by the clock.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::customers::auth::{PurgeSessions, TendKeys};
use crate::customers::mfa::PurgeFactors;
use crate::customers::oauth::PurgeSignIns;
use crate::customers::privacy::{MakeExport, PurgeExports};
use crate::customers::verification::{MailToken, PurgeTokens};
use crate::orders::lifecycle::{AdoptGuestOrders, AnnounceOrder, EraseOrderData, ExpireUnpaidOrders};
use crate::platform::api::purge_idempotency_keys;
use crate::platform::app::App;
use crate::platform::attempts::PurgeAttempts;
use crate::platform::jobs::{Job, JobRegistry, NewJob, Schedule, purge_finished, purge_workers};
use crate::platform::notify::{DeliverMessage, purge_messages};

/// What a worker can run.
pub fn registry() -> JobRegistry {
    JobRegistry::default()
        .with::<AdoptGuestOrders>()
        .with::<AnnounceOrder>()
        .with::<DeliverMessage>()
        .with::<EraseOrderData>()
        .with::<ExpireUnpaidOrders>()
        .with::<MailToken>()
        .with::<MakeExport>()
        .with::<PurgeAttempts>()
        .with::<PurgeFactors>()
        .with::<PurgeExports>()
        .with::<PurgeIdempotencyKeys>()
        .with::<PurgeJobs>()
        .with::<PurgeMessages>()
        .with::<PurgeSessions>()
        .with::<PurgeSignIns>()
        .with::<TendKeys>()
        .with::<PurgeTokens>()
}

/// What runs by the clock.
pub fn schedules() -> serde_json::Result<Vec<Schedule>> {
    Ok(vec![
        Schedule { name: "orders.expire_unpaid", cron: "*/5 * * * *", job: NewJob::of(&ExpireUnpaidOrders {})? },
        Schedule { name: "auth.purge_sessions", cron: "20 3 * * *", job: NewJob::of(&PurgeSessions {})? },
        Schedule { name: "attempts.purge", cron: "10 4 * * *", job: NewJob::of(&PurgeAttempts {})? },
        Schedule { name: "auth.tend_keys", cron: "30 3 * * *", job: NewJob::of(&TendKeys {})? },
        Schedule { name: "mfa.purge", cron: "10 * * * *", job: NewJob::of(&PurgeFactors {})? },
        Schedule { name: "oauth.purge_sign_ins", cron: "25 * * * *", job: NewJob::of(&PurgeSignIns {})? },
        Schedule { name: "accounts.purge_tokens", cron: "25 3 * * *", job: NewJob::of(&PurgeTokens {})? },
        Schedule { name: "privacy.purge_exports", cron: "35 * * * *", job: NewJob::of(&PurgeExports {})? },
        Schedule { name: "notify.purge", cron: "45 3 * * *", job: NewJob::of(&PurgeMessages {})? },
        Schedule { name: "http.purge_keys", cron: "50 * * * *", job: NewJob::of(&PurgeIdempotencyKeys {})? },
        Schedule { name: "jobs.purge", cron: "40 3 * * *", job: NewJob::of(&PurgeJobs {})? },
    ])
}

/// Few enough for one short transaction.
const BATCH: i64 = 5000;

/// Forgets jobs that were done a week ago, and workers that have been gone for a day.
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

/// How long the shop remembers what it wrote to whom.
const MESSAGES_KEPT: TimeDelta = TimeDelta::days(30);

/// Forgets messages that were sent a month ago: they hold names and addresses.
#[derive(Debug, Serialize, Deserialize)]
pub struct PurgeMessages {}

impl Job for PurgeMessages {
    const NAME: &'static str = "notify.purge";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let before = app.clock.now() - MESSAGES_KEPT;
        while app.db.write(move |conn| purge_messages(conn, before, BATCH)).await? > 0 {}
        Ok(())
    }
}

/// Forgets the stored answers of yesterday's idempotent requests.
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
