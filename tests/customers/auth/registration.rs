//! Registration.

use futures_util::join;
use serde_json::{Value, json};

use super::{client_with_token, text};
use crate::support::{TestResponse, TestShop};

const URL: &str = "/api/auth/registration/";

fn ana() -> Value {
    json!({
        "email": "Ana@Example.com", "password1": "correct horse", "password2": "correct horse",
        "first_name": " Ana ", "last_name": "Wanjiru", "phone": "+254 700 000 001",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut body = ana();
    body[name] = value;
    body
}

async fn register(shop: &TestShop, body: Value) -> TestResponse {
    shop.anonymous().post(URL, body).await
}

/// Asserts that there is no account and no session.
fn assert_no_account(shop: &TestShop) {
    let rows = "select (select count(*) from users) + (select count(*) from customers) + \
                (select count(*) from sessions) + (select count(*) from audit_entries)";
    assert_eq!(shop.number(rows), 0);
}

#[actix_web::test]
async fn registration_signs_the_customer_in() {
    let shop = TestShop::new().await;

    let response = register(&shop, ana()).await;

    let body = response.expect(201);
    assert_eq!(response.header("location"), Some("/api/auth/user/"));
    let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["access", "refresh", "user"]);
    let user = client_with_token(&shop, &text(&body, "access")).get("/api/auth/user/").await.expect(200);
    assert_eq!(body["user"], user);
    assert_eq!(
        user,
        json!({"pk": user["pk"], "email": "ana@example.com", "first_name": "Ana", "last_name": "Wanjiru"})
    );
}

#[actix_web::test]
async fn registered_customer_has_a_profile_and_no_staff_access() {
    let shop = TestShop::new().await;
    let mut body = ana();
    body["is_staff"] = json!(true);
    body["is_superuser"] = json!(true);

    let signed_in = register(&shop, body).await.expect(201);

    let profile = client_with_token(&shop, &text(&signed_in, "access")).get("/api/customers/me/").await.expect(200);
    assert_eq!(profile["phone"], "+254700000001");
    assert_eq!(profile["language"], "en");
    assert_eq!(shop.number("select count(*) from users where is_staff or is_superuser"), 0);
}

#[actix_web::test]
async fn registration_requires_only_email_and_password() {
    let shop = TestShop::new().await;

    let body = json!({"email": "ana@example.com", "password1": "correct horse", "password2": "correct horse"});
    let signed_in = register(&shop, body).await.expect(201);

    assert_eq!(signed_in["user"]["first_name"], "");
    assert_eq!(signed_in["user"]["last_name"], "");
}

#[actix_web::test]
async fn all_invalid_registration_fields_are_reported_together() {
    let shop = TestShop::new().await;

    let body = json!({
        "email": "ana", "password1": "seven77", "password2": "", "first_name": true, "last_name": "x".repeat(151),
        "phone": "0700",
    });
    let response = register(&shop, body).await;

    assert_eq!(
        response.expect(400),
        json!({
            "email": ["Enter a valid email address."],
            "first_name": ["Not a valid string."],
            "last_name": ["Ensure this field has no more than 150 characters."],
            "password1": ["This password is too short. It must contain at least 8 characters."],
            "password2": ["This field may not be blank."],
            "phone": ["Enter a valid phone number, with + and the country code."],
        })
    );
    assert_no_account(&shop);
}

#[actix_web::test]
async fn empty_registration_reports_the_required_fields() {
    let shop = TestShop::new().await;
    let required = json!(["This field is required."]);

    let response = register(&shop, json!({})).await;

    assert_eq!(response.expect(400), json!({"email": required, "password1": required, "password2": required}));
}

#[actix_web::test]
async fn email_uniqueness_ignores_case() {
    let shop = TestShop::new().await;
    register(&shop, ana()).await.expect(201);
    let rows =
        "select (select count(*) from users) + (select count(*) from customers) + (select count(*) from sessions)";
    let before = shop.number(rows);

    let response = register(&shop, with("email", json!(" ANA@EXAMPLE.COM"))).await;

    assert_eq!(response.expect(400), json!({"email": ["A user is already registered with this e-mail address."]}));
    assert_eq!(shop.number(rows), before);
}

#[actix_web::test]
async fn concurrent_registrations_of_one_email_create_one_account() {
    let shop = TestShop::new().await;

    let (first, second) = join!(register(&shop, ana()), register(&shop, ana()));

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    assert_eq!(shop.number("select count(*) from users"), 1);
    assert_eq!(shop.number("select count(*) from customers"), 1);
    assert_eq!(shop.number("select count(*) from sessions"), 1);
}

#[actix_web::test]
async fn registration_requires_matching_passwords() {
    let shop = TestShop::new().await;

    let response = register(&shop, with("password2", json!("correct horse "))).await;

    assert_eq!(response.expect(400), json!({"non_field_errors": ["The two password fields didn't match."]}));
    assert_no_account(&shop);
}

#[actix_web::test]
async fn password_needs_at_least_eight_characters() {
    let shop = TestShop::new().await;
    let both = |password: &str| {
        let mut body = with("password1", json!(password));
        body["password2"] = json!(password);
        body
    };

    let short = register(&shop, both("sévén77")).await;
    assert_eq!(
        short.expect(400),
        json!({"password1": ["This password is too short. It must contain at least 8 characters."]})
    );
    assert_no_account(&shop);

    register(&shop, both("ümläut§§")).await.expect(201);
}

#[actix_web::test]
async fn common_passwords_are_rejected() {
    let shop = TestShop::new().await;
    for common in ["password", "PASSWORD1", "1234567890", "iloveyou1"] {
        let mut body = with("password1", json!(common));
        body["password2"] = json!(common);
        let rejected = register(&shop, body).await.expect(400);
        assert_eq!(rejected, json!({"password1": ["This password is too common."]}), "{common}");
    }
    assert_no_account(&shop);
}

#[actix_web::test]
async fn password_similar_to_the_shop_name_or_the_account_is_rejected() {
    let shop = TestShop::with_settings(&[("MERCER_SHOP_NAME", "Mugs & More")]).await;
    for (password, text) in [
        ("mugs & more!", "This password is too common."),
        ("Nia@Example.com", "The password is too similar to your e-mail address or name."),
        ("mwangi!22", "The password is too similar to your e-mail address or name."),
    ] {
        let body = json!({
            "email": "nia@example.com", "password1": password, "password2": password, "last_name": "Mwangi",
        });
        assert_eq!(register(&shop, body).await.expect(400), json!({"password1": [text]}), "{password}");
    }
    assert_no_account(&shop);
}

#[actix_web::test]
async fn password_can_have_at_most_1024_bytes() {
    let shop = TestShop::new().await;
    let too_long = "é".repeat(512) + "x";
    let mut body = with("password1", json!(too_long));
    body["password2"] = json!(too_long);
    let message = json!(["Ensure this field has no more than 1024 characters."]);

    let response = register(&shop, body.clone()).await;
    assert_eq!(response.expect(400), json!({"password1": message, "password2": message}));
    assert_no_account(&shop);

    let longest = "é".repeat(512);
    body["password1"] = json!(longest);
    body["password2"] = json!(longest);
    register(&shop, body).await.expect(201);
}

#[actix_web::test]
async fn all_bytes_of_a_password_are_significant() {
    let shop = TestShop::new().await;
    let password = "  spaces around, \u{0} within, and many bytes more than the seventy-two of bcrypt ";
    let mut body = with("password1", json!(password));
    body["password2"] = json!(password);
    register(&shop, body).await.expect(201);
    let log_in = async |password: &str| {
        let body = json!({"email": "ana@example.com", "password": password});
        shop.anonymous().post("/api/auth/login/", body).await.status
    };

    assert_eq!(log_in(password).await, 200);
    assert_eq!(log_in(password.trim()).await, 400);
    assert_eq!(log_in(password.trim_start()).await, 400);
    assert_eq!(log_in(&password.replace('\0', "")).await, 400);
    // bcrypt alone ignores everything after a NUL and after byte 72.
    assert_eq!(log_in(&password[..72]).await, 400);
    assert_eq!(log_in(&format!("{password}x")).await, 400);
}

#[actix_web::test]
async fn password_must_be_a_string() {
    let shop = TestShop::new().await;

    let response = register(&shop, with("password1", json!(12_345_678))).await;

    assert_eq!(response.expect(400), json!({"password1": ["Not a valid string."]}));
}

#[actix_web::test]
async fn passwords_are_stored_only_as_hashes() {
    let shop = TestShop::new().await;
    register(&shop, ana()).await.expect(201);

    let hashed = "select count(*) from users where password_hash like '$2b$04$%' and length(password_hash) = 60";
    assert_eq!(shop.number(hashed), 1);
    let entries = "select count(*) from audit_entries where changes::text like '%horse%'";
    assert_eq!(shop.number(entries), 0);
}
