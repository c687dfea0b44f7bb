//! Inviting, deactivating and dismissing staff members.

use serde_json::json;

use super::{group, member, own_permissions};
use crate::support::TestShop;
use crate::support::second_factors::set_up_authenticator;
use crate::support::shop::PASSWORD;

const LOGIN: &str = "/api/auth/login/";

#[actix_web::test]
async fn invited_customer_keeps_name_password_and_session() {
    let shop = TestShop::new().await;
    let (root, ana) = (shop.superuser().await, shop.customer("ana").await);
    shop.execute("update users set email_verified_at = now()");
    let desk = group(&root, "Desk", &["orders.view"]).await;
    let secret = "select count(*) from users where email = 'ana@example.com' and password_hash like '$2%'";
    assert_eq!(shop.number(secret), 1);

    let body = json!({"email": "Ana@example.com", "first_name": "Another name", "groups": [desk]});
    let invited = root.post("/api/staff/", body).await;

    let body = invited.expect(201);
    assert_eq!(invited.header("location"), Some(member(&ana).as_str()));
    assert_eq!((&body["id"], &body["first_name"]), (&json!(ana.user), &json!("ana")));
    assert_eq!(body["groups"], json!([{"group": desk}]));
    assert_eq!(own_permissions(&ana).await, json!(["orders.view"]));
    shop.anonymous().post(LOGIN, json!({"email": ana.email, "password": PASSWORD})).await.expect(200);
    assert_eq!(shop.number("select count(*) from users"), 2);
    assert_eq!(shop.number(secret), 1);
}

#[actix_web::test]
async fn invited_new_user_sets_a_password_with_the_emailed_link() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let desk = group(&root, "Desk", &["orders.view"]).await;
    let body = json!({"email": "otieno@example.com", "first_name": "Otieno", "groups": [desk]});
    root.post("/api/staff/", body).await.expect(201);
    shop.run_jobs().await;

    let letter = shop.mails_to("otieno@example.com").remove(0);

    assert_eq!(letter.header("Subject"), "You are now a staff member of Mercer");
    let link = letter.text.split_once("/account/reset-password#").unwrap().1.split_whitespace().next().unwrap();
    let (uid, token) = link.strip_prefix("uid=").unwrap().split_once("&token=").unwrap();
    let chosen =
        json!({"uid": uid, "token": token, "new_password1": "battery staple", "new_password2": "battery staple"});
    shop.advance(chrono::TimeDelta::hours(71));
    shop.anonymous().post("/api/auth/password/reset/confirm/", chosen.clone()).await.expect(200);
    let credentials = json!({"email": "otieno@example.com", "password": "battery staple"});
    let tokens = shop.anonymous().post(LOGIN, credentials).await.expect(200);
    let bearer = format!("Bearer {}", tokens["access"].as_str().unwrap());
    let otieno = shop.anonymous().with_header("authorization", &bearer);
    assert_eq!(otieno.get("/api/auth/permissions/").await.expect(200)["permissions"], json!(["orders.view"]));
    let again = shop.anonymous().post("/api/auth/password/reset/confirm/", chosen).await;
    assert_eq!(again.expect(400), json!({"token": ["Invalid value"]}), "the link can be used once");
}

#[actix_web::test]
async fn invitation_resets_an_account_with_an_unverified_email() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let impostor = shop.customer("otieno").await;
    set_up_authenticator(&shop, &impostor).await;

    let body = json!({"email": "otieno@example.com", "groups": [group(&root, "Desk", &["orders.view"]).await]});
    root.post("/api/staff/", body).await.expect(201);

    assert_eq!(impostor.get("/api/orders/").await.status, 401, "signed out");
    let credentials = json!({"email": "otieno@example.com", "password": PASSWORD});
    assert_eq!(shop.anonymous().post(LOGIN, credentials).await.status, 400, "the password is removed");
    assert_eq!(shop.number("select count(*) from totp_devices"), 0);
    shop.run_jobs().await;
    let letter = shop.mails_to("otieno@example.com").pop().unwrap();
    assert!(
        letter.text.contains("/account/reset-password#"),
        "the owner of the address sets a password: {}",
        letter.text
    );
}

