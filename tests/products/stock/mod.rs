//! Stock levels: adjustments, backorders and permissions.

mod ledger;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::builders::order_body;
use crate::support::{Client, TestResponse, TestShop};

async fn adjust(staff: &Client, body: Value) -> TestResponse {
    staff.post("/api/stocks/adjust/", body).await
}

#[actix_web::test]
async fn stock_count_sets_the_quantity() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(10).create();
    ana.post("/api/orders/", order_body(&[(&mug, 4)])).await.expect(201);

    let level = adjust(&staff, json!({"sku": "mug", "quantity": 7, "note": "Two result"})).await.expect(200);

    assert_eq!(
        level,
        json!({
            "id": level["id"], "variant": level["variant"], "warehouse": "01900000-0000-7000-8000-000000000002",
            "quantity": 7, "allocated": 4, "available": 3, "updated_at": level["updated_at"],
        })
    );
    assert_eq!(shop.stock_of(&mug), (7, 4));
    let url = format!("/api/stocks/{}/", level["id"].as_str().unwrap());
    assert_eq!(staff.get(&url).await.expect(200), level);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn delta_changes_the_quantity() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").stock(10).create();
    adjust(&staff, json!({"sku": "MUG", "delta": 5})).await.expect(200);
    let level = adjust(&staff, json!({"sku": "MUG", "delta": "-15"})).await.expect(200);
    assert_eq!((&level["quantity"], &level["available"]), (&json!(0), &json!(0)));
    assert_eq!(shop.stock_of(&mug), (0, 0));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn quantity_cannot_fall_below_the_allocated_quantity() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(10).create();
    ana.post("/api/orders/", order_body(&[(&mug, 4)])).await.expect(201);
    let counts_before = shop.record_counts();
    let expected_error = json!({"detail": "The quantity cannot be lower than the quantity that is allocated to orders.", "code": "stock_allocated"});

    for change in [json!({"sku": "MUG", "quantity": 3}), json!({"sku": "MUG", "delta": -7})] {
        assert_eq!(adjust(&staff, change).await.expect(409), expected_error);
    }

    assert_eq!(shop.stock_of(&mug), (10, 4));
    assert_eq!(shop.record_counts(), counts_before);
    adjust(&staff, json!({"sku": "MUG", "quantity": 4})).await.expect(200);
}

#[actix_web::test]
async fn quantity_cannot_become_negative() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").stock(2).create();
    let counts_before = shop.record_counts();
    adjust(&staff, json!({"sku": "MUG", "delta": -3})).await.expect(409);
    adjust(&staff, json!({"sku": "MUG", "delta": -100_000_000})).await.expect(409);
    assert_eq!(shop.stock_of(&mug), (2, 0));
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn invalid_adjustment_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();
    let counts_before = shop.record_counts();
    let either = json!({"non_field_errors": ["Specify either quantity or delta."]});
    let most = "Ensure this value is less than or equal to 100000000.";
    let cases = [
        (json!({"sku": "MUG"}), either.clone()),
        (json!({"sku": "MUG", "quantity": 1, "delta": 1}), either),
        (
            json!({"quantity": -1, "delta": 100_000_001, "warehouse": ""}),
            json!({
                "sku": ["This field is required."],
                "quantity": ["Ensure this value is greater than or equal to 0."],
                "delta": [most],
                "warehouse": ["This field may not be blank."],
            }),
        ),
        (json!({"sku": "MUG", "quantity": "2.5"}), json!({"quantity": ["A valid integer is required."]})),
        (json!({"sku": "MUG", "quantity": 1e30}), json!({"quantity": [most]})),
        (json!({"sku": "MUG", "quantity": 100_000_001}), json!({"quantity": [most]})),
        (json!({"sku": "POT", "delta": 1}), json!({"sku": ["Object with sku=POT does not exist."]})),
        (
            json!({"sku": "MUG", "delta": 1, "warehouse": "moon"}),
            json!({"warehouse": ["Object with code=moon does not exist."]}),
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(adjust(&staff, body.clone()).await.expect(400), expected, "{body}");
    }
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn concurrent_adjustments_are_all_applied() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").stock(0).create();
    let responses = join_all((0..6).map(|_| adjust(&staff, json!({"sku": "MUG", "delta": 3})))).await;
    for response in responses {
        response.expect(200);
    }
    assert_eq!(shop.stock_of(&mug), (18, 0));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn quantity_overflow_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mug = shop.product("Mug").create();
    shop.execute("update stocks set quantity = 2147483640");
    let counts_before = shop.record_counts();

    let rejected = adjust(&staff, json!({"sku": "MUG", "delta": 10})).await.expect(400);

    assert_eq!(rejected, json!({"delta": ["Ensure this value is less than or equal to 7."]}));
    assert_eq!(shop.stock_of(&mug), (2_147_483_640, 0));
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn database_constraint_prevents_overselling() {
    let shop = TestShop::new().await;
    shop.product("Mug").stock(10).create();
    let mut conn = shop.database.connect();
    for statement in [
        "update stocks set allocated = 11",
        "update stocks set allocated = -1",
        "update stocks set quantity = -1",
        "update stocks set backorder_limit = 5, allocated = 16",
    ] {
        let result = diesel::connection::SimpleConnection::batch_execute(&mut conn, statement);
        assert!(result.unwrap_err().to_string().contains("stocks_never_oversold"), "{statement}");
    }
    let with_backorders = "update stocks set backorder_limit = 5, allocated = 15";
    assert_eq!(diesel::connection::SimpleConnection::batch_execute(&mut conn, with_backorders), Ok(()));
}

#[actix_web::test]
async fn backorder_limit_allows_sales_beyond_the_quantity() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").stock(2).create();
    shop.execute("update stocks set backorder_limit = 3");
    let product = ana.get(&format!("/api/products/{}/", mug.id)).await.expect(200);
    assert_eq!(product["available"], 5);

    ana.post("/api/orders/", order_body(&[(&mug, 5)])).await.expect(201);
    let rejected = ana.post("/api/orders/", order_body(&[(&mug, 1)])).await.expect(409);

    assert_eq!(rejected["lines"], json!({"0": {"sku": "MUG", "requested": 1, "available": 0}}));
    assert_eq!(shop.stock_of(&mug), (2, 5));
}

