//! Products: create and retrieve.

mod archiving;
mod changing;
mod listing;
mod private;
mod variants;

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::builders::TestProduct;
use crate::support::{Client, TestShop};

const REQUIRED: &str = "This field is required.";

async fn read(client: &Client, product: &TestProduct) -> Value {
    client.get(&format!("/api/products/{}/", product.id)).await.expect(200)
}

#[actix_web::test]
async fn simple_product_is_created_without_variants_field() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let body = json!({"name": "Enamel mug", "sku": "MUG-1", "price": "12.50", "stock": 40});

    let response = staff.post("/api/products/", body).await;

    let created = response.expect(201);
    let (id, variant) = (&created["id"], &created["variants"][0]["id"]);
    let location = format!("/api/products/{}/", id.as_str().unwrap());
    assert_eq!(response.header("location"), Some(location.as_str()));
    assert_eq!(
        created,
        json!({
            "id": id, "name": "Enamel mug", "slug": "enamel-mug", "description": "", "category": null,
            "is_active": true, "sku": "MUG-1", "price": "12.50", "currency": "EUR", "in_stock": true, "available": 40,
            "variants": [{
                "id": variant, "sku": "MUG-1", "name": "", "options": {}, "price": "12.50", "currency": "EUR",
                "cost": null, "available": 40,
            }],
            "images": [], "metadata": {}, "private_metadata": {}, "created_at": created["created_at"], "updated_at": created["created_at"],
        })
    );
    assert_eq!(staff.get(&location).await.expect(200), created);
    assert_eq!(staff.get("/api/products/enamel-mug/").await.expect(200), created);
    assert_eq!(shop.published_events(), ["product.created"]);
}

#[actix_web::test]
async fn product_is_created_with_several_variants() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mugs = shop.category("Mugs", None);
    let body = json!({
        "name": "Mug", "slug": "our-mug", "description": "To drink from", "category": mugs, "is_active": false,
        "metadata": {"maker": "Emalia"},
        "variants": [
            {"sku": "MUG-L", "name": "Large", "options": {"size": "L"}, "price": "9", "stock": 0},
            {"sku": "MUG-S", "price": 7.5, "stock": "3"},
            {"sku": "GIFT", "price": "0", "tracks_stock": false},
        ],
    });

    let created = staff.post("/api/products/", body).await.expect(201);

    assert_eq!(
        (&created["sku"], &created["price"]),
        (&json!("MUG-L"), &json!("0.00")),
        "SKU of the first variant, lowest price"
    );
    assert_eq!((&created["available"], &created["in_stock"]), (&json!(3), &json!(true)));
    assert_eq!((&created["category"], &created["is_active"]), (&json!(mugs), &json!(false)));
    assert_eq!((&created["slug"], &created["metadata"]), (&json!("our-mug"), &json!({"maker": "Emalia"})));
    let field = |index: usize, name: &str| created["variants"][index][name].clone();
    assert_eq!([0, 1, 2].map(|index| field(index, "price")), ["9.00", "7.50", "0.00"]);
    assert_eq!([0, 1, 2].map(|index| field(index, "available")), [json!(0), json!(3), Value::Null]);
    assert_eq!((field(0, "name"), field(0, "options")), (json!("Large"), json!({"size": "L"})));
}

#[actix_web::test]
async fn all_missing_product_fields_are_reported_together() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let required = json!([REQUIRED]);
    let cases = [
        (json!({}), json!({"name": required, "sku": required, "price": required})),
        (json!({"name": "Mug", "sku": "MUG"}), json!({"price": required})),
        (json!({"name": "Mug", "variants": []}), json!({"variants": ["This list may not be empty."]})),
        (
            json!({"name": "Mug", "variants": [{}, {"sku": "B", "price": "1"}, {"sku": "C"}]}),
            json!({"variants": {"0": {"sku": required, "price": required}, "2": {"price": required}}}),
        ),
        (
            json!({"name": "Mug", "sku": "A", "price": "1", "variants": [{"sku": "B", "price": "1"}]}),
            json!({"non_field_errors": ["Specify either variants, or sku and price."]}),
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(staff.post("/api/products/", body.clone()).await.expect(400), expected, "{body}");
    }
    assert_eq!(shop.number("select count(*) from products"), 0);
}

