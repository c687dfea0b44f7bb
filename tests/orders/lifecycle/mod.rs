//! Status changes of orders and their history.

mod listing;
mod numbers;

use mercer::orders::lifecycle::OrderStatus;
use serde_json::{Value, json};

use super::{advance_order, place_order, post_action, url};
use crate::support::TestShop;

/// Actions and the statuses that they lead to.
const ACTIONS: [(&str, OrderStatus); 6] = [
    ("confirm", OrderStatus::Confirmed),
    ("process", OrderStatus::Processing),
    ("ship", OrderStatus::Shipped),
    ("deliver", OrderStatus::Delivered),
    ("returns", OrderStatus::Returned),
    ("cancel", OrderStatus::Cancelled),
];

#[actix_web::test]
async fn every_endpoint_enforces_the_allowed_transitions() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(1000).create();
    let mut transitions = 0;
    for from in OrderStatus::ALL {
        for (name, to) in ACTIONS {
            let order = place_order(&ana, &[(&mug, 1)]).await;
            let id = order["id"].as_str().unwrap();
            shop.execute(&format!("update orders set status = '{from}' where id = '{id}'"));
            let events = shop.published_events();

            let response = post_action(&staff, &order, name).await;

            let status = staff.get(&url(&order, "")).await.expect(200)["status"].clone();
            if from.can_become(to) {
                response.expect(if name == "returns" { 201 } else { 200 });
                assert_eq!(status, json!(to), "{from}: {name}");
                assert_eq!(shop.published_events().len(), events.len() + 1, "{from}: {name}");
                transitions += 1;
            } else {
                let expected = json!({
                    "detail": format!("An order that is {from} cannot become {to}."), "code": "invalid_transition",
                    "status": from, "next": from.next(),
                });
                assert_eq!(response.expect(409), expected, "{from}: {name}");
                assert_eq!(status, json!(from), "{from}: {name}");
                assert_eq!(shop.published_events(), events, "{from}: {name}");
            }
        }
    }
    assert_eq!(transitions, 10, "of twelve transitions; placing and expiring have no endpoint");
}

#[actix_web::test]
async fn order_passes_through_all_statuses_to_delivered() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.execute("update channels set confirms_orders = false");
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 2)]).await;

    let mut expected = order.clone();
    for (name, status, fulfillment) in [
        ("confirm", "confirmed", "unfulfilled"),
        ("process", "processing", "unfulfilled"),
        ("ship", "shipped", "fulfilled"),
        ("deliver", "delivered", "fulfilled"),
    ] {
        let changed = post_action(&staff, &order, name).await.expect(200);
        expected["status"] = json!(status);
        expected["fulfillment_status"] = json!(fulfillment);
        expected["updated_at"] = changed["updated_at"].clone();
        assert_eq!(changed, expected, "{name}");
    }
    assert_eq!(
        shop.published_events()[1..],
        ["order.created", "order.confirmed", "order.processing", "order.shipped", "order.delivered"]
    );
    assert_eq!(
        shop.number("select count(*) from events where aggregate_type = 'order' and sequence between 1 and 5"),
        5
    );
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn history_contains_actor_and_note_of_each_status_change() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.execute("update channels set confirms_orders = false");
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    staff.post(&url(&order, "confirm/"), json!({"note": " Confirmed by phone "})).await.expect(200);
    ana.post(&url(&order, "cancel/"), json!({"note": "Too late for me"})).await.expect(200);

    let history = staff.get(&url(&order, "history/")).await.expect(200);
    let history_of_customer = ana.get(&url(&order, "history/")).await.expect(200);

    // The customer sees neither the identity of staff members nor their notes.
    assert_eq!(
        (&history_of_customer[1]["actor"], &history_of_customer[1]["note"]),
        (&json!({"type": "user"}), &json!(""))
    );
    let actor = |id: Value| json!({"type": "user", "id": id});
    let row = |place: usize, from: Value, to: &str, actor: Value, note: &str| {
        let at = &history[place]["created_at"];
        json!({"id": history[place]["id"], "from_status": from, "to_status": to, "actor": actor, "note": note, "created_at": at})
    };
    assert_eq!(
        history,
        json!([
            row(0, Value::Null, "pending", actor(json!(ana.user)), ""),
            row(1, json!("pending"), "confirmed", actor(json!(staff.user)), "Confirmed by phone"),
            row(2, json!("confirmed"), "cancelled", actor(json!(ana.user)), "Too late for me"),
        ])
    );
    assert_eq!(history[0]["created_at"], order["placed_at"]);
}

#[actix_web::test]
async fn automatic_confirmation_appears_in_the_history() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let mut body = crate::support::builders::order_body(&[(&mug, 1)]);
    body["email"] = json!("guest@example.com");
    let response = shop.anonymous().post("/api/orders/", body).await;
    let guest = shop.anonymous().with_header("x-order-token", response.header("x-order-token").unwrap());

    let history = guest.get(&url(&response.expect(201), "history/")).await.expect(200);

    let moves: Vec<_> =
        history.as_array().unwrap().iter().map(|row| [&row["from_status"], &row["to_status"]]).collect();
    assert_eq!(moves, [[&Value::Null, &json!("pending")], [&json!("pending"), &json!("confirmed")]]);
    assert_eq!(history[1]["actor"], json!({"type": "guest"}));
}

#[actix_web::test]
async fn too_long_note_is_rejected_without_status_change() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    let counts_before = shop.record_counts();
    for name in ["confirm", "process", "ship", "deliver", "returns", "cancel"] {
        let rejected = staff.post(&url(&order, &format!("{name}/")), json!({"note": "x".repeat(1001)})).await;
        assert_eq!(
            rejected.expect(400),
            json!({"note": ["Ensure this field has no more than 1000 characters."]}),
            "{name}"
        );
    }
    assert_eq!(staff.get(&url(&order, "")).await.expect(200), order);
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn cancellation_releases_the_stock() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    for actions in [&[][..], &["process"]] {
        let order = place_order(&ana, &[(&mug, 4)]).await;
        advance_order(&staff, &order, actions).await;
        assert_eq!(shop.stock_of(&mug), (10, 4));

        let cancelled = post_action(&staff, &order, "cancel").await.expect(200);

        assert_eq!(cancelled["status"], "cancelled");
        assert_eq!(shop.stock_of(&mug), (10, 0));
        shop.assert_records_are_consistent();
    }
}
