//! Passwords that another shop kept, or this one with fewer rounds: good as they are, and kept better from then on.

use mercer::customers::accounts::{self, NewAccount, PasswordHash, hash_password};
use mercer::platform::audit::Origin;
use mercer::platform::types::{Language, UserId};
use serde_json::json;

use crate::support::shop::PASSWORD;
use crate::support::{Client, TestShop};

/// Of "correct horse", by PHP's and Python's own programs.
fn of_another_shop() -> [String; 3] {
    let plain = bcrypt::hash_with_result(PASSWORD, 4).unwrap();
    let sha256 = hex::encode(mercer::platform::auth::sha256(PASSWORD));
    [
        plain.format_for_version(bcrypt::Version::TwoY),
        format!("bcrypt${}", plain.format_for_version(bcrypt::Version::TwoB)),
        format!("bcrypt_sha256${}", bcrypt::hash(sha256, 4).unwrap()),
    ]
}

fn ana_with(shop: &TestShop, hash: PasswordHash) -> UserId {
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
    let origin = Origin::system(shop.app.clock.now());
    shop.app.db.write_blocking(|conn| accounts::create(conn, &account, &origin)).unwrap().user.id
}

async fn sign_in(client: &Client, password: &str) -> u16 {
    let body = json!({"email": "ana@example.com", "password": password});
    client.post("/api/auth/token/", body).await.status.as_u16()
}

fn kept(shop: &TestShop, like: &str) -> bool {
    shop.number(&format!("select count(*) from users where password_hash like '{like}'")) == 1
}

#[actix_web::test]
async fn a_hash_of_another_shop_lets_in_and_is_replaced_by_one_of_ours() {
    for text in of_another_shop() {
        let shop = TestShop::new().await;
        ana_with(&shop, PasswordHash::import(&text).unwrap());
        assert!(kept(&shop, "bcrypt%"));

        assert_eq!(sign_in(&shop.anonymous(), "correct horsf").await, 401);
        assert!(kept(&shop, "bcrypt%"), "a wrong password changes nothing");
        assert_eq!(sign_in(&shop.anonymous(), PASSWORD).await, 200);

        assert!(kept(&shop, "$2b$04$%"), "{text}");
        assert_eq!(sign_in(&shop.anonymous(), PASSWORD).await, 200);
        assert_eq!(shop.number("select count(*) from audit_entries where action = 'user.password_rehashed'"), 1);
    }
}

#[actix_web::test]
async fn more_rounds_are_made_when_the_shop_wants_more() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    assert!(kept(&shop, "$2b$04$%"));
    let stricter = shop.another_program_with(&[("BCRYPT_COST", "5")]).await;

    assert_eq!(sign_in(&stricter, PASSWORD).await, 200);
    assert!(kept(&shop, "$2b$05$%"));

    // A program that wants fewer leaves them.
    assert_eq!(sign_in(&shop.anonymous(), PASSWORD).await, 200);
    assert!(kept(&shop, "$2b$05$%"));
}

#[actix_web::test]
async fn a_password_that_was_changed_meanwhile_stays_changed() {
    let shop = TestShop::new().await;
    let [first, second, late] = ["the first one", "the second one", "the first one"];
    let hash = async |text: &str| hash_password(accounts::Password::new(text.to_owned()), 4).await.unwrap();
    let (old, new, upgraded) = (hash(first).await, hash(second).await, hash(late).await);
    let ana = ana_with(&shop, old.clone());
    let origin = Origin::system(shop.app.clock.now());
    let replace = |from: &PasswordHash, to: &PasswordHash| {
        shop.app.db.write_blocking(|conn| accounts::upgrade_password(conn, ana, (from, to), &origin)).unwrap();
    };

    replace(&old, &new);
    replace(&old, &upgraded);

    assert_eq!(sign_in(&shop.anonymous(), second).await, 200);
    assert_eq!(sign_in(&shop.anonymous(), first).await, 401);
}

#[actix_web::test]
async fn what_is_no_hash_lets_nobody_in_and_breaks_nothing() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    for garbage in ["", "x", "ümläut", "$2b$04$ümläutümläutümläut", "$2b$31$abcdefghijklmnopqrstuu", "bcrypt$$2y$10$ü"]
    {
        shop.execute(&format!("update users set password_hash = '{garbage}'"));
        assert_eq!(sign_in(&shop.anonymous(), PASSWORD).await, 401, "{garbage}");
    }
}
