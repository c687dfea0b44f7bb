//! Finding customers.

use serde_json::{Value, json};

use super::imported;
use crate::support::builders::address;
use crate::support::shop::Person;
use crate::support::{Client, TestShop};

/// Ana, Ben, somebody who was imported, and staff, who are customers too.
struct Town {
    shop: TestShop,
    ana: Person,
    ben: Person,
    staff: Person,
}

impl Town {
    async fn build() -> Self {
        let shop = TestShop::new().await;
        let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
        let staff = shop.staff().await;
        ana.patch("/api/customers/me/", json!({"phone": "+254700000001", "last_name": "Wanjiru"})).await.expect(200);
        ana.post("/api/customers/me/addresses/", address()).await.expect(201);
        imported(&shop, "Mugs Ltd");
        Self { shop, ana, ben, staff }
    }

    async fn names(&self, query: &str) -> Vec<String> {
        names(&self.staff, query).await
    }
}

/// First names, by name unless the query says otherwise.
async fn names(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("/api/customers/?ordering=name&{query}")).await.expect(200);
    let rows = list["results"].as_array().unwrap();
    rows.iter().map(|row| row["first_name"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn customers_are_filtered() {
    let town = Town::build().await;
    town.shop.execute(&format!("update users set is_active = false where id = '{}'", town.ben.user));
    town.shop.execute(&format!("update users set email_verified_at = now() where id = '{}'", town.ana.user));
    for (query, expected) in [
        ("", &["ana", "ben", "Mugs Ltd", "staff"][..]),
        ("email=ANA@example.com", &["ana"]),
        ("email__icontains=example", &["ana", "ben", "staff"]),
        ("email__isnull=true", &["Mugs Ltd"]),
        ("name=ana%20Wanjiru", &["ana"]),
        ("name__istartswith=MUGS", &["Mugs Ltd"]),
        ("phone=%2B254700000001", &["ana"]),
        ("phone__isnull=true", &["ben", "Mugs Ltd", "staff"]),
        ("external_id=X-Mugs%20Ltd", &["Mugs Ltd"]),
        ("is_active=true", &["ana", "staff"]),
        ("is_active=false", &["ben"]),
        ("has_account=false", &["Mugs Ltd"]),
        ("has_account=true&is_verified=false", &["ben", "staff"]),
        ("is_verified=true", &["ana"]),
        ("country=KE", &["ana"]),
        ("country__in=UG,TZ", &[]),
        ("country__isnull=true", &["ben", "Mugs Ltd", "staff"]),
        ("last_login_at__isnull=true", &["Mugs Ltd"]),
        ("created_at__gt=2100-01-01", &[]),
        ("language=en&created_at__lt=2100-01-01", &["ana", "ben", "Mugs Ltd", "staff"]),
    ] {
        assert_eq!(town.names(query).await, expected, "{query}");
    }
    assert_eq!(
        town.staff.get("/api/customers/?country=XX&is_active=maybe").await.expect(400).as_object().unwrap().len(),
        2
    );
}

#[actix_web::test]
async fn customers_are_searched_by_whatever_is_known_of_them() {
    let town = Town::build().await;
    for (search, expected) in [
        ("wanjiru", &["ana"][..]),
        ("ana%20wanjiru", &["ana"]),
        ("%22ana%20wanjiru%22", &["ana"]),
        ("%22wanjiru%20ana%22", &[]),
        ("ben@", &["ben"]),
        ("25470000", &["ana"]),
        ("x-mugs", &["Mugs Ltd"]),
        ("%25", &[]),
    ] {
        assert_eq!(town.names(&format!("search={search}")).await, expected, "{search}");
    }
}

#[actix_web::test]
async fn customers_are_ordered_and_paged_by_cursor() {
    let town = Town::build().await;
    assert_eq!(town.names("ordering=-name").await, ["staff", "Mugs Ltd", "ben", "ana"]);
    assert_eq!(town.names("ordering=last_login_at,name").await[0], "Mugs Ltd", "never");
    assert_eq!(town.names("ordering=email").await[0], "Mugs Ltd", "none");

    let mut url = "/api/customers/?ordering=name&cursor=&page_size=3".to_owned();
    let mut seen: Vec<Value> = Vec::new();
    loop {
        let page = town.staff.get(&url).await.expect(200);
        seen.extend(page["results"].as_array().unwrap().iter().map(|row| row["first_name"].clone()));
        match page["next"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["ana", "ben", "Mugs Ltd", "staff"]);
}

#[actix_web::test]
async fn a_group_narrows_the_list() {
    let town = Town::build().await;
    let group = town.staff.post("/api/customer-groups/", json!({"name": "Wholesale"})).await.expect(201);
    let group = group["id"].as_str().unwrap();
    let members = json!({"customers": [town.ana.customer, town.ben.customer]});
    town.staff.post(&format!("/api/customer-groups/{group}/members/"), members).await.expect(200);

    assert_eq!(town.names(&format!("group={group}")).await, ["ana", "ben"]);
    assert_eq!(town.names(&format!("group__in={group}&email__startswith=b")).await, ["ben"]);
    assert_eq!(town.names("group__isnull=true").await, ["Mugs Ltd", "staff"]);
    assert_eq!(town.names("group__isnull=false").await, ["ana", "ben"]);
    let shown = town.staff.get(&format!("/api/customers/{}/", town.ana.customer)).await.expect(200);
    assert_eq!(shown["groups"], json!([{"id": group, "name": "Wholesale"}]));
}
