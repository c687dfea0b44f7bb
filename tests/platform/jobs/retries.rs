//! Retries and permanent failures.

use chrono::TimeDelta;
use mercer::platform::jobs::{JobRow, JobState};

use super::{RunningWorker, enqueue_now, failure, note_of, row, run_once, runs, shop, until};
use crate::support::TestShop;

/// Runs one attempt and checks the pause before the next: `least` plus at most a tenth.
async fn assert_pause(shop: &TestShop, attempt: i32, least: TimeDelta) {
    let before = shop.app.clock.now();
    let job = run_once(shop).await;
    let after = shop.app.clock.now();

    assert_eq!((job.state, job.attempts), (JobState::Queued, attempt));
    let most = least + least / 10;
    assert!(job.run_at >= before + least, "{} is too soon after {before}", job.run_at);
    assert!(job.run_at <= after + most, "{} is too long after {after}", job.run_at);
    shop.advance(job.run_at - after + TimeDelta::seconds(1));
}

fn assert_dead(job: &JobRow, attempts: i32, error: &str) {
    assert_eq!((job.state, job.attempts), (JobState::Dead, attempts));
    assert_eq!(job.last_error.as_deref(), Some(error));
    assert!(job.finished_at.is_some());
}

#[actix_web::test]
async fn failed_job_is_retried_with_doubling_pauses() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("always"));

    assert_pause(&shop, 1, TimeDelta::seconds(60)).await;
    assert_pause(&shop, 2, TimeDelta::seconds(120)).await;
    let last = run_once(&shop).await;

    assert_dead(&last, 3, "the attempt failed: the cause");
}

#[actix_web::test]
async fn pause_is_limited_to_six_hours() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("always"));
    shop.execute("update jobs set max_attempts = 100, attempts = 8");

    assert_pause(&shop, 9, TimeDelta::seconds(60 << 8)).await;
    assert_pause(&shop, 10, TimeDelta::hours(6)).await;
    shop.execute("update jobs set attempts = 89");
    assert_pause(&shop, 90, TimeDelta::hours(6)).await;
}

#[actix_web::test]
async fn failed_job_is_not_retried_before_its_pause_ends() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("always"));
    let failed = run_once(&shop).await;

    shop.advance(TimeDelta::seconds(55));
    let worker = RunningWorker::start(&shop);
    enqueue_now(&shop, &note_of("meanwhile"));
    until(|| runs(&shop) == ["meanwhile"]).await;
    worker.stop().await;

    assert_eq!(shop.number("select attempts from jobs where name = 'test.fail'"), i64::from(failed.attempts));
}

#[actix_web::test]
async fn permanent_failure_is_not_retried() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("permanent"));

    assert_dead(&run_once(&shop).await, 1, "there is nothing to do");
}

#[actix_web::test]
async fn retry_after_extends_the_pause() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("later"));
    let before = shop.app.clock.now();

    let job = run_once(&shop).await;

    let after = shop.app.clock.now();
    assert_eq!(job.last_error.as_deref(), Some("busy"));
    assert!(job.run_at >= before + TimeDelta::seconds(1000) && job.run_at <= after + TimeDelta::seconds(1000));
}

#[actix_web::test]
async fn retry_after_does_not_shorten_the_pause() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("soon"));

    assert_pause(&shop, 1, TimeDelta::seconds(60)).await;
}

#[actix_web::test]
async fn panicking_job_is_retried_and_does_not_affect_other_jobs() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("panic"));
    let failed = run_once(&shop).await;
    assert_eq!(failed.state, JobState::Queued);
    assert_eq!(failed.last_error.as_deref(), Some("the job panicked"));

    enqueue_now(&shop, &note_of("next"));
    let worker = RunningWorker::start(&shop);
    until(|| runs(&shop) == ["next"]).await;
    worker.stop().await;
}

#[actix_web::test]
async fn unknown_job_becomes_dead_immediately() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));
    shop.execute("update jobs set name = 'test.unknown'");

    let job = run_once(&shop).await;

    assert_dead(&job, 1, "there is no job named test.unknown");
}

#[actix_web::test]
async fn invalid_payload_fails_and_is_retried() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));
    shop.execute("update jobs set payload = '[1]'");

    let job = run_once(&shop).await;

    assert_eq!(job.state, JobState::Queued);
    assert!(job.last_error.unwrap().starts_with("the payload does not match the job: "));
}

#[actix_web::test]
async fn job_that_succeeds_after_a_retry_keeps_its_last_error() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));
    shop.execute("update jobs set payload = '[1]'");
    run_once(&shop).await;
    shop.execute("update jobs set payload = '{\"name\": \"a\"}'");
    shop.advance(TimeDelta::minutes(2));

    let job = run_once(&shop).await;

    assert_eq!((job.state, job.attempts), (JobState::Done, 2));
    assert!(job.last_error.is_some() && job.finished_at.is_some());
    assert_eq!(row(&shop).state, JobState::Done);
}
