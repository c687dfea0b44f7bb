//! The outbox: what happened, once each, in order, and never missed.

use std::sync::Arc;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use futures_util::join;
use mercer::platform::audit::Origin;
use mercer::platform::error::Problem;
use mercer::platform::events::{NewEvent, Subscriptions, dispatch, dispatch_batch, publish};
use mercer::platform::jobs::{Job, NewJob};
use mercer::platform::types::OrderId;
use mercer::schema::events;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::TestShop;
use crate::support::builders::order_of;
use crate::support::shop::Person;

/// A job that some event makes necessary; nobody runs it here.
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

/// One job for each event.
fn note_everything() -> Subscriptions {
    Arc::new(|event| Ok(vec![NewJob::of(&Note { topic: event.topic.clone() })?]))
}

fn publish_one(conn: &mut PgConnection, topic: &str, origin: &Origin) {
    let event = NewEvent {
        topic,
        aggregate_type: "thing",
        aggregate_id: OrderId::generate().into(),
        channel: None,
        owner: None,
        payload: json!({}),
    };
    publish(conn, event, origin).unwrap();
}

/// Writes this many events, of things of their own.
fn publish_many(shop: &TestShop, count: usize) {
    let origin = Origin::system(shop.app.clock.now());
    let publish_all = |conn: &mut PgConnection| {
        (0..count).for_each(|_| publish_one(conn, "thing.made", &origin));
        Ok::<_, diesel::result::Error>(())
    };
    shop.app.db.write_blocking(publish_all).unwrap();
}

async fn hand_on(shop: &TestShop) -> Result<usize, Problem> {
    let now = shop.app.clock.now();
    let batch =
        move |conn: &mut PgConnection| dispatch_batch(conn, &note_everything(), 100, now).map_err(Problem::internal);
    shop.app.db.write(batch).await
}

/// Topics and positions, in the order of the feed; those without a position last.
fn feed(shop: &TestShop) -> Vec<(String, Option<i64>)> {
    shop.sql(|conn| {
        events::table
            .order((events::position.asc().nulls_last(), events::ordinal))
            .select((events::topic, events::position))
            .load(conn)
    })
}

async fn place(ana: &Person, mug: &crate::support::builders::Made) -> String {
    let order = ana.post("/api/orders/", order_of(&[(mug, 1)])).await.expect(201);
    order["id"].as_str().unwrap().to_owned()
}

/// The sequences of an order's events.
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
async fn the_events_of_an_order_are_numbered_from_one() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let [first, second] = [place(&ana, &mug).await, place(&ana, &mug).await];

    for verb in ["process", "ship", "deliver"] {
        let url = format!("/api/orders/{first}/{verb}/");
        staff.post(&url, json!({})).await.expect(200);
    }

    let whole = ["created", "confirmed", "processing", "shipped", "delivered"];
    assert_eq!(sequences(&shop, &first), numbered(&whole));
    assert_eq!(sequences(&shop, &second), numbered(&["created", "confirmed"]));
}

