//! Who may order, for whom, and who may look at it later.

use serde_json::{Value, json};

use super::super::{placed, url, verb};
use crate::support::builders::{Made, order_of};
use crate::support::{TestResponse, TestShop};

fn order_with(mug: &Made, more: &[(&str, Value)]) -> Value {
    let mut body = order_of(&[(mug, 1)]);
    for (name, value) in more {
        body[*name] = value.clone();
    }
    body
}

async fn as_guest(shop: &TestShop, mug: &Made, email: &str) -> TestResponse {
    let body = order_with(mug, &[("email", json!(email))]);
    shop.anonymous().post("/api/orders/", body).await
}

#[actix_web::test]
async fn a_guest_gets_a_secret_that_opens_the_order() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();

    let answer = as_guest(&shop, &mug, "Guest@Example.com").await;

    let order = answer.expect(201);
    assert_eq!((&order["customer"], &order["email"]), (&Value::Null, &json!("guest@example.com")));
    let token = answer.header("x-order-token").unwrap();
    assert_eq!(token.len(), 43, "256 bits");
    let guest = shop.anonymous().with_header("X-Order-Token", token);
    assert_eq!(guest.get(&url(&order, "")).await.expect(200), order);
    guest.get(&url(&order, "history/")).await.expect(200);
    guest.get(&url(&order, "payments/")).await.expect(200);
}

#[actix_web::test]
async fn only_the_hash_of_a_secret_is_kept() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let answer = as_guest(&shop, &mug, "guest@example.com").await;
    let token = answer.header("x-order-token").unwrap();

    let hashed = format!("select count(*) from orders where access_token_hash = sha256('{token}'::bytea)");
    assert_eq!(shop.number(&hashed), 1);
    let tables = ["orders", "order_history", "events", "audit_entries", "jobs"];
    for table in tables {
        let telling = format!("select count(*) from {table} t where t::text like '%{token}%'");
        assert_eq!(shop.number(&telling), 0, "{table}");
    }
    assert!(!String::from_utf8_lossy(&answer.body).contains(token));
}

#[actix_web::test]
async fn a_secret_opens_its_own_order_and_no_other() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let ana = shop.customer("ana").await;
    let [first, second] = [as_guest(&shop, &mug, "a@example.com").await, as_guest(&shop, &mug, "a@example.com").await];
    let hers = placed(&ana, &[(&mug, 1)]).await;
    let token = first.header("x-order-token").unwrap();
    assert_ne!(Some(token), second.header("x-order-token"));
    let not_found = json!({"detail": "Not found.", "code": "not_found"});

    let guest = shop.anonymous().with_header("X-Order-Token", token);
    for order in [second.expect(201), hers] {
        for behind in ["", "history/", "payments/"] {
            assert_eq!(guest.get(&url(&order, behind)).await.expect(404), not_found);
        }
        assert_eq!(verb(&guest, &order, "cancel").await.expect(404), not_found);
    }
    for wrong in ["", "x", &token[1..], &token.to_lowercase()] {
        let stranger = shop.anonymous().with_header("X-Order-Token", wrong);
        assert_eq!(stranger.get(&url(&first.expect(201), "")).await.expect(404), not_found, "{wrong:?}");
    }
    shop.anonymous().get(&url(&first.expect(201), "")).await.expect(401);
    assert_eq!(shop.number("select count(*) from orders where status = 'confirmed'"), 3);
}

#[actix_web::test]
async fn a_guest_without_an_address_is_refused() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let books = shop.books();
    let body = order_of(&[(&mug, 1)]);

    let refused = shop.anonymous().post("/api/orders/", body).await;
    assert_eq!(refused.expect(400), json!({"email": ["This field is required."]}));
    let refused = as_guest(&shop, &mug, "guest").await;
    assert_eq!(refused.expect(400), json!({"email": ["Enter a valid email address."]}));

    assert_eq!(shop.books(), books);
}

