//! Archiving of products.

use serde_json::json;

use super::read;
use crate::support::TestShop;
use crate::support::builders::order_body;

#[actix_web::test]
async fn archived_product_is_not_found() {
    let shop = TestShop::new().await;
    let (staff, guest) = (shop.staff().await, shop.anonymous());
    let mugs = shop.category("Mugs", None);
    let mug = shop.product("Mug").in_category(mugs).create();
    let url = format!("/api/products/{}/", mug.id);

    let response = staff.delete(&url).await;

    response.expect(204);
    assert!(response.body.is_empty());
    for client in [&guest, &*staff] {
        client.get(&url).await.expect(404);
        client.get("/api/products/mug/").await.expect(404);
        for list in ["/api/products/", "/api/products/?is_active=false", "/api/categories/mugs/products/"] {
            assert_eq!(client.get(list).await.expect(200)["count"], 0, "{list}");
        }
    }
    assert_eq!(shop.published_events(), ["product.created", "product.archived"]);
}

#[actix_web::test]
async fn archived_product_cannot_be_changed() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();
    let variant = read(&staff, &mug).await["variants"][0]["id"].as_str().unwrap().to_owned();
    let (url, variant) = (format!("/api/products/{}/", mug.id), format!("/api/variants/{variant}/"));
    staff.delete(&url).await.expect(204);
    let events = shop.published_events();

    staff.delete(&url).await.expect(404);
    staff.patch(&url, json!({"is_active": true})).await.expect(404);
    staff.put(&url, json!({"name": "Mug"})).await.expect(404);
    staff.patch(&variant, json!({"price": "1"})).await.expect(404);
    staff.delete(&variant).await.expect(404);
    let new = json!({"sku": "MUG-L", "price": "1"});
    staff.post(&format!("{url}variants/"), new).await.expect(404);

    assert_eq!(shop.published_events(), events);
    assert_eq!(shop.number("select count(*) from variants"), 1);
}

#[actix_web::test]
async fn archived_product_keeps_its_sku_and_slug() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();
    staff.delete(&format!("/api/products/{}/", mug.id)).await.expect(204);

    let again = json!({"name": "Mug", "sku": "mug", "price": "1"});
    let rejected = staff.post("/api/products/", again).await.expect(400);
    assert_eq!(rejected, json!({"sku": ["variant with this sku already exists."]}));
    let other = json!({"name": "Mug", "sku": "MUG-2", "price": "1"});
    assert_eq!(staff.post("/api/products/", other).await.expect(201)["slug"], "mug-2");
}

#[actix_web::test]
async fn archiving_a_product_does_not_change_orders() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").create();
    let placed = ana.post("/api/orders/", order_body(&[(&mug, 2)])).await.expect(201);
    let url = format!("/api/orders/{}/", placed["id"].as_str().unwrap());

    staff.delete(&format!("/api/products/{}/", mug.id)).await.expect(204);

    assert_eq!(ana.get(&url).await.expect(200), placed);
    for verb in ["process", "ship"] {
        staff.post(&format!("{url}{verb}/"), json!({})).await.expect(200);
    }
    assert_eq!(shop.stock_of(&mug), (8, 0), "existing orders can still be shipped");
    let rejected = ana.post("/api/orders/", order_body(&[(&mug, 1)])).await.expect(400);
    assert_eq!(rejected, json!({"lines": {"0": {"sku": ["This product is not for sale."]}}}));
}
