//! Costs and private metadata, which require permissions.

use mercer::platform::auth::Permission;
use mercer::products::permissions::{ChangeProducts, ChangeVariants, CreateProducts, CreateVariants, ViewCosts};
use serde_json::{Value, json};

use super::read;
use crate::support::builders::address;
use crate::support::{Client, TestShop};

const EDITORS: [Permission; 4] =
    [CreateProducts::PERMISSION, ChangeProducts::PERMISSION, CreateVariants::PERMISSION, ChangeVariants::PERMISSION];

fn mug() -> Value {
    json!({
        "name": "Mug", "private_metadata": {"supplier": "Nairobi Enamel"},
        "variants": [{"sku": "MUG-1", "price": "12.50", "cost": "4.10", "stock": 5}],
    })
}

async fn product(client: &Client, id: &Value) -> Value {
    client.get(&format!("/api/products/{}/", id.as_str().unwrap())).await.expect(200)
}

#[actix_web::test]
async fn costs_and_private_metadata_require_their_permissions() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let editor = shop.staff_with("editor", &EDITORS).await;
    let accountant = shop.staff_with("accountant", &[ViewCosts::PERMISSION]).await;
    let created = staff.post("/api/products/", mug()).await.expect(201);
    assert_eq!(created["private_metadata"], json!({"supplier": "Nairobi Enamel"}));
    assert_eq!(created["variants"][0]["cost"], "4.10");

    let seen = product(&accountant, &created["id"]).await;
    assert_eq!((&seen["variants"][0]["cost"], seen.get("private_metadata")), (&json!("4.10"), None));
    for client in [&shop.anonymous(), &ana.client, &editor.client] {
        let seen = product(client, &created["id"]).await;
        assert_eq!((seen.get("private_metadata"), seen["variants"][0].get("cost")), (None, None));
        let list = client.get("/api/products/?fields=private_metadata,variants").await.expect(200);
        assert_eq!(list["results"][0].get("private_metadata"), None);
        assert_eq!(list["results"][0]["variants"][0].get("cost"), None);
    }
}

#[actix_web::test]
async fn cost_of_an_expanded_variant_requires_its_permission() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    staff.post("/api/products/", mug()).await.expect(201);
    let order = json!({"shipping_address": address(), "lines": [{"sku": "MUG-1", "quantity": 1}]});
    let order = ana.post("/api/orders/", order).await.expect(201);
    let url = format!("/api/orders/{}/?expand=lines.variant,lines.product", order["id"].as_str().unwrap());

    let (customer_view, staff_view) = (ana.get(&url).await.expect(200), staff.get(&url).await.expect(200));

    assert_eq!(customer_view["lines"][0]["variant"].get("cost"), None);
    assert_eq!(customer_view["lines"][0]["product"].get("private_metadata"), None);
    assert_eq!(customer_view["lines"][0]["product"]["variants"][0].get("cost"), None);
    assert_eq!(staff_view["lines"][0]["variant"]["cost"], "4.10");
    assert_eq!(staff_view["lines"][0]["product"]["private_metadata"], json!({"supplier": "Nairobi Enamel"}));
}

#[actix_web::test]
async fn invisible_fields_cannot_be_changed() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let editor = shop.staff_with("editor", &EDITORS).await;
    let created = staff.post("/api/products/", mug()).await.expect(201);
    let id = created["id"].as_str().unwrap();
    let variant = format!("/api/variants/{}/", created["variants"][0]["id"].as_str().unwrap());

    editor.patch(&format!("/api/products/{id}/"), json!({"private_metadata": {}, "name": "Cup"})).await.expect(200);
    editor.put(&format!("/api/products/{id}/"), json!({"name": "Cup", "private_metadata": {}})).await.expect(200);
    editor.patch(&variant, json!({"cost": null})).await.expect(200);
    let staff_view = editor.post("/api/products/", mug_of("POT-1")).await.expect(201);

    let seen = product(&staff, &created["id"]).await;
    assert_eq!(seen["name"], "Cup");
    assert_eq!(seen["private_metadata"], json!({"supplier": "Nairobi Enamel"}));
    assert_eq!(seen["variants"][0]["cost"], "4.10");
    let seen = product(&staff, &staff_view["id"]).await;
    assert_eq!((&seen["private_metadata"], &seen["variants"][0]["cost"]), (&json!({}), &Value::Null));
}

fn mug_of(sku: &str) -> Value {
    let mut body = mug();
    body["variants"][0]["sku"] = json!(sku);
    body
}

#[actix_web::test]
async fn cost_can_be_changed_and_cleared_but_not_negative() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let created = shop.product("Mug").create();
    let shown = read(&staff, &created).await;
    assert_eq!(shown["variants"][0]["cost"], Value::Null);
    let variant = format!("/api/variants/{}/", shown["variants"][0]["id"].as_str().unwrap());

    let changed = staff.patch(&variant, json!({"cost": "3.333"})).await.expect(200);
    assert_eq!(changed["variants"][0]["cost"], "3.333");
    let rejected = staff.patch(&variant, json!({"cost": "-1"})).await.expect(400);
    assert_eq!(rejected, json!({"cost": ["Ensure this value is greater than or equal to 0."]}));
    assert_eq!(shop.number("select count(*) from variants where cost = 3.333"), 1);
    let forgotten = staff.patch(&variant, json!({"cost": null})).await.expect(200);
    assert_eq!(forgotten["variants"][0]["cost"], Value::Null);
}
