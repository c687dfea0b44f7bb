//! Filters, search and ordering of order lists.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::super::{advance_order, place_order, post_action};
use crate::support::builders::order_body;
use crate::support::{Client, TestShop};

async fn ids(client: &Client, query: &str) -> Vec<Value> {
    let list = client.get(&format!("/api/orders/?{query}")).await.expect(200);
    list["results"].as_array().unwrap().iter().map(|order| order["id"].clone()).collect()
}

fn id(order: &Value) -> Value {
    order["id"].clone()
}

#[actix_web::test]
async fn customers_list_their_own_orders_and_staff_list_all() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let first = place_order(&ana, &[(&mug, 1)]).await;
    let second = place_order(&ben, &[(&mug, 2), (&mug, 1)]).await;
    let third = place_order(&ana, &[(&mug, 3)]).await;

    let own_orders = ana.get("/api/orders/").await.expect(200);
    assert_eq!(own_orders, json!({"count": 2, "next": null, "previous": null, "results": [third, first]}));
    assert_eq!(ana.get("/api/customers/me/orders/").await.expect(200), own_orders);
    assert_eq!(
        ids(&ben, &format!("customer={}", ana.customer)).await,
        Vec::<Value>::new(),
        "the filter does not bypass ownership"
    );
    let all = staff.get("/api/orders/").await.expect(200);
    assert_eq!(all["results"], json!([third, second, first]), "newest first, in the same form as a single order");
    assert_eq!(staff.get("/api/customers/me/orders/").await.expect(200)["count"], 0);
}

#[actix_web::test]
async fn orders_are_filtered_by_status_customer_and_email() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let first = place_order(&ana, &[(&mug, 1)]).await;
    let second = place_order(&ben, &[(&mug, 2)]).await;
    advance_order(&staff, &second, &["process", "ship"]).await;
    let third = place_order(&ana, &[(&mug, 3)]).await;
    post_action(&ana, &third, "cancel").await.expect(200);
    let number = first["number"].as_str().unwrap();
    let [first, second, third] = [&first, &second, &third].map(id);

    let cases = [
        ("status=confirmed".to_owned(), vec![&first]),
        ("status=shipped".to_owned(), vec![&second]),
        ("status=draft".to_owned(), vec![]),
        ("status=".to_owned(), vec![&third, &second, &first]),
        ("payment_status=unpaid".to_owned(), vec![&third, &second, &first]),
        ("payment_status=paid".to_owned(), vec![]),
        ("fulfillment_status=fulfilled".to_owned(), vec![&second]),
        (format!("number={number}"), vec![&first]),
        (format!("customer={}", ana.customer), vec![&third, &first]),
        ("email=BEN@example.com".to_owned(), vec![&second]),
        ("email=ben".to_owned(), vec![]),
        ("currency=EUR&status=cancelled".to_owned(), vec![&third]),
        ("currency=USD".to_owned(), vec![]),
        ("unknown=1&status=cancelled".to_owned(), vec![&third]),
    ];
    for (query, expected) in cases {
        assert_eq!(ids(&staff, &query).await.iter().collect::<Vec<_>>(), expected, "{query}");
    }
}

#[actix_web::test]
async fn orders_are_filtered_by_time_and_total() {
    let shop = TestShop::with_settings(&[("ACCESS_TOKEN_SECONDS", "86400")]).await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let first = place_order(&ana, &[(&mug, 1)]).await;
    shop.advance(TimeDelta::hours(1));
    let second = place_order(&ana, &[(&mug, 2)]).await;
    let at = second["placed_at"].as_str().unwrap();
    let [first, second] = [&first, &second].map(id);

    let cases = [
        (format!("placed_at__gte={at}"), vec![&second]),
        (format!("placed_at__lt={at}"), vec![&first]),
        ("placed_at__gte=2000-01-01&placed_at__lt=2000-01-02".to_owned(), vec![]),
        ("total_gross__gte=11.60".to_owned(), vec![&second, &first]),
        ("total_gross__gte=11.61".to_owned(), vec![&second]),
        ("total_gross__lte=23.19".to_owned(), vec![&first]),
        ("total_gross__gte=11.6&total_gross__lte=23.2".to_owned(), vec![&second, &first]),
    ];
    for (query, expected) in cases {
        assert_eq!(ids(&staff, &query).await.iter().collect::<Vec<_>>(), expected, "{query}");
    }
}

