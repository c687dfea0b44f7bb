//! Warehouses and their order of allocation.

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::builders::order_body;
use crate::support::{Client, TestShop};

/// Creates a second warehouse with the given number of mugs.
async fn create_north(staff: &Client, mugs: i32) -> Value {
    let north = json!({"code": "north", "name": "North", "country": "ke", "sort_order": 5});
    let created = staff.post("/api/warehouses/", north).await.expect(201);
    let goods = json!({"sku": "MUG", "warehouse": "north", "delta": mugs});
    staff.post("/api/stocks/adjust/", goods).await.expect(200);
    created
}

/// Returns quantity and allocated quantity of the mugs in a warehouse.
fn level(shop: &TestShop, code: &str) -> (i64, i64) {
    let number = |column: &str| {
        shop.number(&format!(
            "select s.{column} from stocks s join warehouses w on w.id = s.warehouse_id where w.code = '{code}'"
        ))
    };
    (number("quantity"), number("allocated"))
}

#[actix_web::test]
async fn warehouse_is_created() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();

    let north = create_north(&staff, 4).await;

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
    assert_eq!(product["available"], 14, "the sum of both warehouses");
}

#[actix_web::test]
async fn warehouse_code_is_unique() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let open = || staff.post("/api/warehouses/", json!({"code": "north", "name": "North"}));

    let (first, second) = join(open(), open()).await;

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    let rejected = open().await.expect(400);
    assert_eq!(rejected, json!({"code": ["warehouse with this code already exists."]}));
    let rejected = staff.post("/api/warehouses/", json!({"country": "XX", "sort_order": "x"})).await.expect(400);
    assert_eq!(
        rejected,
        json!({
            "code": ["This field is required."], "name": ["This field is required."],
            "country": ["\"XX\" is not a valid choice."], "sort_order": ["A valid integer is required."],
        })
    );
    assert_eq!(shop.number("select count(*) from warehouses"), 2);
}

#[actix_web::test]
async fn second_warehouse_is_used_after_the_first() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(3).create();
    create_north(&staff, 4).await;

    ana.post("/api/orders/", order_body(&[(&mug, 3)])).await.expect(201);
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 3), (4, 0)));
    ana.post("/api/orders/", order_body(&[(&mug, 1)])).await.expect(201);
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 3), (4, 1)));
}

#[actix_web::test]
async fn split_order_is_returned_to_both_warehouses() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(3).create();
    create_north(&staff, 4).await;

    let order = ana.post("/api/orders/", order_body(&[(&mug, 2), (&mug, 4)])).await.expect(201);
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 3), (4, 3)));
    assert_eq!(shop.number("select count(*) from stock_allocations"), 3);
    shop.assert_records_are_consistent();

    let url = format!("/api/orders/{}/", order["id"].as_str().unwrap());
    for verb in ["process", "ship"] {
        staff.post(&format!("{url}{verb}/"), json!({})).await.expect(200);
    }
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((0, 0), (1, 0)));
    staff.post(&format!("{url}returns/"), json!({})).await.expect(201);
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 0), (4, 0)));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn order_is_rejected_if_total_stock_of_all_warehouses_is_insufficient() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(3).create();
    create_north(&staff, 4).await;

    let rejected = ana.post("/api/orders/", order_body(&[(&mug, 8)])).await.expect(409);

    assert_eq!(rejected["lines"], json!({"0": {"sku": "MUG", "requested": 8, "available": 7}}));
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 0), (4, 0)));
}

#[actix_web::test]
async fn inactive_warehouse_is_not_used() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(3).create();
    create_north(&staff, 4).await;
    shop.execute("update warehouses set is_active = false where code = 'main'");

    assert_eq!(staff.get("/api/products/mug/").await.expect(200)["available"], 4);
    let rejected = ana.post("/api/orders/", order_body(&[(&mug, 5)])).await.expect(409);
    assert_eq!(rejected["lines"]["0"]["available"], 4);
    ana.post("/api/orders/", order_body(&[(&mug, 4)])).await.expect(201);
    assert_eq!((level(&shop, "main"), level(&shop, "north")), ((3, 0), (4, 4)));
}
