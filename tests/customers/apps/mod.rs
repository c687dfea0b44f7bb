//! Apps: their permissions and their tokens.

mod networks;
mod tokens;

use mercer::platform::auth::Permission;
use serde_json::{Value, json};

use crate::support::builders::order_body;
use crate::support::client::Client;
use crate::support::{TestResponse, TestShop};

/// Creates an app with these permissions and returns its URL.
async fn app(by: &Client, name: &str, permissions: &[&str]) -> String {
    let app = by.post("/api/apps/", json!({"name": name, "permissions": permissions})).await.expect(201);
    format!("/api/apps/{}/", app["id"].as_str().unwrap())
}

/// Creates a token of the app and returns the response with its secret.
async fn token(by: &Client, app: &str, body: Value) -> Value {
    by.post(&format!("{app}tokens/"), body).await.expect(201)
}

/// A client that sends the token of this response.
fn client_with(shop: &TestShop, token: &Value) -> Client {
    let mut client = shop.anonymous();
    client.token = Some(token["token"].as_str().unwrap().to_owned());
    client
}

/// Creates an app with these permissions and returns its URL and its client.
async fn app_with_client(shop: &TestShop, by: &Client, permissions: &[&str]) -> (String, Client) {
    let app = app(by, "Ledger", permissions).await;
    let client = client_with(shop, &token(by, &app, json!({})).await);
    (app, client)
}

#[track_caller]
fn assert_bad_token(response: &TestResponse) {
    assert_eq!(response.expect(401)["code"], "token_not_valid");
}

#[actix_web::test]
async fn app_has_only_its_permissions_and_is_not_a_user() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (_, ledger) = app_with_client(&shop, &root, &["orders.view"]).await;

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
async fn app_expands_only_resources_that_it_can_view() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = ana.post("/api/orders/", order_body(&[(&mug, 1)])).await.expect(201);
    let expanded = async |permissions: &[&str]| {
        let app = app(&root, &permissions.join(" and "), permissions).await;
        let ledger = client_with(&shop, &token(&root, &app, json!({})).await);
        let url = format!("/api/orders/{}/?expand=customer&fields=customer", order["id"].as_str().unwrap());
        ledger.get(&url).await.expect(200)["customer"].clone()
    };

    assert_eq!(expanded(&["orders.view"]).await, json!(ana.customer), "only the id");
    assert_eq!(expanded(&["orders.view", "customers.view"]).await["email"], "ana@example.com");
}

#[actix_web::test]
async fn app_places_orders_only_with_permission() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let (_, reader) = app_with_client(&shop, &root, &["orders.view"]).await;
    let till = app(&root, "Till", &["orders.create"]).await;
    let till = client_with(&shop, &token(&root, &till, json!({})).await);
    let mut for_ana = order_body(&[(&mug, 1)]);
    for_ana["customer"] = json!(ana.customer);
    let mut for_guest = order_body(&[(&mug, 1)]);
    for_guest["email"] = json!("guest@example.com");

    for body in [for_ana.clone(), for_guest.clone()] {
        assert_eq!(reader.post("/api/orders/", body).await.expect(403)["code"], "permission_denied");
    }
    assert_eq!(shop.number("select count(*) from orders"), 0);
    for body in [for_ana, for_guest] {
        till.post("/api/orders/", body).await.expect(201);
    }
    assert_eq!(shop.number("select count(*) from orders"), 2);
    assert_eq!(till.post("/api/orders/", order_body(&[(&mug, 1)])).await.status, 400, "the customer is missing");
}

#[actix_web::test]
async fn app_cannot_have_permissions_of_staff_groups_or_apps() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let url = app(&root, "Ledger", &[]).await;
    let barred = Permission::all().iter().map(|permission| permission.name());
    let barred: Vec<_> = barred.filter(|name| name.starts_with("staff.") || name.contains("apps.")).collect();
    assert_eq!(barred.len(), 8);

    for name in barred.into_iter().chain(["groups.view", "groups.manage", "groups.restrict"]) {
        let expected = json!({"permissions": [format!("\"{name}\" cannot be granted to an app.")]});
        let body = json!({"name": "Other", "permissions": ["orders.view", name]});
        assert_eq!(root.post("/api/apps/", body.clone()).await.expect(400), expected);
        assert_eq!(root.put(&url, body.clone()).await.expect(400), expected);
        assert_eq!(root.patch(&url, body).await.expect(400), expected);
    }

    assert_eq!(shop.number("select count(*) from apps where permissions = '{}' and name = 'Ledger'"), 1);
}

#[actix_web::test]
async fn audit_log_records_the_app_as_actor() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, shelves) = app_with_client(&shop, &root, &["categories.create"]).await;

    shelves.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);

    let id = url.trim_end_matches('/').rsplit('/').next().unwrap();
    let entries = format!(
        "select count(*) from audit_entries where action = 'category.created' \
         and actor::jsonb = '{{\"type\": \"app\", \"id\": \"{id}\"}}'"
    );
    assert_eq!(shop.number(&entries), 1);
}

#[actix_web::test]
async fn rate_limit_is_per_app() {
    let shop = TestShop::with_settings(&[("THROTTLING", "on"), ("THROTTLE_USER", "2/h"), ("THROTTLE_WRITE", "99/h")]);
    let shop = shop.await;
    let root = shop.superuser().await;
    let (one, client) = app_with_client(&shop, &root, &["orders.view"]).await;
    let second = client_with(&shop, &token(&root, &one, json!({})).await);
    let other = app(&root, "Other", &["orders.view"]).await;
    let other = client_with(&shop, &token(&root, &other, json!({})).await);

    assert_eq!(client.get("/api/orders/").await.status, 200);
    assert_eq!(second.get("/api/orders/").await.status, 200, "the same app with another token");
    assert_eq!(client.at("203.0.113.9").get("/api/orders/").await.status, 429);
    assert_eq!(other.get("/api/orders/").await.status, 200);
    assert_eq!(root.get("/api/orders/").await.status, 200);
}

#[actix_web::test]
async fn deactivated_or_deleted_app_is_rejected() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let (url, ledger) = app_with_client(&shop, &root, &["orders.view"]).await;

    root.post(&format!("{url}deactivate/"), json!({})).await.expect(200);
    assert_bad_token(&ledger.get("/api/orders/").await);
    assert_bad_token(&ledger.get("/api/products/").await);
    root.post(&format!("{url}activate/"), json!({})).await.expect(200);
    assert_eq!(ledger.get("/api/orders/").await.status, 200);
    root.patch(&url, json!({"permissions": []})).await.expect(200);
    assert_eq!(ledger.get("/api/orders/").await.status, 403);
    root.delete(&url).await.expect(204);
    assert_bad_token(&ledger.get("/api/orders/").await);
    let entries = |action: &str| shop.number(&format!("select count(*) from audit_entries where action = '{action}'"));
    assert_eq!(["app.created", "app.changed", "app.deleted", "app.token_created"].map(entries), [1, 3, 1, 1]);
}
