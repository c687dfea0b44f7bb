//! Lists: pagination, ordering, filters and search.

use serde_json::{Value, json};

use crate::support::TestShop;

/// Creates a shop with categories of these names, in this order.
async fn shop_with(names: &[&str]) -> TestShop {
    let shop = TestShop::new().await;
    for name in names {
        shop.category(name, None);
    }
    shop
}

fn names(list: &Value) -> Vec<&str> {
    let results = list["results"].as_array().unwrap();
    results.iter().map(|row| row["name"].as_str().unwrap()).collect()
}

const FIVE: [&str; 5] = ["a", "b", "c", "d", "e"];

async fn get(shop: &TestShop, query: &str) -> Value {
    let client = shop.anonymous().with_header("host", "shop.example");
    client.get(&format!("/api/categories/{query}")).await.expect(200)
}

#[actix_web::test]
async fn list_has_pages_with_links() {
    let shop = shop_with(&FIVE).await;

    let list = get(&shop, "?ordering=name&page_size=2&page=2").await;

    let keys: Vec<_> = list.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["count", "next", "previous", "results"]);
    assert_eq!(list["count"], 5);
    assert_eq!(list["next"], "http://shop.example/api/categories/?ordering=name&page_size=2&page=3");
    assert_eq!(list["previous"], "http://shop.example/api/categories/?ordering=name&page_size=2");
    assert_eq!(names(&list), ["c", "d"]);
}

