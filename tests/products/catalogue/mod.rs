//! Making and reading products.

mod archiving;
mod changing;
mod listing;
mod private;
mod variants;

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::builders::Made;
use crate::support::{Client, TestShop};

const REQUIRED: &str = "This field is required.";

async fn read(client: &Client, product: &Made) -> Value {
    client.get(&format!("/api/products/{}/", product.id)).await.expect(200)
}

#[actix_web::test]
async fn a_simple_product_needs_no_mention_of_its_variant() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let body = json!({"name": "Enamel mug", "sku": "MUG-1", "price": "12.50", "stock": 40});

    let answer = staff.post("/api/products/", body).await;

    let made = answer.expect(201);
    let (id, variant) = (&made["id"], &made["variants"][0]["id"]);
    let location = format!("/api/products/{}/", id.as_str().unwrap());
    assert_eq!(answer.header("location"), Some(location.as_str()));
    assert_eq!(
        made,
        json!({
            "id": id, "name": "Enamel mug", "slug": "enamel-mug", "description": "", "category": null,
            "is_active": true, "sku": "MUG-1", "price": "12.50", "currency": "EUR", "in_stock": true, "available": 40,
            "variants": [{
                "id": variant, "sku": "MUG-1", "name": "", "options": {}, "price": "12.50", "currency": "EUR",
                "cost": null, "available": 40,
            }],
            "images": [], "metadata": {}, "private_metadata": {}, "created_at": made["created_at"], "updated_at": made["created_at"],
        })
    );
    assert_eq!(staff.get(&location).await.expect(200), made);
    assert_eq!(staff.get("/api/products/enamel-mug/").await.expect(200), made);
    assert_eq!(shop.published_events(), ["product.created"]);
}

#[actix_web::test]
async fn a_product_is_made_with_several_variants() {
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

    let made = staff.post("/api/products/", body).await.expect(201);

    assert_eq!((&made["sku"], &made["price"]), (&json!("MUG-L"), &json!("0.00")), "the first; the lowest");
    assert_eq!((&made["available"], &made["in_stock"]), (&json!(3), &json!(true)));
    assert_eq!((&made["category"], &made["is_active"]), (&json!(mugs), &json!(false)));
    assert_eq!((&made["slug"], &made["metadata"]), (&json!("our-mug"), &json!({"maker": "Emalia"})));
    let shown = |place: usize, name: &str| made["variants"][place][name].clone();
    assert_eq!([0, 1, 2].map(|place| shown(place, "price")), ["9.00", "7.50", "0.00"]);
    assert_eq!([0, 1, 2].map(|place| shown(place, "available")), [json!(0), json!(3), Value::Null]);
    assert_eq!((shown(0, "name"), shown(0, "options")), (json!("Large"), json!({"size": "L"})));
}

#[actix_web::test]
async fn all_that_is_missing_is_told_at_once() {
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
            json!({"non_field_errors": ["Give either variants, or sku and price."]}),
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(staff.post("/api/products/", body.clone()).await.expect(400), expected, "{body}");
    }
    assert_eq!(shop.number("select count(*) from products"), 0);
}

