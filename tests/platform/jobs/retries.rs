//! Failing, trying again, giving up.

use chrono::TimeDelta;
use mercer::platform::jobs::{JobRow, JobState};

use super::{RunningWorker, enqueue_now, failure, note_of, row, run_once, runs, shop, until};
use crate::support::TestShop;

/// How long after its end a try is followed by the next: from the pause itself to a tenth more, by the job's id.
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
async fn a_job_that_fails_is_tried_again_after_pauses_that_double() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("always"));

    assert_pause(&shop, 1, TimeDelta::seconds(60)).await;
    assert_pause(&shop, 2, TimeDelta::seconds(120)).await;
    let last = run_once(&shop).await;

    assert_dead(&last, 3, "the try failed: the cause");
}

#[actix_web::test]
async fn pauses_double_up_to_six_hours() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("always"));
    shop.execute("update jobs set max_attempts = 100, attempts = 8");

    assert_pause(&shop, 9, TimeDelta::seconds(60 << 8)).await;
    assert_pause(&shop, 10, TimeDelta::hours(6)).await;
    shop.execute("update jobs set attempts = 89");
    assert_pause(&shop, 90, TimeDelta::hours(6)).await;
}

#[actix_web::test]
async fn a_job_does_not_come_back_before_its_pause_is_over() {
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
async fn an_error_that_no_retry_mends_is_the_last() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("for good"));

    assert_dead(&run_once(&shop).await, 1, "there is nothing to do");
}

#[actix_web::test]
async fn who_asks_for_a_longer_pause_gets_it() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("later"));
    let before = shop.app.clock.now();

    let job = run_once(&shop).await;

    let after = shop.app.clock.now();
    assert_eq!(job.last_error.as_deref(), Some("busy"));
    assert!(job.run_at >= before + TimeDelta::seconds(1000) && job.run_at <= after + TimeDelta::seconds(1000));
}

#[actix_web::test]
async fn who_asks_for_a_shorter_pause_gets_the_usual_one() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("soon"));

    assert_pause(&shop, 1, TimeDelta::seconds(60)).await;
}

#[actix_web::test]
async fn a_job_that_panics_is_tried_again_and_harms_nobody() {
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
async fn a_job_that_nobody_knows_is_dead_at_once() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));
    shop.execute("update jobs set name = 'test.unheard_of'");

    let job = run_once(&shop).await;

    assert_dead(&job, 1, "this program knows no job named test.unheard_of");
}

#[actix_web::test]
async fn a_payload_that_does_not_fit_fails_like_any_other() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));
    shop.execute("update jobs set payload = '[1]'");

    let job = run_once(&shop).await;

    assert_eq!(job.state, JobState::Queued);
    assert!(job.last_error.unwrap().starts_with("the job's payload does not fit: "));
}

#[actix_web::test]
async fn a_job_that_succeeds_at_last_is_done_and_remembers_why_it_was_late() {
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
