//! Accounts switched off and on by staff.

use serde_json::json;

use super::{customer_url, refused};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

#[actix_web::test]
async fn whoever_is_switched_off_is_out_at_once_and_stays_out() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mut elsewhere = shop.another_instance().await;
    elsewhere.token = ana.token.clone();
    shop.anonymous().post("/api/auth/password/reset/", json!({"email": ana.email})).await.expect(200);
    shop.run_jobs().await;

    let answer = staff.post(&customer_url(&ana, "deactivate"), json!({})).await;

    assert_eq!(answer.expect(200), json!({"id": ana.customer, "is_active": false}));
    assert_eq!(elsewhere.get("/api/auth/user/").await.status, 401);
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
async fn whoever_is_switched_on_again_signs_in_anew() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    staff.post(&customer_url(&ana, "deactivate"), json!({})).await.expect(200);

    let answer = staff.post(&customer_url(&ana, "activate"), json!({})).await;

    assert_eq!(answer.expect(200), json!({"id": ana.customer, "is_active": true}));
    assert_eq!(ana.get("/api/auth/user/").await.status, 401, "old sessions stay ended");
    let login = json!({"email": ana.email, "password": PASSWORD});
    shop.anonymous().post("/api/auth/login/", login).await.expect(200);
}

#[actix_web::test]
async fn switching_off_twice_is_no_error_and_no_second_event() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);

    for _ in 0..2 {
        staff.post(&customer_url(&ana, "deactivate"), json!({})).await.expect(200);
    }

    assert_eq!(shop.published_events(), ["customer.deactivated"]);
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'user.deactivated'"), 1);
}

#[actix_web::test]
async fn staff_are_not_switched_off_as_customers() {
    let shop = TestShop::new().await;
    let (staff, root) = (shop.staff().await, shop.superuser().await);

    for verb in ["deactivate", "activate", "erase"] {
        let answer = staff.post(&customer_url(&root, verb), json!({})).await;
        let told = "This is an account of staff: take their rights away first.";
        assert_eq!(answer.expect(409), refused(told, "staff_account"));
    }

    assert_eq!(root.get("/api/auth/user/").await.status, 200);
}

#[actix_web::test]
async fn a_customer_without_an_account_cannot_be_switched_off() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.execute("update customers set user_id = null where email = 'ana@example.com'");

    let answer = staff.post(&customer_url(&ana, "deactivate"), json!({})).await;

    assert_eq!(answer.expect(409), refused("This customer has no account.", "no_account"));
}
