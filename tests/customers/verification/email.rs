//! Changing the e-mail address and the phone number.

use serde_json::{Value, json};

use super::{
    EMAIL, EMAIL_CONFIRM, assert_bad_token, confirm, last_mail_to, link_parameter, live_tokens, log_in, only_mail_to,
    post, reset_link,
};
use crate::support::TestShop;
use crate::support::shop::{PASSWORD, TestUser};

const NEW: &str = "new@example.com";

fn to_new() -> Value {
    json!({"new_email": "New@example.com", "password": PASSWORD})
}

/// Requests the new address, and returns the body with the e-mailed token.
async fn token(shop: &TestShop, ana: &TestUser) -> Value {
    ana.post(EMAIL, to_new()).await.expect(200);
    shop.run_jobs().await;
    json!({"token": link_parameter(&last_mail_to(shop, NEW), "token")})
}

fn email_of(shop: &TestShop, email: &str) -> i64 {
    shop.number(&format!(
        "select count(*) from users u join customers c on c.user_id = u.id \
         where u.email = '{email}' and c.email = '{email}'"
    ))
}

#[actix_web::test]
async fn email_changes_after_confirmation_and_the_old_address_is_notified() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let response = ana.post(EMAIL, to_new()).await;
    assert_eq!(response.expect(200), json!({"detail": "Verification e-mail sent."}));
    shop.run_jobs().await;
    assert_eq!(email_of(&shop, "ana@example.com"), 1, "unchanged before the confirmation");
    let warning = only_mail_to(&shop, "ana@example.com");
    assert_eq!(warning.header("Subject"), "New e-mail address requested for your account at Mercer");
    assert!(!warning.text.contains('#'), "the warning contains no link: {}", warning.text);
    let mail = only_mail_to(&shop, NEW);
    assert_eq!(mail.header("Subject"), "Confirm your new e-mail address at Mercer");

    let body = json!({"token": link_parameter(&mail, "token")});
    let confirmed = post(&shop, EMAIL_CONFIRM, body).await;

    assert_eq!(confirmed.expect(200), json!({"detail": "New e-mail address has been saved."}));
    assert_eq!(email_of(&shop, NEW), 1);
    assert_eq!(shop.number("select count(*) from users where email_verified_at is not null"), 1);
    log_in(&shop, NEW, PASSWORD).await.expect(200);
    assert_eq!(log_in(&shop, "ana@example.com", PASSWORD).await.status, 400);
    shop.run_jobs().await;
    let notification = last_mail_to(&shop, "ana@example.com");
    assert_eq!(notification.header("Subject"), "The e-mail address of your account at Mercer was changed");
    let entries = "select count(*) from audit_entries where action = 'user.email_changed' \
                   and changes::text not like '%@%'";
    assert_eq!(shop.number(entries), 1);
}

#[actix_web::test]
async fn email_change_requires_the_password() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let without = ana.post(EMAIL, json!({"new_email": NEW})).await;
    assert_eq!(without.expect(400), json!({"password": ["This field is required."]}));
    let wrong = ana.post(EMAIL, json!({"new_email": NEW, "password": "wrong horse"})).await;
    let expected = "Your password was entered incorrectly. Please enter it again.";
    assert_eq!(wrong.expect(400), json!({"password": [expected]}));
    let same = ana.post(EMAIL, json!({"new_email": ana.email, "password": PASSWORD})).await;
    assert_eq!(same.expect(400), json!({"new_email": ["This is already your e-mail address."]}));
    assert_eq!(shop.anonymous().post(EMAIL, to_new()).await.status, 401);

    shop.run_jobs().await;
    assert_eq!(shop.mails(), []);
}

