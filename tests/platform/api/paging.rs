//! Pages by number, and by limit and offset; how many there are.

use serde_json::{Value, json};

use super::column;
use crate::support::{Client, TestShop};

/// Seven categories, a to g, and somebody who looks at them.
async fn seven() -> (TestShop, Client) {
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
async fn limit_and_offset_link_to_each_other_as_drf_writes_it() {
    let (_shop, client) = seven().await;
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
async fn a_wrong_limit_or_offset_falls_back_and_a_large_one_is_past_the_end() {
    let (_shop, client) = seven().await;

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
async fn a_page_number_counts_more_than_an_offset() {
    let (_shop, client) = seven().await;

    let page = list(&client, "page=2&page_size=2&limit=5&offset=4").await;

    assert_eq!(column(&page, "name").concat(), "cd");
    let kept = "http://shop.example/api/categories/?page_size=2&limit=5&offset=4";
    assert_eq!((&page["previous"], &page["next"]), (&json!(kept), &json!(format!("{kept}&page=3"))));
}

#[actix_web::test]
async fn pages_by_number_end_where_the_list_does() {
    let (_shop, client) = seven().await;

    let last = list(&client, "page=last&page_size=3").await;
    assert_eq!(column(&last, "name").concat(), "g");
    let previous = json!("http://shop.example/api/categories/?page_size=3&page=2");
    assert_eq!((&last["previous"], &last["next"]), (&previous, &Value::Null));
    assert_eq!(list(&client, "page=1&page_size=3").await, list(&client, "page_size=3").await);
    for page in ["4", "0", "-1", "x", "1e3", "2.0", "9223372036854775807", "99999999999999999999"] {
        let answer = client.get(&format!("/api/categories/?page={page}&page_size=3")).await;
        assert_eq!(answer.expect(404), json!({"detail": "Invalid page.", "code": "not_found"}), "{page}");
    }
}

/// Fills the table of jobs by one statement.
fn add_jobs(shop: &TestShop, number: usize) {
    shop.execute(&format!(
        "insert into jobs (id, queue, name, payload, run_at, max_attempts, created_at, state) \
         select gen_random_uuid(), 'default', 'n' || i % 1000, '{{}}', now(), 1, now() + i * interval '1 ms', 'done' \
         from generate_series(1, {number}) i"
    ));
    shop.execute("analyze jobs");
}

#[actix_web::test]
async fn a_list_is_counted_up_to_a_hundred_thousand_and_estimated_beyond() {
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

    // An estimate does not know where the list ends: the rows do.
    let page = root.get("/api/jobs/?page_size=1000&page=101").await.expect(200);
    assert_eq!(page["results"].as_array().unwrap().len(), 500);
    let beyond = root.get("/api/jobs/?page_size=1000&page=200").await.expect(404);
    assert_eq!(beyond, json!({"detail": "Invalid page.", "code": "not_found"}));

    let narrow = root.get("/api/jobs/?name=n7&page_size=1").await;
    assert_eq!(narrow.header("x-count"), None, "few enough to count");
    assert_eq!(narrow.expect(200)["count"], 101);
    let by_cursor = root.get("/api/jobs/?cursor=").await;
    assert_eq!(by_cursor.header("x-count"), None);
    assert_eq!(by_cursor.expect(200).get("count"), None);
}
