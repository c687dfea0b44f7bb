//! The ways to a connection, and what happens when the database says no.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::Error;
use futures_util::future::join_all;
use futures_util::join;
use mercer::platform::db::{Db, PoolSettings, TimeOuts};
use mercer::platform::error::Problem;

use crate::support::TestShop;

/// A shop with a table of two rows.
async fn shop() -> TestShop {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "4")]).await;
    shop.execute("create table counters (id integer primary key, n integer not null default 0)");
    shop.execute("insert into counters values (1), (2)");
    shop
}

fn add(conn: &mut PgConnection, id: i32) -> QueryResult<()> {
    conn.batch_execute(&format!("update counters set n = n + 1 where id = {id}"))
}

fn counters(shop: &TestShop) -> (i64, i64) {
    let n = |id: i32| shop.number(&format!("select n from counters where id = {id}"));
    (n(1), n(2))
}

/// Every connection of the pool is opened, used and put back.
async fn fill_the_pool(shop: &TestShop) {
    let together = Arc::new(Barrier::new(4));
    let reads = (0..4).map(|_| {
        let together = Arc::clone(&together);
        shop.app.db.read(move |conn| {
            together.wait();
            conn.batch_execute("select 1")
        })
    });
    for read in join_all(reads).await {
        read.unwrap();
    }
}

/// As a restart of the server does it.
fn cut_all_connections(shop: &TestShop) {
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity \
               where datname = current_database() and pid <> pg_backend_pid()";
    shop.database.connect().batch_execute(cut).unwrap();
}

#[actix_web::test]
async fn of_two_transactions_in_a_deadlock_the_loser_is_tried_again() {
    let shop = shop().await;
    let together = Arc::new(Barrier::new(2));
    let tries = Arc::new(AtomicU32::new(0));
    // The one that looks first is the loser; both at once could both be.
    let cross = |first: i32, second: i32, looks_after: &'static str| {
        let (together, tries) = (Arc::clone(&together), Arc::clone(&tries));
        shop.app.db.write(move |conn| {
            conn.batch_execute(&format!("set local deadlock_timeout = '{looks_after}'"))?;
            // The first tries cross; the loser's second takes the winner's order, or it might lose again.
            let is_first_try = tries.fetch_add(1, Ordering::SeqCst) < 2;
            add(conn, if is_first_try { first } else { second })?;
            if is_first_try {
                together.wait();
            }
            add(conn, if is_first_try { second } else { first })
        })
    };

    let (one, other) = join!(cross(1, 2, "20ms"), cross(2, 1, "4s"));

    one.unwrap();
    other.unwrap();
    assert_eq!(counters(&shop), (2, 2));
    assert_eq!(tries.load(Ordering::SeqCst), 3);
}

#[actix_web::test]
async fn a_transaction_that_always_loses_is_given_up_after_three_tries() {
    let shop = shop().await;
    let tries = Arc::new(AtomicU32::new(0));
    let tried = Arc::clone(&tries);

    let lose = move |conn: &mut PgConnection| {
        tried.fetch_add(1, Ordering::SeqCst);
        add(conn, 1)?;
        conn.batch_execute("do $$ begin raise exception 'lost' using errcode = 'serialization_failure'; end $$")
    };
    let problem = shop.app.db.write(lose).await.unwrap_err();

    assert_eq!(problem.status(), 503);
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    assert_eq!(counters(&shop), (0, 0));
}

#[actix_web::test]
async fn a_refusal_is_final_and_takes_everything_back() {
    let shop = shop().await;
    let tries = Arc::new(AtomicU32::new(0));
    let tried = Arc::clone(&tries);

    let refuse = move |conn: &mut PgConnection| -> Result<(), Problem> {
        tried.fetch_add(1, Ordering::SeqCst);
        add(conn, 1)?;
        Err(Problem::not_found())
    };
    let problem = shop.app.db.write(refuse).await.unwrap_err();

    assert_eq!(problem.status(), 404);
    assert_eq!(tries.load(Ordering::SeqCst), 1);
    assert_eq!(counters(&shop), (0, 0));
}

#[actix_web::test]
async fn a_read_survives_a_restart_of_the_server() {
    let shop = shop().await;
    fill_the_pool(&shop).await;

    cut_all_connections(&shop);

    let answers = join_all((0..4).map(|_| async { shop.anonymous().get("/api/products/").await })).await;
    for answer in answers {
        answer.expect(200);
    }
}

