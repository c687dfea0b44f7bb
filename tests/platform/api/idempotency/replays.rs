//! Replays: a repeated request returns the stored response and has no effect.

use actix_web::http::header::HeaderValue;
use actix_web::test::TestRequest;
use serde_json::json;

use super::{assert_replayed, guest_order, is_replayed, keyed, orders, reused, stored};
use crate::platform::api::order_url;
use crate::support::TestShop;
use crate::support::builders::order_body;

#[actix_web::test]
async fn repeated_order_of_a_customer_is_replayed() {
    let shop = TestShop::new().await;
    let ana = keyed(&shop.customer("ana").await.client, "order-1");
    let mug = shop.product("Mug").create();
    let body = order_body(&[(&mug, 2)]);

    let first = ana.post("/api/orders/", body.clone()).await;
    let order = first.expect(201);
    let counts_before = shop.record_counts();
    for _ in 0..3 {
        assert_replayed(&first, &ana.post("/api/orders/", body.clone()).await);
    }

    assert_eq!(first.header("location"), Some(order_url(&order, "").as_str()));
    assert_eq!((orders(&shop), stored(&shop), shop.stock_of(&mug)), (1, 1, (10, 2)));
    assert_eq!(shop.record_counts(), counts_before);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn replayed_guest_order_contains_the_same_token() {
    let shop = TestShop::new().await;
    let guest = keyed(&shop.anonymous(), "order-1");
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);

    let first = guest.post("/api/orders/", body.clone()).await;
    let second = guest.post("/api/orders/", body).await;

    assert_replayed(&first, &second);
    let token = second.header("x-order-token").unwrap();
    let holder = shop.anonymous().with_header("x-order-token", token);
    assert_eq!(holder.get(second.header("location").unwrap()).await.expect(200), first.expect(201));
    assert_eq!(orders(&shop), 1);
}

#[actix_web::test]
async fn stored_response_contains_no_readable_token() {
    let shop = TestShop::new().await;
    let guest = keyed(&shop.anonymous(), "order-1");
    let mug = shop.product("Mug").create();

    let response = guest.post("/api/orders/", guest_order("guest@example.com", &[(&mug, 1)])).await;

    let token = response.header("x-order-token").unwrap();
    let with = |column: &str, bytes: &str| {
        shop.number(&format!("select count(*) from idempotency_keys where position({bytes} in {column}) > 0"))
    };
    let plain = format!("'{token}'::bytea");
    let base64 = format!("convert_to(encode('{token}'::bytea, 'base64'), 'UTF8')");
    for bytes in [plain, base64] {
        for column in ["sealed_headers", "body", "convert_to(headers::text, 'UTF8')", "scope", "fingerprint"] {
            assert_eq!(with(column, &bytes), 0, "{column}");
        }
    }
    assert_eq!(shop.number("select count(*) from idempotency_keys where sealed_headers is not null"), 1);
    let key = with("convert_to(idempotency_keys::text, 'UTF8')", "'order-1'::bytea");
    assert_eq!(key, 0, "the key is hashed");
}

#[actix_web::test]
async fn key_cannot_be_reused_for_a_different_request() {
    let shop = TestShop::new().await;
    let ana = keyed(&shop.customer("ana").await.client, "order-1");
    let mug = shop.product("Mug").create();
    let first = ana.post("/api/orders/", order_body(&[(&mug, 1)])).await;
    first.expect(201);
    let counts_before = shop.record_counts();

    for (url, body) in [
        ("/api/orders/", order_body(&[(&mug, 2)])),
        ("/api/orders/", json!({})),
        ("/api/orders/?fields=id", order_body(&[(&mug, 1)])),
    ] {
        let other = ana.post(url, body.clone()).await;
        // Validation errors precede the check of the key.
        let expected = if body == json!({}) { 400 } else { 422 };
        assert_eq!(other.status, expected, "{url} {body}");
        if expected == 422 {
            assert_eq!(other.json(), reused(), "{url}");
        }
        assert!(!is_replayed(&other));
    }

    assert_eq!(shop.record_counts(), counts_before);
    assert_replayed(&first, &ana.post("/api/orders/", order_body(&[(&mug, 1)])).await);
}

