//! Product lists: filters, search and ordering.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, TestShop};

async fn list(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/products/?{query}")).await.expect(200)
}

async fn names(client: &Client, query: &str) -> Vec<String> {
    let list = list(client, query).await;
    let rows = list["results"].as_array().unwrap();
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn product_list_contains_the_same_fields_as_the_detail() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let pot = shop.product("Pot").variant("POT-L", "8.00", 0).create();
    let mug = shop.product("Mug").untracked().create();
    let alone = |id: String| {
        let guest = guest.clone();
        async move { guest.get(&format!("/api/products/{id}/")).await.expect(200) }
    };
    let (mug, pot) = (alone(mug.id.to_string()).await, alone(pot.id.to_string()).await);

    assert_eq!(list(&guest, "").await, json!({"count": 2, "next": null, "previous": null, "results": [mug, pot]}));
    assert_eq!((&mug["available"], &mug["in_stock"]), (&json!(0), &json!(true)), "untracked variants never run out");
}

#[actix_web::test]
async fn category_filter_includes_descendants() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let kitchen = shop.category("Kitchen", None);
    let mugs = shop.category("Mugs", Some(kitchen));
    shop.product("Apron").in_category(kitchen).create();
    shop.product("Mug").in_category(mugs).create();
    shop.product("Spade").create();

    assert_eq!(names(&guest, &format!("category={kitchen}")).await, ["Apron", "Mug"]);
    assert_eq!(names(&guest, "category=mugs").await, ["Mug"]);
    assert_eq!(names(&guest, "category=").await, ["Apron", "Mug", "Spade"]);
    let expected_error =
        json!({"category": ["Select a valid choice. That choice is not one of the available choices."]});
    for unknown in ["cups", "0190aaaa-0000-7000-8000-000000000001", "No%20slug"] {
        let rejected = guest.get(&format!("/api/products/?category={unknown}")).await;
        assert_eq!(rejected.expect(400), expected_error, "{unknown}");
    }
}

#[actix_web::test]
async fn price_filter_matches_any_variant() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    shop.product("Mug").price("5.00").variant("MUG-L", "20.00", 1).create();
    shop.product("Pot").price("12.50").create();
    let cases: [(&str, &[&str]); 6] = [
        ("price__gte=12.5", &["Mug", "Pot"]),
        ("price__gte=12.51", &["Mug"]),
        ("price__lte=12.5", &["Mug", "Pot"]),
        ("price__lte=12.49", &["Mug"]),
        ("price__gte=6&price__lte=13", &["Pot"]),
        ("price__gte=13&price__lte=6", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(names(&guest, query).await, expected, "{query}");
    }
    let rejected = guest.get("/api/products/?price__gte=NaN&price__lte=x&in_stock=5").await;
    let message = json!(["A valid number is required."]);
    assert_eq!(
        rejected.expect(400),
        json!({"price__gte": message, "price__lte": message, "in_stock": ["Must be a valid boolean."]})
    );
}

#[actix_web::test]
async fn in_stock_filter_matches_available_products() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    shop.product("Book").untracked().create();
    shop.product("Mug").stock(0).variant("MUG-L", "20.00", 1).create();
    let pot = shop.product("Pot").stock(1).create();
    shop.product("Spade").stock(0).create();
    let elsewhere = shop.product("Tent").stock(4).create();
    let order = crate::support::builders::order_body(&[(&pot, 1)]);
    shop.customer("ana").await.post("/api/orders/", order).await.expect(201);
    shop.execute(
        "insert into warehouses (id, code, name, is_active, created_at, updated_at) \
         values ('0190aaaa-0000-7000-8000-000000000001', 'closed', 'Closed', false, now(), now())",
    );
    shop.execute(&format!(
        "update stocks set warehouse_id = '0190aaaa-0000-7000-8000-000000000001' \
         where variant_id = (select id from variants where product_id = '{}')",
        elsewhere.id
    ));

    assert_eq!(names(&guest, "in_stock=true").await, ["Book", "Mug"]);
    assert_eq!(names(&guest, "in_stock=false").await, ["Pot", "Spade", "Tent"]);
    let all = list(&guest, "").await;
    for product in all["results"].as_array().unwrap() {
        let is_listed = names(&guest, "in_stock=true").await.contains(&product["name"].as_str().unwrap().to_owned());
        assert_eq!(product["in_stock"], json!(is_listed), "the filter agrees with the field");
    }
}

#[actix_web::test]
async fn inactive_products_are_listed_for_staff_only() {
    let shop = TestShop::new().await;
    let (guest, ana, staff) = (shop.anonymous(), shop.customer("ana").await, shop.staff().await);
    shop.product("Mug").create();
    shop.product("Old mug").inactive().create();
    for query in ["", "is_active=true", "is_active=false"] {
        assert_eq!(names(&guest, query).await, ["Mug"], "{query}");
        assert_eq!(names(&ana, query).await, ["Mug"], "{query}");
    }
    assert_eq!(names(&staff, "").await, ["Mug", "Old mug"]);
    assert_eq!(names(&staff, "is_active=true").await, ["Mug"]);
    assert_eq!(names(&staff, "is_active=false").await, ["Old mug"]);
}

