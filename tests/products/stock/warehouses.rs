//! Warehouses, and which of them delivers.

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::builders::order_of;
use crate::support::{Client, TestShop};

/// A second warehouse with so many mugs.
async fn open_north(staff: &Client, mugs: i32) -> Value {
    let north = json!({"code": "north", "name": "North", "country": "ke", "sort_order": 5});
    let made = staff.post("/api/warehouses/", north).await.expect(201);
    let goods = json!({"sku": "MUG", "warehouse": "north", "delta": mugs});
    staff.post("/api/stocks/adjust/", goods).await.expect(200);
    made
}

/// Quantity and allocated of the mugs in a warehouse.
fn level(shop: &TestShop, code: &str) -> (i64, i64) {
    let number = |column: &str| {
        shop.number(&format!(
            "select s.{column} from stocks s join warehouses w on w.id = s.warehouse_id where w.code = '{code}'"
        ))
    };
    (number("quantity"), number("allocated"))
}

#[actix_web::test]
async fn a_warehouse_is_opened() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();

    let north = open_north(&staff, 4).await;

    assert_eq!(
        north,
        json!({
            "id": north["id"], "code": "north", "name": "North", "country": "KE", "sort_order": 5, "is_active": true,
            "created_at": north["created_at"], "updated_at": north["created_at"],
        })
    );
    let list = staff.get("/api/warehouses/").await.expect(200);
    assert_eq!((&list[0]["code"], &list[1]), (&json!("main"), &north));
    let product = staff.get("/api/products/mug/").await.expect(200);
    assert_eq!(product["available"], 14, "of all warehouses");
}

#[actix_web::test]
async fn a_code_names_one_warehouse() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let open = || staff.post("/api/warehouses/", json!({"code": "north", "name": "North"}));

    let (first, second) = join(open(), open()).await;

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    let refused = open().await.expect(400);
    assert_eq!(refused, json!({"code": ["warehouse with this code already exists."]}));
    let refused = staff.post("/api/warehouses/", json!({"country": "XX", "sort_order": "x"})).await.expect(400);
    assert_eq!(
        refused,
        json!({
            "code": ["This field is required."], "name": ["This field is required."],
            "country": ["\"XX\" is not a valid choice."], "sort_order": ["A valid integer is required."],
        })
    );
    assert_eq!(shop.number("select count(*) from warehouses"), 2);
}

#[actix_web::test]
async fn the_second_warehouse_delivers_after_the_first() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(3).create();
    open_north(&staff, 4).await;

    ana.post("/api/orders/", order_of(&[(&mug, 3)])).await.expect(201);
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 3), (4, 0)));
    ana.post("/api/orders/", order_of(&[(&mug, 1)])).await.expect(201);
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 3), (4, 1)));
}

#[actix_web::test]
async fn an_order_is_split_over_two_warehouses_and_finds_its_way_back() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(3).create();
    open_north(&staff, 4).await;

    let order = ana.post("/api/orders/", order_of(&[(&mug, 2), (&mug, 4)])).await.expect(201);
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 3), (4, 3)));
    assert_eq!(shop.number("select count(*) from stock_allocations"), 3);
    shop.assert_books_balance();

    let url = format!("/api/orders/{}/", order["id"].as_str().unwrap());
    for verb in ["process", "ship"] {
        staff.post(&format!("{url}{verb}/"), json!({})).await.expect(200);
    }
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((0, 0), (1, 0)));
    staff.post(&format!("{url}returns/"), json!({})).await.expect(201);
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 0), (4, 0)));
    shop.assert_books_balance();
}

#[actix_web::test]
async fn both_warehouses_together_do_not_have_enough() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(3).create();
    open_north(&staff, 4).await;

    let refused = ana.post("/api/orders/", order_of(&[(&mug, 8)])).await.expect(409);

    assert_eq!(refused["lines"], json!({"0": {"sku": "MUG", "requested": 8, "available": 7}}));
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 0), (4, 0)));
}

#[actix_web::test]
async fn a_closed_warehouse_delivers_nothing() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(3).create();
    open_north(&staff, 4).await;
    shop.execute("update warehouses set is_active = false where code = 'main'");

    assert_eq!(staff.get("/api/products/mug/").await.expect(200)["available"], 4);
    let refused = ana.post("/api/orders/", order_of(&[(&mug, 5)])).await.expect(409);
    assert_eq!(refused["lines"]["0"]["available"], 4);
    ana.post("/api/orders/", order_of(&[(&mug, 4)])).await.expect(201);
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 0), (4, 4)));
}
