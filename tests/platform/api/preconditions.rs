//! `If-Match`: a change is for the version that was seen, and for no other.

use actix_web::http::Method;
use futures_util::future::join;
use serde_json::{Value, json};

use super::{etag, order_url, placed};
use crate::support::{Client, TestResponse, TestShop};

fn seen(client: &Client, tag: &str) -> Client {
    client.with_header("if-match", tag)
}

fn stale(version: i64) -> Value {
    json!({
        "detail": format!("This was changed in the meantime: it is at version {version} now."),
        "code": "precondition_failed",
        "version": version,
    })
}

/// The version in a tag.
fn version(tag: &str) -> i64 {
    tag.trim_start_matches('"').split('.').next().unwrap().parse().unwrap()
}

#[track_caller]
fn statuses(answers: [&TestResponse; 2]) -> [u16; 2] {
    let mut statuses = answers.map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    statuses
}

#[actix_web::test]
async fn a_change_of_what_was_not_seen_is_refused_whatever_its_method() {
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
    // What is changed, by which method, with what, and where its tag is.
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

    for (thing, method, url, body) in changes {
        let before = root.get(thing).await;
        let tag = etag(&before);
        let now = version(&tag);
        let body = Some(body).filter(|body| !body.is_null());
        let stales = [
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
            let answer = seen(&root, &wrong).send(method.clone(), &url, body.clone()).await;
            assert_eq!(answer.expect(412), stale(now), "{method} {url} {wrong}");
            assert_eq!(root.get(thing).await.body, before.body, "{method} {url} {wrong}");
        }

        let right = format!("\"1000.x\", {tag}");
        let answer = seen(&root, &right).send(method.clone(), &url, body).await;
        assert!(answer.status.is_success(), "{method} {url}: {answer:?}");
    }
}

#[actix_web::test]
async fn a_tag_in_no_letters_at_all_is_nobodys_version() {
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
async fn people_change_what_they_saw_of_themselves() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    for (url, method) in
        [("/api/auth/user/", Method::PUT), ("/api/auth/user/", Method::PATCH), ("/api/customers/me/", Method::PATCH)]
    {
        let before = ana.get(url).await;
        let body = json!({"first_name": format!("{method}"), "last_name": url});
        let answer = seen(&ana, "\"0.x\"").send(method.clone(), url, Some(body.clone())).await;
        assert_eq!(answer.expect(412), stale(version(&etag(&before))), "{method} {url}");
        assert_eq!(ana.get(url).await.body, before.body, "{method} {url}");

        seen(&ana, &etag(&before)).send(method.clone(), url, Some(body.clone())).await.expect(200);
        let again = seen(&ana, &etag(&before)).send(method.clone(), url, Some(body)).await;
        assert_eq!(again.status, 412, "{method} {url}: it was changed");
    }
}

#[actix_web::test]
async fn every_verb_of_an_order_is_for_the_version_that_was_seen() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.execute("update channels set confirms_orders = false");
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 2)]).await;
    let url = order_url(&order, "");
    let first = etag(&staff.get(&url).await);

    for verb in ["confirm", "process", "ship", "deliver", "returns"] {
        let (tag, before) = (etag(&staff.get(&url).await), shop.books());
        for wrong in ["\"0.x\"", "garbage"] {
            let answer = seen(&staff, wrong).post(&order_url(&order, &format!("{verb}/")), json!({})).await;
            assert_eq!(answer.expect(412), stale(version(&tag)), "{verb}");
        }
        assert_eq!((shop.books(), etag(&staff.get(&url).await)), (before, tag.clone()), "{verb}");

        let answer = seen(&staff, &tag).post(&order_url(&order, &format!("{verb}/")), json!({})).await;
        assert!(answer.status.is_success(), "{verb}: {answer:?}");
        let now = staff.get(&url).await;
        assert!(version(&etag(&now)) > version(&tag), "{verb}");
        assert_eq!(seen(&staff, &first).post(&order_url(&order, "cancel/"), json!({})).await.status, 412);
    }
    shop.assert_books_balance();
}

#[actix_web::test]
async fn a_star_is_any_version_and_nothing_asks_for_none() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 1)]).await;

    seen(&staff, "*").post(&order_url(&order, "process/"), json!({})).await.expect(200);
    seen(&staff, "\"0.x\", *").post(&order_url(&order, "ship/"), json!({})).await.expect(200);
    staff.post(&order_url(&order, "deliver/"), json!({})).await.expect(200);
    seen(&staff, "*").patch("/api/products/mug/", json!({"price": "1"})).await.expect(200);
    let missing = seen(&staff, "*").patch("/api/products/cup/", json!({"price": "1"})).await;
    assert_eq!(missing.expect(404)["code"], "not_found");
}

