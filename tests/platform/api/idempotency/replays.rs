//! The same request again: the same answer, and nothing is done.

use actix_web::http::header::HeaderValue;
use actix_web::test::TestRequest;
use serde_json::json;

use super::{assert_replayed, guest_order, is_replayed, keyed, orders, reused, stored};
use crate::platform::api::order_url;
use crate::support::TestShop;
use crate::support::builders::order_of;

#[actix_web::test]
async fn a_customers_order_is_placed_once_and_answered_alike() {
    let shop = TestShop::new().await;
    let ana = keyed(&shop.customer("ana").await.client, "order-1");
    let mug = shop.product("Mug").create();
    let body = order_of(&[(&mug, 2)]);

    let first = ana.post("/api/orders/", body.clone()).await;
    let order = first.expect(201);
    let books = shop.books();
    for _ in 0..3 {
        assert_replayed(&first, &ana.post("/api/orders/", body.clone()).await);
    }

    assert_eq!(first.header("location"), Some(order_url(&order, "").as_str()));
    assert_eq!((orders(&shop), stored(&shop), shop.stock_of(&mug)), (1, 1, (10, 2)));
    assert_eq!(shop.books(), books);
    shop.assert_books_balance();
}

#[actix_web::test]
async fn a_guest_who_lost_the_answer_gets_the_same_secret_again() {
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
async fn the_secret_of_an_order_is_not_to_be_read_from_the_stored_answer() {
    let shop = TestShop::new().await;
    let guest = keyed(&shop.anonymous(), "order-1");
    let mug = shop.product("Mug").create();

    let answer = guest.post("/api/orders/", guest_order("guest@example.com", &[(&mug, 1)])).await;

    let token = answer.header("x-order-token").unwrap();
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
    assert_eq!(key, 0, "nor is the key");
}

#[actix_web::test]
async fn a_key_stands_for_one_request_and_no_other() {
    let shop = TestShop::new().await;
    let ana = keyed(&shop.customer("ana").await.client, "order-1");
    let mug = shop.product("Mug").create();
    let first = ana.post("/api/orders/", order_of(&[(&mug, 1)])).await;
    first.expect(201);
    let books = shop.books();

    for (url, body) in [
        ("/api/orders/", order_of(&[(&mug, 2)])),
        ("/api/orders/", json!({})),
        ("/api/orders/?fields=id", order_of(&[(&mug, 1)])),
    ] {
        let other = ana.post(url, body.clone()).await;
        // What cannot be read is told first: no key makes it better.
        let expected = if body == json!({}) { 400 } else { 422 };
        assert_eq!(other.status, expected, "{url} {body}");
        if expected == 422 {
            assert_eq!(other.json(), reused(), "{url}");
        }
        assert!(!is_replayed(&other));
    }

    assert_eq!(shop.books(), books);
    assert_replayed(&first, &ana.post("/api/orders/", order_of(&[(&mug, 1)])).await);
}

#[actix_web::test]
async fn the_order_of_parameters_and_a_last_slash_make_no_other_request() {
    let shop = TestShop::new().await;
    let ana = keyed(&shop.customer("ana").await.client, "order-1");
    let mug = shop.product("Mug").create();

    let first = ana.post("/api/orders/?fields=number,lines&omit=lines", order_of(&[(&mug, 1)])).await;
    for url in ["/api/orders/?omit=lines&fields=number,lines", "/api/orders?omit=lines&fields=number,lines"] {
        assert_replayed(&first, &ana.post(url, order_of(&[(&mug, 1)])).await);
    }

    assert_eq!(orders(&shop), 1);
}

#[actix_web::test]
async fn a_key_of_another_form_is_refused_and_nothing_is_done() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let refusal = json!({"Idempotency-Key": ["Send one key of 1 to 255 visible ASCII characters."]});
    let request = || TestRequest::post().uri("/api/orders/").set_json(order_of(&[(&mug, 1)]));

    let long = "k".repeat(256);
    for key in [b"".as_slice(), b" ", b"two words", b"tab\there", "schl\u{fc}ssel".as_bytes(), b"\xFF", long.as_bytes()]
    {
        let request = request().insert_header(("idempotency-key", HeaderValue::from_bytes(key).unwrap()));
        assert_eq!(ana.call(request).await.expect(400), refusal, "{key:?}");
    }
    let twice = request().append_header(("idempotency-key", "a")).append_header(("idempotency-key", "b"));
    assert_eq!(ana.call(twice).await.expect(400), refusal);
    assert_eq!((orders(&shop), stored(&shop)), (0, 0));

    for key in ["k", "k".repeat(255).as_str(), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"] {
        assert!(!is_replayed(&keyed(&ana, key).post("/api/orders/", order_of(&[(&mug, 1)])).await), "{key}");
    }
    assert_eq!((orders(&shop), stored(&shop)), (3, 3));
}

#[actix_web::test]
async fn a_change_is_made_once_though_others_came_after_it() {
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
    assert_eq!(second.expect(200)["price"], "11.00", "as it was then");
    assert_eq!(staff.get(url).await.body, now.body, "and as it is now");
}

#[actix_web::test]
async fn a_change_of_a_version_is_answered_again_though_the_version_has_passed() {
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
async fn verbs_of_an_order_are_done_once() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = ana.post("/api/orders/", order_of(&[(&mug, 2)])).await.expect(201);

    for verb in ["process", "ship", "returns"] {
        let url = order_url(&order, &format!("{verb}/"));
        let first = keyed(&staff, verb).post(&url, json!({})).await;
        assert!(first.status.is_success(), "{verb}");
        assert_replayed(&first, &keyed(&staff, verb).post(&url, json!({})).await);
    }

    assert_eq!(shop.number("select count(*) from returns"), 1);
    assert_eq!(shop.stock_of(&mug), (10, 0));
    shop.assert_books_balance();
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_refused_with_a_key_as_without() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let body = json!({"note": "x".repeat(1024 * 1024)});

    let without = ana.post("/api/orders/", body.clone()).await;
    let with = keyed(&ana, "1").post("/api/orders/", body).await;

    assert_eq!((with.status.as_u16(), with.json()), (413, without.expect(413)));
    assert_eq!((orders(&shop), stored(&shop)), (0, 0));
}

#[actix_web::test]
async fn methods_that_may_be_repeated_anyway_take_no_key() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();
    let client = keyed(&staff, "two words");

    client.get("/api/products/mug/").await.expect(200);
    client.put("/api/products/mug/", json!({"name": "Mug"})).await.expect(200);
    client.delete("/api/products/mug/").await.expect(204);

    assert_eq!(stored(&shop), 0);
}
