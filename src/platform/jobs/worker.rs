//! Worker: leases jobs while it has free slots, runs them concurrently, and finishes them before it stops.

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

use super::job::{ATTEMPT, JobRegistry, PermanentFailure};
use super::models::{JobRow, NewLease};
use super::services::{extend_leases, finish, is_final, record_heartbeat, remove_worker};
use crate::platform::app::App;
use crate::platform::types::{JobId, new_uuid};

/// Settings of a worker.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Queues to serve; empty for all.
    pub queues: Vec<String>,
    /// Maximum number of concurrent jobs.
    pub slots: usize,
    /// Time after which another worker can take over the jobs of a dead worker.
    pub lease: Duration,
    /// Pause between two polls of the queue when no notification arrives.
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
    /// Jobs that run in this process; heartbeats extend only their leases.
    running: Arc<Mutex<HashSet<JobId>>>,
}

/// Runs jobs until `stop` becomes true, then finishes the running jobs.
pub async fn run_worker(
    app: App,
    registry: Arc<JobRegistry>,
    settings: WorkerSettings,
    mut stop: watch::Receiver<bool>,
) {
    let worker = Worker { id: new_uuid(), app, registry, settings, running: Arc::default() };
    let heartbeats = tokio::spawn(worker.clone().send_heartbeats());
    let slots = Arc::new(Semaphore::new(worker.settings.slots));
    let mut running = JoinSet::new();
    while !*stop.borrow() {
        let notified = worker.app.db.commit_signal().notified();
        let free = slots.available_permits();
        let jobs = worker.lease_jobs(free).await;
        let is_full = free > 0 && jobs.len() == free;
        for job in jobs {
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
        if is_full {
            continue;
        }
        tokio::select! {
            () = notified => {}
            () = tokio::time::sleep(worker.settings.poll) => {}
            Some(_) = running.join_next() => {}
            _ = stop.changed() => {}
        }
    }
    while running.join_next().await.is_some() {}
    heartbeats.abort();
    let id = worker.id;
    if let Err(problem) = worker.app.db.write(move |conn| remove_worker(conn, id)).await {
        warn!(worker.id = %id, "Cannot remove worker {id}: {problem}");
    }
}

impl Worker {
    async fn lease_jobs(&self, free: usize) -> Vec<JobRow> {
        let Some(limit) = i32::try_from(free).ok().filter(|limit| *limit > 0) else {
            return Vec::new();
        };
        let (queues, now) = (self.settings.queues.clone(), self.app.clock.now());
        let lease = NewLease { worker: self.id, from: now, until: now + self.lease_duration() };
        let jobs = self.app.db.write(move |conn| JobRow::lease(conn, &lease, &queues, limit));
        jobs.await.unwrap_or_else(|problem| {
            warn!("Cannot lease jobs: {problem}");
            Vec::new()
        })
    }

    fn running(&self) -> MutexGuard<'_, HashSet<JobId>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lease_duration(&self) -> TimeDelta {
        TimeDelta::from_std(self.settings.lease).unwrap_or(TimeDelta::seconds(60))
    }

    /// Records heartbeats of this worker and extends the leases of its running jobs.
    async fn send_heartbeats(self) {
        loop {
            let (id, queues, now) = (self.id, self.settings.queues.clone(), self.app.clock.now());
            let leased_until = now + self.lease_duration();
            let running: Vec<JobId> = self.running().iter().copied().collect();
            let heartbeat = self.app.db.write(move |conn| {
                record_heartbeat(conn, id, &queues, now)?;
                extend_leases(conn, id, &running, leased_until)
            });
            if let Err(problem) = heartbeat.await {
                warn!(worker.id = %id, "Cannot record the heartbeat of worker {id}: {problem}");
            }
            tokio::time::sleep(self.settings.lease / 3).await;
        }
    }

    async fn run(&self, job: JobRow) {
        let span = info_span!("job", job.id = %job.id, job.name = %job.name, job.attempt = job.attempts);
        let run = async {
            // Another worker takes over the job of a dead worker. A job that crashes every worker must not run forever.
            let result = if job.attempts > job.max_attempts {
                Err(PermanentFailure("the worker died in every attempt".to_owned()).into())
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
                Err(error) => warn!("Job {} failed and will be retried: {error:#}", job.name),
            }
            self.record(job, result).await;
        };
        run.instrument(span).await;
    }

    /// Records the result. If this fails, the lease expires and the job runs again.
    async fn record(&self, job: JobRow, result: anyhow::Result<()>) {
        let (worker, now, id) = (self.id, self.app.clock.now(), job.id);
        let recorded = self.app.db.write(move |conn| finish(conn, &job, worker, &result, now)).await;
        match recorded {
            Ok(true) => {}
            Ok(false) => warn!(job.id = %id, "Job {id} lost its lease before it ended"),
            Err(problem) => warn!(job.id = %id, "Cannot record the result of job {id}: {problem}"),
        }
    }
}