#[actix_web::test]
async fn order_search_requires_every_word_in_number_or_email() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let first = place_order(&ana, &[(&mug, 1)]).await;
    let mut body = order_body(&[(&mug, 1)]);
    body["email"] = json!("under_score@example.com");
    let second = staff.post("/api/orders/", body).await.expect(201);
    let number = first["number"].as_str().unwrap().to_lowercase();
    let tail = &number[3..];

    assert_eq!(ids(&staff, &format!("search={number}")).await, [id(&first)]);
    assert_eq!(ids(&staff, &format!("search=ana%20{tail}")).await, [id(&first)]);
    assert_eq!(ids(&staff, "search=UNDER_SCORE").await, [id(&second)]);
    assert_eq!(ids(&staff, "search=_").await, [id(&second)], "the underscore is no wildcard");
    assert_eq!(ids(&staff, "search=%25").await, Vec::<Value>::new());
    assert_eq!(ids(&staff, "search=example.com").await, [id(&second), id(&first)]);
}

#[actix_web::test]
async fn invalid_order_filter_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let query = "status=lost&payment_status=x&fulfillment_status=y&customer=ana&currency=euro&placed_at__gte=now&\
                 placed_at__lt=2026-13-01&total_gross__gte=NaN&total_gross__lte=x&search=%00";

    let rejected = staff.get(&format!("/api/orders/?{query}")).await.expect(400);

    let moment = "Datetime has wrong format. Use one of these formats instead: \
                  YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
    assert_eq!(
        rejected,
        json!({
            "status": ["\"lost\" is not a valid choice."],
            "payment_status": ["\"x\" is not a valid choice."],
            "fulfillment_status": ["\"y\" is not a valid choice."],
            "customer": ["Must be a valid UUID."],
            "currency": ["\"euro\" is not a valid choice."],
            "placed_at__gte": [moment],
            "placed_at__lt": [moment],
            "total_gross__gte": ["A valid number is required."],
            "total_gross__lte": ["A valid number is required."],
            "search": ["Null characters are not allowed."],
        })
    );
}

#[actix_web::test]
async fn orders_are_sorted_and_paginated() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(100).create();
    let mut orders = Vec::new();
    for quantity in [2, 3, 1] {
        orders.push(place_order(&ana, &[(&mug, quantity)]).await);
    }
    let [second, third, first] = [0, 1, 2].map(|place| id(&orders[place]));

    assert_eq!(ids(&staff, "ordering=total_gross").await, [first.clone(), second.clone(), third.clone()]);
    assert_eq!(ids(&staff, "ordering=-total_gross").await, [third.clone(), second.clone(), first.clone()]);
    assert_eq!(ids(&staff, "ordering=placed_at").await, [second.clone(), third.clone(), first.clone()]);
    assert_eq!(
        ids(&staff, "ordering=email").await,
        [first.clone(), third.clone(), second.clone()],
        "an unknown ordering is ignored"
    );
    orders.sort_by_key(|order| order["number"].as_str().unwrap().to_owned());
    assert_eq!(ids(&staff, "ordering=number").await, orders.iter().map(id).collect::<Vec<_>>());

    let page = staff.get("/api/orders/?page=2&page_size=2").await.expect(200);
    assert_eq!((&page["count"], &page["next"]), (&json!(3), &Value::Null));
    assert_eq!(page["results"][0]["id"], second);
    staff.get("/api/orders/?page=3&page_size=2").await.expect(404);
}

#[actix_web::test]
async fn orders_with_equal_timestamps_are_sorted_by_id() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(100).create();
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.push(id(&place_order(&ana, &[(&mug, 1)]).await));
    }
    shop.execute("update orders set placed_at = '2026-01-01'");
    expected.sort_by_key(|id| std::cmp::Reverse(id.as_str().unwrap().to_owned()));
    for ordering in ["", "-total_gross"] {
        let mut seen = Vec::new();
        for page in 1..=3 {
            seen.append(&mut ids(&staff, &format!("ordering={ordering}&page={page}&page_size=2")).await);
        }
        assert_eq!(seen, expected, "{ordering}");
    }
}
