//! Conditional reads: `ETag`, `If-None-Match`, `Last-Modified`, `If-Modified-Since`.

use actix_web::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{etag, order_url, place_order};
use crate::support::{Client, TestResponse, TestShop};

async fn get_if_none_match(client: &Client, tag: &str, url: &str) -> TestResponse {
    client.with_header("if-none-match", tag).get(url).await
}

#[track_caller]
fn assert_not_modified(response: &TestResponse, tag: &str) {
    assert_eq!((response.status.as_u16(), response.body.len()), (304, 0));
    assert_eq!((response.header("etag"), response.header("content-type")), (Some(tag), None));
}

#[actix_web::test]
async fn every_resource_has_a_strong_etag_and_returns_304() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let mug = shop.product("Mug").in_category(shop.category("Mugs", None)).create();
    let order = place_order(&root, &[(&mug, 1)]).await;
    for verb in ["process", "ship", "returns"] {
        let response = root.post(&order_url(&order, &format!("{verb}/")), json!({})).await;
        assert!(response.status.is_success());
    }
    shop.dispatch_events().await;
    let first = async |list: &str, name: &str| -> String {
        let page = root.get(list).await.expect(200);
        let row = page.pointer("/results/0").or_else(|| page.get(0)).unwrap();
        format!("{list}{}/", row[name].as_str().unwrap())
    };
    let mut urls = vec![order_url(&order, ""), order_url(&order, "history/"), order_url(&order, "payments/")];
    for list in [
        "/api/products/",
        "/api/categories/",
        "/api/orders/",
        "/api/returns/",
        "/api/jobs/",
        "/api/stocks/",
        "/api/channels/",
    ] {
        urls.extend([list.to_owned(), first(list, "id").await]);
    }
    for url in [
        "/api/warehouses/",
        "/api/stock-movements/",
        "/api/customers/me/",
        "/api/customers/me/orders/",
        "/api/auth/user/",
        "/api/categories/tree/",
        "/api/categories/mugs/products/",
        "/api/categories/mugs/ancestors/",
        "/api/categories/mugs/children/",
        "/api/categories/mugs/descendants/",
        "/api/categories/mugs/price-summary/",
        "/api/products/?cursor=&fields=name",
    ] {
        urls.push(url.to_owned());
    }

    for url in urls {
        let response = root.get(&url).await;
        assert_eq!(response.status, 200, "{url}");
        let tag = etag(&response);
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 20, "{url}: {tag}");
        assert_eq!(etag(&root.get(&url).await), tag, "{url}: the ETag is stable");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag} , \"y\""), "*".to_owned()] {
            assert_not_modified(&get_if_none_match(&root, &known, &url).await, &tag);
        }
        for other in ["\"x\"", "\"\"", "x", tag.trim_matches('"'), ", ,", ""] {
            assert_eq!(get_if_none_match(&root, other, &url).await.body, response.body, "{url} {other}");
        }
        let head = root.with_header("if-none-match", &tag).send(Method::HEAD, &url, None).await;
        assert_not_modified(&head, &tag);
    }
}

#[actix_web::test]
async fn etag_depends_on_version_field_selection_and_role() {
    let shop = TestShop::new().await;
    let (guest, staff) = (shop.anonymous(), shop.staff().await);
    let mugs = shop.category("Mugs", None);
    let mug = shop.product("Mug").in_category(mugs).create();
    let url = format!("/api/products/{}/", mug.id);
    let tag_of = async |client: &Client, url: String| etag(&client.get(&url).await);

    let mut tags = Vec::new();
    for query in ["", "?fields=name", "?fields=price", "?omit=name", "?expand=category"] {
        tags.push(tag_of(&guest, format!("{url}{query}")).await);
    }
    staff.patch(&url, json!({"description": "Red"})).await.expect(200);
    tags.push(tag_of(&guest, url.clone()).await);
    let mut distinct = tags.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 6, "{tags:?}");
    assert_eq!(get_if_none_match(&guest, &tags[0], &url).await.status, 200);

    // The representation changes although the row does not: stock, and the expanded category.
    let (before, expanded) =
        (tag_of(&guest, url.clone()).await, tag_of(&guest, format!("{url}?expand=category")).await);
    staff.post("/api/stocks/adjust/", json!({"sku": "MUG", "quantity": 3})).await.expect(200);
    assert_eq!(get_if_none_match(&guest, &before, &url).await.expect(200)["available"], 3);
    let before = tag_of(&guest, url.clone()).await;
    staff.patch(&format!("/api/categories/{mugs}/"), json!({"description": "Hot"})).await.expect(200);
    assert_not_modified(&get_if_none_match(&guest, &before, &url).await, &before);
    assert_eq!(get_if_none_match(&guest, &expanded, &format!("{url}?expand=category")).await.status, 200);
}

