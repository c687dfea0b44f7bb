//! Registration and verification of the e-mail address.

use serde_json::{Value, json};

use super::{RESEND, VERIFY, last_mail_to, link_parameter, log_in, only_mail_to, post, registration};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

const REGISTER: &str = "/api/auth/registration/";

async fn strict_shop() -> TestShop {
    TestShop::with_settings(&[("EMAIL_VERIFICATION", "required")]).await
}

fn verified(shop: &TestShop) -> i64 {
    shop.number("select count(*) from users where email_verified_at is not null")
}

#[actix_web::test]
async fn registration_sends_a_link_that_verifies_the_address() {
    let shop = TestShop::new().await;
    post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);
    assert_eq!(shop.mails(), [], "the worker sends the e-mail");
    shop.run_jobs().await;
    let mail = only_mail_to(&shop, "ana@example.com");
    assert_eq!(mail.header("Subject"), "Confirm your e-mail address at Mercer");
    assert!(mail.text.starts_with("Hello Ana,\n"), "{}", mail.text);
    assert_eq!(verified(&shop), 0);

    let response = post(&shop, VERIFY, json!({"key": link_parameter(&mail, "key")})).await;

    assert_eq!(response.expect(200), json!({"detail": "ok"}));
    assert_eq!(verified(&shop), 1);
    assert_eq!(shop.published_events(), ["customer.registered", "customer.verified"]);
    let entry = "select count(*) from audit_entries where action = 'user.email_verified' \
                 and actor->>'id' = object_id and address = '127.0.0.1'";
    assert_eq!(shop.number(entry), 1);
}

#[actix_web::test]
async fn verification_key_works_once() {
    let shop = TestShop::new().await;
    post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);
    shop.run_jobs().await;
    let key = json!({"key": link_parameter(&only_mail_to(&shop, "ana@example.com"), "key")});
    post(&shop, VERIFY, key.clone()).await.expect(200);

    for body in [key, json!({"key": "x"}), json!({"key": "x".repeat(43)})] {
        let response = post(&shop, VERIFY, body).await;
        assert_eq!(response.expect(404), json!({"detail": "Not found.", "code": "not_found"}));
    }
}

