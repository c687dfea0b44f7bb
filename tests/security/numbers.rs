//! Numbers at and beyond their limits: stored exactly, or rejected.

use serde_json::{Value, json};

use super::send_json;
use crate::support::TestShop;
use crate::support::builders::{address, order_body};

/// Invalid numbers, as JSON.
const NONSENSE: [&str; 12] = [
    "\"NaN\"",
    "\"Infinity\"",
    "\"1,5\"",
    "\"1_000\"",
    "\"0x10\"",
    "\"１２\"",
    "\"1e\"",
    "\"--1\"",
    "\"\"",
    "[1]",
    "{}",
    "true",
];

fn order(quantity: &str) -> String {
    let address = address();
    format!(r#"{{"shipping_address": {address}, "lines": [{{"sku": "MUG", "quantity": {quantity}}}]}}"#)
}

fn product(price: &str) -> String {
    product_called("POT", price)
}

fn product_called(sku: &str, price: &str) -> String {
    format!(r#"{{"name": "Pot", "sku": "{sku}", "price": {price}}}"#)
}

#[actix_web::test]
async fn quantity_must_be_an_integer_from_one_to_a_million() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.product("Mug").stock(100_000_000).create();
    let before = shop.record_counts();
    let too_few = "Ensure this value is greater than or equal to 1.";
    let too_many = "Ensure this value is less than or equal to 1000000.";
    let invalid = "A valid integer is required.";
    let forty = "9".repeat(40);

    for (quantity, message) in [
        ("0", too_few),
        ("-0", too_few),
        ("-1", too_few),
        ("-2147483648", too_few),
        ("\"-1\"", too_few),
        ("1000001", too_many),
        ("2147483648", too_many),
        ("9223372036854775808", too_many),
        ("18446744073709551616", too_many),
        (&forty, too_many),
        (&format!("\"{forty}\""), too_many),
        ("0.5", invalid),
        ("1e-400", too_few),
        ("null", "This field may not be null."),
    ] {
        let response = send_json(&ana, "/api/orders/", order(quantity)).await;
        assert_eq!(response.expect(400), json!({"lines": {"0": {"quantity": [message]}}}), "{quantity}");
    }
    for quantity in NONSENSE {
        let response = send_json(&ana, "/api/orders/", order(quantity)).await;
        assert_eq!(response.expect(400), json!({"lines": {"0": {"quantity": [invalid]}}}), "{quantity}");
    }
    for quantity in ["1e309", "NaN", "01", "+1", "1e99999999999999999999"] {
        let response = send_json(&ana, "/api/orders/", order(quantity)).await;
        assert_eq!(response.expect(400)["code"], "parse_error", "{quantity}");
    }
    assert_eq!(shop.record_counts(), before);
    send_json(&ana, "/api/orders/", order("1000000")).await.expect(201);
}

#[actix_web::test]
async fn price_must_be_a_decimal_that_fits_its_column() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let too_long = "Ensure that there are no more than 9 digits before the decimal point.";
    let too_fine = "Ensure that there are no more than 4 decimal places.";
    let invalid = "A valid number is required.";
    let zeros = format!("\"0.{}1\"", "0".repeat(20));

    for (price, message) in [
        ("-1", "Ensure this value is greater than or equal to 0."),
        ("\"-0.0001\"", "Ensure this value is greater than or equal to 0."),
        ("1000000000", too_long),
        ("2147483648e3", too_long),
        ("18446744073709551616", too_long),
        ("\"1e20\"", too_long),
        ("0.00001", too_fine),
        ("\"1e-5\"", too_fine),
        (&zeros, too_fine),
        ("\"1e400\"", invalid),
        ("\"1e999999999999\"", invalid),
        ("null", "This field is required."),
    ] {
        let response = send_json(&staff, "/api/products/", product(price)).await;
        assert_eq!(response.expect(400), json!({"price": [message]}), "{price}");
    }
    for price in NONSENSE {
        let response = send_json(&staff, "/api/products/", product(price)).await;
        assert_eq!(response.expect(400), json!({"price": [invalid]}), "{price}");
    }
    assert_eq!(shop.number("select count(*) from products"), 0);

    for (sku, price, expected) in [
        ("A", "0", "0.00"),
        ("B", "-0", "0.00"),
        ("C", "\"-0.000\"", "0.00"),
        ("D", "\"1E+2\"", "100.00"),
        ("E", "999999999.9999", "999999999.9999"),
    ] {
        let created = send_json(&staff, "/api/products/", product_called(sku, price)).await.expect(201);
        assert_eq!(created["price"], expected, "{price}");
    }
}