#[actix_web::test]
async fn a_guest_cannot_order_in_the_name_of_a_customer() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let ana = shop.customer("ana").await;
    let body = order_with(&mug, &[("email", json!("guest@example.com")), ("customer", json!(ana.customer))]);

    let order = shop.anonymous().post("/api/orders/", body).await.expect(201);

    assert_eq!(order["customer"], Value::Null);
    assert_eq!(ana.get("/api/orders/").await.expect(200)["count"], 0);
}

#[actix_web::test]
async fn staff_order_for_a_customer() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    ana.patch("/api/customers/me/", json!({"phone": "+254700000001"})).await.expect(200);

    let body = order_with(&mug, &[("customer", json!(ana.customer))]);
    let answer = staff.post("/api/orders/", body).await;

    let order = answer.expect(201);
    assert_eq!(answer.header("x-order-token"), None);
    assert_eq!(order["customer"], json!(ana.customer));
    assert_eq!((&order["email"], &order["phone"]), (&json!("ana@example.com"), &json!("+254700000001")));
    assert_eq!(shop.number("select count(*) from orders where origin = 'staff'"), 1);
    assert_eq!(ana.get(&url(&order, "")).await.expect(200), order);
    let history = staff.get(&url(&order, "history/")).await.expect(200);
    assert_eq!(history[0]["actor"], json!({"type": "user", "id": staff.user}));
}

#[actix_web::test]
async fn staff_order_for_somebody_who_has_only_an_address() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let staff = shop.staff().await;

    let body = order_with(&mug, &[("email", json!("walk-in@example.com"))]);
    let order = staff.post("/api/orders/", body).await.expect(201);
    assert_eq!((&order["customer"], &order["email"]), (&Value::Null, &json!("walk-in@example.com")));
    assert_eq!(shop.number("select count(*) from orders where origin = 'staff'"), 1);

    let own = placed(&staff, &[(&mug, 1)]).await;
    assert_eq!((&own["customer"], &own["email"]), (&json!(staff.customer), &json!("staff@example.com")));
    assert_eq!(shop.number("select count(*) from orders where origin = 'shop'"), 1);
}

#[actix_web::test]
async fn a_customer_who_does_not_exist_is_refused() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let staff = shop.staff().await;
    let books = shop.books();
    let nobody = "0190aaaa-0000-7000-8000-000000000001";

    let body = order_with(&mug, &[("customer", json!(nobody))]);
    let refused = staff.post("/api/orders/", body).await.expect(400);

    let message = format!("Invalid pk \"{nobody}\" - object does not exist.");
    assert_eq!(refused, json!({"customer": [message]}));
    assert_eq!(shop.books(), books);
}

#[actix_web::test]
async fn a_customer_orders_for_nobody_else() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let books = shop.books();

    let body = order_with(&mug, &[("customer", json!(ben.customer))]);
    let refused = ana.post("/api/orders/", body).await.expect(403);
    assert_eq!(refused["code"], "permission_denied");
    assert_eq!(shop.books(), books);

    let body = order_with(&mug, &[("customer", json!(ana.customer))]);
    let own = ana.post("/api/orders/", body).await.expect(201);
    assert_eq!(own["customer"], json!(ana.customer));
}

#[actix_web::test]
async fn a_customer_cannot_say_what_the_shop_says() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").price("12.50").create();
    let ana = shop.customer("ana").await;
    let mut body = order_of(&[(&mug, 2)]);
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
    shop.assert_books_balance();
}

#[actix_web::test]
async fn a_bad_token_is_no_guest() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let body = order_with(&mug, &[("email", json!("guest@example.com"))]);
    let stranger = shop.anonymous().with_header("Authorization", "Bearer x");

    let refused = stranger.post("/api/orders/", body).await.expect(401);

    assert_eq!(refused["code"], "token_not_valid");
    assert_eq!(shop.number("select count(*) from orders"), 0);
}
