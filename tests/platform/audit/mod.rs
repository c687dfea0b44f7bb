//! The audit log: its entries, and the detection of changes.

mod chaining;
mod personal_values;
mod verification;

use diesel::prelude::*;
use mercer::platform::audit::append_chain_links;
use mercer::schema::audit_entries;
use serde_json::{Value, json};

use crate::support::shop::PASSWORD;
use crate::support::{Client, TestShop};

#[derive(Debug, Queryable)]
struct TestEntry {
    actor: Value,
    object: (String, String),
    changes: Value,
    address: Option<String>,
    request_id: Option<String>,
}

/// Returns the newest entry of an action.
fn newest(shop: &TestShop, action: &str) -> TestEntry {
    shop.sql(|conn| {
        audit_entries::table
            .filter(audit_entries::action.eq(action))
            .order((audit_entries::created_at.desc(), audit_entries::id.desc()))
            .select((
                audit_entries::actor,
                (audit_entries::object_type, audit_entries::object_id),
                audit_entries::changes,
                audit_entries::address,
                audit_entries::request_id,
            ))
            .first(conn)
    })
}

/// Appends the links of all entries.
fn chain_all(shop: &TestShop) {
    while shop.app.db.write_blocking(|conn| append_chain_links(conn, &shop.app.master_key, 2)).unwrap() > 0 {}
}

async fn sign_in(client: &Client) {
    let body = json!({"email": "ana@example.com", "password": PASSWORD});
    client.post("/api/auth/login/", body).await.expect(200);
}

#[actix_web::test]
async fn entry_records_actor_object_address_and_request() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let category = staff.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);

    let entry = newest(&shop, "category.created");
    assert_eq!(entry.actor["id"], json!(staff.user));
    assert_eq!(entry.object, ("category".to_owned(), category["id"].as_str().unwrap().to_owned()));
    assert_eq!(entry.address.as_deref(), Some("127.0.0.1"));
    assert_eq!(entry.request_id.map(|id| id.len()), Some(36));
}

#[actix_web::test]
async fn system_entry_has_no_address() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;

    let entry = newest(&shop, "user.created");

    assert_eq!(entry.actor["type"], "system");
    assert_eq!(entry.changes["is_staff"], json!({"after": false}));
    assert_eq!((entry.address, entry.request_id), (None, None));
}

#[actix_web::test]
async fn rejected_write_records_no_entry() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.category("Mugs", None);
    let entries = || shop.number("select count(*) from audit_entries");
    let before = entries();

    let body = json!({"name": "Mugs again", "slug": "mugs"});
    assert_eq!(staff.post("/api/categories/", body).await.status, 400);
    assert_eq!(shop.anonymous().post("/api/categories/", json!({})).await.status, 401);

    assert_eq!(entries(), before);
}

#[actix_web::test]
async fn forwarded_address_of_an_untrusted_client_is_ignored() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;

    sign_in(&shop.anonymous().with_header("x-forwarded-for", "203.0.113.9")).await;

    assert_eq!(newest(&shop, "user.signed_in").address.as_deref(), Some("127.0.0.1"));
}

#[actix_web::test]
async fn last_address_before_the_trusted_proxies_is_recorded() {
    let shop = TestShop::with_settings(&[("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")]).await;
    shop.customer("ana").await;

    for (forwarded, address) in [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, 10.1.2.3", "203.0.113.9"),
        // Addresses in front, which the client can forge, are ignored.
        ("198.51.100.7, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("10.9.9.9, 10.1.2.3", "127.0.0.1"),
        ("2001:db8::1, 10.1.2.3", "2001:db8::1"),
    ] {
        sign_in(&shop.anonymous().with_header("x-forwarded-for", forwarded)).await;
        let entry = newest(&shop, "user.signed_in");
        assert_eq!(entry.address.as_deref(), Some(address), "{forwarded}");
    }
}

#[actix_web::test]
async fn invalid_forwarded_addresses_are_skipped() {
    let shop = TestShop::with_settings(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    shop.customer("ana").await;

    sign_in(&shop.anonymous().with_header("x-forwarded-for", "unknown, ;drop table, 203.0.113.9")).await;

    assert_eq!(newest(&shop, "user.signed_in").address.as_deref(), Some("203.0.113.9"));
}
