//! Outbox: events are dispatched once, in order, and never missed.

use std::sync::Arc;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use futures_util::join;
use mercer::orders::ids::OrderId;
use mercer::platform::error::Problem;
use mercer::platform::events::{NewEvent, Subscriptions, dispatch_batch, publish, run_dispatcher};
use mercer::platform::jobs::{Job, NewJob};
use mercer::platform::write_context::WriteContext;
use mercer::schema::events;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::TestShop;
use crate::support::builders::order_body;
use crate::support::shop::TestUser;

/// Job that an event enqueues. These tests do not run it.
#[derive(Serialize, Deserialize)]
struct Note {
    topic: String,
}

impl Job for Note {
    const NAME: &'static str = "test.note";

    async fn run(&self, _: &mercer::platform::app::App) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Enqueues one job for each event.
fn enqueue_note_for_each_event() -> Subscriptions {
    Arc::new(|event| Ok(vec![NewJob::new(&Note { topic: event.topic.clone() })?]))
}

fn publish_one(conn: &mut PgConnection, topic: &str, context: &WriteContext) {
    let event = NewEvent {
        topic,
        aggregate_type: "thing",
        aggregate_id: OrderId::generate().into(),
        channel: None,
        owner: None,
        payload: json!({}),
    };
    publish(conn, event, context).unwrap();
}

/// Publishes events of different aggregates.
fn publish_many(shop: &TestShop, count: usize) {
    let context = shop.app.system_context();
    let publish_all = |conn: &mut PgConnection| {
        (0..count).for_each(|_| publish_one(conn, "thing.created", &context));
        Ok::<_, diesel::result::Error>(())
    };
    shop.app.db.write_blocking(publish_all).unwrap();
}

async fn dispatch(shop: &TestShop) -> Result<usize, Problem> {
    let now = shop.app.clock.now();
    let batch = move |conn: &mut PgConnection| {
        dispatch_batch(conn, &enqueue_note_for_each_event(), 100, now).map_err(Problem::internal)
    };
    shop.app.db.write(batch).await
}

/// Returns topics and positions in the order of the feed. Events without a position come last.
fn feed(shop: &TestShop) -> Vec<(String, Option<i64>)> {
    shop.sql(|conn| {
        events::table
            .order((events::position.asc().nulls_last(), events::ordinal))
            .select((events::topic, events::position))
            .load(conn)
    })
}

async fn place(ana: &TestUser, mug: &crate::support::builders::TestProduct) -> String {
    let order = ana.post("/api/orders/", order_body(&[(mug, 1)])).await.expect(201);
    order["id"].as_str().unwrap().to_owned()
}

/// Returns the sequence numbers and topics of the events of an order.
fn sequences(shop: &TestShop, order: &str) -> Vec<(i32, String)> {
    let id: OrderId = order.parse().unwrap();
    shop.sql(|conn| {
        events::table
            .filter(events::aggregate_id.eq(uuid::Uuid::from(id)))
            .order(events::ordinal)
            .select((events::sequence, events::topic))
            .load(conn)
    })
}

fn numbered(topics: &[&str]) -> Vec<(i32, String)> {
    (1..).zip(topics.iter().map(|topic| format!("order.{topic}"))).collect()
}

#[actix_web::test]
async fn events_of_an_order_are_numbered_from_one() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let [first, second] = [place(&ana, &mug).await, place(&ana, &mug).await];

    for verb in ["process", "ship", "deliver"] {
        let url = format!("/api/orders/{first}/{verb}/");
        staff.post(&url, json!({})).await.expect(200);
    }

    let all = ["created", "confirmed", "processing", "shipped", "delivered"];
    assert_eq!(sequences(&shop, &first), numbered(&all));
    assert_eq!(sequences(&shop, &second), numbered(&["created", "confirmed"]));
}

