//! Background jobs: queue, workers, retries, schedules.

mod api;
mod notifications;
mod queue;
mod retries;
mod schedules;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use mercer::platform::app::App;
use mercer::platform::jobs::{
    Job, JobRegistry, JobRow, NewJob, PermanentFailure, RetryAfter, WorkerSettings, enqueue, run_worker,
};
use mercer::schema::jobs;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::TestShop;

/// Job that writes its name to the table `runs`.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    name: String,
}

impl Job for Note {
    const NAME: &'static str = "test.note";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        note(app, &self.name).await
    }
}

/// Variant of [`Note`] in another queue.
#[derive(Debug, Serialize, Deserialize)]
struct Letter {}

impl Job for Letter {
    const NAME: &'static str = "test.letter";
    const QUEUE: &'static str = "letters";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        note(app, "letter").await
    }
}

/// Job that fails in the given way.
#[derive(Debug, Serialize, Deserialize)]
struct Fail {
    how: String,
}

impl Job for Fail {
    const NAME: &'static str = "test.fail";
    const MAX_ATTEMPTS: i32 = 3;

    async fn run(&self, _: &App) -> anyhow::Result<()> {
        let after = |seconds| RetryAfter { reason: "busy".to_owned(), pause: Duration::from_secs(seconds) };
        match self.how.as_str() {
            "permanent" => Err(PermanentFailure("there is nothing to do".to_owned()).into()),
            "later" => Err(after(1000).into()),
            "soon" => Err(after(1).into()),
            "panic" => std::panic::resume_unwind(Box::new("a bug")),
            _ => Err(anyhow::anyhow!("the cause").context("the attempt failed")),
        }
    }
}

/// Job that records its start, waits for a row in the table `gate`, and records its end.
#[derive(Debug, Serialize, Deserialize)]
struct Wait {}

impl Job for Wait {
    const NAME: &'static str = "test.wait";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        note(app, "started").await?;
        let is_open = |conn: &mut PgConnection| diesel::sql_query("select from gate").execute(conn);
        while app.db.read(is_open).await? == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        note(app, "ended").await
    }
}

async fn note(app: &App, name: &str) -> anyhow::Result<()> {
    let statement = format!("insert into runs (name) values ('{name}')");
    app.db.write(move |conn| diesel::sql_query(&statement).execute(conn)).await?;
    Ok(())
}

fn registry() -> JobRegistry {
    JobRegistry::default().with::<Note>().with::<Letter>().with::<Fail>().with::<Wait>()
}

/// Creates a shop with the tables of these jobs.
async fn shop() -> TestShop {
    let shop = TestShop::new().await;
    shop.execute("create table runs (id serial primary key, name text not null)");
    shop.execute("create table gate (opened boolean)");
    shop
}

fn runs(shop: &TestShop) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Run {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let runs = shop.sql(|conn| diesel::sql_query("select name from runs order by id").load::<Run>(conn));
    runs.into_iter().map(|run| run.name).collect()
}

fn enqueue_now(shop: &TestShop, job: &NewJob) {
    let now = shop.app.clock.now();
    shop.sql(|conn| enqueue(conn, job, now));
}

fn note_of(name: &str) -> NewJob {
    NewJob::new(&Note { name: name.to_owned() }).unwrap()
}

fn failure(how: &str) -> NewJob {
    NewJob::new(&Fail { how: how.to_owned() }).unwrap()
}

/// Returns all jobs, oldest first.
fn rows(shop: &TestShop) -> Vec<JobRow> {
    shop.sql(|conn| JobRow::query().order((jobs::created_at, jobs::id)).load(conn))
}

/// Returns the only job.
fn row(shop: &TestShop) -> JobRow {
    let mut rows = rows(shop);
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// Worker in this process.
struct RunningWorker {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl RunningWorker {
    fn start(shop: &TestShop) -> Self {
        Self::with(shop, WorkerSettings::new(Vec::new(), 4))
    }

    fn with(shop: &TestShop, settings: WorkerSettings) -> Self {
        let (stop, stopped) = watch::channel(false);
        let settings = WorkerSettings { poll: Duration::from_millis(5), ..settings };
        let task = tokio::spawn(run_worker(shop.app.clone(), Arc::new(registry()), settings, stopped));
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        self.task.await.unwrap();
    }
}

/// Waits until the condition is true. Panics after ten seconds.
async fn until(is_true: impl Fn() -> bool) {
    for _ in 0..2000 {
        if is_true() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the condition did not become true");
}

/// Runs one attempt of the only job.
async fn run_once(shop: &TestShop) -> JobRow {
    let before = row(shop).attempts;
    let worker = RunningWorker::start(shop);
    until(|| {
        shop.number("select count(*) from jobs where state <> 'running' and attempts > 0") == 1
            && row(shop).attempts > before
    })
    .await;
    worker.stop().await;
    row(shop)
}
