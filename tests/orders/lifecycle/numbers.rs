//! Format and uniqueness of order numbers.

use std::collections::HashSet;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::super::place_order;
use crate::support::TestShop;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    number: String,
}

fn numbers(shop: &TestShop, count: u32) -> Vec<String> {
    let query = format!("select next_order_number() as number from generate_series(1, {count})");
    let rows: Vec<Row> = shop.sql(|conn| diesel::sql_query(&query).load(conn));
    rows.into_iter().map(|row| row.number).collect()
}

fn has_documented_format(number: &str, digits: usize) -> bool {
    let rest = number.strip_prefix("M-").unwrap_or_default();
    rest.len() == digits && rest.chars().all(|digit| "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(digit))
}

#[actix_web::test]
async fn ten_thousand_order_numbers_are_distinct() {
    let shop = TestShop::new().await;

    let numbers = numbers(&shop, 10_000);

    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), 10_000);
    for number in &numbers {
        assert!(has_documented_format(number, 6), "{number}");
    }
    let mut sorted = numbers.clone();
    sorted.sort();
    assert_ne!(numbers, sorted, "numbers do not reveal the number of orders");
}

#[actix_web::test]
async fn order_numbers_differ_between_shops() {
    let [first, second] = [TestShop::new().await, TestShop::new().await];
    for (shop, key) in [(&first, 1), (&second, 2)] {
        shop.execute(&format!("update order_number_keys set key = {key}"));
    }
    assert_ne!(numbers(&first, 10), numbers(&second, 10));
}

#[actix_web::test]
async fn order_numbers_grow_after_a_billion_orders() {
    let shop = TestShop::new().await;
    shop.execute("select setval('order_number_seq', (1 << 30) - 2)");
    let numbers = numbers(&shop, 3);
    assert!(has_documented_format(&numbers[0], 6), "{numbers:?}");
    assert!(has_documented_format(&numbers[1], 7), "{numbers:?}");
    assert!(numbers[1].starts_with("M-1"), "{numbers:?}");
    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), 3);
}

#[actix_web::test]
async fn new_order_has_a_generated_number() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    assert!(has_documented_format(order["number"].as_str().unwrap(), 6));
}

#[actix_web::test]
async fn imported_number_in_the_generated_format_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    place_order(&ana, &[(&mug, 1)]).await;
    let mut conn = shop.database.connect();
    let mut import = |number: &str| {
        conn.batch_execute(&format!("update orders set origin = 'import', number = '{number}'"))
            .map_err(|error| error.to_string())
    };

    for number in ["M-7F3K2Q", "M-000000", "M-10000000"] {
        let rejected = import(number).unwrap_err();
        assert!(rejected.contains("orders_imported_number_is_foreign"), "{number}: {rejected}");
    }
    for number in ["536365", "M-12345", "M-7F3K2U", "m-7f3k2q", "XM-7F3K2Q"] {
        assert_eq!(import(number), Ok(()), "{number}");
    }
}
