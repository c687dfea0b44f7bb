//! Value types in requests and responses.

use mercer::orders::ids::OrderId;
use mercer::platform::types::{Email, UserId};
use serde_json::json;

use crate::support::TestShop;
use crate::support::builders::order_body;

#[test]
fn generated_ids_are_ordered_uuids_of_version_7() {
    let ids: Vec<OrderId> = (0..1000).map(|_| OrderId::generate()).collect();

    assert!(ids.is_sorted_by(|one, next| one < next));
    assert!(ids.iter().all(|id| id.as_uuid().get_version_num() == 7));
}

#[test]
fn id_is_formatted_in_lower_case_with_hyphens() {
    let id: UserId = "0190ABCD00007000800000000000000F".parse().unwrap();

    assert_eq!(json!(id), json!("0190abcd-0000-7000-8000-00000000000f"));
    assert_eq!(id.to_string(), "0190abcd-0000-7000-8000-00000000000f");
    assert!("0190abcd".parse::<UserId>().is_err());
}

#[test]
fn email_longer_than_254_bytes_is_rejected() {
    let of_length = |length: usize| format!("a@{}.example", vec!["b".repeat(50); 6].join(".").split_at(length - 10).0);

    assert_eq!(of_length(254).len(), 254);
    assert!(of_length(254).parse::<Email>().is_ok());
    assert!(of_length(255).parse::<Email>().is_err());
}

#[actix_web::test]
async fn amounts_are_strings_with_the_decimal_places_of_their_currency() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").price("12.5").create();
    let ana = shop.customer("ana").await;

    let product = ana.get("/api/products/mug/").await.expect(200);
    let order = ana.post("/api/orders/", order_body(&[(&mug, 2)])).await.expect(201);

    assert_eq!((&product["price"], &product["currency"]), (&json!("12.50"), &json!("EUR")));
    assert_eq!(order["total_net"], "25.00");
    assert_eq!(order["total_tax"], "4.00");
    assert_eq!(order["total_gross"], "29.00");
    assert_eq!(order["lines"][0]["tax_rate"], "0.1600");
}

#[actix_web::test]
async fn times_are_in_utc_and_end_in_z() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();

    let product = shop.anonymous().get(&format!("/api/products/{}/", mug.id)).await.expect(200);

    for name in ["created_at", "updated_at"] {
        let time = product[name].as_str().unwrap();
        assert!(time.ends_with('Z') && time.contains('T'), "{time}");
        assert!(chrono::DateTime::parse_from_rfc3339(time).is_ok(), "{time}");
    }
}

#[actix_web::test]
async fn ids_are_accepted_in_every_notation_of_a_uuid() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let id = mug.id.to_string();

    for spelling in [id.clone(), id.to_uppercase(), id.replace('-', "")] {
        let response = shop.anonymous().get(&format!("/api/products/{spelling}/")).await;
        assert_eq!(response.expect(200)["id"], json!(mug.id), "{spelling}");
    }
}
