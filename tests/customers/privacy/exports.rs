//! Exports of personal data.

use chrono::TimeDelta;
use futures_util::join;
use mercer::customers::privacy::PurgeExports;
use mercer::platform::jobs::Job;
use serde_json::{Value, json};

use super::{TRACES, ana_with_an_order, error_body};
use crate::support::TestShop;
use crate::support::shop::TestUser;

const EXPORT: &str = "/api/customers/me/export/";

async fn ready(shop: &TestShop, user: &TestUser) -> String {
    let requested = user.post(EXPORT, json!({})).await.expect(202);
    shop.run_jobs().await;
    format!("{EXPORT}{}/", requested["id"].as_str().unwrap())
}

async fn download(user: &TestUser, url: &str) -> crate::support::TestResponse {
    user.post(&format!("{url}download/"), json!({})).await
}

#[actix_web::test]
async fn export_contains_all_personal_data() {
    let shop = TestShop::new().await;
    let (ana, order) = ana_with_an_order(&shop).await;
    shop.execute("update customers set notes = 'likes blue' where email = 'ana@example.com'");

    let requested = ana.post(EXPORT, json!({})).await;
    let body = requested.expect(202);
    assert_eq!(body["status"], "pending");
    let url = format!("{EXPORT}{}/", body["id"].as_str().unwrap());
    assert_eq!(requested.header("location"), Some(url.as_str()));
    let early = download(&ana, &url).await;
    assert_eq!(early.expect(409), error_body("The export is not ready yet. Try again later.", "export_not_ready"));
    shop.run_jobs().await;
    assert_eq!(ana.get(&url).await.expect(200)["status"], "ready");

    let response = download(&ana, &url).await;

    let known = response.expect(200);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert_eq!(response.header("content-disposition"), Some("attachment; filename=\"personal-data.json\""));
    let sections: Vec<_> = known.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "account",
        "addresses",
        "notes",
        "groups",
        "sessions",
        "second_factors",
        "social_accounts",
        "history",
        "orders",
        "shop",
        "made_at",
    ];
    assert_eq!(sections, expected);
    assert_eq!(known["account"]["user"]["email"], "ana@example.com");
    assert_eq!(known["account"]["phone"], "+254700000001");
    assert_eq!(known["account"]["notes"], "likes blue");
    assert_eq!(known["second_factors"], json!({"passkeys": [], "totp": false, "recovery_codes_left": 0}));
    assert_eq!(known["history"][0]["action"], "user.created");
    assert_eq!(known["history"][0]["changes"]["email"], json!({"after": "ana@example.com"}));
    assert_eq!(known["orders"][0]["id"], Value::from(order));
    assert_eq!(known["orders"][0]["shipping_address"]["line1"], "Moi Avenue 12");
    assert_eq!(known["sessions"][0]["address"], "127.0.0.1");
    assert!(!response.body.windows(4).any(|bytes| bytes == b"$2b$"), "no password hash");
}

#[actix_web::test]
async fn export_is_announced_by_email_and_stored_encrypted() {
    let shop = TestShop::new().await;
    let (ana, _) = ana_with_an_order(&shop).await;
    let before = shop.mails_to(&ana.email).len();

    ready(&shop, &ana).await;

    let letters = shop.mails_to(&ana.email);
    assert_eq!(letters.len(), before + 1);
    assert_eq!(letters[before].header("Subject"), "Your data at Mercer is ready");
    assert_eq!(shop.number("select count(*) from personal_data_exports where sealed is not null"), 1);
    let exports = shop.dump_all_rows();
    let rows = exports.lines().filter(|row| row.starts_with("personal_data_exports "));
    assert!(
        rows.clone().count() == 1 && rows.flat_map(|row| TRACES.map(|trace| row.contains(trace))).all(|found| !found)
    );
}

#[actix_web::test]
async fn export_is_downloaded_once_by_concurrent_requests() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let url = ready(&shop, &ana).await;

    let (one, other) = join!(download(&ana, &url), download(&ana, &url));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410]);
    let message = "The export has been downloaded or has expired. Request a new one.";
    assert_eq!(download(&ana, &url).await.expect(410), error_body(message, "export_gone"));
    assert_eq!(ana.get(&url).await.expect(200)["status"], "downloaded");
    assert_eq!(shop.number("select count(*) from personal_data_exports where sealed is not null"), 0);
}

#[actix_web::test]
async fn export_is_not_found_for_other_users() {
    let shop = TestShop::new().await;
    let (ana, ben, root) = (shop.customer("ana").await, shop.customer("ben").await, shop.superuser().await);
    let url = ready(&shop, &ana).await;

    for user in [&ben, &root] {
        assert_eq!(user.get(&url).await.expect(404), error_body("Not found.", "not_found"));
        assert_eq!(download(user, &url).await.expect(404), error_body("Not found.", "not_found"));
    }

    assert_eq!(download(&ana, &url).await.status, 200);
}

#[actix_web::test]
async fn repeated_requests_return_the_same_export_until_download() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let (one, other) = join!(ana.post(EXPORT, json!({})), ana.post(EXPORT, json!({})));

    assert_eq!(one.expect(202)["id"], other.expect(202)["id"]);
    let url = ready(&shop, &ana).await;
    assert_eq!(shop.number("select count(*) from personal_data_exports"), 1);
    download(&ana, &url).await.expect(200);
    assert_ne!(ready(&shop, &ana).await, url);
}

#[actix_web::test]
async fn export_expires_after_two_days() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let url = ready(&shop, &ana).await;
    shop.execute("update personal_data_exports set expires_at = expires_at - interval '48 hours'");

    assert_eq!(ana.get(&url).await.expect(200)["status"], "expired");
    assert_eq!(download(&ana, &url).await.expect(410)["code"], "export_gone");

    shop.advance(TimeDelta::minutes(1));
    PurgeExports {}.run(&shop.app).await.unwrap();
    assert_eq!(shop.number("select count(*) from personal_data_exports"), 0);
}

/// Export section of each table that refers to a user or customer, or the reason for not exporting it.
const EXPORT_SECTIONS: [(&str, &str); 17] = [
    ("account_tokens", "not exported: token digests, valid for hours"),
    ("addresses", "addresses"),
    ("customer_group_members", "groups"),
    ("customer_notes", "notes"),
    ("customers", "account"),
    ("factor_failures", "not exported: times, kept for an hour"),
    ("group_members", "not exported: permissions of staff members"),
    ("identities", "social_accounts"),
    ("orders", "orders"),
    ("passkey_ceremonies", "not exported: challenges, valid for minutes"),
    ("passkeys", "second_factors"),
    ("personal_data_exports", "not exported: the exports themselves"),
    ("recovery_codes", "second_factors: the number; the codes are digests"),
    ("returns", "orders"),
    ("sessions", "sessions"),
    ("sign_in_challenges", "not exported: digests, valid for minutes"),
    ("totp_devices", "second_factors: presence only; the seed is secret"),
];

#[actix_web::test]
async fn every_table_with_personal_data_is_exported_or_has_a_reason() {
    use diesel::prelude::*;
    let shop = TestShop::new().await;
    let tables: Vec<String> = shop.sql(|conn| {
        let names = "select distinct conrelid::regclass::text as name from pg_constraint \
                     where contype = 'f' and confrelid in ('users'::regclass, 'customers'::regclass) order by 1";
        diesel::sql_query(names).load::<Named>(conn).map(|tables| tables.into_iter().map(|table| table.name).collect())
    });

    let known: Vec<&str> = EXPORT_SECTIONS.iter().map(|(table, _)| *table).collect();
    assert_eq!(tables, known);
}

#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}
