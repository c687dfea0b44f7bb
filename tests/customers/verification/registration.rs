//! Registering, and proving the address.

use serde_json::{Value, json};

use super::{RESEND, VERIFY, last_letter_to, log_in, of_link, only_letter_to, post, registration};
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
async fn whoever_registers_is_sent_a_link_that_verifies_their_address() {
    let shop = TestShop::new().await;
    post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);
    assert_eq!(shop.mails(), [], "not before somebody works");
    shop.run_jobs().await;
    let letter = only_letter_to(&shop, "ana@example.com");
    assert_eq!(letter.header("Subject"), "Confirm your e-mail address at Mercer");
    assert!(letter.text.starts_with("Hello Ana,\n"), "{}", letter.text);
    assert_eq!(verified(&shop), 0);

    let answer = post(&shop, VERIFY, json!({"key": of_link(&letter, "key")})).await;

    assert_eq!(answer.expect(200), json!({"detail": "ok"}));
    assert_eq!(verified(&shop), 1);
    assert_eq!(shop.published_events(), ["customer.registered", "customer.verified"]);
    let entry = "select count(*) from audit_entries where action = 'user.email_verified' \
                 and actor->>'id' = object_id and address = '127.0.0.1'";
    assert_eq!(shop.number(entry), 1);
}

#[actix_web::test]
async fn a_key_works_once() {
    let shop = TestShop::new().await;
    post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);
    shop.run_jobs().await;
    let key = json!({"key": of_link(&only_letter_to(&shop, "ana@example.com"), "key")});
    post(&shop, VERIFY, key.clone()).await.expect(200);

    for body in [key, json!({"key": "x"}), json!({"key": "x".repeat(43)})] {
        let answer = post(&shop, VERIFY, body).await;
        assert_eq!(answer.expect(404), json!({"detail": "Not found.", "code": "not_found"}));
    }
}

#[actix_web::test]
async fn where_verification_is_optional_everybody_signs_in_at_once() {
    let shop = TestShop::new().await;

    let tokens = post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);

    assert!(tokens["access"].is_string());
    log_in(&shop, "ana@example.com", PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn where_verification_is_required_nobody_signs_in_before_it() {
    let shop = strict_shop().await;
    let answer = post(&shop, REGISTER, registration("ana@example.com")).await;
    assert_eq!(answer.expect(201), json!({"detail": "Verification e-mail sent."}));
    assert_eq!(shop.number("select count(*) from sessions"), 0);

    for url in ["/api/auth/login/", "/api/auth/token/", "/api/token/"] {
        let refused = post(&shop, url, json!({"email": "ana@example.com", "password": PASSWORD})).await;
        assert_eq!(refused.expect(400), json!({"non_field_errors": ["E-mail is not verified."]}));
    }
    assert_eq!(shop.number("select count(*) from sessions"), 0);

    shop.run_jobs().await;
    let key = of_link(&only_letter_to(&shop, "ana@example.com"), "key");
    post(&shop, VERIFY, json!({"key": key})).await.expect(200);
    log_in(&shop, "ana@example.com", PASSWORD).await.expect(200);
}

#[actix_web::test]
async fn who_does_not_know_the_password_does_not_learn_that_an_address_is_not_verified() {
    let shop = strict_shop().await;
    post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);

    let unverified = log_in(&shop, "ana@example.com", "wrong horse").await;
    let unknown = log_in(&shop, "nobody@example.com", "wrong horse").await;

    assert_eq!(unverified.expect(400), json!({"non_field_errors": ["Unable to log in with provided credentials."]}));
    assert_eq!(unverified.body, unknown.body);
}

#[actix_web::test]
async fn who_registers_again_is_told_so_by_mail_alone() {
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
    let letter = last_letter_to(&shop, "ana@example.com");
    assert_eq!(letter.header("Subject"), "You have an account at Mercer already");
    assert!(letter.text.starts_with("Hello Ana,\n") && !letter.text.contains("Mallory"), "{}", letter.text);
    assert!(letter.text.contains("/account/reset-password#uid="), "{}", letter.text);
}

#[actix_web::test]
async fn of_two_who_register_one_address_unseen_both_hear_the_same() {
    let shop = strict_shop().await;

    let body = registration("ana@example.com");
    let (one, other) = futures_util::join!(post(&shop, REGISTER, body.clone()), post(&shop, REGISTER, body));

    assert_eq!((one.status, one.body), (other.status, other.body));
    assert_eq!(shop.number("select count(*) from users"), 1);
    assert_eq!(shop.number("select count(*) from customers"), 1);
    shop.run_jobs().await;
    assert_eq!(shop.letters_to("ana@example.com").len(), 2);
}

#[actix_web::test]
async fn a_key_is_sent_again_but_not_every_second() {
    let shop = TestShop::new().await;
    post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);
    shop.run_jobs().await;
    let first = of_link(&only_letter_to(&shop, "ana@example.com"), "key");
    let resend = async || {
        let answer = post(&shop, RESEND, json!({"email": "Ana@example.com"})).await;
        assert_eq!(answer.expect(200), json!({"detail": "ok"}));
        shop.run_jobs().await;
        shop.letters_to("ana@example.com").len()
    };

    assert_eq!(resend().await, 1, "a mail a minute");
    shop.advance(chrono::TimeDelta::seconds(61));
    assert_eq!(resend().await, 2);
    let second = of_link(&last_letter_to(&shop, "ana@example.com"), "key");

    assert_eq!(post(&shop, VERIFY, json!({"key": first})).await.status, 404, "only the newest counts");
    post(&shop, VERIFY, json!({"key": second})).await.expect(200);
    shop.advance(chrono::TimeDelta::seconds(61));
    assert_eq!(resend().await, 2, "there is nothing left to verify");
}

#[actix_web::test]
async fn five_mails_an_hour_are_enough() {
    let shop = TestShop::new().await;
    post(&shop, REGISTER, registration("ana@example.com")).await.expect(201);
    shop.run_jobs().await;
    for _ in 0..8 {
        shop.advance(chrono::TimeDelta::minutes(2));
        post(&shop, RESEND, json!({"email": "ana@example.com"})).await.expect(200);
        shop.run_jobs().await;
    }
    assert_eq!(shop.letters_to("ana@example.com").len(), 5);

    shop.advance(chrono::TimeDelta::minutes(61));
    post(&shop, RESEND, json!({"email": "ana@example.com"})).await.expect(200);
    shop.run_jobs().await;
    assert_eq!(shop.letters_to("ana@example.com").len(), 6);
}

#[actix_web::test]
async fn mails_are_in_the_language_that_somebody_registered_in() {
    let shop = TestShop::new().await;
    for (email, language, greeting) in [
        ("a@example.com", json!("de-AT"), "Guten Tag Ana,\n\njemand, vermutlich Sie, hat sich"),
        ("b@example.com", json!("sw"), "Hello Ana,\n\nsomebody, probably you, has registered"),
        ("c@example.com", Value::Null, "Hello Ana,\n\nsomebody, probably you, has registered"),
    ] {
        let mut body = registration(email);
        body["language"] = language;
        post(&shop, REGISTER, body).await.expect(201);
        shop.run_jobs().await;
        let letter = only_letter_to(&shop, email);
        assert!(letter.text.starts_with(greeting), "{}", letter.text);
    }
    let mut body = registration("d@example.com");
    body["language"] = json!("../../etc");
    let refused = post(&shop, REGISTER, body).await;
    assert_eq!(refused.expect(400), json!({"language": ["Enter a language tag such as \"en\" or \"de-AT\"."]}));
}
