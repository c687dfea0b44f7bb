//! A worker: takes jobs as it has room, runs them side by side, and finishes what it began before it stops.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::FutureExt;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{Instrument, error, info, info_span, warn};
use uuid::Uuid;

use super::job::{ATTEMPT, JobRegistry};
use super::models::JobRow;
use super::services::{extend_leases, finish, hide_worker, is_final, show_worker};
use crate::platform::app::App;
use crate::platform::types::{JobId, new_uuid};

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// None named: all.
    pub queues: Vec<String>,
    /// Jobs at once.
    pub slots: usize,
    /// How long a job of a dead worker stays its own.
    pub lease: Duration,
    /// How long to wait for work when nobody tapped us.
    pub poll: Duration,
}

impl WorkerSettings {
    pub const fn new(queues: Vec<String>, slots: usize) -> Self {
        Self { queues, slots, lease: Duration::from_secs(60), poll: Duration::from_millis(500) }
    }
}

#[derive(Clone)]
struct Worker {
    id: Uuid,
    app: App,
    registry: Arc<JobRegistry>,
    settings: WorkerSettings,
    /// What is running here: only these leases are held on to.
    running: Arc<Mutex<HashSet<JobId>>>,
}

/// Works until `stop` says so, then finishes what is running.
pub async fn work(app: App, registry: Arc<JobRegistry>, settings: WorkerSettings, mut stop: watch::Receiver<bool>) {
    let worker = Worker { id: new_uuid(), app, registry, settings, running: Arc::default() };
    let heart = tokio::spawn(worker.clone().beat());
    let slots = Arc::new(Semaphore::new(worker.settings.slots));
    let mut running = JoinSet::new();
    while !*stop.borrow() {
        let tapped = worker.app.db.wake().tapped();
        let free = slots.available_permits();
        let taken = worker.take(free).await;
        let took_all = free > 0 && taken.len() == free;
        for job in taken {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                break;
            };
            let worker = worker.clone();
            worker.running().insert(job.id);
            running.spawn(async move {
                let id = job.id;
                worker.run(job).await;
                worker.running().remove(&id);
                drop(slot);
            });
        }
        while running.try_join_next().is_some() {}
        if took_all {
            continue;
        }
        tokio::select! {
            () = tapped => {}
            () = tokio::time::sleep(worker.settings.poll) => {}
            Some(_) = running.join_next() => {}
            _ = stop.changed() => {}
        }
    }
    while running.join_next().await.is_some() {}
    heart.abort();
    let id = worker.id;
    if let Err(problem) = worker.app.db.write(move |conn| hide_worker(conn, id)).await {
        warn!(worker.id = %id, "Worker {id} could not take its leave: {problem}");
    }
}

impl Worker {
    async fn take(&self, free: usize) -> Vec<JobRow> {
        let Some(limit) = i32::try_from(free).ok().filter(|limit| *limit > 0) else {
            return Vec::new();
        };
        let (id, queues, now) = (self.id, self.settings.queues.clone(), self.app.clock.now());
        let leased_until = now + self.lease();
        let taken = self.app.db.write(move |conn| JobRow::take(conn, id, &queues, limit, (now, leased_until)));
        taken.await.unwrap_or_else(|problem| {
            warn!("No jobs could be taken: {problem}");
            Vec::new()
        })
    }

    fn running(&self) -> MutexGuard<'_, HashSet<JobId>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lease(&self) -> TimeDelta {
        TimeDelta::from_std(self.settings.lease).unwrap_or(TimeDelta::seconds(60))
    }

    /// Shows that this worker is alive, and holds on to what it runs.
    async fn beat(self) {
        loop {
            let (id, queues, now) = (self.id, self.settings.queues.clone(), self.app.clock.now());
            let leased_until = now + self.lease();
            let running: Vec<JobId> = self.running().iter().copied().collect();
            let beat = self.app.db.write(move |conn| {
                show_worker(conn, id, &queues, now)?;
                extend_leases(conn, id, &running, leased_until)
            });
            if let Err(problem) = beat.await {
                warn!(worker.id = %id, "Worker {id} could not show itself: {problem}");
            }
            tokio::time::sleep(self.settings.lease / 3).await;
        }
    }

    async fn run(&self, job: JobRow) {
        let span = info_span!("job", job.id = %job.id, job.name = %job.name, job.attempt = job.attempts);
        let run = async {
            // A worker that dies in a job leaves it to the next; a job that kills every worker must end too.
            let result = if job.attempts > job.max_attempts {
                Err(super::WillNotSucceed("its worker died in every try".to_owned()).into())
            } else {
                let work = self.registry.run(&job.name, job.payload.clone(), self.app.clone());
                AssertUnwindSafe(ATTEMPT.scope(job.attempts, work))
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("the job panicked")))
            };
            match &result {
                Ok(()) => info!("Job {} done", job.name),
                Err(error) if is_final(&job, error) => error!("Job {} is dead: {error:#}", job.name),
                Err(error) => warn!("Job {} failed, will be tried again: {error:#}", job.name),
            }
            self.record(job, result).await;
        };
        run.instrument(span).await;
    }

    /// Where even this fails, the lease runs out and the job runs again.
    async fn record(&self, job: JobRow, result: anyhow::Result<()>) {
        let (worker, now, id) = (self.id, self.app.clock.now(), job.id);
        let written = self.app.db.write(move |conn| finish(conn, &job, worker, &result, now)).await;
        match written {
            Ok(true) => {}
            Ok(false) => warn!(job.id = %id, "The lease of job {id} was lost before it ended"),
            Err(problem) => warn!(job.id = %id, "The end of job {id} could not be written: {problem}"),
        }
    }
}
