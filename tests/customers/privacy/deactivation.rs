//! Deactivation and activation of customer accounts by staff.

use serde_json::json;

use super::{customer_url, error_body};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

#[actix_web::test]
async fn deactivated_customer_is_signed_out_and_cannot_sign_in() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mut other_server = shop.second_server().await;
    other_server.token = ana.token.clone();
    shop.anonymous().post("/api/auth/password/reset/", json!({"email": ana.email})).await.expect(200);
    shop.run_jobs().await;

    let response = staff.post(&customer_url(&ana, "deactivate"), json!({})).await;

    assert_eq!(response.expect(200), json!({"id": ana.customer, "is_active": false}));
    assert_eq!(other_server.get("/api/auth/user/").await.status, 401);
    let refreshed = shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": ana.refresh})).await;
    assert_eq!(refreshed.expect(401)["code"], "token_not_valid");
    let login = json!({"email": ana.email, "password": PASSWORD});
    assert_eq!(shop.anonymous().post("/api/auth/login/", login).await.status, 400);
    assert_eq!(shop.number("select count(*) from account_tokens where ended_at is null"), 0);
    let entries = format!(
        "select count(*) from audit_entries where action = 'user.deactivated' and object_id = '{}' \
         and actor->>'id' = '{}'",
        ana.user, staff.user
    );
    assert_eq!(shop.number(&entries), 1);
    assert_eq!(shop.published_events(), ["customer.deactivated"]);
}

#[actix_web::test]
async fn activated_customer_must_sign_in_again() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    staff.post(&customer_url(&ana, "deactivate"), json!({})).await.expect(200);

    let response = staff.post(&customer_url(&ana, "activate"), json!({})).await;

    assert_eq!(response.expect(200), json!({"id": ana.customer, "is_active": true}));
    assert_eq!(ana.get("/api/auth/user/").await.status, 401, "old sessions stay revoked");
    let login = json!({"email": ana.email, "password": PASSWORD});
    shop.anonymous().post("/api/auth/login/", login).await.expect(200);
}

#[actix_web::test]
async fn repeated_deactivation_publishes_one_event() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);

    for _ in 0..2 {
        staff.post(&customer_url(&ana, "deactivate"), json!({})).await.expect(200);
    }

    assert_eq!(shop.published_events(), ["customer.deactivated"]);
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'user.deactivated'"), 1);
}

#[actix_web::test]
async fn staff_account_cannot_be_deactivated_or_erased_as_a_customer() {
    let shop = TestShop::new().await;
    let (staff, root) = (shop.staff().await, shop.superuser().await);

    for verb in ["deactivate", "activate", "erase"] {
        let response = staff.post(&customer_url(&root, verb), json!({})).await;
        let message = "This account belongs to a staff member. Remove the staff member first.";
        assert_eq!(response.expect(409), error_body(message, "staff_account"));
    }

    assert_eq!(root.get("/api/auth/user/").await.status, 200);
}

#[actix_web::test]
async fn customer_without_an_account_cannot_be_deactivated() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.execute("update customers set user_id = null where email = 'ana@example.com'");

    let response = staff.post(&customer_url(&ana, "deactivate"), json!({})).await;

    assert_eq!(response.expect(409), error_body("This customer has no account.", "no_account"));
}
