//! Filters, search and ordering of customer lists.

use serde_json::{Value, json};

use super::imported;
use crate::support::builders::address;
use crate::support::shop::TestUser;
use crate::support::{Client, TestShop};

/// Shop with the customers Ana and Ben, an imported customer, and a staff member, who is a customer too.
struct ShopWithCustomers {
    shop: TestShop,
    ana: TestUser,
    ben: TestUser,
    staff: TestUser,
}

impl ShopWithCustomers {
    async fn create() -> Self {
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

/// Returns the first names in the list, sorted by name unless the query sets another ordering.
async fn names(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("/api/customers/?ordering=name&{query}")).await.expect(200);
    let rows = list["results"].as_array().unwrap();
    rows.iter().map(|row| row["first_name"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn customers_are_filtered() {
    let fixture = ShopWithCustomers::create().await;
    fixture.shop.execute(&format!("update users set is_active = false where id = '{}'", fixture.ben.user));
    fixture.shop.execute(&format!("update users set email_verified_at = now() where id = '{}'", fixture.ana.user));
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
        assert_eq!(fixture.names(query).await, expected, "{query}");
    }
    assert_eq!(
        fixture.staff.get("/api/customers/?country=XX&is_active=maybe").await.expect(400).as_object().unwrap().len(),
        2
    );
}

#[actix_web::test]
async fn customers_are_searched_by_name_email_phone_and_external_id() {
    let fixture = ShopWithCustomers::create().await;
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
        assert_eq!(fixture.names(&format!("search={search}")).await, expected, "{search}");
    }
}

#[actix_web::test]
async fn customers_are_sorted_and_paginated_by_cursor() {
    let fixture = ShopWithCustomers::create().await;
    assert_eq!(fixture.names("ordering=-name").await, ["staff", "Mugs Ltd", "ben", "ana"]);
    assert_eq!(fixture.names("ordering=last_login_at,name").await[0], "Mugs Ltd", "no login");
    assert_eq!(fixture.names("ordering=email").await[0], "Mugs Ltd", "no e-mail");

    let mut url = "/api/customers/?ordering=name&cursor=&page_size=3".to_owned();
    let mut seen: Vec<Value> = Vec::new();
    loop {
        let page = fixture.staff.get(&url).await.expect(200);
        seen.extend(page["results"].as_array().unwrap().iter().map(|row| row["first_name"].clone()));
        match page["next"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, ["ana", "ben", "Mugs Ltd", "staff"]);
}

#[actix_web::test]
async fn customers_are_filtered_by_group() {
    let fixture = ShopWithCustomers::create().await;
    let group = fixture.staff.post("/api/customer-groups/", json!({"name": "Wholesale"})).await.expect(201);
    let group = group["id"].as_str().unwrap();
    let members = json!({"customers": [fixture.ana.customer, fixture.ben.customer]});
    fixture.staff.post(&format!("/api/customer-groups/{group}/members/"), members).await.expect(200);

    assert_eq!(fixture.names(&format!("group={group}")).await, ["ana", "ben"]);
    assert_eq!(fixture.names(&format!("group__in={group}&email__startswith=b")).await, ["ben"]);
    assert_eq!(fixture.names("group__isnull=true").await, ["Mugs Ltd", "staff"]);
    assert_eq!(fixture.names("group__isnull=false").await, ["ana", "ben"]);
    let shown = fixture.staff.get(&format!("/api/customers/{}/", fixture.ana.customer)).await.expect(200);
    assert_eq!(shown["groups"], json!([{"id": group, "name": "Wholesale"}]));
}