#[actix_web::test]
async fn all_product_errors_are_reported_together() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let body = json!({
        "name": "x".repeat(251), "slug": "tree", "description": [], "category": "mugs", "is_active": "perhaps",
        "sku": " ", "price": "free", "stock": -1, "metadata": [],
    });

    let rejected = staff.post("/api/products/", body).await.expect(400);

    assert_eq!(
        rejected,
        json!({
            "name": ["Ensure this field has no more than 250 characters."],
            "slug": ["\"tree\" is reserved."],
            "description": ["Not a valid string."],
            "category": ["Must be a valid UUID."],
            "is_active": ["Must be a valid boolean."],
            "sku": ["This field may not be blank."],
            "price": ["A valid number is required."],
            "stock": ["Ensure this value is greater than or equal to 0."],
            "metadata": ["Expected a dictionary of items but got type \"list\"."],
        })
    );
    assert_eq!(shop.number("select count(*) from products"), 0);
}

#[actix_web::test]
async fn variant_errors_are_reported_by_index() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let body = json!({"name": "Mug", "variants": [
        {"sku": "A", "price": "-1", "options": {"size": 5}},
        {"sku": "B", "price": "1"},
        "C",
        {"sku": "D\u{0}", "price": null, "stock": 100_000_001, "tracks_stock": 3},
    ]});

    let rejected = staff.post("/api/products/", body).await.expect(400);

    assert_eq!(
        rejected,
        json!({"variants": {
            "0": {
                "price": ["Ensure this value is greater than or equal to 0."],
                "options": ["Each option must be a string."],
            },
            "2": {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]},
            "3": {
                "sku": ["Null characters are not allowed."],
                "price": ["This field may not be null."],
                "stock": ["Ensure this value is less than or equal to 100000000."],
                "tracks_stock": ["Must be a valid boolean."],
            },
        }})
    );
    assert_eq!(shop.number("select count(*) from products"), 0);
}

#[actix_web::test]
async fn unknown_category_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let unknown = "0190aaaa-0000-7000-8000-000000000001";
    let body = json!({"name": "Mug", "sku": "MUG", "price": "1", "category": unknown});

    let rejected = staff.post("/api/products/", body).await.expect(400);

    let message = format!("Invalid pk \"{unknown}\" - object does not exist.");
    assert_eq!(rejected, json!({"category": [message]}));
    assert_eq!(shop.number("select count(*) from products"), 0);
}

#[actix_web::test]
async fn category_that_is_being_deleted_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mugs = shop.category("Mugs", None);
    let mut deleting = shop.database.connect();
    let mut execute =
        |statement: &str| diesel::connection::SimpleConnection::batch_execute(&mut deleting, statement).unwrap();
    execute("begin");
    execute("delete from categories");

    let body = json!({"name": "Mug", "sku": "MUG", "price": "1", "category": mugs});
    let deleted = async {
        shop.wait_for_blocked_statement().await;
        execute("commit");
    };
    let (rejected, ()) = join(staff.post("/api/products/", body), deleted).await;

    let message = format!("Invalid pk \"{mugs}\" - object does not exist.");
    assert_eq!(rejected.expect(400), json!({"category": [message]}));
    assert_eq!(shop.number("select count(*) from products"), 0);
}

#[actix_web::test]
async fn sku_uniqueness_ignores_case() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").sku("Mug-1").create();
    let taken = json!(["variant with this sku already exists."]);

    let simple = json!({"name": "Cup", "sku": "MUG-1", "price": "1"});
    let rejected = staff.post("/api/products/", simple).await.expect(400);
    assert_eq!(rejected, json!({"sku": taken}));

    let several = json!({"name": "Cup", "variants": [
        {"sku": "CUP", "price": "1"}, {"sku": "mug-1", "price": "1"}, {"sku": "cup", "price": "1"},
    ]});
    let rejected = staff.post("/api/products/", several).await.expect(400);
    assert_eq!(rejected, json!({"variants": {"1": {"sku": taken}, "2": {"sku": taken}}}));

    let one_of_several = json!({"name": "Cup", "variants": [{"sku": "mug-1", "price": "1"}]});
    let rejected = staff.post("/api/products/", one_of_several).await.expect(400);
    assert_eq!(rejected, json!({"variants": {"0": {"sku": taken}}}));
    assert_eq!(shop.number("select count(*) from variants"), 1);
    assert_eq!(shop.number("select count(*) from products"), 1);
}

