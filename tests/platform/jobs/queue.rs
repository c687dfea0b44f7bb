//! Enqueueing, ordering and purging of jobs.

use chrono::TimeDelta;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use futures_util::future::join_all;
use mercer::platform::error::Problem;
use mercer::platform::jobs::{JobState, NewJob, WorkerSettings, depth, enqueue, enqueue_all, purge_finished};

use super::{Letter, RunningWorker, enqueue_now, note_of, rows, runs, shop, until};

#[actix_web::test]
async fn job_of_a_rolled_back_transaction_is_not_enqueued() {
    let shop = shop().await;
    let now = shop.app.clock.now();

    let reject = |conn: &mut PgConnection| -> Result<(), Problem> {
        enqueue(conn, &note_of("never"), now)?;
        Err(Problem::not_found())
    };
    shop.app.db.write_blocking(reject).unwrap_err();

    assert!(rows(&shop).is_empty());
}

#[actix_web::test]
async fn unique_key_prevents_a_second_job_even_after_the_first_is_done() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a").unique(1));
    enqueue_now(&shop, &note_of("a").unique(1));
    let worker = RunningWorker::start(&shop);
    until(|| runs(&shop).len() == 1).await;
    worker.stop().await;

    enqueue_now(&shop, &note_of("again").unique(1));
    enqueue_now(&shop, &note_of("other").unique(2));

    let states: Vec<_> = rows(&shop).into_iter().map(|job| job.state).collect();
    assert_eq!(states, [JobState::Done, JobState::Queued]);
}

#[actix_web::test]
async fn concurrent_enqueues_of_one_key_create_one_job() {
    let shop = shop().await;
    let now = shop.app.clock.now();

    let both = (0..2).map(|_| shop.app.db.write(move |conn| enqueue(conn, &note_of("a").unique(1), now)));
    let results = join_all(both).await;

    assert!(results.iter().all(Result::is_ok));
    assert_eq!(rows(&shop).len(), 1);
}

#[actix_web::test]
async fn two_workers_run_each_job_once() {
    let shop = shop().await;
    let now = shop.app.clock.now();
    let jobs: Vec<NewJob> = (0..40).map(|number| note_of(&format!("{number:02}"))).collect();
    shop.sql(|conn| enqueue_all(conn, &jobs, now));

    let workers = [RunningWorker::start(&shop), RunningWorker::start(&shop)];
    until(|| shop.number("select count(*) from jobs where state = 'done'") == 40).await;
    for worker in workers {
        worker.stop().await;
    }

    let mut names = runs(&shop);
    names.sort();
    assert_eq!(names, (0..40).map(|number| format!("{number:02}")).collect::<Vec<_>>());
    assert!(rows(&shop).iter().all(|job| job.attempts == 1 && job.finished_at.is_some()));
}

#[actix_web::test]
async fn delayed_job_runs_when_it_is_due() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("later").delayed_by(TimeDelta::minutes(10)));
    enqueue_now(&shop, &note_of("now"));
    let worker = RunningWorker::start(&shop);

    until(|| shop.number("select count(*) from jobs where state = 'done'") == 1).await;
    assert_eq!(runs(&shop), ["now"]);
    shop.advance(TimeDelta::minutes(11));
    until(|| runs(&shop) == ["now", "later"]).await;

    worker.stop().await;
}

#[actix_web::test]
async fn worker_runs_only_jobs_of_its_queues() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("note"));
    enqueue_now(&shop, &NewJob::new(&Letter {}).unwrap());

    let worker = RunningWorker::with(&shop, WorkerSettings::new(vec!["letters".to_owned()], 4));
    until(|| runs(&shop) == ["letter"]).await;
    worker.stop().await;

    let states: Vec<_> = rows(&shop).into_iter().map(|job| (job.queue, job.state)).collect();
    assert_eq!(states, [("default".to_owned(), JobState::Queued), ("letters".to_owned(), JobState::Done)]);
}

#[actix_web::test]
async fn jobs_run_by_priority_and_then_by_age() {
    let shop = shop().await;
    for name in ["second", "third", "first"] {
        enqueue_now(&shop, &note_of(name));
    }
    shop.execute("update jobs set priority = 5 where payload->>'name' = 'first'");

    let worker = RunningWorker::with(&shop, WorkerSettings::new(Vec::new(), 1));
    until(|| runs(&shop).len() == 3).await;
    worker.stop().await;

    assert_eq!(runs(&shop), ["first", "second", "third"]);
}

#[actix_web::test]
async fn queue_depth_counts_due_and_dead_jobs() {
    let shop = shop().await;
    let now = shop.app.clock.now();
    enqueue_now(&shop, &note_of("old"));
    shop.advance(TimeDelta::minutes(1));
    enqueue_now(&shop, &note_of("new"));
    enqueue_now(&shop, &note_of("later").delayed_by(TimeDelta::minutes(5)));
    enqueue_now(&shop, &note_of("dead"));
    shop.execute("update jobs set state = 'dead' where payload->>'name' = 'dead'");

    let at = shop.app.clock.now();
    let found = shop.sql(|conn| depth(conn, at));

    assert_eq!((found.ready, found.dead), (2, 1));
    let oldest = found.oldest.unwrap();
    assert!(oldest >= now && oldest < now + TimeDelta::seconds(30), "{oldest}");
}

#[actix_web::test]
async fn purge_deletes_finished_jobs_and_keeps_dead_jobs() {
    let shop = shop().await;
    for name in ["done", "dead", "queued", "fresh"] {
        enqueue_now(&shop, &note_of(name));
    }
    shop.execute(
        "update jobs set state = case payload->>'name' when 'dead' then 'dead' else 'done' end, \
         finished_at = case payload->>'name' when 'fresh' then now() + interval '1 day' else now() end \
         where payload->>'name' <> 'queued'",
    );

    let before = shop.app.clock.now() + TimeDelta::hours(1);
    let deleted = shop.sql(|conn| purge_finished(conn, before, 100));

    assert_eq!(deleted, 1);
    let names = "select count(*) from jobs where payload->>'name' in ('dead', 'queued', 'fresh')";
    assert_eq!(shop.number(names), 3);
}

#[actix_web::test]
async fn database_rejects_invalid_job_states() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));

    for invalid in [
        "update jobs set state = 'lost'",
        "update jobs set state = 'running'",
        "update jobs set leased_until = now()",
        "update jobs set max_attempts = 0",
    ] {
        let result = shop.app.db.write_blocking(|conn| diesel::sql_query(invalid).execute(conn));
        assert!(result.is_err(), "{invalid}");
    }
}
