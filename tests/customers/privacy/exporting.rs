//! What the shop knows of a person, told to them.

use chrono::TimeDelta;
use futures_util::join;
use mercer::customers::privacy::PurgeExports;
use mercer::platform::jobs::Job;
use serde_json::{Value, json};

use super::{TRACES, ana_with_an_order, refused};
use crate::support::TestShop;
use crate::support::shop::Person;

const EXPORT: &str = "/api/customers/me/export/";

async fn ready(shop: &TestShop, person: &Person) -> String {
    let asked = person.post(EXPORT, json!({})).await.expect(202);
    shop.run_jobs().await;
    format!("{EXPORT}{}/", asked["id"].as_str().unwrap())
}

async fn download(person: &Person, url: &str) -> crate::support::TestResponse {
    person.post(&format!("{url}download/"), json!({})).await
}

#[actix_web::test]
async fn a_customer_is_told_all_that_the_shop_knows_of_them() {
    let shop = TestShop::new().await;
    let (ana, order) = ana_with_an_order(&shop).await;
    shop.execute("update customers set notes = 'likes blue' where email = 'ana@example.com'");

    let asked = ana.post(EXPORT, json!({})).await;
    let body = asked.expect(202);
    assert_eq!(body["status"], "pending");
    let url = format!("{EXPORT}{}/", body["id"].as_str().unwrap());
    assert_eq!(asked.header("location"), Some(url.as_str()));
    let early = download(&ana, &url).await;
    assert_eq!(early.expect(409), refused("The export is not ready yet.", "export_not_ready"));
    shop.run_jobs().await;
    assert_eq!(ana.get(&url).await.expect(200)["status"], "ready");

    let answer = download(&ana, &url).await;

    let known = answer.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"personal-data.json\""));
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
    assert!(!answer.body.windows(4).any(|bytes| bytes == b"$2b$"), "no hash of a password");
}

#[actix_web::test]
async fn an_export_is_announced_by_mail_and_nobody_reads_it_in_the_database() {
    let shop = TestShop::new().await;
    let (ana, _) = ana_with_an_order(&shop).await;
    let before = shop.letters_to(&ana.email).len();

    ready(&shop, &ana).await;

    let letters = shop.letters_to(&ana.email);
    assert_eq!(letters.len(), before + 1);
    assert_eq!(letters[before].header("Subject"), "Your data at Mercer is ready");
    assert_eq!(shop.number("select count(*) from personal_data_exports where sealed is not null"), 1);
    let exports = shop.everything();
    let rows = exports.lines().filter(|row| row.starts_with("personal_data_exports "));
    assert!(
        rows.clone().count() == 1 && rows.flat_map(|row| TRACES.map(|trace| row.contains(trace))).all(|found| !found)
    );
}

#[actix_web::test]
async fn an_export_is_downloaded_once_also_by_two_at_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let url = ready(&shop, &ana).await;

    let (one, other) = join!(download(&ana, &url), download(&ana, &url));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410]);
    let told = "The export has been downloaded, or its time is over. Ask for another one.";
    assert_eq!(download(&ana, &url).await.expect(410), refused(told, "export_gone"));
    assert_eq!(ana.get(&url).await.expect(200)["status"], "downloaded");
    assert_eq!(shop.number("select count(*) from personal_data_exports where sealed is not null"), 0);
}

#[actix_web::test]
async fn an_export_is_nobody_elses() {
    let shop = TestShop::new().await;
    let (ana, ben, root) = (shop.customer("ana").await, shop.customer("ben").await, shop.superuser().await);
    let url = ready(&shop, &ana).await;

    for person in [&ben, &root] {
        assert_eq!(person.get(&url).await.expect(404), refused("Not found.", "not_found"));
        assert_eq!(download(person, &url).await.expect(404), refused("Not found.", "not_found"));
    }

    assert_eq!(download(&ana, &url).await.status, 200);
}

#[actix_web::test]
async fn asking_twice_makes_one_export_until_it_is_downloaded() {
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
async fn an_export_waits_two_days() {
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

/// Where what each table holds of a person is told, or why it is not.
const TOLD_OF: [(&str, &str); 17] = [
    ("account_tokens", "digests for a few hours"),
    ("addresses", "addresses"),
    ("customer_group_members", "groups"),
    ("customer_notes", "notes"),
    ("customers", "account"),
    ("factor_failures", "times of an hour"),
    ("group_members", "rights of staff, who are the shop's"),
    ("identities", "social_accounts"),
    ("orders", "orders"),
    ("passkey_ceremonies", "challenges of minutes"),
    ("passkeys", "second_factors"),
    ("personal_data_exports", "is this"),
    ("recovery_codes", "second_factors: how many, for they are digests"),
    ("returns", "stand with their orders"),
    ("sessions", "sessions"),
    ("sign_in_challenges", "digests for minutes"),
    ("totp_devices", "second_factors: whether there is one, for the seed is a secret"),
];

#[actix_web::test]
async fn every_table_that_points_at_a_person_is_told_or_has_a_reason() {
    use diesel::prelude::*;
    let shop = TestShop::new().await;
    let tables: Vec<String> = shop.sql(|conn| {
        let names = "select distinct conrelid::regclass::text as name from pg_constraint \
                     where contype = 'f' and confrelid in ('users'::regclass, 'customers'::regclass) order by 1";
        diesel::sql_query(names).load::<Named>(conn).map(|tables| tables.into_iter().map(|table| table.name).collect())
    });

    let known: Vec<&str> = TOLD_OF.iter().map(|(table, _)| *table).collect();
    assert_eq!(tables, known);
}

#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}
