//! Request bodies: JSON syntax, content types, sizes, compression, numbers.

use serde_json::json;

use super::{send_json, send_raw};
use crate::support::TestShop;

const LOGIN: &str = "/api/auth/login/";
const CATEGORIES: &str = "/api/categories/";

fn categories(shop: &TestShop) -> i64 {
    shop.number("select count(*) from categories")
}

#[actix_web::test]
async fn malformed_json_is_a_parse_error() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let bodies: [&[u8]; 10] = [
        b"{",
        b"{'email': 1}",
        br#"{"email": "a",}"#,
        br#"{"email": "a"} x"#,
        br#"{"email": NaN}"#,
        br#"{"email": -Infinity}"#,
        br#"{"email": 1e999}"#,
        b"{\"email\": \"\x01\"}",
        b"\"\xff\"",
        br#"{"email": "\ud800"}"#,
    ];

    for body in bodies {
        let response = send_json(&guest, LOGIN, body).await.expect(400);
        assert_eq!(response["code"], "parse_error", "{}", String::from_utf8_lossy(body));
        let detail = response["detail"].as_str().unwrap();
        assert!(detail.starts_with("JSON parse error - "), "{detail}");
    }
}

#[actix_web::test]
async fn deeply_nested_json_is_a_parse_error() {
    let shop = TestShop::new().await;
    let depth = 10_000;

    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let body = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let response = send_json(&shop.anonymous(), LOGIN, body).await;
        assert_eq!(response.expect(400)["code"], "parse_error");
    }
}

#[actix_web::test]
async fn body_that_is_not_an_object_is_rejected_with_its_type() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();

    for (body, kind) in [("[1]", "list"), ("\"x\"", "str"), ("7", "int"), ("7.5", "float"), ("true", "bool")] {
        let response = send_json(&guest, LOGIN, body).await;
        let text = format!("Invalid data. Expected a dictionary, but got {kind}.");
        assert_eq!(response.expect(400), json!({"non_field_errors": [text]}));
    }
    let null = send_json(&guest, LOGIN, "null").await;
    assert_eq!(null.expect(400), json!({"non_field_errors": ["No data provided"]}));
}

#[actix_web::test]
async fn missing_body_counts_as_an_empty_object() {
    let shop = TestShop::new().await;
    let required = json!({"password": ["This field is required."]});

    for content_type in [None, Some("application/json"), Some("text/plain")] {
        let response = send_raw(&shop.anonymous(), LOGIN, content_type, "").await;
        assert_eq!(response.expect(400), required);
    }
}

#[actix_web::test]
async fn duplicate_key_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let response = send_json(&staff, CATEGORIES, r#"{"name": "First", "name": "Last"}"#).await;

    assert_eq!(response.expect(400)["code"], "parse_error");
    assert_eq!(categories(&shop), 0);
}

#[actix_web::test]
async fn unsupported_content_type_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    for (content_type, media_type) in [
        (Some("text/plain"), "text/plain"),
        (Some("application/xml; charset=utf-8"), "application/xml; charset=utf-8"),
        (Some("application/json; charset=bz2"), "application/json; charset=bz2"),
        (None, ""),
    ] {
        let response = send_raw(&staff, CATEGORIES, content_type, r#"{"name": "Mugs"}"#).await;
        assert_eq!(
            response.expect(415),
            json!({
                "detail": format!("Unsupported media type \"{media_type}\" in request."), "code": "unsupported_media_type",
            })
        );
    }
    assert_eq!(categories(&shop), 0);
}

#[actix_web::test]
async fn json_content_type_variants_are_accepted() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    for (name, content_type) in [
        ("One", "application/json; charset=utf-8"),
        ("Two", "Application/JSON"),
        ("Three", "application/merge-patch+json"),
    ] {
        let response = send_raw(&staff, CATEGORIES, Some(content_type), format!(r#"{{"name": "{name}"}}"#)).await;
        assert_eq!(response.status, 201, "{content_type}");
    }
}

#[actix_web::test]
async fn authentication_and_permissions_precede_the_body() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let too_large = vec![b' '; (1 << 20) + 1];

    for (content_type, body) in [
        (Some("application/json"), b"{".to_vec()),
        (Some("text/plain"), b"x".to_vec()),
        (Some("application/json"), b"{}".to_vec()),
        (Some("application/json"), too_large),
    ] {
        let guest = send_raw(&shop.anonymous(), CATEGORIES, content_type, body.clone()).await;
        assert_eq!(guest.expect(401)["code"], "not_authenticated");
        let customer = send_raw(&ana, CATEGORIES, content_type, body).await;
        assert_eq!(customer.expect(403)["code"], "permission_denied");
    }
}

#[actix_web::test]
async fn body_larger_than_one_mebibyte_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let padded = |name: &str, bytes: usize| {
        let body = json!({"name": name}).to_string();
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };

    let largest = send_json(&staff, CATEGORIES, padded("Mugs", 1 << 20)).await;
    assert_eq!(largest.status, 201);

    let larger = send_json(&staff, CATEGORIES, padded("Pots", (1 << 20) + 1)).await;
    assert_eq!(larger.expect(413), json!({"detail": "The request body is too large.", "code": "request_too_large"}));
    assert_eq!(categories(&shop), 1);
}

#[actix_web::test]
async fn compressed_body_that_expands_beyond_the_limit_is_rejected() {
    let shop = TestShop::new().await;
    let server = shop.serve();
    // The compressed body is below the limit.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut gzip, &vec![b' '; 8 << 20]).unwrap();

    let response = server
        .request(reqwest::Method::POST, LOGIN)
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(gzip.finish().unwrap())
        .send()
        .await
        .unwrap();

    // The server either decompresses the body up to the limit, or rejects it as malformed JSON.
    assert!([400, 413].contains(&response.status().as_u16()), "{}", response.status());
}