#[actix_web::test]
async fn etag_of_a_list_changes_with_any_of_its_rows() {
    let shop = TestShop::new().await;
    let (guest, staff) = (shop.anonymous(), shop.staff().await);
    let mug = shop.product("Mug").create();
    shop.product("Old mug").inactive().create();
    let tag = etag(&guest.get("/api/products/").await);

    let response = get_if_none_match(&staff, &tag, "/api/products/").await;
    assert_eq!(response.expect(200)["count"], 2, "staff see more");
    staff.patch(&format!("/api/products/{}/", mug.id), json!({"price": "11"})).await.expect(200);
    let response = get_if_none_match(&guest, &tag, "/api/products/").await;
    assert_eq!(response.expect(200)["results"][0]["price"], "11.00");
    shop.product("Cup").create();
    assert_eq!(get_if_none_match(&guest, &etag(&response), "/api/products/").await.expect(200)["count"], 2);
}

#[actix_web::test]
async fn etag_does_not_grant_access_to_other_users() {
    let shop = TestShop::new().await;
    let (ana, ben, guest) = (shop.customer("ana").await, shop.customer("ben").await, shop.anonymous());
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    let url = order_url(&order, "");
    let tag = etag(&ana.get(&url).await);

    for known in [tag.as_str(), "*"] {
        let missing = json!({"detail": "Not found.", "code": "not_found"});
        let response = get_if_none_match(&ben, known, &url).await;
        assert_eq!(response.expect(404), missing);
        assert_eq!(response.header("etag"), None);
        assert_eq!(get_if_none_match(&guest, known, &url).await.status, 401);
    }
    let her_etag = etag(&ana.get("/api/orders/").await);
    assert_eq!(get_if_none_match(&ben, &her_etag, "/api/orders/").await.expect(200)["count"], 0);
    let her_etag = etag(&ana.get("/api/customers/me/").await);
    assert_eq!(get_if_none_match(&ben, &her_etag, "/api/customers/me/").await.expect(200)["email"], "ben@example.com");
}

#[actix_web::test]
async fn order_has_a_last_modified_header() {
    let shop = TestShop::with_settings(&[("ACCESS_TOKEN_SECONDS", "86400")]).await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    let url = order_url(&order, "");
    let since = async |since: &str| ana.with_header("if-modified-since", since).get(&url).await;
    let http_date = |order: &Value, by: i64| {
        let updated_at: chrono::DateTime<chrono::Utc> = order["updated_at"].as_str().unwrap().parse().unwrap();
        (updated_at + TimeDelta::seconds(by)).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    };

    let response = ana.get(&url).await;
    let modified = http_date(&order, 0);
    assert_eq!(response.header("last-modified"), Some(modified.as_str()));

    for date in [modified.clone(), http_date(&order, 60)] {
        let known = since(&date).await;
        assert_not_modified(&known, &etag(&response));
        assert_eq!(known.header("last-modified"), Some(modified.as_str()));
    }
    for date in [http_date(&order, -1).as_str(), "yesterday", "", "0"] {
        assert_eq!(since(date).await.body, response.body, "{date}");
    }
    // If-Modified-Since is ignored if the request has If-None-Match.
    assert_eq!(
        ana.with_header("if-none-match", "\"x\"").with_header("if-modified-since", &modified).get(&url).await.status,
        200
    );

    shop.advance(TimeDelta::hours(1));
    let moved = staff.post(&order_url(&order, "process/"), json!({})).await.expect(200);
    let response = since(&modified).await;
    assert_eq!(response.expect(200)["status"], "processing");
    assert_eq!(response.header("last-modified"), Some(http_date(&moved, 0).as_str()));
    assert_eq!(since(&http_date(&moved, 0)).await.status, 304);
}

#[actix_web::test]
async fn expanded_order_has_no_last_modified_header() {
    let shop = TestShop::with_settings(&[("ACCESS_TOKEN_SECONDS", "86400")]).await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    let url = order_url(&order, "?expand=customer");
    let modified = ana.get(&order_url(&order, "")).await.header("last-modified").unwrap().to_owned();
    assert_eq!(ana.get(&url).await.header("last-modified"), None);

    shop.advance(TimeDelta::hours(1));
    ana.patch("/api/customers/me/", json!({"first_name": "Anastasia"})).await.expect(200);

    let response = ana.with_header("if-modified-since", &modified).get(&url).await;
    assert_eq!(response.expect(200)["customer"]["first_name"], "Anastasia");
    let plain = ana.with_header("if-modified-since", &modified).get(&order_url(&order, "")).await;
    assert_eq!(plain.status, 304);
}

#[actix_web::test]
async fn write_responses_have_the_etag_of_the_next_read() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let created = staff.post("/api/products/", json!({"name": "Mug", "sku": "MUG", "price": "3"})).await;
    created.expect(201);
    let url = created.header("location").unwrap();
    assert_eq!(etag(&created), etag(&staff.get(url).await));
    let changed = staff.with_header("if-none-match", "*").patch(url, json!({"name": "Cup"})).await;
    assert_eq!(changed.expect(200)["name"], "Cup", "If-None-Match does not affect writes");
    assert_eq!(etag(&changed), etag(&staff.get(url).await));
    assert_ne!(etag(&changed), etag(&created));
    let deleted = staff.delete(url).await;
    assert_eq!((deleted.status.as_u16(), deleted.header("etag")), (204, None));
}
