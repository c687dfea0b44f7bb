//! Bodies that are cheap to send and expensive to parse. `tests/platform/http/bodies.rs` and `forms.rs` test compressed
//! bodies and the size limits.

use std::fmt::Write as _;

use serde_json::json;

use super::send_json;
use crate::house::endpoints::digest::Digest;
use crate::support::TestShop;
use crate::support::builders::{address, order_body};

const CATEGORIES: &str = "/api/categories/";

#[actix_web::test]
async fn many_unknown_fields_in_a_body_are_ignored() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let names = |count: usize| {
        let mut body = r#"{"name": "Mugs""#.to_owned();
        for place in 0..count {
            write!(body, ",\"{place}\":0").unwrap();
        }
        body + "}"
    };

    assert_eq!(send_json(&staff, CATEGORIES, names(1_000_000)).await.expect(413)["code"], "request_too_large");
    let many = send_json(&staff, CATEGORIES, names(100_000)).await.expect(201);
    assert_eq!(many.as_object().unwrap().len(), 10);
    // A duplicate name is detected among many names.
    let twice = names(100_000).replace("\"99999\":", "\"name\":");
    assert_eq!(send_json(&staff, CATEGORIES, twice).await.expect(400)["code"], "parse_error");
    assert_eq!(shop.number("select count(*) from categories"), 1);
}

#[actix_web::test]
async fn deeply_nested_json_is_rejected_in_every_position() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let before = Digest::of(&shop);

    for depth in [200, 10_000, 300_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            for body in [
                format!("{open}1{close}"),
                format!(r#"{{"name": {open}1{close}}}"#),
                format!(r#"{{"name": "Mugs", "ignored": {open}1{close}}}"#),
                format!(r#"{{"name": "Mugs", "ignored": {open}"#),
                format!(r#"{{"name": "Pot", "sku": "P", "price": "1", "metadata": {{"a": {open}1{close}}}}}"#),
            ] {
                let status = send_json(&staff, "/api/products/", body).await.status.as_u16();
                assert!([400, 413].contains(&status), "{depth}: {status}");
            }
        }
    }
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn trailing_data_and_a_list_instead_of_an_object_are_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let before = Digest::of(&shop);

    for body in [
        r#"{"name": "Mugs"} {"name": "Pots"}"#,
        r#"{"name": "Mugs"}]"#,
        "{\"name\": \"Mugs\"}\0",
        r#"{"name": "Mugs"},"#,
        r#"[{"name": "Mugs"}]"#,
        r#"{"name": "Mugs" // why
        }"#,
        r#"{"name": "Mugs", "name": "Mugs"}"#,
        r#"{"name": "Mugs", "n\u0061me": "Pots"}"#,
    ] {
        assert_eq!(send_json(&staff, CATEGORIES, body).await.status, 400, "{body}");
    }
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn lists_and_metadata_have_maximum_sizes() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.product("Mug").stock(1_000_000).create();
    let before = shop.record_counts();
    let lines = |count: usize| json!({"shipping_address": address(), "lines": vec![json!({"sku": "MUG", "quantity": 1}); count]});

    let errors = ana.post("/api/orders/", lines(501)).await.expect(400);
    assert_eq!(errors, json!({"lines": ["Ensure this field has no more than 500 elements."]}));
    let errors = ana.post("/api/orders/", lines(20_000)).await.expect(400);
    assert_eq!(errors, json!({"lines": ["Ensure this field has no more than 500 elements."]}));
    assert_eq!(shop.record_counts(), before);
    ana.post("/api/orders/", lines(500)).await.expect(201);

    let metadata: serde_json::Map<_, _> = (0..5_000).map(|place| (format!("name {place}"), json!(place))).collect();
    let body = json!({"name": "Pot", "sku": "POT", "price": "1", "metadata": metadata});
    let errors = staff.post("/api/products/", body).await.expect(400);
    assert_eq!(errors, json!({"metadata": ["Ensure this object has no more than 32768 bytes."]}));
}

#[actix_web::test]
async fn number_with_a_hundred_thousand_digits_is_rejected() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let digits = "9".repeat(100_000);
    let before = Digest::of(&shop);

    for number in [
        digits.clone(),
        format!("1e{digits}"),
        format!("\"{digits}\""),
        format!("\"0.{digits}\""),
        format!("\"1e-{digits}\""),
    ] {
        let price = format!(r#"{{"name": "Pot", "sku": "POT", "price": {number}}}"#);
        assert_eq!(send_json(&staff, "/api/products/", price).await.status, 400);
        let order = order_body(&[(&mug, 7)]).to_string().replace(":7", &format!(":{number}"));
        assert_eq!(send_json(&ana, "/api/orders/", order).await.status, 400);
    }
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}
