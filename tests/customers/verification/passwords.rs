//! Changing a password that one knows.

use futures_util::join;
use serde_json::{Value, json};

use super::{CHANGE, OTHER, live_tokens, log_in, only_letter_to, reset_link};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

fn change(old: &str, new: &str) -> Value {
    json!({"old_password": old, "new_password1": new, "new_password2": new})
}

fn live_sessions(shop: &TestShop) -> i64 {
    shop.number("select count(*) from sessions where revoked_at is null")
}

#[actix_web::test]
async fn a_changed_password_is_the_only_one() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let answer = ana.post(CHANGE, change(PASSWORD, OTHER)).await;

    assert_eq!(answer.expect(200), json!({"detail": "New password has been saved."}));
    assert_eq!(log_in(&shop, &ana.email, PASSWORD).await.status, 400);
    log_in(&shop, &ana.email, OTHER).await.expect(200);
    shop.run_jobs().await;
    assert_eq!(only_letter_to(&shop, &ana.email).header("Subject"), "Your password at Mercer was changed");
}

#[actix_web::test]
async fn changing_the_password_ends_all_other_sessions_and_no_more() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let phone = log_in(&shop, &ana.email, PASSWORD).await.expect(200);
    let mut thief = shop.another_instance().await;
    thief.token = Some(phone["access"].as_str().unwrap().to_owned());
    assert_eq!(thief.get("/api/auth/user/").await.status, 200);

    ana.post(CHANGE, change(PASSWORD, OTHER)).await.expect(200);

    assert_eq!(thief.get("/api/auth/user/").await.status, 401);
    let refreshed = shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": phone["refresh"]})).await;
    assert_eq!(refreshed.expect(401)["code"], "token_not_valid");
    assert_eq!(ana.get("/api/auth/user/").await.status, 200, "the session it was done in stays");
    assert_eq!(ben.get("/api/auth/user/").await.status, 200);
    let told = "select count(*) from audit_entries where action = 'sessions.ended' \
                and changes#>>'{reason,after}' = 'password changed'";
    assert_eq!(shop.number(told), 1);
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'user.password_changed'"), 1);
}

#[actix_web::test]
async fn a_wrong_old_password_changes_nothing() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    log_in(&shop, &ana.email, PASSWORD).await.expect(200);

    let refused = ana.post(CHANGE, change("wrong horse", OTHER)).await;

    let told = "Your old password was entered incorrectly. Please enter it again.";
    assert_eq!(refused.expect(400), json!({"old_password": [told]}));
    log_in(&shop, &ana.email, PASSWORD).await.expect(200);
    assert_eq!(live_sessions(&shop), 3);
    shop.run_jobs().await;
    assert_eq!(shop.mails(), []);
}

#[actix_web::test]
async fn a_new_password_is_strong_and_typed_twice() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let short = ana.post(CHANGE, change(PASSWORD, "short")).await;
    let told = "This password is too short. It must contain at least 8 characters.";
    assert_eq!(short.expect(400), json!({"new_password1": [told]}));
    let body = json!({"old_password": PASSWORD, "new_password1": OTHER, "new_password2": "battery stable"});
    let differing = ana.post(CHANGE, body).await;
    assert_eq!(differing.expect(400), json!({"new_password2": ["The two password fields didn't match."]}));

    assert_eq!(log_in(&shop, &ana.email, OTHER).await.status, 400);
    assert_eq!(shop.anonymous().post(CHANGE, change(PASSWORD, OTHER)).await.status, 401);
}

#[actix_web::test]
async fn of_two_who_change_one_password_at_once_one_does() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let changes = [change(PASSWORD, "battery staple one"), change(PASSWORD, "battery staple two")];
    let [first, second] = changes;
    let (one, other) = join!(ana.post(CHANGE, first), ana.post(CHANGE, second));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    let winner = if one.status == 200 { "battery staple one" } else { "battery staple two" };
    log_in(&shop, &ana.email, winner).await.expect(200);
}

#[actix_web::test]
async fn nobody_signs_in_with_the_old_password_while_it_is_changed() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let (changed, _) = join!(ana.post(CHANGE, change(PASSWORD, OTHER)), log_in(&shop, &ana.email, PASSWORD));

    changed.expect(200);
    assert_eq!(live_sessions(&shop), 1, "whichever came first, only the session of the change is left");
}

#[actix_web::test]
async fn a_link_for_a_new_password_dies_when_the_password_is_changed() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let link = reset_link(&shop, &ana.email).await;

    ana.post(CHANGE, change(PASSWORD, OTHER)).await.expect(200);

    assert_eq!(live_tokens(&shop), 0);
    super::assert_bad_token(&super::confirm(&shop, &link, "another one").await);
    log_in(&shop, &ana.email, OTHER).await.expect(200);
}

#[actix_web::test]
async fn an_account_without_a_password_has_none_to_change() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update users set password_hash = null");

    assert_eq!(ana.post(CHANGE, change(PASSWORD, OTHER)).await.status, 400);

    let link = reset_link(&shop, &ana.email).await;
    super::confirm(&shop, &link, OTHER).await.expect(200);
    log_in(&shop, &ana.email, OTHER).await.expect(200);
}