#[actix_web::test]
async fn email_change_without_a_password_requires_a_recent_sign_in() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update users set password_hash = null");
    // The session is old, but its access token is valid.
    shop.execute("update sessions set created_at = created_at - interval '11 minutes'");

    let rejected = ana.post(EMAIL, json!({"new_email": NEW})).await;
    assert_eq!(
        rejected.expect(403),
        json!({"detail": "Sign in again to make this change.", "code": "reauthentication_required"})
    );
    shop.execute("update sessions set created_at = created_at + interval '2 minutes'");
    ana.post(EMAIL, json!({"new_email": NEW})).await.expect(200);

    shop.run_jobs().await;
    assert_eq!(shop.mails_to(NEW).len(), 1);
}

#[actix_web::test]
async fn taken_email_is_reported_only_to_its_owner() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);

    let taken = ana.post(EMAIL, json!({"new_email": ben.email, "password": PASSWORD})).await;

    assert_eq!(taken.expect(200), json!({"detail": "Verification e-mail sent."}));
    shop.run_jobs().await;
    let mail = only_mail_to(&shop, &ben.email);
    assert_eq!(mail.header("Subject"), "You already have an account at Mercer");
    assert!(!mail.text.contains('#'), "no link: {}", mail.text);
    assert_eq!(shop.mails_to(&ana.email).len(), 1);
}

#[actix_web::test]
async fn email_registered_in_the_meantime_cannot_be_confirmed() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let token = token(&shop, &ana).await;
    shop.customer("new").await;

    assert_bad_token(&post(&shop, EMAIL_CONFIRM, token).await);

    assert_eq!(email_of(&shop, "ana@example.com"), 1);
    assert_eq!(email_of(&shop, NEW), 1);
}

#[actix_web::test]
async fn email_change_revokes_all_links() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let link = reset_link(&shop, &ana.email).await;
    let token = token(&shop, &ana).await;

    post(&shop, EMAIL_CONFIRM, token.clone()).await.expect(200);

    assert_eq!(live_tokens(&shop), 0);
    assert_bad_token(&confirm(&shop, &link, "battery staple").await);
    assert_bad_token(&post(&shop, EMAIL_CONFIRM, token).await);
}

#[actix_web::test]
async fn only_the_latest_requested_email_can_be_confirmed() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let first = token(&shop, &ana).await;
    shop.advance(chrono::TimeDelta::seconds(61));
    ana.post(EMAIL, json!({"new_email": "third@example.com", "password": PASSWORD})).await.expect(200);
    shop.run_jobs().await;

    assert_bad_token(&post(&shop, EMAIL_CONFIRM, first).await);
    let second = json!({"token": link_parameter(&last_mail_to(&shop, "third@example.com"), "token")});
    post(&shop, EMAIL_CONFIRM, second).await.expect(200);
    assert_eq!(email_of(&shop, "third@example.com"), 1);
}

#[actix_web::test]
async fn phone_change_requires_a_recent_sign_in_and_notifies_the_old_number() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let phone = |number: &str| json!({"phone": number});
    let me = "/api/customers/me/";
    ana.patch(me, phone("+254700000001")).await.expect(200);
    let numbers = "select count(*) from messages where medium = 'sms' and recipient = '+254700000001'";
    assert_eq!(shop.number(numbers), 0);
    shop.execute("update sessions set created_at = created_at - interval '11 minutes'");

    let rejected = ana.patch(me, phone("+254700000002")).await;
    assert_eq!(rejected.expect(403)["code"], "reauthentication_required");
    assert_eq!(ana.patch(me, json!({"phone": null})).await.status, 403);
    assert_eq!(ana.get(me).await.expect(200)["phone"], "+254700000001");
    ana.patch(me, json!({"phone": "+254700000001", "first_name": "Ana"})).await.expect(200);
    assert_eq!(shop.number(numbers), 0);

    shop.execute("update sessions set created_at = created_at + interval '10 minutes'");
    ana.patch(me, phone("+254700000002")).await.expect(200);
    shop.run_jobs().await;
    assert_eq!(shop.number(&format!("{numbers} and template = 'phone_changed' and state = 'sent'")), 1);
}
