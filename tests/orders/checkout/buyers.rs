//! Orders by customers, guests and staff, and access to them.

use serde_json::{Value, json};

use super::super::{place_order, post_action, url};
use crate::support::builders::{TestProduct, order_body};
use crate::support::{TestResponse, TestShop};

fn order_with(mug: &TestProduct, more: &[(&str, Value)]) -> Value {
    let mut body = order_body(&[(mug, 1)]);
    for (name, value) in more {
        body[*name] = value.clone();
    }
    body
}

async fn order_as_guest(shop: &TestShop, mug: &TestProduct, email: &str) -> TestResponse {
    let body = order_with(mug, &[("email", json!(email))]);
    shop.anonymous().post("/api/orders/", body).await
}

#[actix_web::test]
async fn guest_receives_a_token_that_gives_access_to_the_order() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();

    let response = order_as_guest(&shop, &mug, "Guest@Example.com").await;

    let order = response.expect(201);
    assert_eq!((&order["customer"], &order["email"]), (&Value::Null, &json!("guest@example.com")));
    let token = response.header("x-order-token").unwrap();
    assert_eq!(token.len(), 43, "256 bits");
    let guest = shop.anonymous().with_header("X-Order-Token", token);
    assert_eq!(guest.get(&url(&order, "")).await.expect(200), order);
    guest.get(&url(&order, "history/")).await.expect(200);
    guest.get(&url(&order, "payments/")).await.expect(200);
}

#[actix_web::test]
async fn only_the_hash_of_an_order_token_is_stored() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let response = order_as_guest(&shop, &mug, "guest@example.com").await;
    let token = response.header("x-order-token").unwrap();

    let hashed = format!("select count(*) from orders where access_token_hash = sha256('{token}'::bytea)");
    assert_eq!(shop.number(&hashed), 1);
    let tables = ["orders", "order_history", "events", "audit_entries", "jobs"];
    for table in tables {
        let leaked = format!("select count(*) from {table} t where t::text like '%{token}%'");
        assert_eq!(shop.number(&leaked), 0, "{table}");
    }
    assert!(!String::from_utf8_lossy(&response.body).contains(token));
}

#[actix_web::test]
async fn order_token_gives_access_to_its_own_order_only() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let ana = shop.customer("ana").await;
    let [first, second] =
        [order_as_guest(&shop, &mug, "a@example.com").await, order_as_guest(&shop, &mug, "a@example.com").await];
    let order_of_ana = place_order(&ana, &[(&mug, 1)]).await;
    let token = first.header("x-order-token").unwrap();
    assert_ne!(Some(token), second.header("x-order-token"));
    let not_found = json!({"detail": "Not found.", "code": "not_found"});

    let guest = shop.anonymous().with_header("X-Order-Token", token);
    for order in [second.expect(201), order_of_ana] {
        for suffix in ["", "history/", "payments/"] {
            assert_eq!(guest.get(&url(&order, suffix)).await.expect(404), not_found);
        }
        assert_eq!(post_action(&guest, &order, "cancel").await.expect(404), not_found);
    }
    for wrong in ["", "x", &token[1..], &token.to_lowercase()] {
        let guest = shop.anonymous().with_header("X-Order-Token", wrong);
        assert_eq!(guest.get(&url(&first.expect(201), "")).await.expect(404), not_found, "{wrong:?}");
    }
    shop.anonymous().get(&url(&first.expect(201), "")).await.expect(401);
    assert_eq!(shop.number("select count(*) from orders where status = 'confirmed'"), 3);
}

#[actix_web::test]
async fn guest_order_without_an_email_is_rejected() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let counts_before = shop.record_counts();
    let body = order_body(&[(&mug, 1)]);

    let rejected = shop.anonymous().post("/api/orders/", body).await;
    assert_eq!(rejected.expect(400), json!({"email": ["This field is required."]}));
    let rejected = order_as_guest(&shop, &mug, "guest").await;
    assert_eq!(rejected.expect(400), json!({"email": ["Enter a valid email address."]}));

    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn guest_cannot_order_for_a_customer() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let ana = shop.customer("ana").await;
    let body = order_with(&mug, &[("email", json!("guest@example.com")), ("customer", json!(ana.customer))]);

    let order = shop.anonymous().post("/api/orders/", body).await.expect(201);

    assert_eq!(order["customer"], Value::Null);
    assert_eq!(ana.get("/api/orders/").await.expect(200)["count"], 0);
}