#[actix_web::test]
async fn next_links_lead_through_the_whole_list() {
    let shop = shop_with(&FIVE).await;
    let mut seen = Vec::new();
    let mut query = "?search=%20&ordering=-name&page_size=2".to_owned();

    loop {
        let page = get(&shop, &query).await;
        seen.extend(names(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else {
            assert_eq!(page["previous"].as_str().map(|url| url.contains("page=2")), Some(true));
            break;
        };
        query = next.trim_start_matches("http://shop.example/api/categories/").to_owned();
    }

    assert_eq!(seen, ["e", "d", "c", "b", "a"]);
}

#[actix_web::test]
async fn page_last_returns_the_last_page() {
    let shop = shop_with(&FIVE).await;

    let last = get(&shop, "?ordering=name&page_size=2&page=last").await;

    assert_eq!(names(&last), ["e"]);
    assert_eq!(last["next"], Value::Null);
    assert_eq!(last["previous"], "http://shop.example/api/categories/?ordering=name&page_size=2&page=2");
}

#[actix_web::test]
async fn nonexistent_page_returns_404() {
    let shop = shop_with(&FIVE).await;

    for page in [
        "0",
        "-1",
        "6",
        "x",
        "1.0",
        "first",
        "9223372036854775807",
        "9223372036854775808",
        "99999999999999999999",
        "%00",
    ] {
        let response = shop.anonymous().get(&format!("/api/categories/?page_size=1&page={page}")).await;
        assert_eq!(response.expect(404), json!({"detail": "Invalid page.", "code": "not_found"}), "{page}");
    }
}

#[actix_web::test]
async fn empty_list_has_a_first_page() {
    let shop = TestShop::new().await;
    let nothing = json!({"count": 0, "next": null, "previous": null, "results": []});

    for query in ["", "?page=", "?page=1", "?page=last"] {
        assert_eq!(get(&shop, query).await, nothing, "{query}");
    }
    assert_eq!(shop.anonymous().get("/api/categories/?page=2").await.status, 404);
}

#[actix_web::test]
async fn invalid_page_size_uses_the_default_and_a_large_one_the_maximum() {
    let all: Vec<String> = (0..21).map(|n| format!("c{n:02}")).collect();
    let shop = shop_with(&all.iter().map(String::as_str).collect::<Vec<_>>()).await;

    for (size, expected) in [
        ("", 20),
        ("0", 20),
        ("-5", 20),
        ("x", 20),
        ("1.5", 20),
        ("3", 3),
        ("1000", 21),
        ("1001", 21),
        ("99999999999999999999", 21),
    ] {
        let list = get(&shop, &format!("?page_size={size}")).await;
        assert_eq!(names(&list).len(), expected, "{size}");
        assert_eq!(list["count"], 21);
    }
}

#[actix_web::test]
async fn unknown_ordering_names_are_ignored() {
    let shop = shop_with(&["b", "c", "a"]).await;
    let by_default = get(&shop, "").await;
    let in_order = names(&by_default);
    assert_eq!(in_order, ["b", "c", "a"]);

    for query in ["?ordering=", "?ordering=password_hash", "?ordering=-,--name,%00,name%20desc;drop"] {
        assert_eq!(names(&get(&shop, query).await), in_order, "{query}");
    }
    for query in ["?ordering=nonsense,-name", "?ordering=-name", "?ordering=name&ordering=-name"] {
        assert_eq!(names(&get(&shop, query).await), ["c", "b", "a"], "{query}");
    }
}

#[actix_web::test]
async fn equal_rows_are_ordered_by_id() {
    let shop = shop_with(&FIVE).await;
    shop.execute("update categories set sort_order = 0");

    let all = names(&get(&shop, "?ordering=sort_order").await).join("");
    let mut in_pages = String::new();
    for page in 1..=5 {
        in_pages += &names(&get(&shop, &format!("?ordering=sort_order&page_size=1&page={page}")).await).join("");
    }

    assert_eq!(in_pages, all);
    assert_eq!(all, "abcde");
}

#[actix_web::test]
async fn invalid_filter_is_reported_by_name() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let datetime = "Datetime has wrong format. Use one of these formats instead: \
                    YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";

    let cases = [
        ("/api/categories/?level=x", json!({"level": ["A valid integer is required."]})),
        ("/api/categories/?parent=x&level=", json!({"parent": ["Must be a valid UUID."]})),
        ("/api/orders/?placed_at__gte=yesterday", json!({"placed_at__gte": [datetime]})),
        (
            "/api/orders/?total_gross__gte=NaN&total_gross__lte=1e400",
            json!({
                "total_gross__gte": ["A valid number is required."], "total_gross__lte": ["A valid number is required."],
            }),
        ),
        ("/api/categories/?search=a%00b", json!({"search": ["Null characters are not allowed."]})),
    ];

    for (url, errors) in cases {
        assert_eq!(staff.get(url).await.expect(400), errors, "{url}");
    }
}

#[actix_web::test]
async fn unknown_and_empty_filters_are_ignored() {
    let shop = shop_with(&["a", "b"]).await;

    for query in ["?colour=red", "?level=", "?parent=&search=", "?level=0", "?level=1&level=0", "?&&=&a"] {
        assert_eq!(get(&shop, query).await["count"], 2, "{query}");
    }
    assert_eq!(get(&shop, "?level=1").await["count"], 0);
}

#[actix_web::test]
async fn search_matches_every_word_literally() {
    let shop = shop_with(&["Red tea pots", "Tea, red", "50% off", "Snake_case"]).await;

    for (search, found) in [
        ("RED%20tea", vec!["Red tea pots", "Tea, red"]),
        ("red,tea", vec!["Red tea pots", "Tea, red"]),
        ("%22tea%20pot%22", vec!["Red tea pots"]),
        ("%25", vec!["50% off"]),
        ("_", vec!["Snake_case"]),
        ("'%20or%201=1", vec![]),
        ("%5C", vec![]),
    ] {
        let list = get(&shop, &format!("?ordering=sort_order&search={search}")).await;
        assert_eq!(names(&list), found, "{search}");
    }
}

#[actix_web::test]
async fn links_ignore_forwarding_headers_of_untrusted_clients() {
    let shop = shop_with(&FIVE).await;
    let client = shop
        .anonymous()
        .with_header("host", "shop.example")
        .with_header("x-forwarded-host", "evil.example")
        .with_header("x-forwarded-proto", "https")
        .with_header("forwarded", "host=evil.example;proto=https");

    let response = client.get("/api/categories/?page_size=1").await;

    assert_eq!(response.expect(200)["next"], "http://shop.example/api/categories/?page_size=1&page=2");
    assert_eq!(response.header("strict-transport-security"), None);
}

#[actix_web::test]
async fn links_use_the_scheme_of_a_trusted_proxy() {
    let shop = TestShop::with_settings(&[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    shop.category("a", None);
    shop.category("b", None);
    let client = shop.anonymous().with_header("host", "shop.example").with_header("x-forwarded-proto", "https");

    let response = client.get("/api/categories/?page_size=1").await;

    assert_eq!(response.expect(200)["next"], "https://shop.example/api/categories/?page_size=1&page=2");
    assert_eq!(response.header("strict-transport-security"), Some("max-age=31536000; includeSubDomains"));
}
