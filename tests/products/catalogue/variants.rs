//! Adding, changing and archiving single variants.

use futures_util::future::join;
use serde_json::{Value, json};

use super::read;
use crate::support::TestShop;
use crate::support::builders::Made;

fn variant(product: &Value, place: usize) -> String {
    format!("/api/variants/{}/", product["variants"][place]["id"].as_str().unwrap())
}

fn variants_of(product: &Made) -> String {
    format!("/api/products/{}/variants/", product.id)
}

#[actix_web::test]
async fn a_variant_goes_behind_the_others() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();
    let body = json!({"sku": "MUG-L", "name": "Large", "options": {"size": "L"}, "price": "8.00", "stock": 5});

    let answer = staff.post(&variants_of(&mug), body).await;

    let product = answer.expect(201);
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
async fn a_variant_with_a_taken_sku_is_refused() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();
    shop.product("Pot").create();
    for sku in ["mug", "POT"] {
        let refused = staff.post(&variants_of(&mug), json!({"sku": sku, "price": "1"})).await;
        assert_eq!(refused.expect(400), json!({"sku": ["variant with this sku already exists."]}));
    }
    let refused = staff.post(&variants_of(&mug), json!({"stock": -1})).await.expect(400);
    assert_eq!(
        refused,
        json!({
            "sku": ["This field is required."], "price": ["This field is required."],
            "stock": ["Ensure this value is greater than or equal to 0."],
        })
    );
    assert_eq!(shop.number("select count(*) from variants"), 2);
}

#[actix_web::test]
async fn a_variant_is_changed_by_itself() {
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
        "first now"
    );
    assert_eq!(product["variants"][1], before["variants"][0]);
}

#[actix_web::test]
async fn a_change_of_a_variant_that_is_refused_changes_nothing() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").variant("MUG-L", "12.00", 3).create();
    let before = read(&staff, &mug).await;

    let refused = staff.patch(&variant(&before, 1), json!({"price": "1", "sku": "mug"})).await.expect(400);
    assert_eq!(refused, json!({"sku": ["variant with this sku already exists."]}));
    let refused = staff.patch(&variant(&before, 1), json!({"price": "x", "options": []})).await.expect(400);
    assert_eq!(
        refused,
        json!({
            "price": ["A valid number is required."],
            "options": ["Expected a dictionary of items but got type \"list\"."],
        })
    );
    let nobody = "/api/variants/0190aaaa-0000-7000-8000-000000000001/";
    staff.patch(nobody, json!({"price": "1"})).await.expect(404);
    staff.delete(nobody).await.expect(404);

    assert_eq!(read(&staff, &mug).await, before);
}

#[actix_web::test]
async fn the_last_variant_stays() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").variant("MUG-L", "12.00", 3).create();
    let before = read(&staff, &mug).await;

    staff.delete(&variant(&before, 0)).await.expect(204);
    let refused = staff.delete(&variant(&before, 1)).await;

    assert_eq!(
        refused.expect(409),
        json!({"detail": "The product's last variant cannot be archived: archive the product.", "code": "last_variant"})
    );
    let after = read(&staff, &mug).await;
    assert_eq!(after["variants"], json!([before["variants"][1]]));
    assert_eq!((&after["sku"], &after["price"], &after["available"]), (&json!("MUG-L"), &json!("12.00"), &json!(3)));
}

#[actix_web::test]
async fn two_who_archive_the_two_variants_at_once_leave_one() {
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
async fn a_variant_that_is_changed_while_its_product_is_too_ends_in_both_changes() {
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
