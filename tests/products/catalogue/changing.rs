//! Updates of products.

use serde_json::{Value, json};

use super::read;
use crate::support::TestShop;
use crate::support::builders::TestProduct;

fn url(product: &TestProduct) -> String {
    format!("/api/products/{}/", product.id)
}

/// Asserts that only `updated_at` differs.
#[track_caller]
fn assert_only_updated_at_differs(after: &Value, before: &Value) {
    let mut before = before.clone();
    before["updated_at"] = after["updated_at"].clone();
    assert_eq!(*after, before);
}

#[actix_web::test]
async fn product_patch_keeps_clears_and_sets_fields() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mugs = shop.category("Mugs", None);
    let mug = shop.product("Mug").in_category(mugs).create();
    let before = read(&staff, &mug).await;

    let absent = staff.patch(&url(&mug), json!({})).await.expect(200);
    assert_only_updated_at_differs(&absent, &before);

    let changes = json!({
        "category": null, "name": " Cup ", "slug": "cup", "description": "To drink from", "is_active": "no",
        "sku": "CUP", "price": 8, "metadata": {"maker": "Emalia"},
    });
    let changed = staff.patch(&url(&mug), changes).await.expect(200);
    let mut expected = before;
    expected["category"] = Value::Null;
    expected["name"] = json!("Cup");
    expected["slug"] = json!("cup");
    expected["description"] = json!("To drink from");
    expected["is_active"] = json!(false);
    expected["metadata"] = json!({"maker": "Emalia"});
    expected["sku"] = json!("CUP");
    expected["price"] = json!("8.00");
    expected["variants"][0]["sku"] = json!("CUP");
    expected["variants"][0]["price"] = json!("8.00");
    assert_only_updated_at_differs(&changed, &expected);
    assert_eq!(read(&staff, &mug).await, changed);
    assert_eq!(shop.published_events(), ["product.created", "product.updated", "product.updated"]);
}

#[actix_web::test]
async fn put_keeps_absent_fields() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mugs = shop.category("Mugs", None);
    let mug = shop.product("Mug").in_category(mugs).inactive().create();
    staff.patch(&url(&mug), json!({"description": "Old", "metadata": {"a": 1}})).await.expect(200);
    let before = read(&staff, &mug).await;

    let put = staff.put(&url(&mug), json!({"name": "Cup"})).await.expect(200);

    let mut expected = before;
    expected["name"] = json!("Cup");
    assert_only_updated_at_differs(&put, &expected);
    let uncategorized = staff.put(&url(&mug), json!({"name": "Cup", "category": null})).await.expect(200);
    assert_eq!(uncategorized["category"], Value::Null);
    let rejected = staff.put(&url(&mug), json!({"sku": "CUP"})).await.expect(400);
    assert_eq!(rejected, json!({"name": ["This field is required."]}));
}

#[actix_web::test]
async fn response_is_accepted_as_a_request_body() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mugs = shop.category("Mugs", None);
    let simple = shop.product("Mug").price("12.505").in_category(mugs).create();
    let several = shop.product("Cup").variant("CUP-L", "7.00", 3).create();
    for product in [simple, several] {
        let before = read(&staff, &product).await;
        let put = staff.put(&url(&product), before.clone()).await.expect(200);
        assert_only_updated_at_differs(&put, &before);
        let patched = staff.patch(&url(&product), before.clone()).await.expect(200);
        assert_only_updated_at_differs(&patched, &before);
        assert_eq!(read(&staff, &product).await, patched);
    }
}

#[actix_web::test]
async fn read_only_product_fields_are_ignored() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();
    let before = read(&staff, &mug).await;
    let changes = json!({
        "id": "0190aaaa-0000-7000-8000-000000000001", "currency": "JPY", "in_stock": false, "available": 0,
        "stock": 99, "variants": [], "images": ["x"], "created_at": "2000-01-01T00:00:00Z", "version": 9, "unknown": {},
    });

    let after = staff.patch(&url(&mug), changes).await.expect(200);

    assert_only_updated_at_differs(&after, &before);
    assert_eq!(shop.stock_of(&mug), (10, 0));
}

#[actix_web::test]
async fn rejected_product_update_changes_nothing() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Pot").create();
    let mug = shop.product("Mug").create();
    let before = read(&staff, &mug).await;
    let (events, unknown) = (shop.published_events(), "0190aaaa-0000-7000-8000-000000000001");
    let not_found_message = format!("Invalid pk \"{unknown}\" - object does not exist.");
    let cases = [
        (json!({"slug": "pot"}), json!({"slug": ["product with this slug already exists."]})),
        (json!({"sku": "pot", "price": "1"}), json!({"sku": ["variant with this sku already exists."]})),
        (json!({"price": "1", "category": unknown}), json!({"category": [not_found_message]})),
        (
            json!({"name": "", "price": "-1", "is_active": "x"}),
            json!({
                "name": ["This field may not be blank."],
                "price": ["Ensure this value is greater than or equal to 0."],
                "is_active": ["Must be a valid boolean."],
            }),
        ),
    ];
    for (changes, expected) in cases {
        assert_eq!(staff.patch(&url(&mug), changes).await.expect(400), expected);
    }
    assert_eq!(read(&staff, &mug).await, before);
    assert_eq!(shop.published_events(), events);
}

#[actix_web::test]
async fn price_and_sku_of_several_variants_cannot_be_changed_on_the_product() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").variant("MUG-L", "12.00", 3).create();
    let before = read(&staff, &mug).await;
    let message = "The product has several variants. Change each variant at /api/variants/.";

    let rejected = staff.patch(&url(&mug), json!({"sku": "CUP", "name": "Cup"})).await.expect(400);
    assert_eq!(rejected, json!({"sku": [message]}));
    let rejected = staff.patch(&url(&mug), json!({"price": "1.00", "name": "Cup"})).await.expect(400);
    assert_eq!(rejected, json!({"price": [message]}));
    let rejected = staff.put(&url(&mug), json!({"price": "1.00", "name": "Cup"})).await.expect(400);
    assert_eq!(rejected, json!({"price": [message]}));

    assert_eq!(read(&staff, &mug).await, before);
}

#[actix_web::test]
async fn product_update_accepts_its_own_slug_and_sku() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();

    let same = staff.patch(&url(&mug), json!({"slug": "mug", "sku": "mug"})).await.expect(200);

    assert_eq!((&same["slug"], &same["sku"]), (&json!("mug"), &json!("mug")), "a different case is accepted");
    let found = staff.get("/api/products/mug/").await.expect(200);
    assert_eq!(found["id"], json!(mug.id));
}
