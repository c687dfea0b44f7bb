//! Access to the database: retries, timeouts, lost connections.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::Error;
use futures_util::future::join_all;
use futures_util::join;
use mercer::platform::db::{DatabaseTimeouts, Db, PoolSettings};
use mercer::platform::error::Problem;

use crate::support::TestShop;

/// Creates a shop with a table of two rows.
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

/// Opens, uses and returns every connection of the pool.
async fn open_all_connections(shop: &TestShop) {
    let barrier = Arc::new(Barrier::new(4));
    let reads = (0..4).map(|_| {
        let barrier = Arc::clone(&barrier);
        shop.app.db.read(move |conn| {
            barrier.wait();
            conn.batch_execute("select 1")
        })
    });
    for read in join_all(reads).await {
        read.unwrap();
    }
}

/// Closes all connections, like a restart of the server.
fn terminate_all_connections(shop: &TestShop) {
    let terminate = "select pg_terminate_backend(pid) from pg_stat_activity \
               where datname = current_database() and pid <> pg_backend_pid()";
    shop.database.connect().batch_execute(terminate).unwrap();
}

#[actix_web::test]
async fn transaction_that_loses_a_deadlock_is_retried() {
    let shop = shop().await;
    let barrier = Arc::new(Barrier::new(2));
    let attempts = Arc::new(AtomicU32::new(0));
    // PostgreSQL aborts the transaction whose deadlock check runs first. Different timeouts make the loser unique.
    let cross = |first: i32, second: i32, deadlock_timeout: &'static str| {
        let (barrier, attempts) = (Arc::clone(&barrier), Arc::clone(&attempts));
        shop.app.db.write(move |conn| {
            conn.batch_execute(&format!("set local deadlock_timeout = '{deadlock_timeout}'"))?;
            // The first attempts lock in opposite order. The retry uses the order of the winner, so it cannot lose
            // again.
            let is_first_attempt = attempts.fetch_add(1, Ordering::SeqCst) < 2;
            add(conn, if is_first_attempt { first } else { second })?;
            if is_first_attempt {
                barrier.wait();
            }
            add(conn, if is_first_attempt { second } else { first })
        })
    };

    let (one, other) = join!(cross(1, 2, "20ms"), cross(2, 1, "4s"));

    one.unwrap();
    other.unwrap();
    assert_eq!(counters(&shop), (2, 2));
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
}

#[actix_web::test]
async fn transaction_fails_after_three_serialization_failures() {
    let shop = shop().await;
    let attempts = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&attempts);

    let fail = move |conn: &mut PgConnection| {
        counter.fetch_add(1, Ordering::SeqCst);
        add(conn, 1)?;
        conn.batch_execute("do $$ begin raise exception 'lost' using errcode = 'serialization_failure'; end $$")
    };
    let problem = shop.app.db.write(fail).await.unwrap_err();

    assert_eq!(problem.status(), 503);
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
    assert_eq!(counters(&shop), (0, 0));
}

#[actix_web::test]
async fn rejected_write_is_not_retried_and_is_rolled_back() {
    let shop = shop().await;
    let attempts = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&attempts);

    let reject = move |conn: &mut PgConnection| -> Result<(), Problem> {
        counter.fetch_add(1, Ordering::SeqCst);
        add(conn, 1)?;
        Err(Problem::not_found())
    };
    let problem = shop.app.db.write(reject).await.unwrap_err();

    assert_eq!(problem.status(), 404);
    assert_eq!(attempts.load(Ordering::SeqCst), 1);
    assert_eq!(counters(&shop), (0, 0));
}

#[actix_web::test]
async fn reads_succeed_after_a_database_restart() {
    let shop = shop().await;
    open_all_connections(&shop).await;

    terminate_all_connections(&shop);

    let responses = join_all((0..4).map(|_| async { shop.anonymous().get("/api/products/").await })).await;
    for response in responses {
        response.expect(200);
    }
}

#[actix_web::test]
async fn writes_succeed_after_a_database_restart() {
    let shop = shop().await;
    open_all_connections(&shop).await;

    terminate_all_connections(&shop);

    let writes = join_all((0..4).map(|_| shop.app.db.write(|conn| add(conn, 1)))).await;
    assert!(writes.iter().all(Result::is_ok), "{writes:?}");
    assert_eq!(counters(&shop), (4, 0));
}

#[actix_web::test]
async fn connection_loss_within_a_transaction_returns_503_and_rolls_back() {
    let shop = shop().await;

    let fail = |conn: &mut PgConnection| {
        add(conn, 1)?;
        conn.batch_execute("select pg_terminate_backend(pg_backend_pid())")
    };
    let problem = shop.app.db.write(fail).await.unwrap_err();

    assert_eq!(problem.status(), 503, "{problem}");
    assert_eq!(counters(&shop), (0, 0));
    shop.app.db.write(|conn| add(conn, 1)).await.unwrap();
}

#[actix_web::test]
async fn panic_returns_500_and_leaks_no_connection() {
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
    open_all_connections(&shop).await;
}

#[actix_web::test]
async fn lock_timeout_returns_503() {
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
async fn write_of_a_cancelled_request_commits_completely() {
    let shop = shop().await;
    let (start, started) = tokio::sync::oneshot::channel();
    let start = std::sync::Mutex::new(Some(start));

    let db = shop.app.db.clone();
    let caller = actix_web::rt::spawn(async move {
        let both = move |conn: &mut PgConnection| {
            add(conn, 1)?;
            if let Some(start) = start.lock().unwrap().take() {
                start.send(()).unwrap();
            }
            add(conn, 2)
        };
        db.write(both).await
    });
    started.await.unwrap();
    caller.abort();

    // The update waits for the locks of the cancelled write.
    shop.execute("update counters set n = n + 10");
    assert_eq!(counters(&shop), (11, 11));
}

#[actix_web::test]
async fn connections_use_utc_english_messages_and_timeouts() {
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
async fn unreachable_database_returns_503() {
    let unreachable = Db::new(&PoolSettings {
        url: "postgres://nobody@127.0.0.1:1/nothing".to_owned(),
        size: 2,
        timeouts: DatabaseTimeouts::INTERACTIVE,
    });

    let problem = unreachable.read(|conn| conn.batch_execute("select 1")).await.unwrap_err();

    assert_eq!(problem.status(), 503);
    assert!(problem.to_string().contains("cannot reach the database"), "{problem}");
}

#[actix_web::test]
async fn internal_error_keeps_its_cause_for_the_log() {
    let shop = shop().await;

    let broken = |conn: &mut PgConnection| conn.batch_execute("select from no_such_table");
    let problem = shop.app.db.read(broken).await.unwrap_err();

    assert_eq!(problem.status(), 500);
    assert!(problem.to_string().contains("no_such_table"));
    let missing = |_: &mut PgConnection| Err::<(), _>(Error::NotFound);
    assert_eq!(shop.app.db.read(missing).await.unwrap_err().status(), 404);
}
