//! E-mailed tokens: secret, short-lived and valid once.

use chrono::TimeDelta;
use mercer::customers::verification::PurgeTokens;
use mercer::platform::auth::sha256;
use mercer::platform::jobs::Job;
use serde_json::json;

use super::{
    OTHER, RESET, VERIFY, assert_bad_token, confirm, link_parameter, only_mail_to, post, registration, reset_link,
};
use crate::support::TestShop;

#[actix_web::test]
async fn token_has_256_bits_and_only_its_hash_is_stored() {
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
    assert!(!shop.dump_all_rows().contains(&token));
}

#[actix_web::test]
async fn token_is_encrypted_while_its_email_is_queued_and_deleted_after_delivery() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    post(&shop, RESET, json!({"email": ana.email})).await.expect(200);
    // Delivery fails, because a file is in the place of the mail folder.
    let folder = shop.data_dir().join("mail");
    std::fs::remove_dir_all(&folder).ok();
    std::fs::write(&folder, "").unwrap();
    shop.run_jobs().await;
    assert_eq!(shop.number("select count(*) from messages where sealed is not null and state <> 'sent'"), 1);
    let waiting = shop.dump_all_rows();
    assert!(!waiting.contains("reset-password#"), "{waiting}");

    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    shop.advance(TimeDelta::minutes(3));
    shop.run_jobs().await;

    assert_eq!(shop.number("select count(*) from messages where sealed is null and state = 'sent'"), 1);
    let mail = only_mail_to(&shop, &ana.email);
    confirm(&shop, &(link_parameter(&mail, "uid"), link_parameter(&mail, "token")), OTHER).await.expect(200);
}

#[actix_web::test]
async fn reset_link_expires_after_two_hours_and_verification_key_after_three_days() {
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
    let key = json!({"key": link_parameter(&only_mail_to(&shop, "nia@example.com"), "key")});
    shop.advance(TimeDelta::hours(72));
    assert_eq!(post(&shop, VERIFY, key.clone()).await.status, 404);
    shop.advance(-TimeDelta::minutes(1));
    post(&shop, VERIFY, key).await.expect(200);
}

#[actix_web::test]
async fn token_of_one_purpose_is_rejected_for_another() {
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
async fn token_becomes_invalid_when_password_email_or_state_changes_in_the_database() {
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
async fn repeated_job_sends_one_email_and_keeps_the_link_valid() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let link = reset_link(&shop, &ana.email).await;

    shop.advance(TimeDelta::minutes(5));
    shop.execute("update jobs set state = 'queued', finished_at = null");
    shop.run_jobs().await;

    assert_eq!(shop.mails_to(&ana.email).len(), 1);
    confirm(&shop, &link, OTHER).await.expect(200);
}

#[actix_web::test]
async fn concurrent_requests_send_one_email() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let body = json!({"email": ana.email});

    let requests = (0..6).map(|_| post(&shop, RESET, body.clone()));
    for response in futures_util::future::join_all(requests).await {
        response.expect(200);
    }
    shop.run_jobs().await;

    assert_eq!(shop.mails_to(&ana.email).len(), 1);
    assert_eq!(shop.number("select count(*) from account_tokens"), 1);
}

#[actix_web::test]
async fn purge_deletes_tokens_a_day_after_they_expired() {
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
async fn password_reset_response_sends_no_referrer() {
    let shop = TestShop::new().await;

    let response = post(&shop, RESET, json!({"email": "ana@example.com"})).await;

    assert!(
        matches!(response.header("referrer-policy"), Some("no-referrer" | "same-origin")),
        "{:?}",
        response.headers
    );
}
