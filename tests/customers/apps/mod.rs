//! Programs: what they may, and what their tokens open.

mod addresses;
mod tokens;

use mercer::platform::auth::Permission;
use serde_json::{Value, json};

use crate::support::builders::order_of;
use crate::support::client::Client;
use crate::support::{TestResponse, TestShop};

/// A program of this name that may do this; its URL.
async fn app(by: &Client, name: &str, permissions: &[&str]) -> String {
    let made = by.post("/api/apps/", json!({"name": name, "permissions": permissions})).await.expect(201);
    format!("/api/apps/{}/", made["id"].as_str().unwrap())
}

/// A new token of a program, as it is told once.
async fn token(by: &Client, app: &str, body: Value) -> Value {
    by.post(&format!("{app}tokens/"), body).await.expect(201)
}

/// Whoever sends the token of this answer.
fn bearing(shop: &TestShop, token: &Value) -> Client {
    let mut client = shop.anonymous();
    client.token = Some(token["token"].as_str().unwrap().to_owned());
    client
}

/// A program that may do this, and its client.
async fn program(shop: &TestShop, by: &Client, permissions: &[&str]) -> (String, Client) {
    let app = app(by, "Ledger", permissions).await;
    let client = bearing(shop, &token(by, &app, json!({})).await);
    (app, client)
}

#[track_caller]
fn assert_bad_token(answer: &TestResponse) {
    assert_eq!(answer.expect(401)["code"], "token_not_valid");
}

#[actix_web::test]
async fn a_program_may_what_it_was_given_and_is_nobody() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (_, ledger) = program(&shop, &root, &["orders.view"]).await;

    assert_eq!(ledger.get("/api/orders/").await.status, 200);
    assert_eq!(
        ledger.get("/api/auth/permissions/").await.expect(200),
        json!({"is_superuser": false, "permissions": ["orders.view"], "channels": null})
    );
    for url in ["/api/stocks/", "/api/auth/user/", "/api/customers/me/", "/api/customers/me/orders/"] {
        assert_eq!(ledger.get(url).await.expect(403)["code"], "permission_denied", "{url}");
    }
    ledger.get("/api/auth/sessions/").await.expect(403);
    ledger.post("/api/auth/sessions/end/", json!({})).await.expect(403);
    ledger.post("/api/auth/logout/", json!({})).await.expect(401);
}

#[actix_web::test]
async fn a_program_expands_only_what_it_may_see() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = ana.post("/api/orders/", order_of(&[(&mug, 1)])).await.expect(201);
    let shown = async |permissions: &[&str]| {
        let app = app(&root, &permissions.join(" and "), permissions).await;
        let ledger = bearing(&shop, &token(&root, &app, json!({})).await);
        let url = format!("/api/orders/{}/?expand=customer&fields=customer", order["id"].as_str().unwrap());
        ledger.get(&url).await.expect(200)["customer"].clone()
    };

    assert_eq!(shown(&["orders.view"]).await, json!(ana.customer), "its id, and no more");
    assert_eq!(shown(&["orders.view", "customers.view"]).await["email"], "ana@example.com");
}

#[actix_web::test]
async fn a_program_places_orders_only_if_it_may() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let (_, reader) = program(&shop, &root, &["orders.view"]).await;
    let till = app(&root, "Till", &["orders.create"]).await;
    let till = bearing(&shop, &token(&root, &till, json!({})).await);
    let mut for_ana = order_of(&[(&mug, 1)]);
    for_ana["customer"] = json!(ana.customer);
    let mut for_somebody = order_of(&[(&mug, 1)]);
    for_somebody["email"] = json!("somebody@example.com");

    for body in [for_ana.clone(), for_somebody.clone()] {
        assert_eq!(reader.post("/api/orders/", body).await.expect(403)["code"], "permission_denied");
    }
    assert_eq!(shop.number("select count(*) from orders"), 0);
    for body in [for_ana, for_somebody] {
        till.post("/api/orders/", body).await.expect(201);
    }
    assert_eq!(shop.number("select count(*) from orders"), 2);
    assert_eq!(till.post("/api/orders/", order_of(&[(&mug, 1)])).await.status, 400, "for whom?");
}

#[actix_web::test]
async fn no_program_manages_people_groups_or_programs() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let url = app(&root, "Ledger", &[]).await;
    let barred = Permission::ALL.iter().map(|permission| permission.name());
    let barred: Vec<_> = barred.filter(|name| name.starts_with("staff.") || name.contains("apps.")).collect();
    assert_eq!(barred.len(), 8);

    for name in barred.into_iter().chain(["groups.view", "groups.manage", "groups.restrict"]) {
        let told = json!({"permissions": [format!("\"{name}\" cannot be granted to an app.")]});
        let body = json!({"name": "Other", "permissions": ["orders.view", name]});
        assert_eq!(root.post("/api/apps/", body.clone()).await.expect(400), told);
        assert_eq!(root.put(&url, body.clone()).await.expect(400), told);
        assert_eq!(root.patch(&url, body).await.expect(400), told);
    }

    assert_eq!(shop.number("select count(*) from apps where permissions = '{}' and name = 'Ledger'"), 1);
}

#[actix_web::test]
async fn what_a_program_writes_is_written_down_as_its_work() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, shelves) = program(&shop, &root, &["categories.create"]).await;

    shelves.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);

    let id = url.trim_end_matches('/').rsplit('/').next().unwrap();
    let told = format!(
        "select count(*) from audit_entries where action = 'category.created' \
         and actor::jsonb = '{{\"type\": \"app\", \"id\": \"{id}\"}}'"
    );
    assert_eq!(shop.number(&told), 1);
}

#[actix_web::test]
async fn programs_are_counted_each_for_itself() {
    let shop = TestShop::with_settings(&[("THROTTLING", "on"), ("THROTTLE_USER", "2/h"), ("THROTTLE_WRITE", "99/h")]);
    let shop = shop.await;
    let root = shop.superuser().await;
    let (one, client) = program(&shop, &root, &["orders.view"]).await;
    let second = bearing(&shop, &token(&root, &one, json!({})).await);
    let other = app(&root, "Other", &["orders.view"]).await;
    let other = bearing(&shop, &token(&root, &other, json!({})).await);

    assert_eq!(client.get("/api/orders/").await.status, 200);
    assert_eq!(second.get("/api/orders/").await.status, 200, "the same program by another token");
    assert_eq!(client.at("203.0.113.9").get("/api/orders/").await.status, 429);
    assert_eq!(other.get("/api/orders/").await.status, 200);
    assert_eq!(root.get("/api/orders/").await.status, 200);
}

#[actix_web::test]
async fn a_program_that_is_switched_off_or_gone_is_refused_at_once() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, ledger) = program(&shop, &root, &["orders.view"]).await;

    root.post(&format!("{url}deactivate/"), json!({})).await.expect(200);
    assert_bad_token(&ledger.get("/api/orders/").await);
    assert_bad_token(&ledger.get("/api/products/").await);
    root.post(&format!("{url}activate/"), json!({})).await.expect(200);
    assert_eq!(ledger.get("/api/orders/").await.status, 200);
    root.patch(&url, json!({"permissions": []})).await.expect(200);
    assert_eq!(ledger.get("/api/orders/").await.status, 403);
    root.delete(&url).await.expect(204);
    assert_bad_token(&ledger.get("/api/orders/").await);
    let told = |action: &str| shop.number(&format!("select count(*) from audit_entries where action = '{action}'"));
    assert_eq!(["app.created", "app.changed", "app.deleted", "app.token_created"].map(told), [1, 3, 1, 1]);
}
