//! Lists of orders.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::super::{moved, placed, verb};
use crate::support::builders::order_of;
use crate::support::{Client, TestShop};

async fn ids(client: &Client, query: &str) -> Vec<Value> {
    let list = client.get(&format!("/api/orders/?{query}")).await.expect(200);
    list["results"].as_array().unwrap().iter().map(|order| order["id"].clone()).collect()
}

fn id(order: &Value) -> Value {
    order["id"].clone()
}

#[actix_web::test]
async fn customers_see_their_own_orders_and_staff_see_all() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let first = placed(&ana, &[(&mug, 1)]).await;
    let second = placed(&ben, &[(&mug, 2), (&mug, 1)]).await;
    let third = placed(&ana, &[(&mug, 3)]).await;

    let hers = ana.get("/api/orders/").await.expect(200);
    assert_eq!(hers, json!({"count": 2, "next": null, "previous": null, "results": [third, first]}));
    assert_eq!(ana.get("/api/customers/me/orders/").await.expect(200), hers);
    assert_eq!(ids(&ben, &format!("customer={}", ana.customer)).await, Vec::<Value>::new(), "no way round");
    let all = staff.get("/api/orders/").await.expect(200);
    assert_eq!(all["results"], json!([third, second, first]), "the newest first, each as it is shown alone");
    assert_eq!(staff.get("/api/customers/me/orders/").await.expect(200)["count"], 0);
}

#[actix_web::test]
async fn orders_are_filtered_by_what_they_say() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let first = placed(&ana, &[(&mug, 1)]).await;
    let second = placed(&ben, &[(&mug, 2)]).await;
    moved(&staff, &second, &["process", "ship"]).await;
    let third = placed(&ana, &[(&mug, 3)]).await;
    verb(&ana, &third, "cancel").await.expect(200);
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
    let first = placed(&ana, &[(&mug, 1)]).await;
    shop.advance(TimeDelta::hours(1));
    let second = placed(&ana, &[(&mug, 2)]).await;
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
async fn every_word_of_a_search_is_in_number_or_address() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let first = placed(&ana, &[(&mug, 1)]).await;
    let mut body = order_of(&[(&mug, 1)]);
    body["email"] = json!("under_score@example.com");
    let second = staff.post("/api/orders/", body).await.expect(201);
    let number = first["number"].as_str().unwrap().to_lowercase();
    let tail = &number[3..];

    assert_eq!(ids(&staff, &format!("search={number}")).await, [id(&first)]);
    assert_eq!(ids(&staff, &format!("search=ana%20{tail}")).await, [id(&first)]);
    assert_eq!(ids(&staff, "search=UNDER_SCORE").await, [id(&second)]);
    assert_eq!(ids(&staff, "search=_").await, [id(&second)], "not any character");
    assert_eq!(ids(&staff, "search=%25").await, Vec::<Value>::new());
    assert_eq!(ids(&staff, "search=example.com").await, [id(&second), id(&first)]);
}

#[actix_web::test]
async fn a_filter_that_cannot_be_read_is_refused() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let query = "status=lost&payment_status=x&fulfillment_status=y&customer=ana&currency=euro&placed_at__gte=now&\
                 placed_at__lt=2026-13-01&total_gross__gte=NaN&total_gross__lte=x&search=%00";

    let refused = staff.get(&format!("/api/orders/?{query}")).await.expect(400);

    let moment = "Datetime has wrong format. Use one of these formats instead: \
                  YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
    assert_eq!(
        refused,
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
async fn orders_are_ordered_and_paged() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(100).create();
    let mut orders = Vec::new();
    for quantity in [2, 3, 1] {
        orders.push(placed(&ana, &[(&mug, quantity)]).await);
    }
    let [second, third, first] = [0, 1, 2].map(|place| id(&orders[place]));

    assert_eq!(ids(&staff, "ordering=total_gross").await, [first.clone(), second.clone(), third.clone()]);
    assert_eq!(ids(&staff, "ordering=-total_gross").await, [third.clone(), second.clone(), first.clone()]);
    assert_eq!(ids(&staff, "ordering=placed_at").await, [second.clone(), third.clone(), first.clone()]);
    assert_eq!(ids(&staff, "ordering=email").await, [first.clone(), third.clone(), second.clone()], "unknown");
    orders.sort_by_key(|order| order["number"].as_str().unwrap().to_owned());
    assert_eq!(ids(&staff, "ordering=number").await, orders.iter().map(id).collect::<Vec<_>>());

    let page = staff.get("/api/orders/?page=2&page_size=2").await.expect(200);
    assert_eq!((&page["count"], &page["next"]), (&json!(3), &Value::Null));
    assert_eq!(page["results"][0]["id"], second);
    staff.get("/api/orders/?page=3&page_size=2").await.expect(404);
}

#[actix_web::test]
async fn orders_of_one_moment_are_told_apart_by_their_id() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(100).create();
    let mut expected = Vec::new();
    for _ in 0..5 {
        expected.push(id(&placed(&ana, &[(&mug, 1)]).await));
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
