//! `If-Match`: a write applies only to the expected version.

use actix_web::http::Method;
use futures_util::future::join;
use serde_json::{Value, json};

use super::{etag, order_url, place_order};
use crate::support::{Client, TestResponse, TestShop};

fn with_if_match(client: &Client, tag: &str) -> Client {
    client.with_header("if-match", tag)
}

fn stale(version: i64) -> Value {
    json!({
        "detail": format!("The resource has changed: its version is now {version}. Read it again and repeat the request."),
        "code": "precondition_failed",
        "version": version,
    })
}

/// Returns the version in an ETag.
fn version(tag: &str) -> i64 {
    tag.trim_start_matches('"').split('.').next().unwrap().parse().unwrap()
}

#[track_caller]
fn statuses(responses: [&TestResponse; 2]) -> [u16; 2] {
    let mut statuses = responses.map(|response| response.status.as_u16());
    statuses.sort_unstable();
    statuses
}

#[actix_web::test]
async fn writes_with_a_stale_if_match_are_rejected_for_every_method() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let mug = shop.product("Mug").variant("MUG-L", "12", 1).create();
    let category = shop.category("Mugs", None);
    let product = format!("/api/products/{}/", mug.id);
    let variants = root.get(&product).await.expect(200)["variants"].clone();
    let variant = format!("/api/variants/{}/", variants[1]["id"].as_str().unwrap());
    let channel = root.get("/api/channels/").await.expect(200)[0]["id"].as_str().unwrap().to_owned();
    let channel = format!("/api/channels/{channel}/");
    let category = format!("/api/categories/{category}/");
    // The resource whose version `If-Match` names, the method, the URL and the body.
    let changes = [
        (&product, Method::PUT, product.clone(), json!({"name": "Pot", "slug": "pot"})),
        (&product, Method::PATCH, product.clone(), json!({"description": "Red"})),
        (&product, Method::POST, format!("{product}variants/"), json!({"sku": "MUG-S", "price": "1"})),
        (&product, Method::PATCH, variant.clone(), json!({"price": "13"})),
        (&product, Method::DELETE, variant, Value::Null),
        (&product, Method::DELETE, product.clone(), Value::Null),
        (&category, Method::PUT, category.clone(), json!({"name": "Cups"})),
        (&category, Method::PATCH, category.clone(), json!({"description": "Hot"})),
        (&category, Method::POST, format!("{category}move/"), json!({"parent": null, "sort_order": 4})),
        (&category, Method::DELETE, category.clone(), Value::Null),
        (&channel, Method::PATCH, channel.clone(), json!({"name": "Shop"})),
    ];

    for (target, method, url, body) in changes {
        let before = root.get(target).await;
        let tag = etag(&before);
        let now = version(&tag);
        let body = Some(body).filter(|body| !body.is_null());
        let stales = [
            format!("W/{tag}"),
            format!("\"{}.abcdef\"", now - 1),
            format!("\"{}.abcdef\", \"{}.abcdef\"", now + 1, now - 1),
            tag.trim_matches('"').to_owned(),
            now.to_string(),
            "\"\"".to_owned(),
            "garbage".to_owned(),
            "\"garbage\", ".to_owned(),
            ",".to_owned(),
        ];
        for wrong in stales {
            let response = with_if_match(&root, &wrong).send(method.clone(), &url, body.clone()).await;
            assert_eq!(response.expect(412), stale(now), "{method} {url} {wrong}");
            assert_eq!(root.get(target).await.body, before.body, "{method} {url} {wrong}");
        }

        let right = format!("\"1000.x\", {tag}");
        let response = with_if_match(&root, &right).send(method.clone(), &url, body).await;
        assert!(response.status.is_success(), "{method} {url}: {response:?}");
    }
}

#[actix_web::test]
async fn if_match_with_invalid_bytes_matches_no_version() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();
    let value = actix_web::http::header::HeaderValue::from_bytes(b"\"\xFF\"").unwrap();
    let request = actix_web::test::TestRequest::patch()
        .uri("/api/products/mug/")
        .insert_header(("if-match", value))
        .set_json(json!({"name": "Pot"}));

    assert_eq!(staff.call(request).await.expect(412), stale(1));

    assert_eq!(staff.get("/api/products/mug/").await.expect(200)["name"], "Mug");
}

#[actix_web::test]
async fn profile_updates_respect_if_match() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    for (url, method) in
        [("/api/auth/user/", Method::PUT), ("/api/auth/user/", Method::PATCH), ("/api/customers/me/", Method::PATCH)]
    {
        let before = ana.get(url).await;
        let body = json!({"first_name": format!("{method}"), "last_name": url});
        let response = with_if_match(&ana, "\"0.x\"").send(method.clone(), url, Some(body.clone())).await;
        assert_eq!(response.expect(412), stale(version(&etag(&before))), "{method} {url}");
        assert_eq!(ana.get(url).await.body, before.body, "{method} {url}");

        with_if_match(&ana, &etag(&before)).send(method.clone(), url, Some(body.clone())).await.expect(200);
        let again = with_if_match(&ana, &etag(&before)).send(method.clone(), url, Some(body)).await;
        assert_eq!(again.status, 412, "{method} {url}: the version has changed");
    }
}

