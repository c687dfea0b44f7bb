//! Numbers at and beyond their limits: exact, or refused by the field.

use serde_json::{Value, json};

use super::send_json;
use crate::support::TestShop;
use crate::support::builders::{address, order_of};

/// Spellings of numbers that no field takes as they stand, with what makes them JSON.
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
async fn a_quantity_is_a_whole_number_from_one_to_a_million() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.product("Mug").stock(100_000_000).create();
    let before = shop.books();
    let too_few = "Ensure this value is greater than or equal to 1.";
    let too_many = "Ensure this value is less than or equal to 1000000.";
    let invalid = "A valid integer is required.";
    let forty = "9".repeat(40);

    for (quantity, told) in [
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
        let answer = send_json(&ana, "/api/orders/", order(quantity)).await;
        assert_eq!(answer.expect(400), json!({"lines": {"0": {"quantity": [told]}}}), "{quantity}");
    }
    for quantity in NONSENSE {
        let answer = send_json(&ana, "/api/orders/", order(quantity)).await;
        assert_eq!(answer.expect(400), json!({"lines": {"0": {"quantity": [invalid]}}}), "{quantity}");
    }
    for quantity in ["1e309", "NaN", "01", "+1", "1e99999999999999999999"] {
        let answer = send_json(&ana, "/api/orders/", order(quantity)).await;
        assert_eq!(answer.expect(400)["code"], "parse_error", "{quantity}");
    }
    assert_eq!(shop.books(), before);
    send_json(&ana, "/api/orders/", order("1000000")).await.expect(201);
}

#[actix_web::test]
async fn a_price_is_a_decimal_that_its_column_holds() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let too_long = "Ensure that there are no more than 9 digits before the decimal point.";
    let too_fine = "Ensure that there are no more than 4 decimal places.";
    let invalid = "A valid number is required.";
    let zeros = format!("\"0.{}1\"", "0".repeat(20));

    for (price, told) in [
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
        let answer = send_json(&staff, "/api/products/", product(price)).await;
        assert_eq!(answer.expect(400), json!({"price": [told]}), "{price}");
    }
    for price in NONSENSE {
        let answer = send_json(&staff, "/api/products/", product(price)).await;
        assert_eq!(answer.expect(400), json!({"price": [invalid]}), "{price}");
    }
    assert_eq!(shop.number("select count(*) from products"), 0);

    for (sku, price, shown) in [
        ("A", "0", "0.00"),
        ("B", "-0", "0.00"),
        ("C", "\"-0.000\"", "0.00"),
        ("D", "\"1E+2\"", "100.00"),
        ("E", "999999999.9999", "999999999.9999"),
    ] {
        let made = send_json(&staff, "/api/products/", product_called(sku, price)).await.expect(201);
        assert_eq!(made["price"], shown, "{price}");
    }
}

#[actix_web::test]
async fn what_no_total_holds_is_refused_and_what_it_holds_is_exact() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let dear = shop.product("Mug").price("999999999.9999").untracked().create();
    let lines = |count: usize, quantity: i32| {
        let mut body = order_of(&[(&dear, quantity)]);
        body["lines"] = Value::from(vec![body["lines"][0].clone(); count]);
        body
    };

    let most = ana.post("/api/orders/", order_of(&[(&dear, 100)])).await.expect(201);
    let number = |name: &str| most[name].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
    assert_eq!(number("total_net") + number("total_tax"), number("total_gross"));
    assert_eq!(most["total_net"], "99999999999.99");

    let before = shop.books();
    for body in [lines(500, 1_000_000), lines(2, 1_000_000), lines(1, 1_000_000)] {
        let answer = ana.post("/api/orders/", body).await;
        assert_eq!(answer.status, 400, "{}", String::from_utf8_lossy(&answer.body));
    }
    assert_eq!(shop.books(), before);
}

#[actix_web::test]
async fn the_sum_of_the_lines_is_the_total_whatever_the_currency_rounds() {
    for (currency, prices) in
        [("JPY", ["1", "3", "7"]), ("EUR", ["0.01", "0.99", "3.33"]), ("KWD", ["0.001", "0.333", "9.999"])]
    {
        let shop = TestShop::new().await;
        shop.execute(&format!("update channels set currency = '{currency}'"));
        let ana = shop.customer("ana").await;
        let made: Vec<_> = prices
            .iter()
            .enumerate()
            .map(|(place, price)| shop.product(&format!("Mug {place}")).price(price).create())
            .collect();
        let lines: Vec<_> = made.iter().map(|made| (made, 3)).collect();

        let order = ana.post("/api/orders/", order_of(&lines)).await.expect(201);

        let decimal = |value: &Value| value.as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap();
        for total in ["total_net", "total_tax", "total_gross"] {
            let sum: rust_decimal::Decimal =
                order["lines"].as_array().unwrap().iter().map(|line| decimal(&line[total])).sum();
            assert_eq!(sum, decimal(&order[total]), "{currency} {total}");
        }
        assert_eq!(order["currency"], currency);
        shop.assert_books_balance();
    }
}

#[actix_web::test]
async fn another_currency_than_the_shops_is_refused() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let before = shop.books();

    for currency in ["USD", "XXX", "EURO", "€", "", "eu\u{212a}"] {
        let mut body = order_of(&[(&mug, 1)]);
        body["currency"] = json!(currency);
        let answer = ana.post("/api/orders/", body).await;
        assert!([400, 409].contains(&answer.status.as_u16()), "{currency}: {}", answer.status);
    }
    assert_eq!(shop.books(), before);
}

#[actix_web::test]
async fn a_tax_rate_is_a_share() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let url = "/api/channels/01900000-0000-7000-8000-000000000001/";
    let before = root.get(url).await.expect(200);

    for rate in ["-0.01", "1.01", "101", "1e3", "0.12345", "NaN", "16%"] {
        let answer = root.patch(url, json!({"tax_rate": rate})).await.expect(400);
        assert!(answer["tax_rate"].is_array(), "{rate}: {answer}");
    }
    assert_eq!(root.get(url).await.expect(200), before);
}

#[actix_web::test]
async fn numbers_in_a_query_are_read_as_strictly() {
    let shop = TestShop::new().await;
    shop.product("Mug").price("12.50").create();
    let anybody = shop.anonymous();
    let invalid = "A valid number is required.";

    for price in ["NaN", "inf", "1,5", "0x1", "1e400", "１２"] {
        let answer = anybody.get(&format!("/api/products/?price__gte={}", super::encoded(price))).await;
        assert_eq!(answer.expect(400), json!({"price__gte": [invalid]}), "{price}");
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
        let page = anybody.get(&format!("/api/products/?{query}")).await.expect(200);
        assert_eq!(page["results"].as_array().unwrap().len(), count, "{query}");
    }
    for page in ["0", "-1", "2", "99999999999999999999", "1.0", "1e0", "x"] {
        let answer = anybody.get(&format!("/api/products/?page={page}")).await;
        assert_eq!(answer.expect(404)["detail"], "Invalid page.", "{page}");
    }
}