#[actix_web::test]
async fn totals_out_of_range_are_rejected_and_others_are_exact() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let expensive = shop.product("Mug").price("999999999.9999").untracked().create();
    let lines = |count: usize, quantity: i32| {
        let mut body = order_body(&[(&expensive, quantity)]);
        body["lines"] = Value::from(vec![body["lines"][0].clone(); count]);
        body
    };

    let largest = ana.post("/api/orders/", order_body(&[(&expensive, 100)])).await.expect(201);
    let number = |name: &str| largest[name].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
    assert_eq!(number("total_net") + number("total_tax"), number("total_gross"));
    assert_eq!(largest["total_net"], "99999999999.99");

    let before = shop.record_counts();
    for body in [lines(500, 1_000_000), lines(2, 1_000_000), lines(1, 1_000_000)] {
        let response = ana.post("/api/orders/", body).await;
        assert_eq!(response.status, 400, "{}", String::from_utf8_lossy(&response.body));
    }
    assert_eq!(shop.record_counts(), before);
}

#[actix_web::test]
async fn totals_equal_the_sum_of_the_lines_in_every_currency() {
    for (currency, prices) in
        [("JPY", ["1", "3", "7"]), ("EUR", ["0.01", "0.99", "3.33"]), ("KWD", ["0.001", "0.333", "9.999"])]
    {
        let shop = TestShop::new().await;
        shop.execute(&format!("update channels set currency = '{currency}'"));
        let ana = shop.customer("ana").await;
        let products: Vec<_> = prices
            .iter()
            .enumerate()
            .map(|(place, price)| shop.product(&format!("Mug {place}")).price(price).create())
            .collect();
        let lines: Vec<_> = products.iter().map(|product| (product, 3)).collect();

        let order = ana.post("/api/orders/", order_body(&lines)).await.expect(201);

        let decimal = |value: &Value| value.as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
        for total in ["total_net", "total_tax", "total_gross"] {
            let sum: rust_decimal::Decimal =
                order["lines"].as_array().unwrap().iter().map(|line| decimal(&line[total])).sum();
            assert_eq!(sum, decimal(&order[total]), "{currency} {total}");
        }
        assert_eq!(order["currency"], currency);
        shop.assert_records_are_consistent();
    }
}

#[actix_web::test]
async fn order_in_another_currency_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let before = shop.record_counts();

    for currency in ["USD", "XXX", "EURO", "€", "", "eu\u{212a}"] {
        let mut body = order_body(&[(&mug, 1)]);
        body["currency"] = json!(currency);
        let response = ana.post("/api/orders/", body).await;
        assert!([400, 409].contains(&response.status.as_u16()), "{currency}: {}", response.status);
    }
    assert_eq!(shop.record_counts(), before);
}

#[actix_web::test]
async fn tax_rate_must_be_a_fraction() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let url = "/api/channels/01900000-0000-7000-8000-000000000001/";
    let before = root.get(url).await.expect(200);

    for rate in ["-0.01", "1.01", "101", "1e3", "0.12345", "NaN", "16%"] {
        let response = root.patch(url, json!({"tax_rate": rate})).await.expect(400);
        assert!(response["tax_rate"].is_array(), "{rate}: {response}");
    }
    assert_eq!(root.get(url).await.expect(200), before);
}

#[actix_web::test]
async fn numbers_in_queries_are_validated() {
    let shop = TestShop::new().await;
    shop.product("Mug").price("12.50").create();
    let guest = shop.anonymous();
    let invalid = "A valid number is required.";

    for price in ["NaN", "inf", "1,5", "0x1", "1e400", "１２"] {
        let response = guest.get(&format!("/api/products/?price__gte={}", super::encoded(price))).await;
        assert_eq!(response.expect(400), json!({"price__gte": [invalid]}), "{price}");
    }
    for (query, count) in [
        ("price__lte=99999999999999999999999999", 1),
        ("price__gte=99999999999999999999999999", 0),
        ("price__gte=-99999999999999999999999999", 1),
        ("price=12.5", 1),
        ("price=12.50000000000000000000", 1),
        ("price__gt=12.4999999999999999", 1),
        ("page_size=99999999999999999999", 1),
        ("limit=-1&offset=99999999999999999999", 0),
    ] {
        let page = guest.get(&format!("/api/products/?{query}")).await.expect(200);
        assert_eq!(page["results"].as_array().unwrap().len(), count, "{query}");
    }
    for page in ["0", "-1", "2", "99999999999999999999", "1.0", "1e0", "x"] {
        let response = guest.get(&format!("/api/products/?page={page}")).await;
        assert_eq!(response.expect(404)["detail"], "Invalid page.", "{page}");
    }
}