#[actix_web::test]
async fn two_members_of_staff_do_not_act_on_what_the_other_has_changed() {
    let shop = TestShop::new().await;
    let (ana, tom, eve) = (shop.customer("ana").await, shop.staff().await, shop.superuser().await);
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 2)]).await;
    let url = order_url(&order, "");
    let (toms, eves) = (etag(&tom.get(&url).await), etag(&eve.get(&url).await));
    assert_eq!(toms, eves);
    let form = json!({"note": "The customer called"});

    seen(&tom, &toms).post(&order_url(&order, "process/"), json!({})).await.expect(200);
    let before = shop.books();
    let refused = seen(&eve, &eves).post(&order_url(&order, "cancel/"), form.clone()).await;
    assert_eq!(refused.expect(412), stale(version(&toms) + 1));
    assert_eq!(shop.books(), before);

    // She looks again, and sends the very same form.
    let again = eve.with_header("if-none-match", &eves).get(&url).await;
    assert_eq!(again.expect(200)["status"], "processing");
    let cancelled = seen(&eve, &etag(&again)).post(&order_url(&order, "cancel/"), form).await;
    assert_eq!(cancelled.expect(200)["status"], "cancelled");
    assert_eq!(shop.stock_of(&mug), (10, 0));
    shop.assert_books_balance();
}

#[actix_web::test]
async fn of_two_at_once_with_one_version_exactly_one_has_its_way() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(50).create();
    let product = format!("/api/products/{}/", mug.id);
    for round in 1..=4 {
        let editor = seen(&staff, &etag(&staff.get(&product).await));
        let (one, other) = join(
            editor.patch(&product, json!({"name": format!("One {round}")})),
            editor.patch(&product, json!({"name": format!("Other {round}")})),
        )
        .await;
        assert_eq!(statuses([&one, &other]), [200, 412]);
        let winner = if one.status == 200 { &one } else { &other };
        assert_eq!(staff.get(&product).await.body, winner.body);

        let order = placed(&ana, &[(&mug, 1)]).await;
        let editor = seen(&staff, &etag(&staff.get(&order_url(&order, "")).await));
        let process = || async { editor.post(&order_url(&order, "process/"), json!({})).await };
        let (one, other) = join(process(), process()).await;
        assert_eq!(statuses([&one, &other]), [200, 412], "not 409: the loser hears that it saw too little");
        shop.assert_books_balance();
    }
    assert_eq!(shop.number("select count(*) from fulfillments"), 4);
}

#[actix_web::test]
async fn a_stranger_does_not_learn_of_an_order_by_its_version() {
    let shop = TestShop::new().await;
    let (ana, ben, guest) = (shop.customer("ana").await, shop.customer("ben").await, shop.anonymous());
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 1)]).await;
    let (cancel, before) = (order_url(&order, "cancel/"), shop.books());
    let tag = etag(&ana.get(&order_url(&order, "")).await);

    for tag in [tag.as_str(), "\"0.x\"", "*", "garbage"] {
        let missing = json!({"detail": "Not found.", "code": "not_found"});
        assert_eq!(seen(&ben, tag).post(&cancel, json!({})).await.expect(404), missing, "{tag}");
        let holder = guest.with_header("x-order-token", "guessed");
        assert_eq!(seen(&holder, tag).post(&cancel, json!({})).await.expect(404), missing, "{tag}");
        assert_eq!(seen(&guest, tag).post(&cancel, json!({})).await.status, 401, "{tag}");
        assert_eq!(seen(&ben, tag).post(&order_url(&order, "process/"), json!({})).await.status, 403, "{tag}");
        assert_eq!(seen(&ben, tag).patch("/api/products/mug/", json!({"price": "1"})).await.status, 403, "{tag}");
    }
    assert_eq!(shop.books(), before);
    assert_eq!(seen(&ana, "\"0.x\"").post(&cancel, json!({})).await.expect(412), stale(version(&tag)));
    seen(&ana, &tag).post(&cancel, json!({})).await.expect(200);
}

#[actix_web::test]
async fn a_form_that_is_wrong_is_told_before_what_was_changed() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();

    let refused = seen(&staff, "\"0.x\"").patch("/api/products/mug/", json!({"price": "x"})).await;

    assert_eq!(refused.expect(400), json!({"price": ["A valid number is required."]}));
}
