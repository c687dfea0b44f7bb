//! Payments of orders.

use serde_json::json;

use super::{place_order, url};
use crate::support::TestShop;

const PAYMENT: &str = "0190aaaa-0000-7000-8000-00000000000a";

fn pay(shop: &TestShop, order: &str) {
    shop.execute(&format!(
        "insert into payments (id, order_id, gateway, currency, created_at) \
         values ('{PAYMENT}', '{order}', 'manual', 'EUR', '2026-11-21T08:00:00Z')"
    ));
    for (number, kind, amount) in [(1, "authorize", "29"), (2, "capture", "20.5"), (3, "refund", "0.25")] {
        shop.execute(&format!(
            "insert into payment_transactions (id, payment_id, kind, amount, reference, answer, created_at) \
             values ('0190aaaa-0000-7000-8000-00000000000{number}', '{PAYMENT}', '{kind}', {amount}, 'ref-{number}', \
                     '{{\"secret\": true}}', '2026-11-21T08:00:0{number}Z')"
        ));
    }
}

#[actix_web::test]
async fn new_order_has_no_payments() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    assert_eq!(ana.get(&url(&order, "payments/")).await.expect(200), json!([]));
}

#[actix_web::test]
async fn payment_is_listed_with_its_transactions() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    let other = place_order(&ana, &[(&mug, 1)]).await;
    pay(&shop, order["id"].as_str().unwrap());

    let payments = ana.get(&url(&order, "payments/")).await.expect(200);

    let transaction = |number: u8, kind: &str, amount: &str| {
        json!({
            "id": format!("0190aaaa-0000-7000-8000-00000000000{number}"), "kind": kind, "amount": amount,
            "reference": format!("ref-{number}"), "created_at": format!("2026-11-21T08:00:0{number}Z"),
        })
    };
    assert_eq!(
        payments,
        json!([{
            "id": PAYMENT, "gateway": "manual", "currency": "EUR",
            "transactions": [
                transaction(1, "authorize", "29.00"),
                transaction(2, "capture", "20.50"),
                transaction(3, "refund", "0.25"),
            ],
            "created_at": "2026-11-21T08:00:00Z",
        }])
    );
    assert_eq!(staff.get(&url(&order, "payments/")).await.expect(200), payments);
    assert_eq!(ana.get(&url(&other, "payments/")).await.expect(200), json!([]));
}

#[actix_web::test]
async fn database_rejects_negative_payment_amounts() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    pay(&shop, order["id"].as_str().unwrap());
    let mut conn = shop.database.connect();
    let broken =
        diesel::connection::SimpleConnection::batch_execute(&mut conn, "update payment_transactions set amount = -1");
    assert!(broken.unwrap_err().to_string().contains("payment_transactions_amount_not_negative"));
}
