//! Changing a known password.

use futures_util::join;
use serde_json::{Value, json};

use super::{CHANGE, OTHER, live_tokens, log_in, only_mail_to, reset_link};
use crate::support::TestShop;
use crate::support::shop::PASSWORD;

fn change(old: &str, new: &str) -> Value {
    json!({"old_password": old, "new_password1": new, "new_password2": new})
}

fn live_sessions(shop: &TestShop) -> i64 {
    shop.number("select count(*) from sessions where revoked_at is null")
}

#[actix_web::test]
async fn changed_password_replaces_the_old_one() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let response = ana.post(CHANGE, change(PASSWORD, OTHER)).await;

    assert_eq!(response.expect(200), json!({"detail": "New password has been saved."}));
    assert_eq!(log_in(&shop, &ana.email, PASSWORD).await.status, 400);
    log_in(&shop, &ana.email, OTHER).await.expect(200);
    shop.run_jobs().await;
    assert_eq!(only_mail_to(&shop, &ana.email).header("Subject"), "Your password at Mercer was changed");
}

#[actix_web::test]
async fn password_change_revokes_all_other_sessions_of_the_user() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let phone = log_in(&shop, &ana.email, PASSWORD).await.expect(200);
    let mut thief = shop.second_server().await;
    thief.token = Some(phone["access"].as_str().unwrap().to_owned());
    assert_eq!(thief.get("/api/auth/user/").await.status, 200);

    ana.post(CHANGE, change(PASSWORD, OTHER)).await.expect(200);

    assert_eq!(thief.get("/api/auth/user/").await.status, 401);
    let refreshed = shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": phone["refresh"]})).await;
    assert_eq!(refreshed.expect(401)["code"], "token_not_valid");
    assert_eq!(ana.get("/api/auth/user/").await.status, 200, "the session of the request stays open");
    assert_eq!(ben.get("/api/auth/user/").await.status, 200);
    let entries = "select count(*) from audit_entries where action = 'sessions.ended' \
                and changes#>>'{reason,after}' = 'password changed'";
    assert_eq!(shop.number(entries), 1);
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'user.password_changed'"), 1);
}

#[actix_web::test]
async fn wrong_old_password_changes_nothing() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    log_in(&shop, &ana.email, PASSWORD).await.expect(200);

    let rejected = ana.post(CHANGE, change("wrong horse", OTHER)).await;

    let expected = "Your old password was entered incorrectly. Please enter it again.";
    assert_eq!(rejected.expect(400), json!({"old_password": [expected]}));
    log_in(&shop, &ana.email, PASSWORD).await.expect(200);
    assert_eq!(live_sessions(&shop), 3);
    shop.run_jobs().await;
    assert_eq!(shop.mails(), []);
}

#[actix_web::test]
async fn new_password_must_be_strong_and_repeated() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let short = ana.post(CHANGE, change(PASSWORD, "short")).await;
    let expected = "This password is too short. It must contain at least 8 characters.";
    assert_eq!(short.expect(400), json!({"new_password1": [expected]}));
    let body = json!({"old_password": PASSWORD, "new_password1": OTHER, "new_password2": "battery stable"});
    let differing = ana.post(CHANGE, body).await;
    assert_eq!(differing.expect(400), json!({"new_password2": ["The two password fields didn't match."]}));

    assert_eq!(log_in(&shop, &ana.email, OTHER).await.status, 400);
    assert_eq!(shop.anonymous().post(CHANGE, change(PASSWORD, OTHER)).await.status, 401);
}

#[actix_web::test]
async fn concurrent_password_changes_succeed_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let changes = [change(PASSWORD, "battery staple one"), change(PASSWORD, "battery staple two")];
    let [one, two] = changes;
    let (first, second) = join!(ana.post(CHANGE, one), ana.post(CHANGE, two));

    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    let winner = if first.status == 200 { "battery staple one" } else { "battery staple two" };
    log_in(&shop, &ana.email, winner).await.expect(200);
}

#[actix_web::test]
async fn concurrent_sign_in_with_the_old_password_leaves_no_session() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let (changed, _) = join!(ana.post(CHANGE, change(PASSWORD, OTHER)), log_in(&shop, &ana.email, PASSWORD));

    changed.expect(200);
    assert_eq!(live_sessions(&shop), 1, "in either order, only the session of the change remains");
}

#[actix_web::test]
async fn password_change_revokes_reset_links() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let link = reset_link(&shop, &ana.email).await;

    ana.post(CHANGE, change(PASSWORD, OTHER)).await.expect(200);

    assert_eq!(live_tokens(&shop), 0);
    super::assert_bad_token(&super::confirm(&shop, &link, "another one").await);
    log_in(&shop, &ana.email, OTHER).await.expect(200);
}

#[actix_web::test]
async fn account_without_a_password_uses_the_password_reset() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update users set password_hash = null");

    assert_eq!(ana.post(CHANGE, change(PASSWORD, OTHER)).await.status, 400);

    let link = reset_link(&shop, &ana.email).await;
    super::confirm(&shop, &link, OTHER).await.expect(200);
    log_in(&shop, &ana.email, OTHER).await.expect(200);
}