#[actix_web::test]
async fn concurrent_changes_of_an_order_get_consecutive_sequence_numbers() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let order = place(&ana, &mug).await;
    let [process, cancel] = ["process", "cancel"].map(|verb| format!("/api/orders/{order}/{verb}/"));

    let (processed, cancelled) = join!(staff.post(&process, json!({})), staff.post(&cancel, json!({})));

    // The order is either processed and then cancelled, or cancelled and not processed.
    cancelled.expect(200);
    if processed.status == 200 {
        let topics = ["created", "confirmed", "processing", "cancelled"];
        assert_eq!(sequences(&shop, &order), numbered(&topics));
    } else {
        processed.expect(409);
        assert_eq!(sequences(&shop, &order), numbered(&["created", "confirmed", "cancelled"]));
    }
}

#[actix_web::test]
async fn event_contains_actor_owner_and_payload() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let ana = shop.customer("ana").await;

    let order = place(&ana, &mug).await;

    let (payload, actor, owner): (Value, Value, Option<uuid::Uuid>) = shop.sql(|conn| {
        events::table
            .filter(events::topic.eq("order.created"))
            .select((events::payload, events::actor, events::owner_id))
            .first(conn)
    });
    assert_eq!(payload["id"], json!(order));
    assert_eq!((&payload["currency"], &payload["total_gross"]), (&json!("EUR"), &json!("11.60")));
    assert_eq!(actor["id"], json!(ana.user));
    assert_eq!(owner, Some(ana.customer.into()));
}

#[actix_web::test]
async fn event_of_a_rolled_back_transaction_is_not_published() {
    let shop = TestShop::new().await;
    let context = shop.app.system_context();

    let reject = |conn: &mut PgConnection| -> Result<(), Problem> {
        publish_one(conn, "thing.created", &context);
        Err(Problem::not_found())
    };
    shop.app.db.write_blocking(reject).unwrap_err();

    assert_eq!(shop.published_events(), [""; 0]);
}

#[actix_web::test]
async fn dispatched_events_get_positions_and_jobs() {
    let shop = TestShop::new().await;
    publish_many(&shop, 3);

    assert_eq!(dispatch(&shop).await.unwrap(), 3);

    let positions: Vec<_> = feed(&shop).into_iter().map(|(_, position)| position).collect();
    assert_eq!(positions, [Some(1), Some(2), Some(3)]);
    assert_eq!(shop.number("select count(*) from jobs where name = 'test.note'"), 3);
    assert_eq!(dispatch(&shop).await.unwrap(), 0);
}

#[actix_web::test]
async fn concurrent_dispatchers_dispatch_each_event_once() {
    let shop = TestShop::new().await;
    publish_many(&shop, 250);
    let (stop, stopped) = watch::channel(false);
    let dispatchers: Vec<_> = (0..2)
        .map(|_| tokio::spawn(run_dispatcher(shop.app.clone(), enqueue_note_for_each_event(), stopped.clone())))
        .collect();

    publish_many(&shop, 250);
    while shop.number("select count(*) from events where position is null") > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    stop.send_replace(true);
    for dispatcher in dispatchers {
        dispatcher.await.unwrap();
    }

    assert_eq!(shop.number("select count(distinct position) from events"), 500);
    assert_eq!(shop.number("select max(position) from events"), 500);
    assert_eq!(shop.number("select count(*) from jobs"), 500);
}

#[actix_web::test]
async fn dispatcher_does_nothing_while_another_is_active() {
    let shop = TestShop::new().await;
    publish_many(&shop, 1);
    let mut other = shop.database.connect();
    let now = shop.app.clock.now();
    AnsiTransactionManager::begin_transaction(&mut other).unwrap();
    assert_eq!(dispatch_batch(&mut other, &enqueue_note_for_each_event(), 100, now).unwrap(), 1);

    assert_eq!(dispatch(&shop).await.unwrap(), 0);

    AnsiTransactionManager::commit_transaction(&mut other).unwrap();
    assert_eq!(shop.number("select count(*) from jobs"), 1);
    assert_eq!(dispatch(&shop).await.unwrap(), 0);
}

