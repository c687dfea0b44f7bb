//! Many at once, each on a connection of their own: the books balance whoever wins.

use actix_web::http::StatusCode;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::{placed, url, verb};
use crate::support::builders::order_of;
use crate::support::{Client, TestResponse, TestShop};

/// A shop with a connection for everybody in these tests.
async fn crowded_shop() -> TestShop {
    TestShop::with_settings(&[("DATABASE_POOL_SIZE", "60")]).await
}

fn count(answers: &[TestResponse], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

fn statuses(answers: [&TestResponse; 2]) -> [u16; 2] {
    let mut statuses = answers.map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    statuses
}

async fn order_at_once(buyer: &Client, bodies: impl IntoIterator<Item = Value>) -> Vec<TestResponse> {
    join_all(bodies.into_iter().map(|body| buyer.post("/api/orders/", body))).await
}

#[actix_web::test]
async fn fifty_buyers_of_ten_mugs_make_ten_orders() {
    let shop = crowded_shop().await;
    let mug = shop.product("Mug").stock(10).create();
    let ana = shop.customer("ana").await;

    let answers = order_at_once(&ana, vec![order_of(&[(&mug, 1)]); 50]).await;

    assert_eq!((count(&answers, 201), count(&answers, 409)), (10, 40));
    assert_eq!(shop.stock_of(&mug), (10, 10));
    assert_eq!(shop.number("select count(*) from orders"), 10);
    assert_eq!(shop.number("select count(distinct number) from orders"), 10);
    assert_eq!(shop.number("select count(*) from events where topic = 'order.created'"), 10);
    shop.assert_books_balance();
}

#[actix_web::test]
async fn fifty_buyers_with_two_lines_of_one_mug_make_five_orders() {
    let shop = crowded_shop().await;
    let mug = shop.product("Mug").stock(11).create();
    let ana = shop.customer("ana").await;

    let answers = order_at_once(&ana, vec![order_of(&[(&mug, 1), (&mug, 1)]); 50]).await;

    assert_eq!((count(&answers, 201), count(&answers, 409)), (5, 45));
    assert_eq!(shop.stock_of(&mug), (11, 10));
    assert_eq!(shop.number("select count(*) from order_lines"), 10);
    shop.assert_books_balance();
}

#[actix_web::test]
async fn carts_that_cross_each_other_never_stand_in_each_others_way() {
    let shop = crowded_shop().await;
    let [mug, pot, cup] = ["Mug", "Pot", "Cup"].map(|name| shop.product(name).stock(15).create());
    let ana = shop.customer("ana").await;
    let carts = [
        order_of(&[(&mug, 1), (&pot, 1), (&cup, 1)]),
        order_of(&[(&cup, 1), (&pot, 1), (&mug, 1)]),
        order_of(&[(&pot, 1), (&cup, 1), (&mug, 1)]),
    ];

    let answers = order_at_once(&ana, carts.into_iter().cycle().take(48)).await;

    assert_eq!((count(&answers, 201), count(&answers, 409)), (15, 33));
    for product in [&mug, &pot, &cup] {
        assert_eq!(shop.stock_of(product), (15, 15));
    }
    let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
    assert_eq!(shop.number(deadlocks), 0, "nor did the database have to give one up");
    shop.assert_books_balance();
}

#[actix_web::test]
async fn carts_of_two_warehouses_that_cross_each_other_are_served() {
    let shop = crowded_shop().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let [mug, pot] = ["Mug", "Pot"].map(|name| shop.product(name).stock(4).create());
    staff.post("/api/warehouses/", json!({"code": "north", "name": "North"})).await.expect(201);
    for sku in ["POT", "MUG"] {
        let goods = json!({"sku": sku, "warehouse": "north", "quantity": 6});
        staff.post("/api/stocks/adjust/", goods).await.expect(200);
    }

    let carts = [order_of(&[(&mug, 2), (&pot, 2)]), order_of(&[(&pot, 2), (&mug, 2)])];
    let answers = order_at_once(&ana, carts.into_iter().cycle().take(20)).await;

    assert_eq!((count(&answers, 201), count(&answers, 409)), (5, 15));
    assert_eq!((shop.stock_of(&mug), shop.stock_of(&pot)), ((10, 10), (10, 10)));
    shop.assert_books_balance();
}

#[actix_web::test]
async fn an_order_is_cancelled_or_shipped_and_never_both() {
    let shop = crowded_shop().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(20).create();
    for _ in 0..5 {
        let order = placed(&ana, &[(&mug, 2)]).await;
        verb(&staff, &order, "process").await.expect(200);
        let before = shop.stock_of(&mug);

        let (cancelled, shipped) = join(verb(&staff, &order, "cancel"), verb(&staff, &order, "ship")).await;

        assert_eq!(statuses([&cancelled, &shipped]), [200, 409]);
        let left = if shipped.status == StatusCode::OK { before.0 - 2 } else { before.0 };
        assert_eq!(shop.stock_of(&mug), (left, 0));
        shop.assert_books_balance();
    }
}

#[actix_web::test]
async fn an_order_that_two_cancel_at_once_frees_its_stock_once() {
    let shop = crowded_shop().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(20).create();
    placed(&ana, &[(&mug, 5)]).await;
    let order = placed(&ana, &[(&mug, 2)]).await;

    let (hers, ours) = join(verb(&ana, &order, "cancel"), verb(&staff, &order, "cancel")).await;

    assert_eq!(statuses([&hers, &ours]), [200, 409]);
    assert_eq!(shop.stock_of(&mug), (20, 5));
    assert_eq!(shop.number("select count(*) from events where topic = 'order.cancelled'"), 1);
    shop.assert_books_balance();
}

#[actix_web::test]
async fn an_order_that_two_confirm_at_once_is_confirmed_once() {
    let shop = crowded_shop().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.execute("update channels set confirms_orders = false");
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 2)]).await;

    let (first, second) = join(verb(&staff, &order, "confirm"), verb(&staff, &order, "confirm")).await;

    assert_eq!(statuses([&first, &second]), [200, 409]);
    assert_eq!(shop.number("select count(*) from events where topic = 'order.confirmed'"), 1);
    assert_eq!(ana.get(&url(&order, "history/")).await.expect(200).as_array().unwrap().len(), 2);
    shop.assert_books_balance();
}

