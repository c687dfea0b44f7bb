//! The lines of an order: how they name what is wanted, and what is left for them.

use serde_json::{Value, json};

use super::super::placed;
use crate::support::TestShop;
use crate::support::builders::{Made, address, order_of};

async fn variants(shop: &TestShop, product: &Made) -> Vec<String> {
    let product = shop.anonymous().get(&format!("/api/products/{}/", product.id)).await.expect(200);
    let variants = product["variants"].as_array().unwrap();
    variants.iter().map(|variant| variant["id"].as_str().unwrap().to_owned()).collect()
}

fn order(lines: Value) -> Value {
    json!({"shipping_address": address(), "lines": lines})
}

#[actix_web::test]
async fn a_line_names_product_variant_or_sku() {
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
    shop.assert_books_balance();
}

#[actix_web::test]
async fn the_most_exact_name_of_a_line_counts() {
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
async fn a_sku_beyond_ascii_is_ordered_whatever_its_case() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let cup = shop.product("Cup").sku("CAFÉ-1").create();

    let pot = shop.product("Copper pot").sku("İBRİK").create();

    placed(&ana, &[(&cup, 1), (&pot, 1)]).await;
    let lower = order(json!([{"sku": "café-1", "quantity": 1}]));
    ana.post("/api/orders/", lower).await.expect(201);

    assert_eq!(shop.stock_of(&cup), (10, 2));
}

#[actix_web::test]
async fn a_product_whose_other_variants_are_archived_is_ordered_by_itself() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let pot = shop.product("Pot").variant("POT-L", "15.00", 5).create();
    let by_product = order(json!([{"product": pot.id, "quantity": 1}]));
    let refused = ana.post("/api/orders/", by_product.clone()).await.expect(400);
    let message = "This product has several variants: name one by variant or sku.";
    assert_eq!(refused, json!({"lines": {"0": {"product": [message]}}}));

    let large = &variants(&shop, &pot).await[1];
    staff.delete(&format!("/api/variants/{large}/")).await.expect(204);

    let placed = ana.post("/api/orders/", by_product).await.expect(201);
    assert_eq!(placed["lines"][0]["sku"], "POT");
}

#[actix_web::test]
async fn lines_of_one_variant_are_served_one_after_the_other() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").stock(5).create();
    let books = shop.books();

    let refused = ana.post("/api/orders/", order_of(&[(&mug, 3), (&mug, 3), (&mug, 1)])).await;

    assert_eq!(
        refused.expect(409),
        json!({
            "detail": "Not enough stock.", "code": "out_of_stock",
            "lines": {
                "1": {"sku": "MUG", "requested": 3, "available": 2},
                "2": {"sku": "MUG", "requested": 1, "available": 0},
            },
        })
    );
    assert_eq!(shop.books(), books);
    let order = placed(&ana, &[(&mug, 3), (&mug, 2)]).await;
    assert_eq!(order["lines"].as_array().unwrap().len(), 2, "lines stay lines");
    assert_eq!(shop.stock_of(&mug), (5, 5));
    shop.assert_books_balance();
}

#[actix_web::test]
async fn an_order_is_refused_when_stock_has_run_out() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").price("12.50").stock(1).create();
    let pot = shop.product("Pot").stock(5).create();
    let ana = shop.customer("ana").await;
    let books = shop.books();

    let refused = ana.post("/api/orders/", order_of(&[(&pot, 1), (&mug, 2)])).await;

    assert_eq!(
        refused.expect(409),
        json!({
            "detail": "Not enough stock.",
            "code": "out_of_stock",
            "lines": {"1": {"sku": "MUG", "requested": 2, "available": 1}}
        })
    );
    assert_eq!((shop.stock_of(&mug), shop.stock_of(&pot)), ((1, 0), (5, 0)));
    assert_eq!(shop.books(), books);
}

#[actix_web::test]
async fn an_order_has_five_hundred_lines_at_most() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").stock(600).create();
    let books = shop.books();

    let refused = ana.post("/api/orders/", order_of(&vec![(&mug, 1); 501])).await.expect(400);
    assert_eq!(refused, json!({"lines": ["Ensure this field has no more than 500 elements."]}));
    assert_eq!(shop.books(), books);

    let placed = placed(&ana, &vec![(&mug, 1); 500]).await;
    assert_eq!((&placed["total_net"], &placed["total_gross"]), (&json!("5000.00"), &json!("5800.00")));
    assert_eq!(shop.stock_of(&mug), (600, 500));
}