#[actix_web::test]
async fn two_moves_of_one_order_at_once_are_numbered_one_after_the_other() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let order = place(&ana, &mug).await;
    let [process, cancel] = ["process", "cancel"].map(|verb| format!("/api/orders/{order}/{verb}/"));

    let (processed, cancelled) = join!(staff.post(&process, json!({})), staff.post(&cancel, json!({})));

    // Either it was being prepared and then cancelled, or it was cancelled and could not be prepared.
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
async fn an_event_tells_who_did_what_to_whom() {
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
async fn what_is_taken_back_has_not_happened() {
    let shop = TestShop::new().await;
    let origin = Origin::system(shop.app.clock.now());

    let refuse = |conn: &mut PgConnection| -> Result<(), Problem> {
        publish_one(conn, "thing.made", &origin);
        Err(Problem::not_found())
    };
    shop.app.db.write_blocking(refuse).unwrap_err();

    assert_eq!(shop.published_events(), [""; 0]);
}

#[actix_web::test]
async fn a_batch_gives_each_event_its_place_and_its_jobs() {
    let shop = TestShop::new().await;
    publish_many(&shop, 3);

    assert_eq!(hand_on(&shop).await.unwrap(), 3);

    let positions: Vec<_> = feed(&shop).into_iter().map(|(_, position)| position).collect();
    assert_eq!(positions, [Some(1), Some(2), Some(3)]);
    assert_eq!(shop.number("select count(*) from jobs where name = 'test.note'"), 3);
    assert_eq!(hand_on(&shop).await.unwrap(), 0);
}

#[actix_web::test]
async fn two_dispatchers_at_once_hand_on_each_event_once() {
    let shop = TestShop::new().await;
    publish_many(&shop, 250);
    let (stop, stopped) = watch::channel(false);
    let dispatchers: Vec<_> =
        (0..2).map(|_| tokio::spawn(dispatch(shop.app.clone(), note_everything(), stopped.clone()))).collect();

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
async fn a_dispatcher_leaves_the_work_to_one_that_is_at_it() {
    let shop = TestShop::new().await;
    publish_many(&shop, 1);
    let mut other = shop.database.connect();
    let now = shop.app.clock.now();
    AnsiTransactionManager::begin_transaction(&mut other).unwrap();
    assert_eq!(dispatch_batch(&mut other, &note_everything(), 100, now).unwrap(), 1);

    assert_eq!(hand_on(&shop).await.unwrap(), 0);

    AnsiTransactionManager::commit_transaction(&mut other).unwrap();
    assert_eq!(shop.number("select count(*) from jobs"), 1);
    assert_eq!(hand_on(&shop).await.unwrap(), 0);
}

#[actix_web::test]
async fn a_late_commit_gets_a_later_place() {
    let shop = TestShop::new().await;
    let origin = Origin::system(shop.app.clock.now());
    let mut slow = shop.database.connect();
    AnsiTransactionManager::begin_transaction(&mut slow).unwrap();
    publish_one(&mut slow, "first.written", &origin);
    publish_many(&shop, 1);

    hand_on(&shop).await.unwrap();
    let read = feed(&shop);
    AnsiTransactionManager::commit_transaction(&mut slow).unwrap();
    hand_on(&shop).await.unwrap();

    // Who had read up to 1 finds the late one behind it.
    assert_eq!(read, [("thing.made".to_owned(), Some(1))]);
    assert_eq!(feed(&shop), [("thing.made".to_owned(), Some(1)), ("first.written".to_owned(), Some(2))]);
}

/// Knows nothing of what is cursed.
fn choke_on_curses() -> Subscriptions {
    Arc::new(|event| match event.topic.as_str() {
        "thing.cursed" => anyhow::bail!("nobody knows what to do"),
        _ => note_everything()(event),
    })
}

#[actix_web::test]
async fn an_event_that_nobody_understands_holds_up_its_own_thing_alone() {
    let shop = TestShop::new().await;
    publish_many(&shop, 4);
    // The second is cursed, and the third is of the same thing.
    shop.execute("update events set topic = 'thing.cursed' where ordinal = (select min(ordinal) + 1 from events)");
    shop.execute(
        "update events set sequence = 2, aggregate_id = (select aggregate_id from events where topic = 'thing.cursed') \
         where ordinal = (select min(ordinal) + 2 from events)",
    );
    let now = shop.app.clock.now();

    let batch =
        move |conn: &mut PgConnection| dispatch_batch(conn, &choke_on_curses(), 100, now).map_err(Problem::internal);
    assert_eq!(shop.app.db.write(batch).await.unwrap(), 2);
    assert_eq!(shop.number("select count(*) from jobs"), 2);

    // When somebody understands it, both follow in their order, and no place was left out.
    assert_eq!(hand_on(&shop).await.unwrap(), 2);
    let positions: Vec<_> = feed(&shop).into_iter().map(|(topic, position)| (position.unwrap(), topic)).collect();
    let [made, cursed] = ["thing.made", "thing.cursed"].map(str::to_owned);
    assert_eq!(positions, [(1, made.clone()), (2, made.clone()), (3, cursed), (4, made)]);
}

#[actix_web::test]
async fn an_event_is_never_handed_on_by_halves() {
    let shop = TestShop::new().await;
    publish_many(&shop, 3);
    // The last of three jobs cannot be written.
    shop.execute("alter table jobs add constraint few check (payload->>'topic' <> 'thing.cursed')");
    shop.execute("update events set topic = 'thing.cursed' where ordinal = (select max(ordinal) from events)");

    hand_on(&shop).await.unwrap_err();

    assert_eq!(shop.number("select count(*) from events where position is null"), 3);
    assert_eq!(shop.number("select count(*) from jobs"), 0);
}

#[actix_web::test]
async fn many_events_that_nobody_understands_do_not_hold_up_the_others() {
    let shop = TestShop::new().await;
    publish_many(&shop, 20);
    shop.execute("update events set topic = 'thing.cursed'");
    publish_many(&shop, 1);
    let now = shop.app.clock.now();

    let batch =
        move |conn: &mut PgConnection| dispatch_batch(conn, &choke_on_curses(), 10, now).map_err(Problem::internal);
    let mut handed_on = 0;
    for _ in 0..3 {
        handed_on += shop.app.db.write(batch).await.unwrap();
    }

    assert_eq!(handed_on, 1);
}

#[actix_web::test]
async fn positions_go_on_where_they_ended() {
    let shop = TestShop::new().await;
    for _ in 0..3 {
        publish_many(&shop, 2);
        hand_on(&shop).await.unwrap();
    }

    let positions: Vec<_> = feed(&shop).into_iter().filter_map(|(_, position)| position).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5, 6]);
}