#[actix_web::test]
async fn untracked_variant_never_runs_out() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let book = shop.product("E-book").untracked().create();
    let mug = shop.product("Mug").stock(1).create();

    let placed = ana.post("/api/orders/", order_body(&[(&book, 1_000_000), (&mug, 1)])).await.expect(201);
    assert_eq!(shop.number("select count(*) from stock_allocations"), 1);
    let url = format!("/api/orders/{}/", placed["id"].as_str().unwrap());
    for verb in ["process", "ship", "deliver"] {
        staff.post(&format!("{url}{verb}/"), json!({})).await.expect(200);
    }
    staff.post(&format!("{url}returns/"), json!({})).await.expect(201);

    assert_eq!(shop.stock_of(&book), (0, 0));
    assert_eq!(shop.stock_of(&mug), (1, 0));
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn stock_requires_staff_permissions() {
    let shop = TestShop::new().await;
    let (guest, ana) = (shop.anonymous(), shop.customer("ana").await);
    let mug = shop.product("Mug").create();
    for (client, status) in [(&guest, 401), (&*ana, 403)] {
        adjust(client, json!({"sku": "MUG", "quantity": 0})).await.expect(status);
        client.get("/api/stocks/").await.expect(status);
        client.get("/api/stocks/0190aaaa-0000-7000-8000-000000000001/").await.expect(status);
        client.get("/api/stock-movements/").await.expect(status);
        client.get("/api/warehouses/").await.expect(status);
        client.post("/api/warehouses/", json!({"code": "x", "name": "X"})).await.expect(status);
    }
    assert_eq!(shop.stock_of(&mug), (10, 0));
    assert_eq!(shop.number("select count(*) from warehouses"), 1);
}

#[actix_web::test]
async fn stock_levels_are_listed_and_filtered() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").stock(3).create();
    shop.product("Pot").stock(8).create();
    let all = staff.get("/api/stocks/").await.expect(200);
    assert_eq!((&all["count"], all["results"].as_array().unwrap().len()), (&json!(2), 2));
    let pot = &all["results"][1];

    for query in
        [format!("variant={}", pot["variant"].as_str().unwrap()), "quantity__lte=8&page=2&page_size=1".to_owned()]
    {
        let list = staff.get(&format!("/api/stocks/?{query}")).await.expect(200);
        assert_eq!(list["results"], json!([pot]), "{query}");
    }
    let few = staff.get("/api/stocks/?quantity__lte=3").await.expect(200);
    assert_eq!(few["results"], json!([all["results"][0]]));
    staff.get("/api/stocks/?variant=mug").await.expect(400);
    staff.get("/api/stocks/0190aaaa-0000-7000-8000-000000000001/").await.expect(404);
}
