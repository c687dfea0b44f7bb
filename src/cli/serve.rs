//! `serve` and `worker`: the commands that run until they are stopped.

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
use crate::platform::audit::run_chain_worker;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::{DatabaseTimeouts, listen_to_other_processes, notify_other_processes};
use crate::platform::events::run_dispatcher;
use crate::platform::jobs::{WorkerSettings, run_schedules, run_worker};
use crate::server;
use crate::subscriptions::jobs_for;

#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    /// Do not run background jobs; a separate `worker` runs them
    #[arg(long)]
    without_worker: bool,
    /// Create the demo shop first if the database is empty
    #[arg(long)]
    demo: bool,
}

#[derive(Debug, Args)]
pub(super) struct WorkerArguments {
    /// Queues to process, separated by commas; all by default
    #[arg(long, value_delimiter = ',')]
    queues: Vec<String>,
}

pub(super) fn serve(config: Config, arguments: &ServeArguments) -> Result<()> {
    // Bind first: a port that is already in use is the most common error at start-up.
    let listener = server::listen(&config)?;
    let (database, _) = Database::open_and_migrate(&config)?;
    if arguments.demo {
        seed::seed_if_empty(&config, &database)?;
    }
    let db = database.connect(&config, DatabaseTimeouts::INTERACTIVE)?;
    output::print(&welcome(&config, arguments.demo))?;
    let with_worker = !arguments.without_worker;
    let url = database.url().to_owned();
    let result = actix_web::rt::System::new().block_on(async move {
        // The connection to Redis requires a runtime.
        let app = setup::app(config, db, Clock::system())?;
        let server = server::serve(app.clone(), listener)?;
        let handle = server.handle();
        let serving = tokio::spawn(server);
        let background = BackgroundTasks::start(&app, url, Vec::new(), with_worker)?;
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
    let db = database.connect(&config, DatabaseTimeouts::INTERACTIVE)?;
    let url = database.url().to_owned();
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(async move {
        let app = setup::app(config, db, Clock::system())?;
        let background = BackgroundTasks::start(&app, url, arguments.queues, true)?;
        wait_for_signal().await?;
        info!("Finishing the running jobs");
        background.stop().await;
        Ok(())
    });
    drop(runtime);
    database.close();
    result
}

/// Maximum time to wait for running jobs. Another worker repeats the jobs that take longer.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);

/// Background tasks: dispatcher, audit chain worker, schedules, job worker.
struct BackgroundTasks {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl BackgroundTasks {
    /// Starts the tasks. `url` is the database of the connection that listens for notifications.
    fn start(app: &App, url: String, queues: Vec<String>, is_worker: bool) -> Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(notify_other_processes(app.db.clone(), stopped.clone()));
        if is_worker {
            tasks.spawn(listen_to_other_processes(url, app.db.commit_signal().clone(), stopped.clone()));
            tasks.spawn(run_chain_worker(app.clone(), stopped.clone()));
            tasks.spawn(run_dispatcher(app.clone(), Arc::new(jobs_for), stopped.clone()));
            tasks.spawn(run_schedules(app.clone(), Arc::new(schedules()?), stopped.clone()));
            let settings = WorkerSettings::new(queues, app.config.job_slots);
            tasks.spawn(run_worker(app.clone(), Arc::new(registry()), settings, stopped));
        }
        Ok(Self { stop, tasks })
    }

    /// Stops the tasks after the running jobs have finished.
    async fn stop(mut self) {
        self.stop.send_replace(true);
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, finished).await.is_err() {
            warn!("Some jobs did not finish within {SHUTDOWN_TIMEOUT:?} and will run again");
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
        "\n  Mercer is running.\n\n    API            {url}/api/\n    Documentation  {url}/api/docs/\n    Health         {url}/health/\n"
    );
    if is_demo {
        text.push_str(&seed::demo_logins());
    }
    text.push_str("\n  Press Ctrl-C to stop.\n\n");
    text
}