#[actix_web::test]
async fn an_order_that_two_ship_at_once_leaves_once() {
    let shop = crowded_shop().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(10).create();
    let order = placed(&ana, &[(&mug, 2)]).await;
    verb(&staff, &order, "process").await.expect(200);

    let (first, second) = join(verb(&staff, &order, "ship"), verb(&staff, &order, "ship")).await;

    assert_eq!(statuses([&first, &second]), [200, 409]);
    assert_eq!(shop.stock_of(&mug), (8, 0));
    assert_eq!(shop.number("select count(*) from fulfillments"), 1);
    shop.assert_books_balance();
}

#[actix_web::test]
async fn an_order_that_two_prepare_at_once_has_one_parcel() {
    let shop = crowded_shop().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 2)]).await;

    let (first, second) = join(verb(&staff, &order, "process"), verb(&staff, &order, "process")).await;

    assert_eq!(statuses([&first, &second]), [200, 409]);
    assert_eq!(shop.number("select count(*) from fulfillments"), 1);
}

#[actix_web::test]
async fn goods_that_two_take_back_at_once_come_back_once() {
    let shop = crowded_shop().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(10).create();
    let order = placed(&ana, &[(&mug, 2)]).await;
    for name in ["process", "ship"] {
        verb(&staff, &order, name).await.expect(200);
    }

    let (first, second) = join(verb(&staff, &order, "returns"), verb(&staff, &order, "returns")).await;

    assert_eq!(statuses([&first, &second]), [201, 409]);
    assert_eq!(shop.stock_of(&mug), (10, 0));
    assert_eq!(shop.number("select count(*) from returns"), 1);
    shop.assert_books_balance();
}

#[actix_web::test]
async fn a_count_among_buyers_leaves_what_they_were_promised() {
    let shop = crowded_shop().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(10).create();
    let counts = (0..10).map(|_| staff.post("/api/stocks/adjust/", json!({"sku": "MUG", "quantity": 6})));

    let buying = order_at_once(&ana, vec![order_of(&[(&mug, 1)]); 20]);
    let (orders, counts) = join(buying, join_all(counts)).await;

    let placed = count(&orders, 201);
    assert_eq!(placed + count(&orders, 409), 20);
    assert_eq!(count(&counts, 200) + count(&counts, 409), 10);
    // The first count that came before the seventh order left six; if none did, all ten were sold.
    let (left, sold) = if count(&counts, 200) > 0 { (6, 6) } else { (10, 10) };
    assert_eq!(placed, sold);
    assert_eq!(shop.stock_of(&mug), (left, left));
    shop.assert_books_balance();
}

#[actix_web::test]
async fn what_some_cancel_others_may_have() {
    let shop = crowded_shop().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").stock(10).create();
    let first = order_at_once(&ana, vec![order_of(&[(&mug, 1)]); 10]).await;
    let orders: Vec<Value> = first.iter().map(|answer| answer.expect(201)).collect();

    let cancelling = join_all(orders.iter().map(|order| verb(&ana, order, "cancel")));
    let (cancelled, second) = join(cancelling, order_at_once(&ana, vec![order_of(&[(&mug, 1)]); 20])).await;

    assert_eq!(count(&cancelled, 200), 10);
    let taken = count(&second, 201);
    assert_eq!(taken + count(&second, 409), 20);
    assert!(taken <= 10);
    assert_eq!(shop.stock_of(&mug), (10, i64::try_from(taken).unwrap()));
    shop.assert_books_balance();
}

#[actix_web::test]
async fn a_product_that_changes_while_it_is_bought_is_sold_as_it_was_or_is() {
    let shop = crowded_shop().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").price("10.00").stock(50).create();
    let product = format!("/api/products/{}/", mug.id);

    let repricing = (0..5).map(|_| staff.patch(&product, json!({"price": "20.00"})));
    let buying = order_at_once(&ana, vec![order_of(&[(&mug, 1)]); 20]);
    let (orders, repriced) = join(buying, join_all(repricing)).await;

    assert_eq!((count(&orders, 201), count(&repriced, 200)), (20, 5));
    for order in orders {
        let order = order.expect(201);
        let amounts = ["subtotal_net", "total_gross"].map(|name| order[name].clone());
        assert!(amounts == ["10.00", "11.60"] || amounts == ["20.00", "23.20"], "{amounts:?}");
    }
    shop.assert_books_balance();
}
