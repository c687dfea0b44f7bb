//! Order lines: references to variants, and available stock.

use serde_json::{Value, json};

use super::super::place_order;
use crate::support::TestShop;
use crate::support::builders::{TestProduct, address, order_body};

async fn variants(shop: &TestShop, product: &TestProduct) -> Vec<String> {
    let product = shop.anonymous().get(&format!("/api/products/{}/", product.id)).await.expect(200);
    let variants = product["variants"].as_array().unwrap();
    variants.iter().map(|variant| variant["id"].as_str().unwrap().to_owned()).collect()
}

fn order(lines: Value) -> Value {
    json!({"shipping_address": address(), "lines": lines})
}

#[actix_web::test]
async fn line_refers_to_product_variant_or_sku() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let pot = shop.product("Pot").variant("POT-L", "15.00", 5).create();
    let variants = variants(&shop, &pot).await;

    let lines = json!([
        {"product": mug.id, "quantity": 1},
        {"variant": variants[1], "quantity": "2"},
        {"sku": " pot ", "quantity": 3.0},
    ]);
    let placed = ana.post("/api/orders/", order(lines)).await.expect(201);

    let shown = |place: usize| {
        let line = &placed["lines"][place];
        [&line["product_name"], &line["variant_name"], &line["sku"], &line["quantity"], &line["unit_price"]]
            .map(Clone::clone)
    };
    assert_eq!(shown(0), [json!("Mug"), json!(""), json!("MUG"), json!(1), json!("10.00")]);
    assert_eq!(shown(1), [json!("Pot"), json!("POT-L"), json!("POT-L"), json!(2), json!("15.00")]);
    assert_eq!(shown(2), [json!("Pot"), json!(""), json!("POT"), json!(3), json!("10.00")]);
    assert_eq!(placed["lines"][1]["options"], json!({"size": "POT-L"}));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn variant_takes_precedence_over_sku_and_product_of_a_line() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let pot = shop.product("Pot").variant("POT-L", "15.00", 5).create();
    let variants = variants(&shop, &pot).await;

    let lines = json!([
        {"product": mug.id, "sku": "POT", "quantity": 1},
        {"product": mug.id, "sku": "POT", "variant": variants[1], "quantity": 1},
        {"product": mug.id, "sku": null, "variant": null, "quantity": 1},
    ]);
    let placed = ana.post("/api/orders/", order(lines)).await.expect(201);

    assert_eq!([0, 1, 2].map(|place| placed["lines"][place]["sku"].clone()), ["POT", "POT-L", "MUG"]);
}

#[actix_web::test]
async fn non_ascii_sku_is_matched_case_insensitively() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let cup = shop.product("Cup").sku("CAFÉ-1").create();

    let pot = shop.product("Copper pot").sku("İBRİK").create();

    place_order(&ana, &[(&cup, 1), (&pot, 1)]).await;
    let lower = order(json!([{"sku": "café-1", "quantity": 1}]));
    ana.post("/api/orders/", lower).await.expect(201);

    assert_eq!(shop.stock_of(&cup), (10, 2));
}

#[actix_web::test]
async fn product_with_one_active_variant_can_be_ordered_by_product() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let pot = shop.product("Pot").variant("POT-L", "15.00", 5).create();
    let by_product = order(json!([{"product": pot.id, "quantity": 1}]));
    let rejected = ana.post("/api/orders/", by_product.clone()).await.expect(400);
    let message = "This product has several variants: specify one by variant or sku.";
    assert_eq!(rejected, json!({"lines": {"0": {"product": [message]}}}));

    let large = &variants(&shop, &pot).await[1];
    staff.delete(&format!("/api/variants/{large}/")).await.expect(204);

    let placed = ana.post("/api/orders/", by_product).await.expect(201);
    assert_eq!(placed["lines"][0]["sku"], "POT");
}

#[actix_web::test]
async fn lines_of_one_variant_share_its_stock() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").stock(5).create();
    let counts_before = shop.record_counts();

    let rejected = ana.post("/api/orders/", order_body(&[(&mug, 3), (&mug, 3), (&mug, 1)])).await;

    assert_eq!(
        rejected.expect(409),
        json!({
            "detail": "Not enough stock.", "code": "out_of_stock",
            "lines": {
                "1": {"sku": "MUG", "requested": 3, "available": 2},
                "2": {"sku": "MUG", "requested": 1, "available": 0},
            },
        })
    );
    assert_eq!(shop.record_counts(), counts_before);
    let order = place_order(&ana, &[(&mug, 3), (&mug, 2)]).await;
    assert_eq!(order["lines"].as_array().unwrap().len(), 2, "lines are not merged");
    assert_eq!(shop.stock_of(&mug), (5, 5));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn order_is_rejected_when_stock_is_insufficient() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").price("12.50").stock(1).create();
    let pot = shop.product("Pot").stock(5).create();
    let ana = shop.customer("ana").await;
    let counts_before = shop.record_counts();

    let rejected = ana.post("/api/orders/", order_body(&[(&pot, 1), (&mug, 2)])).await;

    assert_eq!(
        rejected.expect(409),
        json!({
            "detail": "Not enough stock.",
            "code": "out_of_stock",
            "lines": {"1": {"sku": "MUG", "requested": 2, "available": 1}}
        })
    );
    assert_eq!((shop.stock_of(&mug), shop.stock_of(&pot)), ((1, 0), (5, 0)));
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn order_has_at_most_five_hundred_lines() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").stock(600).create();
    let counts_before = shop.record_counts();

    let rejected = ana.post("/api/orders/", order_body(&vec![(&mug, 1); 501])).await.expect(400);
    assert_eq!(rejected, json!({"lines": ["Ensure this field has no more than 500 elements."]}));
    assert_eq!(shop.record_counts(), counts_before);

    let placed = place_order(&ana, &vec![(&mug, 1); 500]).await;
    assert_eq!((&placed["total_net"], &placed["total_gross"]), (&json!("5000.00"), &json!("5800.00")));
    assert_eq!(shop.stock_of(&mug), (600, 500));
}
