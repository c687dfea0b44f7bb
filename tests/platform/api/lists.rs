//! Orderings, searches, and fields that cannot be filtered.

use serde_json::json;

use super::{column, place_order};
use crate::support::{Client, TestShop};

async fn names(client: &Client, query: &str) -> Vec<String> {
    column(&client.get(&format!("/api/products/?{query}")).await.expect(200), "name")
}

#[actix_web::test]
async fn unknown_ordering_names_are_ignored() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    for (name, price) in [("Pot", "5.00"), ("Cup", "5.00"), ("Mug", "7.00")] {
        shop.product(name).price(price).create();
    }

    let cases = [
        ("", ["Cup", "Mug", "Pot"]),
        ("colour", ["Cup", "Mug", "Pot"]),
        ("-price,-name", ["Mug", "Pot", "Cup"]),
        ("price,colour,-name,price,-price", ["Pot", "Cup", "Mug"]),
        (" -name , ,", ["Pot", "Mug", "Cup"]),
        ("products.name,--name,NAME,%00,name%3Bdrop%20table%20products", ["Cup", "Mug", "Pot"]),
        ("archived_at,version,id,name desc", ["Cup", "Mug", "Pot"]),
    ];

    for (ordering, expected) in cases {
        let ordering = ordering.replace(' ', "%20");
        assert_eq!(names(&guest, &format!("ordering={ordering}")).await, expected, "{ordering}");
        assert_eq!(names(&guest, &format!("cursor=&ordering={ordering}")).await, expected, "{ordering} by cursor");
    }
    assert_eq!(names(&guest, "ordering=name&ordering=-name").await, ["Pot", "Mug", "Cup"], "the last one counts");
}

#[actix_web::test]
async fn search_matches_every_term_and_quoted_phrases_as_a_whole() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    for name in ["Red tea pot", "Tea pot red", "Pot for tea", "Ana's cup", "50% off_er"] {
        shop.product(name).create();
    }

    let cases: [(&str, &[&str]); 11] = [
        ("tea pot", &["Pot for tea", "Red tea pot", "Tea pot red"]),
        ("\"tea pot\"", &["Red tea pot", "Tea pot red"]),
        ("'tea pot'", &["Red tea pot", "Tea pot red"]),
        ("\"TEA pot\" red", &["Red tea pot", "Tea pot red"]),
        ("\"red tea\",pot", &["Red tea pot"]),
        ("\"tea pot\" for", &[]),
        ("ana's", &["Ana's cup"]),
        ("\"pot", &["Pot for tea", "Red tea pot", "Tea pot red"]),
        ("\"\"", &["50% off_er", "Ana's cup", "Pot for tea", "Red tea pot", "Tea pot red"]),
        ("% _", &["50% off_er"]),
        ("\\", &[]),
    ];

    for (search, expected) in cases {
        let encoded: String = search.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(names(&guest, &format!("search={encoded}")).await, expected, "{search}");
        assert_eq!(names(&guest, &format!("cursor=&search={encoded}")).await, expected, "{search} by cursor");
    }
}

#[actix_web::test]
async fn internal_fields_cannot_be_filtered() {
    let shop = TestShop::new().await;
    let (ana, staff, guest) = (shop.customer("ana").await, shop.staff().await, shop.anonymous());
    let mug = shop.product("Mug").create();
    shop.product("Old mug").inactive().create();
    place_order(&ana, &[(&mug, 1)]).await;

    for query in
        ["version=7", "archived_at__isnull=false", "id=7", "category__name=x", "price__regex=.", "name__ne=Mug"]
    {
        assert_eq!(names(&guest, query).await, ["Mug"], "{query}");
    }
    for query in
        ["access_token_hash=x", "access_token_hash__isnull=false", "origin=import", "note__contains=zzz", "version=9"]
    {
        let list = staff.get(&format!("/api/orders/?{query}")).await.expect(200);
        assert_eq!(list["count"], 1, "{query}");
    }
    for query in ["is_active=false", "is_active=true", "is_active="] {
        assert_eq!(names(&guest, query).await, ["Mug"], "customers see active products only: {query}");
    }
    let wrong = guest.get("/api/products/?is_active=perhaps").await;
    assert_eq!(wrong.expect(400), json!({"is_active": ["Must be a valid boolean."]}));
}

#[actix_web::test]
async fn filters_never_reveal_the_orders_of_other_customers() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let mug = shop.product("Mug").create();
    let her_order = place_order(&ana, &[(&mug, 1)]).await;
    let number = her_order["number"].as_str().unwrap();

    let queries = [
        format!("number={number}"),
        format!("customer={}", ana.customer),
        format!("customer__in={},{}", ana.customer, ben.customer),
        "email__icontains=ana".to_owned(),
        format!("search={number}"),
        "cursor=".to_owned(),
    ];

    for query in queries {
        for list in ["/api/orders/", "/api/customers/me/orders/"] {
            let list = ben.get(&format!("{list}?{query}")).await.expect(200);
            assert_eq!(list["results"], json!([]), "{query}");
        }
    }
}
