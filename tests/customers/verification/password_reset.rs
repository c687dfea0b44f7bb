//! Resetting a forgotten password.

use futures_util::join;
use serde_json::json;

use super::{OTHER, RESET, assert_bad_token, confirm, link_parameter, log_in, post, reset_link};
use crate::support::TestShop;
use crate::support::second_factors::set_up_authenticator;
use crate::support::shop::PASSWORD;

#[actix_web::test]
async fn emailed_link_replaces_a_forgotten_password() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    post(&shop, RESET, json!({"email": "Ana@Example.com"})).await.expect(200);
    shop.run_jobs().await;
    let mail = super::only_mail_to(&shop, &ana.email);
    let link = (link_parameter(&mail, "uid"), link_parameter(&mail, "token"));
    assert_eq!(mail.header("Subject"), "Choose a new password at Mercer");
    assert_eq!(link.0, ana.user.to_string());

    let response = confirm(&shop, &link, OTHER).await;

    assert_eq!(response.expect(200), json!({"detail": "Password has been reset with the new password."}));
    log_in(&shop, &ana.email, OTHER).await.expect(200);
    assert_eq!(log_in(&shop, &ana.email, PASSWORD).await.status, 400);
    shop.run_jobs().await;
    let mail = super::last_mail_to(&shop, &ana.email);
    assert_eq!(mail.header("Subject"), "Your password at Mercer was changed");
}

#[actix_web::test]
async fn password_reset_revokes_all_sessions_and_verifies_the_address() {
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
async fn reset_link_works_once_even_concurrently() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let link = reset_link(&shop, &ana.email).await;

    let (first, second) =
        join!(confirm(&shop, &link, "battery staple one"), confirm(&shop, &link, "battery staple two"));

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_bad_token(&confirm(&shop, &link, OTHER).await);
    assert_eq!(log_in(&shop, &ana.email, OTHER).await.status, 400);
}

#[actix_web::test]
async fn reset_token_is_valid_only_for_its_user() {
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
async fn rejected_password_does_not_consume_the_reset_link() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let link = reset_link(&shop, &ana.email).await;

    let short = confirm(&shop, &link, "short").await;

    assert!(short.expect(400)["new_password1"].is_array());
    confirm(&shop, &link, OTHER).await.expect(200);
}

#[actix_web::test]
async fn password_reset_sends_no_email_to_unknown_and_inactive_accounts() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    shop.execute("update users set is_active = false");

    for email in ["ana@example.com", "nobody@example.com"] {
        let response = post(&shop, RESET, json!({"email": email})).await;
        assert_eq!(response.expect(200), json!({"detail": "Password reset e-mail has been sent."}));
    }
    shop.run_jobs().await;

    assert_eq!(shop.mails(), []);
    assert_eq!(shop.number("select count(*) from account_tokens"), 0);
    assert_eq!(shop.number("select count(*) from jobs where state <> 'done'"), 0);
}

#[actix_web::test]
async fn first_verification_by_reset_removes_other_sign_in_methods() {
    let shop = TestShop::new().await;
    let other_person = shop.customer("ana").await;
    set_up_authenticator(&shop, &other_person).await;
    shop.execute(&format!(
        "insert into identities (id, user_id, provider, issuer, subject, email, created_at, last_used_at) values \
         (gen_random_uuid(), '{}', 'google', 'https://accounts.example', 'g-1', 'x@example.com', now(), now())",
        other_person.user
    ));

    let link = reset_link(&shop, &other_person.email).await;
    confirm(&shop, &link, OTHER).await.expect(200);

    for table in ["totp_devices", "recovery_codes", "identities", "passkeys"] {
        assert_eq!(shop.number(&format!("select count(*) from {table}")), 0, "{table}");
    }
    let signed_in = log_in(&shop, &other_person.email, OTHER).await.expect(200);
    assert_eq!(
        signed_in["mfa_required"],
        serde_json::Value::Null,
        "the authenticator app of the other person is removed"
    );
}

#[actix_web::test]
async fn password_reset_of_a_verified_account_keeps_the_second_factor() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update users set email_verified_at = now()");
    set_up_authenticator(&shop, &ana).await;

    let link = reset_link(&shop, &ana.email).await;
    confirm(&shop, &link, OTHER).await.expect(200);

    assert_eq!(log_in(&shop, &ana.email, OTHER).await.expect(200)["mfa_required"], true);
}

#[actix_web::test]
async fn links_ignore_the_host_header() {
    let shop = TestShop::with_settings(&[("STOREFRONT_URL", "https://shop.example/")]).await;
    let ana = shop.customer("ana").await;
    let forged = shop.anonymous().with_header("host", "evil.example").with_header("x-forwarded-host", "evil.example");

    forged.post(RESET, json!({"email": ana.email})).await.expect(200);
    shop.run_jobs().await;

    let mail = super::only_mail_to(&shop, &ana.email);
    let (uid, token) = (link_parameter(&mail, "uid"), link_parameter(&mail, "token"));
    let link = format!("https://shop.example/account/reset-password#uid={uid}&token={token}");
    assert!(mail.text.contains(&link), "{}", mail.text);
    assert!(!mail.text.contains("evil") && !mail.html.contains("evil"));
}