#[actix_web::test]
async fn all_that_is_wrong_is_told_at_once() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let body = json!({
        "name": "x".repeat(251), "slug": "tree", "description": [], "category": "mugs", "is_active": "perhaps",
        "sku": " ", "price": "free", "stock": -1, "metadata": [],
    });

    let refused = staff.post("/api/products/", body).await.expect(400);

    assert_eq!(
        refused,
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
async fn wrong_variants_are_told_by_their_place() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let body = json!({"name": "Mug", "variants": [
        {"sku": "A", "price": "-1", "options": {"size": 5}},
        {"sku": "B", "price": "1"},
        "C",
        {"sku": "D\u{0}", "price": null, "stock": 100_000_001, "tracks_stock": 3},
    ]});

    let refused = staff.post("/api/products/", body).await.expect(400);

    assert_eq!(
        refused,
        json!({"variants": {
            "0": {
                "price": ["Ensure this value is greater than or equal to 0."],
                "options": ["Options are names with texts."],
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
async fn a_category_that_does_not_exist_is_refused() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let nobody = "0190aaaa-0000-7000-8000-000000000001";
    let body = json!({"name": "Mug", "sku": "MUG", "price": "1", "category": nobody});

    let refused = staff.post("/api/products/", body).await.expect(400);

    let message = format!("Invalid pk \"{nobody}\" - object does not exist.");
    assert_eq!(refused, json!({"category": [message]}));
    assert_eq!(shop.number("select count(*) from products"), 0);
}

#[actix_web::test]
async fn a_category_that_is_just_being_deleted_is_refused() {
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
        shop.until_somebody_waits().await;
        execute("commit");
    };
    let (refused, ()) = join(staff.post("/api/products/", body), deleted).await;

    let message = format!("Invalid pk \"{mugs}\" - object does not exist.");
    assert_eq!(refused.expect(400), json!({"category": [message]}));
    assert_eq!(shop.number("select count(*) from products"), 0);
}

#[actix_web::test]
async fn a_sku_is_taken_whatever_its_case() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").sku("Mug-1").create();
    let taken = json!(["variant with this sku already exists."]);

    let simple = json!({"name": "Cup", "sku": "MUG-1", "price": "1"});
    let refused = staff.post("/api/products/", simple).await.expect(400);
    assert_eq!(refused, json!({"sku": taken}));

    let several = json!({"name": "Cup", "variants": [
        {"sku": "CUP", "price": "1"}, {"sku": "mug-1", "price": "1"}, {"sku": "cup", "price": "1"},
    ]});
    let refused = staff.post("/api/products/", several).await.expect(400);
    assert_eq!(refused, json!({"variants": {"1": {"sku": taken}, "2": {"sku": taken}}}));

    let one_of_several = json!({"name": "Cup", "variants": [{"sku": "mug-1", "price": "1"}]});
    let refused = staff.post("/api/products/", one_of_several).await.expect(400);
    assert_eq!(refused, json!({"variants": {"0": {"sku": taken}}}));
    assert_eq!(shop.number("select count(*) from variants"), 1);
    assert_eq!(shop.number("select count(*) from products"), 1);
}

#[actix_web::test]
async fn a_sku_beyond_ascii_is_found_and_taken_whatever_its_case() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Cup").sku("CAFÉ-1").create();

    let body = json!({"name": "Cup", "sku": "café-1", "price": "1"});
    let refused = staff.post("/api/products/", body).await.expect(400);

    assert_eq!(refused, json!({"sku": ["variant with this sku already exists."]}));
    shop.product("Copper pot").sku("İBRİK").create();
    for sku in ["CAFÉ-1", "café-1", "İBRİK"] {
        let level = staff.post("/api/stocks/adjust/", json!({"sku": sku, "delta": 1})).await;
        level.expect(200);
    }
}

#[actix_web::test]
async fn two_who_take_one_sku_at_once_make_one_product() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let make = |name: &str, sku: &str| staff.post("/api/products/", json!({"name": name, "sku": sku, "price": "1"}));

    let (first, second) = join(make("Mug", "MUG"), make("Cup", "mug")).await;

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    let counts = ["products", "variants", "variant_prices"];
    assert_eq!(counts.map(|table| shop.number(&format!("select count(*) from {table}"))), [1, 1, 1]);
}

#[actix_web::test]
async fn two_who_use_one_name_at_once_get_two_slugs() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let make = |sku: &str| staff.post("/api/products/", json!({"name": "Mug", "sku": sku, "price": "1"}));

    let (first, second) = join(make("A"), make("B")).await;

    let mut slugs = [first.expect(201), second.expect(201)].map(|made| made["slug"].as_str().unwrap().to_owned());
    slugs.sort();
    assert_eq!(slugs, ["mug", "mug-2"]);
}

#[actix_web::test]
async fn a_slug_is_made_from_the_name_or_refused_where_it_is_taken() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();
    let mut make = json!({"name": "Mug", "sku": "A", "price": "1"});

    let made = staff.post("/api/products/", make.clone()).await.expect(201);
    assert_eq!(made["slug"], "mug-2");

    make["sku"] = json!("B");
    make["slug"] = json!("mug");
    let refused = staff.post("/api/products/", make).await.expect(400);
    assert_eq!(refused, json!({"slug": ["product with this slug already exists."]}));
    assert_eq!(shop.number("select count(*) from products"), 2);
}

#[actix_web::test]
async fn an_inactive_product_is_seen_by_staff_alone() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let old = shop.product("Old mug").inactive().create();
    let not_found = json!({"detail": "Not found.", "code": "not_found"});

    for client in [&shop.anonymous(), &*ana] {
        for reference in [old.id.to_string(), "old-mug".to_owned()] {
            let answer = client.get(&format!("/api/products/{reference}/")).await;
            assert_eq!(answer.expect(404), not_found);
        }
    }
    assert_eq!(read(&staff, &old).await["is_active"], false);
}

#[actix_web::test]
async fn only_staff_change_the_catalogue() {
    let shop = TestShop::new().await;
    let (guest, ana) = (shop.anonymous(), shop.customer("ana").await);
    let mug = shop.product("Mug").create();
    let url = format!("/api/products/{}/", mug.id);
    let variant = read(&guest, &mug).await["variants"][0]["id"].as_str().unwrap().to_owned();
    let variant = format!("/api/variants/{variant}/");
    let events = shop.published_events();

    for (client, status) in [(&guest, 401), (&*ana, 403)] {
        // Who asks is looked at before what is asked.
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
