//! Workers that die, stop, or stand idle.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use mercer::jobs::registry as shop_registry;
use mercer::platform::events::dispatch;
use mercer::platform::jobs::{JobState, NewJob, WorkerSettings, work};
use mercer::subscriptions::jobs_for;
use tokio::sync::watch;

use super::{RunningWorker, Wait, enqueue_now, note_of, row, rows, runs, shop, until};
use crate::support::TestShop;

/// As a worker leaves its jobs that is killed in the middle.
fn lease_to_a_dead_worker(shop: &TestShop, seconds: i64) {
    let until = shop.app.clock.now() + TimeDelta::seconds(seconds);
    shop.execute(&format!(
        "update jobs set state = 'running', attempts = attempts + 1, leased_by = gen_random_uuid(), \
         leased_until = '{until}'"
    ));
}

#[actix_web::test]
async fn the_job_of_a_worker_that_died_is_taken_again_after_its_lease() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));
    lease_to_a_dead_worker(&shop, 60);
    let worker = RunningWorker::start(&shop);

    // Until then it may be alive.
    enqueue_now(&shop, &note_of("b"));
    until(|| shop.number("select count(*) from jobs where state = 'done'") == 1).await;
    assert_eq!(runs(&shop), ["b"]);
    shop.advance(TimeDelta::seconds(61));
    until(|| runs(&shop) == ["b", "a"]).await;
    worker.stop().await;

    assert_eq!(rows(&shop).iter().map(|job| job.attempts).collect::<Vec<_>>(), [2, 1]);
}

#[actix_web::test]
async fn a_job_that_kills_every_worker_is_dead_in_the_end() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("deadly"));
    for _ in 0..8 {
        lease_to_a_dead_worker(&shop, -1);
    }

    let worker = RunningWorker::start(&shop);
    until(|| row(&shop).state == JobState::Dead).await;
    worker.stop().await;

    assert_eq!(row(&shop).last_error.as_deref(), Some("its worker died in every try"));
    assert!(runs(&shop).is_empty());
}

#[actix_web::test]
async fn who_has_lost_the_lease_does_not_write_the_end() {
    let shop = shop().await;
    enqueue_now(&shop, &NewJob::of(&Wait {}).unwrap());
    let worker = RunningWorker::start(&shop);
    until(|| runs(&shop) == ["begun"]).await;

    shop.execute("update jobs set leased_by = gen_random_uuid()");
    shop.execute("insert into gate values (true)");
    worker.stop().await;

    assert_eq!(runs(&shop), ["begun", "ended"]);
    assert_eq!(row(&shop).state, JobState::Running);
}

#[actix_web::test]
async fn a_worker_holds_on_to_what_takes_longer_than_a_lease() {
    let shop = shop().await;
    enqueue_now(&shop, &NewJob::of(&Wait {}).unwrap());
    let settings = || WorkerSettings { lease: Duration::from_secs(3), ..WorkerSettings::new(Vec::new(), 4) };
    let workers = [RunningWorker::with(&shop, settings()), RunningWorker::with(&shop, settings())];
    until(|| runs(&shop) == ["begun"]).await;

    let leased_until = || shop.number("select extract(epoch from max(leased_until)) * 1000 from jobs");
    let first = leased_until();
    until(|| leased_until() > first + 900).await;
    shop.execute("insert into gate values (true)");
    until(|| row(&shop).state == JobState::Done).await;
    for worker in workers {
        worker.stop().await;
    }

    assert_eq!(runs(&shop), ["begun", "ended"]);
}

#[actix_web::test]
async fn a_worker_that_stops_finishes_what_it_began_and_begins_no_more() {
    let shop = shop().await;
    enqueue_now(&shop, &NewJob::of(&Wait {}).unwrap());
    let worker = RunningWorker::start(&shop);
    until(|| runs(&shop) == ["begun"]).await;

    worker.stop.send_replace(true);
    tokio::time::sleep(Duration::from_millis(20)).await;
    enqueue_now(&shop, &note_of("too late"));
    assert!(!worker.task.is_finished());
    shop.execute("insert into gate values (true)");
    worker.stop().await;

    assert_eq!(runs(&shop), ["begun", "ended"]);
    let states: Vec<_> = rows(&shop).into_iter().map(|job| job.state).collect();
    assert_eq!(states, [JobState::Done, JobState::Queued]);
    assert_eq!(shop.number("select count(*) from workers"), 0);
}

#[actix_web::test]
async fn a_worker_shows_itself_and_its_queues() {
    let shop = shop().await;
    let worker = RunningWorker::with(&shop, WorkerSettings::new(vec!["letters".to_owned()], 1));

    let shown = "select count(*) from workers where queues = '{letters}' and seen_at >= started_at";
    until(|| shop.number(shown) == 1).await;

    worker.stop().await;
    assert_eq!(shop.number("select count(*) from workers"), 0);
}

#[actix_web::test]
async fn a_job_whose_end_could_not_be_written_is_run_again() {
    let shop = shop().await;
    shop.execute(
        "create function refuse() returns trigger language plpgsql as \
         $$ begin if new.state = 'done' then raise exception 'not now'; end if; return new; end $$",
    );
    shop.execute("create trigger refuse before update on jobs for each row execute function refuse()");
    enqueue_now(&shop, &note_of("a"));
    let settings = WorkerSettings { lease: Duration::from_millis(150), ..WorkerSettings::new(Vec::new(), 4) };
    let worker = RunningWorker::with(&shop, settings);
    // Its first end was refused, and its lease has run out.
    until(|| row(&shop).attempts > 1).await;

    shop.execute("drop trigger refuse on jobs");
    until(|| row(&shop).state == JobState::Done).await;

    worker.stop().await;
    assert!(row(&shop).attempts > 1);
    assert!(runs(&shop).len() > 1, "{:?}", runs(&shop));
}

#[actix_web::test]
async fn an_idle_shop_leaves_its_database_alone() {
    let shop = shop().await;
    let (stop, stopped) = watch::channel(false);
    let worker = WorkerSettings::new(Vec::new(), 4);
    let tasks = [
        tokio::spawn(work(shop.app.clone(), Arc::new(shop_registry()), worker, stopped.clone())),
        tokio::spawn(dispatch(shop.app.clone(), Arc::new(jobs_for), stopped)),
    ];
    until(|| shop.number("select count(*) from workers") == 1).await;

    // Who is tapped looks for work, and looking must not tap.
    let count = async {
        let mut taps = 0;
        loop {
            shop.app.db.wake().tapped().await;
            taps += 1;
            assert!(taps < 3, "worker and dispatcher keep each other awake");
        }
    };
    tokio::time::timeout(Duration::from_millis(300), count).await.unwrap_err();

    stop.send_replace(true);
    for task in tasks {
        task.await.unwrap();
    }
}

#[actix_web::test]
async fn a_new_job_wakes_a_worker_that_sleeps() {
    let shop = shop().await;
    let (stop, stopped) = watch::channel(false);
    let sleepy = WorkerSettings { poll: Duration::from_secs(3600), ..WorkerSettings::new(Vec::new(), 4) };
    let worker = tokio::spawn(work(shop.app.clone(), Arc::new(super::registry()), sleepy, stopped));
    until(|| shop.number("select count(*) from workers") == 1).await;

    enqueue_now(&shop, &note_of("wake up"));
    until(|| runs(&shop) == ["wake up"]).await;

    stop.send_replace(true);
    worker.await.unwrap();
}
