//! Default billing and shipping addresses.

use futures_util::join;
use serde_json::json;

use super::{MINE, id, with};
use crate::support::TestShop;
use crate::support::shop::TestUser;

/// The names of the default billing addresses and of the default shipping addresses.
async fn defaults(customer: &TestUser) -> (Vec<String>, Vec<String>) {
    let list = customer.get(MINE).await.expect(200);
    let names = |flag: &str| {
        let rows = list["results"].as_array().unwrap().iter().filter(|row| row[flag] == true);
        rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    (names("is_default_billing"), names("is_default_shipping"))
}

fn named(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[actix_web::test]
async fn first_address_is_the_default_until_replaced() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    ana.post(MINE, with("name", json!("Home"))).await.expect(201);
    let mut work = with("name", json!("Work"));
    work["is_default_billing"] = json!(true);
    let work = ana.post(MINE, work).await.expect(201);
    assert_eq!(defaults(&ana).await, (named(&["Work"]), named(&["Home"])));

    let url = format!("{MINE}{}/", id(&work));
    ana.patch(&url, json!({"is_default_shipping": true})).await.expect(200);
    assert_eq!(defaults(&ana).await, (named(&["Work"]), named(&["Work"])));

    ana.patch(&url, json!({"is_default_billing": false})).await.expect(200);
    assert_eq!(defaults(&ana).await, (named(&[]), named(&["Work"])));

    // Deleting the default does not choose another one.
    ana.delete(&url).await;
    assert_eq!(defaults(&ana).await, (named(&[]), named(&[])));
}

#[actix_web::test]
async fn request_overrides_the_default_flags_of_the_first_address() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    ana.post(MINE, with("is_default_shipping", json!(false))).await.expect(201);

    assert_eq!(defaults(&ana).await, (named(&["Ana Wanjiru"]), named(&[])));
}

#[actix_web::test]
async fn concurrent_default_changes_leave_one_default() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let one = ana.post(MINE, with("name", json!("One"))).await.expect(201);
    let two = ana.post(MINE, with("name", json!("Two"))).await.expect(201);
    let three = ana.post(MINE, with("name", json!("Three"))).await.expect(201);
    let flag = json!({"is_default_billing": true, "is_default_shipping": true});
    let urls = [&one, &two, &three].map(|address| format!("{MINE}{}/", id(address)));

    let (first, second) = join!(ana.patch(&urls[1], flag.clone()), ana.patch(&urls[2], flag));

    first.expect(200);
    second.expect(200);
    let (billing, shipping) = defaults(&ana).await;
    assert_eq!((billing.len(), &billing), (1, &shipping));
    assert_ne!(billing, ["One"]);
}

#[actix_web::test]
async fn concurrent_first_addresses_leave_one_default() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let (one, two) = join!(ana.post(MINE, with("name", json!("One"))), ana.post(MINE, with("name", json!("Two"))));

    one.expect(201);
    two.expect(201);
    let (billing, shipping) = defaults(&ana).await;
    assert_eq!((billing.len(), shipping.len()), (1, 1));
}
