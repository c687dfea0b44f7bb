//! Large answers travel small.

use std::io::Read;

use serde_json::Value;

use crate::support::{TestResponse, TestShop};

async fn get(shop: &TestShop, url: &str, accepted: &str) -> TestResponse {
    let client = shop.anonymous().with_header("accept-encoding", accepted);
    client.get(url).await
}

/// A shop whose tree takes more than a kibibyte.
async fn shop_with_a_large_tree() -> TestShop {
    let shop = TestShop::new().await;
    for number in 0..10 {
        shop.category(&format!("Category number {number}"), None);
    }
    shop
}

const TREE: &str = "/api/categories/tree/";

#[actix_web::test]
async fn a_large_answer_is_compressed_as_asked() {
    let shop = shop_with_a_large_tree().await;
    let plain = get(&shop, TREE, "identity").await;
    assert!(plain.body.len() > 1024);

    for encoding in ["gzip", "br", "zstd"] {
        let answer = get(&shop, TREE, encoding).await;
        assert_eq!(answer.header("content-encoding"), Some(encoding));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.body.len() < plain.body.len());
        let vary = answer.header("vary").unwrap().to_ascii_lowercase();
        assert!(vary.contains("accept-encoding"), "{vary}");
    }
    let mut text = String::new();
    let gzip = get(&shop, TREE, "gzip").await;
    flate2::read::GzDecoder::new(gzip.body.as_ref()).read_to_string(&mut text).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), plain.json());
}

#[actix_web::test]
async fn a_small_answer_is_left_as_it_is() {
    let shop = TestShop::new().await;

    for url in ["/health/live", "/api/nothing/", TREE] {
        let answer = get(&shop, url, "gzip, br").await;
        assert!(answer.body.len() < 1024);
        assert_eq!(answer.header("content-encoding"), None, "{url}");
        answer.json();
    }
}

#[actix_web::test]
async fn nobody_gets_what_they_did_not_ask_for() {
    let shop = shop_with_a_large_tree().await;
    let plain = shop.anonymous().get(TREE).await;

    let unasked = get(&shop, TREE, "gzip;q=0, identity").await;

    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(unasked.header("content-encoding"), None);
    assert_eq!(unasked.json(), plain.json());
}