#[actix_web::test]
async fn order_actions_respect_if_match() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.execute("update channels set confirms_orders = false");
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 2)]).await;
    let url = order_url(&order, "");
    let first = etag(&staff.get(&url).await);

    for verb in ["confirm", "process", "ship", "deliver", "returns"] {
        let (tag, before) = (etag(&staff.get(&url).await), shop.record_counts());
        for wrong in ["\"0.x\"", "garbage"] {
            let response = with_if_match(&staff, wrong).post(&order_url(&order, &format!("{verb}/")), json!({})).await;
            assert_eq!(response.expect(412), stale(version(&tag)), "{verb}");
        }
        assert_eq!((shop.record_counts(), etag(&staff.get(&url).await)), (before, tag.clone()), "{verb}");

        let response = with_if_match(&staff, &tag).post(&order_url(&order, &format!("{verb}/")), json!({})).await;
        assert!(response.status.is_success(), "{verb}: {response:?}");
        let now = staff.get(&url).await;
        assert!(version(&etag(&now)) > version(&tag), "{verb}");
        assert_eq!(with_if_match(&staff, &first).post(&order_url(&order, "cancel/"), json!({})).await.status, 412);
    }
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn if_match_star_accepts_every_version() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;

    with_if_match(&staff, "*").post(&order_url(&order, "process/"), json!({})).await.expect(200);
    with_if_match(&staff, "\"0.x\", *").post(&order_url(&order, "ship/"), json!({})).await.expect(412);
    with_if_match(&staff, "*").post(&order_url(&order, "ship/"), json!({})).await.expect(200);
    staff.post(&order_url(&order, "deliver/"), json!({})).await.expect(200);
    with_if_match(&staff, "*").patch("/api/products/mug/", json!({"price": "1"})).await.expect(200);
    let missing = with_if_match(&staff, "*").patch("/api/products/cup/", json!({"price": "1"})).await;
    assert_eq!(missing.expect(404)["code"], "not_found");
}

#[actix_web::test]
async fn if_match_prevents_lost_updates_between_staff_members() {
    let shop = TestShop::new().await;
    let (ana, tom, eve) = (shop.customer("ana").await, shop.staff().await, shop.superuser().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 2)]).await;
    let url = order_url(&order, "");
    let (toms, eves) = (etag(&tom.get(&url).await), etag(&eve.get(&url).await));
    assert_eq!(toms, eves);
    let form = json!({"note": "The customer called"});

    with_if_match(&tom, &toms).post(&order_url(&order, "process/"), json!({})).await.expect(200);
    let before = shop.record_counts();
    let rejected = with_if_match(&eve, &eves).post(&order_url(&order, "cancel/"), form.clone()).await;
    assert_eq!(rejected.expect(412), stale(version(&toms) + 1));
    assert_eq!(shop.record_counts(), before);

    // Eve reads the order again and repeats her request.
    let again = eve.with_header("if-none-match", &eves).get(&url).await;
    assert_eq!(again.expect(200)["status"], "processing");
    let cancelled = with_if_match(&eve, &etag(&again)).post(&order_url(&order, "cancel/"), form).await;
    assert_eq!(cancelled.expect(200)["status"], "cancelled");
    assert_eq!(shop.stock_of(&mug), (10, 0));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn concurrent_writes_with_the_same_version_have_one_winner() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(50).create();
    let product = format!("/api/products/{}/", mug.id);
    for round in 1..=4 {
        let editor = with_if_match(&staff, &etag(&staff.get(&product).await));
        let (one, other) = join(
            editor.patch(&product, json!({"name": format!("One {round}")})),
            editor.patch(&product, json!({"name": format!("Other {round}")})),
        )
        .await;
        assert_eq!(statuses([&one, &other]), [200, 412]);
        let winner = if one.status == 200 { &one } else { &other };
        assert_eq!(staff.get(&product).await.body, winner.body);

        let order = place_order(&ana, &[(&mug, 1)]).await;
        let editor = with_if_match(&staff, &etag(&staff.get(&order_url(&order, "")).await));
        let process = || async { editor.post(&order_url(&order, "process/"), json!({})).await };
        let (one, other) = join(process(), process()).await;
        assert_eq!(statuses([&one, &other]), [200, 412], "412, not 409: the precondition is checked first");
        shop.assert_records_are_consistent();
    }
    assert_eq!(shop.number("select count(*) from fulfillments"), 4);
}

#[actix_web::test]
async fn if_match_does_not_reveal_orders_of_other_customers() {
    let shop = TestShop::new().await;
    let (ana, ben, guest) = (shop.customer("ana").await, shop.customer("ben").await, shop.anonymous());
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    let (cancel, before) = (order_url(&order, "cancel/"), shop.record_counts());
    let tag = etag(&ana.get(&order_url(&order, "")).await);

    for tag in [tag.as_str(), "\"0.x\"", "*", "garbage"] {
        let missing = json!({"detail": "Not found.", "code": "not_found"});
        assert_eq!(with_if_match(&ben, tag).post(&cancel, json!({})).await.expect(404), missing, "{tag}");
        let holder = guest.with_header("x-order-token", "guessed");
        assert_eq!(with_if_match(&holder, tag).post(&cancel, json!({})).await.expect(404), missing, "{tag}");
        assert_eq!(with_if_match(&guest, tag).post(&cancel, json!({})).await.status, 401, "{tag}");
        assert_eq!(with_if_match(&ben, tag).post(&order_url(&order, "process/"), json!({})).await.status, 403, "{tag}");
        assert_eq!(
            with_if_match(&ben, tag).patch("/api/products/mug/", json!({"price": "1"})).await.status,
            403,
            "{tag}"
        );
    }
    assert_eq!(shop.record_counts(), before);
    assert_eq!(with_if_match(&ana, "\"0.x\"").post(&cancel, json!({})).await.expect(412), stale(version(&tag)));
    with_if_match(&ana, &tag).post(&cancel, json!({})).await.expect(200);
}

#[actix_web::test]
async fn validation_errors_precede_412() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();

    let rejected = with_if_match(&staff, "\"0.x\"").patch("/api/products/mug/", json!({"price": "x"})).await;

    assert_eq!(rejected.expect(400), json!({"price": ["A valid number is required."]}));
}
