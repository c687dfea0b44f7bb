//! What products cost, and what the shop notes about them, is for staff who may see it.

use mercer::platform::auth::Permission;
use serde_json::{Value, json};

use super::read;
use crate::support::builders::address;
use crate::support::{Client, TestShop};

const EDITORS: [Permission; 4] =
    [Permission::ProductsCreate, Permission::ProductsChange, Permission::VariantsCreate, Permission::VariantsChange];

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
async fn costs_and_private_metadata_are_shown_to_those_who_may_see_them_and_left_out_for_others() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let editor = shop.staff_with("editor", &EDITORS).await;
    let accountant = shop.staff_with("accountant", &[Permission::ProductsViewCosts]).await;
    let made = staff.post("/api/products/", mug()).await.expect(201);
    assert_eq!(made["private_metadata"], json!({"supplier": "Nairobi Enamel"}));
    assert_eq!(made["variants"][0]["cost"], "4.10");

    let seen = product(&accountant, &made["id"]).await;
    assert_eq!((&seen["variants"][0]["cost"], seen.get("private_metadata")), (&json!("4.10"), None));
    for client in [&shop.anonymous(), &ana.client, &editor.client] {
        let seen = product(client, &made["id"]).await;
        assert_eq!((seen.get("private_metadata"), seen["variants"][0].get("cost")), (None, None));
        let list = client.get("/api/products/?fields=private_metadata,variants").await.expect(200);
        assert_eq!(list["results"][0].get("private_metadata"), None);
        assert_eq!(list["results"][0]["variants"][0].get("cost"), None);
    }
}

#[actix_web::test]
async fn an_expanded_variant_tells_its_cost_to_those_who_may_see_it_alone() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    staff.post("/api/products/", mug()).await.expect(201);
    let order = json!({"shipping_address": address(), "lines": [{"sku": "MUG-1", "quantity": 1}]});
    let order = ana.post("/api/orders/", order).await.expect(201);
    let url = format!("/api/orders/{}/?expand=lines.variant,lines.product", order["id"].as_str().unwrap());

    let (hers, theirs) = (ana.get(&url).await.expect(200), staff.get(&url).await.expect(200));

    assert_eq!(hers["lines"][0]["variant"].get("cost"), None);
    assert_eq!(hers["lines"][0]["product"].get("private_metadata"), None);
    assert_eq!(hers["lines"][0]["product"]["variants"][0].get("cost"), None);
    assert_eq!(theirs["lines"][0]["variant"]["cost"], "4.10");
    assert_eq!(theirs["lines"][0]["product"]["private_metadata"], json!({"supplier": "Nairobi Enamel"}));
}

#[actix_web::test]
async fn what_somebody_may_not_see_they_do_not_change() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let editor = shop.staff_with("editor", &EDITORS).await;
    let made = staff.post("/api/products/", mug()).await.expect(201);
    let id = made["id"].as_str().unwrap();
    let variant = format!("/api/variants/{}/", made["variants"][0]["id"].as_str().unwrap());

    editor.patch(&format!("/api/products/{id}/"), json!({"private_metadata": {}, "name": "Cup"})).await.expect(200);
    editor.put(&format!("/api/products/{id}/"), json!({"name": "Cup", "private_metadata": {}})).await.expect(200);
    editor.patch(&variant, json!({"cost": null})).await.expect(200);
    let theirs = editor.post("/api/products/", mug_of("POT-1")).await.expect(201);

    let seen = product(&staff, &made["id"]).await;
    assert_eq!(seen["name"], "Cup");
    assert_eq!(seen["private_metadata"], json!({"supplier": "Nairobi Enamel"}));
    assert_eq!(seen["variants"][0]["cost"], "4.10");
    let seen = product(&staff, &theirs["id"]).await;
    assert_eq!((&seen["private_metadata"], &seen["variants"][0]["cost"]), (&json!({}), &Value::Null));
}

fn mug_of(sku: &str) -> Value {
    let mut body = mug();
    body["variants"][0]["sku"] = json!(sku);
    body
}

#[actix_web::test]
async fn a_cost_is_changed_forgotten_and_never_negative() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let made = shop.product("Mug").create();
    let shown = read(&staff, &made).await;
    assert_eq!(shown["variants"][0]["cost"], Value::Null);
    let variant = format!("/api/variants/{}/", shown["variants"][0]["id"].as_str().unwrap());

    let changed = staff.patch(&variant, json!({"cost": "3.333"})).await.expect(200);
    assert_eq!(changed["variants"][0]["cost"], "3.333");
    let refused = staff.patch(&variant, json!({"cost": "-1"})).await.expect(400);
    assert_eq!(refused, json!({"cost": ["Ensure this value is greater than or equal to 0."]}));
    assert_eq!(shop.number("select count(*) from variants where cost = 3.333"), 1);
    let forgotten = staff.patch(&variant, json!({"cost": null})).await.expect(200);
    assert_eq!(forgotten["variants"][0]["cost"], Value::Null);
}
