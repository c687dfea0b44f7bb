//! Variants: add, update and archive.

use futures_util::future::join;
use serde_json::{Value, json};

use super::read;
use crate::support::TestShop;
use crate::support::builders::TestProduct;

fn variant(product: &Value, place: usize) -> String {
    format!("/api/variants/{}/", product["variants"][place]["id"].as_str().unwrap())
}

fn variants_of(product: &TestProduct) -> String {
    format!("/api/products/{}/variants/", product.id)
}

#[actix_web::test]
async fn new_variant_is_placed_last() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();
    let body = json!({"sku": "MUG-L", "name": "Large", "options": {"size": "L"}, "price": "8.00", "stock": 5});

    let response = staff.post(&variants_of(&mug), body).await;

    let product = response.expect(201);
    let id = &product["variants"][1]["id"];
    assert_eq!(
        product["variants"][1],
        json!({
            "id": id, "sku": "MUG-L", "name": "Large", "options": {"size": "L"}, "price": "8.00", "currency": "EUR",
            "cost": null, "available": 5,
        })
    );
    assert_eq!((&product["sku"], &product["price"]), (&json!("MUG"), &json!("8.00")));
    assert_eq!(product["available"], 15);
    assert_eq!(read(&staff, &mug).await, product);
    assert_eq!(shop.published_events(), ["product.created", "product.updated"]);
}

#[actix_web::test]
async fn variant_with_taken_sku_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();
    shop.product("Pot").create();
    for sku in ["mug", "POT"] {
        let rejected = staff.post(&variants_of(&mug), json!({"sku": sku, "price": "1"})).await;
        assert_eq!(rejected.expect(400), json!({"sku": ["variant with this sku already exists."]}));
    }
    let rejected = staff.post(&variants_of(&mug), json!({"stock": -1})).await.expect(400);
    assert_eq!(
        rejected,
        json!({
            "sku": ["This field is required."], "price": ["This field is required."],
            "stock": ["Ensure this value is greater than or equal to 0."],
        })
    );
    assert_eq!(shop.number("select count(*) from variants"), 2);
}

#[actix_web::test]
async fn variant_is_updated() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").variant("MUG-L", "12.00", 3).create();
    let before = read(&staff, &mug).await;
    let changes =
        json!({"sku": "MUG-XL", "name": "Huge", "options": {"size": "XL"}, "price": "13.5", "sort_order": -1});

    let product = staff.patch(&variant(&before, 1), changes).await.expect(200);

    let large = &before["variants"][1]["id"];
    assert_eq!(
        product["variants"][0],
        json!({
            "id": large, "sku": "MUG-XL", "name": "Huge", "options": {"size": "XL"}, "price": "13.50",
            "currency": "EUR", "cost": null, "available": 3,
        }),
        "it is first now"
    );
    assert_eq!(product["variants"][1], before["variants"][0]);
}

#[actix_web::test]
async fn rejected_variant_update_changes_nothing() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").variant("MUG-L", "12.00", 3).create();
    let before = read(&staff, &mug).await;

    let rejected = staff.patch(&variant(&before, 1), json!({"price": "1", "sku": "mug"})).await.expect(400);
    assert_eq!(rejected, json!({"sku": ["variant with this sku already exists."]}));
    let rejected = staff.patch(&variant(&before, 1), json!({"price": "x", "options": []})).await.expect(400);
    assert_eq!(
        rejected,
        json!({
            "price": ["A valid number is required."],
            "options": ["Expected a dictionary of items but got type \"list\"."],
        })
    );
    let unknown = "/api/variants/0190aaaa-0000-7000-8000-000000000001/";
    staff.patch(unknown, json!({"price": "1"})).await.expect(404);
    staff.delete(unknown).await.expect(404);

    assert_eq!(read(&staff, &mug).await, before);
}

#[actix_web::test]
async fn last_variant_cannot_be_archived() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").variant("MUG-L", "12.00", 3).create();
    let before = read(&staff, &mug).await;

    staff.delete(&variant(&before, 0)).await.expect(204);
    let rejected = staff.delete(&variant(&before, 1)).await;

    assert_eq!(
        rejected.expect(409),
        json!({"detail": "The only variant of a product cannot be archived. Archive the product instead.", "code": "last_variant"})
    );
    let after = read(&staff, &mug).await;
    assert_eq!(after["variants"], json!([before["variants"][1]]));
    assert_eq!((&after["sku"], &after["price"], &after["available"]), (&json!("MUG-L"), &json!("12.00"), &json!(3)));
}

#[actix_web::test]
async fn concurrent_archiving_keeps_one_variant() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").variant("MUG-L", "12.00", 3).create();
    let before = read(&staff, &mug).await;
    let [first, second] = [variant(&before, 0), variant(&before, 1)];

    let (first, second) = join(staff.delete(&first), staff.delete(&second)).await;

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(read(&staff, &mug).await["variants"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn concurrent_product_and_variant_updates_are_both_applied() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();
    let before = read(&staff, &mug).await;
    let (product, variant) = (format!("/api/products/{}/", mug.id), variant(&before, 0));

    for round in 0..5 {
        let (of_product, of_variant) = join(
            staff.patch(&product, json!({"name": format!("Cup {round}"), "sku": format!("CUP-{round}")})),
            staff.patch(&variant, json!({"name": format!("Large {round}")})),
        )
        .await;
        of_product.expect(200);
        of_variant.expect(200);
        let after = read(&staff, &mug).await;
        assert_eq!((&after["name"], &after["sku"]), (&json!(format!("Cup {round}")), &json!(format!("CUP-{round}"))));
        assert_eq!(after["variants"][0]["name"], json!(format!("Large {round}")));
    }
}
