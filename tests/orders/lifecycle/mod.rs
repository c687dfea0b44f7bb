//! How orders move, and what is remembered of it.

mod access;
mod adopting;
mod expiring;
mod listing;
mod numbers;

use mercer::orders::lifecycle::OrderStatus;
use serde_json::{Value, json};

use super::{moved, placed, url, verb};
use crate::support::TestShop;

/// Each verb and what an order becomes by it.
const VERBS: [(&str, OrderStatus); 6] = [
    ("confirm", OrderStatus::Confirmed),
    ("process", OrderStatus::Processing),
    ("ship", OrderStatus::Shipped),
    ("deliver", OrderStatus::Delivered),
    ("returns", OrderStatus::Returned),
    ("cancel", OrderStatus::Cancelled),
];

#[actix_web::test]
async fn every_verb_moves_an_order_as_the_table_says() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(1000).create();
    let mut moves = 0;
    for from in OrderStatus::ALL {
        for (name, to) in VERBS {
            let order = placed(&ana, &[(&mug, 1)]).await;
            let id = order["id"].as_str().unwrap();
            shop.execute(&format!("update orders set status = '{from}' where id = '{id}'"));
            let events = shop.published_events();

            let answer = verb(&staff, &order, name).await;

            let status = staff.get(&url(&order, "")).await.expect(200)["status"].clone();
            if from.may_become(to) {
                answer.expect(if name == "returns" { 201 } else { 200 });
                assert_eq!(status, json!(to), "{from}: {name}");
                assert_eq!(shop.published_events().len(), events.len() + 1, "{from}: {name}");
                moves += 1;
            } else {
                let expected = json!({
                    "detail": format!("An order that is {from} cannot become {to}."), "code": "invalid_transition",
                    "status": from, "next": from.next(),
                });
                assert_eq!(answer.expect(409), expected, "{from}: {name}");
                assert_eq!(status, json!(from), "{from}: {name}");
                assert_eq!(shop.published_events(), events, "{from}: {name}");
            }
        }
    }
    assert_eq!(moves, 10, "of the twelve of the table: placing and expiring are no verbs");
}

#[actix_web::test]
async fn an_order_goes_all_its_way() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.execute("update channels set confirms_orders = false");
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 2)]).await;

    let mut expected = order.clone();
    for (name, status, fulfillment) in [
        ("confirm", "confirmed", "unfulfilled"),
        ("process", "processing", "unfulfilled"),
        ("ship", "shipped", "fulfilled"),
        ("deliver", "delivered", "fulfilled"),
    ] {
        let moved = verb(&staff, &order, name).await.expect(200);
        expected["status"] = json!(status);
        expected["fulfillment_status"] = json!(fulfillment);
        expected["updated_at"] = moved["updated_at"].clone();
        assert_eq!(moved, expected, "{name}");
    }
    assert_eq!(
        shop.published_events()[1..],
        ["order.created", "order.confirmed", "order.processing", "order.shipped", "order.delivered"]
    );
    assert_eq!(
        shop.number("select count(*) from events where aggregate_type = 'order' and sequence between 1 and 5"),
        5
    );
    shop.assert_books_balance();
}

#[actix_web::test]
async fn history_says_who_moved_an_order_and_why() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.execute("update channels set confirms_orders = false");
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 1)]).await;
    staff.post(&url(&order, "confirm/"), json!({"note": " Called her "})).await.expect(200);
    ana.post(&url(&order, "cancel/"), json!({"note": "Too late for me"})).await.expect(200);

    let history = staff.get(&url(&order, "history/")).await.expect(200);
    let hers = ana.get(&url(&order, "history/")).await.expect(200);

    // What staff say among themselves, and who they are, is not hers to read.
    assert_eq!((&hers[1]["actor"], &hers[1]["note"]), (&json!({"type": "user"}), &json!("")));
    let actor = |id: Value| json!({"type": "user", "id": id});
    let row = |place: usize, from: Value, to: &str, actor: Value, note: &str| {
        let at = &history[place]["created_at"];
        json!({"id": history[place]["id"], "from_status": from, "to_status": to, "actor": actor, "note": note, "created_at": at})
    };
    assert_eq!(
        history,
        json!([
            row(0, Value::Null, "pending", actor(json!(ana.user)), ""),
            row(1, json!("pending"), "confirmed", actor(json!(staff.user)), "Called her"),
            row(2, json!("confirmed"), "cancelled", actor(json!(ana.user)), "Too late for me"),
        ])
    );
    assert_eq!(history[0]["created_at"], order["placed_at"]);
}

#[actix_web::test]
async fn an_order_that_confirms_itself_says_so_in_its_history() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let mut body = crate::support::builders::order_of(&[(&mug, 1)]);
    body["email"] = json!("guest@example.com");
    let answer = shop.anonymous().post("/api/orders/", body).await;
    let guest = shop.anonymous().with_header("x-order-token", answer.header("x-order-token").unwrap());

    let history = guest.get(&url(&answer.expect(201), "history/")).await.expect(200);

    let moves: Vec<_> =
        history.as_array().unwrap().iter().map(|row| [&row["from_status"], &row["to_status"]]).collect();
    assert_eq!(moves, [[&Value::Null, &json!("pending")], [&json!("pending"), &json!("confirmed")]]);
    assert_eq!(history[1]["actor"], json!({"type": "guest"}));
}

#[actix_web::test]
async fn a_note_that_is_too_long_moves_nothing() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 1)]).await;
    let books = shop.books();
    for name in ["confirm", "process", "ship", "deliver", "returns", "cancel"] {
        let refused = staff.post(&url(&order, &format!("{name}/")), json!({"note": "x".repeat(1001)})).await;
        assert_eq!(
            refused.expect(400),
            json!({"note": ["Ensure this field has no more than 1000 characters."]}),
            "{name}"
        );
    }
    assert_eq!(staff.get(&url(&order, "")).await.expect(200), order);
    assert_eq!(shop.books(), books);
}

#[actix_web::test]
async fn a_cancelled_order_frees_its_stock() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    for verbs in [&[][..], &["process"]] {
        let order = placed(&ana, &[(&mug, 4)]).await;
        moved(&staff, &order, verbs).await;
        assert_eq!(shop.stock_of(&mug), (10, 4));

        let cancelled = verb(&staff, &order, "cancel").await.expect(200);

        assert_eq!(cancelled["status"], "cancelled");
        assert_eq!(shop.stock_of(&mug), (10, 0));
        shop.assert_books_balance();
    }
}
