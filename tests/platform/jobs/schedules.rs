//! Scheduled jobs.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use diesel::prelude::*;
use mercer::jobs::schedules as shop_schedules;
use mercer::platform::jobs::{Schedule, run_schedules};
use mercer::schema::schedules;
use tokio::sync::watch;

use super::{note_of, rows, shop, until};
use crate::support::TestShop;

fn every_ten_minutes() -> Vec<Schedule> {
    vec![Schedule { name: "test.tick", cron: "*/10 * * * *", job: note_of("tick") }]
}

/// Runs concurrent schedulers that check the schedules once each.
async fn check_schedules(shop: &TestShop, schedulers: usize, known: Vec<Schedule>) {
    let (stop, stopped) = watch::channel(false);
    let known = Arc::new(known);
    let tasks: Vec<_> = (0..schedulers)
        .map(|_| tokio::spawn(run_schedules(shop.app.clone(), Arc::clone(&known), stopped.clone())))
        .collect();
    // Each scheduler checks before it sleeps, and finishes the check before it stops.
    tokio::task::yield_now().await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    stop.send_replace(true);
    for task in tasks {
        task.await.unwrap();
    }
}

fn next_run_at(shop: &TestShop) -> DateTime<Utc> {
    shop.sql(|conn| schedules::table.select(schedules::next_run_at).first(conn))
}

#[actix_web::test]
async fn new_schedule_waits_for_its_first_tick() {
    let shop = shop().await;

    check_schedules(&shop, 1, every_ten_minutes()).await;

    assert!(rows(&shop).is_empty());
    let next = next_run_at(&shop);
    assert_eq!((next.minute() % 10, next.second()), (0, 0));
    let now = shop.app.clock.now();
    assert!(next > now - TimeDelta::seconds(30) && next <= now + TimeDelta::minutes(10));
}

#[actix_web::test]
async fn concurrent_schedulers_enqueue_each_tick_once() {
    let shop = shop().await;
    check_schedules(&shop, 2, every_ten_minutes()).await;
    assert_eq!(shop.number("select count(*) from schedules"), 1);

    shop.advance(TimeDelta::minutes(10));
    check_schedules(&shop, 2, every_ten_minutes()).await;
    assert_eq!(rows(&shop).len(), 1);
    assert!(next_run_at(&shop) > shop.app.clock.now());

    check_schedules(&shop, 2, every_ten_minutes()).await;
    assert_eq!(rows(&shop).len(), 1);
    shop.advance(TimeDelta::minutes(10));
    check_schedules(&shop, 2, every_ten_minutes()).await;
    assert_eq!(rows(&shop).len(), 2);
}

#[actix_web::test]
async fn missed_ticks_run_once() {
    let shop = shop().await;
    check_schedules(&shop, 1, every_ten_minutes()).await;

    // No scheduler ran for a day.
    shop.advance(TimeDelta::days(1));
    check_schedules(&shop, 1, every_ten_minutes()).await;

    assert_eq!(rows(&shop).len(), 1);
    assert!(next_run_at(&shop) > shop.app.clock.now());
}

#[actix_web::test]
async fn schedule_survives_a_restart() {
    let shop = shop().await;
    check_schedules(&shop, 1, every_ten_minutes()).await;
    let before = next_run_at(&shop);

    check_schedules(&shop, 1, every_ten_minutes()).await;

    assert_eq!(next_run_at(&shop), before);
    assert!(rows(&shop).is_empty());
}

#[actix_web::test]
async fn changed_cron_pattern_takes_effect_immediately() {
    let shop = shop().await;
    check_schedules(&shop, 1, every_ten_minutes()).await;
    let yearly = vec![Schedule { cron: "0 0 1 1 *", ..every_ten_minutes().remove(0) }];

    check_schedules(&shop, 1, yearly).await;
    shop.advance(TimeDelta::minutes(11));
    check_schedules(&shop, 1, Vec::new()).await;

    assert!(rows(&shop).is_empty());
    assert_eq!(shop.number("select count(*) from schedules where cron = '0 0 1 1 *'"), 1);
}

#[actix_web::test]
async fn disabled_schedule_does_not_run() {
    let shop = shop().await;
    check_schedules(&shop, 1, every_ten_minutes()).await;
    shop.execute("update schedules set is_enabled = false");

    shop.advance(TimeDelta::minutes(11));
    check_schedules(&shop, 1, every_ten_minutes()).await;

    assert!(rows(&shop).is_empty());
}

#[actix_web::test]
async fn unknown_schedule_is_ignored() {
    let shop = shop().await;
    check_schedules(&shop, 1, every_ten_minutes()).await;
    let before = next_run_at(&shop);
    shop.advance(TimeDelta::minutes(11));

    check_schedules(&shop, 1, Vec::new()).await;

    assert_eq!(next_run_at(&shop), before);
    assert!(rows(&shop).is_empty());
}

#[actix_web::test]
async fn all_scheduled_jobs_run_without_errors() {
    let shop = TestShop::new().await;
    let known = shop_schedules().unwrap();
    check_schedules(&shop, 1, known.clone()).await;

    shop.advance(TimeDelta::days(1));
    check_schedules(&shop, 1, known.clone()).await;
    assert_eq!(rows(&shop).len(), known.len());
    shop.run_jobs().await;

    until(|| rows(&shop).iter().all(|job| job.attempts > 0)).await;
    // The purge deletes only jobs that succeeded a week ago, so these remain.
    let states: Vec<_> = rows(&shop).into_iter().map(|job| (job.name, job.last_error)).collect();
    assert!(states.iter().all(|(_, error)| error.is_none()), "{states:?}");
}