#[actix_web::test]
async fn non_ascii_sku_comparison_ignores_case() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Cup").sku("CAFÉ-1").create();

    let body = json!({"name": "Cup", "sku": "café-1", "price": "1"});
    let rejected = staff.post("/api/products/", body).await.expect(400);

    assert_eq!(rejected, json!({"sku": ["variant with this sku already exists."]}));
    shop.product("Copper pot").sku("İBRİK").create();
    for sku in ["CAFÉ-1", "café-1", "İBRİK"] {
        let level = staff.post("/api/stocks/adjust/", json!({"sku": sku, "delta": 1})).await;
        level.expect(200);
    }
}

#[actix_web::test]
async fn concurrent_products_with_one_sku_create_one() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let create = |name: &str, sku: &str| staff.post("/api/products/", json!({"name": name, "sku": sku, "price": "1"}));

    let (first, second) = join(create("Mug", "MUG"), create("Cup", "mug")).await;

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    let counts = ["products", "variants", "variant_prices"];
    assert_eq!(counts.map(|table| shop.number(&format!("select count(*) from {table}"))), [1, 1, 1]);
}

#[actix_web::test]
async fn concurrent_products_with_one_name_get_two_slugs() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let create = |sku: &str| staff.post("/api/products/", json!({"name": "Mug", "sku": sku, "price": "1"}));

    let (first, second) = join(create("A"), create("B")).await;

    let mut slugs = [first.expect(201), second.expect(201)].map(|created| created["slug"].as_str().unwrap().to_owned());
    slugs.sort();
    assert_eq!(slugs, ["mug", "mug-2"]);
}

#[actix_web::test]
async fn product_slug_is_generated_and_taken_slug_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();
    let mut create = json!({"name": "Mug", "sku": "A", "price": "1"});

    let created = staff.post("/api/products/", create.clone()).await.expect(201);
    assert_eq!(created["slug"], "mug-2");

    create["sku"] = json!("B");
    create["slug"] = json!("mug");
    let rejected = staff.post("/api/products/", create).await.expect(400);
    assert_eq!(rejected, json!({"slug": ["product with this slug already exists."]}));
    assert_eq!(shop.number("select count(*) from products"), 2);
}

#[actix_web::test]
async fn inactive_product_is_visible_to_staff_only() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let old = shop.product("Old mug").inactive().create();
    let not_found = json!({"detail": "Not found.", "code": "not_found"});

    for client in [&shop.anonymous(), &*ana] {
        for reference in [old.id.to_string(), "old-mug".to_owned()] {
            let response = client.get(&format!("/api/products/{reference}/")).await;
            assert_eq!(response.expect(404), not_found);
        }
    }
    assert_eq!(read(&staff, &old).await["is_active"], false);
}

#[actix_web::test]
async fn catalogue_writes_require_staff_permissions() {
    let shop = TestShop::new().await;
    let (guest, ana) = (shop.anonymous(), shop.customer("ana").await);
    let mug = shop.product("Mug").create();
    let url = format!("/api/products/{}/", mug.id);
    let variant = read(&guest, &mug).await["variants"][0]["id"].as_str().unwrap().to_owned();
    let variant = format!("/api/variants/{variant}/");
    let events = shop.published_events();

    for (client, status) in [(&guest, 401), (&*ana, 403)] {
        // Authentication and permissions are checked before the body.
        client.post("/api/products/", json!({})).await.expect(status);
        client.put(&url, json!({})).await.expect(status);
        client.patch(&url, json!({"price": "0.01"})).await.expect(status);
        client.delete(&url).await.expect(status);
        client.post(&format!("{url}variants/"), json!({})).await.expect(status);
        client.patch(&variant, json!({"price": "0.01"})).await.expect(status);
        client.delete(&variant).await.expect(status);
    }
    assert_eq!(read(&guest, &mug).await["price"], "10.00");
    assert_eq!(shop.published_events(), events);
}
