//! Endpoints of the audit log, and entries about denied and throttled requests.

use serde_json::{Value, json};

use crate::support::shop::PASSWORD;
use crate::support::{Client, TestShop};

async fn entries(shop: &TestShop, query: &str) -> Vec<Value> {
    entries_for(&shop.superuser().await.client, query).await
}

async fn entries_for(reader: &Client, query: &str) -> Vec<Value> {
    let list = reader.get(&format!("/api/audit-log/?{query}")).await.expect(200);
    list["results"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn entry_contains_the_values_before_and_after() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let category = shop.category("Mugs", None);
    staff
        .with_header("user-agent", "till/7")
        .patch(&format!("/api/categories/{category}/"), json!({"name": "Cups"}))
        .await
        .expect(200);

    let found = entries(&shop, &format!("actor={}&action=category.changed", staff.user)).await;

    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["changes"], json!({"name": {"before": "Mugs", "after": "Cups"}}));
    assert_eq!(found[0]["user_agent"], "till/7");
    assert_eq!((&found[0]["object_type"], &found[0]["object_id"]), (&json!("category"), &json!(category)));
}

#[actix_web::test]
async fn audit_log_can_be_filtered_by_every_field() {
    let shop = TestShop::new().await;
    let (staff, reader) = (shop.staff().await, shop.superuser().await);
    let created = staff.at("192.0.2.7").post("/api/categories/", json!({"name": "Mugs"})).await;
    let request = created.header("x-request-id").unwrap().to_owned();
    let id = created.expect(201)["id"].as_str().unwrap().to_owned();

    for query in [
        format!("request_id={request}"),
        "address=192.0.2.7".to_owned(),
        format!("object_id={id}&object_type=category"),
        format!("actor={}&action__startswith=category.", staff.user),
        "action=category.created&created_at__gte=2020-01-01T00:00:00Z".to_owned(),
    ] {
        let found = entries_for(&reader.client, &query).await;
        assert_eq!(found.iter().map(|entry| &entry["object_id"]).collect::<Vec<_>>(), [&json!(id)], "{query}");
    }
    assert_eq!(entries_for(&reader.client, "address=192.0.2.8").await, Vec::<Value>::new());
}

#[actix_web::test]
async fn denied_request_is_recorded_once() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    for _ in 0..3 {
        staff.get("/api/jobs/").await.expect(403);
        ana.post("/api/categories/", json!({"name": "Mine"})).await.expect(403);
        shop.anonymous().get("/api/jobs/").await.expect(401);
    }

    let denied = entries(&shop, "action=access.denied&ordering=created_at").await;

    let recorded: Vec<_> =
        denied.iter().map(|entry| (&entry["actor"]["id"], &entry["object_id"], &entry["changes"])).collect();
    let of = |method: &str| json!({"method": {"after": method}});
    assert_eq!(
        recorded,
        [
            (&json!(staff.user), &json!("/api/jobs/"), &of("GET")),
            (&json!(ana.user), &json!("/api/categories/"), &of("POST")),
        ]
    );
}

#[actix_web::test]
async fn throttled_address_is_recorded_once() {
    let shop = TestShop::with_settings(&[("THROTTLING", "on"), ("THROTTLE_LOGIN", "2/h")]).await;
    let body = json!({"email": "nobody@example.com", "password": PASSWORD});
    for status in [401, 401, 429, 429, 429] {
        shop.anonymous().at("192.0.2.7").post("/api/auth/token/", body.clone()).await.expect(status);
    }

    let throttled = entries(&shop, "action=address.throttled").await;

    assert_eq!(throttled.len(), 1);
    assert_eq!(throttled[0]["object_id"], "192.0.2.7");
}

#[actix_web::test]
async fn audit_log_records_only_orders_for_other_customers() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.product("Mug").stock(9).create();
    let order = |extra: Value| {
        let mut body = json!({
            "lines": [{"sku": "MUG", "quantity": 1}],
            "shipping_address": {"name": "Ana", "line1": "1 High St", "city": "Nairobi", "postal_code": "00100", "country": "KE"},
        });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };

    ana.post("/api/orders/", order(json!({}))).await.expect(201);
    shop.anonymous().post("/api/orders/", order(json!({"email": "guest@example.com"}))).await.expect(201);
    staff.post("/api/orders/", order(json!({"customer": ana.customer}))).await.expect(201);

    let placed = entries(&shop, "action=order.created").await;
    assert_eq!(placed.len(), 1);
    assert_eq!(placed[0]["actor"]["id"], json!(staff.user));
    assert_eq!(placed[0]["changes"]["lines"], json!({"after": [{"sku": "MUG", "quantity": 1}]}));
}
