//! Staff, of whom the shop may ask a second factor, and who help those that have lost theirs.

use mercer::platform::auth::Permission;
use serde_json::json;

use super::{bearing, entries, log_in, mfa_token, sessions, telephone_of, verify};
use crate::support::TestShop;

const REQUIRED: [(&str, &str); 1] = [("STAFF_SECOND_FACTOR", "required")];

fn reset_url(person: &crate::support::shop::Person) -> String {
    format!("/api/staff/{}/reset-factors/", person.user)
}

#[actix_web::test]
async fn without_one_staff_may_set_one_up_and_nothing_else() {
    let shop = TestShop::with_settings(&REQUIRED).await;
    let (staff, root) = (shop.staff().await, shop.superuser().await);
    let told = json!({
        "detail": "Set up a second factor first: the shop asks it of its staff.", "code": "second_factor_required",
    });

    for person in [&staff, &root] {
        let refused = person.post("/api/categories/", json!({"name": "Mugs"})).await;
        assert_eq!(refused.expect(403), told);
        assert_eq!(person.get("/api/jobs/").await.expect(403), told);
        assert_eq!(person.get("/api/auth/mfa/status/").await.expect(200)["required"], true);
    }
    assert_eq!(shop.number("select count(*) from categories"), 0);

    telephone_of(&shop, &staff).await;
    staff.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);
}

#[actix_web::test]
async fn whoever_takes_their_factor_off_loses_their_rights() {
    let shop = TestShop::with_settings(&REQUIRED).await;
    let staff = shop.staff().await;
    let telephone = telephone_of(&shop, &staff).await;
    staff.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);

    let body = json!({"password": crate::support::shop::PASSWORD, "code": telephone.next(&shop)});
    staff.post("/api/auth/mfa/totp/deactivate/", body).await.expect(204);

    let refused = staff.post("/api/categories/", json!({"name": "Cups"})).await;
    assert_eq!(refused.expect(403)["code"], "second_factor_required");
}

#[actix_web::test]
async fn customers_are_not_asked_for_one() {
    let shop = TestShop::with_settings(&REQUIRED).await;
    let ana = shop.customer("ana").await;

    assert_eq!(ana.get("/api/customers/me/").await.status, 200);
    assert_eq!(ana.get("/api/auth/mfa/status/").await.expect(200)["required"], false);
    let refused = ana.post("/api/categories/", json!({"name": "Mugs"})).await;
    assert_eq!(refused.expect(403)["code"], "permission_denied");
}

#[actix_web::test]
async fn where_it_is_optional_staff_work_without() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    staff.post("/api/categories/", json!({"name": "Mugs"})).await.expect(201);
    assert_eq!(staff.get("/api/auth/mfa/status/").await.expect(200)["required"], false);
}

#[actix_web::test]
async fn a_lost_factor_is_taken_off_and_the_sessions_end() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let telephone = telephone_of(&shop, &ana).await;
    let half_done = mfa_token(&shop, &ana).await;

    staff.post(&reset_url(&ana), json!({})).await.expect(204);

    assert_eq!(ana.get("/api/auth/user/").await.status, 401);
    let refresh = shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": ana.refresh})).await;
    refresh.expect(401);
    let late = verify(&shop, json!({"mfa_token": half_done, "code": telephone.next(&shop)})).await;
    assert_eq!(late.expect(401)["code"], "mfa_token_not_valid");
    let tokens = log_in(&shop, &ana).await.expect(200);
    let status = bearing(&shop, &tokens).get("/api/auth/mfa/status/").await.expect(200);
    assert_eq!(status, json!({"totp": false, "passkeys": 0, "recovery_codes_left": 0, "required": false}));
    assert_eq!(entries(&shop, "user.factors_reset"), 1);
    shop.run_jobs().await;
    assert_eq!(shop.mails().len(), 2);
}

#[actix_web::test]
async fn nobody_resets_the_factors_of_somebody_who_may_do_more() {
    let shop = TestShop::new().await;
    let desk = shop.staff_with("desk", &[Permission::StaffResetFactors]).await;
    let manager = shop.staff_with("manager", Permission::ALL).await;
    telephone_of(&shop, &manager).await;

    let refused = desk.post(&reset_url(&manager), json!({})).await;

    assert_eq!(refused.expect(403)["code"], "out_of_scope");
    assert_eq!(shop.number("select count(*) from totp_devices"), 1);
    assert_eq!(manager.get("/api/auth/user/").await.status, 200);
}

#[actix_web::test]
async fn only_those_with_the_permission_reset_factors() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    telephone_of(&shop, &ana).await;

    assert_eq!(shop.anonymous().post(&reset_url(&ana), json!({})).await.expect(401)["code"], "not_authenticated");
    assert_eq!(ben.post(&reset_url(&ana), json!({})).await.expect(403)["code"], "permission_denied");
    assert_eq!(ana.post(&reset_url(&ana), json!({})).await.expect(403)["code"], "permission_denied");

    assert_eq!(shop.number("select count(*) from totp_devices"), 1);
    assert_eq!(sessions(&shop), 2);
}

#[actix_web::test]
async fn a_superusers_factor_and_ones_own_stay() {
    let shop = TestShop::new().await;
    let (root, staff) = (shop.superuser().await, shop.staff().await);
    telephone_of(&shop, &root).await;
    telephone_of(&shop, &staff).await;

    assert_eq!(staff.post(&reset_url(&root), json!({})).await.expect(403)["code"], "out_of_scope");
    assert_eq!(staff.post(&reset_url(&staff), json!({})).await.expect(409)["code"], "own_account");
    assert_eq!(shop.number("select count(*) from totp_devices"), 2);

    root.post(&reset_url(&staff), json!({})).await.expect(204);
    assert_eq!(shop.number("select count(*) from totp_devices"), 1);
}
