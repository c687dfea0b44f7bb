//! Imported password hashes and hashes of a lower cost: accepted at sign-in and then replaced.

use mercer::customers::accounts::{self, NewAccount};
use mercer::customers::passwords::{Password, PasswordHash, hash_password};
use mercer::platform::types::{Language, UserId};
use serde_json::json;

use crate::support::shop::PASSWORD;
use crate::support::{Client, TestShop};

/// Returns hashes of the test password in the formats of PHP and of Django.
fn imported_hashes() -> [String; 3] {
    let plain = bcrypt::hash_with_result(PASSWORD, 4).unwrap();
    let sha256 = hex::encode(mercer::platform::auth::sha256(PASSWORD));
    [
        plain.format_for_version(bcrypt::Version::TwoY),
        format!("bcrypt${}", plain.format_for_version(bcrypt::Version::TwoB)),
        format!("bcrypt_sha256${}", bcrypt::hash(sha256, 4).unwrap()),
    ]
}

fn create_ana(shop: &TestShop, hash: PasswordHash) -> UserId {
    let account = NewAccount {
        email: "ana@example.com".parse().unwrap(),
        password_hash: Some(hash),
        first_name: "Ana".to_owned(),
        last_name: String::new(),
        phone: None,
        is_staff: false,
        is_superuser: false,
        language: Language::default(),
    };
    let context = shop.app.system_context();
    shop.app.db.write_blocking(|conn| accounts::create(conn, &account, &context)).unwrap().user.id
}

async fn sign_in(client: &Client, password: &str) -> u16 {
    let body = json!({"email": "ana@example.com", "password": password});
    client.post("/api/auth/token/", body).await.status.as_u16()
}

fn has_hash_like(shop: &TestShop, like: &str) -> bool {
    shop.number(&format!("select count(*) from users where password_hash like '{like}'")) == 1
}

#[actix_web::test]
async fn imported_hash_is_accepted_and_replaced_at_sign_in() {
    for text in imported_hashes() {
        let shop = TestShop::new().await;
        create_ana(&shop, PasswordHash::import(&text).unwrap());
        assert!(has_hash_like(&shop, "bcrypt%"));

        assert_eq!(sign_in(&shop.anonymous(), "correct horsf").await, 401);
        assert!(has_hash_like(&shop, "bcrypt%"), "a wrong password changes nothing");
        assert_eq!(sign_in(&shop.anonymous(), PASSWORD).await, 200);

        assert!(has_hash_like(&shop, "$2b$04$%"), "{text}");
        assert_eq!(sign_in(&shop.anonymous(), PASSWORD).await, 200);
        assert_eq!(shop.number("select count(*) from audit_entries where action = 'user.password_rehashed'"), 1);
    }
}

#[actix_web::test]
async fn hash_is_replaced_when_the_configured_cost_is_higher() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    assert!(has_hash_like(&shop, "$2b$04$%"));
    let stricter = shop.second_process_with(&[("BCRYPT_COST", "5")]).await;

    assert_eq!(sign_in(&stricter, PASSWORD).await, 200);
    assert!(has_hash_like(&shop, "$2b$05$%"));

    // A process with a lower cost keeps the hash.
    assert_eq!(sign_in(&shop.anonymous(), PASSWORD).await, 200);
    assert!(has_hash_like(&shop, "$2b$05$%"));
}

#[actix_web::test]
async fn rehashing_does_not_overwrite_a_changed_password() {
    let shop = TestShop::new().await;
    let [first, second, late] = ["the first one", "the second one", "the first one"];
    let hash = async |text: &str| hash_password(Password::new(text.to_owned()), 4).await.unwrap();
    let (old, new, upgraded) = (hash(first).await, hash(second).await, hash(late).await);
    let ana = create_ana(&shop, old.clone());
    let context = shop.app.system_context();
    let replace = |from: &PasswordHash, to: &PasswordHash| {
        shop.app.db.write_blocking(|conn| accounts::upgrade_password(conn, ana, from, to, &context)).unwrap();
    };

    replace(&old, &new);
    replace(&old, &upgraded);

    assert_eq!(sign_in(&shop.anonymous(), second).await, 200);
    assert_eq!(sign_in(&shop.anonymous(), first).await, 401);
}

#[actix_web::test]
async fn unsupported_hash_rejects_every_password() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    for garbage in ["", "x", "ümläut", "$2b$04$ümläutümläutümläut", "$2b$31$abcdefghijklmnopqrstuu", "bcrypt$$2y$10$ü"]
    {
        shop.execute(&format!("update users set password_hash = '{garbage}'"));
        assert_eq!(sign_in(&shop.anonymous(), PASSWORD).await, 401, "{garbage}");
    }
}
