//! Error responses: business errors are stored, validation errors and temporary failures are not.

use std::time::Duration;

use diesel::RunQueryDsl;
use futures_util::future::join3;
use serde_json::json;

use super::{assert_replayed, guest_order, is_replayed, keyed, orders, stored};
use crate::platform::api::{etag, order_url, place_order};
use crate::support::TestShop;
use crate::support::builders::order_body;

#[actix_web::test]
async fn out_of_stock_response_is_stored_and_replayed() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(1).create();
    let counts_before = shop.record_counts();

    let first = keyed(&ana, "order-1").post("/api/orders/", order_body(&[(&mug, 2)])).await;
    assert_eq!(
        first.expect(409),
        json!({
            "code": "out_of_stock",
            "detail": "Not enough stock.",
            "lines": {"0": {"sku": "MUG", "requested": 2, "available": 1}},
        })
    );
    assert_eq!((shop.record_counts(), stored(&shop)), (counts_before, 1));

    staff.post("/api/stocks/adjust/", json!({"sku": "MUG", "quantity": 5})).await.expect(200);
    assert_replayed(&first, &keyed(&ana, "order-1").post("/api/orders/", order_body(&[(&mug, 2)])).await);
    assert_eq!(orders(&shop), 0);
    keyed(&ana, "order-2").post("/api/orders/", order_body(&[(&mug, 2)])).await.expect(201);
}

#[actix_web::test]
async fn invalid_transition_response_is_replayed() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;
    let deliver = order_url(&order, "deliver/");

    let first = keyed(&staff, "deliver").post(&deliver, json!({})).await;
    assert_eq!(first.status, 409);
    for verb in ["process", "ship"] {
        staff.post(&order_url(&order, &format!("{verb}/")), json!({})).await.expect(200);
    }

    assert_replayed(&first, &keyed(&staff, "deliver").post(&deliver, json!({})).await);
    assert_eq!(staff.get(&order_url(&order, "")).await.expect(200)["status"], "shipped");
}

#[actix_web::test]
async fn validation_error_is_not_stored() {
    let shop = TestShop::new().await;
    let ana = keyed(&shop.customer("ana").await.client, "order-1");
    let mug = shop.product("Mug").create();
    let mut unknown = order_body(&[(&mug, 1)]);
    unknown["lines"][0]["sku"] = json!("CUP");

    for (body, status) in [(json!({}), 400), (json!([]), 400), (unknown, 400)] {
        let rejected = ana.post("/api/orders/", body.clone()).await;
        assert_eq!(rejected.status, status, "{body}");
        assert_eq!(stored(&shop), 0, "{body}");
    }
    let placed = ana.post("/api/orders/", order_body(&[(&mug, 1)])).await;
    assert!(placed.status == 201 && !is_replayed(&placed));
}

#[actix_web::test]
async fn denied_request_is_not_stored() {
    let shop = TestShop::new().await;
    let (ana, guest) = (shop.customer("ana").await, shop.anonymous());
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 1)]).await;

    for client in [&ana.client, &guest] {
        let client = keyed(client, "key");
        for url in [order_url(&order, "process/"), "/api/products/".to_owned(), "/api/nowhere/".to_owned()] {
            let status = client.post(&url, json!({})).await.status.as_u16();
            assert!([401, 403, 404].contains(&status), "{url} {status}");
        }
    }
    let other_customer = keyed(&shop.customer("ben").await.client, "key");
    other_customer.post(&order_url(&order, "cancel/"), json!({})).await.expect(404);

    assert_eq!(stored(&shop), 0);
}

#[actix_web::test]
async fn precondition_failed_response_is_not_stored() {
    let shop = TestShop::new().await;
    let staff = keyed(&shop.staff().await.client, "reprice");
    shop.product("Mug").create();
    let url = "/api/products/mug/";
    let tag = etag(&staff.get(url).await);

    staff.with_header("if-match", "\"0.x\"").patch(url, json!({"price": "11"})).await.expect(412);
    assert_eq!(stored(&shop), 0);
    let changed = staff.with_header("if-match", &tag).patch(url, json!({"price": "11"})).await;
    assert!(changed.status == 200 && !is_replayed(&changed), "{changed:?}");
}

#[actix_web::test]
async fn server_error_is_not_stored() {
    let shop = TestShop::new().await;
    let guest = keyed(&shop.anonymous(), "order-1");
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);
    let counts_before = shop.record_counts();

    shop.execute("alter table order_history rename to lost_history");
    let failed = guest.post("/api/orders/", body.clone()).await;
    assert_eq!((failed.status.as_u16(), failed.json()["code"].clone()), (500, json!("error")));
    shop.execute("alter table lost_history rename to order_history");
    assert_eq!((shop.record_counts(), stored(&shop)), (counts_before, 0));

    let placed = guest.post("/api/orders/", body).await;
    assert!(placed.status == 201 && !is_replayed(&placed));
    assert_eq!(orders(&shop), 1);
}

#[actix_web::test]
async fn service_unavailable_response_is_not_stored() {
    let shop = TestShop::with_settings(&[("DATABASE_POOL_SIZE", "2")]).await;
    let guest = keyed(&shop.anonymous(), "order-1");
    let mug = shop.product("Mug").create();
    let body = guest_order("guest@example.com", &[(&mug, 1)]);
    let sleeper = || shop.app.db.read(|conn| diesel::sql_query("select pg_sleep(1.5)").execute(conn));

    let (rejected, _, _) = join3(
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            guest.post("/api/orders/", body.clone()).await
        },
        sleeper(),
        sleeper(),
    )
    .await;
    assert_eq!((rejected.status.as_u16(), rejected.header("retry-after")), (503, Some("1")));
    assert_eq!((orders(&shop), stored(&shop)), (0, 0));

    let placed = guest.post("/api/orders/", body).await;
    assert!(placed.status == 201 && !is_replayed(&placed));
    assert_eq!(orders(&shop), 1);
}