#[actix_web::test]
async fn staff_can_order_for_a_customer() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    ana.patch("/api/customers/me/", json!({"phone": "+254700000001"})).await.expect(200);

    let body = order_with(&mug, &[("customer", json!(ana.customer))]);
    let response = staff.post("/api/orders/", body).await;

    let order = response.expect(201);
    assert_eq!(response.header("x-order-token"), None);
    assert_eq!(order["customer"], json!(ana.customer));
    assert_eq!((&order["email"], &order["phone"]), (&json!("ana@example.com"), &json!("+254700000001")));
    assert_eq!(shop.number("select count(*) from orders where origin = 'staff'"), 1);
    assert_eq!(ana.get(&url(&order, "")).await.expect(200), order);
    let history = staff.get(&url(&order, "history/")).await.expect(200);
    assert_eq!(history[0]["actor"], json!({"type": "user", "id": staff.user}));
}

#[actix_web::test]
async fn staff_can_order_for_an_email_address() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let staff = shop.staff().await;

    let body = order_with(&mug, &[("email", json!("walk-in@example.com"))]);
    let order = staff.post("/api/orders/", body).await.expect(201);
    assert_eq!((&order["customer"], &order["email"]), (&Value::Null, &json!("walk-in@example.com")));
    assert_eq!(shop.number("select count(*) from orders where origin = 'staff'"), 1);

    let own = place_order(&staff, &[(&mug, 1)]).await;
    assert_eq!((&own["customer"], &own["email"]), (&json!(staff.customer), &json!("staff@example.com")));
    assert_eq!(shop.number("select count(*) from orders where origin = 'shop'"), 1);
}

#[actix_web::test]
async fn order_for_an_unknown_customer_is_rejected() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let staff = shop.staff().await;
    let counts_before = shop.record_counts();
    let unknown = "0190aaaa-0000-7000-8000-000000000001";

    let body = order_with(&mug, &[("customer", json!(unknown))]);
    let rejected = staff.post("/api/orders/", body).await.expect(400);

    let message = format!("Invalid pk \"{unknown}\" - object does not exist.");
    assert_eq!(rejected, json!({"customer": [message]}));
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn customer_cannot_order_for_another_customer() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let counts_before = shop.record_counts();

    let body = order_with(&mug, &[("customer", json!(ben.customer))]);
    let rejected = ana.post("/api/orders/", body).await.expect(403);
    assert_eq!(rejected["code"], "permission_denied");
    assert_eq!(shop.record_counts(), counts_before);

    let body = order_with(&mug, &[("customer", json!(ana.customer))]);
    let own = ana.post("/api/orders/", body).await.expect(201);
    assert_eq!(own["customer"], json!(ana.customer));
}

#[actix_web::test]
async fn server_controlled_fields_of_an_order_are_ignored() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").price("12.50").create();
    let ana = shop.customer("ana").await;
    let mut body = order_body(&[(&mug, 2)]);
    for (name, value) in [
        ("id", json!("0190aaaa-0000-7000-8000-000000000001")),
        ("number", json!("M-000001")),
        ("status", json!("delivered")),
        ("payment_status", json!("paid")),
        ("fulfillment_status", json!("fulfilled")),
        ("origin", json!("import")),
        ("total_net", json!("0.01")),
        ("total_gross", json!("0.01")),
        ("discount", json!("24.99")),
        ("placed_at", json!("2000-01-01T00:00:00Z")),
        ("placement", json!("draft")),
    ] {
        body[name] = value;
    }
    for (name, value) in [("unit_price", json!("0.01")), ("discount", json!("9")), ("tax_rate", json!("0"))] {
        body["lines"][0][name] = value;
    }

    let order = ana.post("/api/orders/", body).await.expect(201);

    assert_eq!((&order["status"], &order["payment_status"]), (&json!("confirmed"), &json!("unpaid")));
    assert_eq!((&order["total_gross"], &order["discount"]), (&json!("29.00"), &json!("0.00")));
    assert_ne!(order["number"], "M-000001");
    assert_ne!(order["id"], "0190aaaa-0000-7000-8000-000000000001");
    assert_ne!(order["placed_at"], "2000-01-01T00:00:00Z");
    assert_eq!(order["lines"][0]["unit_price"], "12.50");
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn order_with_an_invalid_access_token_is_rejected() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let body = order_with(&mug, &[("email", json!("guest@example.com"))]);
    let guest = shop.anonymous().with_header("Authorization", "Bearer x");

    let rejected = guest.post("/api/orders/", body).await.expect(401);

    assert_eq!(rejected["code"], "token_not_valid");
    assert_eq!(shop.number("select count(*) from orders"), 0);
}
