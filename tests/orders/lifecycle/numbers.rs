//! Order numbers.

use std::collections::HashSet;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::super::placed;
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

fn is_of_the_documented_form(number: &str, digits: usize) -> bool {
    let rest = number.strip_prefix("M-").unwrap_or_default();
    rest.len() == digits && rest.chars().all(|digit| "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(digit))
}

#[actix_web::test]
async fn ten_thousand_numbers_are_ten_thousand_different_ones() {
    let shop = TestShop::new().await;

    let numbers = numbers(&shop, 10_000);

    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), 10_000);
    for number in &numbers {
        assert!(is_of_the_documented_form(number, 6), "{number}");
    }
    let mut sorted = numbers.clone();
    sorted.sort();
    assert_ne!(numbers, sorted, "they do not tell how many orders there are");
}

#[actix_web::test]
async fn two_shops_count_differently() {
    let [first, second] = [TestShop::new().await, TestShop::new().await];
    for (shop, key) in [(&first, 1), (&second, 2)] {
        shop.execute(&format!("update order_number_keys set key = {key}"));
    }
    assert_ne!(numbers(&first, 10), numbers(&second, 10));
}

#[actix_web::test]
async fn past_a_billion_orders_numbers_grow_longer() {
    let shop = TestShop::new().await;
    shop.execute("select setval('order_number_seq', (1 << 30) - 2)");
    let numbers = numbers(&shop, 3);
    assert!(is_of_the_documented_form(&numbers[0], 6), "{numbers:?}");
    assert!(is_of_the_documented_form(&numbers[1], 7), "{numbers:?}");
    assert!(numbers[1].starts_with("M-1"), "{numbers:?}");
    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), 3);
}

#[actix_web::test]
async fn an_order_is_numbered_by_the_generator() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 1)]).await;
    assert!(is_of_the_documented_form(order["number"].as_str().unwrap(), 6));
}

#[actix_web::test]
async fn an_imported_number_never_looks_like_a_generated_one() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    placed(&ana, &[(&mug, 1)]).await;
    let mut conn = shop.database.connect();
    let mut import = |number: &str| {
        conn.batch_execute(&format!("update orders set origin = 'import', number = '{number}'"))
            .map_err(|error| error.to_string())
    };

    for number in ["M-7F3K2Q", "M-000000", "M-10000000"] {
        let refused = import(number).unwrap_err();
        assert!(refused.contains("orders_imported_number_is_foreign"), "{number}: {refused}");
    }
    for number in ["536365", "M-12345", "M-7F3K2U", "m-7f3k2q", "XM-7F3K2Q"] {
        assert_eq!(import(number), Ok(()), "{number}");
    }
}