#[actix_web::test]
async fn search_matches_every_word_in_name_sku_or_description() {
    let shop = TestShop::new().await;
    let (guest, staff) = (shop.anonymous(), shop.staff().await);
    for body in [
        json!({"name": "Enamel mug", "sku": "EM_1", "price": "1", "description": "Red, for camping"}),
        json!({"name": "Red mug", "sku": "EMX1", "price": "1", "description": "Of enamel"}),
        json!({"name": "Scarf", "sku": "SC-1", "price": "1", "description": "100% wool, 5\\6 blue"}),
    ] {
        staff.post("/api/products/", body).await.expect(201);
    }
    let cases: [(&str, &[&str]); 12] = [
        ("mug", &["Enamel mug", "Red mug"]),
        ("red%20enamel", &["Enamel mug", "Red mug"]),
        ("RED,CAMPING", &["Enamel mug"]),
        ("%22red%20mug%22", &["Red mug"]),
        ("%22mug%20red%22", &[]),
        ("em_1", &["Enamel mug"]),
        ("%25", &["Scarf"]),
        ("100%25%20wool", &["Scarf"]),
        ("_", &["Enamel mug"]),
        ("5%5C6", &["Scarf"]),
        ("nothing", &[]),
        ("%20", &["Enamel mug", "Red mug", "Scarf"]),
    ];
    for (search, expected) in cases {
        assert_eq!(names(&guest, &format!("search={search}")).await, expected, "{search}");
    }
    let rejected = guest.get("/api/products/?search=%00").await.expect(400);
    assert_eq!(rejected, json!({"search": ["Null characters are not allowed."]}));
}

#[actix_web::test]
async fn search_ignores_archived_variants() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").variant("HUGE", "5.00", 1).create();
    assert_eq!(names(&staff, "search=huge").await, ["Mug"]);
    let product = staff.get("/api/products/mug/").await.expect(200);
    let huge = product["variants"][1]["id"].as_str().unwrap();

    staff.delete(&format!("/api/variants/{huge}/")).await.expect(204);

    assert_eq!(names(&staff, "search=huge").await, Vec::<String>::new());
    assert_eq!(names(&staff, "price__lte=5").await, Vec::<String>::new());
    assert_eq!(names(&staff, "price__gte=10").await, ["Mug"]);
}

#[actix_web::test]
async fn products_are_sorted_by_the_ordering_parameter() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    for (name, price) in [("Pot", "5.00"), ("Mug", "20.00"), ("Cup", "9.00")] {
        shop.product(name).price(price).create();
        shop.advance(TimeDelta::seconds(1));
    }
    shop.product("Free sample").price("0").create();
    shop.execute("delete from variant_prices where amount = 0");
    let cases = [
        ("", ["Cup", "Free sample", "Mug", "Pot"]),
        ("-name", ["Pot", "Mug", "Free sample", "Cup"]),
        ("price", ["Pot", "Cup", "Mug", "Free sample"]),
        ("-price", ["Mug", "Cup", "Pot", "Free sample"]),
        ("created_at", ["Pot", "Mug", "Cup", "Free sample"]),
        ("-created_at", ["Free sample", "Cup", "Mug", "Pot"]),
        ("unknown,-name", ["Pot", "Mug", "Free sample", "Cup"]),
        ("unknown", ["Cup", "Free sample", "Mug", "Pot"]),
    ];
    for (ordering, expected) in cases {
        assert_eq!(names(&guest, &format!("ordering={ordering}")).await, expected, "{ordering}");
    }
}

#[actix_web::test]
async fn pages_of_equal_products_are_sorted_by_id() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let mut ids: Vec<String> =
        (0..5).map(|number| shop.product("Mug").sku(&format!("MUG-{number}")).create().id.to_string()).collect();
    ids.sort();
    for ordering in ["name", "-price"] {
        let mut seen = Vec::new();
        for page in 1..=3 {
            let list = list(&guest, &format!("ordering={ordering}&page_size=2&page={page}")).await;
            assert_eq!(list["count"], 5);
            let rows = list["results"].as_array().unwrap();
            seen.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        }
        // The id has the direction of the preceding column.
        if ordering.starts_with('-') {
            seen.reverse();
        }
        assert_eq!(seen, ids, "{ordering}");
    }
}

#[actix_web::test]
async fn product_pages_link_to_each_other() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    for number in 0..5 {
        shop.product(&format!("Mug {number}")).create();
    }
    let page = list(&guest, "search=mug&page=2&page_size=2").await;
    assert_eq!(
        (&page["next"], &page["previous"]),
        (
            &json!("http://localhost:8080/api/products/?search=mug&page_size=2&page=3"),
            &json!("http://localhost:8080/api/products/?search=mug&page_size=2")
        )
    );
    assert_eq!(list(&guest, "page=last&page_size=2").await["next"], Value::Null);
    for page in ["4", "0", "x"] {
        let response = guest.get(&format!("/api/products/?page={page}&page_size=2")).await;
        assert_eq!(response.expect(404), json!({"detail": "Invalid page.", "code": "not_found"}));
    }
}