#[actix_web::test]
async fn a_write_survives_a_restart_of_the_server() {
    let shop = shop().await;
    fill_the_pool(&shop).await;

    cut_all_connections(&shop);

    let writes = join_all((0..4).map(|_| shop.app.db.write(|conn| add(conn, 1)))).await;
    assert!(writes.iter().all(Result::is_ok), "{writes:?}");
    assert_eq!(counters(&shop), (4, 0));
}

#[actix_web::test]
async fn a_connection_lost_within_a_transaction_is_503_and_nothing_happened() {
    let shop = shop().await;

    let lose = |conn: &mut PgConnection| {
        add(conn, 1)?;
        conn.batch_execute("select pg_terminate_backend(pg_backend_pid())")
    };
    let problem = shop.app.db.write(lose).await.unwrap_err();

    assert_eq!(problem.status(), 503, "{problem}");
    assert_eq!(counters(&shop), (0, 0));
    shop.app.db.write(|conn| add(conn, 1)).await.unwrap();
}

#[actix_web::test]
async fn a_panic_is_a_500_and_loses_no_connection() {
    let shop = shop().await;

    for _ in 0..6 {
        let panic = |conn: &mut PgConnection| -> QueryResult<()> {
            add(conn, 1)?;
            std::panic::resume_unwind(Box::new("a bug"));
        };
        let problem = shop.app.db.write(panic).await.unwrap_err();
        assert_eq!(problem.status(), 500);
    }

    assert_eq!(counters(&shop), (0, 0));
    fill_the_pool(&shop).await;
}

#[actix_web::test]
async fn a_lock_that_is_held_too_long_is_503() {
    let shop = shop().await;
    let mut other = shop.database.connect();
    other.batch_execute("begin; select * from counters where id = 1 for update").unwrap();

    let wait = |conn: &mut PgConnection| {
        conn.batch_execute("set local lock_timeout = '20ms'")?;
        add(conn, 1)
    };
    let problem = shop.app.db.write(wait).await.unwrap_err();

    assert_eq!(problem.status(), 503);
    assert_eq!(counters(&shop), (0, 0));
}

#[actix_web::test]
async fn a_write_that_nobody_waits_for_any_longer_is_still_whole() {
    let shop = shop().await;
    let (started, begun) = tokio::sync::oneshot::channel();
    let started = std::sync::Mutex::new(Some(started));

    let db = shop.app.db.clone();
    let caller = actix_web::rt::spawn(async move {
        let both = move |conn: &mut PgConnection| {
            add(conn, 1)?;
            if let Some(started) = started.lock().unwrap().take() {
                started.send(()).unwrap();
            }
            add(conn, 2)
        };
        db.write(both).await
    });
    begun.await.unwrap();
    caller.abort();

    // The rows are locked until it has ended.
    shop.execute("update counters set n = n + 10");
    assert_eq!(counters(&shop), (11, 11));
}

#[actix_web::test]
async fn every_connection_speaks_utc_and_english_and_gives_up_in_time() {
    let shop = shop().await;
    let setting = |name: &str| {
        let query = format!("select '{name}', current_setting('{name}') as value");
        shop.sql(|conn| diesel::sql_query(&query).get_result::<Setting>(conn)).value
    };

    assert_eq!(setting("timezone"), "UTC");
    assert_eq!(setting("lc_messages"), "C");
    assert_eq!(setting("statement_timeout"), "15s");
    assert_eq!(setting("lock_timeout"), "5s");
    assert_eq!(setting("idle_in_transaction_session_timeout"), "30s");
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

#[actix_web::test]
async fn a_database_that_is_not_there_is_503() {
    let nowhere = Db::new(&PoolSettings {
        url: "postgres://nobody@127.0.0.1:1/nothing".to_owned(),
        size: 2,
        time_outs: TimeOuts::INTERACTIVE,
    });

    let problem = nowhere.read(|conn| conn.batch_execute("select 1")).await.unwrap_err();

    assert_eq!(problem.status(), 503);
    assert!(problem.to_string().contains("cannot reach the database"), "{problem}");
}

#[actix_web::test]
async fn an_error_of_ours_is_no_secret_to_the_log() {
    let shop = shop().await;

    let broken = |conn: &mut PgConnection| conn.batch_execute("select from nothing_of_this_name");
    let problem = shop.app.db.read(broken).await.unwrap_err();

    assert_eq!(problem.status(), 500);
    assert!(problem.to_string().contains("nothing_of_this_name"));
    let missing = |_: &mut PgConnection| Err::<(), _>(Error::NotFound);
    assert_eq!(shop.app.db.read(missing).await.unwrap_err().status(), 404);
}
