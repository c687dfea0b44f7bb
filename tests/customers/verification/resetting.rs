//! Replacing a password that one has forgotten.

use futures_util::join;
use serde_json::json;

use super::{OTHER, RESET, assert_bad_token, confirm, log_in, of_link, post, reset_link};
use crate::support::TestShop;
use crate::support::second_factors::telephone_of;
use crate::support::shop::PASSWORD;

#[actix_web::test]
async fn a_forgotten_password_is_replaced_by_the_link_in_a_mail() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    post(&shop, RESET, json!({"email": "Ana@Example.com"})).await.expect(200);
    shop.run_jobs().await;
    let letter = super::only_letter_to(&shop, &ana.email);
    let link = (of_link(&letter, "uid"), of_link(&letter, "token"));
    assert_eq!(letter.header("Subject"), "Choose a new password at Mercer");
    assert_eq!(link.0, ana.user.to_string());

    let answer = confirm(&shop, &link, OTHER).await;

    assert_eq!(answer.expect(200), json!({"detail": "Password has been reset with the new password."}));
    log_in(&shop, &ana.email, OTHER).await.expect(200);
    assert_eq!(log_in(&shop, &ana.email, PASSWORD).await.status, 400);
    shop.run_jobs().await;
    let letter = super::last_letter_to(&shop, &ana.email);
    assert_eq!(letter.header("Subject"), "Your password at Mercer was changed");
}

#[actix_web::test]
async fn a_reset_ends_every_session_and_proves_the_address() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let link = reset_link(&shop, &ana.email).await;
    assert_eq!(ana.get("/api/auth/user/").await.status, 200);

    confirm(&shop, &link, OTHER).await.expect(200);

    assert_eq!(ana.get("/api/auth/user/").await.status, 401);
    let refreshed = post(&shop, "/api/auth/token/refresh/", json!({"refresh": ana.refresh})).await;
    assert_eq!(refreshed.expect(401)["code"], "token_not_valid");
    assert_eq!(shop.number("select count(*) from users where email_verified_at is not null"), 1);
}

#[actix_web::test]
async fn a_reset_link_works_once_and_of_two_at_once_one_works() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let link = reset_link(&shop, &ana.email).await;

    let (one, other) = join!(confirm(&shop, &link, "battery staple one"), confirm(&shop, &link, "battery staple two"));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_bad_token(&confirm(&shop, &link, OTHER).await);
    assert_eq!(log_in(&shop, &ana.email, OTHER).await.status, 400);
}

#[actix_web::test]
async fn a_link_is_for_whom_it_was_made() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let (_, token) = reset_link(&shop, &ana.email).await;

    assert_bad_token(&confirm(&shop, &(ben.user.to_string(), token.clone()), OTHER).await);
    assert_bad_token(&confirm(&shop, &(ana.user.to_string(), "x".repeat(43)), OTHER).await);
    let body = json!({"uid": "ana", "token": token, "new_password1": OTHER, "new_password2": OTHER});
    assert_eq!(post(&shop, super::CONFIRM, body).await.expect(400), json!({"uid": ["Must be a valid UUID."]}));

    for email in [&ana.email, &ben.email] {
        log_in(&shop, email, PASSWORD).await.expect(200);
    }
    confirm(&shop, &(ana.user.to_string(), token), OTHER).await.expect(200);
}

#[actix_web::test]
async fn a_refused_password_leaves_the_link_good() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let link = reset_link(&shop, &ana.email).await;

    let short = confirm(&shop, &link, "short").await;

    assert!(short.expect(400)["new_password1"].is_array());
    confirm(&shop, &link, OTHER).await.expect(200);
}

#[actix_web::test]
async fn nobody_is_mailed_who_has_no_account_or_an_inactive_one() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    shop.execute("update users set is_active = false");

    for email in ["ana@example.com", "nobody@example.com"] {
        let answer = post(&shop, RESET, json!({"email": email})).await;
        assert_eq!(answer.expect(200), json!({"detail": "Password reset e-mail has been sent."}));
    }
    shop.run_jobs().await;

    assert_eq!(shop.mails(), []);
    assert_eq!(shop.number("select count(*) from account_tokens"), 0);
    assert_eq!(shop.number("select count(*) from jobs where state <> 'done'"), 0);
}

#[actix_web::test]
async fn who_proves_an_address_for_the_first_time_finds_nothing_that_a_stranger_left() {
    let shop = TestShop::new().await;
    let stranger = shop.customer("ana").await;
    telephone_of(&shop, &stranger).await;
    shop.execute(&format!(
        "insert into identities (id, user_id, provider, issuer, subject, email, created_at, last_used_at) values \
         (gen_random_uuid(), '{}', 'google', 'https://accounts.example', 'g-1', 'x@example.com', now(), now())",
        stranger.user
    ));

    let link = reset_link(&shop, &stranger.email).await;
    confirm(&shop, &link, OTHER).await.expect(200);

    for table in ["totp_devices", "recovery_codes", "identities", "passkeys"] {
        assert_eq!(shop.number(&format!("select count(*) from {table}")), 0, "{table}");
    }
    let signed_in = log_in(&shop, &stranger.email, OTHER).await.expect(200);
    assert_eq!(signed_in["mfa_required"], serde_json::Value::Null, "no telephone but the owner's is asked for");
}

#[actix_web::test]
async fn whoever_had_proved_the_address_keeps_the_second_factor() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update users set email_verified_at = now()");
    telephone_of(&shop, &ana).await;

    let link = reset_link(&shop, &ana.email).await;
    confirm(&shop, &link, OTHER).await.expect(200);

    assert_eq!(log_in(&shop, &ana.email, OTHER).await.expect(200)["mfa_required"], true);
}

#[actix_web::test]
async fn links_lead_to_the_shop_whatever_host_a_request_names() {
    let shop = TestShop::with_settings(&[("STOREFRONT_URL", "https://shop.example/")]).await;
    let ana = shop.customer("ana").await;
    let forged = shop.anonymous().with_header("host", "evil.example").with_header("x-forwarded-host", "evil.example");

    forged.post(RESET, json!({"email": ana.email})).await.expect(200);
    shop.run_jobs().await;

    let letter = super::only_letter_to(&shop, &ana.email);
    let (uid, token) = (of_link(&letter, "uid"), of_link(&letter, "token"));
    let link = format!("https://shop.example/account/reset-password#uid={uid}&token={token}");
    assert!(letter.text.contains(&link), "{}", letter.text);
    assert!(!letter.text.contains("evil") && !letter.html.contains("evil"));
}
