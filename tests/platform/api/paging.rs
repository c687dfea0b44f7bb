//! Pages by number, by limit and offset, and the count.

use serde_json::{Value, json};

use super::column;
use crate::support::{Client, TestShop};

/// Creates a shop with seven categories, a to g, and returns it with an anonymous client.
async fn seven_categories() -> (TestShop, Client) {
    let shop = TestShop::new().await;
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        shop.category(name, None);
    }
    let client = shop.anonymous().with_header("host", "shop.example");
    (shop, client)
}

async fn list(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/categories/?{query}")).await.expect(200)
}

#[actix_web::test]
async fn limit_and_offset_links_have_the_format_of_drf() {
    let (_shop, client) = seven_categories().await;
    let link = |query: &str| json!(format!("http://shop.example/api/categories/?{query}"));

    let cases = [
        ("limit=3", "abc", Value::Null, link("limit=3&offset=3")),
        ("limit=3&offset=2", "cde", link("limit=3"), link("limit=3&offset=5")),
        ("limit=3&offset=3", "def", link("limit=3"), link("limit=3&offset=6")),
        ("limit=3&offset=6", "g", link("limit=3&offset=3"), Value::Null),
        ("offset=5&limit=1&search=", "f", link("search=&limit=1&offset=4"), link("search=&limit=1&offset=6")),
        ("offset=2", "cdefg", link("limit=20"), Value::Null),
        ("limit=7", "abcdefg", Value::Null, Value::Null),
        ("offset=30", "", link("limit=20&offset=10"), Value::Null),
    ];

    for (query, names, previous, next) in cases {
        let page = list(&client, query).await;
        assert_eq!(column(&page, "name").concat(), names, "{query}");
        assert_eq!((&page["count"], &page["previous"], &page["next"]), (&json!(7), &previous, &next), "{query}");
    }
}

#[actix_web::test]
async fn invalid_limit_and_offset_use_defaults_and_large_offset_is_empty() {
    let (_shop, client) = seven_categories().await;

    for query in ["limit=x&offset=y", "limit=0&offset=-1", "limit=-3", "limit=&offset=", "limit=99999999999999999999"] {
        assert_eq!(column(&list(&client, query).await, "name").len(), 7, "{query}");
    }
    for offset in ["7", "9223372036854775807", "9223372036854775808", "99999999999999999999999"] {
        let page = list(&client, &format!("offset={offset}")).await;
        assert_eq!(
            (&page["results"], &page["count"], &page["next"]),
            (&json!([]), &json!(7), &Value::Null),
            "{offset}"
        );
    }
}

#[actix_web::test]
async fn page_number_takes_precedence_over_offset() {
    let (_shop, client) = seven_categories().await;

    let page = list(&client, "page=2&page_size=2&limit=5&offset=4").await;

    assert_eq!(column(&page, "name").concat(), "cd");
    let kept = "http://shop.example/api/categories/?page_size=2&limit=5&offset=4";
    assert_eq!((&page["previous"], &page["next"]), (&json!(kept), &json!(format!("{kept}&page=3"))));
}

#[actix_web::test]
async fn page_number_beyond_the_list_is_404() {
    let (_shop, client) = seven_categories().await;

    let last = list(&client, "page=last&page_size=3").await;
    assert_eq!(column(&last, "name").concat(), "g");
    let previous = json!("http://shop.example/api/categories/?page_size=3&page=2");
    assert_eq!((&last["previous"], &last["next"]), (&previous, &Value::Null));
    assert_eq!(list(&client, "page=1&page_size=3").await, list(&client, "page_size=3").await);
    for page in ["4", "0", "-1", "x", "1e3", "2.0", "9223372036854775807", "99999999999999999999"] {
        let response = client.get(&format!("/api/categories/?page={page}&page_size=3")).await;
        assert_eq!(response.expect(404), json!({"detail": "Invalid page.", "code": "not_found"}), "{page}");
    }
}

/// Inserts jobs with one statement.
fn add_jobs(shop: &TestShop, number: usize) {
    shop.execute(&format!(
        "insert into jobs (id, queue, name, payload, run_at, max_attempts, created_at, state) \
         select gen_random_uuid(), 'default', 'n' || i % 1000, '{{}}', now(), 1, now() + i * interval '1 ms', 'done' \
         from generate_series(1, {number}) i"
    ));
    shop.execute("analyze jobs");
}

#[actix_web::test]
async fn count_is_exact_up_to_100000_and_estimated_beyond() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    shop.execute("delete from jobs");
    add_jobs(&shop, 100_000);

    let exact = root.get("/api/jobs/?page_size=1000&page=last").await;
    assert_eq!(exact.header("x-count"), None);
    let page = exact.expect(200);
    assert_eq!((&page["count"], page["results"].as_array().unwrap().len()), (&json!(100_000), 1000));
    root.get("/api/jobs/?page_size=1000&page=101").await.expect(404);

    add_jobs(&shop, 500);

    let estimated = root.get("/api/jobs/?page_size=1000").await;
    assert_eq!(estimated.header("x-count"), Some("estimated"));
    let count = estimated.expect(200)["count"].as_i64().unwrap();
    assert!((100_001..=102_000).contains(&count), "{count}");

    // With an estimated count, an empty page marks the end of the list.
    let page = root.get("/api/jobs/?page_size=1000&page=101").await.expect(200);
    assert_eq!(page["results"].as_array().unwrap().len(), 500);
    let beyond = root.get("/api/jobs/?page_size=1000&page=200").await.expect(404);
    assert_eq!(beyond, json!({"detail": "Invalid page.", "code": "not_found"}));

    let filtered = root.get("/api/jobs/?name=n7&page_size=1").await;
    assert_eq!(filtered.header("x-count"), None, "a small list has an exact count");
    assert_eq!(filtered.expect(200)["count"], 101);
    let by_cursor = root.get("/api/jobs/?cursor=").await;
    assert_eq!(by_cursor.header("x-count"), None);
    assert_eq!(by_cursor.expect(200).get("count"), None);
}
