//! Prices: validation, storage and display.

use serde_json::{Value, json};

use crate::support::{Client, TestResponse, TestShop};

async fn create(staff: &Client, price: Value) -> TestResponse {
    staff.post("/api/products/", json!({"name": "Mug", "sku": "MUG", "price": price})).await
}

#[actix_web::test]
async fn price_accepts_decimal_strings_and_numbers() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let cases = [
        (json!("0"), "0.00"),
        (json!("-0"), "0.00"),
        (json!(12), "12.00"),
        (json!(0.1), "0.10"),
        (json!(" 12.5 "), "12.50"),
        (json!("1.25e1"), "12.50"),
        (json!("12.50000000"), "12.50"),
        (json!("0.0001"), "0.0001"),
        (json!("999999999.9999"), "999999999.9999"),
    ];
    let mug = create(&staff, json!("1")).await.expect(201);
    let url = format!("/api/products/{}/", mug["id"].as_str().unwrap());
    for (price, expected) in cases {
        let changed = staff.patch(&url, json!({"price": price})).await.expect(200);
        assert_eq!(changed["price"], expected, "{price}");
        assert_eq!(staff.get(&url).await.expect(200)["variants"][0]["price"], expected, "{price}");
    }
}

#[actix_web::test]
async fn invalid_price_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let number = "A valid number is required.";
    let negative = "Ensure this value is greater than or equal to 0.";
    let whole = "Ensure that there are no more than 9 digits before the decimal point.";
    let places = "Ensure that there are no more than 4 decimal places.";
    let cases = [
        (json!("-0.01"), negative),
        (json!(-1), negative),
        (json!("1.00001"), places),
        (json!("1000000000"), whole),
        (json!("1e9"), whole),
        (json!("1e400"), number),
        (json!("NaN"), number),
        (json!("Infinity"), number),
        (json!("1_000"), number),
        (json!("1,50"), number),
        (json!("12.50 EUR"), number),
        (json!(""), number),
        (json!(true), number),
        (json!(["1"]), number),
        (json!({"amount": "1"}), number),
        (json!("9".repeat(1001)), "String value too large."),
    ];
    for (price, message) in cases {
        assert_eq!(create(&staff, price.clone()).await.expect(400), json!({"price": [message]}), "{price}");
    }
    assert_eq!(shop.number("select count(*) from products"), 0);
}

#[actix_web::test]
async fn database_rejects_negative_price() {
    let shop = TestShop::new().await;
    shop.product("Mug").create();
    let mut conn = shop.database.connect();
    let result =
        diesel::connection::SimpleConnection::batch_execute(&mut conn, "update variant_prices set amount = -1");
    assert!(result.unwrap_err().to_string().contains("variant_prices_amount_not_negative"));
}

#[actix_web::test]
async fn price_change_updates_the_existing_row() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").variant("MUG-L", "12.00", 1).create();
    let product = staff.get(&format!("/api/products/{}/", mug.id)).await.expect(200);
    let large = format!("/api/variants/{}/", product["variants"][1]["id"].as_str().unwrap());

    let changed = staff.patch(&large, json!({"price": "9.00"})).await.expect(200);

    assert_eq!(changed["price"], "9.00", "the product has the lowest price");
    assert_eq!([0, 1].map(|place| changed["variants"][place]["price"].clone()), [json!("10.00"), json!("9.00")]);
    assert_eq!(shop.number("select count(*) from variant_prices"), 2);
}

#[actix_web::test]
async fn product_without_price_is_visible_but_not_for_sale() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    shop.execute("delete from variant_prices");

    let product = ana.get(&format!("/api/products/{}/", mug.id)).await.expect(200);
    assert_eq!((&product["price"], &product["variants"][0]["price"]), (&Value::Null, &Value::Null));
    let order = crate::support::builders::order_body(&[(&mug, 1)]);
    let rejected = ana.post("/api/orders/", order).await.expect(400);
    assert_eq!(rejected, json!({"lines": {"0": {"sku": ["This product is not for sale."]}}}));
}
