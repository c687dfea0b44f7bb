//! Second factors of staff: the requirement of the shop, and the reset by other staff members.

use mercer::customers::permissions::ResetFactors;
use mercer::platform::auth::Permission;
use serde_json::json;

use super::totp::{client_with_token, entries, log_in, mfa_token, sessions, set_up_authenticator, verify};
use crate::support::TestShop;

const REQUIRED: [(&str, &str); 1] = [("STAFF_SECOND_FACTOR", "required")];

fn reset_url(person: &crate::support::shop::TestUser) -> String {
    format!("/api/staff/{}/reset-factors/", person.user)
}

#[actix_web::test]
async fn staff_member_without_a_required_second_factor_can_only_set_one_up() {
    let shop = TestShop::with_settings(&REQUIRED).await;
    let (staff, root) = (shop.staff().await, shop.superuser().await);
    let expected = json!({
        "detail": "Set up a second factor first: this shop requires one for its staff.", "code": "second_factor_required",
    });

    for user in [&staff, &root] {
        let rejected = user.post("/api/categories/", json!({"name": "Mugs"})).await;
        assert_eq!(rejected.expect(403), expected);
        assert_eq!(user.get("/api/jobs/").await.expect(403), expected);
        assert_eq!(user.get("/api/auth/mfa/status/").await.expect(200)["required"], true);
    }
    assert_eq!(shop.number("select count(*) from categories"), 0);

    set_up_authenticator(&shop, &staff).await;
    staff.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);
}

#[actix_web::test]
async fn staff_member_who_removes_a_required_second_factor_loses_access() {
    let shop = TestShop::with_settings(&REQUIRED).await;
    let staff = shop.staff().await;
    let authenticator = set_up_authenticator(&shop, &staff).await;
    staff.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);

    let body = json!({"password": crate::support::shop::PASSWORD, "code": authenticator.next_code(&shop)});
    staff.post("/api/auth/mfa/totp/deactivate/", body).await.expect(204);

    let rejected = staff.post("/api/categories/", json!({"name": "Cups"})).await;
    assert_eq!(rejected.expect(403)["code"], "second_factor_required");
}

#[actix_web::test]
async fn second_factor_is_not_required_of_customers() {
    let shop = TestShop::with_settings(&REQUIRED).await;
    let ana = shop.customer("ana").await;

    assert_eq!(ana.get("/api/customers/me/").await.status, 200);
    assert_eq!(ana.get("/api/auth/mfa/status/").await.expect(200)["required"], false);
    let rejected = ana.post("/api/categories/", json!({"name": "Mugs"})).await;
    assert_eq!(rejected.expect(403)["code"], "permission_denied");
}

#[actix_web::test]
async fn optional_second_factor_is_not_required_of_staff() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    staff.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);
    assert_eq!(staff.get("/api/auth/mfa/status/").await.expect(200)["required"], false);
}

#[actix_web::test]
async fn reset_removes_second_factors_and_revokes_sessions() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let authenticator = set_up_authenticator(&shop, &ana).await;
    let pending_token = mfa_token(&shop, &ana).await;

    staff.post(&reset_url(&ana), json!({})).await.expect(204);

    assert_eq!(ana.get("/api/auth/user/").await.status, 401);
    let refresh = shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": ana.refresh})).await;
    refresh.expect(401);
    let late = verify(&shop, json!({"mfa_token": pending_token, "code": authenticator.next_code(&shop)})).await;
    assert_eq!(late.expect(401)["code"], "mfa_token_not_valid");
    let tokens = log_in(&shop, &ana).await.expect(200);
    let status = client_with_token(&shop, &tokens).get("/api/auth/mfa/status/").await.expect(200);
    assert_eq!(status, json!({"totp": false, "passkeys": 0, "recovery_codes_left": 0, "required": false}));
    assert_eq!(entries(&shop, "user.factors_reset"), 1);
    shop.run_jobs().await;
    assert_eq!(shop.mails().len(), 2);
}

#[actix_web::test]
async fn reset_requires_all_permissions_of_the_user() {
    let shop = TestShop::new().await;
    let desk = shop.staff_with("desk", &[ResetFactors::PERMISSION]).await;
    let manager = shop.staff_with("manager", Permission::all()).await;
    set_up_authenticator(&shop, &manager).await;

    let rejected = desk.post(&reset_url(&manager), json!({})).await;

    assert_eq!(rejected.expect(403)["code"], "out_of_scope");
    assert_eq!(shop.number("select count(*) from totp_devices"), 1);
    assert_eq!(manager.get("/api/auth/user/").await.status, 200);
}

#[actix_web::test]
async fn second_factor_reset_requires_its_permission() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    set_up_authenticator(&shop, &ana).await;

    assert_eq!(shop.anonymous().post(&reset_url(&ana), json!({})).await.expect(401)["code"], "not_authenticated");
    assert_eq!(ben.post(&reset_url(&ana), json!({})).await.expect(403)["code"], "permission_denied");
    assert_eq!(ana.post(&reset_url(&ana), json!({})).await.expect(403)["code"], "permission_denied");

    assert_eq!(shop.number("select count(*) from totp_devices"), 1);
    assert_eq!(sessions(&shop), 2);
}

#[actix_web::test]
async fn reset_is_rejected_for_superusers_and_the_own_account() {
    let shop = TestShop::new().await;
    let (root, staff) = (shop.superuser().await, shop.staff().await);
    set_up_authenticator(&shop, &root).await;
    set_up_authenticator(&shop, &staff).await;

    assert_eq!(staff.post(&reset_url(&root), json!({})).await.expect(403)["code"], "out_of_scope");
    assert_eq!(staff.post(&reset_url(&staff), json!({})).await.expect(409)["code"], "own_account");
    assert_eq!(shop.number("select count(*) from totp_devices"), 2);

    root.post(&reset_url(&staff), json!({})).await.expect(204);
    assert_eq!(shop.number("select count(*) from totp_devices"), 1);
}