#[actix_web::test]
async fn integers_out_of_range_are_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let too_large = "Ensure this value is less than or equal to 2147483647.";
    let too_small = "Ensure this value is greater than or equal to -2147483648.";
    let invalid = "A valid integer is required.";
    let huge = "9".repeat(1001);

    for (number, message) in [
        ("2147483648", too_large),
        ("-2147483649", too_small),
        ("99999999999999999999", too_large),
        ("\"99999999999999999999\"", too_large),
        ("\"-99999999999999999999\"", too_small),
        ("1.5", invalid),
        ("\"\"", invalid),
        ("\"१\"", invalid),
        ("true", invalid),
        ("[]", invalid),
        (&format!("\"{huge}\""), "String value too large."),
    ] {
        let body = format!(r#"{{"name": "Mugs", "sort_order": {number}}}"#);
        let response = send_json(&staff, CATEGORIES, body).await;
        assert_eq!(response.expect(400), json!({"sort_order": [message]}), "{number}");
    }
    assert_eq!(categories(&shop), 0);
}

#[actix_web::test]
async fn integers_are_accepted_as_text_or_with_zero_decimals() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    for (name, number) in [("One", "\"7\""), ("Two", "7.0"), ("Three", "\" 7.00 \"")] {
        let body = format!(r#"{{"name": "{name}", "sort_order": {number}}}"#);
        let response = send_json(&staff, CATEGORIES, body).await;
        assert_eq!(response.expect(201)["sort_order"], 7, "{number}");
    }
}

#[actix_web::test]
async fn created_response_has_a_location() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let response = staff.post(CATEGORIES, json!({"name": "Mugs"})).await;

    let created = response.expect(201);
    let url = response.header("location").unwrap();
    assert_eq!(url, format!("/api/categories/{}/", created["id"].as_str().unwrap()));
    assert_eq!(staff.get(url).await.expect(200), created);
}

#[actix_web::test]
async fn decompression_bomb_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let zeros = vec![b' '; 64 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut gzip, &zeros).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zlib, &zeros).unwrap();

    for (encoding, bomb) in [("gzip", gzip.finish().unwrap()), ("deflate", zlib.finish().unwrap())] {
        assert!(zeros.len() / bomb.len() > 900, "{}", bomb.len());
        for (name, value) in [("accept", "*/*"), ("idempotency-key", "once")] {
            let client = staff.with_header("content-encoding", encoding).with_header(name, value);
            let response = send_json(&client, CATEGORIES, bomb.clone()).await;
            assert_eq!(response.expect(413)["code"], "request_too_large", "{encoding}, {name}");
        }
    }
    assert_eq!(categories(&shop), 0);
}

#[actix_web::test]
async fn compressed_body_is_accepted_and_corrupt_body_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await.with_header("content-encoding", "gzip");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut gzip, br#"{"name": "Mugs"}"#).unwrap();
    let packed = gzip.finish().unwrap();

    for body in [b"no gzip at all".to_vec(), packed[..packed.len() / 2].to_vec()] {
        let response = send_json(&staff, CATEGORIES, body).await.expect(400);
        assert!(response["code"].is_string(), "{response}");
    }
    assert_eq!(categories(&shop), 0);
    assert_eq!(send_json(&staff, CATEGORIES, packed).await.expect(201)["name"], "Mugs");
}

#[actix_web::test]
async fn json_must_be_utf_8() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let text = r#"{"name": "Mugs"}"#;
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let overlong = b"{\"name\": \"\xc0\xae\"}".to_vec();
    let surrogate = b"{\"name\": \"\xed\xa0\x80\"}".to_vec();

    for body in [utf16.clone(), [b"\xff\xfe", &*utf16].concat(), marked, overlong, surrogate] {
        let response = send_json(&staff, CATEGORIES, body).await.expect(400);
        assert_eq!(response["code"], "parse_error");
    }
    let rejected = send_raw(&staff, CATEGORIES, Some("application/json; charset=utf-16"), utf16).await;
    rejected.expect(415);
    assert_eq!(categories(&shop), 0);
}

#[actix_web::test]
async fn invalid_and_oversized_decimals_are_rejected_in_every_notation() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let forty = "1234567890".repeat(4);
    let not_a_number = json!(["A valid number is required."]);

    for number in ["NaN", "Infinity", "-Infinity", "1e309", "-1e309", "0x10", "1_000", ".5.", "+-1"] {
        let price = json!({"name": "Mug", "sku": "MUG", "price": number});
        assert_eq!(staff.post("/api/products/", price).await.expect(400), json!({"price": not_a_number}), "{number}");
    }
    for number in ["NaN", "Infinity", "1e309", "0x10", "01", "+1", ".5"] {
        let body = format!(r#"{{"name": "Mug", "sku": "MUG", "price": {number}}}"#);
        assert_eq!(send_json(&staff, "/api/products/", body).await.expect(400)["code"], "parse_error", "{number}");
    }
    for number in [forty.clone(), format!("\"{forty}\""), "1e30".to_owned(), "1e400".to_owned()] {
        let body = format!(r#"{{"name": "Mug", "sku": "MUG", "price": {number}}}"#);
        let response = send_json(&staff, "/api/products/", body).await;
        assert_eq!(response.status, 400, "{number}");
    }
    assert_eq!(shop.number("select count(*) from products"), 0);
}
