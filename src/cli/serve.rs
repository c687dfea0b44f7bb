//! `serve` and `worker`: the two commands that stay.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::output;
use super::seed;
use super::setup::{self, Database};
use crate::jobs::{registry, schedules};
use crate::platform::app::App;
use crate::platform::audit::seal;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::{TimeOuts, hear_others, tell_others};
use crate::platform::events::dispatch;
use crate::platform::jobs::{WorkerSettings, sync_schedules, work as run_worker};
use crate::server;
use crate::subscriptions::jobs_for;

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    /// Serve only; a `worker` elsewhere runs the jobs
    #[arg(long)]
    without_worker: bool,
    /// Fill an empty database with the demo shop first
    #[arg(long)]
    demo: bool,
}

#[derive(Debug, Args)]
pub(super) struct WorkerArguments {
    /// Only these queues, separated by commas
    #[arg(long, value_delimiter = ',')]
    queues: Vec<String>,
}

pub(super) fn serve(config: Config, arguments: &ServeArguments) -> Result<()> {
    // Before anything is started: a taken port is the commonest reason to end at once.
    let listener = server::listen(&config)?;
    let (database, _) = Database::open_and_migrate(&config)?;
    if arguments.demo {
        seed::seed_if_empty(&config, &database)?;
    }
    let db = database.connect(&config, TimeOuts::INTERACTIVE)?;
    output::print(&welcome(&config, arguments.demo))?;
    let with_worker = !arguments.without_worker;
    let url = database.url().to_owned();
    let result = actix_web::rt::System::new().block_on(async move {
        // Inside the runtime: the connection to Redis wants one.
        let app = setup::app(config, db, Clock::system())?;
        let server = server::serve(app.clone(), listener)?;
        let handle = server.handle();
        let serving = tokio::spawn(server);
        let background = Background::start(&app, url, Vec::new(), with_worker)?;
        wait_for_signal().await?;
        info!("Stopping");
        server::stop(&app, handle).await;
        background.stop().await;
        serving.await.context("the server panicked")?.context("the server failed")
    });
    database.close();
    result
}

pub(super) fn work(config: Config, arguments: WorkerArguments) -> Result<()> {
    let (database, _) = Database::open_and_migrate(&config)?;
    let db = database.connect(&config, TimeOuts::INTERACTIVE)?;
    let url = database.url().to_owned();
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(async move {
        let app = setup::app(config, db, Clock::system())?;
        let background = Background::start(&app, url, arguments.queues, true)?;
        wait_for_signal().await?;
        info!("Finishing the jobs under way");
        background.stop().await;
        Ok(())
    });
    drop(runtime);
    database.close();
    result
}

/// A job that takes longer than this is left to the next worker.
const PATIENCE: Duration = Duration::from_secs(30);

/// The loops behind the API: dispatcher, sealer of the audit log, schedules, worker.
struct Background {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Background {
    /// `url` leads to the database, for the connection that listens.
    fn start(app: &App, url: String, queues: Vec<String>, is_worker: bool) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(tell_others(app.db.clone(), stopped.clone()));
        if is_worker {
            tasks.spawn(hear_others(url, app.db.wake().clone(), stopped.clone()));
            tasks.spawn(seal(app.clone(), stopped.clone()));
            tasks.spawn(dispatch(app.clone(), Arc::new(jobs_for), stopped.clone()));
            tasks.spawn(sync_schedules(app.clone(), Arc::new(schedules()?), stopped.clone()));
            let settings = WorkerSettings::new(queues, app.config.job_slots);
            tasks.spawn(run_worker(app.clone(), Arc::new(registry()), settings, stopped));
        }
        Ok(Self { stop, tasks })
    }

    /// What is running finishes first.
    async fn stop(mut self) {
        self.stop.send_replace(true);
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, finished).await.is_err() {
            warn!("Some jobs did not end in {PATIENCE:?}: they will run again");
            self.tasks.abort_all();
        }
    }
}

async fn wait_for_signal() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn welcome(config: &Config, is_demo: bool) -> String {
    let url = format!("http://{}", config.bind);
    let mut text = format!(
        "\n  Mercer is at work.\n\n    API            {url}/api/\n    Documentation  {url}/api/docs/\n    Health         {url}/health/\n"
    );
    if is_demo {
        text.push_str(&seed::demo_logins());
    }
    text.push_str("\n  Ctrl-C stops everything.\n\n");
    text
}