#[actix_web::test]
async fn parameter_order_and_trailing_slash_do_not_matter() {
    let shop = TestShop::new().await;
    let ana = keyed(&shop.customer("ana").await.client, "order-1");
    let mug = shop.product("Mug").create();

    let first = ana.post("/api/orders/?fields=number,lines&omit=lines", order_body(&[(&mug, 1)])).await;
    for url in ["/api/orders/?omit=lines&fields=number,lines", "/api/orders?omit=lines&fields=number,lines"] {
        assert_replayed(&first, &ana.post(url, order_body(&[(&mug, 1)])).await);
    }

    assert_eq!(orders(&shop), 1);
}

#[actix_web::test]
async fn malformed_key_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let error = json!({"Idempotency-Key": ["Enter one key of 1 to 255 visible ASCII characters."]});
    let request = || TestRequest::post().uri("/api/orders/").set_json(order_body(&[(&mug, 1)]));

    let long = "k".repeat(256);
    for key in [b"".as_slice(), b" ", b"two words", b"tab\there", "schl\u{fc}ssel".as_bytes(), b"\xFF", long.as_bytes()]
    {
        let request = request().insert_header(("idempotency-key", HeaderValue::from_bytes(key).unwrap()));
        assert_eq!(ana.call(request).await.expect(400), error, "{key:?}");
    }
    let twice = request().append_header(("idempotency-key", "a")).append_header(("idempotency-key", "b"));
    assert_eq!(ana.call(twice).await.expect(400), error);
    assert_eq!((orders(&shop), stored(&shop)), (0, 0));

    for key in ["k", "k".repeat(255).as_str(), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"] {
        assert!(!is_replayed(&keyed(&ana, key).post("/api/orders/", order_body(&[(&mug, 1)])).await), "{key}");
    }
    assert_eq!((orders(&shop), stored(&shop)), (3, 3));
}

#[actix_web::test]
async fn replayed_update_does_not_overwrite_later_updates() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();
    let url = "/api/products/mug/";
    let repricing = keyed(&staff, "reprice");

    let first = repricing.patch(url, json!({"price": "11"})).await;
    staff.patch(url, json!({"price": "12", "name": "Big mug"})).await.expect(200);
    let now = staff.get(url).await;
    let second = repricing.patch(url, json!({"price": "11"})).await;

    assert_replayed(&first, &second);
    assert_eq!(second.expect(200)["price"], "11.00", "the stored response");
    assert_eq!(staff.get(url).await.body, now.body, "the later update is kept");
}

#[actix_web::test]
async fn update_with_if_match_is_replayed_after_the_version_has_changed() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();
    let url = "/api/products/mug/";
    let tag = staff.get(url).await.header("etag").unwrap().to_owned();
    let repricing = keyed(&staff, "reprice").with_header("if-match", &tag);

    let first = repricing.patch(url, json!({"price": "11"})).await;
    first.expect(200);

    assert_replayed(&first, &repricing.patch(url, json!({"price": "11"})).await);
}

#[actix_web::test]
async fn order_actions_are_replayed() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = ana.post("/api/orders/", order_body(&[(&mug, 2)])).await.expect(201);

    for verb in ["process", "ship", "returns"] {
        let url = order_url(&order, &format!("{verb}/"));
        let first = keyed(&staff, verb).post(&url, json!({})).await;
        assert!(first.status.is_success(), "{verb}");
        assert_replayed(&first, &keyed(&staff, verb).post(&url, json!({})).await);
    }

    assert_eq!(shop.number("select count(*) from returns"), 1);
    assert_eq!(shop.stock_of(&mug), (10, 0));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn large_body_is_rejected_with_and_without_a_key() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let body = json!({"note": "x".repeat(1024 * 1024)});

    let without = ana.post("/api/orders/", body.clone()).await;
    let with = keyed(&ana, "1").post("/api/orders/", body).await;

    assert_eq!((with.status.as_u16(), with.json()), (413, without.expect(413)));
    assert_eq!((orders(&shop), stored(&shop)), (0, 0));
}

#[actix_web::test]
async fn idempotent_methods_ignore_the_key() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();
    let client = keyed(&staff, "two words");

    client.get("/api/products/mug/").await.expect(200);
    client.put("/api/products/mug/", json!({"name": "Mug"})).await.expect(200);
    client.delete("/api/products/mug/").await.expect(204);

    assert_eq!(stored(&shop), 0);
}
