//! Workers that crash, stop or are idle.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use mercer::jobs::registry as shop_registry;
use mercer::platform::events::run_dispatcher;
use mercer::platform::jobs::{JobState, NewJob, WorkerSettings, run_worker};
use mercer::subscriptions::jobs_for;
use tokio::sync::watch;

use super::{RunningWorker, Wait, enqueue_now, note_of, row, rows, runs, shop, until};
use crate::support::TestShop;

/// Leases all jobs to a worker that no longer exists.
fn lease_to_a_dead_worker(shop: &TestShop, seconds: i64) {
    let until = shop.app.clock.now() + TimeDelta::seconds(seconds);
    shop.execute(&format!(
        "update jobs set state = 'running', attempts = attempts + 1, leased_by = gen_random_uuid(), \
         leased_until = '{until}'"
    ));
}

#[actix_web::test]
async fn job_of_a_dead_worker_runs_again_after_its_lease_expires() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));
    lease_to_a_dead_worker(&shop, 60);
    let worker = RunningWorker::start(&shop);

    // Until the lease expires, the worker could be alive.
    enqueue_now(&shop, &note_of("b"));
    until(|| shop.number("select count(*) from jobs where state = 'done'") == 1).await;
    assert_eq!(runs(&shop), ["b"]);
    shop.advance(TimeDelta::seconds(61));
    until(|| runs(&shop) == ["b", "a"]).await;
    worker.stop().await;

    assert_eq!(rows(&shop).iter().map(|job| job.attempts).collect::<Vec<_>>(), [2, 1]);
}

#[actix_web::test]
async fn job_whose_worker_dies_in_every_attempt_becomes_dead() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("fatal"));
    for _ in 0..8 {
        lease_to_a_dead_worker(&shop, -1);
    }

    let worker = RunningWorker::start(&shop);
    until(|| row(&shop).state == JobState::Dead).await;
    worker.stop().await;

    assert_eq!(row(&shop).last_error.as_deref(), Some("the worker died in every attempt"));
    assert!(runs(&shop).is_empty());
}

#[actix_web::test]
async fn worker_without_the_lease_does_not_record_the_result() {
    let shop = shop().await;
    enqueue_now(&shop, &NewJob::new(&Wait {}).unwrap());
    let worker = RunningWorker::start(&shop);
    until(|| runs(&shop) == ["started"]).await;

    shop.execute("update jobs set leased_by = gen_random_uuid()");
    shop.execute("insert into gate values (true)");
    worker.stop().await;

    assert_eq!(runs(&shop), ["started", "ended"]);
    assert_eq!(row(&shop).state, JobState::Running);
}

#[actix_web::test]
async fn worker_extends_the_lease_of_a_long_job() {
    let shop = shop().await;
    enqueue_now(&shop, &NewJob::new(&Wait {}).unwrap());
    let settings = || WorkerSettings { lease: Duration::from_secs(3), ..WorkerSettings::new(Vec::new(), 4) };
    let workers = [RunningWorker::with(&shop, settings()), RunningWorker::with(&shop, settings())];
    until(|| runs(&shop) == ["started"]).await;

    let leased_until = || shop.number("select extract(epoch from max(leased_until)) * 1000 from jobs");
    let first = leased_until();
    until(|| leased_until() > first + 900).await;
    shop.execute("insert into gate values (true)");
    until(|| row(&shop).state == JobState::Done).await;
    for worker in workers {
        worker.stop().await;
    }

    assert_eq!(runs(&shop), ["started", "ended"]);
}

#[actix_web::test]
async fn stopping_worker_finishes_running_jobs_and_starts_no_others() {
    let shop = shop().await;
    enqueue_now(&shop, &NewJob::new(&Wait {}).unwrap());
    let worker = RunningWorker::start(&shop);
    until(|| runs(&shop) == ["started"]).await;

    worker.stop.send_replace(true);
    tokio::time::sleep(Duration::from_millis(20)).await;
    enqueue_now(&shop, &note_of("too late"));
    assert!(!worker.task.is_finished());
    shop.execute("insert into gate values (true)");
    worker.stop().await;

    assert_eq!(runs(&shop), ["started", "ended"]);
    let states: Vec<_> = rows(&shop).into_iter().map(|job| job.state).collect();
    assert_eq!(states, [JobState::Done, JobState::Queued]);
    assert_eq!(shop.number("select count(*) from workers"), 0);
}

#[actix_web::test]
async fn worker_records_heartbeats_with_its_queues() {
    let shop = shop().await;
    let worker = RunningWorker::with(&shop, WorkerSettings::new(vec!["letters".to_owned()], 1));

    let heartbeats = "select count(*) from workers where queues = '{letters}' and seen_at >= started_at";
    until(|| shop.number(heartbeats) == 1).await;

    worker.stop().await;
    assert_eq!(shop.number("select count(*) from workers"), 0);
}

#[actix_web::test]
async fn job_runs_again_if_its_result_was_not_recorded() {
    let shop = shop().await;
    shop.execute(
        "create function reject_result() returns trigger language plpgsql as \
         $$ begin if new.state = 'done' then raise exception 'not now'; end if; return new; end $$",
    );
    shop.execute("create trigger reject_result before update on jobs for each row execute function reject_result()");
    enqueue_now(&shop, &note_of("a"));
    let settings = WorkerSettings { lease: Duration::from_millis(150), ..WorkerSettings::new(Vec::new(), 4) };
    let worker = RunningWorker::with(&shop, settings);
    // The first result was rejected, and the lease has expired.
    until(|| row(&shop).attempts > 1).await;

    shop.execute("drop trigger reject_result on jobs");
    until(|| row(&shop).state == JobState::Done).await;

    worker.stop().await;
    assert!(row(&shop).attempts > 1);
    assert!(runs(&shop).len() > 1, "{:?}", runs(&shop));
}

#[actix_web::test]
async fn idle_worker_and_dispatcher_do_not_wake_each_other() {
    let shop = shop().await;
    let (stop, stopped) = watch::channel(false);
    let worker = WorkerSettings::new(Vec::new(), 4);
    let tasks = [
        tokio::spawn(run_worker(shop.app.clone(), Arc::new(shop_registry()), worker, stopped.clone())),
        tokio::spawn(run_dispatcher(shop.app.clone(), Arc::new(jobs_for), stopped)),
    ];
    until(|| shop.number("select count(*) from workers") == 1).await;

    // A notified task looks for work, which must not send another notification.
    let notifications = async {
        let mut count = 0;
        loop {
            shop.app.db.commit_signal().notified().await;
            count += 1;
            assert!(count < 3, "worker and dispatcher wake each other");
        }
    };
    tokio::time::timeout(Duration::from_millis(300), notifications).await.unwrap_err();

    stop.send_replace(true);
    for task in tasks {
        task.await.unwrap();
    }
}

#[actix_web::test]
async fn new_job_wakes_an_idle_worker() {
    let shop = shop().await;
    let (stop, stopped) = watch::channel(false);
    let settings = WorkerSettings { poll: Duration::from_secs(3600), ..WorkerSettings::new(Vec::new(), 4) };
    let worker = tokio::spawn(run_worker(shop.app.clone(), Arc::new(super::registry()), settings, stopped));
    until(|| shop.number("select count(*) from workers") == 1).await;

    enqueue_now(&shop, &note_of("wake up"));
    until(|| runs(&shop) == ["wake up"]).await;

    stop.send_replace(true);
    worker.await.unwrap();
}
