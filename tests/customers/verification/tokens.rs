//! What is mailed to prove an address: secret, brief, good once.

use chrono::TimeDelta;
use mercer::customers::verification::PurgeTokens;
use mercer::platform::auth::sha256;
use mercer::platform::jobs::Job;
use serde_json::json;

use super::{OTHER, RESET, VERIFY, assert_bad_token, confirm, of_link, only_letter_to, post, registration, reset_link};
use crate::support::TestShop;

#[actix_web::test]
async fn a_token_has_256_bits_and_only_its_hash_is_kept() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let (_, token) = reset_link(&shop, &ana.email).await;

    assert_eq!(token.len(), 43);
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    let hash = hex::encode(sha256(&token));
    assert_eq!(
        shop.number(&format!("select count(*) from account_tokens where encode(token_hash, 'hex') = '{hash}'")),
        1
    );
    assert!(!shop.everything().contains(&token));
}

#[actix_web::test]
async fn a_token_is_sealed_while_its_mail_waits_and_forgotten_when_it_has_gone() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    post(&shop, RESET, json!({"email": ana.email})).await.expect(200);
    // The mail cannot go: its folder is a file.
    let folder = shop.data_dir().join("mail");
    std::fs::remove_dir_all(&folder).ok();
    std::fs::write(&folder, "").unwrap();
    shop.run_jobs().await;
    assert_eq!(shop.number("select count(*) from messages where sealed is not null and state <> 'sent'"), 1);
    let waiting = shop.everything();
    assert!(!waiting.contains("reset-password#"), "{waiting}");

    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    shop.advance(TimeDelta::minutes(3));
    shop.run_jobs().await;

    assert_eq!(shop.number("select count(*) from messages where sealed is null and state = 'sent'"), 1);
    let letter = only_letter_to(&shop, &ana.email);
    confirm(&shop, &(of_link(&letter, "uid"), of_link(&letter, "token")), OTHER).await.expect(200);
}

#[actix_web::test]
async fn a_reset_link_is_good_for_two_hours_and_a_key_for_three_days() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let link = reset_link(&shop, &ana.email).await;
    shop.advance(TimeDelta::hours(2));
    assert_bad_token(&confirm(&shop, &link, OTHER).await);
    let link = reset_link(&shop, &ana.email).await;
    shop.advance(TimeDelta::hours(2) - TimeDelta::minutes(1));
    confirm(&shop, &link, OTHER).await.expect(200);

    post(&shop, "/api/auth/registration/", registration("nia@example.com")).await.expect(201);
    shop.run_jobs().await;
    let key = json!({"key": of_link(&only_letter_to(&shop, "nia@example.com"), "key")});
    shop.advance(TimeDelta::hours(72));
    assert_eq!(post(&shop, VERIFY, key.clone()).await.status, 404);
    shop.advance(-TimeDelta::minutes(1));
    post(&shop, VERIFY, key).await.expect(200);
}

#[actix_web::test]
async fn a_token_of_one_purpose_is_none_of_another() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let (uid, token) = reset_link(&shop, &ana.email).await;

    assert_eq!(post(&shop, VERIFY, json!({"key": token})).await.status, 404);
    assert_bad_token(&post(&shop, super::EMAIL_CONFIRM, json!({"token": token})).await);
    assert_bad_token(&ana.post("/api/customers/me/delete/", json!({"token": token})).await);
    let mut bearer = shop.anonymous();
    bearer.token = Some(token.clone());
    assert_eq!(bearer.get("/api/auth/user/").await.expect(401)["code"], "token_not_valid");
    assert_bad_token(
        &confirm(&shop, &(uid.clone(), ana.token.clone().unwrap().chars().take(200).collect()), OTHER).await,
    );

    confirm(&shop, &(uid, token), OTHER).await.expect(200);
}

#[actix_web::test]
async fn a_token_dies_when_password_or_address_change_past_us() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    for change in ["password_hash = null", "email = 'other@example.com'", "is_active = false"] {
        let link = reset_link(&shop, &ana.email).await;
        shop.execute("create table before as select * from users");
        shop.execute(&format!("update users set {change}"));

        assert_bad_token(&confirm(&shop, &link, OTHER).await);

        shop.execute("update users u set (password_hash, email, is_active) = (b.password_hash, b.email, b.is_active) from before b");
        shop.execute("drop table before");
        shop.advance(TimeDelta::minutes(2));
    }
}

#[actix_web::test]
async fn a_job_that_runs_twice_mails_once_and_leaves_the_link_good() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let link = reset_link(&shop, &ana.email).await;

    shop.advance(TimeDelta::minutes(5));
    shop.execute("update jobs set state = 'queued', finished_at = null");
    shop.run_jobs().await;

    assert_eq!(shop.letters_to(&ana.email).len(), 1);
    confirm(&shop, &link, OTHER).await.expect(200);
}

#[actix_web::test]
async fn no_mail_is_lost_or_sent_twice_to_two_who_ask_at_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let body = json!({"email": ana.email});

    let asked = (0..6).map(|_| post(&shop, RESET, body.clone()));
    for answer in futures_util::future::join_all(asked).await {
        answer.expect(200);
    }
    shop.run_jobs().await;

    assert_eq!(shop.letters_to(&ana.email).len(), 1);
    assert_eq!(shop.number("select count(*) from account_tokens"), 1);
}

#[actix_web::test]
async fn tokens_are_forgotten_a_day_after_they_expired() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    reset_link(&shop, &ana.email).await;
    let tokens = || shop.number("select count(*) from account_tokens");

    shop.advance(TimeDelta::hours(25));
    PurgeTokens {}.run(&shop.app).await.unwrap();
    assert_eq!(tokens(), 1);

    shop.advance(TimeDelta::hours(2));
    PurgeTokens {}.run(&shop.app).await.unwrap();
    assert_eq!(tokens(), 0);
}

#[actix_web::test]
async fn answers_are_in_no_cache_and_send_no_referer() {
    let shop = TestShop::new().await;

    let answer = post(&shop, RESET, json!({"email": "ana@example.com"})).await;

    assert!(matches!(answer.header("referrer-policy"), Some("no-referrer" | "same-origin")), "{:?}", answer.headers);
}
