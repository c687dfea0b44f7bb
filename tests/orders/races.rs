//! Concurrent requests on separate connections: stock and ledger stay consistent.

use actix_web::http::StatusCode;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{place_order, post_action, url};
use crate::support::builders::order_body;
use crate::support::{Client, TestResponse, TestShop};

/// Creates a shop with enough connections for all concurrent requests.
async fn shop_with_many_connections() -> TestShop {
    TestShop::with_settings(&[("DATABASE_POOL_SIZE", "60")]).await
}

fn count(responses: &[TestResponse], status: u16) -> usize {
    responses.iter().filter(|response| response.status == status).count()
}

fn statuses(responses: [&TestResponse; 2]) -> [u16; 2] {
    let mut statuses = responses.map(|response| response.status.as_u16());
    statuses.sort_unstable();
    statuses
}

async fn order_at_once(buyer: &Client, bodies: impl IntoIterator<Item = Value>) -> Vec<TestResponse> {
    join_all(bodies.into_iter().map(|body| buyer.post("/api/orders/", body))).await
}

#[actix_web::test]
async fn fifty_concurrent_orders_of_ten_mugs_create_ten_orders() {
    let shop = shop_with_many_connections().await;
    let mug = shop.product("Mug").stock(10).create();
    let ana = shop.customer("ana").await;

    let responses = order_at_once(&ana, vec![order_body(&[(&mug, 1)]); 50]).await;

    assert_eq!((count(&responses, 201), count(&responses, 409)), (10, 40));
    assert_eq!(shop.stock_of(&mug), (10, 10));
    assert_eq!(shop.number("select count(*) from orders"), 10);
    assert_eq!(shop.number("select count(distinct number) from orders"), 10);
    assert_eq!(shop.number("select count(*) from events where topic = 'order.created'"), 10);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn fifty_concurrent_orders_with_two_lines_of_one_mug_create_five_orders() {
    let shop = shop_with_many_connections().await;
    let mug = shop.product("Mug").stock(11).create();
    let ana = shop.customer("ana").await;

    let responses = order_at_once(&ana, vec![order_body(&[(&mug, 1), (&mug, 1)]); 50]).await;

    assert_eq!((count(&responses, 201), count(&responses, 409)), (5, 45));
    assert_eq!(shop.stock_of(&mug), (11, 10));
    assert_eq!(shop.number("select count(*) from order_lines"), 10);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn concurrent_orders_with_different_line_order_do_not_deadlock() {
    let shop = shop_with_many_connections().await;
    let [mug, pot, cup] = ["Mug", "Pot", "Cup"].map(|name| shop.product(name).stock(15).create());
    let ana = shop.customer("ana").await;
    let carts = [
        order_body(&[(&mug, 1), (&pot, 1), (&cup, 1)]),
        order_body(&[(&cup, 1), (&pot, 1), (&mug, 1)]),
        order_body(&[(&pot, 1), (&cup, 1), (&mug, 1)]),
    ];

    let responses = order_at_once(&ana, carts.into_iter().cycle().take(48)).await;

    assert_eq!((count(&responses, 201), count(&responses, 409)), (15, 33));
    for product in [&mug, &pot, &cup] {
        assert_eq!(shop.stock_of(product), (15, 15));
    }
    let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
    assert_eq!(shop.number(deadlocks), 0, "the database detected no deadlock");
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn concurrent_orders_across_two_warehouses_succeed() {
    let shop = shop_with_many_connections().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let [mug, pot] = ["Mug", "Pot"].map(|name| shop.product(name).stock(4).create());
    staff.post("/api/warehouses/", json!({"code": "north", "name": "North"})).await.expect(201);
    for sku in ["POT", "MUG"] {
        let goods = json!({"sku": sku, "warehouse": "north", "quantity": 6});
        staff.post("/api/stocks/adjust/", goods).await.expect(200);
    }

    let carts = [order_body(&[(&mug, 2), (&pot, 2)]), order_body(&[(&pot, 2), (&mug, 2)])];
    let responses = order_at_once(&ana, carts.into_iter().cycle().take(20)).await;

    assert_eq!((count(&responses, 201), count(&responses, 409)), (5, 15));
    assert_eq!((shop.stock_of(&mug), shop.stock_of(&pot)), ((10, 10), (10, 10)));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn concurrent_cancel_and_ship_have_one_winner() {
    let shop = shop_with_many_connections().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(20).create();
    for _ in 0..5 {
        let order = place_order(&ana, &[(&mug, 2)]).await;
        post_action(&staff, &order, "process").await.expect(200);
        let before = shop.stock_of(&mug);

        let (cancelled, shipped) =
            join(post_action(&staff, &order, "cancel"), post_action(&staff, &order, "ship")).await;

        assert_eq!(statuses([&cancelled, &shipped]), [200, 409]);
        let left = if shipped.status == StatusCode::OK { before.0 - 2 } else { before.0 };
        assert_eq!(shop.stock_of(&mug), (left, 0));
        shop.assert_records_are_consistent();
    }
}

#[actix_web::test]
async fn concurrent_cancellations_release_the_stock_once() {
    let shop = shop_with_many_connections().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(20).create();
    place_order(&ana, &[(&mug, 5)]).await;
    let order = place_order(&ana, &[(&mug, 2)]).await;

    let (by_customer, by_staff) =
        join(post_action(&ana, &order, "cancel"), post_action(&staff, &order, "cancel")).await;

    assert_eq!(statuses([&by_customer, &by_staff]), [200, 409]);
    assert_eq!(shop.stock_of(&mug), (20, 5));
    assert_eq!(shop.number("select count(*) from events where topic = 'order.cancelled'"), 1);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn concurrent_confirmations_confirm_once() {
    let shop = shop_with_many_connections().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.execute("update channels set confirms_orders = false");
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 2)]).await;

    let (first, second) = join(post_action(&staff, &order, "confirm"), post_action(&staff, &order, "confirm")).await;

    assert_eq!(statuses([&first, &second]), [200, 409]);
    assert_eq!(shop.number("select count(*) from events where topic = 'order.confirmed'"), 1);
    assert_eq!(ana.get(&url(&order, "history/")).await.expect(200).as_array().unwrap().len(), 2);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn concurrent_shipments_ship_once() {
    let shop = shop_with_many_connections().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(10).create();
    let order = place_order(&ana, &[(&mug, 2)]).await;
    post_action(&staff, &order, "process").await.expect(200);

    let (first, second) = join(post_action(&staff, &order, "ship"), post_action(&staff, &order, "ship")).await;

    assert_eq!(statuses([&first, &second]), [200, 409]);
    assert_eq!(shop.stock_of(&mug), (8, 0));
    assert_eq!(shop.number("select count(*) from fulfillments"), 1);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn concurrent_preparations_create_one_parcel() {
    let shop = shop_with_many_connections().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 2)]).await;

    let (first, second) = join(post_action(&staff, &order, "process"), post_action(&staff, &order, "process")).await;

    assert_eq!(statuses([&first, &second]), [200, 409]);
    assert_eq!(shop.number("select count(*) from fulfillments"), 1);
}

#[actix_web::test]
async fn concurrent_returns_restock_once() {
    let shop = shop_with_many_connections().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(10).create();
    let order = place_order(&ana, &[(&mug, 2)]).await;
    for name in ["process", "ship"] {
        post_action(&staff, &order, name).await.expect(200);
    }

    let (first, second) = join(post_action(&staff, &order, "returns"), post_action(&staff, &order, "returns")).await;

    assert_eq!(statuses([&first, &second]), [201, 409]);
    assert_eq!(shop.stock_of(&mug), (10, 0));
    assert_eq!(shop.number("select count(*) from returns"), 1);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn stock_adjustment_during_orders_preserves_allocations() {
    let shop = shop_with_many_connections().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(10).create();
    let counts = (0..10).map(|_| staff.post("/api/stocks/adjust/", json!({"sku": "MUG", "quantity": 6})));

    let buying = order_at_once(&ana, vec![order_body(&[(&mug, 1)]); 20]);
    let (orders, counts) = join(buying, join_all(counts)).await;

    let placed = count(&orders, 201);
    assert_eq!(placed + count(&orders, 409), 20);
    assert_eq!(count(&counts, 200) + count(&counts, 409), 10);
    // If an adjustment precedes the seventh order, six units are left to sell; otherwise all ten are sold.
    let (left, sold) = if count(&counts, 200) > 0 { (6, 6) } else { (10, 10) };
    assert_eq!(placed, sold);
    assert_eq!(shop.stock_of(&mug), (left, left));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn stock_released_by_cancellations_can_be_ordered() {
    let shop = shop_with_many_connections().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").stock(10).create();
    let first = order_at_once(&ana, vec![order_body(&[(&mug, 1)]); 10]).await;
    let orders: Vec<Value> = first.iter().map(|response| response.expect(201)).collect();

    let cancelling = join_all(orders.iter().map(|order| post_action(&ana, order, "cancel")));
    let (cancelled, second) = join(cancelling, order_at_once(&ana, vec![order_body(&[(&mug, 1)]); 20])).await;

    assert_eq!(count(&cancelled, 200), 10);
    let taken = count(&second, 201);
    assert_eq!(taken + count(&second, 409), 20);
    assert!(taken <= 10);
    assert_eq!(shop.stock_of(&mug), (10, i64::try_from(taken).unwrap()));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn price_change_during_orders_applies_old_or_new_price() {
    let shop = shop_with_many_connections().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").price("10.00").stock(50).create();
    let product = format!("/api/products/{}/", mug.id);

    let repricing = (0..5).map(|_| staff.patch(&product, json!({"price": "20.00"})));
    let buying = order_at_once(&ana, vec![order_body(&[(&mug, 1)]); 20]);
    let (orders, repriced) = join(buying, join_all(repricing)).await;

    assert_eq!((count(&orders, 201), count(&repriced, 200)), (20, 5));
    for order in orders {
        let order = order.expect(201);
        let amounts = ["subtotal_net", "total_gross"].map(|name| order[name].clone());
        assert!(amounts == ["10.00", "11.60"] || amounts == ["20.00", "23.20"], "{amounts:?}");
    }
    shop.assert_records_are_consistent();
}