#[actix_web::test]
async fn optional_verification_allows_sign_in_before_it() {
    let shop = TestShop::new().await;

    let tokens = post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);

    assert!(tokens["access"].is_string());
    log_in(&shop, "ana@example.com", PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn required_verification_blocks_sign_in_before_it() {
    let shop = strict_shop().await;
    let response = post(&shop, REGISTER, registration("ana@example.com")).await;
    assert_eq!(response.expect(201), json!({"detail": "Verification e-mail sent."}));
    assert_eq!(shop.number("select count(*) from sessions"), 0);

    for url in ["/api/auth/login/", "/api/auth/token/", "/api/token/"] {
        let rejected = post(&shop, url, json!({"email": "ana@example.com", "password": PASSWORD})).await;
        assert_eq!(rejected.expect(400), json!({"non_field_errors": ["E-mail is not verified."]}));
    }
    assert_eq!(shop.number("select count(*) from sessions"), 0);

    shop.run_jobs().await;
    let key = link_parameter(&only_mail_to(&shop, "ana@example.com"), "key");
    post(&shop, VERIFY, json!({"key": key})).await.expect(200);
    log_in(&shop, "ana@example.com", PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn wrong_password_does_not_reveal_an_unverified_address() {
    let shop = strict_shop().await;
    post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);

    let unverified = log_in(&shop, "ana@example.com", "wrong horse").await;
    let unknown = log_in(&shop, "nobody@example.com", "wrong horse").await;

    assert_eq!(unverified.expect(400), json!({"non_field_errors": ["Unable to log in with provided credentials."]}));
    assert_eq!(unverified.body, unknown.body);
}

#[actix_web::test]
async fn repeated_registration_is_reported_only_by_email() {
    let shop = strict_shop().await;
    let first = post(&shop, REGISTER, registration("ana@example.com")).await;
    shop.run_jobs().await;
    let before = "select count(*) from users u, customers c where u.first_name = 'Ana' and c.user_id = u.id";
    let mut again = registration("ANA@example.com");
    again["first_name"] = json!("Mallory");

    let second = post(&shop, REGISTER, again).await;

    assert_eq!((second.status, &second.body), (first.status, &first.body));
    assert_eq!(second.header("location"), first.header("location"));
    assert_eq!(shop.number(before), 1);
    assert_eq!(shop.number("select count(*) from users"), 1);
    shop.run_jobs().await;
    let mail = last_mail_to(&shop, "ana@example.com");
    assert_eq!(mail.header("Subject"), "You already have an account at Mercer");
    assert!(mail.text.starts_with("Hello Ana,\n") && !mail.text.contains("Mallory"), "{}", mail.text);
    assert!(mail.text.contains("/account/reset-password#uid="), "{}", mail.text);
}

#[actix_web::test]
async fn concurrent_unverified_registrations_get_the_same_response() {
    let shop = strict_shop().await;

    let body = registration("ana@example.com");
    let (first, second) = futures_util::join!(post(&shop, REGISTER, body.clone()), post(&shop, REGISTER, body));

    assert_eq!((first.status, first.body), (second.status, second.body));
    assert_eq!(shop.number("select count(*) from users"), 1);
    assert_eq!(shop.number("select count(*) from customers"), 1);
    shop.run_jobs().await;
    assert_eq!(shop.mails_to("ana@example.com").len(), 2);
}

#[actix_web::test]
async fn verification_email_is_sent_at_most_once_a_minute() {
    let shop = TestShop::new().await;
    post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);
    shop.run_jobs().await;
    let first = link_parameter(&only_mail_to(&shop, "ana@example.com"), "key");
    let resend = async || {
        let response = post(&shop, RESEND, json!({"email": "Ana@example.com"})).await;
        assert_eq!(response.expect(200), json!({"detail": "ok"}));
        shop.run_jobs().await;
        shop.mails_to("ana@example.com").len()
    };

    assert_eq!(resend().await, 1, "at most one e-mail a minute");
    shop.advance(chrono::TimeDelta::seconds(61));
    assert_eq!(resend().await, 2);
    let second = link_parameter(&last_mail_to(&shop, "ana@example.com"), "key");

    assert_eq!(post(&shop, VERIFY, json!({"key": first})).await.status, 404, "only the newest key is valid");
    post(&shop, VERIFY, json!({"key": second})).await.expect(200);
    shop.advance(chrono::TimeDelta::seconds(61));
    assert_eq!(resend().await, 2, "the address is already verified");
}

#[actix_web::test]
async fn verification_email_is_sent_at_most_five_times_an_hour() {
    let shop = TestShop::new().await;
    post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);
    shop.run_jobs().await;
    for _ in 0..8 {
        shop.advance(chrono::TimeDelta::minutes(2));
        post(&shop, RESEND, json!({"email": "ana@example.com"})).await.expect(200);
        shop.run_jobs().await;
    }
    assert_eq!(shop.mails_to("ana@example.com").len(), 5);

    shop.advance(chrono::TimeDelta::minutes(61));
    post(&shop, RESEND, json!({"email": "ana@example.com"})).await.expect(200);
    shop.run_jobs().await;
    assert_eq!(shop.mails_to("ana@example.com").len(), 6);
}

#[actix_web::test]
async fn emails_use_the_language_of_the_registration() {
    let shop = TestShop::new().await;
    for (email, language, greeting) in [
        ("a@example.com", json!("de-AT"), "Guten Tag Ana,\n\nvielen Dank für Ihre Registrierung"),
        ("b@example.com", json!("sw"), "Hello Ana,\n\nthank you for your registration"),
        ("c@example.com", Value::Null, "Hello Ana,\n\nthank you for your registration"),
    ] {
        let mut body = registration(email);
        body["language"] = language;
        post(&shop, REGISTER, body).await.expect(201);
        shop.run_jobs().await;
        let mail = only_mail_to(&shop, email);
        assert!(mail.text.starts_with(greeting), "{}", mail.text);
    }
    let mut body = registration("d@example.com");
    body["language"] = json!("../../etc");
    let rejected = post(&shop, REGISTER, body).await;
    assert_eq!(rejected.expect(400), json!({"language": ["Enter a language tag such as \"en\" or \"de-AT\"."]}));
}