#[actix_web::test]
async fn deactivated_user_cannot_be_invited() {
    let shop = TestShop::new().await;
    let (root, ana) = (shop.superuser().await, shop.customer("ana").await);
    shop.execute(&format!("update users set is_active = false where id = '{}'", ana.user));

    let rejected = root.post("/api/staff/", json!({"email": ana.email})).await;

    assert_eq!(rejected.expect(400), json!({"email": ["This account is deactivated. Activate it first."]}));
    assert_eq!(shop.number("select count(*) from users where is_staff"), 1);
}

#[actix_web::test]
async fn invited_customer_is_notified_without_a_link() {
    let shop = TestShop::new().await;
    let (root, ana) = (shop.superuser().await, shop.customer("ana").await);
    shop.execute("update users set email_verified_at = now()");

    root.post("/api/staff/", json!({"email": ana.email})).await.expect(201);
    shop.run_jobs().await;

    let letter = shop.mails_to(&ana.email).remove(0);
    assert_eq!(letter.header("Subject"), "You are now a staff member of Mercer");
    assert!(letter.text.contains("Sign in as usual") && !letter.text.contains("http"), "{}", letter.text);
    assert_eq!(shop.number("select count(*) from account_tokens"), 0);
}

#[actix_web::test]
async fn invited_new_user_has_no_password() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;

    let body = json!({"email": "otieno@example.com", "first_name": "Otieno"});
    let invited = root.post("/api/staff/", body.clone()).await.expect(201);

    assert_eq!((&invited["first_name"], &invited["groups"]), (&json!("Otieno"), &json!([])));
    for password in ["", PASSWORD] {
        let credentials = json!({"email": "otieno@example.com", "password": password});
        assert_eq!(shop.anonymous().post(LOGIN, credentials).await.status, 400);
    }
    let again = root.post("/api/staff/", body).await;
    assert_eq!(again.expect(400), json!({"email": ["This user is already a staff member."]}));
}

#[actix_web::test]
async fn dismissed_staff_member_is_signed_out_and_remains_a_customer() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let staff = shop.staff().await;

    root.delete(&member(&staff)).await.expect(204);

    assert_eq!(staff.get("/api/customers/me/").await.status, 401, "signed out");
    let refresh = shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": staff.refresh})).await;
    assert_eq!(refresh.status, 401);
    root.get(&member(&staff)).await.expect(404);
    root.delete(&member(&staff)).await.expect(404);
    assert_eq!(shop.number("select count(*) from group_members"), 0);
    let tokens = shop.anonymous().post("/api/auth/token/", json!({"email": staff.email, "password": PASSWORD})).await;
    let token = format!("Bearer {}", tokens.expect(200)["access"].as_str().unwrap());
    let customer = shop.anonymous().with_header("authorization", &token);
    assert_eq!(customer.get("/api/customers/me/").await.expect(200)["email"], staff.email.as_str());
    assert_eq!(
        customer.get("/api/auth/permissions/").await.expect(200),
        json!({"is_superuser": false, "permissions": [], "channels": null})
    );
    customer.get("/api/staff/").await.expect(403);
}

#[actix_web::test]
async fn deactivated_staff_member_cannot_sign_in_until_activated() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let staff = shop.staff().await;
    let sign_in = || async {
        let credentials = json!({"email": "staff@example.com", "password": PASSWORD});
        shop.anonymous().post(LOGIN, credentials).await.status.as_u16()
    };

    root.post(&format!("{}deactivate/", member(&staff)), json!({})).await.expect(200);

    assert_eq!(staff.get("/api/staff/").await.status, 401);
    assert_eq!(sign_in().await, 400);
    root.post(&format!("{}activate/", member(&staff)), json!({})).await.expect(200);
    assert_eq!(staff.get("/api/staff/").await.status, 401, "the old session stays revoked");
    assert_eq!(sign_in().await, 200);
    let entries = "select count(*) from audit_entries where action = 'user.activated'";
    assert_eq!(shop.number(entries), 1);
    root.post(&format!("{}activate/", member(&staff)), json!({})).await.expect(200);
    assert_eq!(shop.number(entries), 1, "nothing changed");
}

#[actix_web::test]
async fn invitation_to_an_unknown_group_is_rejected() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let unknown = "0190aaaa-0000-7000-8000-00000000dead";

    let body = json!({"email": "otieno@example.com", "groups": [unknown]});
    let rejected = root.post("/api/staff/", body).await.expect(400);

    assert!(rejected["groups"][0].as_str().unwrap().contains(unknown), "{rejected}");
    assert_eq!(shop.number("select count(*) from users"), 1);
}
