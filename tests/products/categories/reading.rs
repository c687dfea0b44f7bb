//! Lists of categories, ancestors, and products and prices of a subtree.

use serde_json::{Value, json};

use super::names;
use crate::support::{Client, TestShop};

async fn summary(client: &Client, slug: &str) -> Value {
    client.get(&format!("/api/categories/{slug}/price-summary/")).await.expect(200)
}

#[actix_web::test]
async fn children_descendants_and_ancestors_are_sorted() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let kitchen = shop.category("Kitchen", None);
    let pots = shop.category("Pots", Some(kitchen));
    let mugs = shop.category("Mugs", Some(kitchen));
    let enamel = shop.category("Enamel", Some(mugs));
    shop.category("Cast iron", Some(pots));
    let read = |slug: &str, what: &str| {
        let url = format!("/api/categories/{slug}/{what}/");
        let guest = guest.clone();
        async move { guest.get(&url).await.expect(200) }
    };

    assert_eq!(names(&read("kitchen", "children").await), ["Pots", "Mugs"]);
    assert_eq!(names(&read("kitchen", "descendants").await), ["Pots", "Mugs", "Cast iron", "Enamel"]);
    assert_eq!(names(&read(&enamel.to_string(), "ancestors").await), ["Kitchen", "Mugs"]);
    assert_eq!(read("enamel", "children").await["count"], 0);
    assert_eq!(read("kitchen", "ancestors").await, json!([]));
}

#[actix_web::test]
async fn category_list_is_filtered_sorted_and_paginated() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let kitchen = shop.category("Kitchen", None);
    for name in ["Pots", "Mugs", "100% wool"] {
        shop.category(name, Some(kitchen));
    }
    let below_kitchen = format!("parent={kitchen}");
    let cases: [(&str, &[&str]); 8] = [
        ("", &["Kitchen", "Pots", "Mugs", "100% wool"]),
        ("level=0", &["Kitchen"]),
        (&below_kitchen, &["Pots", "Mugs", "100% wool"]),
        ("search=0%25", &["100% wool"]),
        ("search=_", &[]),
        ("search=UG", &["Mugs"]),
        ("ordering=-name&level=1", &["Pots", "Mugs", "100% wool"]),
        ("ordering=-level,-sort_order&unknown=1", &["100% wool", "Mugs", "Pots", "Kitchen"]),
    ];
    for (query, expected) in cases {
        let list = guest.get(&format!("/api/categories/?{query}")).await.expect(200);
        assert_eq!(names(&list), expected, "{query}");
    }
    let page = guest.get("/api/categories/?page=2&page_size=3").await.expect(200);
    assert_eq!((&page["count"], &page["next"], names(&page)), (&json!(4), &Value::Null, vec!["100% wool"]));
    guest.get("/api/categories/?page=3&page_size=3").await.expect(404);
    let rejected = guest.get("/api/categories/?parent=mugs&level=x").await.expect(400);
    assert_eq!(rejected, json!({"parent": ["Must be a valid UUID."], "level": ["A valid integer is required."]}));
}

#[actix_web::test]
async fn category_products_include_those_of_descendants() {
    let shop = TestShop::new().await;
    let (guest, staff) = (shop.anonymous(), shop.staff().await);
    let kitchen = shop.category("Kitchen", None);
    let mugs = shop.category("Mugs", Some(kitchen));
    let garden = shop.category("Garden", None);
    shop.product("Apron").in_category(kitchen).create();
    shop.product("Mug").in_category(mugs).price("5.00").create();
    shop.product("Old mug").in_category(mugs).inactive().create();
    shop.product("Spade").in_category(garden).create();

    let list = guest.get("/api/categories/kitchen/products/").await.expect(200);
    assert_eq!((names(&list), &list["count"]), (vec!["Apron", "Mug"], &json!(2)));
    let cheap = guest.get("/api/categories/kitchen/products/?price__lte=5").await.expect(200);
    assert_eq!(names(&cheap), ["Mug"]);
    let all = staff.get("/api/categories/kitchen/products/?ordering=-name").await.expect(200);
    assert_eq!(names(&all), ["Old mug", "Mug", "Apron"]);
}

#[actix_web::test]
async fn price_summary_covers_the_subtree() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    let mugs = shop.category("Mugs", Some(kitchen));
    shop.product("Apron").in_category(kitchen).price("10.00").create();
    shop.product("Mug").in_category(mugs).price("2.50").variant("MUG-L", "3.505", 0).create();
    shop.product("Old mug").in_category(mugs).price("999").inactive().create();
    let gone = shop.product("Gone mug").in_category(mugs).price("0.01").create();
    staff.delete(&format!("/api/products/{}/", gone.id)).await.expect(204);
    shop.product("Spade").price("0.02").create();

    assert_eq!(
        summary(&shop.anonymous(), "kitchen").await,
        json!({
            "product_count": 2, "average_price": "5.34", "lowest_price": "2.50", "highest_price": "10.00",
            "currency": "EUR",
        }),
        "16.005 over three variants, without inactive and archived products"
    );
    assert_eq!(summary(&staff, "mugs").await["highest_price"], "3.505");
}

#[actix_web::test]
async fn price_summary_without_products_is_null() {
    let shop = TestShop::new().await;
    let mugs = shop.category("Mugs", None);
    shop.product("Old mug").in_category(mugs).inactive().create();
    assert_eq!(
        summary(&shop.anonymous(), "mugs").await,
        json!({
            "product_count": 0, "average_price": null, "lowest_price": null, "highest_price": null, "currency": "EUR",
        })
    );
}

#[actix_web::test]
async fn price_summary_excludes_archived_variants() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mugs = shop.category("Mugs", None);
    let mug = shop.product("Mug").in_category(mugs).price("2.00").variant("MUG-L", "8.00", 0).create();
    let product = staff.get(&format!("/api/products/{}/", mug.id)).await.expect(200);
    let large = product["variants"][1]["id"].as_str().unwrap();

    staff.delete(&format!("/api/variants/{large}/")).await.expect(204);

    let summary = summary(&staff, "mugs").await;
    assert_eq!((&summary["product_count"], &summary["highest_price"]), (&json!(1), &json!("2.00")));
}