#[actix_web::test]
async fn late_commit_gets_a_later_position() {
    let shop = TestShop::new().await;
    let context = shop.app.system_context();
    let mut slow = shop.database.connect();
    AnsiTransactionManager::begin_transaction(&mut slow).unwrap();
    publish_one(&mut slow, "first.written", &context);
    publish_many(&shop, 1);

    dispatch(&shop).await.unwrap();
    let read = feed(&shop);
    AnsiTransactionManager::commit_transaction(&mut slow).unwrap();
    dispatch(&shop).await.unwrap();

    // A reader that has read position 1 finds the late event after it.
    assert_eq!(read, [("thing.created".to_owned(), Some(1))]);
    assert_eq!(feed(&shop), [("thing.created".to_owned(), Some(1)), ("first.written".to_owned(), Some(2))]);
}

/// Returns an error for the topic `thing.invalid`.
fn fail_on_invalid_topic() -> Subscriptions {
    Arc::new(|event| match event.topic.as_str() {
        "thing.invalid" => anyhow::bail!("unknown topic"),
        _ => enqueue_note_for_each_event()(event),
    })
}

#[actix_web::test]
async fn invalid_event_blocks_only_its_own_aggregate() {
    let shop = TestShop::new().await;
    publish_many(&shop, 4);
    // The second event is invalid, and the third belongs to the same aggregate.
    shop.execute("update events set topic = 'thing.invalid' where ordinal = (select min(ordinal) + 1 from events)");
    shop.execute(
        "update events set sequence = 2, aggregate_id = (select aggregate_id from events where topic = 'thing.invalid') \
         where ordinal = (select min(ordinal) + 2 from events)",
    );
    let now = shop.app.clock.now();

    let batch = move |conn: &mut PgConnection| {
        dispatch_batch(conn, &fail_on_invalid_topic(), 100, now).map_err(Problem::internal)
    };
    assert_eq!(shop.app.db.write(batch).await.unwrap(), 2);
    assert_eq!(shop.number("select count(*) from jobs"), 2);

    // When the topic is supported, both follow in their order, without a gap in the positions.
    assert_eq!(dispatch(&shop).await.unwrap(), 2);
    let positions: Vec<_> = feed(&shop).into_iter().map(|(topic, position)| (position.unwrap(), topic)).collect();
    let [created, invalid] = ["thing.created", "thing.invalid"].map(str::to_owned);
    assert_eq!(positions, [(1, created.clone()), (2, created.clone()), (3, invalid), (4, created)]);
}

#[actix_web::test]
async fn event_is_dispatched_completely_or_not_at_all() {
    let shop = TestShop::new().await;
    publish_many(&shop, 3);
    // The database rejects the last of three jobs.
    shop.execute("alter table jobs add constraint few check (payload->>'topic' <> 'thing.invalid')");
    shop.execute("update events set topic = 'thing.invalid' where ordinal = (select max(ordinal) from events)");

    dispatch(&shop).await.unwrap_err();

    assert_eq!(shop.number("select count(*) from events where position is null"), 3);
    assert_eq!(shop.number("select count(*) from jobs"), 0);
}

#[actix_web::test]
async fn many_invalid_events_do_not_block_other_events() {
    let shop = TestShop::new().await;
    publish_many(&shop, 20);
    shop.execute("update events set topic = 'thing.invalid'");
    publish_many(&shop, 1);
    let now = shop.app.clock.now();

    let batch = move |conn: &mut PgConnection| {
        dispatch_batch(conn, &fail_on_invalid_topic(), 10, now).map_err(Problem::internal)
    };
    let mut dispatched = 0;
    for _ in 0..3 {
        dispatched += shop.app.db.write(batch).await.unwrap();
    }

    assert_eq!(dispatched, 1);
}

#[actix_web::test]
async fn positions_continue_across_batches() {
    let shop = TestShop::new().await;
    for _ in 0..3 {
        publish_many(&shop, 2);
        dispatch(&shop).await.unwrap();
    }

    let positions: Vec<_> = feed(&shop).into_iter().filter_map(|(_, position)| position).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5, 6]);
}
