//! Compression of responses.

use std::io::Read;

use serde_json::Value;

use crate::support::{TestResponse, TestShop};

async fn get(shop: &TestShop, url: &str, accepted: &str) -> TestResponse {
    let client = shop.anonymous().with_header("accept-encoding", accepted);
    client.get(url).await
}

/// Creates a shop whose category tree is larger than one kibibyte.
async fn shop_with_a_large_tree() -> TestShop {
    let shop = TestShop::new().await;
    for number in 0..10 {
        shop.category(&format!("Category number {number}"), None);
    }
    shop
}

const TREE: &str = "/api/categories/tree/";

#[actix_web::test]
async fn large_response_is_compressed_with_the_accepted_encoding() {
    let shop = shop_with_a_large_tree().await;
    let plain = get(&shop, TREE, "identity").await;
    assert!(plain.body.len() > 1024);

    for encoding in ["gzip", "br", "zstd"] {
        let response = get(&shop, TREE, encoding).await;
        assert_eq!(response.header("content-encoding"), Some(encoding));
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert!(response.body.len() < plain.body.len());
        let vary = response.header("vary").unwrap().to_ascii_lowercase();
        assert!(vary.contains("accept-encoding"), "{vary}");
    }
    let mut text = String::new();
    let gzip = get(&shop, TREE, "gzip").await;
    flate2::read::GzDecoder::new(gzip.body.as_ref()).read_to_string(&mut text).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), plain.json());
}

#[actix_web::test]
async fn small_response_is_not_compressed() {
    let shop = TestShop::new().await;

    for url in ["/health/live", "/api/nothing/", TREE] {
        let response = get(&shop, url, "gzip, br").await;
        assert!(response.body.len() < 1024);
        assert_eq!(response.header("content-encoding"), None, "{url}");
        response.json();
    }
}

#[actix_web::test]
async fn response_is_not_compressed_unless_the_client_accepts_it() {
    let shop = shop_with_a_large_tree().await;
    let plain = shop.anonymous().get(TREE).await;

    let uncompressed = get(&shop, TREE, "gzip;q=0, identity").await;

    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(uncompressed.header("content-encoding"), None);
    assert_eq!(uncompressed.json(), plain.json());
}
