//! Coming to work here, and leaving.

use serde_json::json;

use super::{group, member, own_permissions};
use crate::support::TestShop;
use crate::support::second_factors::telephone_of;
use crate::support::shop::PASSWORD;

const LOGIN: &str = "/api/auth/login/";

#[actix_web::test]
async fn a_customer_who_is_invited_keeps_name_password_and_session() {
    let shop = TestShop::new().await;
    let (root, ana) = (shop.superuser().await, shop.customer("ana").await);
    shop.execute("update users set email_verified_at = now()");
    let desk = group(&root, "Desk", &["orders.view"]).await;
    let secret = "select count(*) from users where email = 'ana@example.com' and password_hash like '$2%'";
    assert_eq!(shop.number(secret), 1);

    let body = json!({"email": "Ana@example.com", "first_name": "Somebody else", "groups": [desk]});
    let invited = root.post("/api/staff/", body).await;

    let shown = invited.expect(201);
    assert_eq!(invited.header("location"), Some(member(&ana).as_str()));
    assert_eq!((&shown["id"], &shown["first_name"]), (&json!(ana.user), &json!("ana")));
    assert_eq!(shown["groups"], json!([{"group": desk}]));
    assert_eq!(own_permissions(&ana).await, json!(["orders.view"]));
    shop.anonymous().post(LOGIN, json!({"email": ana.email, "password": PASSWORD})).await.expect(200);
    assert_eq!(shop.number("select count(*) from users"), 2);
    assert_eq!(shop.number(secret), 1);
}

#[actix_web::test]
async fn a_stranger_who_is_invited_chooses_a_password_by_the_link_in_the_mail() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let desk = group(&root, "Desk", &["orders.view"]).await;
    let body = json!({"email": "otieno@example.com", "first_name": "Otieno", "groups": [desk]});
    root.post("/api/staff/", body).await.expect(201);
    shop.run_jobs().await;

    let letter = shop.letters_to("otieno@example.com").remove(0);

    assert_eq!(letter.header("Subject"), "You work at Mercer from now on");
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
    assert_eq!(again.expect(400), json!({"token": ["Invalid value"]}), "it works once");
}

#[actix_web::test]
async fn whoever_registered_with_the_address_before_its_owner_gets_no_rights() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let stranger = shop.customer("otieno").await;
    telephone_of(&shop, &stranger).await;

    let body = json!({"email": "otieno@example.com", "groups": [group(&root, "Desk", &["orders.view"]).await]});
    root.post("/api/staff/", body).await.expect(201);

    assert_eq!(stranger.get("/api/orders/").await.status, 401, "signed out");
    let credentials = json!({"email": "otieno@example.com", "password": PASSWORD});
    assert_eq!(shop.anonymous().post(LOGIN, credentials).await.status, 400, "and the password is gone");
    assert_eq!(shop.number("select count(*) from totp_devices"), 0);
    shop.run_jobs().await;
    let letter = shop.letters_to("otieno@example.com").pop().unwrap();
    assert!(letter.text.contains("/account/reset-password#"), "the owner of the address chooses one: {}", letter.text);
}

#[actix_web::test]
async fn nobody_who_is_switched_off_is_invited() {
    let shop = TestShop::new().await;
    let (root, ana) = (shop.superuser().await, shop.customer("ana").await);
    shop.execute(&format!("update users set is_active = false where id = '{}'", ana.user));

    let refused = root.post("/api/staff/", json!({"email": ana.email})).await;

    assert_eq!(refused.expect(400), json!({"email": ["This account is switched off."]}));
    assert_eq!(shop.number("select count(*) from users where is_staff"), 1);
}

#[actix_web::test]
async fn a_customer_who_is_invited_is_told_and_gets_no_link() {
    let shop = TestShop::new().await;
    let (root, ana) = (shop.superuser().await, shop.customer("ana").await);
    shop.execute("update users set email_verified_at = now()");

    root.post("/api/staff/", json!({"email": ana.email})).await.expect(201);
    shop.run_jobs().await;

    let letter = shop.letters_to(&ana.email).remove(0);
    assert_eq!(letter.header("Subject"), "You work at Mercer from now on");
    assert!(letter.text.contains("Sign in as you always do") && !letter.text.contains("http"), "{}", letter.text);
    assert_eq!(shop.number("select count(*) from account_tokens"), 0);
}

#[actix_web::test]
async fn a_stranger_who_is_invited_has_no_password_yet() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;

    let body = json!({"email": "otieno@example.com", "first_name": "Otieno"});
    let shown = root.post("/api/staff/", body.clone()).await.expect(201);

    assert_eq!((&shown["first_name"], &shown["groups"]), (&json!("Otieno"), &json!([])));
    for password in ["", PASSWORD] {
        let credentials = json!({"email": "otieno@example.com", "password": password});
        assert_eq!(shop.anonymous().post(LOGIN, credentials).await.status, 400);
    }
    let again = root.post("/api/staff/", body).await;
    assert_eq!(again.expect(400), json!({"email": ["This person works here already."]}));
}

#[actix_web::test]
async fn whoever_is_dismissed_is_a_customer_and_signed_out() {
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
async fn whoever_is_deactivated_is_signed_out_until_they_are_let_in_again() {
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
    assert_eq!(staff.get("/api/staff/").await.status, 401, "the old session stays ended");
    assert_eq!(sign_in().await, 200);
    let told = "select count(*) from audit_entries where action = 'user.activated'";
    assert_eq!(shop.number(told), 1);
    root.post(&format!("{}activate/", member(&staff)), json!({})).await.expect(200);
    assert_eq!(shop.number(told), 1, "nothing changed");
}

#[actix_web::test]
async fn a_group_that_does_not_exist_takes_nobody() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let nowhere = "0190aaaa-0000-7000-8000-00000000dead";

    let body = json!({"email": "otieno@example.com", "groups": [nowhere]});
    let refused = root.post("/api/staff/", body).await.expect(400);

    assert!(refused["groups"][0].as_str().unwrap().contains(nowhere), "{refused}");
    assert_eq!(shop.number("select count(*) from users"), 1);
}
